//! Decisions: what follows from a trigger. Pure; one file per kind of trigger.
//!
//! | module | decides |
//! | --- | --- |
//! | [`observe`] | what a look at the account means: the level-triggered heart |
//! | [`enter`] | what entering a state asks for |
//! | [`hint`] | events of tags and accounts |
//! | [`build`] | ends of builds |
//! | [`window`] | which accounts a maintenance window takes |
//! | [`command`] | gestures of operators |
//! | [`wake`] | what is due |
//! | [`settle`] | side effects that were carried out, or were not |
//! | [`trouble`] | failures: again later, or quarantine |

use std::sync::Arc;

mod build;
mod command;
mod enter;
mod hint;
mod observe;
mod settle;
mod trouble;
mod wake;
mod window;

pub use window::eligible;

use crate::draft::Draft;
use crate::{
    Account, Evidence, Happening, Idle, Look, Need, Policy, Record, Refusal, Scope, Seen, Timestamp, Trigger,
};

/// What follows from a trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Append these records at the version that was decided on.
    Append {
        /// One or more records, in order.
        records: Vec<Record>,
        /// The head that they make.
        account: Arc<Account>,
        /// Why no more followed, where the records are only what was noticed on the way.
        because: Option<Idle>,
    },
    /// Nothing is to be recorded, and this is why.
    Nothing(Idle),
    /// What an operator asked for is refused.
    Refuse(Refusal),
    /// Decide again, with this evidence.
    Need(Need),
}

/// Why a decision ends here.
pub(crate) enum Stop {
    Idle(Idle),
    Refuse(Refusal),
    Need(Need),
}

impl From<Idle> for Stop {
    fn from(idle: Idle) -> Self {
        Self::Idle(idle)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

/// The outcome of one step of a decision.
pub(crate) type Step = Result<(), Stop>;

/// Decides what follows from a trigger.
///
/// `policy` must have been resolved for the units that `evidence.look` shows, or else for those in the head.
/// The answer is to be appended at `account.version()`; if the journal moved on meanwhile, load and decide
/// again.
pub fn decide(
    account: &Account,
    policy: &Policy,
    trigger: &Trigger,
    evidence: &Evidence,
    now: Timestamp,
) -> Decision {
    if trigger.id.is_some_and(|id| account.has_seen(id)) && !is_outcome(&trigger.happening) {
        return Decision::Nothing(Idle::Duplicate);
    }
    let mut draft = Draft::new(account, policy, trigger, now);
    let step = match &trigger.happening {
        Happening::TagEvent(hint) => hint::tag_event(&mut draft, hint, evidence),
        Happening::Changed | Happening::Difference => hint::changed(&mut draft, evidence),
        Happening::BuildEvent(build) => build::build_event(&mut draft, build, evidence),
        Happening::Window(window) => window::window(&mut draft, *window, evidence),
        Happening::Command(command) => command::command(&mut draft, command, evidence),
        Happening::Wake => wake::wake(&mut draft, evidence),
        Happening::Settled(settled) => settle::settle(&mut draft, settled, evidence),
    };
    conclude(draft, step)
}

/// Records that these obligations are in somebody's hand from now on; `None` when none of them is due.
pub fn claim(
    account: &Account,
    policy: &Policy,
    trigger: &Trigger,
    obligations: &[crate::ObligationId],
    now: Timestamp,
) -> Option<(Vec<Record>, Account)> {
    let due: Vec<_> = account
        .owed
        .iter()
        .filter(|owed| obligations.contains(&owed.id) && owed.due() <= now)
        .map(|owed| owed.id)
        .collect();
    if due.is_empty() {
        return None;
    }
    let mut draft = Draft::new(account, policy, trigger, now);
    draft.record(crate::Fact::Claimed { obligations: due });
    Some(draft.finish())
}

/// An outcome keeps the name of the trigger that led to it, and is no second delivery of it.
const fn is_outcome(happening: &Happening) -> bool {
    match happening {
        Happening::Settled(..) => true,
        Happening::TagEvent(_)
        | Happening::Changed
        | Happening::Difference
        | Happening::BuildEvent(_)
        | Happening::Window(_)
        | Happening::Command(_)
        | Happening::Wake => false,
    }
}

fn conclude(draft: Draft<'_>, step: Step) -> Decision {
    let because = match step {
        Ok(()) => None,
        Err(Stop::Idle(idle)) => Some(idle),
        Err(Stop::Refuse(refusal)) => return Decision::Refuse(refusal),
        Err(Stop::Need(need)) => return Decision::Need(need),
    };
    if draft.is_empty() {
        return Decision::Nothing(because.unwrap_or(Idle::AsExpected));
    }
    let (records, account) = draft.finish();
    Decision::Append { records, account: Arc::new(account), because }
}

/// The look that a decision rests on; asks for one at everything when none was made yet.
fn look(evidence: &Evidence) -> Result<&Look, Stop> {
    look_at(evidence, Scope::Whole)
}

/// The look that a decision rests on; asks for one that reads so much when none was made yet.
fn look_at(evidence: &Evidence, scope: Scope) -> Result<&Look, Stop> {
    evidence.look.as_ref().ok_or(Stop::Need(Need::Look(scope)))
}

/// What was seen, when the look succeeded.
fn seen(look: &Look) -> Result<Option<&Seen>, Stop> {
    match look {
        Look::Seen(seen) => match seen.reading {
            crate::Reading::Unreadable(cause) => Err(Idle::Unreadable(cause).into()),
            crate::Reading::Known(_) | crate::Reading::Untagged | crate::Reading::Unrecognised(_) => {
                Ok(Some(seen))
            }
        },
        Look::NotFound => Ok(None),
        Look::Unreadable(cause) => Err(Idle::Unreadable(*cause).into()),
    }
}
