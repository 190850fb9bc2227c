//! A function that cannot start says why, to Lambda and in its log.

use crate::process::{ENVIRONMENT, Process};
use crate::runtime_api::Said;

fn init_error(variables: &[(&str, &str)]) -> (String, String) {
    let mut process = Process::start(variables);
    let said = process.api.hear();
    assert_eq!(process.kill(), Vec::<String>::new(), "nothing goes to the log but the complaint");
    match said {
        Said::InitError { kind, body } => (kind, body),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_function_that_nobody_knows_is_told_to_lambda() {
    let variables = [ENVIRONMENT, &[("_HANDLER", "on-vanila-account")]].concat();
    let (kind, body) = init_error(&variables);
    assert_eq!(kind, "InvalidEnvironment");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let message = body["errorMessage"].as_str().unwrap();
    assert!(
        message.contains("`on-vanila-account` is no function of this system; they are named like"),
        "{message}"
    );
    assert!(message.contains("AUTOMATION_ACCOUNT is not set"), "and what else is wrong: {message}");
}

#[test]
fn without_an_environment_everything_that_is_missing_is_told() {
    let (_, body) = init_error(&[]);
    for name in
        ["_HANDLER", "AWS_LAMBDA_FUNCTION_NAME", "JOURNAL_TABLE", "EVENT_BUS_ARN", "WAKE_UP_QUEUE_URL"]
    {
        assert!(body.contains(name), "{name} in {body}");
    }
}
