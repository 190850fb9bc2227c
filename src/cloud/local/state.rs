//! What stands for AWS on one machine: accounts, units, builds, and events on their way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use state_machine::{
    AccountId, BuildId, BuildOutcome, Profile, Reading, Status, TaskKind, Text, Timestamp, Token, UnitId,
};

use super::clock::Anchor;
use super::faults::{Fault, Faults};

/// All of it.
#[derive(Debug)]
pub struct State {
    /// The account that owns the organization.
    pub management_account: AccountId,
    /// The account in which this system runs.
    pub automation_account: AccountId,
    /// Units by identifier.
    pub units: BTreeMap<UnitId, Unit>,
    /// The units above each unit, itself first, as they were asked for since units last changed.
    paths: BTreeMap<Option<UnitId>, Arc<[UnitId]>>,
    pub(super) members: BTreeMap<AccountId, Member>,
    pub(super) deliveries: BTreeMap<Place, Delivery>,
    pub(super) wake_ups: BTreeMap<AccountId, Timestamp>,
    pub(super) wakes: BTreeSet<(Timestamp, AccountId)>,
    pub(super) ends: BTreeSet<(Timestamp, AccountId, u64)>,
    pub(super) meta: Meta,
    /// What goes wrong.
    pub faults: Faults,
    /// How often each fault struck.
    pub(super) struck: BTreeMap<Fault, u64>,
    /// What chance starts from.
    pub(super) seed: u64,
    /// Where chance comes from: nowhere else.
    pub(super) random: ChaCha8Rng,
    pub(super) dirty: Dirty,
}

/// What is neither an account nor an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Numbers everything that is drawn: events, builds.
    pub serial: u64,
    /// When the schedule fires next.
    pub next_window: Option<Timestamp>,
    /// When what is due is woken next.
    pub next_reconcile: Option<Timestamp>,
    /// When the organization is compared with the journal next.
    pub next_compare: Option<Timestamp>,
    /// When the window that runs is looked after next.
    pub window_wake: Option<Timestamp>,
    /// How many events were delivered in vain too often.
    #[serde(default)]
    pub dead_letters: u64,
    /// The time, where a store keeps it; elsewhere somebody moves the clock.
    #[serde(default)]
    pub clock: Option<Anchor>,
}

/// An organizational unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its name.
    pub name: Text,
    /// The unit that holds it; `None`: the root.
    pub parent: Option<UnitId>,
}

/// An account of the organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Whether it is in use.
    pub status: Status,
    /// Name, e-mail, units and tags but the one of the state.
    pub profile: Arc<Profile>,
    /// The tag of the state, if there is one.
    pub state_tag: StateTag,
    /// What it was before our own last write, and when that was: what a stale read shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<(Timestamp, StateTag)>,
    /// Its last builds, oldest first.
    pub builds: Vec<Build>,
    /// The version of the baseline that stands in it.
    pub baseline: Option<u32>,
    /// How many builds may run in it at the same time. New accounts have none for a while.
    pub concurrency: u8,
}

/// The tag of the state as it stands in an account: a text, or none. It is kept as it reads, since it is read far
/// more often than written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<Text>", into = "Option<Text>")]
pub struct StateTag(Reading);

impl StateTag {
    /// What it says.
    pub const fn reading(&self) -> &Reading {
        &self.0
    }

    /// The text that stands in it.
    pub fn text(&self) -> Option<&str> {
        match &self.0 {
            Reading::Known(state) => Some(state.as_str()),
            Reading::Unrecognised(text) => Some(text),
            // What stands in an account is never unreadable: reads fail, tags do not.
            Reading::Untagged | Reading::Unreadable(_) => None,
        }
    }
}

impl From<Option<&str>> for StateTag {
    fn from(text: Option<&str>) -> Self {
        Self(Reading::of_tag(text))
    }
}

impl From<Option<Text>> for StateTag {
    fn from(text: Option<Text>) -> Self {
        Self::from(text.as_deref())
    }
}

impl From<StateTag> for Option<Text> {
    fn from(tag: StateTag) -> Self {
        tag.text().map(Text::from)
    }
}

/// A build in an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Its number among all builds.
    pub number: u64,
    /// Its name.
    pub id: BuildId,
    /// What it does.
    pub kind: TaskKind,
    /// The token that it was started with; builds that others start have none.
    pub token: Option<Token>,
    /// When it was asked for.
    pub queued: Timestamp,
    /// When it began to run; before, it waits in the queue.
    pub started: Option<Timestamp>,
    /// How long it runs.
    pub runs: Seconds,
    /// How it will end.
    pub will: BuildOutcome,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// Whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub u32);

