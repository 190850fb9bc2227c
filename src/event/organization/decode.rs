//! Reading what CloudTrail records about AWS Organizations.

use serde::Deserialize;
use serde_json::value::RawValue;
use state_machine::{AccountId, InvalidUnitId, Tags, Text};

use super::{
    Actor, CALL, CreateAccount, CreateAccountResult, CreationOutcome, MoveAccount, OrganizationEvent, Parent,
    SERVICE, SERVICE_EVENT, TagResource, UntagResource,
};
use crate::event::decode::{Borrowed, Part};
use crate::event::refusal::said;
use crate::event::{Claim, Refusal, Trust};

/// The members of a CloudTrail record that matter for every operation. What differs between operations is
/// skipped over, and read when the operation is known.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Record<'a> {
    #[serde(borrow)]
    event_source: Borrowed<'a>,
    #[serde(borrow)]
    event_name: Borrowed<'a>,
    #[serde(borrow)]
    error_code: Option<Borrowed<'a>>,
    #[serde(borrow)]
    user_identity: Option<UserIdentity<'a>>,
    #[serde(borrow)]
    request_parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    response_elements: Option<&'a RawValue>,
    #[serde(borrow)]
    service_event_details: Option<&'a RawValue>,
    #[serde(borrow)]
    recipient_account_id: Option<Borrowed<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct UserIdentity<'a> {
    #[serde(borrow)]
    arn: Option<Borrowed<'a>>,
    #[serde(borrow)]
    invoked_by: Option<Borrowed<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct TagParameters<'a> {
    #[serde(borrow)]
    resource_id: Borrowed<'a>,
    #[serde(borrow)]
    tags: Vec<Tag<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Tag<'a> {
    #[serde(borrow)]
    key: Borrowed<'a>,
    #[serde(borrow)]
    value: Borrowed<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct UntagParameters<'a> {
    #[serde(borrow)]
    resource_id: Borrowed<'a>,
    #[serde(borrow)]
    tag_keys: Vec<Borrowed<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct MoveParameters<'a> {
    #[serde(borrow, rename = "accountId")]
    account: Borrowed<'a>,
    #[serde(borrow, rename = "sourceParentId")]
    source: Borrowed<'a>,
    #[serde(borrow, rename = "destinationParentId")]
    destination: Borrowed<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Creation<'a> {
    #[serde(borrow)]
    create_account_status: CreationStatus<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct CreationStatus<'a> {
    #[serde(borrow)]
    id: Borrowed<'a>,
    #[serde(borrow)]
    state: Borrowed<'a>,
    #[serde(borrow)]
    account_id: Option<Borrowed<'a>>,
    #[serde(borrow)]
    failure_reason: Option<Borrowed<'a>>,
}

#[derive(Clone, Copy)]
enum Operation {
    TagResource,
    UntagResource,
    MoveAccount,
    CreateAccount,
    CreateAccountResult,
}

impl Operation {
    fn named(name: &str) -> Option<Self> {
        match name {
            "TagResource" => Some(Self::TagResource),
            "UntagResource" => Some(Self::UntagResource),
            "MoveAccount" => Some(Self::MoveAccount),
            "CreateAccount" => Some(Self::CreateAccount),
            "CreateAccountResult" => Some(Self::CreateAccountResult),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::TagResource => "TagResource",
            Self::UntagResource => "UntagResource",
            Self::MoveAccount => "MoveAccount",
            Self::CreateAccount => "CreateAccount",
            Self::CreateAccountResult => "CreateAccountResult",
        }
    }

    const fn detail_type(self) -> &'static str {
        match self {
            Self::TagResource | Self::UntagResource | Self::MoveAccount | Self::CreateAccount => CALL,
            Self::CreateAccountResult => SERVICE_EVENT,
        }
    }
}

/// Reads the record `part`, which `sender` sent as an event of this type; a record that came alone has none.
pub(in crate::event) fn decode(
    part: Part<'_>,
    detail_type: Option<&str>,
    sender: AccountId,
    trust: &Trust,
) -> Result<OrganizationEvent, Refusal> {
    let record: Record<'_> = part.object()?;
    if &*record.event_source != SERVICE {
        let from = said(&record.event_source);
        return Err(Refusal::forged(Claim::Service { service: SERVICE, from }, sender));
    }
    let Some(operation) = Operation::named(&record.event_name) else {
        return Err(Refusal::UnknownOperation { operation: said(&record.event_name) });
    };
    if let Some(detail_type) = detail_type
        && detail_type != operation.detail_type()
    {
        return Err(Refusal::UnknownDetailType {
            from: "aws.organizations".to_owned(),
            detail_type: said(detail_type),
        });
    }
    if sender != trust.management_account {
        return Err(Refusal::forged(Claim::Organization, sender));
    }
    if let Some(recipient) = &record.recipient_account_id
        && recipient.parse() != Ok(sender)
    {
        return Err(Refusal::forged(Claim::Recipient(said(recipient)), sender));
    }
    if let Some(error_code) = &record.error_code {
        return Err(Refusal::RejectedByAws { operation: operation.name(), error_code: said(error_code) });
    }
    change(part, &record, operation)
}

