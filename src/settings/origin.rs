//! Where a value comes from.

use std::fmt;

use serde::{Serialize, Serializer};
use state_machine::UnitId;

use crate::diagnostic::Place;

/// What said something about an account. The later ones win.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything else.
    BuiltIn,
    /// A section about the system as a whole, such as `protected_accounts`.
    Settings(Place),
    /// `defaults`.
    Defaults(Place),
    /// An organizational unit that holds the account.
    Unit(UnitId, Place),
    /// The account itself, under `accounts`.
    Account(Place),
    /// A row about the account in a CSV file.
    Csv(Place),
}

impl Origin {
    /// Where it is written; nothing when it is built in.
    pub const fn place(&self) -> Option<&Place> {
        match self {
            Self::BuiltIn => None,
            Self::Settings(place)
            | Self::Defaults(place)
            | Self::Unit(_, place)
            | Self::Account(place)
            | Self::Csv(place) => Some(place),
        }
    }

    /// What it is, in a word.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::Settings(_) => "settings",
            Self::Defaults(_) => "defaults",
            Self::Unit(..) => "unit",
            Self::Account(_) => "account",
            Self::Csv(_) => "csv",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in"),
            Self::Settings(place) | Self::Csv(place) => place.fmt(f),
            Self::Defaults(place) => write!(f, "defaults, {place}"),
            Self::Unit(unit, place) => write!(f, "unit {unit}, {place}"),
            Self::Account(place) => write!(f, "account, {place}"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct View<'a> {
            from: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            unit: Option<&'a UnitId>,
            #[serde(flatten)]
            place: Option<&'a Place>,
        }
        let unit = if let Self::Unit(unit, _) = self { Some(unit) } else { None };
        View { from: self.name(), unit, place: self.place() }.serialize(serializer)
    }
}

/// A value, and what said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// What said it.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// A value that counts when nobody says anything else.
    pub(crate) const fn built_in(value: T) -> Self {
        Self { value, origin: Origin::BuiltIn }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_reads_well_as_text_and_as_data() {
        let place = Place { file: "settings.yaml".into(), line: 12, column: 3 };
        let unit: UnitId = "ou-ab12-11112222".parse().unwrap();
        let cases = [
            (Origin::BuiltIn, "built-in", r#"{"from":"built-in"}"#),
            (
                Origin::Unit(unit, place.clone()),
                "unit ou-ab12-11112222, settings.yaml:12:3",
                r#"{"from":"unit","unit":"ou-ab12-11112222","file":"settings.yaml","line":12,"column":3}"#,
            ),
            (
                Origin::Csv(place),
                "settings.yaml:12:3",
                r#"{"from":"csv","file":"settings.yaml","line":12,"column":3}"#,
            ),
        ];
        for (origin, text, json) in cases {
            assert_eq!(origin.to_string(), text);
            assert_eq!(serde_json::to_string(&origin).unwrap(), json);
        }
    }
}
