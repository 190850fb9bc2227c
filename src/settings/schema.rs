//! The rules of settings.yaml for editors, as JSON Schema (draft 2020-12).
//!
//! The schema comes from the same types and rules that the loader uses. It may allow more than the loader,
//! which also looks at what no schema can tell: whether a file exists, whether an account stands there twice.
//! It never allows less.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;

use super::file::File;

/// The schema of settings.yaml.
pub fn json_schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<File>();
    // Descriptions come from comments, which are broken where a line of source code ends.
    let join_lines = |schema: &mut schemars::Schema| {
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = text.replace('\n', " ");
        }
    };
    RecursiveTransform(join_lines).transform(&mut schema);
    schema.to_value()
}

/// Each section, such as `accounts[].purge`, and the keys that it knows. The file itself has the empty name.
pub(crate) fn sections() -> &'static BTreeMap<String, BTreeSet<String>> {
    static SECTIONS: LazyLock<BTreeMap<String, BTreeSet<String>>> = LazyLock::new(|| {
        let schema = json_schema();
        let mut sections = BTreeMap::new();
        collect("", &schema, &schema, &mut sections);
        sections
    });
    &SECTIONS
}

/// The sections that know a key: where it was probably meant to stand.
pub(crate) fn sections_with(key: &str) -> Vec<String> {
    let name = |path: &str| match path.rsplit('.').next().unwrap_or_default().trim_end_matches("[]") {
        "" => "the top level".to_owned(),
        name => format!("`{name}`"),
    };
    let found: BTreeSet<String> =
        sections().iter().filter(|(_, keys)| keys.contains(key)).map(|(path, _)| name(path)).collect();
    found.into_iter().collect()
}

fn collect(path: &str, schema: &Value, root: &Value, sections: &mut BTreeMap<String, BTreeSet<String>>) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        if let Some(target) = root.pointer(reference.trim_start_matches('#')) {
            collect(path, target, root, sections);
        }
        return;
    }
    for choice in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        collect(path, choice, root, sections);
    }
    if let Some(items) = schema.get("items") {
        collect(&format!("{path}[]"), items, root, sections);
    }
    // A map whose keys are up to the user is no section.
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        return;
    }
    sections.entry(path.to_owned()).or_default().extend(properties.keys().cloned());
    for (key, schema) in properties {
        let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        collect(&inner, schema, root, sections);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::settings::load_text;
    use crate::settings::section::asked;

    /// One member in each list, so that every section is read once.
    const ALL_SECTIONS: &str = "accounts: [{identifier: '111122223333', hold: {}}]\n\
                                organizational_units: [{identifier: ou-ab12-11112222, hold: {}}]\n\
                                defaults: {hold: {}}\n";

    #[test]
    fn the_schema_knows_the_keys_that_are_read_and_no_others() {
        asked::take();
        load_text("settings.yaml", ALL_SECTIONS, Path::new(""));
        assert_eq!(asked::take(), *sections());
    }

    #[test]
    fn a_key_is_found_where_it_belongs() {
        assert_eq!(sections_with("account_id"), ["`automation`"]);
        assert_eq!(sections_with("feature"), ["`preparation`", "`purge`"]);
        assert_eq!(sections_with("accounts"), ["the top level"]);
        assert!(sections_with("nothing").is_empty());
    }
}
