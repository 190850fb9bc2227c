//! Names of things, parsed once at the edge into types that cannot be wrong.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// Shared text: cloned often, changed never.
pub type Text = Arc<str>;

/// An AWS account: exactly twelve digits, leading zeros included.
///
/// See <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

/// Why a text names no account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccountId {
    /// Something else than the digits 0 to 9 is in it.
    #[error("`{0}` is not an account identifier: only digits may stand in it")]
    NotDigits(String),
    /// Digits, but not twelve.
    #[error("`{0}` has {digits} digits, and an account identifier has 12", digits = .0.len())]
    Length(String),
}

impl AccountId {
    /// The account whose twelve digits read as this number.
    pub const fn from_number(number: u64) -> Option<Self> {
        if number < 1_000_000_000_000 { Some(Self(number)) } else { None }
    }

    /// The twelve digits as a number.
    pub const fn as_number(self) -> u64 {
        self.0
    }
}

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidAccountId::NotDigits(text.to_owned()));
        }
        if text.len() != 12 {
            return Err(InvalidAccountId::Length(text.to_owned()));
        }
        let number = text.bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
        Ok(Self(number))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        } else {
            let number = u64::deserialize(deserializer)?;
            Self::from_number(number).ok_or_else(|| de::Error::custom("no account identifier"))
        }
    }
}

/// An organizational unit: `ou-` and what AWS drew for it.
///
/// AWS draws `ou-<root>-<unit>` (`^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$`, see
/// <https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html>).
/// Shorter ones stand in settings that people wrote as samples, so they are accepted, and
/// [`UnitId::is_as_aws_draws_it`] tells them apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct UnitId(Text);

/// Why a text names no organizational unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUnitId {
    /// It names the root of the organization, which holds more than personal accounts.
    #[error("`{0}` is the root of an organization; name the organizational units below it (ou-…)")]
    Root(String),
    /// It is anything else.
    #[error("`{0}` is not an organizational unit; they look like ou-ab12-11112222")]
    Shape(String),
}

impl UnitId {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether AWS could have drawn this identifier. `ou-1234` is a sample, `ou-ab12-11112222` is real.
    pub fn is_as_aws_draws_it(&self) -> bool {
        let Some((root, unit)) = self.0.strip_prefix("ou-").and_then(|rest| rest.split_once('-')) else {
            return false;
        };
        let drawn = |part: &str, least: usize| {
            (least..=32).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
        };
        drawn(root, 4) && drawn(unit, 8)
    }
}

impl FromStr for UnitId {
    type Err = InvalidUnitId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match text.strip_prefix("ou-") {
            Some(rest) if !rest.is_empty() && rest.len() <= 65 && rest.bytes().all(allowed) => {
                Ok(Self(text.into()))
            }
            _ if text.starts_with("r-") => Err(InvalidUnitId::Root(text.to_owned())),
            _ => Err(InvalidUnitId::Shape(text.to_owned())),
        }
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for UnitId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A CodeBuild build as `StartBuild` names it: `<project>:<uuid>`, without the ARN around it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct BuildId(Text);

/// The text is no `<project>:<uuid>`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a build; they look like SpaProjectForAccountPurge:0a1b2c3d-…")]
pub struct InvalidBuildId(pub String);

impl BuildId {
    /// The build with this UUID of the project that does this task.
    pub fn of_task(task: crate::TaskKind, build: Uuid) -> Self {
        Self(format!("{}:{build}", task.project()).into())
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The project that the build ran in: what stands before the last colon.
    pub fn project(&self) -> &str {
        self.0.rsplit_once(':').map_or("", |(project, _)| project)
    }
}

impl FromStr for BuildId {
    type Err = InvalidBuildId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        match text.rsplit_once(':') {
            Some((project, build))
                if !project.is_empty()
                    && !build.is_empty()
                    && text.len() <= 400
                    && project.bytes().all(plain)
                    && build.bytes().all(plain) =>
            {
                Ok(Self(text.into()))
            }
            _ => Err(InvalidBuildId(text.to_owned())),
        }
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BuildId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// What tells one trigger from another, so that a second delivery of it is noticed.
///
/// EventBridge gives every event a UUID. A source that gives another text gets the UUID of that text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TriggerId(Uuid);

/// Name space of the identifiers that are made from text here.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b0c_36c1_7d6a_5a4e_9d0f_5350_4120_2026);

impl TriggerId {
    /// The identifier itself when `text` is a UUID, else one made from it: the same text, the same value.
    pub fn from_text(text: &str) -> Self {
        Self(Uuid::try_parse(text).unwrap_or_else(|_| Uuid::new_v5(&NAMESPACE, text.as_bytes())))
    }

