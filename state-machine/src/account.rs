//! The head: one account's journal, folded.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Actor, BuildId, CycleKind, Hold, Obligation, ObligationId, Owner, Profile, Reading, Standing,
    State, Status, Task, TaskKind, Text, Timestamp, TriggerId, Trouble, Version, WindowId,
};

/// One account's journal, folded: the head.
///
/// Only [`Account::apply`] changes it, so replaying the journal gives the same head, always.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Account {
    pub(crate) id: AccountId,
    pub(crate) version: Version,
    pub(crate) custody: Custody,
    pub(crate) standing: Standing,
    pub(crate) managed_since: Option<Timestamp>,
    pub(crate) status: Status,
    pub(crate) profile: Arc<Profile>,
    pub(crate) looked_at: Option<Timestamp>,
    /// When status, name and units were read, where that was before the tags were.
    #[serde(default)]
    pub(crate) described: Option<Timestamp>,
    pub(crate) tag: Belief,
    pub(crate) on_boarded: Option<Timestamp>,
    pub(crate) cycle: Option<Cycle>,
    pub(crate) last_cycle: Option<PastCycle>,
    pub(crate) cycles: u32,
    #[serde(default)]
    pub(crate) last_window: Option<WindowId>,
    pub(crate) task: Option<Task>,
    pub(crate) past_builds: Vec<BuildId>,
    /// What the baseline was last found to be, in the words of whoever looks after it.
    #[serde(default)]
    pub(crate) baseline: Option<Text>,
    pub(crate) owed: Vec<Obligation>,
    pub(crate) deferred: Option<Timestamp>,
    pub(crate) quarantine: Option<Quarantine>,
    pub(crate) hold: Option<Hold>,
    pub(crate) recent: Vec<TriggerId>,
}

/// Whose the account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Custody {
    /// Nothing is known of it: its journal is empty.
    Unseen,
    /// It carried a state when it was first seen, and nobody has adopted it: it is left alone.
    Sighted,
    /// It is on-boarded and maintained here.
    Ours,
}

/// What the journal believes of the state tag.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Belief {
    /// What the tag says.
    pub reading: Reading,
    /// Since when.
    pub since: Timestamp,
    /// Who made it say so.
    pub by: Actor,
    /// Whether what the state asks for was begun.
    pub entered: bool,
    /// When somebody looks if no event has come; only before the state is entered.
    pub look: Option<Timestamp>,
}

/// A cycle that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cycle {
    /// Which one.
    pub kind: CycleKind,
    /// When it began.
    pub began: Timestamp,
    /// The window that let it begin, when one did.
    pub window: Option<WindowId>,
    /// How many builds failed in it.
    pub failed_builds: u32,
}

/// The last cycle that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PastCycle {
    /// The cycle as it was.
    pub cycle: Cycle,
    /// When it ended.
    pub ended: Timestamp,
    /// How.
    pub end: crate::CycleEnd,
}

/// An account whose task, or a side effect, failed for good.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quarantine {
    /// Why.
    pub because: Trouble,
    /// Since when, the earlier tries included.
    pub since: Timestamp,
    /// Who is to look at it.
    pub owner: Owner,
    /// How often it came to this.
    pub tries: u32,
    /// When it is tried again; `None` while a try runs.
    pub next_try: Option<Timestamp>,
}

impl Account {
    /// An account whose journal is empty.
    pub fn unseen(id: AccountId) -> Self {
        Self {
            id,
            version: Version::NONE,
            custody: Custody::Unseen,
            standing: Standing::Unmanaged,
            managed_since: None,
            status: Status::Active,
            profile: Arc::default(),
            looked_at: None,
            described: None,
            tag: Belief {
                reading: Reading::Untagged,
                since: Timestamp::default(),
                by: Actor::Unknown,
                entered: false,
                look: None,
            },
            on_boarded: None,
            cycle: None,
            last_cycle: None,
            cycles: 0,
            last_window: None,
            task: None,
            past_builds: Vec::new(),
            baseline: None,
            owed: Vec::new(),
            deferred: None,
            quarantine: None,
            hold: None,
            recent: Vec::new(),
        }
    }

