//! The environment of a function holds what the code reads, and nothing else.

use std::collections::BTreeSet;

use crate::template::Template;

/// The sources that read the environment of a function.
const READERS: [&str; 2] =
    [include_str!("../../src/function/environment.rs"), include_str!("../../src/aws/variables.rs")];

/// What Lambda itself sets, or the predecessor's name of something that has another way here.
const NOT_SET: [&str; 7] = [
    "_HANDLER",
    "AWS_REGION",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    // From `LoggingConfig`; where it is set, nobody looks at the second.
    "AWS_LAMBDA_LOG_LEVEL",
    "VERBOSITY",
];

/// Everything in the code of these sources, without their tests, that is written like a variable: `"JOURNAL_TABLE"`.
fn read_by_the_code() -> BTreeSet<&'static str> {
    let code = READERS.map(|source| source.split("#[cfg(test)]").next().unwrap());
    let quoted = code.into_iter().flat_map(|code| code.split('"').skip(1).step_by(2));
    quoted.filter(|text| text.len() > 4 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')).collect()
}

#[test]
fn each_function_is_told_what_it_reads() {
    let read = read_by_the_code();
    assert!(NOT_SET.iter().all(|name| read.contains(name)), "{read:?}");
    let expected: BTreeSet<&str> = read.into_iter().filter(|name| !NOT_SET.contains(name)).collect();
    for (name, function) in Template::automation().all("AWS::Lambda::Function") {
        let variables = function["Environment"]["Variables"].as_object().unwrap();
        assert_eq!(variables.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{name}");
        assert_eq!(function["LoggingConfig"]["ApplicationLogLevel"], "LogLevel", "{name}");
    }
}

#[test]
fn each_function_is_told_the_same() {
    let template = Template::automation();
    let functions = template.all("AWS::Lambda::Function");
    let (_, first) = functions[0];
    for (name, function) in &functions {
        assert_eq!(function["Environment"], first["Environment"], "{name}");
    }
    let variables = &first["Environment"]["Variables"];
    // By these names the command line finds the same parts: src/aws/naming.rs.
    assert_eq!(template.one(variables["JOURNAL_TABLE"].as_str().unwrap())["TableName"], "SpaJournal");
    assert_eq!(template.one(variables["WAKE_UP_QUEUE_URL"].as_str().unwrap())["QueueName"], "SpaWakeUps");
    assert_eq!(variables["EVENT_BUS_ARN"], "arn:aws:events:eu-west-1:111122223333:event-bus/default");
    let role = "arn:aws:iam::444455556666:role/SpaManagement";
    assert_eq!(variables["ROLE_ARN_TO_MANAGE_ACCOUNTS"], role);
    let made = Template::read("management-account");
    assert_eq!(made.one("ManagementRole")["RoleName"], "SpaManagement");
}
