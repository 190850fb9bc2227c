//! E-mail addresses of holders.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::Text;

/// A mailbox that mail can be sent to, as far as its shape tells.
///
/// The shape is RFC 5321's `local@domain` without quoted local parts and without address literals: those
/// are legal, and nobody's work address. One pass over the text: no input makes it slow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(Text);

/// Why a text is no mailbox.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an e-mail address: {because}")]
pub struct InvalidEmail {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub because: &'static str,
}

impl Email {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match fault(text) {
            None => Ok(Self(text.into())),
            Some(because) => Err(InvalidEmail { text: text.to_owned(), because }),
        }
    }
}

/// The first thing that is wrong with the text as a mailbox.
fn fault(text: &str) -> Option<&'static str> {
    // RFC 5321, 4.5.3.1: 64 octets before the @, 255 after it, 254 in all (RFC 3696, erratum 1690).
    let Some((local, domain)) = text.split_once('@') else {
        return Some("there is no @ in it");
    };
    if text.len() > 254 || local.len() > 64 {
        return Some("it is longer than mail allows");
    }
    if domain.contains('@') {
        return Some("there is more than one @ in it");
    }
    if local.is_empty() {
        return Some("nothing stands before the @");
    }
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    if !local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom)) {
        return Some("what stands before the @ is no mailbox name");
    }
    let label = |part: &str| {
        !part.is_empty()
            && part.len() <= 63
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !domain.contains('.') {
        return Some("the domain after the @ has no dot in it");
    }
    if !domain.split('.').all(label) {
        return Some("what stands after the @ is no domain");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_are_told_from_other_text() {
        let cases = [
            ("alice@example.com", true),
            ("alice+aws_1@mail.example.co.uk", true),
            ("o'neil@example.com", true),
            ("a@b.c", true),
            ("", false),
            ("alice", false),
            ("@example.com", false),
            ("alice@", false),
            ("alice@example", false),
            ("alice@@example.com", false),
            ("alice@exam ple.com", false),
            ("alice@-example.com", false),
            ("alice@example..com", false),
            (".alice@example.com", false),
            ("ali ce@example.com", false),
            ("alice@example.com\n", false),
            ("álice@example.com", false),
        ];
        for (text, good) in cases {
            assert_eq!(text.parse::<Email>().is_ok(), good, "{text:?}");
        }
    }

    #[test]
    fn long_hostile_text_is_refused_at_once() {
        let hostile = format!("{}@{}", "a.".repeat(500_000), "b-".repeat(500_000));
        assert!(hostile.parse::<Email>().is_err());
    }
}
