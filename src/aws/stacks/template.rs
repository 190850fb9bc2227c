//! What a template says of itself.

use std::collections::BTreeMap;

use serde_yaml::Value;

/// A resource of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What the template calls it.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// The condition under which it is made.
    pub condition: Option<String>,
}

/// The parameters of a template, each with its default.
///
/// # Errors
/// When it is no YAML.
pub fn defaults(template: &str) -> Result<BTreeMap<String, Option<String>>, serde_yaml::Error> {
    let tree: Value = serde_yaml::from_str(template)?;
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => String::new(),
    };
    let found = members(&tree, "Parameters").map(|(name, value)| (name, value.get("Default").map(text)));
    Ok(found.collect())
}

/// The resources of a template.
///
/// # Errors
/// When it is no YAML.
pub fn resources(template: &str) -> Result<Vec<Resource>, serde_yaml::Error> {
    let tree: Value = serde_yaml::from_str(template)?;
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let found = members(&tree, "Resources").map(|(name, value)| Resource {
        name,
        kind: text(value, "Type").unwrap_or_default(),
        condition: text(value, "Condition"),
    });
    Ok(found.collect())
}

fn members<'t>(tree: &'t Value, section: &str) -> impl Iterator<Item = (String, &'t Value)> {
    let members = tree.get(section).and_then(Value::as_mapping).into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.as_str()?.to_owned(), value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_tells_its_parameters_and_resources() {
        let template = "
Parameters:
  Needed: {Type: String}
  Days: {Type: Number, Default: 90}
Resources:
  Rule:
    Type: AWS::Events::Rule
    Condition: HasWindow
    Properties: {Name: !Sub '${Needed}Rule', State: !If [IsOn, ENABLED, !Ref Days]}
";
        let expected = [("Days".to_owned(), Some("90".to_owned())), ("Needed".to_owned(), None)];
        assert_eq!(defaults(template).unwrap(), expected.into());
        let rule = Resource {
            name: "Rule".to_owned(),
            kind: "AWS::Events::Rule".to_owned(),
            condition: Some("HasWindow".to_owned()),
        };
        assert_eq!(resources(template).unwrap(), [rule]);
        assert!(defaults("a: [").is_err());
    }
}
