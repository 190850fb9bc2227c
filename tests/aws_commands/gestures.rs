//! Gestures: shown, asked for, recorded with who asked as AWS knows it, and carried out.

use std::process::{Command, Stdio};

use state_machine::{Actor, Fact};

use crate::company::{Company, assert_golden};

const ARN: &str = "arn:aws:sts::999988887777:user/moto";

fn who(company: &Company, index: usize) -> Vec<String> {
    let commanded = |record: &state_machine::Record| match (&record.fact, &record.cause.by) {
        (Fact::Commanded(_), Actor::Principal(name)) => {
            Some(name.replace(company.guest.account(), "999988887777"))
        }
        _ => None,
    };
    company.records(company.accounts[index]).iter().filter_map(commanded).collect()
}

#[test]
fn even_one_account_is_shown_and_asked_for() {
    let company = Company::grown();
    let account = company.accounts[0].to_string();
    let version = company.head(company.accounts[0]).version();
    let answer = company.spa(&["account", "expire", &account, "--reason", "a test"]);
    answer.says(
        4,
        &[
            "in the real organization of Spa (999988887777 in eu-west-1), as arn:aws:sts::999988887777:user/moto:",
            "100000000001  sandbox  released  alice@example.com  ou-ab12-11111111",
            "there is no terminal to ask",
            "--yes asks nobody",
        ],
    );
    assert_eq!(company.head(company.accounts[0]).version(), version, "nothing was recorded");
    assert_eq!(company.state(company.accounts[0]).as_deref(), Some("released"));
}

#[test]
fn what_is_agreed_to_is_recorded_with_the_caller_and_carried_out() {
    let company = Company::grown();
    let account = company.accounts[0].to_string();
    let answer = company.spa(&["account", "expire", &account, "--reason", "new project", "--yes"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.data.contains("100000000001  done"), "{}", answer.data);
    assert!(!answer.notes.contains("spa up"), "{}", answer.notes);
    assert_eq!(company.state(company.accounts[0]).as_deref(), Some("expired"), "the tag was written");
    assert_eq!(who(&company, 0), ["olivia", ARN]);
    let before = company.called();
    let answer = company.spa(&[
        "account",
        "adopt",
        &company.accounts[1].to_string(),
        "--reason",
        "x",
        "--as",
        "olga",
        "--yes",
    ]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(
        company.calls(before).get("events:PutEvents"),
        Some(&1),
        "what the adoption owes was announced"
    );
    assert_eq!(who(&company, 1), [format!("olga ({ARN})")], "a name never stands in place of the caller");
}

#[test]
fn what_an_operator_reads() {
    let company = Company::grown();
    let [first, second, beside] = [0, 1, 3].map(|index: usize| company.accounts[index].to_string());
    let ask = |gesture: &str, account: &str, switches: &[&str]| {
        company.spa(&[&["account", gesture, account, "--reason", "a test"], switches].concat())
    };
    assert_golden(
        "gestures.txt",
        &[
            ask("expire", &first, &["--dry-run"]),
            ask("expire", &first, &[]),
            ask("expire", &first, &["--yes"]),
            ask("expire", &first, &["--yes"]),
            ask("release", &second, &["--yes"]),
            ask("vanilla", &beside, &["--yes"]),
            company.spa(&["account", "adopt", "--unit", "ou-ab12-99999999", "--reason", "a test", "--yes"]),
            company.spa(&["account", "adopt", &first, "--reason", " "]),
        ],
    );
}

#[test]
fn every_gesture_works_or_is_refused_with_its_reason() {
    let company = Company::grown();
    let [first, second, third, beside] = [0, 1, 2, 3].map(|index: usize| company.accounts[index].to_string());
    let ask = |gesture: &[&str], account: &str| {
        let mut arguments = vec!["account"];
        arguments.extend(gesture);
        arguments.extend([account, "--reason", "a test", "--yes"]);
        let answer = company.spa(&arguments);
        (answer.status, answer.data)
    };
    for (gesture, account, status, says) in [
        (["hold", "--for", "2d"].as_slice(), &first, 0, "done"),
        (&["expire"], &first, 4, "refused"),
        (&["unhold"], &first, 0, "done"),
        (&["retry"], &first, 4, "refused"),
        (&["release"], &first, 0, "nothing to do"),
        (&["adopt"], &second, 0, "done"),
        (&["vanilla"], &third, 0, "done"),
        (&["vanilla"], &beside, 4, "refused"),
    ] {
        let (found, data) = ask(gesture, account);
        assert_eq!(found, status, "{gesture:?} {account}: {data}");
        assert!(data.contains(says), "{gesture:?} {account}: {data}");
    }
    assert_eq!(company.state(company.accounts[2]).as_deref(), Some("vanilla"));
    assert_eq!(company.state(company.accounts[3]), None, "nobody manages it");
}

#[test]
fn a_selection_is_served_one_by_one_and_a_rehearsal_changes_nothing() {
    let company = Company::grown();
    let answer = company.spa(&["account", "adopt", "--state", "released", "--reason", "a test", "--dry-run"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.data.contains("100000000002  would be done"), "{}", answer.data);
    assert!(who(&company, 1).is_empty(), "a rehearsal records nothing");
    company
        .spa(&["account", "adopt", "--state", "released", "--reason", "a test"])
        .says(4, &["adopt", "2 accounts", "there is no terminal to ask"]);
    let answer = company.spa(&["account", "adopt", "--state", "released", "--reason", "a test", "--yes"]);
    assert!(answer.data.contains("100000000002  done"), "{answer:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_it_between_two_accounts() {
    let company = Company::grown();
    let named = [0, 1].map(|index: usize| company.accounts[index].to_string());
    // The first account is being read, and AWS takes its time.
    let held = company.guest.hold_answer("GetItem");
    let arguments = [
        "account", "hold", &named[0], &named[1], "--for", "1d", "--reason", "x", "--yes", "--output", "json",
    ];
    let mut command = company.command(&arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    held.wait();
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    listens_no_more(child.id());
    held.lose();
    let answer = company.answer(&child.wait_with_output().unwrap(), &arguments);
    answer.says(130, &["stopped after 1 of 2 accounts: the others were not asked"]);
    assert_eq!(answer.json().as_array().unwrap().len(), 1, "{answer:?}");
    assert!(who(&company, 1).is_empty(), "the second one was not asked");
}

/// Waits until the process has taken note of SIGINT: it is pending for nobody any more.
#[cfg(target_os = "linux")]
fn listens_no_more(process: u32) {
    const SIGINT: u64 = 1 << 1;
    loop {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:")).unwrap().trim().to_owned();
        if u64::from_str_radix(&pending, 16).unwrap() & SIGINT == 0 {
            return;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_gesture_touches_the_account_that_was_named_and_no_other() {
    let company = Company::grown();
    let before = company.called();
    let account = company.accounts[0].to_string();
    assert_eq!(company.spa(&["account", "expire", &account, "--reason", "a test", "--yes"]).status, 0);
    let calls = company.calls(before);
    assert!(!calls.contains_key("organizations:ListAccounts"), "{calls:?}");
    assert_eq!(calls.get("organizations:TagResource"), Some(&1), "{calls:?}");
    assert_eq!(calls.get("sts:GetCallerIdentity"), Some(&1), "{calls:?}");
    let organizations: usize =
        calls.iter().filter(|(call, _)| call.starts_with("organizations:")).map(|(_, times)| times).sum();
    assert!(organizations <= 9, "{calls:?}");
}
