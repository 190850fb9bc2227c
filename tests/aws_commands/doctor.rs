//! `spa doctor` on AWS: everything good, nothing there yet, and one thing broken at a time.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;
use state_machine::Gesture;

use crate::company::{Answer, Company, assert_golden, block_on};
use crate::peers::REGION;

/// A company whose accounts were adopted, with a queue for dead letters.
fn whole() -> Company {
    let company = Company::with_accounts(2);
    for account in &company.accounts[..2] {
        company.tag(*account, &[("account-state", "released"), ("account-holder", "alice@example.com")]);
        company.look_at(*account, "2026-11-02T09:00:00Z");
        company.order(*account, Gesture::Adopt, "2026-11-02T10:00:00Z");
    }
    let sqs = aws_sdk_sqs::Client::new(&company.guest.config());
    block_on(async {
        sqs.create_queue().queue_name("SpaDeadLetters").send().await.unwrap();
        let arn = format!("arn:aws:sqs:{REGION}:{}:SpaDeadLetters", company.guest.account());
        let policy = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 5 }).to_string();
        let change = sqs.set_queue_attributes().queue_url(url(&company, "SpaWakeUps"));
        change.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap();
    });
    company
}

fn url(company: &Company, queue: &str) -> String {
    format!("https://sqs.{REGION}.amazonaws.com/{}/{queue}", company.guest.account())
}

fn doctor(company: &Company) -> Answer {
    company.spa(&["doctor", "--output", "json"])
}

/// What is not good, by check, with evidence and remedy.
fn not_good(answer: &Answer) -> BTreeMap<String, (String, String)> {
    let checks = answer.json();
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let all = checks.as_array().unwrap();
    assert_eq!(all.len(), 19, "every check is told, whatever comes of it: {answer:?}");
    all.iter()
        .filter(|check| check["outcome"] != "good")
        .map(|check| {
            let told = format!("{}: {}", text(check, "outcome"), text(check, "evidence"));
            (text(check, "check"), (told, text(check, "remedy")))
        })
        .collect()
}

/// Exactly one check is not good, and says this.
#[track_caller]
fn only(answer: &Answer, check: &str, evidence: &[&str], remedy: &[&str]) {
    assert_eq!(answer.status, 1, "{answer:?}");
    let found = not_good(answer);
    assert_eq!(found.keys().collect::<Vec<_>>(), [check], "{found:#?}");
    for (told, parts) in [(&found[check].0, evidence), (&found[check].1, remedy)] {
        for part in parts {
            assert!(told.contains(part), "`{part}` is not in:\n{told}");
        }
    }
}

/// Lengths of time differ from run to run, and so does what moto calls an organization.
fn timeless(mut answer: Answer) -> Answer {
    if let Some(start) = answer.data.find(" o-") {
        let end = start + answer.data[start..].find(',').unwrap();
        answer.data.replace_range(start + 1..end, "o-a1b2c3d4e5");
    }
    while let Some(end) = answer.data.find(" ago)") {
        let start = answer.data[..end].rfind('(').unwrap();
        answer.data.replace_range(start..end + 5, "(some time before)");
    }
    answer
}

#[test]
fn a_whole_deployment_is_all_good() {
    let company = whole();
    let before = company.called();
    let answer = doctor(&company);
    assert_eq!((answer.status, not_good(&answer)), (0, BTreeMap::new()), "{answer:?}");
    let calls = company.calls(before);
    let changing = ["Create", "Delete", "Put", "Send", "Start", "Tag", "Update", "TransactWrite", "Set"];
    let changes = |call: &String| {
        call.split_once(':').is_some_and(|(_, name)| changing.iter().any(|word| name.starts_with(word)))
    };
    assert!(!calls.keys().any(changes), "nothing is changed: {calls:?}");
    assert_golden("doctor.txt", &[timeless(company.spa(&["doctor"]))]);
    let csv = company.spa(&["doctor", "--output", "csv"]);
    assert_eq!(
        (csv.data.lines().next(), csv.data.lines().count()),
        (Some("check,outcome,evidence,remedy"), 20)
    );
}

