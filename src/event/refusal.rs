//! Why an input is no event for us.

use std::fmt;

use state_machine::AccountId;

use super::excerpt::shortened;

/// Why an input is no event for us.
///
/// Each refusal belongs to one [`Class`], carries a code that never changes, for metrics, and prints as a
/// sentence for people. Whatever the input was, that sentence is short.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More bytes than AWS delivers.
    #[error("it has {size} bytes, and at most {limit} are delivered by AWS")]
    TooLarge {
        /// How many bytes there are.
        size: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Some bytes are no UTF-8.
    #[error("it is no UTF-8 from byte {offset} on")]
    NotUtf8 {
        /// How many good bytes stand before the first bad one.
        offset: usize,
    },
    /// The text is no JSON.
    #[error("it is no JSON at line {line}, column {column} of {path}: {problem}")]
    NotJson {
        /// The member whose text is meant; `$` is the whole input.
        path: String,
        /// The line, from one.
        line: usize,
        /// The column, from one.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A member that must be there is not there, or null.
    #[error("{path} is missing")]
    MissingField {
        /// The member.
        path: String,
    },
    /// A member holds something that it must not hold.
    #[error("{path} cannot be read: {problem}")]
    InvalidField {
        /// The member.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An object without any member that would tell what it is.
    #[error("it is neither an event, nor a batch of messages, nor the input of an invocation")]
    UnknownShape,
    /// One of our own events, written by a later version.
    #[error("its schema version is {version}, and this version reads up to {known}")]
    UnsupportedSchema {
        /// The version that it says.
        version: String,
        /// The latest major version that is known here.
        known: u32,
    },
    /// Nobody here listens to this service.
    #[error("nobody here listens to the source `{from}`")]
    UnknownSource {
        /// The source.
        from: String,
    },
    /// Nobody here listens to this kind of event of the service.
    #[error("nobody here listens to `{detail_type}` of the source `{from}`")]
    UnknownDetailType {
        /// The source.
        from: String,
        /// The kind of event.
        detail_type: String,
    },
    /// A call that does not matter here.
    #[error("the operation `{operation}` does not matter here")]
    UnknownOperation {
        /// The operation.
        operation: String,
    },
    /// It belongs to another deployment.
    #[error("it belongs to the environment `{environment}`")]
    OtherEnvironment {
        /// The name of that deployment.
        environment: String,
    },
    /// A call about an organizational unit, a root or a policy.
    #[error("{operation} is about `{resource}`, which is no account")]
    NotAnAccount {
        /// The operation.
        operation: &'static str,
        /// What it is about.
        resource: String,
    },
    /// A call that AWS refused, so that nothing happened.
    #[error("AWS refused {operation}: {error_code}")]
    RejectedByAws {
        /// The operation.
        operation: &'static str,
        /// The reason that AWS gave.
        error_code: String,
    },
    /// An attempt to sign in that failed.
    #[error("somebody failed to sign in")]
    SignInFailed,
    /// Somebody signed in whose kind of identity is not counted.
    #[error("an identity of type `{identity}` signed in, and those are not counted")]
    SignInNotCounted {
        /// The type of the identity.
        identity: String,
    },
    /// The sender may not say this.
    #[error("{sender} may not send {claim}")]
    Forged {
        /// What the sender said.
        claim: Claim,
        /// Who sent it.
        sender: Sender,
    },
}

/// What to think of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Nobody can read it. A person should look.
    Malformed,
    /// It is none of our business. That is normal.
    Foreign,
    /// Somebody says what is not theirs to say. That is never normal.
    Hostile,
}

/// Who sent a forged event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// This account, as EventBridge, SNS or SQS attests.
    Account(AccountId),
    /// Nobody attests who.
    Unknown,
}

/// What a sender said without being entitled to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Claim {
    /// What happened in the organization, which only its management account tells.
    #[error("events of AWS Organizations")]
    Organization,
    /// An event of an AWS service under a source that is not that service's.
    #[error("an event of {service} under the source `{from}`")]
    Service {
        /// The service that it pretends to be from.
        service: &'static str,
        /// The source that it carries.
        from: String,
    },
    /// A record of an AWS service that was made for another account.
    #[error("a record that was made for the account {0}")]
    Recipient(String),
    /// The state of a build of another account.
    #[error("the state of a build of the account {0}")]
    Build(String),
    /// The state of a build under the name of another project.
    #[error("the state of a build under the name of the project `{0}`")]
    Project(String),
    /// That a schedule of ours fired.
    #[error("a schedule of this system")]
    Schedule,
    /// One of our own events.
    #[error("{0}")]
    Own(&'static str),
    /// A report about another account than itself.
    #[error("a {label} about the account {account}")]
    Report {
        /// The kind of report.
        label: &'static str,
        /// The account that it is about.
        account: AccountId,
    },
    /// A budget alert about another account.
    #[error("a budget alert about the account {0}")]
    Alert(AccountId),
    /// An alert through another topic than the one for alerts.
    #[error("alerts through the topic `{0}`")]
    Topic(String),
    /// An event through the queue for alerts, to which many may write.
    #[error("events through the queue for alerts")]
    AlertQueue,
    /// A message from a queue that is not ours.
    #[error("messages from its own queue")]
    Queue,
}

