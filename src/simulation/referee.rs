//! The referee: watches the ten rules from outside, while a simulation runs.
//!
//! It sees what AWS really holds when an effect is carried out, and every record that is appended, and keeps
//! its own books. It never asks the code that it watches whether that code was right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use serde::Serialize;
use state_machine::{
    Account, AccountId, Custody, CycleEnd, Effect, Fact, Fleet, FleetFact, FleetRecord, Look, ObligationId,
    Origin, Reading, Record, Standing, State, Status, TaskKind, Text, Timestamp, Token, Window, WindowId,
};

use crate::cloud::BuildOrder;
use crate::cloud::local::{Build, Lost, Member, Watcher};
use crate::local::JournalWatcher;
use crate::settings::Settings;

use super::statistics::Statistics;

/// The rules of the design, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// 1: only a tag that is known to say released lets an account expire.
    UnknownIsNeverReleased,
    /// 2: a purge starts only where everything says that it may.
    NoPurgeByAccident,
    /// 3: one build at a time, and only ours counts.
    OneBuildAtATime,
    /// 4: faults change nothing in the end.
    FaultsChangeNothing,
    /// 5: no account waits for nobody.
    NothingIsSwallowed,
    /// 6: records are appended only at the version that they were decided on.
    CompareAndSet,
    /// 7: effects stand in the journal, in somebody's hand, before they are carried out.
    OwedThenPaid,
    /// 8: accounts that are not managed, or not in use, are not touched.
    UnmanagedIsUntouched,
    /// 9: windows have brakes.
    WindowsHaveBrakes,
    /// 10: replay is head.
    ReplayIsHead,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 10] = [
        Self::UnknownIsNeverReleased,
        Self::NoPurgeByAccident,
        Self::OneBuildAtATime,
        Self::FaultsChangeNothing,
        Self::NothingIsSwallowed,
        Self::CompareAndSet,
        Self::OwedThenPaid,
        Self::UnmanagedIsUntouched,
        Self::WindowsHaveBrakes,
        Self::ReplayIsHead,
    ];

    /// Its number in the design.
    pub const fn number(self) -> usize {
        self as usize + 1
    }

    /// The rule, in a few words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownIsNeverReleased => "unknown is never released",
            Self::NoPurgeByAccident => "no purge by accident",
            Self::OneBuildAtATime => "one build at a time",
            Self::FaultsChangeNothing => "faults change nothing in the end",
            Self::NothingIsSwallowed => "nothing is swallowed",
            Self::CompareAndSet => "compare and set",
            Self::OwedThenPaid => "owed, then paid",
            Self::UnmanagedIsUntouched => "unmanaged is untouched",
            Self::WindowsHaveBrakes => "windows have brakes",
            Self::ReplayIsHead => "replay is head",
        }
    }
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Which rule.
    pub rule: Rule,
    /// When.
    pub at: Timestamp,
    /// In which account.
    pub account: Option<AccountId>,
    /// What was seen.
    pub seen: String,
}

/// The referee.
#[derive(Debug)]
pub struct Referee {
    settings: Arc<Settings>,
    books: Mutex<Books>,
}

/// What the referee has seen.
#[derive(Debug, Default)]
pub struct Books {
    /// How often each rule was checked.
    pub checks: BTreeMap<Rule, u64>,
    /// The first breach.
    pub breach: Option<Breach>,
    /// Figures for the report.
    pub statistics: Statistics,
    accounts: BTreeMap<AccountId, Book>,
    fleet: Option<Fleet>,
    /// Firings of the schedule for which a window was opened, and when the last window was opened.
    opened_for: BTreeSet<Timestamp>,
    last_opened: Option<Timestamp>,
    /// Accounts that a window let in and that are not back, as their records tell.
    in_window: BTreeMap<WindowId, BTreeSet<AccountId>>,
}