    /// An identifier that the caller drew.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for TriggerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Makes a side effect recognizable: the same obligation always carries the same token.
///
/// AWS keeps such tokens for minutes only (five for `StartBuild`, see
/// <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html>), so a token also
/// travels inside the effect, where it can be looked for later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(Uuid);

impl Token {
    /// The token of one obligation of one account.
    pub fn of(account: AccountId, obligation: ObligationId) -> Self {
        let name = format!("{account}:{obligation}");
        Self(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
    }

    /// A token that came back from outside.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many records a stream holds; also the number of its last record. Zero: none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// Before the first record.
    pub const NONE: Self = Self(0);

    /// The version with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The version that one more record makes.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One thing that is owed: the record that made us owe it, and its place in that record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObligationId {
    /// The record.
    pub record: Version,
    /// The place in the record's list, from zero.
    pub place: u8,
}

impl fmt::Display for ObligationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.record, self.place)
    }
}

impl fmt::Debug for ObligationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One run of the maintenance schedule, named by the instant at which it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WindowId(pub crate::Timestamp);

impl fmt::Display for WindowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_identifiers_have_twelve_digits() {
        let cases = [
            ("123456789012", true),
            ("000000000001", true),
            ("12345678901", false),
            ("1234567890123", false),
            ("12345678901a", false),
            ("", false),
            (" 12345678901", false),
            ("१२३४५६७८९०१२", false),
        ];
        for (text, good) in cases {
            match text.parse::<AccountId>() {
                Ok(account) => {
                    assert!(good, "{text}");
                    assert_eq!(account.to_string(), text);
                }
                Err(_) => assert!(!good, "{text}"),
            }
        }
    }

    #[test]
    fn a_wrong_length_is_said_with_its_number() {
        let error = "12345678901".parse::<AccountId>().unwrap_err();
        assert_eq!(error.to_string(), "`12345678901` has 11 digits, and an account identifier has 12");
    }

    #[test]
    fn units_start_with_ou() {
        let cases = [
            ("ou-ab12-11111111", true, true),
            ("ou-1234", true, false),
            ("ou-", false, false),
            ("r-ab12", false, false),
            ("default", false, false),
            ("OU-ab12-11111111", false, false),
            ("ou-ab12-1111 111", false, false),
        ];
        for (text, accepted, drawn) in cases {
            let unit = text.parse::<UnitId>();
            assert_eq!(unit.is_ok(), accepted, "{text}");
            assert_eq!(unit.is_ok_and(|unit| unit.is_as_aws_draws_it()), drawn, "{text}");
        }
        assert!(matches!("r-ab12".parse::<UnitId>(), Err(InvalidUnitId::Root(_))));
    }

    #[test]
    fn builds_are_named_by_project_and_uuid() {
        let build: BuildId = "SpaProjectForAccountPurge:0a1b2c3d-0000".parse().unwrap();
        assert_eq!(build.project(), "SpaProjectForAccountPurge");
        for wrong in ["", ":", "project:", ":build", "no-colon", "a b:c", "arn:aws:x/y:z"] {
            assert!(wrong.parse::<BuildId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn trigger_identifiers_keep_a_uuid_and_make_one_from_other_text() {
        let uuid = "6a7e8feb-b491-4cf7-a9f1-bf3703467718";
        assert_eq!(TriggerId::from_text(uuid).to_string(), uuid);
        assert_eq!(TriggerId::from_text("x"), TriggerId::from_text("x"));
        assert_ne!(TriggerId::from_text("x"), TriggerId::from_text("y"));
    }

    #[test]
    fn tokens_differ_by_account_and_by_obligation() {
        let [one, two] = [1, 2].map(|number| AccountId::from_number(number).unwrap());
        let at = |record, place| ObligationId { record: Version::new(record), place };
        assert_eq!(Token::of(one, at(3, 0)), Token::of(one, at(3, 0)));
        assert_ne!(Token::of(one, at(3, 0)), Token::of(two, at(3, 0)));
        assert_ne!(Token::of(one, at(3, 0)), Token::of(one, at(3, 1)));
        assert_ne!(Token::of(one, at(3, 1)), Token::of(one, at(31, 0)));
    }

    #[test]
    fn identifiers_survive_json() {
        let account: AccountId = "012345678901".parse().unwrap();
        let json = serde_json::to_string(&account).unwrap();
        assert_eq!(json, "\"012345678901\"");
        assert_eq!(serde_json::from_str::<AccountId>(&json).unwrap(), account);
        assert!(serde_json::from_str::<AccountId>("\"1\"").is_err());
        assert!(serde_json::from_str::<UnitId>("\"r-1\"").is_err());
    }
}
