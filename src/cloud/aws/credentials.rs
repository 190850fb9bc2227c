//! Credentials of a role that is assumed: who asks for it, under which name, and what is done when it refuses.
//!
//! The function's own role assumes the management role, and that one assumes the member role in an account. A
//! session out of a session lasts an hour at most ("role chaining",
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html>), so an hour is what is asked for. The SDK keeps
//! the credentials and asks again some minutes before they end.
//!
//! A refusal is an answer. It is remembered for a minute, so that a fleet whose role is missing costs one call a
//! minute and account, and it says which role refused, and why.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_sts::types::Tag;
use state_machine::{AccountId, FailureKind, Text};

use super::call::CallError;
use super::governor::{Governor, Instant, Lane};

/// The longest session that a chain of roles may have; more is refused.
const SESSION_SECONDS: i32 = 3600;
/// For so long a role that refused is not asked again.
const REFUSED_FOR: Duration = Duration::from_mins(1);
/// The most characters that the name of a session may have:
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
const SESSION_NAME: usize = 64;
/// The most characters that the value of a session tag may have.
const TAG_VALUE: usize = 256;

/// A role, and how it is asked for.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its full name (ARN).
    pub arn: Text,
    /// The account that it stands in.
    pub account: AccountId,
    /// The function that asks.
    pub function: Text,
    /// What its trust policy may ask for.
    pub external_id: Option<Text>,
    /// Tags of the session, by key; none when the trust policy may not allow them.
    pub tags: Vec<(Text, Text)>,
}

impl Role {
    /// The name of the session, which CloudTrail of the account shows: who came, and for which account.
    pub fn session_name(&self) -> String {
        let account = self.account.to_string();
        let room = SESSION_NAME - "spa--".len() - account.len();
        let function: String = self.function.chars().map(nameable).take(room).collect();
        format!("spa-{function}-{account}")
    }
}

fn nameable(character: char) -> char {
    if character.is_ascii_alphanumeric() || "_+=,.@-".contains(character) { character } else { '-' }
}

/// A role could not be assumed, so what was to be done with it was not even sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot act as {role}: {}", .why.message)]
pub struct RoleRefused {
    /// Which role (ARN).
    pub role: Text,
    /// What STS said.
    pub why: CallError,
}

impl RoleRefused {
    /// The same, for the call that needed the role.
    pub(super) fn during(&self, operation: &'static str) -> CallError {
        CallError {
            operation,
            kind: self.kind(),
            code: self.why.code.clone(),
            message: self.to_string(),
            request_id: self.why.request_id.clone(),
        }
    }

    /// What it means for a call that was not sent: STS does not tell a role that is missing from one that refuses
    /// us, and whatever became of the question, the call itself did not happen.
    const fn kind(&self) -> FailureKind {
        match self.why.kind {
            FailureKind::Denied | FailureKind::Missing | FailureKind::Rejected => FailureKind::Denied,
            FailureKind::Throttled | FailureKind::Busy | FailureKind::LimitReached => FailureKind::Throttled,
            FailureKind::Unavailable | FailureKind::Unreadable => FailureKind::Unreadable,
        }
    }
}

/// Assumes one role, whenever the SDK needs it.
#[derive(Debug)]
pub(super) struct RoleCredentials {
    role: Role,
    sts: aws_sdk_sts::Client,
    governor: Governor,
    refused: Mutex<Option<(Instant, RoleRefused)>>,
}

impl RoleCredentials {
    /// `from`: who assumes it. STS is asked in the region of that configuration.
    pub(super) fn new(role: Role, from: &SdkConfig, governor: Governor) -> Self {
        Self { role, sts: aws_sdk_sts::Client::new(from), governor, refused: Mutex::default() }
    }

    async fn assume(&self) -> Result<Credentials, CredentialsError> {
        if let Some(refused) = self.refused_lately() {
            return Err(CredentialsError::provider_error(refused));
        }
        let request = self
            .sts
            .assume_role()
            .role_arn(&*self.role.arn)
            .role_session_name(self.role.session_name())
            .duration_seconds(SESSION_SECONDS)
            .set_external_id(self.role.external_id.as_deref().map(str::to_owned))
            .set_tags(self.tags()?);
        let account = Some(self.role.account);
        let answer =
            self.governor.call(Lane::Sts, "sts:AssumeRole", account, || request.clone().send()).await;
        let assumed = answer.map_err(|why| self.refusal(why))?;
        let session =
            assumed.credentials.ok_or_else(|| CredentialsError::unhandled("STS gave no credentials"))?;
        let expires = SystemTime::try_from(session.expiration)
            .map_err(|_| CredentialsError::unhandled("STS gave credentials that end at no instant"))?;
        Ok(Credentials::builder()
            .access_key_id(session.access_key_id)
            .secret_access_key(session.secret_access_key)
            .session_token(session.session_token)
            .expiry(expires)
            .provider_name("spa")
            .build())
    }

    fn tags(&self) -> Result<Option<Vec<Tag>>, CredentialsError> {
        let tag = |(key, value): &(Text, Text)| {
            Tag::builder().key(&**key).value(value.chars().take(TAG_VALUE).collect::<String>()).build()
        };
        let tags: Vec<Tag> = self
            .role
            .tags
            .iter()
            .map(tag)
            .collect::<Result<_, _>>()
            .map_err(CredentialsError::invalid_configuration)?;
        Ok((!tags.is_empty()).then_some(tags))
    }

    fn refused_lately(&self) -> Option<RoleRefused> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, refusal) = refused.as_ref()?;
        (self.governor.now() < *since + REFUSED_FOR).then(|| refusal.clone())
    }

    fn refusal(&self, why: CallError) -> CredentialsError {
        let refused = RoleRefused { role: Text::clone(&self.role.arn), why };
        if refused.kind() == FailureKind::Denied {
            tracing::warn!(role = %refused.role, why = %refused.why, "a role refuses us");
            let mut remembered = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            *remembered = Some((self.governor.now(), refused.clone()));
        }
        CredentialsError::provider_error(refused)
    }
}

impl ProvideCredentials for RoleCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

#[cfg(test)]
mod tests;
