//! Which schedule fired.
//!
//! See <https://docs.aws.amazon.com/eventbridge/latest/userguide/event-reference.html#event-detail-scheduled-event>.

mod decode;
pub(super) mod emit;

use state_machine::Text;

pub(super) use decode::decode;

/// The member `detail-type` of these events.
pub(super) const DETAIL_TYPE: &str = "Scheduled Event";

/// A schedule of this system fired.
///
/// A rule is named by the environment and the function that it wakes: `SpaOnMaintenanceWindow`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// It is time for a maintenance window.
    MaintenanceWindow,
    /// It is time to look whether something is due.
    WakeUp,
    /// It is time to compare what is with what should be.
    Reconcile,
    /// A rule that nobody here knows: its name.
    Other(Text),
}

/// What the names of our rules end with.
const ENDINGS: [(&str, Schedule); 3] = [
    ("OnMaintenanceWindow", Schedule::MaintenanceWindow),
    ("OnWakeUp", Schedule::WakeUp),
    ("OnReconcile", Schedule::Reconcile),
];

impl Schedule {
    /// The name of the rule.
    pub fn rule(&self, environment: &str) -> String {
        let ending = match self {
            Self::MaintenanceWindow => ENDINGS[0].0,
            Self::WakeUp => ENDINGS[1].0,
            Self::Reconcile => ENDINGS[2].0,
            Self::Other(rule) => return rule.to_string(),
        };
        format!("{environment}{ending}")
    }
}
