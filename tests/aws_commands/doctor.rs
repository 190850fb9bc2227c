//! `spa doctor` on AWS: everything good, nothing there yet, and one thing broken at a time.

use std::collections::BTreeMap;

use aws_config::Region;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_eventbridge::types::{DeadLetterConfig, Target};
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
    deploy_the_way_of_events(&company);
    company
}

/// What the templates make beside: rules that forward, the policy of the bus, the stack, and a trail's trust.
fn deploy_the_way_of_events(company: &Company) {
    let (config, owner) = (company.guest.config(), company.guest.account());
    let abroad = config.clone().into_builder().region(Region::new("us-east-1")).build();
    let pattern = serde_json::json!({
        "source": ["aws.organizations"],
        "detail": { "eventName": ["TagResource", "UntagResource", "MoveAccount", "CreateAccountResult"] },
    });
    let statement = |sid: &str, source: &str, principal: &str, organization: Option<&str>| {
        let mut condition = serde_json::json!({ "ForAllValues:StringEquals": { "events:source": source } });
        if let Some(organization) = organization {
            condition["StringEquals"]["aws:PrincipalOrgID"] = organization.into();
        }
        serde_json::json!({
            "Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "events:PutEvents",
            "Resource": bus(company), "Condition": condition,
        })
    };
    block_on(async {
        let organizations = aws_sdk_organizations::Client::new(&config);
        organizations
            .enable_aws_service_access()
            .service_principal("cloudtrail.amazonaws.com")
            .send()
            .await
            .unwrap();
        let organization =
            organizations.describe_organization().send().await.unwrap().organization.unwrap().id;
        aws_sdk_sqs::Client::new(&abroad)
            .create_queue()
            .queue_name("SpaForwarderDeadLetters")
            .send()
            .await
            .unwrap();
        let events = aws_sdk_eventbridge::Client::new(&abroad);
        events
            .put_rule()
            .name("SpaOrganizationEvents")
            .event_pattern(pattern.to_string())
            .send()
            .await
            .unwrap();
        let dead = format!("arn:aws:sqs:us-east-1:{owner}:SpaForwarderDeadLetters");
        let target = Target::builder().id("SpaAutomation").arn(bus(company));
        let target = target.dead_letter_config(DeadLetterConfig::builder().arn(dead).build());
        let put = events.put_targets().rule("SpaOrganizationEvents").targets(target.build().unwrap());
        put.send().await.unwrap();
        let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [
            statement("SpaMembersForward", "aws.codebuild", "*", organization.as_deref()),
            statement("SpaManagementForwards", "aws.organizations", &format!("arn:aws:iam::{owner}:root"), None),
        ] });
        let events = aws_sdk_eventbridge::Client::new(&config);
        events.put_permission().event_bus_name("default").policy(policy.to_string()).send().await.unwrap();
        for account in &company.accounts[..2] {
            let key = Credentials::new(account.to_string(), "testing", None, None, "test");
            let member = abroad.clone().into_builder();
            let member = member.credentials_provider(SharedCredentialsProvider::new(key)).build();
            let rule = aws_sdk_eventbridge::Client::new(&member).put_rule().name("SpaEventsRuleForSignIn");
            rule.event_pattern("{\"source\":[\"aws.signin\"]}").send().await.unwrap();
        }
        let cloudformation = aws_sdk_cloudformation::Client::new(&config);
        let template = "{\"Resources\":{\"Alarms\":{\"Type\":\"AWS::SNS::Topic\"}}}";
        cloudformation.create_stack().stack_name("Spa").template_body(template).send().await.unwrap();
    });
}

fn bus(company: &Company) -> String {
    format!("arn:aws:events:{REGION}:{}:event-bus/default", company.guest.account())
}

fn url(company: &Company, queue: &str) -> String {
    format!("https://sqs.{REGION}.amazonaws.com/{}/{queue}", company.guest.account())
}

fn doctor(company: &Company) -> Answer {
    company.spa(&["doctor", "--output", "json"])
}

/// The organization itself, and what is not looked at without it.
const REST_ON_THE_ORGANIZATION: [&str; 9] = [
    "accounts",
    "bus-policy",
    "forwarder-dead-letters",
    "member-roles",
    "organization",
    "organization-forwarder",
    "organization-trail",
    "sign-in-forwarder",
    "units",
];

