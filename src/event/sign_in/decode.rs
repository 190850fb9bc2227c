//! Reading what CloudTrail records about the console.

use serde::Deserialize;
use serde_json::value::RawValue;
use state_machine::AccountId;

use super::{DETAIL_TYPES, Identity, SERVICE, SignIn};
use crate::event::arn::Arn;
use crate::event::decode::{Borrowed, Part};
use crate::event::refusal::said;
use crate::event::{Claim, Refusal};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Record<'a> {
    #[serde(borrow)]
    event_source: Borrowed<'a>,
    #[serde(borrow)]
    event_name: Borrowed<'a>,
    #[serde(borrow)]
    recipient_account_id: Borrowed<'a>,
    #[serde(borrow)]
    user_identity: UserIdentity<'a>,
    #[serde(borrow)]
    response_elements: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct UserIdentity<'a> {
    #[serde(borrow, rename = "type")]
    kind: Borrowed<'a>,
    #[serde(borrow)]
    arn: Option<Borrowed<'a>>,
    #[serde(borrow)]
    user_name: Option<Borrowed<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Response<'a> {
    #[serde(borrow, rename = "ConsoleLogin")]
    console_login: Borrowed<'a>,
}

/// Reads the detail `part` of an event that `sender` sent.
pub(in crate::event) fn decode(
    part: Part<'_>,
    detail_type: &str,
    sender: AccountId,
) -> Result<SignIn, Refusal> {
    if !DETAIL_TYPES.contains(&detail_type) {
        return Err(Refusal::UnknownDetailType {
            from: "aws.signin".to_owned(),
            detail_type: said(detail_type),
        });
    }
    let record: Record<'_> = part.object()?;
    if &*record.event_source != SERVICE {
        let from = said(&record.event_source);
        return Err(Refusal::forged(Claim::Service { service: SERVICE, from }, sender));
    }
    if &*record.event_name != "ConsoleLogin" {
        return Err(Refusal::UnknownOperation { operation: said(&record.event_name) });
    }
    if record.recipient_account_id.parse() != Ok(sender) {
        return Err(Refusal::forged(Claim::Recipient(said(&record.recipient_account_id)), sender));
    }
    let raw = part.required(record.response_elements, "responseElements")?;
    let response: Response<'_> = part.member(raw, "responseElements").object()?;
    if &*response.console_login != "Success" {
        return Err(Refusal::SignInFailed);
    }
    identity(part, &record.user_identity).map(|identity| SignIn { identity })
}

fn identity(part: Part<'_>, user: &UserIdentity<'_>) -> Result<Identity, Refusal> {
    match &*user.kind {
        "AssumedRole" => {
            let text = part.required(user.arn.as_deref(), "userIdentity.arn")?;
            let session = Arn::parse(text)
                .and_then(|arn| arn.resource.strip_prefix("assumed-role/"))
                .and_then(|resource| resource.rsplit_once('/'));
            let Some((role, session)) = session else {
                let problem = format_args!("`{}` is not the session of a role", said(text));
                return Err(part.invalid("userIdentity.arn", &problem));
            };
            Ok(Identity::AssumedRole { role: role.into(), session: session.into() })
        }
        "IAMUser" => {
            let name = part.required(user.user_name.as_deref(), "userIdentity.userName")?;
            Ok(Identity::IamUser { name: name.into() })
        }
        "Root" => Ok(Identity::Root),
        other => Err(Refusal::SignInNotCounted { identity: said(other) }),
    }
}
