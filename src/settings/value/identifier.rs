//! Accounts, organizational units, and the name of the environment.

use schemars::{Schema, json_schema};
use state_machine::{AccountId, UnitId};

use super::text::text_value;
use super::{Problem, Scalar, Value, shown};

impl Value for AccountId {
    const EXPECTED: &'static str = "an account identifier (12 digits)";

    fn schema() -> Schema {
        // Unquoted, the twelve digits are a number to an editor, and a leading zero is lost to it.
        json_schema!({
            "type": ["string", "integer"],
            "pattern": "^[0-9]{12}$",
            "minimum": 0,
            "maximum": 999_999_999_999_u64,
            "examples": ["111122223333"],
        })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        let text = scalar.text;
        text.parse().map_err(|error: state_machine::InvalidAccountId| {
            let problem = Problem::new(error_of(text, error));
            let digits: String = text.chars().filter(|c| !matches!(c, '-' | ' ' | '_' | '.')).collect();
            match digits.parse::<AccountId>() {
                Ok(account) if digits != text => problem.help(format!("write \"{account}\"")),
                _ => problem,
            }
        })
    }
}

/// The message of the type, with the text of the user cut to what a message can hold.
fn error_of(text: &str, error: impl std::fmt::Display) -> String {
    let message = error.to_string();
    message.replacen(&format!("`{text}`"), &shown(text), 1)
}

impl Value for UnitId {
    const EXPECTED: &'static str = "an organizational unit (ou-…)";

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^ou-[0-9a-z-]{1,65}$", "examples": ["ou-ab12-11112222"] })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        scalar.text.parse().map_err(|error: state_machine::InvalidUnitId| {
            let problem = Problem::new(error_of(scalar.text, error));
            let lower = scalar.text.trim().to_ascii_lowercase();
            match lower.parse::<UnitId>() {
                Ok(unit) => problem.help(format!("write {unit}")),
                Err(_) if scalar.text.parse::<AccountId>().is_ok() => {
                    problem.help("this is an account; accounts stand under `accounts:`")
                }
                Err(_) => problem,
            }
        })
    }
}

text_value! {
    /// The name of an environment: the prefix of every resource, and the filter of every event.
    pub EnvironmentIdentifier, "the name of the environment", {
        "type": "string",
        "pattern": "^[A-Za-z][A-Za-z0-9-]{0,31}$",
        "examples": ["SpaDemo"],
    }
}

impl EnvironmentIdentifier {
    fn check(text: &str) -> Result<(), Problem> {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let why = match text.chars().next() {
            None => "it is empty".to_owned(),
            Some(first) if !first.is_ascii_alphabetic() => "it must start with a letter".to_owned(),
            _ if text.len() > 32 => format!("it has {} characters, and 32 is the most", text.chars().count()),
            _ => match text.char_indices().find(|(_, c)| !good(*c)) {
                None => return Ok(()),
                Some((at, wrong)) => {
                    let message = format!(
                        "the name of the environment is part of the names of resources: letters, digits and \
                         hyphens may stand in it, {} may not",
                        shown(&wrong.to_string())
                    );
                    return Err(Problem::new(message).part(at..at + wrong.len_utf8()));
                }
            },
        };
        Err(Problem::new(format!("{} cannot name the environment: {why}", shown(text))))
    }
}
