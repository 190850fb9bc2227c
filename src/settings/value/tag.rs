//! Keys and values of tags.

use state_machine::{Text, tags};

use super::text::text_value;
use super::{Problem, shown};

text_value! {
    /// The key of a tag, as AWS takes it.
    pub TagKey, "the key of a tag", { "type": "string", "minLength": 1, "maxLength": 128, "examples": ["cost-center"] }
}

impl TagKey {
    fn check(text: &str) -> Result<(), Problem> {
        tags::check_key(text).map_err(|error| problem(text, &error))
    }

    /// The key of a tag that this system reads and writes: `account-` and `state`.
    pub(crate) fn with_prefix(prefix: &TagPrefix, name: &str) -> Text {
        format!("{prefix}{name}").into()
    }
}

text_value! {
    /// The value of a tag, as AWS takes it.
    pub(crate) TagValue, "text", { "type": "string", "maxLength": 256 }
}

impl TagValue {
    fn check(text: &str) -> Result<(), Problem> {
        tags::check_value(text).map_err(|error| problem(text, &error))
    }
}

fn problem(text: &str, error: &tags::InvalidTag) -> Problem {
    let problem = Problem::new(error.to_string());
    match error {
        tags::InvalidTag::Character(character) => match text.find(*character) {
            Some(at) => problem.part(at..at + character.len_utf8()),
            None => problem,
        },
        _ => problem,
    }
}

text_value! {
    /// What the keys of the tags start with that this system reads and writes.
    pub TagPrefix, "what tag keys start with", { "type": "string", "maxLength": 122, "examples": ["account-"] }
}

impl TagPrefix {
    fn check(text: &str) -> Result<(), Problem> {
        // The longest key that is made with it.
        tags::check_key(&format!("{text}holder")).map_err(|error| {
            let error = problem(text, &error);
            Problem {
                message: format!("{} cannot start the key of a tag: {}", shown(text), error.message),
                ..error
            }
        })
    }
}
