//! The role of each function may do what it calls on the wire, and nothing else.
//!
//! `calls.csv` says which function makes which call, as whom and on what. It is generated: `tests/aws_cycle/rights.rs` sees every
//! call that leaves a function, through whole lives and through what may go wrong, and compares. Here it is held against the
//! templates, both ways. What no function calls is said by hand below, and the names of all calls are gathered from the
//! sources, where each is written for the governor: a call that is new in the code fails here until it is on the wire of a
//! function, or somebody has said whose it is.
//!
//! `cargo test --test templates table_of_functions -- --nocapture` prints who may do what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use spa::event::Handler;

use crate::rules::functions;
use crate::template::{Template, listed};

/// `function,as,call,on`, with a heading.
const CALLS: &str = include_str!("calls.csv");

/// A call that a function makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Call {
    function: &'static str,
    /// `own`, `management` or `member`: the role that it is made as.
    role: &'static str,
    /// Its name in IAM.
    name: &'static str,
    /// What it is made on, in the words of the templates; nothing where that does not matter.
    on: &'static str,
}

fn calls() -> impl Iterator<Item = Call> {
    CALLS.lines().skip(1).map(|line| {
        let [function, role, name, on] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        Call { function, role, name, on }
    })
}

/// What people call at the command line, beside what functions call.
const PEOPLE: &[&str] = &[
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackResource",
    "cloudformation:ExecuteChangeSet",
    "dynamodb:DeleteTable",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:UpdateTable",
    "events:DescribeEventBus",
    "events:DescribeRule",
    "organizations:DescribeOrganization",
    "organizations:ListAWSServiceAccessForOrganization",
    "s3:DeleteBucket",
    "s3:DeleteObjects",
    "s3:HeadObject",
    "s3:ListObjectVersions",
    "s3:PutObject",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ListQueues",
    "ssm:DeleteParameters",
    "ssm:DescribeParameters",
    "ssm:GetParameterHistory",
    "ssm:PutParameter",
    "sts:GetCallerIdentity",
];

/// What functions call as the role in a member account when a baseline is old, broken or changed by hand, or a start was not
/// heard of. No template here makes that role; `tests/aws` makes each of these calls: `baseline.rs`, and `builds.rs` the last.
const MEMBER_SELDOM: &[&str] = &[
    "cloudformation:DeleteStack",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResourceDrifts",
    "cloudformation:UpdateStack",
    "events:DeleteRule",
    "events:RemoveTargets",
    "codebuild:ListBuildsForProject",
];

/// What people call as the management role, beside what functions call as it: `spa doctor` looks at the forwarder.
const PEOPLE_IN_MANAGEMENT: &[&str] = &[
    "events:DescribeRule",
    "events:ListTargetsByRule",
    "organizations:ListAWSServiceAccessForOrganization",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
];

/// Tests make the table.
const TESTS: &[&str] = &["dynamodb:CreateTable"];

/// Rights that the table does not show in use, each with the way that leads to it.
const SELDOM: &[(&str, &str, &str, &str)] = &[(
    "on-maintenance-window",
    "dynamodb:GetItem",
    "JournalTable.Arn accounts",
    "another function appended to an account that the window lets in: the head is read again, as `tests/journal` has it",
)];

