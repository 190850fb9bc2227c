//! What a failed call means for what was to be done.
//!
//! Services answer with a code. What the codes mean is told on these pages, and in the API reference of each
//! service; where a service gives a code a meaning of its own, the row names it and the page:
//! - <https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>: common to all
//! - <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>: what the SDKs take for throttling
//!
//! Two things are never guessed. A code that is not known here is judged by the HTTP status. And a call of which
//! nobody knows whether it arrived is [`FailureKind::Unavailable`], so whoever made it looks before doing it again.

use std::error::Error;
use std::io;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use state_machine::FailureKind;

use super::call::CallError;
use super::credentials::RoleRefused;

/// Codes that mean the same everywhere.
const CODES: &[(FailureKind, &[&str])] = &[
    (
        FailureKind::Throttled,
        &[
            "BandwidthLimitExceeded",
            "EC2ThrottledException",
            "ProvisionedThroughputExceeded",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequests",
            "TooManyRequestsException",
        ],
    ),
    (
        FailureKind::Busy,
        &[
            "ConcurrentModificationException",
            "OperationInProgressException",
            "PriorRequestNotComplete",
            "TransactionConflictException",
            "TransactionInProgressException",
        ],
    ),
    (FailureKind::LimitReached, &["AccountLimitExceededException"]),
    (
        FailureKind::Denied,
        &[
            "AccessDenied",
            "AccessDeniedException",
            "AuthFailure",
            "ExpiredToken",
            "ExpiredTokenException",
            "IncompleteSignature",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "NotAuthorized",
            "OptInRequired",
            "RegionDisabledException",
            "SignatureDoesNotMatch",
            "UnauthorizedAccess",
            "UnauthorizedOperation",
            "UnrecognizedClientException",
        ],
    ),
    (
        FailureKind::Missing,
        &[
            "AWS.SimpleQueueService.NonExistentQueue",
            "AWSOrganizationsNotInUseException",
            "AccountNotFoundException",
            "ChildNotFoundException",
            "EntityNotFoundException",
            "NoSuchEntity",
            "NoSuchEntityException",
            "NotFoundException",
            "OrganizationalUnitNotFoundException",
            "ParameterNotFound",
            "ParentNotFoundException",
            "QueueDoesNotExist",
            "ResourceNotFoundException",
            "RootNotFoundException",
            "StackNotFoundException",
            "TableNotFoundException",
            "TargetNotFoundException",
        ],
    ),
    (
        FailureKind::Rejected,
        &[
            "ConditionalCheckFailedException",
            "ConstraintViolationException",
            "InvalidInputException",
            "InvalidParameterCombination",
            "InvalidParameterException",
            "InvalidParameterValue",
            "MalformedPolicyDocument",
            "MissingParameter",
            "PackedPolicyTooLarge",
            "SerializationException",
            "TagPolicyViolationException",
            "UnknownOperationException",
            "ValidationError",
            "ValidationException",
        ],
    ),
    (
        FailureKind::Unavailable,
        &[
            "InternalError",
            "InternalException",
            "InternalFailure",
            "InternalServerError",
            "InternalServiceError",
            "InternalServiceErrorException",
            "InternalServiceException",
            "RequestTimeout",
            "RequestTimeoutException",
            "ServiceException",
            "ServiceUnavailable",
            "ServiceUnavailableException",
        ],
    ),
    // Our clock, or that of the service, has jumped. Nothing was done, and it passes.
    (FailureKind::Unreadable, &["RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"]),
];

/// A code that one service, or one text, gives another meaning. The first that fits counts.
struct Special {
    service: &'static str,
    code: &'static str,
    /// What the message says, in small letters; empty: whatever it says.
    says: &'static str,
    kind: FailureKind,
}

const SPECIAL: &[Special] = &[
    // Two refusals behind one code, <https://github.com/awsdocs/aws-organizations-user-guide/issues/39>:
    // "You've exceeded the rate" and "another request is already in progress".
    special("organizations", "TooManyRequestsException", "in progress", FailureKind::Busy),
    // "hasn't finished initializing. Try again later",
    // <https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html>.
    special("organizations", "FinalizingOrganizationException", "", FailureKind::Busy),
    // "You made too many calls in a short period of time",
    // <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html>.
    special("ce", "LimitExceededException", "", FailureKind::Throttled),
    // A stack that is not there is a validation error,
    // <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html>.
    special("cloudformation", "ValidationError", "does not exist", FailureKind::Missing),
    // "is in UPDATE_IN_PROGRESS state and can not be updated".
    special("cloudformation", "ValidationError", "_in_progress state", FailureKind::Busy),
    // Why a transaction was cancelled stands in the message,
    // <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>.
    special("dynamodb", "TransactionCanceledException", "conditionalcheckfailed", FailureKind::Rejected),
    special("dynamodb", "TransactionCanceledException", "transactionconflict", FailureKind::Busy),
    special("dynamodb", "TransactionCanceledException", "throttlingerror", FailureKind::Throttled),
    special("dynamodb", "TransactionCanceledException", "provisionedthroughput", FailureKind::Throttled),
    // The clock, not the key: "Signature expired", "Signature not yet current".
    special("", "InvalidSignatureException", "signature expired", FailureKind::Unreadable),
    special("", "InvalidSignatureException", "not yet current", FailureKind::Unreadable),
    special("", "SignatureDoesNotMatch", "signature expired", FailureKind::Unreadable),
    special("", "SignatureDoesNotMatch", "not yet current", FailureKind::Unreadable),
];

const fn special(
    service: &'static str,
    code: &'static str,
    says: &'static str,
    kind: FailureKind,
) -> Special {
    Special { service, code, says, kind }
}

