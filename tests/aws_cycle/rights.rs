//! Who makes which call, as it goes over the wire: `tests/templates/calls.csv`, which `tests/templates` holds against the
//! roles in `infra`.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_config::retry::RetryConfig;
use chrono::TimeDelta;
use serde_json::{Value, json};
use spa::cloud::Clock as _;
use spa::event::Handler;
use spa::journal::Journal as _;
use spa::lifecycle::World as _;
use state_machine::{Account, AccountId, Fact, Profile, Record, Timestamp, Version};

use crate::bad_input::tagged;
use crate::company::{Company, TABLE, WAKE_UPS, wake_up_message};
use crate::functions::{Functions, Hand};
use crate::life::Life;
use crate::peers::REGION;
use crate::wire::{Call, Wire};
use crate::{block_on, start, told};

/// A right that a call takes: the function, whether as its own role, the call by its name in IAM, and what it is made on.
pub type Right = (String, String, String, String);

/// The rights that a call takes.
pub fn of(call: &Call) -> Vec<Right> {
    let Some(function) = call.function else { return Vec::new() };
    let role = match call.role.as_deref() {
        None => "own",
        Some("SpaManagement") => "management",
        Some("SpaMember") => "member",
        Some(other) => panic!("nobody knows the role {other}"),
    };
    let asked = asked(call);
    asked.into_iter().map(|(name, on)| (function.to_string(), role.to_owned(), name, on)).collect()
}

/// The names of a call in IAM, each with what it is made on, in the words of the templates.
fn asked(call: &Call) -> Vec<(String, String)> {
    let sent = &call.sent;
    let service = if call.service == "tagging" { "tag" } else { &call.service };
    let name = format!("{service}:{}", call.operation);
    let one = |on: String| vec![(name.clone(), on)];
    match name.as_str() {
        // IAM asks for the right to each item of a transaction.
        // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
        "dynamodb:TransactWriteItems" => {
            let items = sent["TransactItems"].as_array().unwrap().iter();
            let parts = items.flat_map(|item| item.as_object().unwrap());
            let right = |(kind, part): (&String, &Value)| {
                let call = if kind == "ConditionCheck" {
                    "ConditionCheckItem".into()
                } else {
                    format!("{kind}Item")
                };
                let key = if part["Item"].is_null() { &part["Key"] } else { &part["Item"] };
                (format!("dynamodb:{call}"), table(&part["TableName"], &key["stream"]["S"]))
            };
            parts.map(right).collect()
        }
        "dynamodb:GetItem" => one(table(&sent["TableName"], &sent["Key"]["stream"]["S"])),
        "dynamodb:PutItem" => one(table(&sent["TableName"], &sent["Item"]["stream"]["S"])),
        "dynamodb:BatchGetItem" => {
            let keys = sent["RequestItems"][TABLE]["Keys"].as_array().unwrap().iter();
            keys.map(|key| (name.clone(), table(&TABLE.into(), &key["stream"]["S"]))).collect()
        }
        "dynamodb:Query" => match sent["IndexName"].as_str() {
            Some(index) => one(format!("JournalTable.Arn/index/{index}")),
            None => one(table(&sent["TableName"], &sent["ExpressionAttributeValues"][":stream"]["S"])),
        },
        "events:PutEvents" => {
            let entries = sent["Entries"].as_array().unwrap().iter();
            let on = |entry: &Value| format!("bus default from {}", entry["Source"].as_str().unwrap());
            entries.map(|entry| (name.clone(), on(entry))).collect()
        }
        "sqs:SendMessage" => {
            assert!(as_of_spa(sent["QueueUrl"].as_str().unwrap()).ends_with(WAKE_UPS), "{sent}");
            one("WakeUpsQueue.Arn".to_owned())
        }
        "ssm:GetParameters" => {
            let names = sent["Names"].as_array().unwrap().iter();
            let ours = |name: &Value| as_of_spa(name.as_str().unwrap()).starts_with("/Spa/");
            assert!(names.clone().all(ours), "{sent}");
            one("parameter/Spa/*".to_owned())
        }
        "ssm:GetParametersByPath" => one(format!("parameter{}", as_of_spa(sent["Path"].as_str().unwrap()))),
        "sts:AssumeRole" => {
            one(format!("role {}", sent["RoleArn"].as_str().unwrap().rsplit("%2F").next().unwrap()))
        }
        _ => one(String::new()),
    }
}

/// What an environment has is called after it; in the table as in the environment `Spa`.
fn as_of_spa(name: &str) -> String {
    name.replace(crate::two_environments::OTHER, "Spa")
}