#[test]
fn before_the_first_deployment_it_is_the_checklist() {
    let company = Company::with_accounts(1);
    let config = company.guest.config();
    block_on(async {
        let dynamodb = aws_sdk_dynamodb::Client::new(&config);
        let unlocked = dynamodb.update_table().table_name("SpaJournal").deletion_protection_enabled(false);
        unlocked.send().await.unwrap();
        dynamodb.delete_table().table_name("SpaJournal").send().await.unwrap();
        let sqs = aws_sdk_sqs::Client::new(&config);
        sqs.delete_queue().queue_url(url(&company, "SpaWakeUps")).send().await.unwrap();
        let ssm = aws_sdk_ssm::Client::new(&config);
        for name in company.parameters() {
            ssm.delete_parameter().name(name).send().await.unwrap();
        }
    });
    company.guest.refuse("AssumeRole", 10, 403, "AccessDenied");
    let answer = doctor(&company);
    let found = not_good(&answer);
    let bad: Vec<&str> =
        found.iter().filter(|(_, told)| told.0.starts_with("bad")).map(|(check, _)| check.as_str()).collect();
    assert_eq!(bad, ["journal", "management-role", "parameters", "wake-up-queue"], "{found:#?}");
    for check in bad {
        assert!(!found[check].1.is_empty(), "{check} has no remedy: {found:#?}");
    }
    assert!(found["parameters"].0.contains("5 missing (/Spa/Defaults; "), "{found:#?}");
    let answer = company.spa(&["doctor"]);
    assert_golden("doctor-before.txt", &[timeless(answer)]);
}

#[test]
fn credentials_that_are_missing_or_foreign_are_the_first_thing_to_say() {
    let company = whole();
    let mut command = company.command(&["doctor", "--output", "json"]);
    command.env("AWS_ACCESS_KEY_ID", "343434343434");
    let before = company.called();
    let found = not_good(&company.answer(&command.output().unwrap(), &[]));
    assert_eq!(company.called(), before, "nothing of the company is asked");
    assert!(found["automation-account"].0.contains("of the account 343434343434"), "{found:#?}");
    assert!(found["automation-account"].1.contains("AWS_PROFILE"), "{found:#?}");
    assert_eq!(found["journal"].0, "not-looked-at: because `automation-account` is not as it must be");

    let mut command = company.command(&["doctor", "--output", "json"]);
    command.env_remove("AWS_ACCESS_KEY_ID");
    let found = not_good(&company.answer(&command.output().unwrap(), &[]));
    assert!(found["credentials"].1.contains("aws sso login"), "{found:#?}");
}

#[test]
fn settings_that_cannot_be_used_leave_the_rest_out() {
    let company = whole();
    company.without("role_arn_to_manage_accounts");
    let before = company.called();
    let answer = doctor(&company);
    let found = not_good(&answer);
    assert!(found["settings"].0.contains("ROLE_ARN_TO_MANAGE_ACCOUNTS is not set"), "{found:#?}");
    assert_eq!((answer.status, found.len(), company.called()), (1, 19, before));
}

#[test]
fn a_management_role_that_refuses_is_explained() {
    let company = whole();
    company.guest.refuse_what_says("AssumeRole", "SpaManagement", 10, 403, "AccessDenied");
    let found = not_good(&doctor(&company));
    let (told, remedy) = &found["management-role"];
    assert!(told.contains("cannot act as arn:aws:iam::999988887777:role/SpaManagement"), "{told}");
    for part in ["must exist, and trust the caller (OperatorArns", "without an external id"] {
        assert!(remedy.contains(part), "{remedy}");
    }
    let skipped: Vec<&String> = found.keys().filter(|check| *check != "management-role").collect();
    assert_eq!(skipped, ["accounts", "member-roles", "organization", "units"], "the others are looked at");
}

