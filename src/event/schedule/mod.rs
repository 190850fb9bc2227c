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
/// A rule is named by the environment and the function that it wakes: `SpaOnMaintenanceWindow`. The reconciler has two:
/// `SpaOnReconcile` for what is due, and `SpaOnCompare`, more seldom, for every account of the organization. So
/// nobody has to remember when it compared last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// It is time for a maintenance window.
    MaintenanceWindow,
    /// It is time to look whether something is due.
    WakeUp,
    /// It is time to look whether something is due, and after the window that runs.
    Reconcile,
    /// The same, and to compare every account of the organization with its journal.
    Compare,
    /// A rule that nobody here knows: its name.
    Other(Text),
}

/// What the names of our rules end with.
const ENDINGS: [(&str, Schedule); 4] = [
    ("OnMaintenanceWindow", Schedule::MaintenanceWindow),
    ("OnWakeUp", Schedule::WakeUp),
    ("OnReconcile", Schedule::Reconcile),
    ("OnCompare", Schedule::Compare),
];

impl Schedule {
    /// The name of the rule.
    pub fn rule(&self, environment: &str) -> String {
        let ending = match self {
            Self::MaintenanceWindow => ENDINGS[0].0,
            Self::WakeUp => ENDINGS[1].0,
            Self::Reconcile => ENDINGS[2].0,
            Self::Compare => ENDINGS[3].0,
            Self::Other(rule) => return rule.to_string(),
        };
        format!("{environment}{ending}")
    }
}
