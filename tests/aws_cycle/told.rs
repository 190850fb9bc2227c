//! What AWS would tell of a call: CloudTrail about AWS Organizations, CodeBuild about its builds. moto tells neither, so
//! the test makes those events from the calls that it saw, in the shape of the samples.

use chrono::TimeDelta;
use serde_json::{Value, json};
use state_machine::{AccountId, Timestamp};

use crate::fixtures;
use crate::wire::Call;

/// How long until CloudTrail's record of a call is on the bus.
const LATE: TimeDelta = TimeDelta::seconds(2);

/// An event, and when it arrives.
pub struct Told {
    pub at: Timestamp,
    pub event: Value,
}

/// What AWS tells of this call, if anything. `build_takes`: how long builds run.
pub fn of(
    call: &Call,
    now: Timestamp,
    management: &str,
    build_takes: impl Fn(AccountId) -> TimeDelta,
) -> Option<Told> {
    if !call.is_served() {
        return None;
    }
    match (call.service.as_str(), call.operation.as_str()) {
        ("organizations", "TagResource") => {
            let parameters = json!({
                "resourceId": call.sent["ResourceId"],
                "tags": call.sent["Tags"].as_array().unwrap().iter().map(|tag| {
                    json!({ "key": tag["Key"], "value": tag["Value"] })
                }).collect::<Vec<_>>(),
            });
            Some(recorded("TagResource", &parameters, now + LATE, management))
        }
        ("organizations", "UntagResource") => {
            let parameters =
                json!({ "resourceId": call.sent["ResourceId"], "tagKeys": call.sent["TagKeys"] });
            Some(recorded("UntagResource", &parameters, now + LATE, management))
        }
        ("codebuild", "StartBuild") => {
            let arn = call.answer["build"]["arn"].as_str().unwrap();
            let account: AccountId = arn.split(':').nth(4).unwrap().parse().unwrap();
            Some(build_ended(arn, account, now + build_takes(account)))
        }
        _ => None,
    }
}

/// What CloudTrail records of a call of ours to AWS Organizations.
fn recorded(name: &str, parameters: &Value, at: Timestamp, management: &str) -> Told {
    let mut event = fixtures::value("organizations-tag-released");
    stamp(&mut event, at, management);
    let detail = &mut event["detail"];
    detail["eventName"] = name.into();
    detail["eventTime"] = whole_seconds(at).into();
    detail["requestParameters"] = parameters.clone();
    detail["recipientAccountId"] = management.into();
    let session = format!("arn:aws:sts::{management}:assumed-role/SpaManagement/spa-function-{management}");
    detail["userIdentity"]["arn"] = session.into();
    detail["userIdentity"]["accountId"] = management.into();
    Told { at, event }
}

/// An account was created, as AWS Organizations itself tells.
pub fn created(account: AccountId, at: Timestamp, management: &str) -> Told {
    let text = fixtures::text("organizations-create-account-result");
    let text = text.replace(&fixtures::member().to_string(), &account.to_string());
    let text = text.replace(&fixtures::trust().management_account.to_string(), management);
    let mut event: Value = serde_json::from_str(&text).unwrap();
    stamp(&mut event, at, management);
    Told { at, event }
}

/// A build ended well, as CodeBuild tells, and the rule in the account forwards.
pub fn build_ended(arn: &str, account: AccountId, at: Timestamp) -> Told {
    let purge = arn.contains("Purge");
    let sample = if purge { "codebuild-purge-succeeded" } else { "codebuild-preparation-succeeded" };
    let mut event = fixtures::value(sample);
    stamp(&mut event, at, &account.to_string());
    event["resources"] = json!([arn]);
    event["detail"]["build-id"] = arn.into();
    Told { at, event }
}

/// A schedule of ours fires.
pub fn fired(rule: &str, at: Timestamp, automation: &str) -> Value {
    let text = fixtures::text("schedule").replace("SpaOnMaintenanceWindow", rule);
    let text = text.replace(&fixtures::trust().automation_account.to_string(), automation);
    let mut event: Value = serde_json::from_str(&text).unwrap();
    stamp(&mut event, at, automation);
    event
}

fn stamp(event: &mut Value, at: Timestamp, account: &str) {
    static EVENTS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let number = EVENTS.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    event["id"] = format!("6a7e8feb-b491-4cf7-a9f1-{number:012x}").into();
    event["account"] = account.into();
    event["time"] = whole_seconds(at).into();
}

fn whole_seconds(at: Timestamp) -> String {
    let text = at.to_string();
    let (seconds, _) = text.split_once('.').unwrap_or((text.trim_end_matches('Z'), ""));
    format!("{seconds}Z")
}
