//! What AWS Organizations tells, through CloudTrail, from `us-east-1` of the management account.
//!
//! See <https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-organizations.html> and the log entries in
//! <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html>.
//! These events are delivered on a best-effort basis: an event is a hint, and a reconciler makes things right.

mod decode;
pub(super) mod emit;

use std::fmt;

use state_machine::{AccountId, Tags, Text, UnitId};

pub(super) use decode::decode;

/// The service as CloudTrail names it, in the member `eventSource`.
pub(super) const SERVICE: &str = "organizations.amazonaws.com";

/// The member `detail-type` of an event that tells a call.
pub(super) const CALL: &str = "AWS API Call via CloudTrail";

/// The member `detail-type` of an event that tells what the service did later, by itself.
pub(super) const SERVICE_EVENT: &str = "AWS Service Event via CloudTrail";

/// Somebody changed the organization. The variants bear the names of AWS's operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrganizationEvent {
    /// An account was tagged.
    TagResource(TagResource),
    /// Tags were taken from an account.
    UntagResource(UntagResource),
    /// An account changed its place.
    MoveAccount(MoveAccount),
    /// An account was asked for. It has no identifier yet: [`CreateAccountResult`] will bring it.
    CreateAccount(CreateAccount),
    /// The creation of an account ended.
    CreateAccountResult(CreateAccountResult),
}

/// An account was tagged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagResource {
    /// The account.
    pub account: AccountId,
    /// All tags of the call. Others, that the account had before, are not told.
    pub tags: Tags,
    /// Who did it.
    pub actor: Actor,
}

/// Tags were taken from an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntagResource {
    /// The account.
    pub account: AccountId,
    /// The keys of these tags.
    pub keys: Vec<Text>,
    /// Who did it.
    pub actor: Actor,
}

/// An account changed its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveAccount {
    /// The account.
    pub account: AccountId,
    /// Where it was.
    pub source: Parent,
    /// Where it is.
    pub destination: Parent,
    /// Who did it.
    pub actor: Actor,
}

/// An account was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAccount {
    /// The request, which the result names again.
    pub request: Text,
    /// Who did it.
    pub actor: Actor,
}

/// The creation of an account ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAccountResult {
    /// The request.
    pub request: Text,
    /// How it ended.
    pub outcome: CreationOutcome,
}

/// How the creation of an account ended.
///
/// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreationOutcome {
    /// There is an account.
    Succeeded {
        /// The new account.
        account: AccountId,
    },
    /// There is none.
    Failed {
        /// AWS's word for the reason, `EMAIL_ALREADY_EXISTS` for example.
        reason: Text,
    },
}

/// What holds an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parent {
    /// The root of the organization, `r-` and what AWS drew for it.
    Root(Text),
    /// An organizational unit.
    Unit(UnitId),
}

/// Who did something.
///
/// See <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user, or a session of a role: its ARN.
    Principal(Text),
    /// A service of AWS on somebody's behalf: its name.
    Service(Text),
    /// CloudTrail does not tell.
    Unnamed,
}

impl OrganizationEvent {
    pub(super) const fn detail_type(&self) -> &'static str {
        match self {
            Self::TagResource(_) | Self::UntagResource(_) | Self::MoveAccount(_) | Self::CreateAccount(_) => {
                CALL
            }
            Self::CreateAccountResult(_) => SERVICE_EVENT,
        }
    }
}

impl Parent {
    /// The identifier as AWS writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Root(root) => root,
            Self::Unit(unit) => unit.as_str(),
        }
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Principal(name) | Self::Service(name) => name,
            Self::Unnamed => "somebody whom CloudTrail does not name",
        })
    }
}