/// What is not good, by check, with evidence and remedy.
fn not_good(answer: &Answer) -> BTreeMap<String, (String, String)> {
    let checks = answer.json();
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let all = checks.as_array().unwrap();
    assert_eq!(all.len(), 25, "every check is told, whatever comes of it: {answer:?}");
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
    let mut from = 0;
    while let Some(start) = answer.data[from..].find(" o-").map(|start| from + start + 1) {
        let end = start + answer.data[start..].find(',').unwrap();
        answer.data.replace_range(start..end, "o-a1b2c3d4e5");
        from = start;
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
        (Some("check,outcome,evidence,remedy"), 26)
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
    assert_eq!(bad, ["journal", "management-role", "parameters", "stack", "wake-up-queue"], "{found:#?}");
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
    assert_eq!((answer.status, found.len(), company.called()), (1, 25, before));
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
    assert_eq!(skipped, REST_ON_THE_ORGANIZATION, "the others are looked at");
}

#[test]
fn a_member_role_that_refuses_is_named_with_its_account() {
    let company = whole();
    let account = company.accounts[1].to_string();
    company.guest.refuse_what_says("AssumeRole", &account, 10, 403, "AccessDenied");
    let found = not_good(&doctor(&company));
    assert_eq!(found.keys().collect::<Vec<_>>(), ["member-roles", "sign-in-forwarder"], "{found:#?}");
    let (told, remedy) = &found["member-roles"];
    let expected =
        "tried in 2 of 2 managed accounts; 1 refuse it, 0 did not answer: 100000000002: cannot act as";
    assert!(told.contains(expected), "{told}");
    assert!(remedy.contains("AWSControlTowerExecution must exist and trust the management role"), "{remedy}");
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
    assert_eq!(found.keys().collect::<Vec<_>>(), REST_ON_THE_ORGANIZATION);
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
        // 15 s are allowed for a hundred accounts.
        assert!(begun.elapsed() < std::time::Duration::from_secs(15), "{:?}", begun.elapsed());
        // The management role, and one in each account; what is called as that is called by the account.
        assert_eq!(calls["sts:AssumeRole"], 1 + tried, "{calls:?}");
        assert_eq!(calls["organizations:ListAccounts"], 6, "{calls:?}");
        assert!(!found.contains_key("member-roles"), "{found:#?}");
        assert!(!found.contains_key("calls"), "{found:#?}");
    }
}

/// The client for rules where AWS Organizations tells its events.
fn rules_abroad(company: &Company) -> aws_sdk_eventbridge::Client {
    let config = company.guest.config().into_builder().region(Region::new("us-east-1")).build();
    aws_sdk_eventbridge::Client::new(&config)
}

#[test]
fn a_forwarder_that_tells_nobody_is_told() {
    let company = whole();
    let events = rules_abroad(&company);
    let rule = "SpaOrganizationEvents";
    block_on(events.disable_rule().name(rule).send()).unwrap();
    let remedy = ["aws events enable-rule --region us-east-1 --name SpaOrganizationEvents"];
    let found = not_good(&doctor(&company));
    assert!(
        found["organization-forwarder"].0.contains("bad: the rule SpaOrganizationEvents is disabled"),
        "{found:#?}"
    );
    assert!(found["organization-forwarder"].1.contains(remedy[0]), "{found:#?}");
    assert_eq!(
        found["forwarder-dead-letters"].0,
        "not-looked-at: because `organization-forwarder` is not as it must be"
    );
    block_on(async {
        events.enable_rule().name(rule).send().await.unwrap();
        let target =
            Target::builder().id("SpaAutomation").arn("arn:aws:sns:us-east-1:999988887777:Elsewhere").build();
        events.put_targets().rule(rule).targets(target.unwrap()).send().await.unwrap();
    });
    let found = not_good(&doctor(&company));
    assert!(found["organization-forwarder"].0.contains("but to: arn:aws:sns:us-east-1:"), "{found:#?}");
    block_on(async {
        let pattern = "{\"source\":[\"aws.organizations\"],\"detail\":{\"eventName\":[\"TagResource\"]}}";
        events.put_rule().name(rule).event_pattern(pattern).send().await.unwrap();
        let target = Target::builder().id("SpaAutomation").arn(bus(&company)).build();
        events.put_targets().rule(rule).targets(target.unwrap()).send().await.unwrap();
    });
    let found = not_good(&doctor(&company));
    let told = &found["organization-forwarder"].0;
    assert!(told.contains("does not take UntagResource, MoveAccount, CreateAccountResult"), "{told}");
    block_on(async {
        events.remove_targets().rule(rule).ids("SpaAutomation").send().await.unwrap();
        events.delete_rule().name(rule).send().await.unwrap();
    });
    let found = not_good(&doctor(&company));
    assert!(found["organization-forwarder"].0.contains("has no rule SpaOrganizationEvents"), "{found:#?}");
    assert!(
        found["organization-forwarder"].1.contains("infra/management-account.yaml in us-east-1"),
        "{found:#?}"
    );
}

