//! Free text, and text with a simple form.

use schemars::{Schema, json_schema};
use state_machine::Text;

use super::{Problem, Scalar, Value, nearest, shown};

/// A type for text that follows a rule: the type, its name for people, its JSON Schema. The rule itself is a
/// function `check` of the type.
macro_rules! text_value {
    ($(#[$doc:meta])* $visibility:vis $name:ident, $expected:literal, { $($schema:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        $visibility struct $name(state_machine::Text);

        #[allow(dead_code, reason = "not every kind of text needs all of them")]
        impl $name {
            /// The text.
            $visibility fn as_str(&self) -> &str {
                &self.0
            }

            /// A value that the program itself gives. Tests compare it with what a file would have to say.
            pub(crate) fn built_in(text: &str) -> Self {
                Self(text.into())
            }

            /// The text, shared.
            $visibility fn to_text(&self) -> state_machine::Text {
                state_machine::Text::clone(&self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl $crate::settings::value::Value for $name {
            const EXPECTED: &'static str = $expected;

            fn schema() -> schemars::Schema {
                schemars::json_schema!({ $($schema)* })
            }

            fn parse(
                scalar: $crate::settings::value::Scalar<'_>,
            ) -> Result<Self, $crate::settings::value::Problem> {
                let text = scalar.as_text(Self::EXPECTED)?;
                Self::check(text)?;
                Ok(Self(text.into()))
            }
        }
    };
}
pub(crate) use text_value;

/// Any text. A number is text as well here: nothing but people ever reads it.
impl Value for Text {
    const EXPECTED: &'static str = "text";

    fn schema() -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        Ok(scalar.text.into())
    }
}

text_value! {
    /// Text that says something.
    pub(crate) Statement, "text", { "type": "string", "minLength": 1 }
}

impl Statement {
    fn check(text: &str) -> Result<(), Problem> {
        if text.trim().is_empty() { Err(Problem::new("the text is empty")) } else { Ok(()) }
    }
}

text_value! {
    /// The path of a file.
    pub FilePath, "the path of a file", { "type": "string", "minLength": 1 }
}

impl FilePath {
    fn check(text: &str) -> Result<(), Problem> {
        match text {
            "" => Err(Problem::new("the path is empty")),
            _ if text.contains('\0') => Err(Problem::new("a path cannot hold a null character")),
            _ => Ok(()),
        }
    }
}

/// Whether a step of the lifecycle is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Feature(pub(crate) bool);

impl Value for Feature {
    const EXPECTED: &'static str = "`enabled` or `disabled`";

    fn schema() -> Schema {
        json_schema!({ "type": "string", "enum": ["enabled", "disabled"] })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        match scalar.text {
            "enabled" => Ok(Self(true)),
            "disabled" => Ok(Self(false)),
            text => {
                let message = format!("{} is neither `enabled` nor `disabled`", shown(text));
                let meant = match crate::settings::yaml::boolean(text) {
                    Some(true) => Some("enabled"),
                    Some(false) => Some("disabled"),
                    None => nearest(text, &["enabled", "disabled"]),
                };
                Err(did_you_mean(Problem::new(message), meant))
            }
        }
    }
}

/// How much the functions write to their logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verbosity {
    /// Everything.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What is odd.
    Warning,
    /// What failed.
    Error,
    /// What cannot go on.
    Critical,
}

impl Value for Verbosity {
    const EXPECTED: &'static str = "DEBUG, INFO, WARNING, ERROR or CRITICAL";

    fn schema() -> Schema {
        json_schema!({ "type": "string", "enum": ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        Ok(match scalar.text {
            "DEBUG" => Self::Debug,
            "INFO" => Self::Info,
            "WARNING" => Self::Warning,
            "ERROR" => Self::Error,
            "CRITICAL" => Self::Critical,
            text => {
                let meant = nearest(text, &["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]);
                let message = format!("{} is none of {}", shown(text), Self::EXPECTED);
                return Err(did_you_mean(Problem::new(message), meant));
            }
        })
    }
}

fn did_you_mean(problem: Problem, meant: Option<&str>) -> Problem {
    match meant {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem,
    }
}

text_value! {
    /// A currency as ISO 4217 names it.
    pub Currency, "a currency (three capital letters)", {
        "type": "string", "pattern": "^[A-Z]{3}$", "examples": ["EUR"],
    }
}

impl Currency {
    fn check(text: &str) -> Result<(), Problem> {
        let good = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if good(text) {
            return Ok(());
        }
        let problem =
            Problem::new(format!("{} is not a currency: they have three capital letters", shown(text)));
        let upper = text.trim().to_ascii_uppercase();
        Err(if good(&upper) { problem.help(format!("write {upper}")) } else { problem })
    }
}

text_value! {
    /// The address of a web service.
    pub WebAddress, "an https:// address", {
        "type": "string", "pattern": "^https://[^\\s/]+", "examples": ["https://example.com/hook"],
    }
}

impl WebAddress {
    fn check(text: &str) -> Result<(), Problem> {
        let Some(rest) = text.strip_prefix("https://") else {
            return Err(Problem::new(format!("{} is not an https:// address", shown(text))));
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if host.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Problem::new(format!("{} is not a web address", shown(text))));
        }
        Ok(())
    }

    /// The name of the machine.
    pub(crate) fn host(&self) -> &str {
        let rest = self.0.strip_prefix("https://").unwrap_or(&self.0);
        rest.split(['/', '?', '#']).next().unwrap_or_default()
    }
}

text_value! {
    /// The text of a mail with a place for the month.
    pub MailTemplate, "text with {month} in it", { "type": "string" }
}

impl MailTemplate {
    /// The predecessor filled templates with Python's `format`, so `{{` and `}}` are single braces.
    fn check(text: &str) -> Result<(), Problem> {
        let mut at = 0;
        while let Some(found) = text[at..].find(['{', '}']) {
            at += found;
            let rest = &text[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                at += 2;
            } else if rest.starts_with("{month}") {
                at += "{month}".len();
            } else {
                let end = rest.find('}').map_or(1, |end| end + 1).min(40);
                let part = at..text.floor_char_boundary(at + end);
                let message = format!("{} means nothing here; {{month}} does", shown(&text[part.clone()]));
                return Err(Problem::new(message)
                    .part(part)
                    .help("a brace that shall stay is written twice"));
            }
        }
        Ok(())
    }

    /// The text with the month filled in.
    pub fn fill(&self, month: &str) -> String {
        let filled = self.0.split("{{").map(|part| part.replace("{month}", month)).collect::<Vec<_>>();
        filled.join("{").replace("}}", "}")
    }
}