/// The referee's own book of one account.
#[derive(Debug)]
struct Book {
    /// The records, folded here once more.
    head: Account,
    /// Whether it was released after a preparation, or adopted.
    on_boarded: bool,
    /// When it was last moved or suspended.
    changed: Option<Timestamp>,
    /// When it last began a try out of quarantine, or left it.
    tried: Option<Timestamp>,
    /// Whether whoever looked last was told that the tag says released.
    told_released: bool,
}

impl Book {
    fn new(id: AccountId) -> Self {
        Self {
            head: Account::unseen(id),
            on_boarded: false,
            changed: None,
            tried: None,
            told_released: false,
        }
    }
}

impl Referee {
    /// A referee for these settings.
    pub fn new(settings: Arc<Settings>) -> Self {
        Self { settings, books: Mutex::default() }
    }

    /// The books.
    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An account was moved, suspended, or came back: what was looked at before may be relied on for a little
    /// while ([`state_machine::Times::described`]).
    pub fn note_change(&self, account: AccountId, at: Timestamp) {
        let mut books = self.books();
        books.accounts.entry(account).or_insert_with(|| Book::new(account)).changed = Some(at);
    }

    /// Once everything has calmed down: where is each account? Those whose next try out of quarantine came
    /// just now are on their way; they are returned, and are to be looked at again after [`RECOVERY`].
    pub fn final_check(&self, members: &BTreeMap<AccountId, Member>, now: Timestamp) -> BTreeSet<AccountId> {
        let mut books = self.books();
        let mut on_their_way = BTreeSet::new();
        for (&account, member) in members {
            let standing = self.settings.resolve(account, &member.profile.units).standing().value;
            if standing != Standing::Managed || member.status != Status::Active {
                continue;
            }
            let book = books.accounts.get(&account);
            let rest = match book {
                None => Err("managed, and never seen".to_owned()),
                Some(book) => at_rest(&book.head, member, now),
            };
            let tried = book.and_then(|book| book.tried);
            if rest.is_err() && tried.is_some_and(|tried| now.since(tried) < RECOVERY) {
                on_their_way.insert(account);
                continue;
            }
            books.check(Rule::FaultsChangeNothing, account, now, || rest);
        }
        on_their_way
    }

    /// Those that were on their way at the final check: are they where they must be by now?
    pub fn last_check(
        &self,
        on_their_way: &BTreeSet<AccountId>,
        members: &BTreeMap<AccountId, Member>,
        now: Timestamp,
    ) {
        let mut books = self.books();
        for account in on_their_way {
            let rest = match (books.accounts.get(account), members.get(account)) {
                (Some(book), Some(member)) => at_rest(&book.head, member, now),
                (None, _) | (_, None) => Err("it is not there any more".to_owned()),
            };
            books.check(Rule::FaultsChangeNothing, *account, now, || rest);
        }
    }
}

/// Where every account must be in the end: with its holder, or in quarantine with a next try, or left alone
/// because somebody asked for that.
fn at_rest(head: &Account, member: &Member, now: Timestamp) -> Result<(), String> {
    if let Some(quarantine) = head.quarantine() {
        return match (quarantine.next_try, head.next_wake()) {
            (_, Some(_)) => Ok(()),
            (next, None) => Err(format!("in quarantine, next try {next:?}, and nothing will wake it")),
        };
    }
    if head.custody() == Custody::Sighted {
        return Ok(());
    }
    if head.deferred().is_some_and(|until| until > now) {
        return Ok(());
    }
    let reading = member.reading();
    if reading != head.tag().reading {
        return Err(format!("its tag says {reading}, its journal {}", head.tag().reading));
    }
    if reading == Reading::Known(State::Released) && head.tag().entered && head.cycle().is_none() {
        return Ok(());
    }
    let cycle = head.cycle().map(|cycle| cycle.kind.to_string());
    Err(format!("it is {reading}, entered: {}, cycle: {cycle:?}", head.tag().entered))
}

impl Books {
    fn check(
        &mut self,
        rule: Rule,
        account: AccountId,
        at: Timestamp,
        check: impl FnOnce() -> Result<(), String>,
    ) {
        *self.checks.entry(rule).or_default() += 1;
        if let Err(seen) = check()
            && self.breach.is_none()
        {
            self.breach = Some(Breach { rule, at, account: Some(account), seen });
        }
    }

