//! `spa account why`: why an account is like this, what it waits for, and until when, in words.

use clap::Args;
use serde::Serialize;
use state_machine::{
    Account, AccountId, Actor, Custody, Idle, LeftOut, Policy, Reading, Standing, State, Status, Timestamp,
    Trouble, Verdict, Version, eligible,
};

use crate::cli::place::{Place, reading};
use crate::cli::{Cell, Context, Exit, Failure, Format, Table, advice, time};
use crate::cloud::Listed;
use crate::journal::Journal as _;
use crate::settings::Settings;

use super::asked::Asked;
use super::show::owes;

/// Which account.
#[derive(Debug, Args)]
pub struct Options {
    /// The account: twelve digits.
    #[arg(value_name = "ACCOUNT")]
    account: AccountId,
}

/// The answer.
#[derive(Debug, Serialize)]
struct Answer {
    account: AccountId,
    /// The organization's time at which it was given.
    at: Timestamp,
    /// What is so.
    is: String,
    /// Why, the nearest cause first.
    because: Vec<String>,
    /// What it waits for, and until when.
    waits_for: Vec<Wait>,
    /// What somebody could do.
    help: Vec<String>,
    /// The last things that happened, oldest first.
    last: Vec<String>,
}

/// Something that it waits for.
#[derive(Debug, Serialize)]
struct Wait {
    what: String,
    until: Option<Timestamp>,
}

/// How many of the last records are told.
const LAST: usize = 5;

/// Answers.
pub fn run<P: Place>(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let place = P::open(context)?;
    let head = place.head(options.account)?;
    let settings =
        context.settings_if_usable("what they say of the account, and its next window, are not told");
    let member = place.member(options.account)?;
    let member = member.as_ref();
    let fleet = place.done(place.journal().fleet())??;
    let now = place.now();
    let mut answer = Answer {
        account: options.account,
        at: now,
        is: is(&head, now),
        because: Vec::new(),
        waits_for: Vec::new(),
        help: Vec::new(),
        last: last(&place, &head)?,
    };
    let units = member.map_or(&head.profile().units, |member| &member.profile.units);
    let policy = settings.as_ref().map(|settings| settings.resolve(options.account, units).policy().clone());
    let asked = Asked::read(&place, &head, now)?;
    answer.standing(&head, policy.as_deref(), member);
    answer.causes(&head, &asked, now);
    answer.trouble(&head, now);
    answer.hold(&head, policy.as_deref(), &asked, now);
    // What is advised is asked of the rules before, where the settings tell them.
    if let Some(policy) = policy.as_deref() {
        answer.take_over(&advice::Known { head: &head, member, policy, now });
    }
    answer.work(&head, now);
    answer.tag(&head, member);
    if let Some(window) = fleet.window().filter(|window| window.in_flight.contains(&options.account)) {
        answer.because.push(format!("the maintenance window of {} took it", window.id));
    }
    if let (Some(settings), Some(policy), Some(member)) = (&settings, &policy, member) {
        answer.window(&head, policy, settings, member, now);
    }
    answer.nobody(&head, now, place.sleeps());
    answer.print(context)
}

/// The sentence that the answer begins with.
fn is(head: &Account, now: Timestamp) -> String {
    let name = match &*head.profile().name {
        "" => String::new(),
        name => format!(" ({name})"),
    };
    let account = head.id();
    if head.version() == Version::NONE {
        return format!("{account}{name} is in the organization, and nothing was ever recorded of it");
    }
    let tag = head.tag();
    let since = format!("since {} ({})", time::shown(tag.since), time::distance(tag.since, now));
    match &tag.reading {
        Reading::Known(state) => format!("{account}{name} is {state} {since}"),
        other => format!("{account}{name} has {other} {since}"),
    }
}

fn last(place: &impl Place, head: &Account) -> Result<Vec<String>, Failure> {
    let after = head.version().number().saturating_sub(LAST as u64);
    let records = place.done(place.journal().history(head.id(), Version::new(after), LAST))??;
    Ok(records
        .iter()
        .map(|record| {
            format!(
                "{}  {} ({}, {})",
                time::shown(record.at),
                record.fact,
                record.cause.origin,
                record.cause.by
            )
        })
        .collect())
}

impl Answer {
    fn waits(&mut self, what: impl Into<String>, until: Option<Timestamp>) {
        self.waits_for.push(Wait { what: what.into(), until });
    }

    /// Whether anything may be done with the account at all.
    fn standing(&mut self, head: &Account, policy: Option<&Policy>, member: Option<&Listed>) {
        let standing = policy.map_or(head.standing(), |policy| policy.standing);
        let status = member.map_or(Status::Gone, |member| member.status);
        if head.version() == Version::NONE {
            if standing == Standing::Managed && status != Status::Active {
                self.because.push(format!("{}: it is left alone", Idle::NotActive(status)));
            } else if standing == Standing::Managed {
                self.waits("the event of its creation, or the next comparison, to be on-boarded", None);
            } else {
                self.because.push(Idle::Standing(standing).to_string());
            }
            return;
        }
        if standing != Standing::Managed {
            self.because.push(format!("{}: it is left alone", Idle::Standing(standing)));
        } else if head.standing() != standing {
            self.waits("the next comparison, to come under management", None);
        }
        if status != Status::Active {
            self.because.push(format!("{}: it is left alone", Idle::NotActive(status)));
        }
        if head.custody() == Custody::Sighted && standing == Standing::Managed {
            self.because.push(Idle::AwaitsAdoption.to_string());
            self.waits("somebody who takes it over", None);
        }
    }

