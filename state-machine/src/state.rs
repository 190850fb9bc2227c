//! The state of an account, and what a look at its tag can tell.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Text;

/// The value of the tag `account-state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Asked to be on-boarded.
    Vanilla,
    /// Given to a holder; being prepared.
    Assigned,
    /// Prepared, in the hands of its holder.
    Released,
    /// Due for maintenance; being purged.
    Expired,
}

impl State {
    /// Every state, in the order of the lifecycle.
    pub const ALL: [Self; 4] = [Self::Vanilla, Self::Assigned, Self::Released, Self::Expired];

    /// The tag's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vanilla => "vanilla",
            Self::Assigned => "assigned",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }
}

/// The text is none of the four states. Case and blanks count: what AWS shows is what is compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a state; vanilla, assigned, released and expired are")]
pub struct UnknownState(pub String);

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownState(text.to_owned()))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a look at the tag told. Never a bare `Option`: "no tag" and "could not read" lead to different ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// The tag holds one of the four states.
    Known(State),
    /// The account was read, and has no such tag.
    Untagged,
    /// The tag holds something else. It is left as it is, and said.
    Unrecognised(Text),
    /// The account could not be read. Nothing is known, so nothing may follow from it.
    Unreadable(Unreadable),
}

/// Why something could not be read. In none of these cases does the thing count as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// The service asked to come back later.
    Throttled,
    /// The caller may not read it.
    Denied,
    /// No answer, or one that made no sense.
    Failed,
}

impl Reading {
    /// What a tag value says. `None` is an account that was read and has no such tag.
    pub fn of_tag(value: Option<&str>) -> Self {
        match value {
            None => Self::Untagged,
            Some(text) => match text.parse() {
                Ok(state) => Self::Known(state),
                Err(UnknownState(_)) => Self::Unrecognised(text.into()),
            },
        }
    }

    /// The state, when the reading tells one.
    pub const fn known(&self) -> Option<State> {
        match self {
            Self::Known(state) => Some(*state),
            Self::Untagged | Self::Unrecognised(_) | Self::Unreadable(_) => None,
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "the service asked to come back later",
            Self::Denied => "reading it was denied",
            Self::Failed => "the service gave no usable answer",
        })
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(state) => state.fmt(f),
            Self::Untagged => f.write_str("no state tag"),
            Self::Unrecognised(text) => write!(f, "`{text}`, which is no state"),
            Self::Unreadable(cause) => write!(f, "unreadable ({cause})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_four_exact_words_are_states() {
        for state in State::ALL {
            assert_eq!(Reading::of_tag(Some(state.as_str())), Reading::Known(state));
        }
        for text in ["", "Released", "released ", " released", "RELEASED", "free"] {
            assert_eq!(Reading::of_tag(Some(text)), Reading::Unrecognised(text.into()), "{text:?}");
        }
        assert_eq!(Reading::of_tag(None), Reading::Untagged);
    }
}
