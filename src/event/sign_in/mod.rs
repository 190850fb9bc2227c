//! Who signed in to the console of a member account.
//!
//! See <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>.

mod decode;
pub(super) mod emit;

use state_machine::Text;

pub(super) use decode::decode;

/// The service as CloudTrail names it, in the member `eventSource`.
pub(super) const SERVICE: &str = "signin.amazonaws.com";

/// The members `detail-type` of these events: the one that arrives, and the one that
/// <https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html> announces.
pub(super) const DETAIL_TYPES: [&str; 2] =
    ["AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail"];

/// Somebody signed in to the console of the sending account (`envelope.account`), and was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// As whom.
    pub identity: Identity,
}

/// As whom somebody signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// As a session of a role. This is how holders come in, through Identity Center.
    AssumedRole {
        /// The role.
        role: Text,
        /// The session; Identity Center names it after the person.
        session: Text,
    },
    /// As a user of IAM.
    IamUser {
        /// The user.
        name: Text,
    },
    /// As the root user of the account.
    Root,
}