    /// How it comes under management, when that does not happen by itself.
    fn take_over(&mut self, known: &advice::Known<'_>) {
        let head = known.head;
        let given_away = advice::was_given_away(head);
        if given_away {
            self.because.push("it was released before it was on-boarded: no window takes it".to_owned());
            self.waits("somebody who adopts it, or has it on-boarded", None);
        }
        let at_a_loss = head.quarantine().is_some_and(|quarantine| match quarantine.because {
            Trouble::NeverOnBoarded | Trouble::UnrecognisedState { .. } => true,
            Trouble::Build { .. } | Trouble::Effect { .. } => false,
        });
        if given_away || at_a_loss || head.custody() == Custody::Sighted {
            self.help.extend(known.taking_over());
        }
    }

    /// What led to the state.
    fn causes(&mut self, head: &Account, asked: &Asked, now: Timestamp) {
        if head.version() == Version::NONE {
            return;
        }
        self.because.extend(asked.told(now));
        let tag = head.tag();
        match (&tag.by, &tag.reading) {
            // Then it said so before, and nobody set it.
            _ if asked.adopted_at(tag.since) => {}
            (Actor::Principal(name), reading) => {
                self.because.push(match reading {
                    Reading::Known(state) => format!("{name} set its tag to {state}"),
                    Reading::Untagged => format!("{name} took its state tag away"),
                    other => format!("{name} set its tag: it has {other}"),
                });
            }
            (Actor::Spa, _) | (Actor::Aws | Actor::Unknown, Reading::Untagged) => {}
            (Actor::Aws | Actor::Unknown, reading) => {
                self.because.push(format!(
                    "its tag was found to say {}; nobody told who set it",
                    self::reading(reading)
                ));
            }
        }
        if let Some(cycle) = head.cycle() {
            let window = match cycle.window {
                Some(window) => format!(", in the window of {window}"),
                None => String::new(),
            };
            let began = time::distance(cycle.began, now);
            self.because.push(format!("{} began {began}{window}", cycle.kind.as_str()));
            if cycle.failed_builds > 0 {
                self.because.push(format!("{} builds of this cycle failed", cycle.failed_builds));
            }
        } else if let (Some(past), Some(State::Released)) = (head.last_cycle(), head.state()) {
            let ended = time::distance(past.ended, now);
            let end = match past.end {
                state_machine::CycleEnd::Completed => "was completed",
                state_machine::CycleEnd::Interrupted => "was interrupted",
            };
            self.because.push(format!("its last cycle ({}) {end} {ended}", past.cycle.kind.as_str()));
        }
    }

    fn trouble(&mut self, head: &Account, now: Timestamp) {
        let Some(quarantine) = head.quarantine() else { return };
        let since = time::distance(quarantine.since, now);
        let tries =
            if quarantine.tries == 1 { String::new() } else { format!(", {} times", quarantine.tries) };
        self.because.push(format!(
            "it is in quarantine since {} ({since}){tries}: {}; it is for {}",
            time::shown(quarantine.since),
            quarantine.because,
            quarantine.owner
        ));
        match quarantine.next_try {
            Some(next) => {
                self.waits("its next try", Some(next));
                self.help
                    .push(format!("spa account retry {} --reason … does not wait for that", self.account));
            }
            None => self.because.push("a try is running".to_owned()),
        }
    }

    fn hold(&mut self, head: &Account, policy: Option<&Policy>, asked: &Asked, now: Timestamp) {
        let journal = head.hold().filter(|hold| hold.until > now);
        let hold = policy.map_or(journal, |policy| policy.hold_at(head.hold(), now));
        let Some(hold) = hold else { return };
        let who = asked.who_holds(now).filter(|_| journal == Some(hold));
        let who = who.map_or_else(String::new, |who| format!(" ({who})"));
        self.because.push(format!("it is held until {}: {}{who}", time::shown(hold.until), hold.reason));
        if head.deferred().is_some() {
            self.waits("the end of the hold", Some(hold.until));
        }
        self.help.push(if journal == Some(hold) {
            format!("spa account unhold {} --reason … ends the hold", self.account)
        } else {
            "the hold stands in the settings, and ends there".to_owned()
        });
    }

