//! `spa account show` and `spa account at`: the head, now or as it was.

use clap::Args;
use state_machine::{Account, AccountId, Custody, CycleEnd, Obligation, Timestamp, Version};

use crate::cli::place::{Place, holder_key, reading};
use crate::cli::{Context, Exit, Failure, Format, Table, time};

/// Which account.
#[derive(Debug, Args)]
pub struct ShowOptions {
    /// The account: twelve digits.
    #[arg(value_name = "ACCOUNT")]
    account: AccountId,
}

/// Which account, and when.
#[derive(Debug, Args)]
pub struct AtOptions {
    /// The account: twelve digits.
    #[arg(value_name = "ACCOUNT")]
    account: AccountId,
    /// The instant (2026-11-21T18:00:00Z), or the day at whose beginning (2026-11-21).
    #[arg(value_name = "INSTANT", value_parser = time::instant)]
    instant: Timestamp,
}

/// Prints the head as it is.
pub fn show<P: Place>(options: &ShowOptions, context: &Context) -> Result<Exit, Failure> {
    let place = P::open(context)?;
    let head = place.head(options.account)?;
    print(&head, place.now(), context)
}

/// Prints the head as it was: the records up to that instant, folded.
pub fn at<P: Place>(options: &AtOptions, context: &Context) -> Result<Exit, Failure> {
    let place = P::open(context)?;
    place.head(options.account)?;
    let mut head = Account::unseen(options.account);
    let mut broken = None;
    place.records(options.account, |record| {
        if record.at > options.instant {
            return false;
        }
        broken = head.apply(&record).err();
        broken.is_none()
    })?;
    if let Some(error) = broken {
        return Err(Failure::of(Exit::Store, &error).help("the journal of this account is damaged"));
    }
    if options.instant > place.now() {
        let now = time::shown(place.now());
        context.screen().warn(&format!("that is in the future: shown is the account as it is, at {now}"));
    }
    if head.version() == Version::NONE {
        let at = time::shown(options.instant);
        context.screen().note(&format!("nothing was known of account {} at {at}", options.account));
    }
    print(&head, options.instant.min(place.now()), context)
}

fn print(head: &Account, now: Timestamp, context: &Context) -> Result<Exit, Failure> {
    let screen = context.screen();
    if screen.format() == Format::Json {
        screen.json(head)?;
        return Ok(Exit::Success);
    }
    let settings = context.settings_if_usable("the holder is read from the tag account-holder");
    let mut table = Table::new(["what", "value"]);
    for (what, value) in entries(head, holder_key(settings.as_ref()), now) {
        table.row([what.into(), value.into()]);
    }
    screen.rows(&table, head)?;
    Ok(Exit::Success)
}

/// What there is to say, in the order in which people ask.
fn entries(head: &Account, key: &str, now: Timestamp) -> Vec<(&'static str, String)> {
    let when = |instant: Timestamp| format!("{} ({})", time::shown(instant), time::distance(instant, now));
    let mut list = vec![("account", head.id().to_string())];
    let mut add = |what, value: Option<String>| list.extend(value.map(|value| (what, value)));
    let profile = head.profile();
    add("name", Some(profile.name.to_string()).filter(|name| !name.is_empty()));
    add("e-mail", Some(profile.email.to_string()).filter(|email| !email.is_empty()));
    add("holder", head.holder(key).map(ToString::to_string));
    let units: Vec<_> = profile.units.iter().map(ToString::to_string).collect();
    add("units", (!units.is_empty()).then(|| units.join(", in ")));
    let custody = match head.custody() {
        Custody::Unseen => "never seen",
        Custody::Sighted => "sighted, waits to be adopted",
        Custody::Ours => "ours",
    };
    add("custody", Some(custody.to_owned()));
    if head.custody() != Custody::Unseen {
        let tag = head.tag();
        add("standing", Some(head.standing().to_string()));
        add("managed since", head.managed_since().map(when));
        add("status", Some(head.status().to_string()));
        add("state", Some(reading(&tag.reading)));
        add("since", Some(when(tag.since)));
        add("set by", Some(tag.by.to_string()));
        add("entered", Some(if tag.entered { "yes" } else { "not yet" }.to_owned()));
        add("looked at", head.looked_at().map(when));
    }
    add("on-boarded", head.on_boarded().map(when));
    add("cycles", Some(head.cycles().to_string()));
    add(
        "cycle",
        head.cycle().map(|cycle| {
            let failed = if cycle.failed_builds == 0 {
                String::new()
            } else {
                format!(", {} failed builds", cycle.failed_builds)
            };
            format!("{} since {}{failed}", cycle.kind.as_str(), when(cycle.began))
        }),
    );
    add(
        "last cycle",
        head.last_cycle().map(|past| {
            let end = match past.end {
                CycleEnd::Completed => "complete",
                CycleEnd::Interrupted => "interrupted",
            };
            format!("{}, {end} at {}", past.cycle.kind.as_str(), when(past.ended))
        }),
    );
    add("task", crate::cli::accounts::doing(head));
    if let Some((_, build)) = head.running_build() {
        add("build", Some(build.id.to_string()));
        add("started", Some(when(build.since)));
        add("deadline", Some(when(build.deadline)));
    }
    for owed in head.owed() {
        add("owes", Some(owes(owed, now)));
    }
    add("deferred", head.deferred().map(when));
    if let Some(quarantine) = head.quarantine() {
        add("quarantine", Some(quarantine.because.to_string()));
        add("quarantined", Some(when(quarantine.since)));
        add("for", Some(quarantine.owner.to_string()));
        add("tries", Some(quarantine.tries.to_string()));
        add("next try", Some(quarantine.next_try.map_or_else(|| "running".to_owned(), when)));
    }
    add("hold", head.hold().map(|hold| format!("until {}: {}", when(hold.until), hold.reason)));
    add("next wake-up", head.next_wake().map(when));
    for (tag, value) in profile.tags.iter() {
        add("tag", Some(format!("{tag}={value}")));
    }
    add("version", Some(head.version().to_string()));
    list
}

/// An obligation in a line.
pub(super) fn owes(owed: &Obligation, now: Timestamp) -> String {
    let mut parts = vec![owed.intent.to_string()];
    match owed.failures {
        0 => {}
        1 => parts.push("failed once".to_owned()),
        times => parts.push(format!("failed {times} times")),
    }
    parts.push(match owed.claim {
        Some(claim) if claim > now => format!("in hand until {}", time::shown(claim)),
        Some(_) | None if owed.not_before > now => format!("not before {}", time::shown(owed.not_before)),
        Some(_) | None => "due now".to_owned(),
    });
    if owed.superseded {
        parts.push("not wanted any more".to_owned());
    }
    parts.join(", ")
}