#[test]
fn events_that_could_not_be_forwarded_are_counted() {
    let company = whole();
    let config = company.guest.config().into_builder().region(Region::new("us-east-1")).build();
    let sqs = aws_sdk_sqs::Client::new(&config);
    block_on(async {
        let queue = sqs
            .get_queue_url()
            .queue_name("SpaForwarderDeadLetters")
            .send()
            .await
            .unwrap()
            .queue_url
            .unwrap();
        sqs.send_message().queue_url(queue).message_body("{}").send().await.unwrap();
    });
    only(
        &doctor(&company),
        "forwarder-dead-letters",
        &["bad: 1 events could not be forwarded, and lie in arn:aws:sqs:us-east-1:"],
        &["aws sqs receive-message --region us-east-1", "ERROR_CODE"],
    );
}

#[test]
fn a_bus_that_lets_in_too_few_or_everybody_is_told() {
    let company = whole();
    let events = aws_sdk_eventbridge::Client::new(&company.guest.config());
    let put = |statement: Value| {
        let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        block_on(events.put_permission().event_bus_name("default").policy(policy).send()).unwrap();
    };
    let mut statement = serde_json::json!({
        "Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": bus(&company),
    });
    put(statement.clone());
    let remedy = ["infra/automation-account.yaml anew"];
    only(&doctor(&company), "bus-policy", &["the statement `Open` of", "lets anybody put events"], &remedy);
    statement["Condition"] = serde_json::json!({ "StringEquals": { "aws:PrincipalOrgID": "o-another" } });
    put(statement);
    only(&doctor(&company), "bus-policy", &["does not let in aws.codebuild from accounts of o-"], &remedy);
}

#[test]
fn an_organization_without_a_trail_is_doubtful() {
    let company = whole();
    let organizations = aws_sdk_organizations::Client::new(&company.guest.config());
    let off = organizations.disable_aws_service_access().service_principal("cloudtrail.amazonaws.com");
    block_on(off.send()).unwrap();
    let answer = doctor(&company);
    let found = not_good(&answer);
    assert_eq!(
        (answer.status, found.keys().collect::<Vec<_>>()),
        (0, vec![&"organization-trail".to_owned()]),
        "{found:#?}"
    );
    assert!(found["organization-trail"].1.contains("--is-organization-trail"), "{found:#?}");
}

#[test]
fn what_is_safe_is_put_right_once_somebody_has_agreed() {
    let company = whole();
    let dynamodb = aws_sdk_dynamodb::Client::new(&company.guest.config());
    let nothing = company.spa(&["doctor", "--fix", "--output", "json"]);
    assert_eq!(nothing.status, 0);
    assert!(nothing.notes.contains("--fix: there is nothing that it could do"), "{nothing:?}");
    block_on(async {
        let off = aws_sdk_dynamodb::types::PointInTimeRecoverySpecification::builder()
            .point_in_time_recovery_enabled(false)
            .build();
        let change = dynamodb.update_continuous_backups().table_name("SpaJournal");
        change.point_in_time_recovery_specification(off.unwrap()).send().await.unwrap();
        dynamodb
            .update_table()
            .table_name("SpaJournal")
            .deletion_protection_enabled(false)
            .send()
            .await
            .unwrap();
    });
    // Nobody is there to agree.
    let asked = company.spa(&["doctor", "--fix"]);
    assert_eq!((asked.status, asked.data.as_str()), (4, ""), "{asked:?}");
    assert!(
        asked.notes.contains("--fix would switch point-in-time recovery of the table SpaJournal on"),
        "{asked:?}"
    );
    assert_eq!(doctor(&company).status, 1, "nothing was done");
    let fixed = company.spa(&["doctor", "--fix", "--yes", "--output", "json"]);
    assert_eq!((fixed.status, not_good(&fixed)), (0, BTreeMap::new()), "it is looked at again: {fixed:?}");
    assert!(fixed.notes.contains("done: protect the table SpaJournal from being deleted"), "{fixed:?}");
    company.spa(&["doctor", "--yes"]).says(2, &["--fix"]);
}
