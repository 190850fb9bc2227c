//! A template as a value, with its parameters filled in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use serde_yaml::Value as Yaml;

use crate::fixtures;

/// What parameters and CloudFormation's own names are in the tests.
fn parameter(name: &str) -> Option<String> {
    let trust = fixtures::trust();
    Some(match name {
        // The other templates stand in other accounts, and name this one.
        "AWS::AccountId" | "AutomationAccount" => trust.automation_account.to_string(),
        "AWS::Partition" => "aws".to_owned(),
        "AWS::Region" => "eu-west-1".to_owned(),
        "Environment" => trust.environment.to_string(),
        "ManagementAccount" => trust.management_account.to_string(),
        "TagPrefix" => fixtures::STATE_KEY.strip_suffix("state").unwrap().to_owned(),
        _ => return None,
    })
}

/// A template: its resources by logical name. `!GetAtt X.Arn` is the text `X.Arn`, `!Ref X` of a resource the text `X`,
/// and what depends on a condition is what is there when the condition holds.
pub struct Template {
    resources: BTreeMap<String, (String, Value)>,
    /// What outlives its stack, and what would take its place.
    retained: BTreeSet<String>,
    /// What its parameters are where nobody says, by name.
    defaults: BTreeMap<String, String>,
}

impl Template {
    pub fn read(name: &str) -> Self {
        let path = format!("{}/infra/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let yaml: Yaml = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let whole = value(&yaml);
        let resources = whole["Resources"].as_object().unwrap().iter().map(|(name, resource)| {
            let kind = resource["Type"].as_str().unwrap().to_owned();
            (name.clone(), (kind, resource["Properties"].clone()))
        });
        let retained = whole["Resources"].as_object().unwrap().iter().filter(|(_, resource)| {
            resource["DeletionPolicy"] == "Retain" && resource["UpdateReplacePolicy"] == "Retain"
        });
        let retained = retained.map(|(name, _)| name.clone()).collect();
        let defaults =
            whole["Parameters"].as_object().into_iter().flatten().filter_map(|(name, parameter)| {
                let said = &parameter["Default"];
                let text = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
                (!said.is_null()).then(|| (name.clone(), text))
            });
        Self { resources: resources.collect(), retained, defaults: defaults.collect() }
    }

    /// What a parameter is where nobody says.
    pub fn default_of(&self, parameter: &str) -> &str {
        self.defaults.get(parameter).unwrap_or_else(|| panic!("{parameter} has no default"))
    }

    /// Whether a resource outlives its stack.
    pub fn is_retained(&self, name: &str) -> bool {
        self.retained.contains(name)
    }

    /// The account in which the system runs.
    pub fn automation() -> Self {
        Self::read("automation-account")
    }

    /// The resources of this type, with their properties; there is one at least.
    pub fn all(&self, kind: &str) -> Vec<(&str, &Value)> {
        let all = self.resources.iter().filter(|(_, (of, _))| of == kind);
        let all: Vec<_> = all.map(|(name, (_, properties))| (name.as_str(), properties)).collect();
        assert!(!all.is_empty(), "no {kind}");
        all
    }

    /// The properties of a resource.
    pub fn one(&self, name: &str) -> &Value {
        &self.resources.get(name).unwrap_or_else(|| panic!("no {name}")).1
    }
}

/// The parts of a value that is a list, or a single one.
pub fn listed(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

fn value(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => function(&tagged.tag.to_string(), &value(&tagged.value)),
        Yaml::Mapping(members) => {
            let members =
                members.iter().map(|(name, member)| (name.as_str().unwrap().to_owned(), value(member)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Yaml::Sequence(elements) => {
            let elements = elements.iter().map(value);
            Value::Array(elements.filter(|element| *element != json!("AWS::NoValue")).collect())
        }
        other => serde_json::to_value(other).unwrap(),
    }
}

/// What a function of CloudFormation says: `!Ref Environment`.
fn function(tag: &str, argument: &Value) -> Value {
    match (tag, argument) {
        ("!Ref", Value::String(name)) => parameter(name).unwrap_or_else(|| name.clone()).into(),
        ("!GetAtt", Value::String(name)) => name.clone().into(),
        ("!Sub", Value::String(text)) => filled_in(text).into(),
        // Condition, what counts if it holds, and what counts if not.
        ("!If", Value::Array(arguments)) => arguments[1].clone(),
        _ => json!({ tag: argument }),
    }
}

/// The text, with parameters in the place of `${Names}`; names of resources and attributes stay.
fn filled_in(text: &str) -> String {
    let mut parts = text.split("${");
    let mut filled = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap();
        filled.push_str(&parameter(name).unwrap_or_else(|| name.to_owned()));
        filled.push_str(rest);
    }
    filled
}
