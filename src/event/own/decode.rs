//! Reading our own events, as this version, older ones and the predecessor write them.

use serde::Deserialize;
use serde_json::value::RawValue;
use state_machine::{AccountId, Token};

use super::{AccountEvent, ChatMessage, Label, News, OWN_SOURCE, OwnEvent, SCHEMA_VERSION, payload};
use crate::event::decode::{Borrowed, Part};
use crate::event::refusal::said;
use crate::event::{Claim, Refusal, Trust};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object")]
struct Detail<'a> {
    #[serde(borrow)]
    environment: Borrowed<'a>,
    schema_version: Option<f64>,
    #[serde(borrow)]
    token: Option<Borrowed<'a>>,
    #[serde(borrow)]
    account: Option<Borrowed<'a>>,
    #[serde(borrow)]
    message: Option<Borrowed<'a>>,
    #[serde(borrow)]
    content_type: Option<Borrowed<'a>>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// The members that no version may change: they tell whether the rest can be read at all.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object")]
struct Preamble<'a> {
    #[serde(borrow)]
    environment: Borrowed<'a>,
    schema_version: Option<f64>,
}

/// Reads the detail `part` of an event that `sender` sent under this label.
///
/// Anybody who may put events on the bus can name our source, so the sender decides: the automation account
/// says everything, a member account reports about itself, and nobody else says anything.
pub(in crate::event) fn decode(
    part: Part<'_>,
    detail_type: &str,
    sender: AccountId,
    trust: &Trust,
) -> Result<OwnEvent, Refusal> {
    let Ok(label) = detail_type.parse::<Label>() else {
        return Err(Refusal::UnknownDetailType {
            from: OWN_SOURCE.to_owned(),
            detail_type: said(detail_type),
        });
    };
    let check = |preamble: &Preamble<'_>| {
        check_environment(&preamble.environment, trust)?;
        if sender != trust.automation_account && !label.is_report() {
            return Err(Refusal::forged(Claim::Own(label.as_str()), sender));
        }
        check_version(part, preamble.schema_version)
    };
    let detail: Detail<'_> = part.object().map_err(|refusal| {
        // Another sender, or a later version, may have written anything. Then that is the answer.
        let preamble = part.peek::<Preamble<'_>>();
        preamble.and_then(|preamble| check(&preamble).err()).unwrap_or(refusal)
    })?;
    check(&Preamble { environment: detail.environment, schema_version: detail.schema_version })?;
    let token = match &detail.token {
        None => None,
        Some(text) => {
            let no_uuid = || part.invalid("Token", &format_args!("`{}` is no UUID", said(text)));
            Some(Token::parse(text).ok_or_else(no_uuid)?)
        }
    };
    let payload = || {
        if let Some(other) = detail.content_type.as_deref().filter(|&kind| kind != "application/json") {
            let problem = format_args!("`{}` is not application/json", said(other));
            return Err(part.invalid("ContentType", &problem));
        }
        part.required(detail.payload, "Payload").map(|raw| part.member(raw, "Payload"))
    };
    let news = match label {
        Label::Account(label) => {
            let account = part.required(detail.account, "Account")?;
            let account = part.typed(&account, "Account")?;
            if sender != trust.automation_account && sender != account {
                return Err(Refusal::forged(Claim::Report { label: label.as_str(), account }, sender));
            }
            News::Account(AccountEvent { label, account, message: detail.message.map(|text| (*text).into()) })
        }
        Label::Activity(label) => News::Activity(payload::activity(payload()?, label)?),
        Label::Exception(label) => News::Exception(payload::exception(payload()?, label)?),
        Label::MessageToMicrosoftTeams => {
            let message: payload::Chat<'_> = payload()?.object()?;
            News::Chat(ChatMessage { subject: (*message.subject).into(), message: (*message.message).into() })
        }
    };
    Ok(OwnEvent { token, news })
}

fn check_environment(environment: &str, trust: &Trust) -> Result<(), Refusal> {
    if *environment == *trust.environment {
        Ok(())
    } else {
        Err(Refusal::OtherEnvironment { environment: said(environment) })
    }
}

fn check_version(part: Part<'_>, version: Option<f64>) -> Result<(), Refusal> {
    match version {
        Some(version) if version < 1.0 => {
            Err(part.invalid("SchemaVersion", &format_args!("there never was a version {version}")))
        }
        Some(version) if version.trunc() > f64::from(SCHEMA_VERSION) => {
            Err(Refusal::UnsupportedSchema { version: said(&version.to_string()), known: SCHEMA_VERSION })
        }
        None | Some(_) => Ok(()),
    }
}
