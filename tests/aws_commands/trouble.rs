//! What goes wrong on the way to AWS: what, where, and what to do, each with its status.

use std::process::Command;

use crate::company::{Answer, Company};

fn asked(company: &Company, change: impl FnOnce(&mut Command)) -> Answer {
    let mut command = company.command(&["accounts"]);
    change(&mut command);
    company.answer(&command.output().unwrap(), &["accounts"])
}

#[test]
fn without_credentials_nothing_is_asked() {
    let company = Company::with_accounts(1);
    let before = company.called();
    let answer = asked(&company, |command| {
        command.env_remove("AWS_ACCESS_KEY_ID");
    });
    answer.says(9, &["AWS does not know who asks", "aws sso login", "--profile NAME"]);
    assert_eq!(company.called(), before);
}

#[test]
fn credentials_that_have_expired_end_it_before_anything_is_read() {
    let company = Company::with_accounts(1);
    company.guest.refuse("GetCallerIdentity", 1, 403, "ExpiredToken");
    let before = company.called();
    asked(&company, |_| {}).says(9, &["AWS does not know who asks", "ExpiredToken", "aws sso login"]);
    assert_eq!(company.called(), before + 1);
}

#[test]
fn credentials_of_another_account_end_it_before_anything_is_touched() {
    let company = Company::grown();
    let account = company.accounts[0].to_string();
    let mut command = company.command(&["account", "expire", &account, "--reason", "a test", "--yes"]);
    command.env("AWS_ACCESS_KEY_ID", "343434343434");
    let answer = company.answer(&command.output().unwrap(), &[]);
    answer.says(9, &["are of the account 343434343434", "the system runs in 999988887777", "AWS_PROFILE"]);
    assert_eq!(company.state(company.accounts[0]).as_deref(), Some("released"));
}

#[test]
fn profiles_are_those_that_people_have() {
    let company = Company::grown();
    let keys = serde_json::json!({
        "Version": 1, "AccessKeyId": company.guest.account(), "SecretAccessKey": "secret",
    });
    std::fs::write(company.path().join("keys.json"), keys.to_string()).unwrap();
    std::fs::create_dir_all(company.path().join(".aws")).unwrap();
    let process = format!("cat {}", company.path().join("keys.json").display());
    let config = format!(
        "[profile operator]\nregion = us-west-2\ncredential_process = {process}\n\
         [profile through]\nrole_arn = arn:aws:iam::{}:role/Operator\nsource_profile = operator\n",
        company.guest.account()
    );
    let sso = "[profile signed-on]\nsso_session = company\nsso_account_id = 111122223333\nsso_role_name = Operator\n\
               [sso-session company]\nsso_start_url = https://example.com/start\nsso_region = eu-west-1\n";
    std::fs::write(company.path().join(".aws/config"), config + sso).unwrap();
    let named = |profile: &'static str| {
        asked(&company, |command| {
            // Who names a profile means it, whatever keys the environment holds.
            command.args(["--profile", profile]).env("AWS_ACCESS_KEY_ID", "343434343434");
        })
    };
    assert_eq!(named("operator").status, 0, "{:?}", named("operator"));
    let through = asked(&company, |command| {
        command
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env("AWS_PROFILE", "through");
    });
    assert_eq!(through.status, 0, "{through:?}");
    // Nobody has signed on yet.
    let signed_on = named("signed-on");
    signed_on.says(9, &["AWS does not know who asks", "aws sso login"]);
    assert!(!signed_on.notes.contains("feature"), "this build knows SSO: {}", signed_on.notes);
    assert!(!signed_on.notes.contains("WARN"), "it is said once: {}", signed_on.notes);
    // In words, not in the Rust of the SDK.
    assert!(!named("nobody").notes.contains("DispatchFailure("));
    named("nobody")
        .says(9, &["AWS does not know who asks", "profile `nobody` was not defined", "--profile NAME"]);
}

