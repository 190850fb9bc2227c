//! Writing what CloudTrail would record about the console.

use serde::Serialize;
use state_machine::{AccountId, TriggerId};

use super::{Identity, SERVICE, SignIn};
use crate::event::Event;
use crate::event::emit::{Form, iso, render};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'static str,
    user_identity: UserIdentity<'a>,
    event_time: &'a str,
    event_source: &'static str,
    event_name: &'static str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_address: &'static str,
    user_agent: &'static str,
    request_parameters: (),
    response_elements: Response,
    additional_event_data: AdditionalEventData,
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
struct UserIdentity<'a> {
    r#type: &'static str,
    principal_id: String,
    arn: String,
    account_id: AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext<'a>>,
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
    account_id: AccountId,
    user_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionAttributes<'a> {
    creation_date: &'a str,
    mfa_authenticated: &'static str,
}

#[derive(Serialize)]
struct Response {
    #[serde(rename = "ConsoleLogin")]
    console_login: &'static str,
}

#[derive(Serialize)]
struct AdditionalEventData {
    #[serde(rename = "MobileVersion")]
    mobile_version: &'static str,
    #[serde(rename = "MFAUsed")]
    mfa_used: &'static str,
}

pub(in crate::event) fn write(event: &Event, body: &SignIn, form: Form) -> String {
    let time = iso(event.envelope.time);
    let record = Record {
        event_version: "1.09",
        user_identity: user_identity(&body.identity, event.envelope.account, &time),
        event_time: &time,
        event_source: SERVICE,
        event_name: "ConsoleLogin",
        aws_region: &event.envelope.region,
        source_address: "192.0.2.20",
        user_agent: "spa",
        request_parameters: (),
        response_elements: Response { console_login: "Success" },
        additional_event_data: AdditionalEventData { mobile_version: "No", mfa_used: "Yes" },
        event_id: event.envelope.id,
        read_only: false,
        event_type: "AwsConsoleSignIn",
        management_event: true,
        recipient_account_id: event.envelope.account,
        event_category: "Management",
    };
    render(event, &[], &record, form)
}

fn user_identity<'a>(identity: &'a Identity, account: AccountId, time: &'a str) -> UserIdentity<'a> {
    match identity {
        Identity::AssumedRole { role, session } => UserIdentity {
            r#type: "AssumedRole",
            principal_id: format!("AROAEXAMPLEEXAMPLE02:{session}"),
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
            account_id: account,
            access_key_id: None,
            user_name: None,
            session_context: Some(SessionContext {
                session_issuer: SessionIssuer {
                    r#type: "Role",
                    principal_id: "AROAEXAMPLEEXAMPLE02",
                    arn: format!("arn:aws:iam::{account}:role/{role}"),
                    account_id: account,
                    user_name: role,
                },
                attributes: SessionAttributes { creation_date: time, mfa_authenticated: "false" },
            }),
        },
        Identity::IamUser { name } => UserIdentity {
            r#type: "IAMUser",
            principal_id: "AIDAEXAMPLEEXAMPLE03".to_owned(),
            arn: format!("arn:aws:iam::{account}:user/{name}"),
            account_id: account,
            access_key_id: None,
            user_name: Some(name),
            session_context: None,
        },
        Identity::Root => UserIdentity {
            r#type: "Root",
            principal_id: account.to_string(),
            arn: format!("arn:aws:iam::{account}:root"),
            account_id: account,
            access_key_id: Some(""),
            user_name: None,
            session_context: None,
        },
    }
}