    /// Rule 9 begins with the opening: one window at a time, and one a firing of the schedule, however often
    /// and however late EventBridge tells of it.
    fn opening(&mut self, records: &[FleetRecord], is_open: bool) {
        let mut fired = None;
        for record in records {
            match &record.fact {
                FleetFact::ScheduleFired { fired: at } => fired = Some(*at),
                FleetFact::WindowOpened { window, .. } => {
                    *self.checks.entry(Rule::WindowsHaveBrakes).or_default() += 1;
                    let by_schedule = record.cause.origin == Origin::Window;
                    let seen = match (fired, self.last_opened) {
                        _ if is_open => Some("it was opened beside another one".to_owned()),
                        (None, _) if by_schedule => Some("nobody knows which firing opened it".to_owned()),
                        (Some(fired), _) if !self.opened_for.insert(fired) => {
                            Some(format!("the firing of {fired} had opened one before"))
                        }
                        (Some(fired), Some(last)) if fired < last => {
                            Some(format!("it fired at {fired}, and the window of {last} came after that"))
                        }
                        (Some(_) | None, _) => None,
                    };
                    self.last_opened = Some(window.0);
                    if let Some(seen) = seen
                        && self.breach.is_none()
                    {
                        let (rule, at) = (Rule::WindowsHaveBrakes, record.at);
                        let seen = format!("the window of {window}: {seen}");
                        self.breach = Some(Breach { rule, at, account: None, seen });
                    }
                }
                FleetFact::WindowPlanned { .. }
                | FleetFact::WindowAdvanced { .. }
                | FleetFact::FirstWaveBack
                | FleetFact::WindowStopped { .. }
                | FleetFact::WindowStopAnnounced
                | FleetFact::WindowClosed
                | FleetFact::WindowNotOpened
                | FleetFact::EventRefused { .. }
                | FleetFact::WindowCommanded { .. }
                | FleetFact::RequestIgnored { .. } => {}
            }
        }
    }

    fn book(&mut self, account: AccountId) -> &mut Book {
        self.accounts.entry(account).or_insert_with(|| Book::new(account))
    }
}

impl Watcher for Referee {
    fn effect(
        &self,
        account: AccountId,
        member: &Member,
        effect: &Effect,
        obligation: ObligationId,
        now: Timestamp,
    ) {
        let mut books = self.books();
        let resolved = self.settings.resolve(account, &member.profile.units);
        let policy = resolved.policy();
        let (on_boarded, changed, claim) = {
            let book = books.book(account);
            let claim = book.head.obligation(obligation).and_then(|owed| owed.claim);
            (book.on_boarded, book.changed, claim)
        };
        books.check(Rule::OwedThenPaid, account, now, || match claim {
            Some(until) if until > now => Ok(()),
            Some(until) => Err(format!("{obligation} was carried out after its claim ended at {until}")),
            None => Err(format!("{obligation} was carried out, and nobody had it in hand")),
        });
        // Only a purge reads everything again; see `Times::described`.
        let relies_on_look = !matches!(effect, Effect::StartBuild { task: TaskKind::Purge, .. });
        let just_changed =
            relies_on_look && changed.is_some_and(|changed| now.since(changed) <= policy.times.described);
        if !just_changed {
            books.check(Rule::UnmanagedIsUntouched, account, now, || {
                match (policy.standing, member.status) {
                    (Standing::Managed, Status::Active) => Ok(()),
                    (Standing::Managed, status) => Err(format!("it was touched, and it is {status}")),
                    (standing, _) => Err(format!("it was touched, and it is {standing}")),
                }
            });
        }
        match effect {
            Effect::WriteTags(write) => {
                let Some(change) = &write.change else { return };
                books.check(Rule::UnknownIsNeverReleased, account, now, || {
                    let reading = member.reading();
                    // A read that lags may lead to writing once more what stands there already.
                    if reading == Reading::Known(change.to) {
                        return Ok(());
                    }
                    if reading != change.from {
                        return Err(format!("{} was written over {reading}", change.to));
                    }
                    match (change.to, reading) {
                        (State::Expired, reading)
                            if !matches!(reading, Reading::Known(State::Released | State::Assigned)) =>
                        {
                            Err(format!("it was expired, and its tag said {reading}"))
                        }
                        (State::Expired | State::Vanilla | State::Assigned | State::Released, _) => Ok(()),
                    }
                });
            }
            Effect::StartBuild { task: TaskKind::Purge, .. } => {
                books.check(Rule::NoPurgeByAccident, account, now, || {
                    let reading = member.reading();
                    if reading != Reading::Known(State::Expired) {
                        return Err(format!("it was purged, and its tag said {reading}"));
                    }
                    if !policy.purge.enabled {
                        return Err("it was purged, and the settings disable that".to_owned());
                    }
                    if !on_boarded {
                        return Err("it was purged, and it was never on-boarded".to_owned());
                    }
                    Ok(())
                });
            }
            Effect::StartBuild { task: TaskKind::Preparation, .. } => {}
        }
    }

