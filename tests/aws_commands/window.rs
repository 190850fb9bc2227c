//! Maintenance windows, planned and opened.

use crate::company::Company;

#[test]
fn a_window_is_planned_with_calls_by_the_page() {
    let company = Company::grown();
    let before = company.called();
    let answer = company.spa(&["window", "plan", "--now"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    for part in ["100000000001  in, first wave", "100000000002  out", "100000000003  out"] {
        assert!(answer.data.contains(part), "`{part}` is not in:\n{}", answer.data);
    }
    assert!(answer.notes.contains("would take 1 accounts"), "{}", answer.notes);
    let calls = company.calls(before);
    let by_account =
        ["organizations:DescribeAccount", "organizations:ListTagsForResource", "ssm:GetParameters"];
    assert!(by_account.iter().all(|call| calls.get(*call).is_none_or(|times| *times <= 1)), "{calls:?}");
}

#[test]
fn a_window_is_opened_by_whoever_agrees_and_its_first_wave_goes_at_once() {
    let company = Company::grown();
    company.spa(&["window", "open", "--reason", "a test"]).says(
        4,
        &["100000000001  sandbox  released", "open a window: 1 accounts are purged", "no terminal to ask"],
    );
    assert_eq!(company.state(company.accounts[0]).as_deref(), Some("released"));
    let answer = company.spa(&["window", "open", "--reason", "a test", "--yes"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.data.contains("was opened for 1 accounts"), "{}", answer.data);
    assert!(!answer.notes.contains("spa up"), "{}", answer.notes);
    assert_eq!(company.state(company.accounts[0]).as_deref(), Some("expired"));
    let answer = company.spa(&["window", "open", "--reason", "a test", "--yes"]);
    answer.says(4, &["no window was opened"]);
}
