//! Addresses of people, and of the sender of mails.

use std::fmt;

use schemars::{Schema, json_schema};
use state_machine::Email;

use super::{Problem, Scalar, Value, shown};

impl Value for Email {
    const EXPECTED: &'static str = "an e-mail address";

    fn schema() -> Schema {
        json_schema!({
            "type": "string", "pattern": "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", "examples": ["alice@example.com"],
        })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        let text = scalar.as_text(Self::EXPECTED)?;
        text.parse().map_err(|error: state_machine::InvalidEmail| {
            Problem::new(format!("{} is not an e-mail address: {}", shown(text), error.because))
        })
    }
}

/// Who sends the mails: an address, with a name before it or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// What recipients see, such as `no reply`.
    pub name: Option<String>,
    /// The address, which Amazon SES must have verified.
    pub address: Email,
}

impl fmt::Display for Sender {
    /// As a mail header takes it: the name in quotes, the address in angle brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "\"{name}\" <{}>", self.address),
            None => self.address.fmt(f),
        }
    }
}

impl Value for Sender {
    const EXPECTED: &'static str = "an e-mail address, or a name and an address in angle brackets";

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[^@<>]*<?[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+>?$",
            "examples": ["spa@example.com", "\"no reply\" <spa@example.com>"],
        })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        let text = scalar.as_text(Self::EXPECTED)?;
        let Some((name, address)) = text.strip_suffix('>').and_then(|text| text.split_once('<')) else {
            return Ok(Self { name: None, address: Email::parse(scalar)? });
        };
        let address = Email::parse(Scalar { text: address, quoted: true })?;
        let name = name.trim();
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
        // A quote or a line break would end the header early, and the rest would be another header.
        if name.chars().any(|c| c.is_control() || matches!(c, '"' | '\\' | '<' | '>' | '@')) {
            return Err(Problem::new(format!("{} cannot be the name of a sender", shown(name))));
        }
        Ok(Self { name: Some(name.to_owned()).filter(|name| !name.is_empty()), address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_may_have_a_name() {
        let read = |text| Sender::parse(Scalar { text, quoted: true }).map(|sender| sender.to_string());
        assert_eq!(read("spa@example.com").unwrap(), "spa@example.com");
        assert_eq!(read("\"no reply\" <spa@example.com>").unwrap(), "\"no reply\" <spa@example.com>");
        assert_eq!(read("no reply <spa@example.com>").unwrap(), "\"no reply\" <spa@example.com>");
        assert_eq!(read("<spa@example.com>").unwrap(), "spa@example.com");
        for wrong in [
            "",
            "spa",
            "no reply",
            "x <y>",
            "\"a\" b\" <spa@example.com>",
            "a\nb <spa@example.com>",
            "spa@example.com>",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