/// What the operation changed, now that it is known to be told by who may tell it.
fn change(part: Part<'_>, record: &Record<'_>, operation: Operation) -> Result<OrganizationEvent, Refusal> {
    let parameters = || {
        let name = "requestParameters";
        part.required(record.request_parameters, name).map(|raw| part.member(raw, name))
    };
    let actor = || actor(record.user_identity.as_ref());
    Ok(match operation {
        Operation::TagResource => {
            let part = parameters()?;
            let parameters: TagParameters<'_> = part.object()?;
            OrganizationEvent::TagResource(TagResource {
                account: account(&parameters.resource_id, operation)?,
                tags: tags(part, &parameters.tags)?,
                actor: actor(),
            })
        }
        Operation::UntagResource => {
            let parameters: UntagParameters<'_> = parameters()?.object()?;
            OrganizationEvent::UntagResource(UntagResource {
                account: account(&parameters.resource_id, operation)?,
                keys: parameters.tag_keys.iter().map(|key| Text::from(&**key)).collect(),
                actor: actor(),
            })
        }
        Operation::MoveAccount => {
            let part = parameters()?;
            let parameters: MoveParameters<'_> = part.object()?;
            OrganizationEvent::MoveAccount(MoveAccount {
                account: part.typed(&parameters.account, "accountId")?,
                source: parent(part, &parameters.source, "sourceParentId")?,
                destination: parent(part, &parameters.destination, "destinationParentId")?,
                actor: actor(),
            })
        }
        Operation::CreateAccount => {
            let raw = part.required(record.response_elements, "responseElements")?;
            let Creation { create_account_status: status } = part.member(raw, "responseElements").object()?;
            OrganizationEvent::CreateAccount(CreateAccount { request: (*status.id).into(), actor: actor() })
        }
        Operation::CreateAccountResult => {
            let raw = part.required(record.service_event_details, "serviceEventDetails")?;
            let part = part.member(raw, "serviceEventDetails");
            let Creation { create_account_status: status } = part.object()?;
            OrganizationEvent::CreateAccountResult(CreateAccountResult {
                request: (*status.id).into(),
                outcome: outcome(part, &status)?,
            })
        }
    })
}

fn actor(identity: Option<&UserIdentity<'_>>) -> Actor {
    match identity {
        Some(UserIdentity { arn: Some(arn), .. }) => Actor::Principal((**arn).into()),
        Some(UserIdentity { invoked_by: Some(service), .. }) => Actor::Service((**service).into()),
        Some(UserIdentity { arn: None, invoked_by: None }) | None => Actor::Unnamed,
    }
}

/// Units, roots and policies are tagged by the same call: see
/// <https://docs.aws.amazon.com/organizations/latest/APIReference/API_TagResource.html>.
fn account(resource: &str, operation: Operation) -> Result<AccountId, Refusal> {
    resource
        .parse()
        .map_err(|_| Refusal::NotAnAccount { operation: operation.name(), resource: said(resource) })
}

fn tags(part: Part<'_>, list: &[Tag<'_>]) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for tag in list {
        if tags.insert(&*tag.key, &*tag.value).is_some() {
            return Err(part.invalid("tags", &format_args!("the key `{}` stands there twice", &*tag.key)));
        }
    }
    Ok(tags)
}

fn parent(part: Part<'_>, text: &str, name: &str) -> Result<Parent, Refusal> {
    match text.parse() {
        Ok(unit) => Ok(Parent::Unit(unit)),
        Err(InvalidUnitId::Root(root)) => Ok(Parent::Root(root.into())),
        Err(error @ InvalidUnitId::Shape(_)) => Err(part.invalid(name, &error)),
    }
}

fn outcome(part: Part<'_>, status: &CreationStatus<'_>) -> Result<CreationOutcome, Refusal> {
    match &*status.state {
        "SUCCEEDED" => {
            let name = "createAccountStatus.accountId";
            let account = part.typed(part.required(status.account_id.as_deref(), name)?, name)?;
            Ok(CreationOutcome::Succeeded { account })
        }
        "FAILED" => {
            let name = "createAccountStatus.failureReason";
            let reason = part.required(status.failure_reason.as_deref(), name)?;
            Ok(CreationOutcome::Failed { reason: reason.into() })
        }
        other => {
            let problem = format_args!("`{other}` is neither SUCCEEDED nor FAILED");
            Err(part.invalid("createAccountStatus.state", &problem))
        }
    }
}