    fn work(&mut self, head: &Account, now: Timestamp) {
        if let Some((kind, build)) = head.running_build() {
            let since = time::distance(build.since, now);
            let late =
                if build.overdue { "; it is overdue, and CodeBuild says that it still runs" } else { "" };
            self.waits(
                format!("the end of the {kind} build {}, started {since}{late}", build.id),
                Some(build.deadline),
            );
        } else if let Some(task) = head.task() {
            self.waits(format!("the {} build to start", task.kind), None);
        }
        for owed in head.owed() {
            let failing = owed.failures > 0;
            self.waits(owes(owed, now), (owed.due() > now).then(|| owed.due()));
            if failing && let Some(verdict) = last_verdict(head) {
                self.help.push(verdict.to_owned());
            }
        }
        if !head.tag().entered && head.version() != Version::NONE {
            self.waits("the event of its tag change; without it, somebody looks", head.tag().look);
        }
    }

    /// The journal is what is believed; the tag is what is so.
    fn tag(&mut self, head: &Account, member: Option<&Listed>) {
        let Some(member) = member else { return };
        let real = member.reading.clone();
        if head.custody() != Custody::Unseen && real != head.tag().reading {
            self.because.push(format!(
                "its tag says {} by now; the event of it, or the next comparison, will tell",
                reading(&real)
            ));
        }
    }

    /// The next window, and whether it takes the account.
    fn window(
        &mut self,
        head: &Account,
        policy: &Policy,
        settings: &Settings,
        member: &Listed,
        now: Timestamp,
    ) {
        if policy.standing != Standing::Managed || head.custody() == Custody::Unseen {
            return;
        }
        let Some(next) = settings.schedule().and_then(|schedule| schedule.next_after(now, now)) else {
            self.because.push("the settings name no maintenance window".to_owned());
            return;
        };
        let look = advice::seen(Some(member), next);
        match eligible(head, policy, &look, next) {
            Ok(()) => self.waits("the next maintenance window", Some(next)),
            // It will be somewhere else until then: what it waits for now says more.
            Err(LeftOut::InCycle | LeftOut::BuildRuns(_) | LeftOut::NotReleased(_)) => {}
            Err(reason) => {
                if let LeftOut::Held(until) | LeftOut::Grace(until) = reason {
                    let later = settings.schedule().and_then(|schedule| schedule.next_after(until, until));
                    self.waits("the first maintenance window after that", later);
                }
                let next = time::shown(next);
                self.because.push(format!("the window of {next} would leave it out: {reason}"));
            }
        }
    }

    fn nobody(&mut self, head: &Account, now: Timestamp, sleeps: Option<&str>) {
        let due = head.next_wake().is_some_and(|wake| wake <= now);
        if let Some(wakes) = sleeps
            && (due || !self.waits_for.is_empty())
        {
            self.help.push(format!("nobody lets this organization live at the moment: {wakes} does"));
        }
    }

    /// One sentence a row, for spreadsheets.
    fn rows(&self) -> Table {
        let mut table = Table::new(["account", "kind", "text", "until"]);
        let account = self.account.to_string();
        let mut row = |kind: &str, text: &str, until: Option<Timestamp>| {
            let until = until.map_or_else(String::new, |until| until.to_string());
            table.row([&account, kind, text, &until].map(Cell::from));
        };
        row("is", &self.is, None);
        self.because.iter().for_each(|text| row("because", text, None));
        self.waits_for.iter().for_each(|wait| row("waits_for", &wait.what, wait.until));
        self.help.iter().for_each(|text| row("help", text, None));
        self.last.iter().for_each(|text| row("last", text, None));
        table
    }

    fn print(&self, context: &Context) -> Result<Exit, Failure> {
        let screen = context.screen();
        if screen.format() == Format::Json {
            screen.json(self)?;
            return Ok(Exit::Success);
        }
        if screen.format() == Format::Csv {
            screen.rows(&self.rows(), self)?;
            return Ok(Exit::Success);
        }
        let mut lines = vec![format!("{}.", self.is)];
        let mut section = |title: &str, entries: Vec<String>| {
            if !entries.is_empty() {
                lines.extend([String::new(), title.to_owned()]);
                lines.extend(entries.iter().map(|entry| format!("  {entry}")));
            }
        };
        section("Because", self.because.clone());
        let waits = self.waits_for.iter().map(|wait| match wait.until {
            Some(until) => {
                let away = time::distance(until, self.at);
                format!("{}, until {} ({away})", wait.what, time::shown(until))
            }
            None => wait.what.clone(),
        });
        let waits: Vec<String> = waits.collect();
        section("It waits for", if waits.is_empty() { vec!["nothing".to_owned()] } else { waits });
        section("What helps", self.help.clone());
        section("What happened last", self.last.clone());
        // What outsiders wrote must not steer a terminal.
        let printable =
            |line: &String| line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
        screen.text(&lines.iter().map(printable).collect::<Vec<_>>().join("\n"))?;
        Ok(Exit::Success)
    }
}

/// What follows for people from the failure that an account in quarantine met.
const fn last_verdict(head: &Account) -> Option<&'static str> {
    let Some(quarantine) = head.quarantine() else { return None };
    let state_machine::Trouble::Effect { kind, .. } = &quarantine.because else { return None };
    match kind.verdict() {
        Verdict::TryAgain => None,
        Verdict::GiveUp => {
            Some("trying again soon will not help: see what is missing or not allowed in the account")
        }
        Verdict::Attention => Some("the settings ask for something that AWS refuses: change them"),
    }
}
