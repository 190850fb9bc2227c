//! Events that an operator hands over, handled as a function handles them.

use crate::company::{Answer, Company};

/// Somebody has set the state tag of the first account, and the event of it was lost.
fn event(company: &Company) -> String {
    company.tag(company.accounts[0], &[("account-state", "expired")]);
    include_str!("../fixtures/events/organizations-tag-expired.json")
        .replace("111122223333", company.guest.account())
        .replace("444455556666", company.guest.account())
        .replace("777788889999", &company.accounts[0].to_string())
}

fn send(company: &Company, event: &str, switches: &[&str]) -> Answer {
    std::fs::write(company.path().join("event.json"), event).unwrap();
    company.spa(&[["events", "send", "event.json"].as_slice(), switches].concat())
}

#[test]
fn events_are_shown_and_asked_for_and_handled() {
    let company = Company::grown();
    let event = event(&company);
    let version = company.head(company.accounts[0]).version();
    let answer = send(&company, &event, &[]);
    answer.says(
        4,
        &[
            "on-expired-account  100000000001",
            "1 event is handled in the real organization of Spa (999988887777 in eu-west-1)",
            "no terminal to ask",
        ],
    );
    assert_eq!(send(&company, &event, &["--dry-run"]).status, 0);
    assert_eq!(company.head(company.accounts[0]).version(), version, "nothing was handled yet");
    let answer = send(&company, &event, &["--yes"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.data.contains("handled"), "{}", answer.data);
    let states: Vec<String> =
        company.records(company.accounts[0]).iter().map(|record| record.fact.to_string()).collect();
    assert!(states.iter().any(|fact| fact.contains("expired")), "{states:?}");
}

#[test]
fn forged_events_are_refused_and_kept() {
    let company = Company::grown();
    // It speaks of the organization, and comes from an account that does not own it.
    let event = event(&company).replacen(
        &format!("\"account\": \"{}\"", company.guest.account()),
        "\"account\": \"123412341234\"",
        1,
    );
    let answer = send(&company, &event, &["--yes"]);
    assert_eq!(answer.status, 8, "{answer:?}");
    let refused = company.spa(&["events", "refused"]);
    assert_eq!(refused.status, 0, "{refused:?}");
    assert_eq!(refused.data.lines().count(), 2, "a heading and one event: {}", refused.data);
}
