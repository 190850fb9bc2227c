//! `spa check`: every account against its settings. The exit status says whether anything was found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use clap::Args;
use serde::Serialize;
use state_machine::{
    Account, AccountId, Custody, Email, Gesture, Policy, Reading, Standing, State, Status, Text, Timestamp,
};

use crate::cloud::Listed;
use crate::settings::Settings;

use super::place::{Place, reading};
use super::{Cell, Context, Exit, Failure, Table, Tone, advice, time, trouble};

/// How long an on-boarding may take before it is named. Builds may be repeated; people sleep.
const ON_BOARDING: TimeDelta = TimeDelta::days(1);

/// How long a listing may lag behind the journal.
const SETTLES: TimeDelta = TimeDelta::minutes(15);

/// What is checked.
#[derive(Debug, Args)]
pub struct Options {
    /// Only this account.
    #[arg(value_name = "ACCOUNT")]
    account: Option<AccountId>,
}

/// Something that somebody should look at.
#[derive(Debug, Serialize)]
struct Finding {
    account: AccountId,
    /// A stable word.
    code: &'static str,
    text: String,
    help: Option<String>,
}

/// Checks.
///
/// # Errors
/// When the store or the settings cannot be used, or the account is not known.
pub fn run<P: Place>(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let place = P::open(context)?;
    let settings = context.settings()?;
    let (heads, members) = match options.account {
        Some(account) => (vec![place.head(account)?], place.member(account)?.into_iter().collect()),
        None => (place.heads()?, place.members()?),
    };
    let heads: BTreeMap<AccountId, Arc<Account>> = heads.into_iter().map(|head| (head.id(), head)).collect();
    let members: BTreeMap<AccountId, Listed> =
        members.into_iter().map(|member| (member.account, member)).collect();
    let ids: BTreeSet<AccountId> = heads.keys().chain(members.keys()).copied().collect();
    let mut findings = Vec::new();
    let mut managed = 0;
    for &id in &ids {
        let unseen = Arc::new(Account::unseen(id));
        let head = heads.get(&id).unwrap_or(&unseen);
        let checked = Checked::new(&settings, &place, head, members.get(&id));
        managed += usize::from(checked.policy.standing == Standing::Managed);
        checked.check(&mut findings);
    }
    let mut table = Table::new(["account", "finding", "what", "what helps"]);
    for finding in &findings {
        table.row([
            finding.account.to_string().into(),
            Cell::toned(finding.code, Tone::Bad),
            finding.text.clone().into(),
            finding.help.clone().unwrap_or_default().into(),
        ]);
    }
    if !findings.is_empty() || context.screen().format() != super::Format::Table {
        context.screen().rows(&table, &findings)?;
    }
    let found = match findings.len() {
        0 => "nothing was found".to_owned(),
        1 => "1 finding".to_owned(),
        number => format!("{number} findings"),
    };
    context.screen().note(&format!("{managed} managed accounts of {}: {found}", ids.len()));
    Ok(if findings.is_empty() { Exit::Success } else { Exit::Found })
}

/// One account, beside its settings.
struct Checked<'a> {
    head: &'a Account,
    member: Option<&'a Listed>,
    policy: Arc<Policy>,
    now: Timestamp,
    /// What finds an account of which nothing was recorded yet.
    finder: &'static str,
}

impl<'a> Checked<'a> {
    fn new(settings: &Settings, place: &impl Place, head: &'a Account, member: Option<&'a Listed>) -> Self {
        let units = member.map_or(&head.profile().units, |member| &member.profile.units);
        let policy = Arc::clone(settings.resolve(head.id(), units).policy());
        Self { head, member, policy, now: place.now(), finder: place.finder() }
    }

    fn check(&self, findings: &mut Vec<Finding>) {
        let mut find = |code, text: String, help: Option<String>| {
            findings.push(Finding { account: self.head.id(), code, text, help });
        };
        let Some(member) = self.member else {
            if self.head.custody() == Custody::Ours && self.head.status() != Status::Gone {
                let text = "the organization has no such account any more, and its journal does not tell yet";
                find("gone", text.to_owned(), None);
            }
            return;
        };
        if self.policy.standing != Standing::Managed {
            self.check_left_over(member, &mut find);
            return;
        }
        if member.status != Status::Active {
            // Nothing is done with it, and nothing is expected of it.
            return;
        }
        match self.head.custody() {
            Custody::Unseen => {
                let text = "it is managed, and nothing was ever recorded of it";
                find("never-seen", text.to_owned(), Some(self.finder.to_owned()));
                return;
            }
            Custody::Sighted => {
                let text = format!("it came with a state; now it has {}", self.head.tag().reading);
                find("not-adopted", text, Some(self.how_to_take_over()));
                return;
            }
            Custody::Ours => {}
        }
        self.check_state(member, &mut find);
        self.check_holder(member, &mut find);
        self.check_tags(member, &mut find);
        self.check_progress(&mut find);
    }

    /// What would not be refused; where everything would be, what else helps.
    fn how_to_take_over(&self) -> String {
        let advice = self.known().taking_over();
        if advice.is_empty() { self.why() } else { advice.join("; ") }
    }