#[test]
fn a_role_that_refuses_is_named() {
    let company = Company::with_accounts(1);
    company.guest.refuse("AssumeRole", 10, 403, "AccessDenied");
    asked(&company, |_| {}).says(
        9,
        &[
            "the accounts of the organization cannot be listed",
            "cannot act as arn:aws:iam::999988887777:role/SpaManagement",
            "role_arn_to_manage_accounts names it",
            "it must exist, and trust the caller (OperatorArns of infra/management-account.yaml)",
        ],
    );
}

#[test]
fn a_table_that_is_not_there_is_said_with_where_it_was_looked_for() {
    let company = Company::with_accounts(1);
    asked(&company, |command| {
        command.env("JOURNAL_TABLE", "NobodysTable");
    })
    .says(5, &["the table NobodysTable, in eu-west-1 of the account 999988887777: JOURNAL_TABLE names it"]);
    asked(&company, |command| {
        command.args(["--region", "us-west-2"]);
    })
    .says(
        5,
        &[
            "the table SpaJournal, in us-west-2",
            "assumed from environment_identifier",
            "--region or automation.region",
        ],
    );
}

#[test]
fn a_right_that_is_missing_is_named() {
    let company = Company::with_accounts(1);
    company.guest.refuse("Query", 10, 400, "AccessDeniedException");
    asked(&company, |_| {}).says(9, &["AccessDeniedException", "dynamodb:GetItem, BatchGetItem and Query"]);
}

#[test]
fn throttling_and_silence_are_not_the_fault_of_the_command() {
    let company = Company::with_accounts(1);
    company.guest.refuse("Query", 50, 400, "ThrottlingException");
    asked(&company, |_| {}).says(10, &["ThrottlingException", "eu-west-1"]);
    company.guest.refuse_nothing();
    asked(&company, |command| {
        // A port of the loopback on which nobody listens.
        command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    })
    .says(10, &["sts:GetCallerIdentity", "nothing is wrong with the command"]);
}

#[test]
fn an_account_that_cannot_be_read_is_not_touched() {
    let company = Company::grown();
    let account = company.accounts[0].to_string();
    company.guest.refuse("ListTagsForResource", 50, 400, "AccessDeniedException");
    let answer = company.spa(&["account", "expire", &account, "--reason", "a test", "--yes"]);
    assert_eq!(answer.status, 9, "{answer:?}");
    company.guest.refuse_nothing();
    assert_eq!(company.state(company.accounts[0]).as_deref(), Some("released"));
}

#[test]
fn settings_that_are_not_deployed_are_said() {
    let company = Company::grown();
    company.guest.refuse("GetParametersByPath", 50, 400, "AccessDeniedException");
    company
        .spa(&["window", "plan"])
        .says(9, &["ssm:GetParameters", "below /Spa in eu-west-1 of the account 999988887777"]);
}

#[test]
fn settings_that_name_no_owner_are_refused() {
    let company = Company::with_accounts(1);
    company.without("role_arn_to_manage_accounts");
    let before = company.called();
    asked(&company, |_| {})
        .says(3, &["ROLE_ARN_TO_MANAGE_ACCOUNTS is not set", "automation.role_arn_to_manage_accounts"]);
    assert_eq!(company.called(), before);
}

#[test]
fn doubts_about_the_settings_are_for_those_who_rely_on_them_and_told_once() {
    let company = Company::grown();
    company.without("maintenance_window_expression");
    let doubts = |answer: &Answer| answer.notes.matches("no maintenance window will ever open").count();
    assert_eq!(doubts(&company.spa(&["accounts"])), 0, "whoever looks is not bothered");
    let account = company.accounts[0].to_string();
    let asked = company.spa(&["account", "expire", &account, "--reason", "a test", "--yes"]);
    assert_eq!((asked.status, doubts(&asked)), (0, 1), "{asked:?}");
}

#[test]
fn what_is_played_is_played_on_this_machine() {
    let company = Company::with_accounts(1);
    for command in ["up", "simulate"] {
        let answer = company.spa(&[command, "--on", "aws"]);
        answer.says(
            2,
            &[&format!("spa {command} plays an organization on this machine"), "deployed functions"],
        );
    }
    // What the environment says is meant for the other commands.
    let answer = company.spa(&["simulate", "--accounts", "2", "--days", "1"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}
