//! The JSON Schema for editors. `tests/schema_peer.py` has it judged by an independent validator.

use std::path::Path;

use serde_json::Value;
use spa::settings::{json_schema, load_text};

use crate::support::{BASE, assert_golden, fixtures};

#[test]
fn the_schema_of_the_repository_is_the_schema_of_the_loader() {
    let schema = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
    assert_golden(Path::new("settings.schema.json"), &schema);
}

#[test]
fn the_example_names_the_schema() {
    let example = std::fs::read_to_string("settings.yaml").unwrap();
    assert_eq!(example.lines().next(), Some("# yaml-language-server: $schema=./settings.schema.json"));
}

/// Every section, so that each default can be written out.
const SECTIONS: [&str; 6] = ["automation", "deployment", "features", "metering", "reporting", "maintenance"];

#[test]
fn the_defaults_of_the_schema_are_those_that_count() {
    let schema = json_schema();
    let mut text = String::from(BASE);
    let mut written = 0;
    for section in SECTIONS.into_iter().chain(["lifecycle"]) {
        let mut lines = String::new();
        for (key, property) in schema["$defs"][section]["properties"].as_object().unwrap() {
            if let Some(default) = property.get("default") {
                lines += &format!("  {key}: {default}\n");
                written += 1;
            }
        }
        let heading = format!("{section}:\n");
        if section == "automation" {
            text = text.replace(&heading, &format!("{heading}{lines}"));
        } else {
            text += &format!("{heading}{lines}");
        }
    }
    assert!(written > 30, "{written}");
    let load = |text: &str| {
        let loaded = load_text("settings.yaml", text, &fixtures());
        assert!(loaded.report.is_empty(), "{text}\n{}", loaded.report.render(false));
        let s = loaded.settings.unwrap();
        format!(
            "{:?}{:?}{:?}{:?}{:?}{:?}{:?}",
            s.automation(),
            s.deployment(),
            s.features(),
            s.metering(),
            s.reporting(),
            s.maintenance(),
            s.lifecycle()
        )
    };
    assert_eq!(load(&text), load(BASE));
}

#[test]
fn every_key_is_described_and_no_other_is_allowed() {
    fn walk(path: &str, schema: &Value, count: &mut usize) {
        for (key, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let described =
                property.get("description").and_then(Value::as_str).is_some_and(|text| text.len() > 3);
            assert!(described, "{path}.{key} has no description");
            *count += 1;
            walk(&format!("{path}.{key}"), property, count);
        }
    }
    let schema = json_schema();
    let mut count = 0;
    walk("", &schema, &mut count);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        assert_eq!(definition["additionalProperties"], Value::Bool(false), "{name}");
        walk(name, definition, &mut count);
    }
    assert!(count > 80, "{count}");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

/// Every key of the predecessor, and what counts there when it is left out; `?` where it must be said.
const PREDECESSOR: [(&str, &str); 38] = [
    ("environment_identifier", "SpaBeta"),
    ("automation.account_id", "?"),
    ("automation.region", "?"),
    ("automation.cockpit_markdown_text", "a title"),
    ("automation.maintenance_window_expression", ""),
    ("automation.role_arn_to_manage_accounts", ""),
    ("automation.role_name_to_manage_codebuild", "AWSControlTowerExecution"),
    ("automation.tags", ""),
    ("automation.verbosity", "INFO"),
    ("features.with_arm_architecture", "false"),
    ("features.with_cost_email_recipients", ""),
    ("features.with_cost_extra_currencies", ""),
    ("features.with_cost_management_tag", ""),
    ("features.with_csv_files", ""),
    ("features.with_email_subscriptions_on_alerts", ""),
    ("features.with_end_user_documents", ""),
    ("features.with_microsoft_webhook_on_alerts", ""),
    ("features.with_origin_email_recipient", ""),
    ("features.with_response_plan_arn", ""),
    ("features.with_tag_prefix", "account-"),
    ("metering.activities_datastore", "ActivitiesTable"),
    ("metering.activities_ttl_in_seconds", "31622400"),
    ("metering.shadows_datastore", "ShadowsTable"),
    ("metering.shadows_ttl_in_seconds", "15811200"),
    ("metering.transactions_datastore", "TransactionsTable"),
    ("metering.transactions_ttl_in_seconds", "10800"),
    ("reporting.activities_prefix", "SpaReports/Activities"),
    ("reporting.costs_prefix", "SpaReports/Costs"),
    ("reporting.exceptions_prefix", "SpaReports/Exceptions"),
    ("reporting.inventories_prefix", "SpaReports/Inventories"),
    ("reporting.costs_markdown_template", "a text"),
    ("worker.preparation_buildspec_template_file", "?"),
    ("worker.purge_buildspec_template_file", "?"),
    ("defaults.note", ""),
    ("defaults.account_tags", ""),
    ("defaults.unset_tags", ""),
    ("defaults.preparation.feature", ""),
    ("defaults.purge.variables", ""),
];

#[test]
fn every_key_of_the_predecessor_is_known_with_its_default() {
    let schema = json_schema();
    let resolve = |node: &Value| -> Value {
        let choices = node.get("anyOf").and_then(Value::as_array).into_iter().flatten();
        let reference = std::iter::once(node).chain(choices).find_map(|node| node.get("$ref")?.as_str());
        let target = reference.and_then(|path| schema.pointer(path.trim_start_matches('#')));
        target.unwrap_or(node).clone()
    };
    for (key, expected) in PREDECESSOR {
        let mut section = schema.clone();
        let mut property = Value::Null;
        let mut required = false;
        for part in key.split('.') {
            let required_here = section["required"].as_array();
            required = required_here.is_some_and(|names| names.iter().any(|name| name == part));
            property = section["properties"][part].clone();
            assert!(property.is_object(), "{key} is not known");
            section = resolve(&property);
        }
        assert_eq!(required, expected == "?", "{key}");
        let default = match property.get("default") {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        match expected {
            "?" => {}
            // Only that there is one: nobody depends on its wording.
            text if text.starts_with("a ") => assert!(default.len() > 10, "{key}"),
            text => assert_eq!(default, text, "{key}"),
        }
    }
}
