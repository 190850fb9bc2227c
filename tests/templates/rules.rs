//! Rules and schedules wake the functions that the code says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use spa::event::{Handler, Schedule, patterns};

use crate::fixtures::{STATE_KEY, trust};
use crate::template::Template;

/// Functions of later versions: what there is for them to do is not here yet.
const LATER: [Handler; 5] = [
    Handler::OnActivity,
    Handler::OnAlert,
    Handler::OnConsoleLogin,
    Handler::OnException,
    Handler::ToMicrosoftTeams,
];

/// Every function of the template, by logical name.
pub fn functions(template: &Template) -> BTreeMap<&str, Handler> {
    let functions = template.all("AWS::Lambda::Function").into_iter();
    functions.map(|(name, function)| (name, function["Handler"].as_str().unwrap().parse().unwrap())).collect()
}

/// The function that a rule wakes, directly or through its queue.
fn woken(template: &Template, rule: &Value) -> Handler {
    let [target] = &rule["Targets"].as_array().unwrap()[..] else { panic!("one target: {rule}") };
    let target = target["Arn"].as_str().unwrap();
    let functions = functions(template);
    if let Some(handler) = functions.get(target.strip_suffix(".Arn").unwrap()) {
        return *handler;
    }
    let mappings = template.all("AWS::Lambda::EventSourceMapping");
    let fed = mappings.iter().filter(|(_, mapping)| mapping["EventSourceArn"] == target);
    let fed: Vec<Handler> =
        fed.map(|(_, mapping)| functions[mapping["FunctionName"].as_str().unwrap()]).collect();
    let [handler] = fed[..] else { panic!("{target} feeds {fed:?}") };
    handler
}

fn sorted(patterns: impl Iterator<Item = (Handler, Value)>) -> BTreeSet<(Handler, String)> {
    let sort = |mut pattern: Value| {
        in_order(&mut pattern);
        pattern.to_string()
    };
    patterns.map(|(handler, pattern)| (handler, sort(pattern))).collect()
}

/// Lists are alternatives, in any order.
fn in_order(pattern: &mut Value) {
    match pattern {
        Value::Array(alternatives) => {
            alternatives.iter_mut().for_each(in_order);
            alternatives.sort_by_key(ToString::to_string);
        }
        Value::Object(members) => members.values_mut().for_each(in_order),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn functions_are_those_of_the_code_but_for_later_ones() {
    let template = Template::automation();
    let expected: BTreeSet<Handler> =
        Handler::ALL.into_iter().filter(|handler| !LATER.contains(handler)).collect();
    assert_eq!(functions(&template).into_values().collect::<BTreeSet<_>>(), expected);
    for (name, function) in template.all("AWS::Lambda::Function") {
        assert_eq!(function["FunctionName"], format!("Spa{name}"));
        assert_eq!(name, format!("{:?}", functions(&template)[name]));
        assert_eq!(function["Runtime"], "provided.al2023");
        assert_eq!(function["TracingConfig"]["Mode"], "Active");
    }
}

#[test]
fn each_rule_has_the_pattern_of_the_code() {
    let template = Template::automation();
    let rules = template.all("AWS::Events::Rule");
    let rules = rules.iter().filter(|(_, rule)| !rule["EventPattern"].is_null());
    let told = sorted(rules.map(|(_, rule)| (woken(&template, rule), rule["EventPattern"].clone())));
    let code = patterns(&trust(), STATE_KEY).into_iter();
    let code = code.filter(|(handler, _)| !LATER.contains(handler));
    // A rule with a schedule has no pattern.
    let code = sorted(code.filter(|(_, pattern)| pattern["source"][0] != "aws.events"));
    assert_eq!(told, code);
}

#[test]
fn each_schedule_is_known_to_its_function_by_its_name() {
    let template = Template::automation();
    let rules = template.all("AWS::Events::Rule");
    let told: BTreeSet<(String, Handler)> = rules
        .iter()
        .filter(|(_, rule)| !rule["ScheduleExpression"].is_null())
        .map(|(_, rule)| (rule["Name"].as_str().unwrap().to_owned(), woken(&template, rule)))
        .collect();
    let code = [
        (Schedule::MaintenanceWindow, Handler::OnMaintenanceWindow),
        (Schedule::WakeUp, Handler::OnWakeUp),
        (Schedule::Reconcile, Handler::OnReconcile),
        (Schedule::Compare, Handler::OnReconcile),
    ];
    let code = code.map(|(schedule, handler)| (schedule.rule(&trust().environment), handler));
    assert_eq!(told, code.into_iter().collect());
}

#[test]
fn each_rule_is_let_in_where_it_leads() {
    let template = Template::automation();
    let permissions = template.all("AWS::Lambda::Permission");
    let queues = template.one("EventQueuesPolicy")["Queues"].as_array().unwrap();
    for (name, rule) in template.all("AWS::Events::Rule") {
        let target = rule["Targets"][0]["Arn"].as_str().unwrap().strip_suffix(".Arn").unwrap();
        let invokes = permissions.iter().any(|(_, permission)| {
            permission["SourceArn"] == format!("{name}.Arn") && permission["FunctionName"] == target
        });
        assert!(invokes || queues.contains(&target.into()), "{name} may not reach {target}");
    }
}
