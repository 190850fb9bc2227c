//! Which function handles an event, as the patterns of EventBridge's rules.
//!
//! See <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>. Members of an
//! object inside a list are matched against one and the same element (<https://github.com/aws/event-ruler>,
//! "JSON Array Matching"), so a state is found among the other tags of a call, and only under its own key.
//!
//! The sender stands in the patterns wherever it is known beforehand. That keeps forged events from waking a
//! function; whether they are believed is decided by [`Trust`] alone.

use serde_json::{Value, json};
use state_machine::{State, TaskKind};

use super::Handler;
use crate::event::{
    AccountLabel, ActivityLabel, BuildStatus, ExceptionLabel, Label, OWN_SOURCE, Schedule, Trust, build,
    organization, schedule, sign_in,
};

/// The pattern of every rule, with the function that it wakes. `state_key` is the key of the tag that holds
/// the state. A function may have several rules; no event matches two of them.
///
/// [`Handler::OnAlert`] has none: alerts come through their queue.
pub fn patterns(trust: &Trust, state_key: &str) -> Vec<(Handler, Value)> {
    let mut patterns = Vec::new();
    patterns.extend(organization_patterns(trust, state_key));
    patterns.extend(TaskKind::ALL.map(build_pattern));
    patterns.push((Handler::OnConsoleLogin, sign_in_pattern()));
    patterns.extend(schedule_patterns(trust));
    patterns.extend(own_patterns(trust));
    patterns
}

fn organization_patterns(trust: &Trust, state_key: &str) -> Vec<(Handler, Value)> {
    let call = |detail_type: &str, detail: Value| {
        json!({
            "source": ["aws.organizations"],
            "detail-type": [detail_type],
            "account": [trust.management_account],
            "detail": detail,
        })
    };
    let tagged = |value: Value| {
        call(
            organization::CALL,
            json!({
                "eventSource": [organization::SERVICE],
                "eventName": ["TagResource"],
                "errorCode": [{ "exists": false }],
                "requestParameters": { "tags": { "key": [state_key], "value": value } },
            }),
        )
    };
    let handler = |state| match state {
        State::Vanilla => Handler::OnVanillaAccount,
        State::Assigned => Handler::OnAssignedAccount,
        State::Released => Handler::OnReleasedAccount,
        State::Expired => Handler::OnExpiredAccount,
    };
    let mut patterns: Vec<_> =
        State::ALL.into_iter().map(|state| (handler(state), tagged(json!([state.as_str()])))).collect();
    let states = State::ALL.map(State::as_str);
    patterns.push((Handler::OnReconcile, tagged(json!([{ "anything-but": states }]))));
    let untagged = json!({
        "eventSource": [organization::SERVICE],
        "eventName": ["UntagResource"],
        "errorCode": [{ "exists": false }],
        "requestParameters": { "tagKeys": [state_key] },
    });
    patterns.push((Handler::OnVanillaAccount, call(organization::CALL, untagged)));
    let moved = json!({
        "eventSource": [organization::SERVICE],
        "eventName": ["MoveAccount"],
        "errorCode": [{ "exists": false }],
    });
    patterns.push((Handler::OnVanillaAccount, call(organization::CALL, moved)));
    let created = json!({
        "eventSource": [organization::SERVICE],
        "eventName": ["CreateAccountResult"],
        "errorCode": [{ "exists": false }],
        "serviceEventDetails": { "createAccountStatus": { "state": ["SUCCEEDED"] } },
    });
    patterns.push((Handler::OnVanillaAccount, call(organization::SERVICE_EVENT, created)));
    patterns
}

fn build_pattern(kind: TaskKind) -> (Handler, Value) {
    let handler = match kind {
        TaskKind::Preparation => Handler::OnPreparedAccount,
        TaskKind::Purge => Handler::OnPurgedAccount,
    };
    let ended: Vec<_> = BuildStatus::ALL
        .into_iter()
        .filter(|status| status.outcome().is_some())
        .map(BuildStatus::as_str)
        .collect();
    let pattern = json!({
        "source": ["aws.codebuild"],
        "detail-type": [build::DETAIL_TYPE],
        "detail": { "project-name": [kind.project()], "build-status": ended },
    });
    (handler, pattern)
}

fn sign_in_pattern() -> Value {
    json!({
        "source": ["aws.signin"],
        "detail-type": sign_in::DETAIL_TYPES,
        "detail": {
            "eventSource": [sign_in::SERVICE],
            "eventName": ["ConsoleLogin"],
            "userIdentity": { "type": ["AssumedRole", "IAMUser", "Root"] },
            "responseElements": { "ConsoleLogin": ["Success"] },
        },
    })
}

/// A rule with a schedule wakes its function by itself; these patterns are for events that come another way,
/// and for the tests that hold patterns and code together.
fn schedule_patterns(trust: &Trust) -> [(Handler, Value); 4] {
    [
        (Handler::OnMaintenanceWindow, Schedule::MaintenanceWindow),
        (Handler::OnWakeUp, Schedule::WakeUp),
        (Handler::OnReconcile, Schedule::Reconcile),
        (Handler::OnReconcile, Schedule::Compare),
    ]
    .map(|(handler, schedule)| {
        let suffix = format!(":rule/{}", schedule.rule(&trust.environment));
        let pattern = json!({
            "source": ["aws.events"],
            "detail-type": [schedule::DETAIL_TYPE],
            "account": [trust.automation_account],
            "resources": [{ "suffix": suffix }],
        });
        (handler, pattern)
    })
}

fn own_patterns(trust: &Trust) -> [(Handler, Value); 5] {
    let own = |labels: Vec<&str>| {
        json!({
            "source": [OWN_SOURCE],
            "detail-type": labels,
            "account": [trust.automation_account],
            "detail": { "Environment": [*trust.environment] },
        })
    };
    let accounts = |reports: bool| {
        let labels = AccountLabel::ALL.iter().filter(move |label| label.is_report() == reports);
        labels.map(|label| label.as_str()).collect()
    };
    // Reports come from the accounts themselves.
    let mut reports = own(accounts(true));
    if let Value::Object(members) = &mut reports {
        members.remove("account");
    }
    [
        (Handler::OnAccountEvent, own(accounts(false))),
        (Handler::OnAccountEvent, reports),
        (Handler::OnActivity, own(ActivityLabel::ALL.iter().map(|label| label.as_str()).collect())),
        (Handler::OnException, own(ExceptionLabel::ALL.iter().map(|label| label.as_str()).collect())),
        (Handler::ToMicrosoftTeams, own(vec![Label::MessageToMicrosoftTeams.as_str()])),
    ]
}
