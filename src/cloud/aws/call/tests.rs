//! How often a call is sent, when it is told that it failed, and what is counted.

use aws_sdk_organizations::Client;

use super::*;
use crate::cloud::aws::wire::{Answer, Wire};
use crate::settings::{Limits, Rate};

const READ: &str = "organizations:DescribeAccount";
const WRITE: &str = "organizations:TagResource";
const THROTTLED: &str = r#"{"__type": "TooManyRequestsException", "Message": "Too many requests"}"#;
const BUSY: &str =
    r#"{"__type": "TooManyRequestsException", "Message": "another request is already in progress"}"#;
const BROKEN: &str = r#"{"__type": "ServiceException", "Message": "broken"}"#;

fn says(status: u16, body: &str) -> Answer {
    Answer::Says(status, body.to_owned())
}

async fn read(governor: &Governor, client: &Client) -> Result<(), CallError> {
    let request = || client.describe_account().account_id("111122223333").send();
    governor.call(Lane::Organizations, READ, None, request).await.map(|_| ())
}

async fn write(governor: &Governor, client: &Client) -> Result<(), CallError> {
    let request = || client.tag_resource().resource_id("111122223333").set_tags(Some(Vec::new())).send();
    governor.call(Lane::Organizations, WRITE, None, request).await.map(|_| ())
}

/// What becomes of a read and of a write when AWS answers like this, and how often each is sent.
async fn both(
    answer: impl Fn(usize) -> Answer + Send + Sync + Clone + 'static,
) -> [(Result<(), FailureKind>, usize); 2] {
    let mut ended = Vec::new();
    for writes in [false, true] {
        let answer = answer.clone();
        let wire = Wire::new(move |_, before| answer(before));
        let (governor, client) = (Governor::jumping(Limits::default()), Client::new(&wire.config()));
        let result = if writes { write(&governor, &client).await } else { read(&governor, &client).await };
        let sent = wire.sent().len();
        let counted: u64 = governor.calls().values().sum();
        assert_eq!(usize::try_from(counted).unwrap(), sent, "what is counted is what was sent");
        ended.push((result.map_err(|error| error.kind), sent));
    }
    ended.try_into().unwrap()
}

#[tokio::test]
async fn what_passes_is_asked_again_and_what_may_have_happened_is_not() {
    let good = |_| says(200, "{}");
    assert_eq!(both(good).await, [(Ok(()), 1), (Ok(()), 1)]);
    let throttled_twice = |before| if before < 2 { says(400, THROTTLED) } else { says(200, "{}") };
    assert_eq!(both(throttled_twice).await, [(Ok(()), 3), (Ok(()), 3)]);
    let throttled = |_| says(400, THROTTLED);
    assert_eq!(both(throttled).await, [(Err(FailureKind::Throttled), 3), (Err(FailureKind::Throttled), 3)]);
    let busy_once = |before| if before < 1 { says(400, BUSY) } else { says(200, "{}") };
    assert_eq!(both(busy_once).await, [(Ok(()), 2), (Ok(()), 2)]);
    let broken = |_| says(500, BROKEN);
    assert_eq!(both(broken).await, [(Err(FailureKind::Unavailable), 3), (Err(FailureKind::Unavailable), 1)]);
    let lost = |_| Answer::Breaks;
    assert_eq!(both(lost).await, [(Err(FailureKind::Unavailable), 3), (Err(FailureKind::Unavailable), 1)]);
    let denied = |_| says(400, r#"{"__type": "AccessDeniedException"}"#);
    assert_eq!(both(denied).await, [(Err(FailureKind::Denied), 1), (Err(FailureKind::Denied), 1)]);
}

#[tokio::test]
async fn a_call_that_never_ends_is_given_up_before_somebody_else_may_begin() {
    let wire = Wire::new(|_, _| Answer::Never);
    let (governor, client) = (Governor::jumping(Limits::default()), Client::new(&wire.config()));
    let error = write(&governor, &client).await.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (FailureKind::Unavailable, "no answer came in time"));
    assert_eq!(governor.now(), WHOLE);
    assert_eq!(governor.calls()[WRITE], 1, "it may have arrived");
    assert_eq!(governor.snapshot()[0].in_flight, 0);
}

#[tokio::test]
async fn a_call_whose_turn_does_not_come_is_throttled_and_not_sent() {
    let slow = Rate { start: 1, least: 1, most: 1 };
    let wire = Wire::new(|_, _| says(200, "{}"));
    let governor = Governor::jumping(Limits { organizations: slow, ..Limits::default() });
    let client = Client::new(&wire.config());
    read(&governor, &client).await.unwrap();
    let error = read(&governor, &client).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (FailureKind::Throttled, None));
    assert_eq!(error.unreadable(), Unreadable::Throttled);
    assert_eq!(governor.now(), governor.limits().patience);
    assert_eq!(wire.sent().len(), 1);
}

#[tokio::test]
async fn a_refusal_tells_more_than_that_there_was_no_time_to_ask_again() {
    let slow = Rate { start: 1, least: 1, most: 1 };
    let wire = Wire::new(|_, _| says(400, THROTTLED));
    let governor = Governor::jumping(Limits { organizations: slow, ..Limits::default() });
    let error = read(&governor, &Client::new(&wire.config())).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "organizations:DescribeAccount: Too many requests (TooManyRequestsException, request request-1)"
    );
    let seen = &governor.snapshot()[0];
    assert_eq!((seen.throttled, seen.busy, wire.sent().len()), (1, 0, 1));
}

#[test]
fn what_changes_nothing_is_known_by_its_name() {
    for operation in
        ["organizations:ListAccounts", "codebuild:BatchGetBuilds", "sts:AssumeRole", "tag:GetResources"]
    {
        assert!(changes_nothing(operation), "{operation}");
    }
    for operation in ["organizations:TagResource", "codebuild:StartBuild", "dynamodb:TransactWriteItems"] {
        assert!(!changes_nothing(operation), "{operation}");
    }
}

#[test]
fn a_whole_call_ends_within_the_margin_of_a_claim() {
    // `MARGIN` in src/lifecycle/pay.rs.
    assert!(WHOLE < Duration::from_secs(15));
    assert!(Limits::default().patience < WHOLE);
}
