//! From nothing to a system, and back.

use crate::company::block_on;
use crate::peers::REGION;
use crate::site::{HOME, PLAN, Site};

const STANDING: [(&str, &str); 4] = [
    ("Spa", "CREATE_COMPLETE"),
    ("SpaArtifacts", "CREATE_COMPLETE"),
    ("SpaManagement", "CREATE_COMPLETE"),
    ("SpaSignIns", "CREATE_COMPLETE"),
];

fn owned(stacks: &[(&str, &str)]) -> Vec<(String, String)> {
    stacks.iter().map(|(name, status)| ((*name).to_owned(), (*status).to_owned())).collect()
}

#[test]
fn one_command_deploys_everything_and_the_second_time_it_changes_nothing() {
    let site = Site::with_accounts(2);
    let plan = site.spa(&PLAN);
    plan.says(0, &[]);
    for part in ["Spa in ", "SpaManagement in ", "SpaSignIns in ", "AWS::DynamoDB::Table", "will be uploaded"]
    {
        assert!(plan.data.contains(part), "`{part}` is not in:\n{}", plan.data);
    }
    assert_eq!(site.all_stacks(), [], "a plan leaves nothing behind");

    let first = site.apply();
    assert!(first.status == 0, "{}\n{}", first.notes, first.data);
    assert_eq!(site.all_stacks(), owned(&STANDING));
    let functions = block_on(async {
        let config = site.automation.config();
        let parameters =
            aws_sdk_ssm::Client::new(&config).get_parameters_by_path().path("/Spa").recursive(true);
        assert!(!parameters.send().await.unwrap().parameters().is_empty());
        let stack = aws_sdk_cloudformation::Client::new(&config).describe_stack_resources().stack_name("Spa");
        let resources = stack.send().await.unwrap();
        let kind = |kind: &str| {
            resources.stack_resources().iter().filter(|one| one.resource_type() == Some(kind)).count()
        };
        assert_eq!(kind("AWS::DynamoDB::Table"), 1);
        kind("AWS::Lambda::Function")
    });
    assert!(functions >= 10, "{functions}");

    let before = site.called();
    let second = site.apply();
    second.says(0, &["nothing changes"]);
    assert_eq!(site.changes_since(before), [] as [&str; 0]);
    let again = site.spa(&PLAN);
    assert_eq!(again.data.matches("nothing changes").count(), 4, "{}", again.data);
    assert_eq!(site.changes_since(before), [] as [&str; 0]);
}

#[test]
fn a_new_program_is_one_change_and_goes_out_with_the_same_command() {
    let site = Site::with_accounts(1);
    assert_eq!(site.apply().status, 0);
    site.package("second");
    let before = site.called();
    let plan = site.spa(&PLAN);
    plan.says(0, &[]);
    assert!(plan.data.contains("CodeKey: functions/"), "{}", plan.data);
    assert!(plan.data.contains("will be uploaded"), "{}", plan.data);
    let made: Vec<String> = site.changes_since(before);
    assert_eq!(made, ["cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet"]);

    let before = site.called();
    let applied = site.apply();
    applied.says(0, &["is in the bucket"]);
    let made = site.changes_since(before);
    assert_eq!(made, ["cloudformation:CreateChangeSet", "s3:PutObject", "cloudformation:ExecuteChangeSet"]);
    let stacks = Site::stacks(&site.automation, REGION);
    assert_eq!(stacks[0], ("Spa".to_owned(), "UPDATE_COMPLETE".to_owned()));
}

#[test]
fn without_the_management_account_its_commands_are_told() {
    let site = Site::with_accounts(1);
    let plan = site.spa(&["deploy", "plan", "--package", "bootstrap.zip"]);
    plan.says(0, &[]);
    let command = "aws cloudformation deploy --region us-east-1 --stack-name SpaManagement \
                   --template-file infra/management-account.yaml";
    assert!(plan.data.contains(command), "{}", plan.data);
    let applied = site.spa(&["deploy", "apply", "--package", "bootstrap.zip", "--yes"]);
    applied.says(applied.status, &["SpaManagement was left out", command]);
    assert_eq!(Site::stacks(&site.owner, HOME), []);
    assert_eq!(Site::stacks(&site.automation, REGION).len(), 2);
}

#[test]
fn a_system_is_taken_away_and_its_facts_stay() {
    let site = Site::with_accounts(1);
    assert_eq!(site.apply().status, 0);
    let refused = site.spa(&["deploy", "destroy", "--management-profile", "management"]);
    refused.says(4, &["--confirm Spa says that this is meant"]);
    let wrong = ["deploy", "destroy", "--management-profile", "management", "--confirm", "Spare"];
    site.spa(&wrong).says(4, &["`Spare` is not Spa; nothing was taken away"]);
    assert_eq!(site.all_stacks().len(), 4);

    let destroy = ["deploy", "destroy", "--management-profile", "management", "--confirm", "Spa"];
    let gone = site.spa(&destroy);
    gone.says(0, &["Spa is gone", "SpaManagement is gone"]);
    assert!(gone.data.contains("stays") && gone.data.contains("table SpaJournal"), "{}", gone.data);
    assert_eq!(site.all_stacks(), []);
    let tables = || {
        let client = aws_sdk_dynamodb::Client::new(&site.automation.config());
        block_on(client.list_tables().send()).unwrap().table_names().to_vec()
    };
    assert_eq!(tables(), ["SpaJournal"]);

    let before = site.called();
    site.spa(&destroy).says(0, &[]);
    assert_eq!(site.changes_since(before), [] as [&str; 0], "the second time changes nothing");
    site.spa(&[&destroy[..], &["--delete-facts"]].concat()).says(0, &["the table SpaJournal is deleted"]);
    assert_eq!(tables(), [] as [&str; 0]);
}

#[test]
fn baselines_go_with_the_system_and_those_of_another_environment_stay() {
    let site = Site::with_accounts(2);
    assert_eq!(site.apply().status, 0);
    let guests: Vec<_> = site.accounts.iter().map(|account| site.owner.of(account)).collect();
    for (guest, environment) in guests.iter().zip(["Spa", "Other"]) {
        let tag = aws_sdk_cloudformation::types::Tag::builder().key("environment").value(environment).build();
        let client = aws_sdk_cloudformation::Client::new(&guest.config());
        let template = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}";
        let made = client.create_stack().stack_name("SpaBaseline").template_body(template).tags(tag);
        block_on(made.send()).unwrap();
    }
    let shown = site.spa(&["deploy", "destroy", "--management-profile", "management", "--dry-run"]);
    shown.says(0, &[]);
    assert!(shown.data.contains("baseline (CREATE_COMPLETE)"), "{}", shown.data);
    assert_eq!(Site::stacks(&guests[0], REGION).len(), 1, "it was shown only");
    let destroy = ["deploy", "destroy", "--management-profile", "management", "--confirm", "Spa"];
    let gone = format!("the baseline of {} is gone", site.accounts[0]);
    site.spa(&destroy).says(0, &[&gone]);
    assert_eq!(Site::stacks(&guests[0], REGION), []);
    assert_eq!(Site::stacks(&guests[1], REGION).len(), 1);
}
