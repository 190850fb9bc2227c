//! What people read, and how many calls it takes.

use crate::company::{Company, assert_golden};

#[test]
fn the_fleet_is_the_same_table_as_on_one_machine() {
    let company = Company::grown();
    assert_golden(
        "accounts.txt",
        &[
            company.spa(&["accounts"]),
            company.spa(&["accounts", "--state", "untagged"]),
            company.spa(&["accounts", "--holder", "bob", "--output", "csv"]),
            company.spa(&["accounts", "--unit", "ou-ab12-99999999"]),
        ],
    );
}

#[test]
fn the_fleet_takes_calls_by_the_page_and_none_by_the_account() {
    let company = Company::grown();
    let before = company.called();
    assert_eq!(company.spa(&["accounts"]).status, 0);
    let few = company.calls(before);
    let more = Company::with_accounts(18);
    let before = more.called();
    assert_eq!(more.spa(&["accounts"]).status, 0);
    let many = more.calls(before);
    let usual = [
        ("dynamodb:BatchGetItem", 1),
        ("dynamodb:Query", 1),
        ("organizations:ListAccounts", 1),
        ("sts:AssumeRole", 1),
        ("sts:GetCallerIdentity", 1),
        ("tagging:GetResources", 1),
    ];
    let expected = usual.into_iter().map(|(call, times)| (call.to_owned(), times)).collect();
    assert_eq!(few, expected);
    // Five accounts, or twenty (a page of ListAccounts), or forty: nobody of the many has a head here.
    let mut expected = expected;
    expected.remove("dynamodb:BatchGetItem");
    assert_eq!(many, expected);
    let more = Company::with_accounts(38);
    let before = more.called();
    assert_eq!(more.spa(&["accounts"]).status, 0);
    expected.insert("organizations:ListAccounts".to_owned(), 2);
    assert_eq!(more.calls(before), expected);
}

#[test]
fn one_account_takes_a_handful_of_calls() {
    let company = Company::grown();
    let account = company.accounts[0].to_string();
    for (arguments, most) in [
        (["account", "show", &account].as_slice(), 2),
        (&["account", "history", &account], 4),
        (&["account", "at", &account, "2026-11-02T09:59:59Z"], 4),
        (&["account", "why", &account], 14),
        (&["check", &account], 8),
    ] {
        let before = company.called();
        let answer = company.spa(arguments);
        assert!(answer.status <= 1, "{answer:?}");
        let calls = company.calls(before);
        let sum: usize = calls.values().sum();
        assert!(sum <= most, "{arguments:?} takes {sum} calls: {calls:?}");
        assert!(!calls.contains_key("organizations:ListAccounts"), "{arguments:?}: {calls:?}");
    }
}

#[test]
fn one_account_in_full() {
    let company = Company::grown();
    let account = company.accounts[0].to_string();
    let shown = company.spa(&["account", "show", &account, "--output", "json"]).json();
    assert_eq!(
        (&shown["custody"], &shown["version"]),
        (&"ours".into(), &company.head(company.accounts[0]).version().number().into())
    );
    assert_golden(
        "account.txt",
        &[
            company.spa(&["account", "history", &account]),
            company.spa(&["account", "at", &account, "2026-11-02T09:59:59Z"]),
        ],
    );
    let why = company.spa(&["account", "why", &account]);
    assert_eq!(why.status, 0, "{why:?}");
    for part in [
        "100000000001 (sandbox) is released since 2026-11-02",
        "olivia asked for",
        "the next maintenance window",
    ] {
        assert!(why.data.contains(part), "`{part}` is not in:\n{}", why.data);
    }
    assert!(!why.data.contains("spa up"), "{}", why.data);
    let sighted = company.spa(&["account", "why", &company.accounts[1].to_string()]);
    assert!(sighted.data.contains("spa account adopt 100000000002"), "{}", sighted.data);
}

#[test]
fn settings_are_explained_with_the_units_that_the_journal_saw() {
    let company = Company::grown();
    let explained = |account: usize| {
        company.spa(&["explain", &company.accounts[account].to_string(), "--output", "json"])
    };
    let known = explained(0);
    assert_eq!(
        (known.status, &known.json()["units"]["around"]),
        (0, &serde_json::json!(["ou-ab12-11111111"])),
        "{known:?}"
    );
    assert_eq!(explained(2).status, 5, "nobody has seen it yet, and no setting names it");
}

#[test]
fn whoever_is_unknown_is_said_with_the_nearest() {
    let company = Company::grown();
    let known = company.accounts[0].to_string();
    let last = if known.ends_with('7') { "8" } else { "7" };
    let slip = format!("{}{last}", &known[..11]);
    company
        .spa(&["account", "show", &slip])
        .says(5, &["nobody here knows the account", "did you mean 100000000001?"]);
}

#[test]
fn every_account_against_its_settings() {
    let company = Company::grown();
    let before = company.called();
    assert_golden("check.txt", &[company.spa(&["check"])]);
    let calls = company.calls(before);
    assert!(calls.keys().all(|call| call != "organizations:DescribeAccount"), "{calls:?}");
}