/// An item of the journal, by whose it is.
fn table(name: &Value, stream: &Value) -> String {
    assert_eq!(name, TABLE);
    let whose = if stream == "fleet" { "fleet" } else { "accounts" };
    assert!(stream.is_string(), "whose item is it?");
    format!("JournalTable.Arn {whose}")
}

/// Whatever else is tested, no function makes a call that the table does not have. Which function does something in a member
/// account does not matter: the role there is one for all.
pub fn are_in_the_table(calls: &[Call]) {
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        return;
    }
    let table = std::fs::read_to_string(TABLE_FILE).unwrap();
    let known: BTreeSet<&str> = table.lines().collect();
    for (function, role, call, on) in of_all(calls) {
        let line = format!("{function},{role},{call},{on}");
        let of_members = format!(",member,{call},");
        let is_known = known.contains(line.as_str())
            || role == "member" && known.iter().any(|line| line.ends_with(&of_members));
        assert!(is_known, "{line} is not in {TABLE_FILE}");
    }
}

/// Everything that these calls take.
pub fn of_all<'c>(calls: impl IntoIterator<Item = &'c Call>) -> BTreeSet<Right> {
    calls.into_iter().flat_map(of).collect()
}

/// The table, as `tests/templates` reads it.
const TABLE_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/templates/calls.csv");

fn rendered(rights: &BTreeSet<Right>) -> String {
    let lines = rights.iter().map(|(function, role, call, on)| format!("{function},{role},{call},{on}\n"));
    std::iter::once("function,as,call,on\n".to_owned()).chain(lines).collect()
}

/// Who handles accounts, and with what it is woken. `OnMaintenanceWindow` has a life of its own below.
const HANDLES: [Handler; 8] = [
    Handler::OnVanillaAccount,
    Handler::OnAssignedAccount,
    Handler::OnPreparedAccount,
    Handler::OnReleasedAccount,
    Handler::OnExpiredAccount,
    Handler::OnPurgedAccount,
    Handler::OnWakeUp,
    Handler::OnReconcile,
];

/// An event about an account that wakes this function.
fn about(company: &Company, handler: Handler, account: AccountId, at: Timestamp) -> String {
    match handler {
        Handler::OnVanillaAccount => tagged(company, account, "vanilla"),
        Handler::OnAssignedAccount => tagged(company, account, "assigned"),
        Handler::OnReleasedAccount => tagged(company, account, "released"),
        Handler::OnExpiredAccount => tagged(company, account, "expired"),
        Handler::OnPreparedAccount => ended(account, "Preparation", at),
        Handler::OnPurgedAccount => ended(account, "Purge", at),
        Handler::OnWakeUp => {
            let body =
                json!({ "Account": account, "At": at.to_string(), "Environment": "Spa", "SchemaVersion": 1 });
            wake_up_message(company, 1, &body.to_string())
        }
        _ => told::fired("SpaOnReconcile", at, company.automation.account()).to_string(),
    }
}

fn ended(account: AccountId, task: &str, at: Timestamp) -> String {
    let arn = format!("arn:aws:codebuild:{REGION}:{account}:build/SpaProjectForAccount{task}:1a2b3c");
    told::build_ended(&arn, account, at).event.to_string()
}

/// A tag event that no trail of the organization's owner has recorded.
fn forged(company: &Company, account: AccountId) -> String {
    let mut event: Value = serde_json::from_str(&tagged(company, account, "expired")).unwrap();
    event["account"] = account.to_string().into();
    event.to_string()
}

/// Whoever handles an account pays whatever it is owed, and records what it refuses. So each function is woken for an account
/// whose first steps were cut off: once while they still are, and once when everything goes well.
async fn what_handlers_may_have_to_do(seen: &mut BTreeSet<Right>) {
    let company = Company::found(HANDLES.len(), 0).await;
    let (wire, clock) = (Wire::new(), Hand::at(start()));
    let mut functions = Functions::new(&company, wire.clone(), clock.clone(), RetryConfig::disabled());
    for (handler, account) in HANDLES.into_iter().zip(company.accounts.iter().copied()) {
        for handler in [Handler::OnVanillaAccount, handler] {
            company.management.refuse("TagResource", 100, 500, "ServiceException");
            company.automation.refuse("PutEvents", 100, 500, "InternalException");
            let event = about(&company, handler, account, clock.now());
            functions.invoke(handler, &event).await.answer.unwrap();
            company.management.refuse_nothing();
            company.automation.refuse_nothing();
            clock.set(clock.now() + TimeDelta::hours(1));
        }
        grow_too_long(&mut functions, account).await;
        let event = about(&company, handler, account, clock.now());
        functions.invoke(handler, &event).await.answer.unwrap();
    }
    for handler in HANDLES.into_iter().chain([Handler::OnMaintenanceWindow, Handler::OnAccountEvent]) {
        // The first refusal is looked for as well: it is recorded once, however often it comes.
        for _ in 0..2 {
            functions.invoke(handler, &forged(&company, company.accounts[0])).await.answer.unwrap();
        }
    }
    let fired = told::fired("SpaOnWakeUp", clock.now(), company.automation.account());
    functions.invoke(Handler::OnWakeUp, &fired.to_string()).await.answer.unwrap();
    seen.extend(of_all(&wire.take()));
}