impl From<Seconds> for TimeDelta {
    fn from(seconds: Seconds) -> Self {
        Self::seconds(i64::from(seconds.0))
    }
}

/// Where an event stands in the queue: when it arrives, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// When it arrives.
    pub at: Timestamp,
    /// Its number among all deliveries.
    pub serial: u64,
}

/// An event on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The event, as EventBridge hands it over.
    pub json: Arc<str>,
    /// How often it was handed over in vain.
    pub failures: u32,
}

/// What was changed since it was last written to a store.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    pub(super) units: BTreeSet<UnitId>,
    pub(super) members: BTreeSet<AccountId>,
    pub(super) deliveries: BTreeSet<Place>,
    pub(super) wake_ups: BTreeSet<AccountId>,
    pub(super) meta: bool,
}

/// How many builds of an account are remembered. CodeBuild remembers a year of them; nobody here asks for
/// one that has four younger ones of ours after it.
const BUILDS_KEPT: usize = 8;

impl Member {
    /// An account in use with nothing built in it yet, and no baseline. One build may run in it at a time.
    pub fn new(profile: Profile, state_tag: StateTag) -> Self {
        Self {
            status: Status::Active,
            profile: Arc::new(profile),
            state_tag,
            before: None,
            builds: Vec::new(),
            baseline: None,
            concurrency: 1,
        }
    }

    /// What its state tag says.
    pub fn reading(&self) -> Reading {
        self.state_tag.reading().clone()
    }

    /// What a read shows that lags so far behind.
    pub fn stale_reading(&self, now: Timestamp, lag: TimeDelta) -> Reading {
        match &self.before {
            Some((written, tag)) if now.since(*written) < lag => tag.reading().clone(),
            Some(_) | None => self.reading(),
        }
    }

    /// The build that runs or waits.
    pub fn running(&self) -> impl Iterator<Item = &Build> {
        self.builds.iter().filter(|build| build.ended.is_none())
    }
}

impl State {
    /// An organization without accounts.
    pub fn new(
        management_account: AccountId,
        automation_account: AccountId,
        faults: Faults,
        seed: u64,
    ) -> Self {
        Self {
            management_account,
            automation_account,
            units: BTreeMap::new(),
            paths: BTreeMap::new(),
            members: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            wake_ups: BTreeMap::new(),
            wakes: BTreeSet::new(),
            ends: BTreeSet::new(),
            meta: Meta::default(),
            faults,
            struck: BTreeMap::new(),
            seed,
            random: ChaCha8Rng::seed_from_u64(seed),
            dirty: Dirty::default(),
        }
    }

    /// Accounts, by identifier.
    pub const fn members(&self) -> &BTreeMap<AccountId, Member> {
        &self.members
    }

    /// One account.
    pub fn member(&self, account: AccountId) -> Option<&Member> {
        self.members.get(&account)
    }

    /// One account, to be changed.
    pub fn member_mut(&mut self, account: AccountId) -> Option<&mut Member> {
        let member = self.members.get_mut(&account)?;
        self.dirty.members.insert(account);
        Some(member)
    }

    /// Puts an account into the organization.
    pub fn insert_member(&mut self, account: AccountId, member: Member) {
        for build in member.running() {
            self.ends.extend(end(account, build));
        }
        self.members.insert(account, member);
        self.dirty.members.insert(account);
    }

    /// Puts a unit into the organization.
    pub fn insert_unit(&mut self, id: UnitId, unit: Unit) {
        self.dirty.units.insert(id.clone());
        self.units.insert(id, unit);
        self.paths.clear();
    }

    /// The units that hold what stands in this unit, nearest first.
    pub fn path(&mut self, unit: Option<&UnitId>) -> Arc<[UnitId]> {
        let known = self.paths.get(&unit.cloned());
        if let Some(path) = known {
            return Arc::clone(path);
        }
        let path: Arc<[UnitId]> = self.walk(unit).into();
        self.paths.insert(unit.cloned(), Arc::clone(&path));
        path
    }

    fn walk(&self, unit: Option<&UnitId>) -> Vec<UnitId> {
        let mut path = Vec::new();
        let mut next = unit.cloned();
        while let Some(unit) = next {
            // Units form a tree in AWS; a file that says otherwise must not become a loop.
            if path.contains(&unit) {
                break;
            }
            next = self.units.get(&unit).and_then(|unit| unit.parent.clone());
            path.push(unit);
        }
        path
    }