    fn build_started(
        &self,
        account: AccountId,
        member: &Member,
        token: Token,
        order: &BuildOrder,
        now: Timestamp,
    ) {
        let mut books = self.books();
        books.statistics.build_started();
        let purges = member.builds.iter().any(|build| {
            build.token == Some(token) && build.kind == TaskKind::Purge && build.ended.is_none()
        });
        if purges {
            let resolved = self.settings.resolve(account, &member.profile.units);
            books.check(Rule::NoPurgeByAccident, account, now, || {
                for (name, said) in &resolved.purge().variables {
                    if !order.variables.contains(&(Text::clone(name), Text::clone(&said.value))) {
                        return Err(format!("its purge was started without {name}={}", said.value));
                    }
                }
                Ok(())
            });
        }
        books.check(Rule::OneBuildAtATime, account, now, || {
            let ours = |build: &&Build| build.token.is_some();
            if member.running().filter(ours).count() > 1 {
                return Err("two of our builds run at once".to_owned());
            }
            if member.builds.iter().filter(|build| build.token == Some(token)).count() > 1 {
                return Err("the same build was started twice".to_owned());
            }
            Ok(())
        });
    }

    fn build_ended(&self, account: AccountId, build: &Build) {
        self.books().statistics.build_ended(account, build);
    }

    fn looked(&self, account: AccountId, look: &Look) {
        let told = matches!(look, Look::Seen(seen) if seen.reading == Reading::Known(State::Released));
        self.books().book(account).told_released = told;
    }

    fn lost(&self, lost: &Lost) {
        self.books().statistics.lost(lost);
    }
}

impl JournalWatcher for Referee {
    fn appended(&self, records: &[Record], account: &Arc<Account>) {
        let mut books = self.books();
        let id = account.id();
        let Some(last) = records.last() else { return };
        let now = last.at;
        for record in records {
            let book = books.book(id);
            let illegal = book.head.apply(record).err();
            book.on_boarded |= on_boards(record, &book.head);
            if let Fact::TriedAgain | Fact::QuarantineLeft { .. } = record.fact {
                book.tried = Some(record.at);
            }
            let rule = match illegal {
                Some(state_machine::IllegalRecord::OutOfOrder { .. }) | None => Rule::CompareAndSet,
                Some(
                    state_machine::IllegalRecord::NotOwed { .. }
                    | state_machine::IllegalRecord::NoSuchBuild { .. },
                ) => Rule::OneBuildAtATime,
            };
            books.check(rule, id, now, || illegal.map_or(Ok(()), |illegal| Err(illegal.to_string())));
            if let Fact::CycleBegan { window: Some(window), .. } = &record.fact {
                let told_released = books.book(id).told_released;
                books.check(Rule::UnknownIsNeverReleased, id, now, || {
                    if told_released {
                        return Ok(());
                    }
                    Err(format!("the window of {window} took it, and nobody was told that it is released"))
                });
            }
        }
        let replayed = books.book(id).head == **account;
        books.check(Rule::ReplayIsHead, id, now, || {
            if replayed { Ok(()) } else { Err(format!("version {} differs", account.version())) }
        });
        books.check(Rule::NothingIsSwallowed, id, now, || waits_for_nobody(account));
        books.statistics.appended(records, account);
        self.brakes(&mut books, records, account, now);
    }