    fn known(&self) -> advice::Known<'_> {
        advice::Known { head: self.head, member: self.member, policy: &self.policy, now: self.now }
    }

    fn why(&self) -> String {
        format!("spa account why {}", self.head.id())
    }

    /// An account that left management, and still carries what this system wrote.
    fn check_left_over(&self, member: &Listed, find: &mut impl FnMut(&'static str, String, Option<String>)) {
        let standing = self.policy.standing;
        if self.head.task().is_some_and(|task| task.build.is_some()) {
            find("left-over", format!("it is {standing}, and a build of ours still runs in it"), None);
        } else if standing == Standing::Unmanaged
            && let Some(tag) = state_tag(member)
        {
            let key = &self.policy.keys.state;
            let help = format!("take the tag {key} away, or name the account or its unit in the settings");
            find("left-over", format!("it is not managed, and carries the tag {key}={tag}"), Some(help));
        }
    }

    fn check_state(&self, member: &Listed, find: &mut impl FnMut(&'static str, String, Option<String>)) {
        let tag = self.head.tag();
        let real = member.reading.clone();
        match &real {
            Reading::Unrecognised(text) => {
                let help = if self.known().would_be_done(Gesture::Vanilla) {
                    format!("spa account vanilla {} --reason … on-boards it again", self.head.id())
                } else {
                    self.why()
                };
                find("unknown-state", format!("its state tag says `{text}`, which is no state"), Some(help));
            }
            Reading::Untagged if tag.reading == Reading::Untagged && self.head.cycle().is_none() => {
                find("no-state", "it has no state tag, and nobody is about to set one".to_owned(), None);
            }
            Reading::Known(_) | Reading::Untagged | Reading::Unreadable(_) => {
                if real != tag.reading && tag.since + SETTLES < self.now {
                    let (real, believed) = (reading(&real), reading(&tag.reading));
                    let text = format!("its state tag says {real}, and the journal believes {believed}");
                    find("state-differs", text, None);
                }
            }
        }
    }

    fn check_holder(&self, member: &Listed, find: &mut impl FnMut(&'static str, String, Option<String>)) {
        if !self.is_settled() {
            return;
        }
        let key = &self.policy.keys.holder;
        match member.profile.tags.get(key) {
            None => find("no-holder", format!("it has no tag {key}"), None),
            Some(holder) => {
                if let Err(error) = holder.parse::<Email>() {
                    find("invalid-holder", format!("the tag {key}: {error}"), None);
                }
            }
        }
    }

    fn check_tags(&self, member: &Listed, find: &mut impl FnMut(&'static str, String, Option<String>)) {
        if !self.is_settled() {
            return;
        }
        let missing = member.profile.tags.missing(&self.policy.account_tags);
        let mut wrong: Vec<String> = missing
            .iter()
            .map(|(key, wanted)| match member.profile.tags.get(key) {
                Some(value) => format!("{key}={value} instead of {wanted}"),
                None => format!("{key}={wanted} is missing"),
            })
            .collect();
        let unset =
            self.policy.unset_tags.iter().filter(|key: &&Text| member.profile.tags.get(key).is_some());
        wrong.extend(unset.map(|key| format!("{key} should not be there")));
        if !wrong.is_empty() {
            let help = "the next preparation sets them".to_owned();
            find("tags-differ", wrong.join("; "), Some(help));
        }
    }

    fn check_progress(&self, find: &mut impl FnMut(&'static str, String, Option<String>)) {
        let why = self.why();
        let stuck = trouble::stuck(self.head, self.now);
        if let Some(stuck) = &stuck {
            find("stuck", stuck.clone(), Some(why.clone()));
        }
        if self.head.on_boarded().is_some() {
            return;
        }
        if advice::was_given_away(self.head) {
            let text = "it was released before it was on-boarded, and was not adopted: no window takes it";
            find("never-on-boarded", text.to_owned(), Some(self.how_to_take_over()));
            return;
        }
        let since = self.head.managed_since().unwrap_or(self.now);
        let hold = self.policy.hold_at(self.head.hold(), self.now);
        let text = match (self.head.deferred(), hold) {
            (Some(until), Some(hold)) => {
                format!("its on-boarding waits until {}: it is held, {}", time::shown(until), hold.reason)
            }
            (Some(until), None) => format!("its on-boarding waits until {}", time::shown(until)),
            (None, _) if stuck.is_none() && since + ON_BOARDING < self.now => {
                let since = time::distance(since, self.now);
                format!("it came under management {since}, and was never on-boarded")
            }
            (None, _) => return,
        };
        find("never-on-boarded", text, Some(why));
    }

    /// Whether nothing is about to change its tags.
    fn is_settled(&self) -> bool {
        self.head.state() == Some(State::Released) && self.head.tag().entered
    }
}

/// The text of the state tag, whatever it is.
fn state_tag(member: &Listed) -> Option<&str> {
    match &member.reading {
        Reading::Known(state) => Some(state.as_str()),
        Reading::Unrecognised(text) => Some(text),
        Reading::Untagged | Reading::Unreadable(_) => None,
    }
}
