//! The world of one account.
//!
//! - `action`: what can happen, and what then happens
//! - `process`: processes that decide, append and carry out, a step at a time
//! - `effect`: what an effect does to AWS
//! - `referee`: the rules that this world watches over by itself
//! - `rest`: whether anything can still go on, and where it must have ended then

pub mod action;
mod effect;
mod process;
mod referee;
mod rest;

use std::sync::Arc;

use state_machine::{
    Account, AccountId, BuildFinding, BuildId, BuildOutcome, Effect, Evidence, Hold, Look, ObligationId,
    Payment, Policy, Profile, Reading, Scope, Seen, Standing, Status, Tags, TaskKind, Timestamp, Token,
    Trigger, Unreadable, Version,
};

pub use action::Action;
pub use referee::Rule;

/// Everything there is. Two equal worlds behave equally.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub now: Timestamp,
    pub truth: Truth,
    pub head: Account,
    pub events: Vec<Event>,
    pub processes: Vec<Process>,
    pub faults: Faults,
    pub ledger: Ledger,
    pub broken: Option<Rule>,
    serial: u32,
}

/// What AWS holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Truth {
    pub reading: Reading,
    pub status: Status,
    pub standing: Standing,
    pub readable: bool,
    pub tags: Tags,
    pub builds: Vec<Build>,
    /// What the settings say beside the standing.
    pub preparation_enabled: bool,
    pub purge_enabled: bool,
    pub settings_hold: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Build {
    pub id: BuildId,
    pub kind: TaskKind,
    pub token: Option<Token>,
    pub since: Timestamp,
    pub outcome: Option<BuildOutcome>,
}

/// What the referee remembers by itself, without asking the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ledger {
    pub on_boarded: bool,
    pub purges: u32,
    pub releases: u32,
}

/// An event on its way. A repeated one keeps its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    pub number: u32,
    pub kind: EventKind,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// The state tag was set to this text, by us or by hand; `None`: taken away.
    Tag {
        value: Option<String>,
        by_hand: bool,
    },
    BuildEnded(BuildId),
    Moved,
}

/// A process that handles a trigger. It may die at any point.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Process {
    /// Has loaded the head at this version, and looked.
    Deciding { trigger: Trigger, held: Option<(Version, Evidence)> },
    /// Has obligations in hand until then.
    Paying {
        trigger: Trigger,
        queue: Vec<ObligationId>,
        until: Timestamp,
        in_hand: Option<(ObligationId, Effect)>,
        payments: Vec<(ObligationId, Payment)>,
    },
}

/// How many faults and outside happenings are left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    pub losses: u8,
    pub repeats: u8,
    pub crashes: u8,
    pub failing_builds: u8,
    pub failing_effects: u8,
    pub hands: u8,
    pub windows: u8,
    pub foreign_builds: u8,
    pub blinds: u8,
    pub delays: u8,
    pub moves: u8,
    pub suspensions: u8,
    pub commands: u8,
    pub holds: u8,
    pub edits: u8,
}

impl World {
    pub fn new(reading: Reading, faults: Faults) -> Self {
        let account: AccountId = "777788889999".parse().unwrap();
        let mut tags = Tags::new();
        tags.insert("obsolete", "x");
        Self {
            now: "2026-11-21T18:00:00Z".parse().unwrap(),
            truth: Truth {
                reading,
                status: Status::Active,
                standing: Standing::Managed,
                readable: true,
                tags,
                builds: Vec::new(),
                preparation_enabled: true,
                purge_enabled: true,
                settings_hold: None,
            },
            head: Account::unseen(account),
            events: vec![Event { number: 0, kind: EventKind::Moved }],
            processes: Vec::new(),
            faults,
            ledger: Ledger::default(),
            broken: None,
            serial: 1,
        }
    }

    pub fn policy(&self, policy: &Policy) -> Policy {
        let mut policy = Policy { standing: self.truth.standing, ..policy.clone() };
        policy.preparation.enabled = self.truth.preparation_enabled;
        policy.purge.enabled = self.truth.purge_enabled;
        policy.hold = self.truth.settings_hold.map(|until| Hold { until, reason: "settings".into() });
        policy
    }

    pub fn look(&self) -> Look {
        if !self.truth.readable {
            return Look::Unreadable(Unreadable::Throttled);
        }
        Look::Seen(Box::new(Seen {
            at: self.now,
            described: self.now,
            status: self.truth.status,
            reading: self.truth.reading.clone(),
            profile: Arc::new(Profile {
                name: "alice".into(),
                email: "alice@example.com".into(),
                units: Arc::default(),
                tags: self.truth.tags.clone(),
            }),
        }))
    }

    /// What is known of the account need not be read again, where that is not asked for.
    fn look_at(&self, scope: Scope, policy: &Policy) -> Look {
        let known = self.head.described_at().filter(|at| self.now.since(*at) <= policy.times.described);
        match (scope, known, self.look()) {
            (Scope::Tags | Scope::Index, Some(described), Look::Seen(seen)) => {
                Look::Seen(Box::new(Seen { described, status: self.head.status(), ..*seen }))
            }
            (Scope::Whole | Scope::Tags | Scope::Index, _, look) => look,
        }
    }

    pub fn find(&self, build: &BuildId) -> BuildFinding {
        if !self.truth.readable {
            return BuildFinding::Unreadable(Unreadable::Throttled);
        }
        match self.truth.builds.iter().find(|known| known.id == *build) {
            None => BuildFinding::NotFound,
            Some(Build { outcome: None, .. }) => BuildFinding::InProgress,
            Some(Build { outcome: Some(outcome), .. }) => BuildFinding::Ended(*outcome),
        }
    }

    fn draw(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }

    fn emit(&mut self, kind: EventKind) {
        let number = self.draw();
        self.events.push(Event { number, kind });
        self.events.sort();
    }

    fn set_tag(&mut self, reading: Reading, by_hand: bool) {
        let value = match &reading {
            Reading::Known(state) => Some(state.to_string()),
            Reading::Unrecognised(text) => Some(text.to_string()),
            Reading::Untagged => None,
            Reading::Unreadable(_) => unreachable!("nobody can set that"),
        };
        self.truth.reading = reading;
        self.emit(EventKind::Tag { value, by_hand });
    }
}