    /// Which account.
    pub const fn id(&self) -> AccountId {
        self.id
    }

    /// How many records are folded in.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Whose it is.
    pub const fn custody(&self) -> Custody {
        self.custody
    }

    /// How the settings stood to it when it was last looked at.
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// Since when it is under management, the last time it came or was adopted.
    pub const fn managed_since(&self) -> Option<Timestamp> {
        self.managed_since
    }

    /// Whether it is in use.
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Name, e-mail, units and tags, as last seen or written.
    pub const fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// When a look at its tags last led to a record.
    pub const fn looked_at(&self) -> Option<Timestamp> {
        self.looked_at
    }

    /// When status, name, e-mail and units were read that last led to a record.
    pub fn described_at(&self) -> Option<Timestamp> {
        self.described.or(self.looked_at)
    }

    /// What the journal believes of its state tag.
    pub const fn tag(&self) -> &Belief {
        &self.tag
    }

    /// Its state, when the tag tells one.
    pub const fn state(&self) -> Option<State> {
        match self.custody {
            Custody::Unseen => None,
            Custody::Sighted | Custody::Ours => self.tag.reading.known(),
        }
    }

    /// When it was first released here, or adopted: without that, it is never purged.
    pub const fn on_boarded(&self) -> Option<Timestamp> {
        self.on_boarded
    }

    /// The cycle that runs.
    pub const fn cycle(&self) -> Option<&Cycle> {
        self.cycle.as_ref()
    }

    /// The last cycle that ended.
    pub const fn last_cycle(&self) -> Option<&PastCycle> {
        self.last_cycle.as_ref()
    }

    /// How many cycles went all the way.
    pub const fn cycles(&self) -> u32 {
        self.cycles
    }

    /// The last window that took it.
    pub const fn last_window(&self) -> Option<WindowId> {
        self.last_window
    }

    /// The task in hand.
    pub const fn task(&self) -> Option<&Task> {
        self.task.as_ref()
    }

    /// What is owed, oldest first.
    pub fn owed(&self) -> &[Obligation] {
        &self.owed
    }

    /// One obligation.
    pub fn obligation(&self, id: ObligationId) -> Option<&Obligation> {
        self.owed.iter().find(|obligation| obligation.id == id)
    }

    /// Until when it waits because it is held.
    pub const fn deferred(&self) -> Option<Timestamp> {
        self.deferred
    }

    /// Its quarantine.
    pub const fn quarantine(&self) -> Option<&Quarantine> {
        self.quarantine.as_ref()
    }

    /// The hold that the journal holds, whether it still runs or not.
    pub const fn hold(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }

    /// The holder, as the tag of this key names it.
    pub fn holder(&self, key: &str) -> Option<&Text> {
        self.profile.tags.get(key)
    }

    /// Whether this trigger has led to a record lately.
    pub fn has_seen(&self, trigger: TriggerId) -> bool {
        self.recent.contains(&trigger)
    }

    /// Whether settings and status allow to touch it, as last looked at.
    pub fn is_touchable(&self) -> bool {
        self.custody == Custody::Ours && self.standing == Standing::Managed && self.status == Status::Active
    }

    /// Whether a change of the state tag is owed.
    pub fn has_state_change_owed(&self) -> bool {
        self.owed.iter().any(|owed| match &owed.intent {
            crate::Intent::WriteTags(write) => write.change.is_some(),
            crate::Intent::StartBuild { .. } | crate::Intent::Announce(_) => false,
        })
    }

    /// Whether a build of ours was ever started in it.
    pub fn has_built(&self) -> bool {
        !self.past_builds.is_empty()
    }

    /// What the baseline was last found to be, in the words of whoever looks after it.
    pub const fn baseline(&self) -> Option<&Text> {
        self.baseline.as_ref()
    }

    /// Whether this build was one of the last that were started here.
    pub(crate) fn had_build(&self, build: &BuildId) -> bool {
        self.past_builds.contains(build)
    }

    /// The build that runs, as far as the journal knows.
    pub fn running_build(&self) -> Option<(TaskKind, &crate::RunningBuild)> {
        self.task.as_ref().and_then(|task| task.build.as_ref().map(|build| (task.kind, build)))
    }
}
