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
const SECTIONS: [&str; 5] = ["automation", "features", "metering", "reporting", "maintenance"];

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
            "{:?}{:?}{:?}{:?}{:?}{:?}",
            s.automation(),
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
