//! Real events for the local organization.

use std::path::Path;

use super::support::{Fleet, assert_golden};

fn tag_event(id: &str, account: &str, state: &str) -> String {
    format!(
        r#"{{"version":"0","id":"{id}","detail-type":"AWS API Call via CloudTrail","source":"aws.organizations","account":"210987654321","time":"2026-12-04T08:59:00Z","region":"us-east-1","resources":[],"detail":{{"eventVersion":"1.08","userIdentity":{{"type":"AssumedRole","arn":"arn:aws:sts::210987654321:assumed-role/Ops/olivia"}},"eventTime":"2026-12-04T08:59:00Z","eventSource":"organizations.amazonaws.com","eventName":"TagResource","awsRegion":"us-east-1","requestParameters":{{"resourceId":"{account}","tags":[{{"key":"account-state","value":"{state}"}}]}},"responseElements":null,"eventID":"{id}","readOnly":false,"eventType":"AwsApiCall","recipientAccountId":"210987654321"}}}}"#
    )
}

#[test]
fn events_are_answered_line_by_line() {
    let fleet = Fleet::grown();
    let one = tag_event("11111111-1111-4111-8111-111111111111", "100000000001", "released");
    let stranger = tag_event("22222222-2222-4222-8222-222222222222", "987654321098", "expired");
    let forged = one.replace("\"account\":\"210987654321\"", "\"account\":\"100000000001\"");
    let lines =
        format!("{one}\n{one}\n{stranger}\nno JSON at all\n{forged}\n{{\"hello\": 1}}\n[1, 2]\n{{}}\n");
    let batch = serde_json::json!({"Records": [
        {"messageId": "m-1", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:999988887777:SpaTestQueue",
         "awsRegion": "eu-west-1", "attributes": {"SentTimestamp": "1796374740000"}, "body": one},
        {"messageId": "m-2", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:999988887777:SpaTestQueue",
         "awsRegion": "eu-west-1", "attributes": {"SentTimestamp": "1796374740000"}, "body": "plain text"},
    ]});
    let list = format!("[{one},{stranger}]");
    std::fs::write(fleet.path().join("list.json"), list).unwrap();
    std::fs::write(fleet.path().join("batch.json"), batch.to_string()).unwrap();
    let mut answers = vec![
        fleet.spa_reading(&["events", "send", "-"], lines.as_bytes()),
        fleet.spa(&["events", "send", "list.json"]),
        fleet.spa(&["events", "send", "batch.json"]),
        fleet.spa_reading(&["events", "send", "-", "--function", "on-reconcile"], b"{}"),
        fleet.spa_reading(&["events", "send", "-", "--function", "on-released-account"], b"{}"),
        fleet.spa_reading(&["events", "send", "-", "--function", "on-everything"], b"{}"),
        fleet.spa_reading(&["events", "send", "-", "--function", "on-reconcile"], br#"{"date": "2026-10"}"#),
        fleet.spa_reading(&["events", "send", "-", "--output", "json"], b"\xff\xfe"),
        fleet.spa_reading(&["events", "send", "-"], b""),
        fleet.spa(&["events", "send", "nowhere.json"]),
    ];
    let refused = fleet.spa(&["events", "refused", "--output", "json"]).json();
    let codes: Vec<_> =
        refused.as_array().unwrap().iter().map(|event| event["code"].as_str().unwrap()).collect();
    answers.push(fleet.spa(&["events", "refused", "--limit", "2"]));
    // The organization's clock moved on by the time that this took.
    let shown = answers.pop().unwrap();
    assert!(shown.data.lines().count() == 3 && shown.status == 0, "{shown:?}");
    assert!(shown.data.contains("plain text"), "{shown:?}");
    assert!(codes.iter().filter(|code| code.contains("json")).count() >= 2, "{codes:?}");
    assert!(
        refused.as_array().unwrap().iter().any(|event| event["excerpt"] == "no JSON at all"),
        "{refused}"
    );
    assert_golden("events.txt", &answers);
}

#[test]
fn a_schedule_that_is_sent_opens_a_window_once() {
    let fleet = Fleet::grown();
    let event = r#"{"version":"0","id":"33333333-3333-4333-8333-333333333333","detail-type":"Scheduled Event","source":"aws.events","account":"999988887777","time":"2026-12-04T08:59:30Z","region":"eu-west-1","resources":["arn:aws:events:eu-west-1:999988887777:rule/SpaTestOnMaintenanceWindow"],"detail":{}}"#;
    let file = Path::new("schedule.json");
    std::fs::write(fleet.path().join(file), event).unwrap();
    let first = fleet.spa(&["events", "send", "schedule.json", "--output", "json"]);
    let second = fleet.spa(&["events", "send", "schedule.json", "--output", "json"]);
    assert_eq!((first.status, second.status), (0, 0), "{first:?} {second:?}");
    assert!(first.data.contains("was opened"), "{first:?}");
    assert!(second.data.contains("the same request came before"), "{second:?}");
    let up = fleet.spa(&["up", "--speed", "1000000000", "--for", "6h"]);
    assert!(up.data.contains("the window closes") || up.data.contains("the window closed"), "{up:?}");
}
