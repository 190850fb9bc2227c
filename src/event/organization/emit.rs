//! Writing what CloudTrail would record about AWS Organizations.

use serde::{Serialize, Serializer};
use state_machine::{AccountId, Tags, Text, TriggerId};

use super::{Actor, CreationOutcome, OrganizationEvent, SERVICE};
use crate::event::Event;
use crate::event::arn::Arn;
use crate::event::emit::{Form, iso, render, wordy};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Call<'a> {
    event_version: &'static str,
    user_identity: UserIdentity<'a>,
    event_time: &'a str,
    event_source: &'static str,
    event_name: &'static str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_address: &'static str,
    user_agent: &'static str,
    request_parameters: Parameters<'a>,
    response_elements: Option<Creation<'a>>,
    #[serde(rename = "requestID")]
    request_id: TriggerId,
    #[serde(rename = "eventID")]
    event_id: TriggerId,
    read_only: bool,
    event_type: &'static str,
    management_event: bool,
    recipient_account_id: AccountId,
    event_category: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceEvent<'a> {
    event_version: &'static str,
    user_identity: Internal,
    event_time: &'a str,
    event_source: &'static str,
    event_name: &'static str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_address: &'static str,
    user_agent: &'static str,
    #[serde(rename = "eventID")]
    event_id: TriggerId,
    read_only: bool,
    event_type: &'static str,
    #[serde(rename = "serviceEventDetails")]
    details: Creation<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Internal {
    account_id: AccountId,
    invoked_by: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoked_by: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext<'a> {
    session_issuer: SessionIssuer<'a>,
    attributes: SessionAttributes<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer<'a> {
    r#type: &'static str,
    principal_id: &'static str,
    arn: String,
    account_id: &'a str,
    user_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionAttributes<'a> {
    creation_date: &'a str,
    mfa_authenticated: &'static str,
}

/// The parameters of a call; each operation has its own.
enum Parameters<'a> {
    Tag(TagParameters<'a>),
    Untag(UntagParameters<'a>),
    Move(MoveParameters<'a>),
    Create(CreateParameters),
}

impl Serialize for Parameters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Tag(parameters) => parameters.serialize(serializer),
            Self::Untag(parameters) => parameters.serialize(serializer),
            Self::Move(parameters) => parameters.serialize(serializer),
            Self::Create(parameters) => parameters.serialize(serializer),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TagParameters<'a> {
    resource_id: AccountId,
    tags: TagList<'a>,
}

/// Tags as a list of objects, each with a key and a value.
struct TagList<'a>(&'a Tags);

#[derive(Serialize)]
struct Tag<'a> {
    key: &'a str,
    value: &'a str,
}

impl Serialize for TagList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(key, value)| Tag { key, value }))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UntagParameters<'a> {
    resource_id: AccountId,
    tag_keys: &'a [Text],
}

#[derive(Serialize)]
struct MoveParameters<'a> {
    #[serde(rename = "accountId")]
    account: AccountId,
    #[serde(rename = "sourceParentId")]
    source: &'a str,
    #[serde(rename = "destinationParentId")]
    destination: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateParameters {
    account_name: &'static str,
    email: &'static str,
    role_name: &'static str,
    iam_user_access_to_billing: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Creation<'a> {
    create_account_status: CreationStatus<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreationStatus<'a> {
    id: &'a str,
    state: &'static str,
    account_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<&'a str>,
    requested_timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_timestamp: Option<String>,
}

/// What CloudTrail writes where it hides something.
const HIDDEN: &str = "****";

/// How AWS signs what it does by itself.
const INTERNAL: &str = "AWS Internal";

