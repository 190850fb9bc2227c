//! What the settings say about one account, as far as decisions need it.

use std::fmt;
use std::num::NonZeroU8;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{AccountId, Tags, Text, Timestamp};

/// The settings of one account, resolved. Built by the caller before each decision, so that a changed
/// setting counts at once; never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether the account may be touched at all.
    pub standing: Standing,
    /// The keys of the tags that this system reads and writes.
    pub keys: TagKeys,
    /// Tags that the account shall carry.
    pub account_tags: Tags,
    /// Keys of tags that on-boarding takes away.
    pub unset_tags: Vec<Text>,
    /// What happens on entering `assigned`.
    pub preparation: TaskPolicy,
    /// What happens on entering `expired`.
    pub purge: TaskPolicy,
    /// A hold that stands in the settings.
    pub hold: Option<Hold>,
    /// How side effects that fail are repeated before the account goes into quarantine.
    pub effects: Retries,
    /// How long an account in quarantine waits for its next try: the first time, the second, and so on.
    pub quarantine: Pauses,
    /// The times that are not about tasks.
    pub times: Times,
}

/// Whether the settings allow to touch an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It resolves to settings.
    Managed,
    /// No setting speaks of it, nor of a unit that holds it.
    Unmanaged,
    /// Settings may speak of it, and yet it is never touched.
    Protected(Protection),
}

/// Why an account is never touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// It owns the organization.
    ManagementAccount,
    /// This system runs in it.
    AutomationAccount,
    /// It stands under `protected_accounts`.
    Listed,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Managed => "managed",
            Self::Unmanaged => "not managed: no setting names it, nor a unit that holds it",
            Self::Protected(Protection::ManagementAccount) => {
                "protected: it is the management account of the organization"
            }
            Self::Protected(Protection::AutomationAccount) => {
                "protected: it is the account in which this system runs"
            }
            Self::Protected(Protection::Listed) => "protected: it stands under protected_accounts",
        })
    }
}

/// Keys of the tags that this system reads and writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagKeys {
    /// The state: `account-state` by default.
    pub state: Text,
    /// The holder: `account-holder` by default.
    pub holder: Text,
}

/// How one kind of task is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskPolicy {
    /// Disabled: the account goes straight on.
    pub enabled: bool,
    /// How often a build that fails is started again, the first time included.
    pub attempts: NonZeroU8,
    /// How long to wait after the first failed build, the second, and so on.
    pub pauses: Pauses,
    /// A started build that has not ended after this time is overdue.
    pub deadline: TimeDelta,
}

/// How side effects that fail are repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often one is tried before the account goes into quarantine, the first time included.
    pub attempts: NonZeroU8,
    /// How long to wait after the first failure, the second, and so on.
    pub pauses: Pauses,
}

/// The times that are not about tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    /// How long whoever decided on a side effect may take to carry it out. After that anybody may. It must
    /// be longer than any process lives that carries out side effects: on AWS, longer than the time-out of
    /// the functions.
    pub claim: TimeDelta,
    /// How long the event of an own tag change is waited for before somebody looks.
    pub event: TimeDelta,
    /// How long after an own tag change a reading that shows another value is not believed:
    /// AWS Organizations is eventually consistent.
    pub settle: TimeDelta,
    /// How old a look may be when a side effect that deletes nothing relies on it. A purge never does.
    pub fresh: TimeDelta,
    /// How old status, name and units may be when a side effect that deletes nothing relies on them. Events tell
    /// of changes within a minute, and the comparison of all accounts finds those whose event was lost. A purge
    /// reads them again.
    pub described: TimeDelta,
    /// How often a build that runs is looked up.
    pub look_up: TimeDelta,
    /// How long windows leave an account alone after it came under management.
    pub grace: TimeDelta,
}

/// What keeps a maintenance window from doing harm to many accounts at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brakes {
    /// At most so many accounts are in maintenance at the same time.
    pub in_flight: u32,
    /// So many accounts go first; the rest follows when all of them are back without unusual failures.
    pub first_wave: u32,
    /// How many accounts in a hundred usually meet a failed build.
    pub usual_failures_percent: u8,
    /// Fewer failures than this never stop a window.
    pub least_failures: u32,
    /// After so many seconds no account is let in any more.
    pub longest_seconds: u32,
}

/// Pauses that grow: one after the first failure, one after the second, and so on. The last one repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pauses(Vec<TimeDelta>);

impl Pauses {
    /// These pauses, or nothing when the list is empty or a pause is not positive.
    pub fn new(pauses: impl Into<Vec<TimeDelta>>) -> Option<Self> {
        let pauses = pauses.into();
        let good = !pauses.is_empty() && pauses.iter().all(|pause| *pause > TimeDelta::zero());
        good.then_some(Self(pauses))
    }

    /// The pauses as they were given.
    pub fn as_slice(&self) -> &[TimeDelta] {
        &self.0
    }

    /// The pause after so many failures (1 is the first), up to a tenth longer.
    ///
    /// How much longer depends on the account: a thousand accounts that fail together shall not come back
    /// together. The same account always gets the same pause, so that a replay shows what happened.
    pub fn after(&self, failures: u32, account: AccountId) -> TimeDelta {
        let last = self.0.len() - 1;
        let index = usize::try_from(failures.saturating_sub(1)).unwrap_or(last).min(last);
        let pause = self.0[index];
        // The high bits of a multiplicative hash (Knuth, TAOCP 6.4) spread neighbouring numbers well.
        let spread = (account.as_number() ^ u64::from(failures)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54;
        let extra = pause.num_milliseconds() / 10 * i64::try_from(spread).unwrap_or(0) / 1024;
        pause + TimeDelta::milliseconds(extra)
    }
}

/// A request to leave an account alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hold {
    /// When it ends by itself. There is no hold without an end.
    pub until: Timestamp,
    /// Why it was asked for.
    pub reason: Text,
}

impl Policy {
    /// The hold that counts at this instant: of the one in the settings and the one in the journal, the one
    /// that ends later.
    pub fn hold_at<'a>(&'a self, journal: Option<&'a Hold>, now: Timestamp) -> Option<&'a Hold> {
        let running = |hold: &&Hold| hold.until > now;
        self.hold.as_ref().into_iter().chain(journal).filter(running).max_by_key(|hold| hold.until)
    }

    /// How the task of this kind is carried out.
    pub fn task(&self, kind: crate::TaskKind) -> &TaskPolicy {
        match kind {
            crate::TaskKind::Preparation => &self.preparation,
            crate::TaskKind::Purge => &self.purge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_then_repeat_and_spread_by_a_tenth() {
        let minutes =
            |list: &[i64]| Pauses::new(list.iter().map(|&m| TimeDelta::minutes(m)).collect::<Vec<_>>());
        let pauses = minutes(&[5, 15]).unwrap();
        let account = AccountId::from_number(111_122_223_333).unwrap();
        for (failures, least) in [(0, 5), (1, 5), (2, 15), (3, 15), (u32::MAX, 15)] {
            let pause = pauses.after(failures, account);
            assert!(pause >= TimeDelta::minutes(least), "{failures}: {pause}");
            assert!(pause <= TimeDelta::minutes(least) * 11 / 10, "{failures}: {pause}");
            assert_eq!(pause, pauses.after(failures, account));
        }
        let spread: std::collections::BTreeSet<_> =
            (0..1000).map(|number| pauses.after(1, AccountId::from_number(number).unwrap())).collect();
        assert!(spread.len() > 500, "{}", spread.len());
        assert_eq!(minutes(&[]), None);
        assert_eq!(minutes(&[5, 0]), None);
    }
}
