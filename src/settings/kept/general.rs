//! All sections that are about the system as a whole, as JSON.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::settings::yaml::{Kind, Node, Pair, Plain, boolean};

/// What has a parameter of its own, and what functions do not read.
const ELSEWHERE: [&str; 5] = ["accounts", "defaults", "deployment", "organizational_units", "worker"];

/// Files whose content has parameters of its own: the functions have no files.
const FILES: [&str; 2] = ["with_csv_files", "with_end_user_documents"];

/// The sections of a file, as far as no other parameter keeps them. A key that is added to a section is kept without
/// anybody thinking of it.
pub(crate) fn general(root: &Node) -> String {
    let Kind::Mapping(sections) = &root.kind else { return "{}".to_owned() };
    super::json(&Sections(sections))
}

/// A file.
struct Sections<'a>(&'a [Pair]);

/// A section.
struct Section<'a>(&'a str, &'a Node);

/// Anything in it, as it was written.
struct Written<'a>(&'a Node);

impl Serialize for Sections<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = self.0.iter().filter(|pair| !ELSEWHERE.contains(&&*pair.key.text));
        serializer.collect_map(by_key(kept, |pair| Section(&pair.key.text, &pair.value)))
    }
}

impl Serialize for Section<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.1.kind {
            Kind::Mapping(pairs) if self.0 == "features" => {
                let kept = pairs.iter().filter(|pair| !FILES.contains(&&*pair.key.text));
                serializer.collect_map(by_key(kept, |pair| Written(&pair.value)))
            }
            Kind::Mapping(_) | Kind::Sequence(_) | Kind::Scalar { .. } => {
                Written(self.1).serialize(serializer)
            }
        }
    }
}

/// In the order of the keys: whoever moves a section in the file changes no parameter.
fn by_key<'a, T>(
    pairs: impl Iterator<Item = &'a Pair>,
    value: impl Fn(&'a Pair) -> T,
) -> BTreeMap<&'a str, T> {
    pairs.map(|pair| (&*pair.key.text, value(pair))).collect()
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.kind {
            Kind::Mapping(pairs) => serializer.collect_map(by_key(pairs.iter(), |pair| Written(&pair.value))),
            Kind::Sequence(items) => serializer.collect_seq(items.iter().map(|item| Written(item))),
            Kind::Scalar { text, quoted } => match if *quoted { Plain::Text } else { Plain::of(text) } {
                Plain::Null => serializer.serialize_none(),
                Plain::Boolean => serializer.serialize_bool(boolean(text) == Some(true)),
                Plain::Text => serializer.serialize_str(text),
                // These sections know whole numbers only.
                Plain::Number => match text.parse::<u64>() {
                    Ok(number) => serializer.serialize_u64(number),
                    Err(_) => serializer.serialize_str(text),
                },
            },
        }
    }
}