#[test]
fn a_member_role_that_refuses_is_named_with_its_account() {
    let company = whole();
    let account = company.accounts[1].to_string();
    company.guest.refuse_what_says("AssumeRole", &account, 10, 403, "AccessDenied");
    only(
        &doctor(&company),
        "member-roles",
        &["tried in 2 of 2 managed accounts; 1 refuse it, 0 did not answer: 100000000002: cannot act as"],
        &["AWSControlTowerExecution must exist and trust the management role"],
    );
    // One account is tried, which is the first.
    let one = company.spa(&["doctor", "--accounts", "1", "--output", "json"]);
    assert_eq!(not_good(&one), BTreeMap::new());
}

#[test]
fn parameters_that_are_not_as_the_settings_say_are_named() {
    let company = whole();
    let ssm = aws_sdk_ssm::Client::new(&company.guest.config());
    block_on(async {
        let changed = ssm.put_parameter().name("/Spa/Defaults").value("{}").overwrite(true);
        changed.r#type(aws_sdk_ssm::types::ParameterType::String).send().await.unwrap();
        ssm.delete_parameter().name("/Spa/PurgeBuildspecTemplate").send().await.unwrap();
        for name in ["/Spa/Accounts/111122223333", "/Spa/SomebodyElse"] {
            let left = ssm.put_parameter().name(name).value("{}");
            left.r#type(aws_sdk_ssm::types::ParameterType::String).send().await.unwrap();
        }
    });
    only(
        &doctor(&company),
        "parameters",
        &["of 5 below /Spa: 1 missing (/Spa/PurgeBuildspecTemplate), 1 different (/Spa/Defaults), \
             1 left over (/Spa/Accounts/111122223333)"],
        &["spa settings plan --on aws", "spa settings apply --on aws"],
    );
}

#[test]
fn a_table_whose_facts_are_not_safe_is_told() {
    let company = whole();
    let dynamodb = aws_sdk_dynamodb::Client::new(&company.guest.config());
    let off = aws_sdk_dynamodb::types::PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(false)
        .build()
        .unwrap();
    let change = dynamodb.update_continuous_backups().table_name("SpaJournal");
    block_on(change.point_in_time_recovery_specification(off).send()).unwrap();
    only(
        &doctor(&company),
        "journal-protection",
        &["bad: the table SpaJournal has no point-in-time recovery"],
        &["aws dynamodb update-continuous-backups --region eu-west-1 --table-name SpaJournal"],
    );
}

#[test]
fn a_table_that_is_made_otherwise_is_told() {
    let company = whole();
    let dynamodb = aws_sdk_dynamodb::Client::new(&company.guest.config());
    let delete =
        aws_sdk_dynamodb::types::DeleteGlobalSecondaryIndexAction::builder().index_name("due").build();
    let update =
        aws_sdk_dynamodb::types::GlobalSecondaryIndexUpdate::builder().delete(delete.unwrap()).build();
    let change = dynamodb.update_table().table_name("SpaJournal").global_secondary_index_updates(update);
    block_on(change.send()).unwrap();
    let found = not_good(&doctor(&company));
    assert!(found["journal"].0.contains("the index `due` is missing"), "{found:#?}");
    let skipped: Vec<&String> = found.keys().filter(|check| *check != "journal").collect();
    assert_eq!(skipped, ["journal-protection", "life", "refused-events", "stuck-accounts"]);
}

#[test]
fn dead_letters_are_counted() {
    let company = whole();
    let sqs = aws_sdk_sqs::Client::new(&company.guest.config());
    let send =
        sqs.send_message().queue_url(url(&company, "SpaDeadLetters")).message_body("nobody reads this");
    block_on(send.send()).unwrap();
    only(
        &doctor(&company),
        "dead-letters",
        &["of 1 queue for dead letters, 1 not empty: 1 in SpaDeadLetters"],
        &["aws sqs receive-message", "aws sqs start-message-move-task"],
    );
}

