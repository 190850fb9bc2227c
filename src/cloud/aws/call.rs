//! How every call is made: through the governor, with its failure told as one of ours.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use state_machine::{AccountId, Failure, FailureKind, Unreadable};

use super::failure::{Told, told};
use super::governor::{Governor, Lane, Outcome};

/// A call takes at most so long: its turn, its answer, and all its repetitions. It must end before the claim on what
/// it carries out does, which `lifecycle` begins with 15 seconds to spare.
const WHOLE: Duration = Duration::from_secs(14);

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {message}{}", trace(.code.as_deref(), .request_id.as_deref()))]
pub struct CallError {
    /// Which operation, such as `organizations:ListTagsForResource`: as IAM names it.
    pub operation: &'static str,
    /// What it means for what was to be done.
    pub kind: FailureKind,
    /// The code of the service, such as `TooManyRequestsException`; none when the service did not answer.
    pub code: Option<String>,
    /// What the service said, or what kept it from answering: one line, shortened, without keys and tokens.
    pub message: String,
    /// What AWS calls this request, for its support; none when the service did not answer.
    pub request_id: Option<String>,
}

fn trace(code: Option<&str>, request_id: Option<&str>) -> String {
    match (code, request_id) {
        (Some(code), Some(request)) => format!(" ({code}, request {request})"),
        (Some(code), None) => format!(" ({code})"),
        (None, Some(request)) => format!(" (request {request})"),
        (None, None) => String::new(),
    }
}

impl CallError {
    /// The failure of a side effect.
    pub fn failure(&self) -> Failure {
        Failure { kind: self.kind, message: self.to_string().into() }
    }

    /// Why something could not be read.
    pub const fn unreadable(&self) -> Unreadable {
        match self.kind {
            FailureKind::Throttled | FailureKind::Busy => Unreadable::Throttled,
            FailureKind::Denied => Unreadable::Denied,
            FailureKind::LimitReached
            | FailureKind::Unavailable
            | FailureKind::Unreadable
            | FailureKind::Missing
            | FailureKind::Rejected => Unreadable::Failed,
        }
    }

    /// An answer that makes no sense.
    pub(crate) fn odd(operation: &'static str, message: impl Into<String>) -> Self {
        let kind = FailureKind::Unavailable;
        Self { operation, kind, code: None, message: message.into(), request_id: None }
    }

    /// Whether the service answered with this code.
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    fn unanswered(operation: &'static str, kind: FailureKind, message: impl Into<String>) -> Self {
        Self { operation, kind, code: None, message: message.into(), request_id: None }
    }
}

impl Governor {
    /// Makes a call when its lane has room, and learns from its outcome. `account` is the account for which it is
    /// made: lanes are fair between accounts.
    ///
    /// `request` sends the call, each time that it is asked to: `|| client.list_accounts().send()`. The SDK itself
    /// repeats nothing, so that everything that is sent is seen here.
    ///
    /// A call is sent again, a few times, when there were too many requests or another one was in progress; and a
    /// call that changes nothing also when nobody knows what became of it. What changes something is never sent
    /// again when it may have arrived: whoever makes the call knows what to look for.
    ///
    /// # Errors
    /// What the service said, as one of our kinds. `Throttled` without a code: it waited for its turn for too long,
    /// and was not sent.
    pub async fn call<T, E, F>(
        &self,
        lane: Lane,
        operation: &'static str,
        account: Option<AccountId>,
        request: impl Fn() -> F + Send + Sync,
    ) -> Result<T, CallError>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let writes = !changes_nothing(operation);
        let begun = self.now();
        let (starts_by, ends_by) = (begun + self.limits().patience, begun + WHOLE);
        let mut refusal: Option<CallError> = None;
        let mut attempt = 1;
        loop {
            let pass = match self.enter(lane, operation, account, writes, starts_by).await {
                Ok(pass) => pass,
                // What AWS said before tells more than that there was no time to ask again.
                Err(refused) => {
                    return Err(refusal.unwrap_or_else(|| {
                        CallError::unanswered(operation, FailureKind::Throttled, refused.to_string())
                    }));
                }
            };
            let answer = tokio::select! {
                answer = request() => answer,
                () = self.sleep_until(ends_by) => {
                    drop(pass);
                    let message = "no answer came in time";
                    return Err(CallError::unanswered(operation, FailureKind::Unavailable, message));
                }
            };
            let error = match answer {
                Ok(output) => {
                    pass.end(Outcome::Served, true);
                    return Ok(output);
                }
                Err(error) => error,
            };
            let Told { error, sent } = told(operation, &error);
            pass.end(outcome(error.kind, sent), sent);
            if attempt >= self.limits().attempts || !again(&error, writes, sent) {
                return Err(error);
            }
            tracing::debug!(operation, attempt, %error, "asked again");
            attempt += 1;
            refusal = Some(error);
        }
    }
}

/// Whether sending the same once more can help, and cannot harm.
fn again(error: &CallError, writes: bool, sent: bool) -> bool {
    match error.kind {
        FailureKind::Throttled | FailureKind::Busy => sent,
        FailureKind::Unavailable => !writes,
        FailureKind::LimitReached
        | FailureKind::Unreadable
        | FailureKind::Denied
        | FailureKind::Missing
        | FailureKind::Rejected => false,
    }
}

fn outcome(kind: FailureKind, sent: bool) -> Outcome {
    match kind {
        // What was not sent says nothing of this service.
        _ if !sent => Outcome::Unknown,
        FailureKind::Throttled => Outcome::Throttled,
        FailureKind::Busy => Outcome::Busy,
        FailureKind::Unavailable | FailureKind::Unreadable => Outcome::Unknown,
        FailureKind::LimitReached | FailureKind::Denied | FailureKind::Missing | FailureKind::Rejected => {
            Outcome::Served
        }
    }
}

/// Operations that begin with these words only read, or hand out credentials.
const READING: [&str; 9] =
    ["Assume", "BatchGet", "Describe", "Get", "Head", "List", "Query", "Scan", "TransactGet"];

/// Whether an operation changes nothing, by its name.
fn changes_nothing(operation: &str) -> bool {
    let name = operation.split_once(':').map_or(operation, |(_, name)| name);
    READING.iter().any(|word| name.starts_with(word))
}

#[cfg(test)]
mod tests;