    /// Timers of the machine.
    pub const fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Timers of the machine, to be changed.
    pub fn meta_mut(&mut self) -> &mut Meta {
        self.dirty.meta = true;
        &mut self.meta
    }

    /// The next number.
    pub(super) fn draw_serial(&mut self) -> u64 {
        self.dirty.meta = true;
        self.meta.serial += 1;
        self.meta.serial
    }

    /// Whether this kind of fault happens now.
    pub fn strikes(&mut self, fault: Fault) -> bool {
        let rate = self.faults.rate(fault);
        let strikes = rate.draw(&mut self.random);
        if strikes {
            self.note_strike(fault);
        }
        strikes
    }

    /// How often each fault struck.
    pub const fn struck(&self) -> &BTreeMap<Fault, u64> {
        &self.struck
    }

    /// Counts a fault that struck.
    pub fn note_strike(&mut self, fault: Fault) {
        *self.struck.entry(fault).or_default() += 1;
    }

    /// A number of seconds between two, the middle being likelier than the ends.
    pub(super) fn seconds(&mut self, least: u32, most: u32) -> Seconds {
        let half = |random: &mut ChaCha8Rng| random.random_range(least..=most);
        Seconds(half(&mut self.random).midpoint(half(&mut self.random)))
    }

    /// One of these, evenly.
    pub fn pick(&mut self, number: usize) -> usize {
        if number == 0 { 0 } else { self.random.random_range(0..number) }
    }

    /// Adds a build to an account. It begins at once where no other runs; otherwise it waits.
    pub(super) fn add_build(&mut self, account: AccountId, build: Build) {
        let Some(member) = self.members.get_mut(&account) else { return };
        self.ends.extend(end(account, &build));
        while member.builds.len() >= BUILDS_KEPT && member.builds[0].ended.is_some() {
            member.builds.remove(0);
        }
        member.builds.push(build);
        self.dirty.members.insert(account);
    }

    /// Places a wake-up call. Of two for one account, the earlier one counts; but one whose time has come is
    /// being answered, and whoever answers it takes it away afterwards: it gives way to the new one.
    pub fn ask(&mut self, account: AccountId, at: Timestamp, now: Timestamp) {
        match self.wake_ups.get(&account) {
            Some(placed) if *placed > now && *placed <= at => return,
            Some(placed) => {
                self.wakes.remove(&(*placed, account));
            }
            None => {}
        }
        self.wake_ups.insert(account, at);
        self.wakes.insert((at, account));
        self.dirty.wake_ups.insert(account);
    }

    /// Whether something happens this time.
    pub fn draw(&mut self, rate: super::faults::Rate) -> bool {
        rate.draw(&mut self.random)
    }

    /// Takes a wake-up call away, if it is still the one for this instant.
    pub fn take_wake_up(&mut self, account: AccountId, at: Timestamp) {
        if self.wake_ups.get(&account) == Some(&at) {
            self.wake_ups.remove(&account);
            self.wakes.remove(&(at, account));
            self.dirty.wake_ups.insert(account);
        }
    }

    /// The earliest wake-up call.
    pub fn next_wake_up(&self) -> Option<(Timestamp, AccountId)> {
        self.wakes.first().copied()
    }

    /// The earliest end of a build.
    pub fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(at, _, _)| *at)
    }
}

/// When a build that runs will end.
pub(super) fn end(account: AccountId, build: &Build) -> Option<(Timestamp, AccountId, u64)> {
    let started = build.started.filter(|_| build.ended.is_none())?;
    Some((started + build.runs.into(), account, build.number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_up_that_is_asked_for_while_another_one_is_answered_is_kept() {
        let account = AccountId::from_number(111_122_223_333).unwrap();
        let mut state = State::new(account, account, Faults::none(), 1);
        let at = |minute: i64| Timestamp::default() + TimeDelta::minutes(minute);
        state.ask(account, at(5), at(0));
        state.ask(account, at(9), at(1));
        assert_eq!(state.next_wake_up(), Some((at(5), account)), "the earlier one counts");
        // It rings, and its answer asks for another one.
        state.ask(account, at(7), at(5));
        state.take_wake_up(account, at(5));
        assert_eq!(state.next_wake_up(), Some((at(7), account)));
        // It rings, and nothing else is asked for.
        state.take_wake_up(account, at(7));
        assert_eq!(state.next_wake_up(), None);
    }
}
