//! The rule of each place, from `rules.yaml`. `tests/schema_peer.py` puts the same texts before an
//! independent validator of JSON Schema.

use serde::Deserialize;
use spa::settings::load_text;

use crate::support::fixtures;

#[derive(Deserialize)]
struct Rule {
    at: String,
    #[serde(default)]
    good: Vec<serde_yaml::Value>,
    #[serde(default)]
    bad: Vec<serde_yaml::Value>,
    #[serde(default)]
    worse: Vec<serde_yaml::Value>,
}

/// A text as it was written in `rules.yaml`, where most need no quotes.
fn written(value: &serde_yaml::Value) -> String {
    match value {
        serde_yaml::Value::Null => "~".to_owned(),
        serde_yaml::Value::Bool(value) => value.to_string(),
        serde_yaml::Value::Number(value) => value.to_string(),
        serde_yaml::Value::String(text) => text.clone(),
        other => panic!("write {other:?} in quotes"),
    }
}

const REQUIRED: [(&str, &str); 4] = [
    ("automation.account_id", "'999988887777'"),
    ("automation.region", "eu-west-1"),
    ("worker.preparation_buildspec_template_file", "buildspecs/prepare.yaml"),
    ("worker.purge_buildspec_template_file", "buildspecs/purge.yaml"),
];

/// Settings in which nothing stands but what must, and `text` at one place.
fn document(at: &str, text: &str) -> String {
    let mut places: Vec<(Vec<&str>, &str)> = REQUIRED
        .iter()
        .filter(|(required, _)| *required != at)
        .chain([&(at, text)])
        .map(|(path, text)| (path.split('.').collect(), *text))
        .collect();
    places.sort();
    let mut open: Vec<&str> = Vec::new();
    let mut document = String::new();
    for (path, text) in places {
        let (last, parents) = path.split_last().unwrap();
        let same = open.iter().zip(parents).take_while(|(a, b)| a == b).count();
        for (depth, parent) in parents.iter().enumerate().skip(same) {
            document += &format!("{}{parent}:\n", "  ".repeat(depth));
        }
        document += &format!("{}{last}: {text}\n", "  ".repeat(parents.len()));
        open = parents.to_vec();
    }
    document
}

#[test]
fn each_place_takes_what_is_good_and_refuses_what_is_bad() {
    let text = std::fs::read_to_string(fixtures().join("rules.yaml")).unwrap();
    let rules: Vec<Rule> = serde_yaml::from_str(&text).unwrap();
    let mut checked = 0;
    for rule in &rules {
        let good = rule.good.iter().map(|text| (text, true));
        let bad = rule.bad.iter().chain(&rule.worse).map(|text| (text, false));
        for (text, expected) in good.chain(bad) {
            let document = document(&rule.at, &written(text));
            let loaded = load_text("settings.yaml", &document, &fixtures());
            let report = loaded.report.render(false);
            assert_eq!(loaded.settings.is_some(), expected, "{document}\n{report}");
            assert_eq!(loaded.report.has_errors(), !expected);
            if !expected {
                // One fault is reported once, and where it is.
                assert_eq!(loaded.report.errors(), 1, "{document}\n{report}");
                assert!(loaded.report.view().diagnostics.iter().all(|finding| finding.line.is_some()));
            }
            checked += 1;
        }
    }
    assert!(checked > 300, "{checked}");
}
