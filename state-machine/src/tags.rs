//! Tags of an account, as AWS Organizations keeps them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Text;

/// Tags that AWS Organizations keeps for one account; a user-made tag key is unique (case counts).
///
/// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Tag.html> and
/// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging.html>.
pub const TAGS_PER_ACCOUNT: usize = 50;

/// Keys and values. Ordered by key, so that equal tags print equally.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(BTreeMap<Text, Text>);

/// Why AWS would refuse a tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTag {
    /// A key must have 1 to 128 characters.
    #[error("a tag key has 1 to 128 characters, and this one has {0}")]
    KeyLength(usize),
    /// A value may have 256 characters.
    #[error("a tag value has at most 256 characters, and this one has {0}")]
    ValueLength(usize),
    /// Keys with this prefix belong to AWS.
    #[error("tag keys that start with `aws:` are reserved to AWS")]
    Reserved,
    /// Something else than letters, digits, spaces and `+ - = . _ : / @`.
    #[error("`{0}` may not stand in a tag; letters, digits, spaces and + - = . _ : / @ may")]
    Character(char),
}

impl Tags {
    /// No tags.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Text> {
        self.0.get(key)
    }

    /// Sets a key; the value that it had before is returned.
    pub fn insert(&mut self, key: impl Into<Text>, value: impl Into<Text>) -> Option<Text> {
        self.0.insert(key.into(), value.into())
    }

    /// Takes a key away; the value that it had is returned.
    pub fn remove(&mut self, key: &str) -> Option<Text> {
        self.0.remove(key)
    }

    /// All pairs, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pairs of `wanted` that stand here with another value, or not at all.
    pub fn missing(&self, wanted: &Self) -> Self {
        wanted
            .iter()
            .filter(|(key, value)| self.get(key) != Some(value))
            .map(|(key, value)| (Text::clone(key), Text::clone(value)))
            .collect()
    }
}

impl FromIterator<(Text, Text)> for Tags {
    fn from_iter<I: IntoIterator<Item = (Text, Text)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// Whether AWS would take `key` as the key of a tag.
///
/// # Errors
/// The first reason for which AWS would refuse it.
pub fn check_key(key: &str) -> Result<(), InvalidTag> {
    let length = key.chars().count();
    if !(1..=128).contains(&length) {
        return Err(InvalidTag::KeyLength(length));
    }
    if key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
        return Err(InvalidTag::Reserved);
    }
    check_characters(key)
}

/// Whether AWS would take `value` as the value of a tag. An empty value is a value.
///
/// # Errors
/// The first reason for which AWS would refuse it.
pub fn check_value(value: &str) -> Result<(), InvalidTag> {
    let length = value.chars().count();
    if length > 256 {
        return Err(InvalidTag::ValueLength(length));
    }
    check_characters(value)
}

/// AWS's pattern is `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`.
fn check_characters(text: &str) -> Result<(), InvalidTag> {
    let separator = |c: char| c.is_whitespace() && !c.is_control();
    match text.chars().find(|&c| !(c.is_alphanumeric() || separator(c) || "_.:/=+-@".contains(c))) {
        None => Ok(()),
        Some(character) => Err(InvalidTag::Character(character)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_follow_the_rules_of_aws() {
        for key in ["account-state", "ServiceNow Domain", "account:holder", "Größe", "a"] {
            assert_eq!(check_key(key), Ok(()), "{key}");
        }
        assert_eq!(check_key(""), Err(InvalidTag::KeyLength(0)));
        assert_eq!(check_key(&"k".repeat(129)), Err(InvalidTag::KeyLength(129)));
        assert_eq!(check_key("AWS:x"), Err(InvalidTag::Reserved));
        assert_eq!(check_key("a#b"), Err(InvalidTag::Character('#')));
        assert_eq!(check_value(""), Ok(()));
        assert_eq!(check_value("alice+1@example.com"), Ok(()));
        assert_eq!(check_value("a\nb"), Err(InvalidTag::Character('\n')));
        assert_eq!(check_value(&"é".repeat(256)), Ok(()));
        assert_eq!(check_value(&"é".repeat(257)), Err(InvalidTag::ValueLength(257)));
    }

    #[test]
    fn missing_names_what_differs() {
        let tags = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|&(key, value)| (Text::from(key), Text::from(value))).collect::<Tags>()
        };
        let has = tags(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let wants = tags(&[("a", "1"), ("b", "x"), ("d", "4")]);
        assert_eq!(has.missing(&wants), tags(&[("b", "x"), ("d", "4")]));
    }
}
