//! Whole numbers within limits, and booleans.

use schemars::{Schema, json_schema};

use super::{Problem, Scalar, Value};
use crate::settings::yaml::{Plain, boolean};

impl Value for bool {
    const EXPECTED: &'static str = "true or false";

    fn schema() -> Schema {
        json_schema!({ "anyOf": [{ "type": "boolean" }, { "enum": ["yes", "no", "on", "off"] }] })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        let meant = boolean(scalar.text);
        match (scalar.plain(), meant) {
            (Plain::Boolean, Some(value)) => Ok(value),
            (_, Some(value)) => {
                Err(Problem::unexpected(Self::EXPECTED, scalar)
                    .help(format!("write {value}, without quotes")))
            }
            _ => Err(Problem::unexpected(Self::EXPECTED, scalar)),
        }
    }
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Whole<const LEAST: u32, const MOST: u32>(pub(crate) u32);

impl<const LEAST: u32, const MOST: u32> Value for Whole<LEAST, MOST> {
    const EXPECTED: &'static str = "a whole number";

    fn schema() -> Schema {
        json_schema!({ "type": "integer", "minimum": LEAST, "maximum": MOST })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        let text = scalar.text;
        let is_whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if scalar.quoted && is_whole {
            let problem = Problem::unexpected(Self::EXPECTED, scalar);
            return Err(problem.help(format!("write {text}, without quotes")));
        }
        match text.parse() {
            Ok(number) if is_whole && (LEAST..=MOST).contains(&number) => Ok(Self(number)),
            _ if is_whole || (scalar.plain() == Plain::Number && text.starts_with('-')) => {
                Err(Problem::new(format!("{text} is out of range: from {LEAST} to {MOST}")))
            }
            _ => Err(Problem::unexpected(Self::EXPECTED, scalar)),
        }
    }
}