/// How many characters of an outsider's text a refusal repeats.
const REPEATED: usize = 120;

/// An outsider's text, short enough to be repeated.
pub(super) fn said(text: &str) -> String {
    shortened(text, REPEATED)
}

impl Refusal {
    pub(super) fn missing(path: &str) -> Self {
        Self::MissingField { path: path.to_owned() }
    }

    pub(super) fn invalid(path: &str, problem: &impl fmt::Display) -> Self {
        Self::InvalidField { path: path.to_owned(), problem: said(&problem.to_string()) }
    }

    pub(super) const fn forged(claim: Claim, sender: AccountId) -> Self {
        Self::Forged { claim, sender: Sender::Account(sender) }
    }

    /// The refusal of a part, told from where that part stands in the whole.
    pub(super) fn within(mut self, place: &str) -> Self {
        if let Self::NotJson { path, .. } | Self::MissingField { path } | Self::InvalidField { path, .. } =
            &mut self
        {
            *path = format!("{place}{}", path.trim_start_matches('$'));
        }
        self
    }

    /// A short name that never changes, for metrics and alarms.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::NotUtf8 { .. } => "not-utf-8",
            Self::NotJson { .. } => "not-json",
            Self::MissingField { .. } => "missing-field",
            Self::InvalidField { .. } => "invalid-field",
            Self::UnknownShape => "unknown-shape",
            Self::UnsupportedSchema { .. } => "unsupported-schema",
            Self::UnknownSource { .. } => "unknown-source",
            Self::UnknownDetailType { .. } => "unknown-detail-type",
            Self::UnknownOperation { .. } => "unknown-operation",
            Self::OtherEnvironment { .. } => "other-environment",
            Self::NotAnAccount { .. } => "not-an-account",
            Self::RejectedByAws { .. } => "rejected-by-aws",
            Self::SignInFailed => "sign-in-failed",
            Self::SignInNotCounted { .. } => "sign-in-not-counted",
            Self::Forged { .. } => "forged",
        }
    }

    /// What to think of it.
    pub const fn class(&self) -> Class {
        match self {
            Self::TooLarge { .. }
            | Self::NotUtf8 { .. }
            | Self::NotJson { .. }
            | Self::MissingField { .. }
            | Self::InvalidField { .. }
            | Self::UnknownShape
            | Self::UnsupportedSchema { .. } => Class::Malformed,
            Self::UnknownSource { .. }
            | Self::UnknownDetailType { .. }
            | Self::UnknownOperation { .. }
            | Self::OtherEnvironment { .. }
            | Self::NotAnAccount { .. }
            | Self::RejectedByAws { .. }
            | Self::SignInFailed
            | Self::SignInNotCounted { .. } => Class::Foreign,
            Self::Forged { .. } => Class::Hostile,
        }
    }

    /// Nobody can read it: a person should look.
    pub const fn is_malformed(&self) -> bool {
        matches!(self.class(), Class::Malformed)
    }

    /// None of our business: it may be dropped.
    pub const fn is_foreign(&self) -> bool {
        matches!(self.class(), Class::Foreign)
    }

    /// Somebody says what is not theirs to say: it must be reported.
    pub const fn is_hostile(&self) -> bool {
        matches!(self.class(), Class::Hostile)
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => write!(f, "the account {account}"),
            Self::Unknown => f.write_str("a sender whom nobody attests"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_a_part_tells_where_the_part_stands() {
        let refusal = Refusal::missing("$.detail.eventName").within("$.Records[3].body");
        assert_eq!(refusal.to_string(), "$.Records[3].body.detail.eventName is missing");
        let refusal = Refusal::invalid("$", &"a list").within("$.Records[3].body");
        assert_eq!(refusal.to_string(), "$.Records[3].body cannot be read: a list");
        assert_eq!(Refusal::UnknownShape.within("$.Records[3].body"), Refusal::UnknownShape);
    }

    #[test]
    fn a_forged_event_is_told_with_who_and_what() {
        let account = |number| AccountId::from_number(number).unwrap();
        let claim = Claim::Report { label: "PurgeReport", account: account(777_788_889_999) };
        let refusal = Refusal::forged(claim, account(111));
        assert_eq!(
            refusal.to_string(),
            "the account 000000000111 may not send a PurgeReport about the account 777788889999"
        );
        assert!(refusal.is_hostile() && !refusal.is_foreign() && !refusal.is_malformed());
    }
}
