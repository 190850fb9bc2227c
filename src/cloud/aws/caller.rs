//! As whom this process acts: what STS says of its credentials.

use aws_config::SdkConfig;
use state_machine::{AccountId, Text};

use super::call::CallError;
use super::governor::{Governor, Lane};

const GET_CALLER_IDENTITY: &str = "sts:GetCallerIdentity";

/// Whoever makes the calls of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account that the credentials are of.
    pub account: AccountId,
    /// Who it is: `arn:aws:sts::111122223333:assumed-role/Operator/olivia`.
    pub arn: Text,
}

/// Asks STS, which tells everybody, whatever they may do otherwise:
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>.
///
/// # Errors
/// When there are no credentials, or AWS does not take them, or cannot be reached.
pub async fn caller(config: &SdkConfig, governor: &Governor) -> Result<Caller, CallError> {
    let client = aws_sdk_sts::Client::new(config);
    let request = client.get_caller_identity();
    let answer = governor.call(Lane::Sts, GET_CALLER_IDENTITY, None, || request.clone().send()).await?;
    let account = answer.account().unwrap_or_default();
    let account = account
        .parse()
        .map_err(|error| CallError::odd(GET_CALLER_IDENTITY, format!("a caller of no account: {error}")))?;
    Ok(Caller { account, arn: answer.arn().unwrap_or_default().into() })
}