/// The resources in the templates that a call is made on.
fn resources(call: &str, on: &'static str) -> Vec<&'static str> {
    match (call, on) {
        ("events:PutEvents", "bus default from SustainablePersonalAccounts") => {
            vec!["arn:aws:events:eu-west-1:111122223333:event-bus/default from SustainablePersonalAccounts"]
        }
        ("ssm:GetParameters", "parameter/Spa/*") => {
            vec!["arn:aws:ssm:eu-west-1:111122223333:parameter/Spa/*"]
        }
        // IAM asks for both, the path and what is below it.
        ("ssm:GetParametersByPath", "parameter/Spa") => vec![
            "arn:aws:ssm:eu-west-1:111122223333:parameter/Spa",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/Spa/*",
        ],
        ("sts:AssumeRole", "role SpaManagement") => vec!["arn:aws:iam::444455556666:role/SpaManagement"],
        (_, on) if on.starts_with("JournalTable.Arn") || on == "WakeUpsQueue.Arn" => vec![on],
        other => panic!("nobody said what {other:?} is called on"),
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
                let resource = narrowed(action.as_str().unwrap(), resource.as_str().unwrap(), statement);
                rights.insert((action.as_str().unwrap().to_owned(), resource));
            }
        }
    }
    rights
}

/// A resource, and what the conditions of the statement leave of it.
fn narrowed(action: &str, resource: &str, statement: &Value) -> String {
    if resource == "JournalTable.Arn" {
        let keys = &statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"];
        return match keys[0].as_str() {
            Some(key) => format!("{resource} {key}"),
            // Everything, that of the fleet included.
            None => format!("{resource} accounts"),
        };
    }
    if action == "events:PutEvents" {
        // The rules that forward put what AWS tells, whatever it is.
        let source = statement["Condition"]["StringEquals"]["events:source"].as_str();
        return source.map_or_else(|| resource.to_owned(), |source| format!("{resource} from {source}"));
    }
    resource.to_owned()
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
    let of_functions: BTreeSet<&str> = calls().map(|call| call.name).collect();
    let by_hand = [PEOPLE, MEMBER_SELDOM, TESTS].concat();
    for call in &by_hand {
        assert!(
            !of_functions.contains(call),
            "{call} is on the wire of a function: nobody has to say whose it is"
        );
    }
    let known: BTreeSet<&str> = of_functions.into_iter().chain(by_hand).collect();
    for (call, file) in &called {
        assert!(
            known.contains(call.as_str()),
            "{file} calls {call}, and no function does on the wire: say who does"
        );
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
        // `aws:PrincipalOrgID` is a key of conditions.
        !service.is_empty()
            && service != "aws"
            && service.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            && operation.starts_with(|c: char| c.is_ascii_uppercase())
            && operation.chars().all(|c| c.is_ascii_alphanumeric())
            // A key of a condition in an error message of AWS, and no call.
            && operation.len() > 3
    })
}

/// What a function calls as its own role, beside what Lambda does with that role.
fn called_by(handler: Handler) -> BTreeSet<Right> {
    let own = calls().filter(|call| call.function == handler.name() && call.role == "own");
    let seldom = SELDOM.iter().filter(|(function, ..)| *function == handler.name());
    let all = own.map(|call| (call.name, call.on)).chain(seldom.map(|(_, call, on, _)| (*call, *on)));
    let mut rights: BTreeSet<Right> = all
        .flat_map(|(call, on)| resources(call, on).into_iter().map(move |resource| right(call, resource)))
        .collect();
    if rights.iter().any(|(action, _)| action == "sts:AssumeRole") {
        // Where sessions carry tags.
        rights.insert(right("sts:TagSession", "arn:aws:iam::444455556666:role/SpaManagement"));
    }
    rights
}

#[test]
fn each_function_may_do_what_it_calls_and_nothing_else() {
    let template = Template::automation();
    for (name, handler) in functions(&template) {
        let role = format!("{name}Role");
        assert_eq!(template.one(name)["Role"], format!("{role}.Arn"));
        let allowed = rights(of_role(&template, template.one(&role)));
        let mut called = called_by(handler);
        called.extend(of_lambda(&template, name));
        let missing: Vec<_> = called.difference(&allowed).collect();
        let unused: Vec<_> = allowed.difference(&called).collect();
        assert!(
            missing.is_empty() && unused.is_empty(),
            "{name} calls and may not: {missing:?}; may and does not: {unused:?}"
        );
    }
    for (function, call, on, _) in SELDOM {
        let is_seen = calls().any(|seen| (seen.function, seen.name, seen.on) == (*function, *call, *on));
        assert!(!is_seen, "{function} is seen to call {call} on {on}: no reason is needed");
    }
    for call in calls() {
        assert!(
            functions(&template).values().any(|handler| handler.name() == call.function),
            "{call:?} of whom?"
        );
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
    let called = calls().filter(|call| call.role == "management").map(|call| call.name);
    let called: BTreeSet<&str> = called.collect();
    let of_people: BTreeSet<&str> = PEOPLE_IN_MANAGEMENT.iter().copied().collect();
    assert_eq!(called.intersection(&of_people).next(), None, "functions call it as well");
    assert_eq!(allowed, called.into_iter().chain(of_people).chain(["sts:TagSession"]).collect());
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
const ON_EVERYTHING: [&str; 6] = [
    "organizations:ListAWSServiceAccessForOrganization",
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

/// Prints who may do what, and why that is known.
#[test]
fn table_of_functions_with_their_permissions() {
    let template = Template::automation();
    println!("function | call | on");
    for (name, handler) in functions(&template) {
        let called: BTreeSet<Right> = called_by(handler);
        assert!(!called.is_empty(), "{name} calls nothing");
        for (call, on) in called.into_iter().chain(of_lambda(&template, name)) {
            println!("{handler} | {call} | {on}");
        }
    }
    for role in ["management", "member"] {
        let called: BTreeSet<&str> = calls().filter(|call| call.role == role).map(|call| call.name).collect();
        let seldom = if role == "member" { MEMBER_SELDOM } else { &[] };
        for call in called.iter().chain(seldom) {
            println!("as the {role} role | {call} |");
        }
    }
}

/// Calls of a column of a table: `` `dynamodb:GetItem`, `PutItem`, of the index … ``
fn named(cell: &str) -> BTreeSet<String> {
    let mut service = "";
    let names = cell.split('`').skip(1).step_by(2);
    names
        .filter_map(|name| match name.split_once(':') {
            Some((of, _)) => {
                service = of;
                Some(name.to_owned())
            }
            // Names of indexes and streams are small.
            None => name.starts_with(char::is_uppercase).then(|| format!("{service}:{name}")),
        })
        .filter(|name| !name.ends_with(':'))
        .collect()
}

#[test]
fn the_readme_says_who_may_do_what() {
    let readme = include_str!("../../infra/README.md");
    let rows = readme.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<Vec<&str>> = rows.map(|line| line.split('|').map(str::trim).skip(1).collect()).collect();
    let template = Template::automation();
    // Which policies each function has.
    for (name, handler) in functions(&template) {
        let row = rows.iter().find(|row| row[0].contains(&format!("`{handler}`")));
        let row = row.unwrap_or_else(|| panic!("infra/README.md does not tell of {handler}"));
        let told: BTreeSet<&str> = row[2].split('`').skip(1).step_by(2).collect();
        let shared = template.one(&format!("{name}Role"))["ManagedPolicyArns"].as_array().unwrap();
        let shared: BTreeSet<&str> = shared.iter().map(|policy| policy.as_str().unwrap()).collect();
        assert_eq!(
            told,
            shared.into_iter().filter(|policy| *policy != "EveryFunction").collect(),
            "{handler}"
        );
    }
    // What each policy, and the management role, allow.
    let management = Template::read("management-account");
    for (policy, row, allowed) in [
        ("EveryFunction", "every function", rights(statements(template.one("EveryFunction")))),
        ("HandlesAccounts", "`HandlesAccounts`", rights(statements(template.one("HandlesAccounts")))),
        ("FindsWhatIsDue", "`FindsWhatIsDue`", rights(statements(template.one("FindsWhatIsDue")))),
        (
            "ReadsTheWholeFleet",
            "`ReadsTheWholeFleet`",
            rights(statements(template.one("ReadsTheWholeFleet"))),
        ),
        ("ManagementRole", "management role", rights(of_role(&management, management.one("ManagementRole")))),
    ] {
        let first = rows.iter().position(|cells| cells[0] == row).unwrap();
        let below = rows[first + 1..].iter().take_while(|cells| cells[0].is_empty());
        let told = rows[first..=first].iter().chain(below).flat_map(|cells| named(cells[1]));
        let allowed = allowed.into_iter().map(|(action, _)| action);
        let allowed: BTreeSet<String> =
            allowed.filter(|action| !action.starts_with("xray:") && action != "sts:TagSession").collect();
        assert_eq!(told.collect::<BTreeSet<String>>(), allowed, "{policy}");
    }
}
