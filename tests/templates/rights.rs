//! The role of each function may do what its code calls, and nothing else.
//!
//! Each call to AWS is named where it is made, for the governor: `"organizations:TagResource"`. These names are gathered
//! from the sources and held against [`CALLS`], which says who makes each; and what follows for each role is held against
//! the templates. So a call that is new in the code fails here until somebody has said whose it is, and a right that no
//! code uses fails, too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use spa::event::Handler;

use crate::rules::functions;
use crate::template::{Template, listed};

/// As whom, and in which code, a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    /// Every function, as its own role: it records what it refuses (`src/handler`).
    Every,
    /// Functions that handle accounts, as their own role (`src/lifecycle/handle.rs` and `src/lifecycle/pay.rs`: whatever an
    /// account is owed is carried out by whoever looks at it).
    HandlesAccounts,
    /// Functions that read all accounts, as their own role (`compare` in `src/lifecycle/reconcile.rs`, and
    /// `src/lifecycle/window.rs`).
    ReadsTheWholeFleet,
    /// The management role, which functions that handle accounts assume.
    Management,
    /// The role in a member account, which the management role assumes. No template here makes it.
    Member,
    /// People at the command line.
    People,
    /// Tests make the table.
    Tests,
}

use Caller::{Every, HandlesAccounts, Management, Member, People, ReadsTheWholeFleet, Tests};

/// Every call that the code makes, by its name in IAM.
const CALLS: &[(&str, &[Caller])] = &[
    ("cloudformation:CreateStack", &[Member]),
    ("cloudformation:DeleteStack", &[Member]),
    ("cloudformation:DescribeStackEvents", &[Member]),
    ("cloudformation:DescribeStackResourceDrifts", &[Member]),
    ("cloudformation:DescribeStacks", &[Member]),
    ("cloudformation:DetectStackDrift", &[Member]),
    ("cloudformation:GetTemplate", &[Member]),
    ("cloudformation:UpdateStack", &[Member]),
    ("codebuild:BatchGetBuilds", &[Member]),
    ("codebuild:DeleteProject", &[Member]),
    ("codebuild:ListBuildsForProject", &[Member]),
    ("codebuild:StartBuild", &[Member]),
    ("dynamodb:BatchGetItem", &[ReadsTheWholeFleet]),
    ("dynamodb:CreateTable", &[Tests]),
    ("dynamodb:DescribeContinuousBackups", &[People]),
    ("dynamodb:DescribeTable", &[People]),
    ("dynamodb:DescribeTimeToLive", &[People]),
    ("dynamodb:GetItem", &[Every, HandlesAccounts]),
    ("dynamodb:PutItem", &[Every, HandlesAccounts]),
    ("dynamodb:Query", &[Every, HandlesAccounts]),
    ("dynamodb:UpdateContinuousBackups", &[Tests]),
    ("events:DeleteRule", &[Member]),
    ("events:DescribeEventBus", &[People]),
    ("events:ListTargetsByRule", &[Member]),
    ("events:PutEvents", &[HandlesAccounts]),
    ("events:RemoveTargets", &[Member]),
    ("organizations:DescribeAccount", &[Management]),
    ("organizations:ListAccounts", &[Management]),
    ("organizations:ListAccountsForParent", &[Management]),
    ("organizations:ListOrganizationalUnitsForParent", &[Management]),
    ("organizations:ListParents", &[Management]),
    ("organizations:ListRoots", &[Management]),
    ("organizations:ListTagsForResource", &[Management]),
    ("organizations:TagResource", &[Management]),
    ("organizations:UntagResource", &[Management]),
    ("sqs:GetQueueAttributes", &[People]),
    ("sqs:GetQueueUrl", &[People]),
    ("sqs:ListQueues", &[People]),
    ("sqs:SendMessage", &[HandlesAccounts]),
    ("ssm:DeleteParameters", &[People]),
    ("ssm:DescribeParameters", &[People]),
    ("ssm:GetParameterHistory", &[People]),
    ("ssm:GetParameters", &[HandlesAccounts]),
    ("ssm:GetParametersByPath", &[ReadsTheWholeFleet]),
    ("ssm:PutParameter", &[People]),
    ("sts:AssumeRole", &[HandlesAccounts, Management]),
    ("sts:GetCallerIdentity", &[People]),
    ("tag:GetResources", &[Management, Member]),
];

