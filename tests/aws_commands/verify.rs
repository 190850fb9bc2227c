//! `spa deploy verify`: an account is driven through a whole cycle. moto runs no functions, so this process plays them.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::company::Company;

/// A company whose first account, adopted and released, is named as a test account.
fn company() -> Company {
    let company = Company::grown();
    let path = company.path().join("settings.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let [first, second, ..] = company.accounts[..] else { panic!("{:?}", company.accounts) };
    std::fs::write(&path, format!("{text}deployment: {{ test_accounts: ['{first}', '{second}'] }}\n"))
        .unwrap();
    company
}

#[test]
fn a_test_account_goes_through_a_whole_cycle_and_each_step_is_timed() {
    let company = company();
    let account = company.accounts[0];
    let arguments = ["deploy", "verify", &account.to_string(), "--yes", "--output", "json"];
    let mut child =
        company.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_mins(2), "{:#?}", company.records(account));
        company.look_at(account, &chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    }
    let answer = company.answer(&child.wait_with_output().unwrap(), &arguments);
    answer.says(0, &["went through a whole cycle in"]);
    let steps = answer.json();
    let named: Vec<&str> =
        steps.as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    let place =
        |wanted: &str| named.iter().position(|step| *step == wanted).unwrap_or_else(|| panic!("{named:?}"));
    assert!(place("expired") < place("assigned") && place("assigned") < place("released"), "{named:?}");
    assert_eq!(named.last(), Some(&"the cycle ended"));
    assert!(steps.as_array().unwrap().iter().all(|step| step["seconds"].as_i64().unwrap() >= 0));
}

#[test]
fn only_a_test_account_that_is_released_is_driven_and_only_when_somebody_agrees() {
    let company = company();
    let [first, second, third] = company.accounts[..3] else { panic!("{:?}", company.accounts) };
    let verify = |account: &str, more: &[&str]| company.spa(&[&["deploy", "verify", account], more].concat());
    verify(&third.to_string(), &["--yes"])
        .says(4, &["is not named as a test account", "deployment.test_accounts"]);
    verify(&second.to_string(), &["--yes"]).says(4, &["is not taken over yet"]);
    verify(&first.to_string(), &[]).says(4, &["this needs a confirmation"]);
    assert_eq!(company.state(first).as_deref(), Some("released"));
    company.tag(first, &[("account-state", "vanilla")]);
    company.look_at(first, "2026-11-02T11:00:00Z");
    verify(&first.to_string(), &["--yes"]).says(4, &["a cycle begins at released"]);
}

#[test]
fn a_cycle_that_does_not_end_ends_the_waiting() {
    let company = company();
    let account = company.accounts[0].to_string();
    // Nobody plays the functions.
    let answer = company.spa(&["deploy", "verify", &account, "--yes", "--within", "1s"]);
    answer.says(1, &["not done after 1s", "spa account why"]);
}