pub(in crate::event) fn write(event: &Event, body: &OrganizationEvent, form: Form) -> String {
    let time = iso(event.envelope.time);
    let requested = || wordy(event.envelope.time);
    let call = |event_name, actor, request_parameters, response_elements| {
        let call = Call {
            event_version: "1.11",
            user_identity: user_identity(actor, &time),
            event_time: &time,
            event_source: SERVICE,
            event_name,
            aws_region: &event.envelope.region,
            source_address: "192.0.2.10",
            user_agent: "spa",
            request_parameters,
            response_elements,
            request_id: event.envelope.id,
            event_id: event.envelope.id,
            read_only: false,
            event_type: "AwsApiCall",
            management_event: true,
            recipient_account_id: event.envelope.account,
            event_category: "Management",
        };
        render(event, &[], &call, form)
    };
    match body {
        OrganizationEvent::TagResource(body) => {
            let parameters = TagParameters { resource_id: body.account, tags: TagList(&body.tags) };
            call("TagResource", &body.actor, Parameters::Tag(parameters), None)
        }
        OrganizationEvent::UntagResource(body) => {
            let parameters = UntagParameters { resource_id: body.account, tag_keys: &body.keys };
            call("UntagResource", &body.actor, Parameters::Untag(parameters), None)
        }
        OrganizationEvent::MoveAccount(body) => {
            let parameters = MoveParameters {
                account: body.account,
                source: body.source.as_str(),
                destination: body.destination.as_str(),
            };
            call("MoveAccount", &body.actor, Parameters::Move(parameters), None)
        }
        OrganizationEvent::CreateAccount(body) => {
            let parameters = CreateParameters {
                account_name: HIDDEN,
                email: HIDDEN,
                role_name: "OrganizationAccountAccessRole",
                iam_user_access_to_billing: "ALLOW",
            };
            let status = CreationStatus {
                id: &body.request,
                state: "IN_PROGRESS",
                account_name: HIDDEN,
                account_id: None,
                failure_reason: None,
                requested_timestamp: requested(),
                completed_timestamp: None,
            };
            let creation = Creation { create_account_status: status };
            call("CreateAccount", &body.actor, Parameters::Create(parameters), Some(creation))
        }
        OrganizationEvent::CreateAccountResult(body) => {
            let (state, account_id, failure_reason) = match &body.outcome {
                CreationOutcome::Succeeded { account } => ("SUCCEEDED", Some(*account), None),
                CreationOutcome::Failed { reason } => ("FAILED", None, Some(&**reason)),
            };
            let status = CreationStatus {
                id: &body.request,
                state,
                account_name: HIDDEN,
                account_id,
                failure_reason,
                requested_timestamp: requested(),
                completed_timestamp: Some(requested()),
            };
            let detail = ServiceEvent {
                event_version: "1.11",
                user_identity: Internal { account_id: event.envelope.account, invoked_by: INTERNAL },
                event_time: &time,
                event_source: SERVICE,
                event_name: "CreateAccountResult",
                aws_region: &event.envelope.region,
                source_address: INTERNAL,
                user_agent: INTERNAL,
                event_id: event.envelope.id,
                read_only: false,
                event_type: "AwsServiceEvent",
                details: Creation { create_account_status: status },
            };
            render(event, &[], &detail, form)
        }
    }
}

/// The identity, with as much around its name as CloudTrail writes for a session of a role.
fn user_identity<'a>(actor: &'a Actor, time: &'a str) -> UserIdentity<'a> {
    let unnamed = UserIdentity {
        r#type: "Unknown",
        principal_id: None,
        arn: None,
        account_id: None,
        access_key_id: None,
        user_name: None,
        session_context: None,
        invoked_by: None,
    };
    let name = match actor {
        Actor::Unnamed => return unnamed,
        Actor::Service(name) => {
            return UserIdentity { r#type: "AWSService", invoked_by: Some(name), ..unnamed };
        }
        Actor::Principal(name) => name,
    };
    let Some(arn) = Arn::parse(name) else {
        return UserIdentity { arn: Some(name), ..unnamed };
    };
    let known = UserIdentity {
        principal_id: Some("AROAEXAMPLEEXAMPLE01"),
        arn: Some(name),
        account_id: Some(arn.account),
        access_key_id: Some("ASIAEXAMPLEEXAMPLE01"),
        ..unnamed
    };
    let session = arn.resource.strip_prefix("assumed-role/").and_then(|session| session.rsplit_once('/'));
    let Some((role, _)) = session else {
        let user_name = arn.resource.rsplit_once('/').map(|(_, name)| name);
        return UserIdentity { r#type: "IAMUser", user_name, ..known };
    };
    let issuer = SessionIssuer {
        r#type: "Role",
        principal_id: "AROAEXAMPLEEXAMPLE01",
        arn: format!("arn:aws:iam::{}:role/{role}", arn.account),
        account_id: arn.account,
        user_name: role,
    };
    let attributes = SessionAttributes { creation_date: time, mfa_authenticated: "true" };
    let session_context = Some(SessionContext { session_issuer: issuer, attributes });
    UserIdentity { r#type: "AssumedRole", session_context, ..known }
}