/// What is called on: the resources of each call that a function makes as its own role.
fn resources(call: &str) -> &'static [&'static str] {
    match call {
        "dynamodb:BatchGetItem" | "dynamodb:GetItem" | "dynamodb:PutItem" | "dynamodb:Query" => {
            &["JournalTable.Arn"]
        }
        "events:PutEvents" => &["arn:aws:events:eu-west-1:111122223333:event-bus/default"],
        "sqs:SendMessage" => &["WakeUpsQueue.Arn"],
        "ssm:GetParameters" => &["arn:aws:ssm:eu-west-1:111122223333:parameter/Spa/*"],
        "ssm:GetParametersByPath" => &[
            "arn:aws:ssm:eu-west-1:111122223333:parameter/Spa",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/Spa/*",
        ],
        "sts:AssumeRole" => &["arn:aws:iam::444455556666:role/SpaManagement"],
        other => panic!("nobody said what {other} is called on"),
    }
}

/// Who makes which calls. Windows let accounts in, so they handle them.
fn callers(handler: Handler) -> &'static [Caller] {
    match handler {
        Handler::OnMaintenanceWindow | Handler::OnReconcile => &[Every, HandlesAccounts, ReadsTheWholeFleet],
        Handler::OnVanillaAccount
        | Handler::OnAssignedAccount
        | Handler::OnPreparedAccount
        | Handler::OnReleasedAccount
        | Handler::OnExpiredAccount
        | Handler::OnPurgedAccount
        | Handler::OnWakeUp => &[Every, HandlesAccounts],
        Handler::OnAccountEvent => &[Every],
        later => panic!("{later} is not deployed yet"),
    }
}

/// Which indexes of the table a function reads: `due` where it wakes what is due, `heads` where it goes through all
/// accounts.
fn indexes(handler: Handler) -> &'static [&'static str] {
    match handler {
        Handler::OnMaintenanceWindow => &["JournalTable.Arn/index/heads"],
        Handler::OnReconcile => &["JournalTable.Arn/index/due", "JournalTable.Arn/index/heads"],
        Handler::OnWakeUp => &["JournalTable.Arn/index/due"],
        _ => &[],
    }
}

/// An action, and what it is allowed on.
type Right = (String, String);

fn rights<'s>(statements: impl IntoIterator<Item = &'s Value>) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    for statement in statements.into_iter().filter(|statement| statement["Effect"] == "Allow") {
        // What is allowed is named, and not what is left out.
        assert!(statement["NotAction"].is_null() && statement["NotResource"].is_null(), "{statement}");
        for action in listed(&statement["Action"]) {
            for resource in listed(&statement["Resource"]) {
                rights.insert((action.as_str().unwrap().to_owned(), resource.as_str().unwrap().to_owned()));
            }
        }
    }
    rights
}

fn statements(policy: &Value) -> &Vec<Value> {
    policy["PolicyDocument"]["Statement"].as_array().unwrap()
}

/// Everything that a role says, in policies of its own and in those that it shares.
fn of_role<'t>(template: &'t Template, role: &'t Value) -> Vec<&'t Value> {
    let own = role["Policies"].as_array().unwrap().iter();
    let shared = role["ManagedPolicyArns"].as_array().unwrap().iter();
    let shared = shared.map(|policy| template.one(policy.as_str().unwrap()));
    own.chain(shared).flat_map(statements).collect()
}

fn right(action: &str, resource: &str) -> Right {
    (action.to_owned(), resource.to_owned())
}

/// What Lambda does with the role of a function: its log, its traces, its queues.
fn of_lambda(template: &Template, name: &str) -> BTreeSet<Right> {
    let mut rights: BTreeSet<Right> = ["logs:CreateLogStream", "logs:PutLogEvents"]
        .map(|action| right(action, &format!("{name}Logs.Arn")))
        .into_iter()
        .chain(["xray:PutTelemetryRecords", "xray:PutTraceSegments"].map(|action| right(action, "*")))
        .collect();
    for (_, mapping) in template.all("AWS::Lambda::EventSourceMapping") {
        if mapping["FunctionName"] == name {
            let queue = mapping["EventSourceArn"].as_str().unwrap();
            let actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
            rights.extend(actions.map(|action| right(action, queue)));
        }
    }
    if let Some(dead) = template.one(name)["DeadLetterConfig"]["TargetArn"].as_str() {
        rights.insert(right("sqs:SendMessage", dead));
    }
    rights
}

#[test]
fn every_call_of_the_code_is_somebodys() {
    let mut called = BTreeMap::new();
    calls_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut called);
    let known: BTreeSet<&str> = CALLS.iter().map(|(call, _)| *call).collect();
    for (call, file) in &called {
        assert!(known.contains(call.as_str()), "{file} calls {call}: say who does, and give the right");
    }
    for call in known {
        assert!(called.contains_key(call), "no code calls {call} any more");
    }
}

/// Names of calls in all sources below a folder, each with a file that has it. Unit tests are left out.
fn calls_below(folder: &Path, called: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() {
            calls_below(&path, called);
        } else if !is_test && path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let texts = lines.flat_map(|line| line.split('"').skip(1).step_by(2));
            called.extend(
                texts.filter(|text| is_call(text)).map(|call| (call.to_owned(), path.display().to_string())),
            );
        }
    }
}

/// `organizations:TagResource`
fn is_call(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, operation)| {
        !service.is_empty()
            && service.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            && operation.starts_with(|c: char| c.is_ascii_uppercase())
            && operation.chars().all(|c| c.is_ascii_alphanumeric())
            // A key of a condition in an error message of AWS, and no call.
            && operation.len() > 3
    })
}

#[test]
fn each_function_may_do_what_it_calls_and_nothing_else() {
    let template = Template::automation();
    for (name, handler) in functions(&template) {
        let role = format!("{name}Role");
        assert_eq!(template.one(name)["Role"], format!("{role}.Arn"));
        let mut expected = of_lambda(&template, name);
        for (call, by) in CALLS {
            if callers(handler).iter().any(|caller| by.contains(caller)) {
                expected.extend(resources(call).iter().map(|resource| right(call, resource)));
            }
        }
        expected.extend(indexes(handler).iter().map(|index| right("dynamodb:Query", index)));
        if callers(handler).contains(&HandlesAccounts) {
            // Where sessions carry tags.
            expected.insert(right("sts:TagSession", resources("sts:AssumeRole")[0]));
        }
        assert_eq!(rights(of_role(&template, template.one(&role))), expected, "{name}");
    }
}

#[test]
fn who_handles_no_accounts_reaches_the_journal_of_none() {
    let template = Template::automation();
    let of_the_fleet = statements(template.one("EveryFunction"));
    let journal = of_the_fleet.iter().find(|statement| statement["Resource"] == "JournalTable.Arn").unwrap();
    assert_eq!(journal["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"][0], "fleet");
}

#[test]
fn the_management_role_may_do_what_is_called_as_it_and_nothing_else() {
    let template = Template::read("management-account");
    let allowed = rights(of_role(&template, template.one("ManagementRole")));
    let allowed: BTreeSet<&str> = allowed.iter().map(|(action, _)| action.as_str()).collect();
    let calls = CALLS.iter().filter(|(_, by)| by.contains(&Management)).map(|(call, _)| *call);
    assert_eq!(allowed, calls.chain(["sts:TagSession"]).collect());
}

#[test]
fn functions_and_nobody_else_are_trusted_with_the_management_role() {
    let template = Template::read("management-account");
    let trust = template.one("ManagementRole")["AssumeRolePolicyDocument"]["Statement"].as_array().unwrap();
    assert_eq!(trust[0]["Principal"]["AWS"], "arn:aws:iam::111122223333:root");
    assert_eq!(trust[0]["Condition"]["StringEquals"]["sts:ExternalId"], "ExternalId");
    let path = "arn:aws:iam::111122223333:role/spa/Spa/*";
    let principals = trust[0]["Condition"]["ArnLike"]["aws:PrincipalArn"].to_string();
    assert!(principals.contains(path), "{principals}");
    for (name, role) in Template::automation().all("AWS::IAM::Role") {
        assert_eq!(role["Path"], "/spa/Spa/", "{name} could not assume it");
    }
}

/// What no resource can be named for. The reason stands beside it in the template.
const ON_EVERYTHING: [&str; 5] = [
    "organizations:ListAccounts",
    "organizations:ListRoots",
    "tag:GetResources",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

#[test]
fn nothing_is_allowed_on_everything_without_a_reason() {
    for name in ["automation-account", "management-account", "signin-forwarder"] {
        let template = Template::read(name);
        let mut allowed = BTreeSet::new();
        for (_, role) in template.all("AWS::IAM::Role") {
            allowed.extend(rights(of_role(&template, role)));
        }
        for (action, resource) in allowed {
            assert!(!action.contains('*'), "{name}: {action}");
            assert!(
                resource != "*" || ON_EVERYTHING.contains(&action.as_str()),
                "{name}: {action} on everything"
            );
        }
    }
}