/// What a code means, as far as it is known.
pub(super) fn of_code(operation: &str, code: &str, message: &str) -> Option<FailureKind> {
    let service = operation.split_once(':').map_or(operation, |(service, _)| service);
    let message = message.to_lowercase();
    let special = SPECIAL.iter().find(|special| {
        (special.service.is_empty() || special.service == service)
            && special.code == code
            && message.contains(special.says)
    });
    if let Some(special) = special {
        return Some(special.kind);
    }
    CODES.iter().find(|(_, codes)| codes.contains(&code)).map(|(kind, _)| *kind)
}

/// What an HTTP status means when nothing else is known.
pub(super) const fn of_status(status: u16) -> FailureKind {
    match status {
        401 | 403 => FailureKind::Denied,
        404 => FailureKind::Missing,
        429 => FailureKind::Throttled,
        400..=499 => FailureKind::Rejected,
        _ => FailureKind::Unavailable,
    }
}

/// A failed call, and whether it left this process.
pub(super) struct Told {
    pub(super) error: CallError,
    pub(super) sent: bool,
}

/// Tells a failed call in our words.
pub(super) fn told<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Told
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if let Some(refused) = source::<RoleRefused>(error) {
        return Told { error: refused.during(operation), sent: false };
    }
    let status = error.raw_response().map(|response| response.status().as_u16());
    let (kind, code, message, sent) = match error {
        SdkError::ConstructionFailure(_) => (FailureKind::Rejected, None, chain(error), false),
        SdkError::TimeoutError(_) => (FailureKind::Unavailable, None, chain(error), true),
        SdkError::DispatchFailure(_) if without_credentials(error) => {
            (FailureKind::Denied, None, chain(error), false)
        }
        SdkError::DispatchFailure(_) if never_connected(error) => {
            (FailureKind::Unreadable, None, chain(error), false)
        }
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().filter(|code| !code.is_empty());
            let message = answer.err().message().unwrap_or_default();
            let kind = code
                .and_then(|code| of_code(operation, code, message))
                .unwrap_or_else(|| of_status(status.unwrap_or(0)));
            let message = if message.is_empty() { chain(error) } else { message.to_owned() };
            (kind, code.map(str::to_owned), message, true)
        }
        // An answer that nobody can read, and whatever the SDK may add one day: it may have happened.
        SdkError::DispatchFailure(_) | SdkError::ResponseError(_) | _ => {
            (FailureKind::Unavailable, None, chain(error), true)
        }
    };
    let request_id = error.raw_response().and_then(request_id).map(str::to_owned);
    let message = harmless(code.as_deref(), &message);
    Told { error: CallError { operation, kind, code, message, request_id }, sent }
}

fn request_id(response: &HttpResponse) -> Option<&str> {
    ["x-amzn-requestid", "x-amz-request-id"].into_iter().find_map(|name| response.headers().get(name))
}

/// An error and its causes in words. Not as `DisplayErrorContext` has it: it adds the Rust of it all, and people who read
/// this want to know which file or profile is missing.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut told: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        // Some repeat what lies below them.
        if !told.iter().any(|before| before.contains(&text)) {
            told.push(text);
        }
    }
    told.join(": ")
}

/// The first error of this type among the causes.
fn source<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|error| error.downcast_ref())
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        // The cause that an I/O error carries is skipped by its own `source`.
        Some(error) => error.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}

/// Nobody told us who we are. There is nothing to send without a signature.
fn without_credentials(error: &(dyn Error + 'static)) -> bool {
    source::<aws_credential_types::provider::error::CredentialsError>(error).is_some()
}

/// Whether there never was a connection, so that nothing can have arrived.
///
/// The SDK knows, and does not tell. What says so for certain are the causes: a connection that was refused, a
/// name that has no address, and hyper's own word. Were that word to change, calls would be taken for uncertain,
/// which costs a look and nothing else; a test notices.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        let refused = cause.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::NetworkDown
                    | io::ErrorKind::AddrNotAvailable
            )
        });
        refused || cause.to_string() == "client error (Connect)"
    })
}

/// At most so many characters of a message are kept.
const LONGEST: usize = 300;
/// A word that is longer than this is no word, but something encoded: a token, a signature, a hidden refusal.
const LONGEST_WORD: usize = 100;

/// The message without what nobody should read: it ends in journals, logs and mails.
fn harmless(code: Option<&str>, message: &str) -> String {
    // A wrong signature is explained by the whole request, session token included.
    let told = match code {
        Some("SignatureDoesNotMatch" | "InvalidSignatureException" | "IncompleteSignature") => {
            message.split(['.', '\n']).next().unwrap_or_default()
        }
        Some(_) | None => message,
    };
    let mut kept = String::new();
    for word in told.split_whitespace() {
        if !kept.is_empty() {
            kept.push(' ');
        }
        let hidden = word.len() > LONGEST_WORD || names_a_key(word);
        kept.push_str(if hidden { "…" } else { word });
        if kept.chars().count() > LONGEST {
            let short: String = kept.chars().take(LONGEST - 1).collect();
            return short + "…";
        }
    }
    kept
}

/// Identifiers of access keys begin like this:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>.
fn names_a_key(word: &str) -> bool {
    ["AKIA", "ASIA"].into_iter().flat_map(|start| word.match_indices(start)).any(|(at, _)| {
        let key = word.get(at..).unwrap_or_default();
        key.bytes().take_while(u8::is_ascii_alphanumeric).count() >= 16
    })
}

#[cfg(test)]
mod tests;
