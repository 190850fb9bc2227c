//! What goes wrong before and while somebody deploys.

use std::time::Instant;

use spa::cloud::aws::governor::Governor;
use spa::journal::dynamodb::table;

use crate::company::{Answer, block_on, program};
use crate::peers::REGION;
use crate::site::{APPLY, PLAN, Site, only_reads};

#[test]
fn credentials_of_another_account_are_refused_before_anything_is_touched() {
    let site = Site::with_accounts(1);
    let mut wrong = program(&APPLY, site.path(), site.owner.account());
    let wrong = Answer::of(&wrong.output().unwrap(), &APPLY, str::to_owned);
    wrong.says(9, &["these credentials are of the account"]);

    let arguments =
        ["deploy", "apply", "--package", "bootstrap.zip", "--management-profile", "other", "--yes"];
    let before = site.called();
    site.spa(&arguments).says(9, &["the profile other is of the account", "the organization is owned by"]);
    assert_eq!(site.changes_since(before), [] as [&str; 0]);
    assert_eq!(site.all_stacks(), []);
}

#[test]
fn what_is_no_package_and_what_is_not_there_is_named() {
    let site = Site::with_accounts(1);
    site.write("notes.txt", "no package");
    site.spa(&["deploy", "plan", "--package", "notes.txt"]).says(8, &["it is no ZIP file"]);
    site.spa(&["deploy", "plan", "--package", "nowhere.zip"]).says(5, &["nowhere.zip cannot be read"]);
    site.spa(&["deploy", "plan"])
        .says(5, &["there is no program to deploy yet", "target/package/bootstrap.zip"]);
    site.say_instead("  external_id: spa-2f9c1e\n", "");
    site.spa(&PLAN).says(3, &["automation.external_id"]);
    let before = site.called();
    assert_eq!(site.changes_since(before), [] as [&str; 0]);
}

#[test]
fn nobody_deploys_without_saying_so() {
    let site = Site::with_accounts(1);
    let arguments = &APPLY[..APPLY.len() - 1];
    site.spa(arguments).says(4, &["this needs a confirmation", "--yes asks nobody"]);
    assert_eq!(site.all_stacks(), [], "what was made to find out is gone");
}

#[test]
fn a_purge_that_is_switched_on_is_asked_for_by_name() {
    let site = Site::with_accounts(1);
    assert_eq!(site.apply().status, 0);
    let account = &site.accounts[0];
    let more = format!(
        "accounts:\n  - identifier: '{account}'\n    purge:\n      feature: enabled\n      variables: {{ PURGE_MODE: --force }}\norganizational_units:"
    );
    site.say_instead("organizational_units:", &more);
    let plan = site.spa(&PLAN);
    assert!(plan.data.contains("PURGE ON (forced)"), "{}", plan.data);
    let before = site.called();
    site.apply().says(4, &["this switches a purge on for 1 account", "--purge-on 1"]);
    site.spa(&[&APPLY[..], &["--purge-on", "2"]].concat()).says(4, &["--purge-on says otherwise"]);
    assert_eq!(site.changes_since(before), [] as [&str; 0]);
    site.spa(&[&APPLY[..], &["--purge-on", "1"]].concat()).says(0, &["1 added"]);
}

#[test]
fn a_stack_that_cannot_be_made_says_why_and_is_made_anew_when_the_cause_is_gone() {
    let site = Site::with_accounts(1);
    let tables = aws_sdk_dynamodb::Client::new(&site.automation.config());
    block_on(table::create(&tables, &Governor::default(), "SpaJournal")).unwrap();
    let failed = site.apply();
    failed.says(
        70,
        &["Spa did not come to be: it is ROLLBACK_COMPLETE", "SpaJournal", "the same command goes on"],
    );
    let plan = site.spa(&PLAN);
    assert!(plan.data.contains("is ROLLBACK_COMPLETE and made anew"), "{}", plan.data);
    block_on(table::delete(&tables, &Governor::default(), "SpaJournal")).unwrap();
    site.apply().says(0, &[]);
    assert_eq!(site.all_stacks().len(), 4);
}

#[test]
fn a_stack_in_a_state_that_needs_somebody_is_named_with_what_helps() {
    let site = Site::with_accounts(1);
    assert_eq!(site.apply().status, 0);
    let stuck = ["UPDATE_ROLLBACK_FAILED"; 20];
    site.automation.stack_becomes(REGION, "Spa", &stuck);
    site.package("second");
    let before = site.called();
    let plan = site.spa(&PLAN);
    assert!(plan.data.contains("BLOCKED: the stack is UPDATE_ROLLBACK_FAILED"), "{}", plan.data);
    let help = format!("aws cloudformation continue-update-rollback --stack-name Spa --region {REGION}");
    site.apply().says(4, &["Spa cannot be changed", &help]);
    assert_eq!(site.changes_since(before), [] as [&str; 0]);
}

#[test]
fn what_is_being_changed_is_waited_for() {
    let site = Site::with_accounts(1);
    assert_eq!(site.apply().status, 0);
    site.automation.stack_becomes(
        REGION,
        "Spa",
        &["UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"],
    );
    let applied = site.apply();
    applied.says(0, &["Spa is UPDATE_IN_PROGRESS; waiting for it", "nothing changes"]);
}

#[test]
fn what_is_left_of_a_first_try_is_taken_away_and_made_anew() {
    let site = Site::with_accounts(1);
    assert_eq!(site.apply().status, 0);
    site.owner.stack_becomes("us-east-1", "SpaManagement", &["ROLLBACK_COMPLETE"]);
    let applied = site.apply();
    applied.says(0, &["SpaManagement [1] CREATE_COMPLETE"]);
    assert!(site.owner.calls().iter().any(|call| call == "cloudformation:DeleteStack"));
}

#[test]
fn a_plan_for_a_thousand_accounts_takes_calls_for_what_changes_and_less_than_ten_seconds() {
    let site = Site::with_accounts(0);
    let account = |number: u64| {
        format!(
            "  - identifier: '{:012}'\n    account_tags: {{ team: a{number} }}\n",
            200_000_000_000 + number
        )
    };
    let accounts: Vec<String> = (0..1_000).map(account).collect();
    let accounts = format!("accounts:\n{}", accounts.concat());
    site.say_instead("organizational_units:", &format!("{accounts}organizational_units:"));
    let ssm = aws_sdk_ssm::Client::new(&site.automation.config());
    let path = site.path().join("settings.yaml");
    let settings = spa::settings::load(&path).settings.unwrap();
    block_on(async {
        for (name, parameter) in settings.parameters() {
            let request = ssm.put_parameter().name(&*name).value(&*parameter.value);
            request.r#type(aws_sdk_ssm::types::ParameterType::String).send().await.unwrap();
        }
    });
    site.say_instead("team: a7 ", "team: b7 ");
    let before = site.automation.calls().len();
    let begun = Instant::now();
    let plan = site.spa(&PLAN);
    let took = begun.elapsed();
    plan.says(0, &[]);
    assert!(plan.data.contains("0 added, 1 changed, 0 removed"), "{}", plan.data);
    let calls: Vec<String> = site.automation.calls().split_off(before);
    let pages = calls.iter().filter(|call| *call == "ssm:GetParametersByPath").count();
    assert!(calls.len() - pages < 20, "{calls:?}");
    assert!(calls.iter().filter(|call| !only_reads(call)).count() <= 3, "{calls:?}");
    assert!(pages <= 101, "{pages}");
    assert!(took.as_secs() < 10, "{took:?}");
}
