//! What is wrong with what comes, and with what is behind.

use serde_json::json;

use crate::company::Company;
use crate::embedded;
use crate::process::Told;
use crate::proxy::Proxy;

#[test]
fn a_poison_message_fails_its_tries_alone_and_is_recorded_once() {
    let company = Company::with_accounts(1);
    let assigned = company.sample("organizations-tag-released").replace("released", "assigned");
    let foreign = company.sample("spa-account-other-environment");
    let other_account = company.accounts[0].to_string();
    let forged = assigned.replacen(company.guest.account(), &other_account, 1);
    let batch = company.batch(&[&assigned, "{\"cut off", &foreign, &forged]);
    let mut function = company.function("on-assigned-account");
    for _ in 0..3 {
        let answer = function.invoke(&batch).done();
        assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": "message-1" }] }));
    }
    let (lines, metrics) = function.end();
    let refused = |code: &str| lines.iter().filter(|line| line["code"] == code).count();
    assert_eq!((refused("not-json"), refused("other-environment"), refused("forged")), (3, 3, 3));
    assert!(lines.iter().any(|line| line["messageId"] == "message-1"), "a line says of which message it is");
    let counted: Vec<_> = metrics.iter().filter(|line| line["RefusedEventsByCode"] == 1).collect();
    assert_eq!(counted.len(), 6, "what is foreign is not counted");
    assert!(metrics.iter().all(|line| embedded::problems(line).is_empty()));
}

#[test]
fn what_cannot_be_read_fails_and_the_function_goes_on() {
    let company = Company::with_accounts(1);
    let mut function = company.function("on-account-event");
    let sample = company.sample("spa-account-ReleasedAccount");
    let large = sample.replacen('{', &format!("{{\"filling\": \"{}\",", "x".repeat(1024 * 1024)), 1);
    for (payload, kind) in [
        ("[]".to_owned(), "MalformedEvent"),
        ("{\"an\": \"object\"}".to_owned(), "MalformedEvent"),
        (sample.replace("\"detail\"", "\"details\""), "MalformedEvent"),
        (large, "MalformedEvent"),
        // AWS delivers nothing but JSON; a broken emulator might.
        ("{\"cut off".to_owned(), "lambda_runtime::deserializer::DeserializeError"),
    ] {
        let told = function.invoke(&payload);
        match &told {
            Told::Failed { kind: said, .. } => assert!(said.ends_with(kind), "{told:?}"),
            Told::Done(answer) => panic!("{answer}"),
        }
        assert!(matches!(function.invoke(&sample), Told::Done(_)), "after {kind}");
    }
    let lines = function.kill();
    assert!(lines.iter().all(|line| line.len() < 10_000), "no payload stands in the log");
}

#[test]
fn what_is_behind_and_fails_has_a_name() {
    let company = Company::with_accounts(1);
    let mut function = company.function("on-vanilla-account");
    let created = company.sample("organizations-create-account-result");
    for (operation, status, code, kind) in [
        ("GetItem", 400, "AccessDeniedException", "JournalFailed"),
        ("GetItem", 400, "ResourceNotFoundException", "JournalFailed"),
        ("GetParameters", 400, "AccessDeniedException", "Unreadable"),
        ("DescribeAccount", 400, "AccessDeniedException", "Unreadable"),
    ] {
        company.guest.refuse(operation, 1, status, code);
        assert_eq!(function.invoke(&created).kind(), kind, "{operation}: {code}");
    }
    function.invoke(&created).done();
    let mut reconcile = company.function("on-reconcile");
    company.guest.refuse("ListAccounts", 1, 400, "AccessDeniedException");
    assert_eq!(reconcile.invoke("{}").kind(), "OrganizationUnreadable");
    let (lines, _) = reconcile.end();
    assert!(lines.iter().any(|line| line["level"] == "ERROR" && line["kind"] == "OrganizationUnreadable"));
}

#[test]
fn x_ray_follows_every_call() {
    let company = Company::with_accounts(1);
    let proxy = Proxy::to(&company.endpoint);
    let mut function = company.function_at("on-vanilla-account", &proxy.endpoint());
    function.invoke(&company.sample("organizations-create-account-result")).done();
    let calls = proxy.calls();
    assert!(calls.len() > 5, "{calls:?}");
    let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
    let without: Vec<_> = calls.iter().filter(|call| !call.trace.contains(root)).collect();
    assert!(without.is_empty(), "{without:?}");
    let (lines, _) = function.end();
    assert!(lines.iter().all(|line| line["traceId"].as_str().is_some_and(|trace| trace.contains(root))));
}
