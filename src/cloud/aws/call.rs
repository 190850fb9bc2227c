//! How every call is made: through the governor, with its failure told as one of ours.

use std::future::Future;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use state_machine::{AccountId, Failure, FailureKind, Unreadable};

use super::governor::{Governor, Lane};

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct CallError {
    /// Which operation, such as `organizations:ListTagsForResource`: as IAM names it.
    pub operation: &'static str,
    /// What it means for what was to be done.
    pub kind: FailureKind,
    /// The code of the service, such as `TooManyRequestsException`; none when the service did not answer.
    pub code: Option<String>,
    /// What the service said, or what kept it from answering.
    pub message: String,
    /// What AWS calls this request, for its support; none when the service did not answer.
    pub request_id: Option<String>,
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
    pub(super) fn odd(operation: &'static str, message: impl Into<String>) -> Self {
        let kind = FailureKind::Unavailable;
        Self { operation, kind, code: None, message: message.into(), request_id: None }
    }

    /// Whether the service answered with this code.
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

impl Governor {
    /// Makes a call when its lane has room, and learns from its outcome. `account` is the account for which it is
    /// made: lanes are fair between accounts.
    ///
    /// `request` sends the call, each time that it is asked to: `|| client.list_accounts().send()`. The SDK itself
    /// repeats nothing, so that everything that is sent is seen here.
    ///
    /// # Errors
    /// What the service said, as one of our kinds.
    pub async fn call<T, E, R, F>(
        &self,
        lane: Lane,
        operation: &'static str,
        account: Option<AccountId>,
        request: impl Fn() -> F + Send + Sync,
    ) -> Result<T, CallError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, R>>> + Send,
    {
        let _ = (lane, account);
        request().await.map_err(|error| told(operation, &error))
    }
}

fn told<E, R>(operation: &'static str, error: &SdkError<E, R>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error,
    R: std::fmt::Debug,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
    let message = error.as_service_error().and_then(ProvideErrorMetadata::message);
    let message = message.map_or_else(|| error.to_string(), str::to_owned);
    let meta = error.as_service_error().map(ProvideErrorMetadata::meta);
    let request_id = meta.and_then(|meta| meta.extra("aws_request_id")).map(str::to_owned);
    CallError { operation, kind: FailureKind::Unavailable, code, message, request_id }
}
