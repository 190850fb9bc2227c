//! Budget alerts: AWS Budgets tells an SNS topic in the member account, which writes to our queue.
//!
//! See <https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html> for the way, and
//! <https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html> for what SNS writes.

mod decode;
pub(super) mod emit;

use state_machine::Text;

pub(super) use decode::decode;

/// The name of the topic for alerts in a member account.
pub const ALERT_TOPIC: &str = "SpaAlertTopic";

/// Somebody raised an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alert {
    /// The topic of the sending account (`envelope.account`) told it.
    Notification {
        /// The heading, when there is one.
        subject: Option<Text>,
        /// What AWS Budgets wrote, for people.
        message: Text,
    },
    /// Plain text in the queue for alerts. Nobody attests who wrote it.
    Text {
        /// The text.
        text: Text,
    },
}