    fn appended_fleet(&self, records: &[FleetRecord], fleet: &Fleet) {
        let mut books = self.books();
        let mut replayed = books.fleet.take().unwrap_or_default();
        let mut illegal = None;
        books.opening(records, replayed.window().is_some());
        for record in records {
            illegal = illegal.or(replayed.apply(record).err());
        }
        let same = replayed == *fleet;
        books.fleet = Some(replayed);
        *books.checks.entry(Rule::ReplayIsHead).or_default() += 1;
        if (illegal.is_some() || !same) && books.breach.is_none() {
            let at = records.last().map_or_else(Timestamp::default, |record| record.at);
            let seen = format!("the fleet's journal: {illegal:?}, same: {same}");
            books.breach = Some(Breach { rule: Rule::ReplayIsHead, at, account: None, seen });
        }
        books.statistics.appended_fleet(records, fleet);
    }
}

impl Referee {
    /// How many accounts a window has let in at once, counted from the accounts' own records.
    fn brakes(&self, books: &mut Books, records: &[Record], account: &Account, now: Timestamp) {
        for record in records {
            match &record.fact {
                Fact::CycleBegan { window: Some(window), .. } => {
                    books.in_window.entry(*window).or_default().insert(account.id());
                }
                // A window does not wait for who is in quarantine, held, suspended, or not managed any more.
                Fact::CycleEnded { .. }
                | Fact::Quarantined { .. }
                | Fact::Deferred { .. }
                | Fact::Left { .. }
                | Fact::StatusChanged { .. } => {
                    books.in_window.values_mut().for_each(|accounts| {
                        accounts.remove(&account.id());
                    });
                }
                _ => {}
            }
        }
        let Some((window, in_flight)) = books.in_window.last_key_value() else { return };
        let (window, in_flight) = (*window, in_flight.len());
        let brakes = self.settings.brakes();
        let running = books.fleet.as_ref().and_then(Fleet::window).filter(|running| running.id == window);
        let first_wave =
            running.is_some_and(|running: &Window| running.stage == state_machine::Stage::FirstWave);
        let allowed = if first_wave { brakes.first_wave.min(brakes.in_flight) } else { brakes.in_flight };
        books.check(Rule::WindowsHaveBrakes, account.id(), now, || {
            if in_flight as u64 <= u64::from(allowed) {
                return Ok(());
            }
            Err(format!("{in_flight} accounts are in the window of {window}, and {allowed} may be"))
        });
    }
}

/// An account becomes on-boarded by going all the way, or by being adopted.
fn on_boards(record: &Record, head: &Account) -> bool {
    match &record.fact {
        Fact::CycleEnded { end: CycleEnd::Completed } => head.state() == Some(State::Released),
        Fact::Adopted { state } => *state != State::Vanilla,
        _ => false,
    }
}

/// An account that needs something must be waited for: by a wake-up, or by somebody outside.
fn waits_for_nobody(account: &Account) -> Result<(), String> {
    let needs_nothing = !account.is_touchable()
        || account.custody() != Custody::Ours
        || (account.state() == Some(State::Released) && account.tag().entered && account.owed().is_empty());
    if needs_nothing || account.next_wake().is_some() {
        return Ok(());
    }
    Err(format!("at version {} nothing will ever wake it", account.version()))
}

/// How long after the end of the faults everything must have come to rest, the longest build included.
pub const CALM: TimeDelta = TimeDelta::hours(72);

/// How long an account may take to its rest once its next try out of quarantine has come, when nothing goes
/// wrong any more: two builds, and what lies between them.
pub const RECOVERY: TimeDelta = TimeDelta::hours(4);