/// A window that lets accounts in pays them, too: one whose head is long, one whose tags nobody may write, and one whose
/// append was answered and not heard of.
async fn what_windows_may_have_to_do(seen: &mut BTreeSet<Right>) {
    let company = Company::found(4, 0).await;
    let mut life = Life::new(&company, start(), RetryConfig::disabled());
    life.accounts_are_created();
    life.live(TimeDelta::hours(2)).await;
    life.window_opens(start() + TimeDelta::days(7)).await;
    let [long, denied, slow, raced] = company.accounts[..] else { panic!("there are four") };
    grow_too_long(&mut life.functions, long).await;
    company.management.refuse_what_says(
        "TagResource",
        &denied.to_string(),
        100,
        403,
        "AccessDeniedException",
    );
    company.management.refuse_what_says("TagResource", &slow.to_string(), 1, 500, "ServiceException");
    let of_it = format!("\"stream\":{{\"S\":\"{raced}\"}}");
    company.automation.refuse_what_says("TransactWriteItems", &of_it, 1, 500, "InternalServerError");
    life.live(TimeDelta::seconds(1)).await;
    seen.extend(of_all(&life.take_calls()));
}

/// The head of an account does not fit into one item any more.
async fn grow_too_long(functions: &mut Functions<'_>, account: AccountId) {
    let world = functions.world(Handler::OnActivity);
    let head = world.journal().account(account).await.unwrap();
    let last = world.journal().history(account, Version::NONE, 1_000).await.unwrap().pop().unwrap();
    let name = "x".repeat(400_000).into();
    let profile = Profile { name, ..Profile::clone(head.profile()) };
    let (version, fact, owes) = (head.version().next(), Fact::Described(Box::new(profile)), Vec::new());
    let record = Record { version, fact, owes, claim: None, ..last };
    let mut grown = Account::clone(&head);
    grown.apply(&record).unwrap();
    world.journal().append(head.version(), &[record], &Arc::new(grown)).await.unwrap();
}

/// Organizations that do not tell where accounts stand: the tree of units is walked.
async fn what_units_take(seen: &mut BTreeSet<Right>) {
    let company = Company::found(2, 0).await;
    company.management.describe_without_paths();
    let mut life = Life::new(&company, start(), RetryConfig::disabled());
    life.accounts_are_created();
    life.live(TimeDelta::hours(1)).await;
    seen.extend(of_all(&life.take_calls()));
    seen.extend(of_all(&life.calls_at_rest("SpaOnCompare").await));
}

/// A life in which nothing goes wrong.
async fn what_a_life_takes(seen: &mut BTreeSet<Right>) {
    let company = Company::found(3, 1).await;
    let mut life = Life::new(&company, start(), RetryConfig::disabled());
    life.accounts_are_created();
    life.live(TimeDelta::hours(2)).await;
    life.window_opens(start() + TimeDelta::days(7)).await;
    life.live(TimeDelta::hours(6)).await;
    seen.extend(of_all(&life.take_calls()));
}

#[test]
fn the_table_of_calls_is_what_goes_over_the_wire() {
    block_on(async {
        let mut seen = BTreeSet::new();
        Box::pin(what_a_life_takes(&mut seen)).await;
        Box::pin(what_handlers_may_have_to_do(&mut seen)).await;
        Box::pin(what_windows_may_have_to_do(&mut seen)).await;
        Box::pin(what_units_take(&mut seen)).await;
        let table = rendered(&seen);
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(TABLE_FILE, &table).unwrap();
        }
        let stands = std::fs::read_to_string(TABLE_FILE).unwrap_or_default();
        assert_eq!(stands, table, "UPDATE_GOLDENS=1 writes {TABLE_FILE} anew");
    });
}