#[test]
fn dead_letters_of_a_function_are_counted_too() {
    let company = whole();
    let sqs = aws_sdk_sqs::Client::new(&company.guest.config());
    block_on(async {
        // The third is another environment's.
        for queue in ["SpaOnReconcileDeadLetters", "SpaOnWakeUpDeadLetters", "SpaTestOnWakeUpDeadLetters"] {
            sqs.create_queue().queue_name(queue).send().await.unwrap();
        }
        for queue in ["SpaOnWakeUpDeadLetters", "SpaTestOnWakeUpDeadLetters"] {
            let send = sqs.send_message().queue_url(url(&company, queue)).message_body("nobody reads this");
            send.send().await.unwrap();
        }
    });
    only(
        &doctor(&company),
        "dead-letters",
        &["of 3 queues for dead letters, 1 not empty: 1 in SpaOnWakeUpDeadLetters"],
        &["/SpaOnWakeUpDeadLetters", "spa events send"],
    );
}

#[test]
fn a_role_in_an_account_without_an_organization_is_told() {
    let company = whole();
    let mut command = company.command(&["doctor", "--output", "json"]);
    command.env("ROLE_ARN_TO_MANAGE_ACCOUNTS", "arn:aws:iam::343434343434:role/SpaManagement");
    let found = not_good(&company.answer(&command.output().unwrap(), &[]));
    assert_eq!(
        found["organization"].0, "bad: the role sees no organization with the account 343434343434 in it",
        "{found:#?}"
    );
    assert!(found["organization"].1.contains("role_arn_to_manage_accounts"), "{found:#?}");
    assert_eq!(found.keys().collect::<Vec<_>>(), ["accounts", "member-roles", "organization", "units"]);
}

#[test]
fn units_and_accounts_that_nobody_has_are_named() {
    let company = whole();
    let path = company.path().join("settings.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let more = "  - identifier: ou-ab12-99999999\naccounts:\n  - identifier: '555566667777'\n";
    std::fs::write(&path, text + more).unwrap();
    let found = not_good(&doctor(&company));
    assert!(
        found["units"].0.contains("1 of 2 units of the settings do not exist: ou-ab12-99999999"),
        "{found:#?}"
    );
    assert!(
        found["accounts"].0.contains("1 of 1 that the settings name do not exist: 555566667777"),
        "{found:#?}"
    );
    // What the file says and what is deployed are two things.
    assert_eq!(found.keys().collect::<Vec<_>>(), ["accounts", "parameters", "units"]);
}

#[test]
fn a_right_that_is_missing_is_not_taken_for_a_fault() {
    let company = whole();
    company.guest.refuse("GetQueueAttributes", 10, 400, "AccessDeniedException");
    let found = not_good(&doctor(&company));
    assert!(found["wake-up-queue"].0.starts_with("not-looked-at: sqs:GetQueueAttributes"), "{found:#?}");
    assert_eq!(found["wake-up-queue"].1, "allow sqs:GetQueueAttributes to whoever runs this");
}

#[test]
fn what_the_governor_saw_is_told() {
    let company = whole();
    company.guest.refuse("DescribeTable", 1, 400, "ThrottlingException");
    let answer = doctor(&company);
    let found = not_good(&answer);
    assert_eq!((answer.status, found.len()), (0, 1), "{found:#?}");
    assert!(found["calls"].0.contains("1 throttled"), "{found:#?}");
}

#[test]
fn a_hundred_accounts_take_few_calls_unless_each_is_asked_for() {
    let company = Company::with_accounts(100);
    for (sample, tried) in [(None, 20), (Some("7"), 7), (Some("all"), 100)] {
        let mut arguments = vec!["doctor", "--output", "json"];
        arguments.extend(sample.iter().flat_map(|sample| ["--accounts", *sample]));
        let (before, begun) = (company.called(), std::time::Instant::now());
        let found = not_good(&company.spa(&arguments));
        let calls = company.calls(before);
        eprintln!("{tried} of 100 accounts: {} calls, {:?}", calls.values().sum::<usize>(), begun.elapsed());
        // The management role, and one in each account; what is called as that is called by the account.
        assert_eq!(calls["sts:AssumeRole"], 1 + tried, "{calls:?}");
        assert_eq!(calls["organizations:ListAccounts"], 6, "{calls:?}");
        assert!(!found.contains_key("member-roles"), "{found:#?}");
        assert!(!found.contains_key("calls"), "{found:#?}");
    }
}
