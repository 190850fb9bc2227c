//! An instant, as the caller read it from some clock. This crate owns no clock.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant in UTC, to the millisecond.
///
/// Milliseconds because every store that keeps a journal can index a 64-bit integer, and because a value
/// that went through JSON must come back equal to the one that did not.
/// In text it is RFC 3339 with milliseconds and `Z`: `2026-11-21T18:00:00.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// The text or number is no instant that chrono can express (years -262143 to 262142).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an instant; write it like 2026-11-21T18:00:00Z")]
pub struct InvalidTimestamp(pub String);

impl Timestamp {
    /// The instant that lies so many milliseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// When the number lies outside what a calendar can show.
    pub fn from_millis(millis: i64) -> Result<Self, InvalidTimestamp> {
        match DateTime::<Utc>::from_timestamp_millis(millis) {
            Some(_) => Ok(Self(millis)),
            None => Err(InvalidTimestamp(millis.to_string())),
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The same instant for calendar arithmetic.
    pub fn to_utc(self) -> DateTime<Utc> {
        // Every constructor has checked the range; the epoch stands in for the impossible rest.
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }

    /// The UTC day of the instant, `2026-11-21`: the key of by-day reads.
    pub fn day(self) -> String {
        self.to_utc().format("%Y-%m-%d").to_string()
    }

    /// Time from `earlier` to `self`; negative when `earlier` is later.
    pub fn since(self, earlier: Self) -> TimeDelta {
        TimeDelta::milliseconds(self.0.saturating_sub(earlier.0))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant.timestamp_millis())
    }
}

impl Add<TimeDelta> for Timestamp {
    type Output = Self;

    /// Stops at the ends of the calendar instead of wrapping.
    fn add(self, delta: TimeDelta) -> Self {
        let sum = self.0.saturating_add(delta.num_milliseconds());
        let last = DateTime::<Utc>::MAX_UTC.timestamp_millis();
        let first = DateTime::<Utc>::MIN_UTC.timestamp_millis();
        Self(sum.clamp(first, last))
    }
}

impl Sub<TimeDelta> for Timestamp {
    type Output = Self;

    fn sub(self, delta: TimeDelta) -> Self {
        self + (-delta)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Reads RFC 3339 with any offset; what is finer than a millisecond is cut off.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text)
            .map(|instant| Self(instant.timestamp_millis()))
            .map_err(|_| InvalidTimestamp(text.to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        } else {
            Self::from_millis(i64::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_number_round_trip() {
        let instant: Timestamp = "2026-11-21T18:00:00.123Z".parse().unwrap();
        assert_eq!(instant.to_string(), "2026-11-21T18:00:00.123Z");
        assert_eq!(Timestamp::from_millis(instant.as_millis()), Ok(instant));
        assert_eq!(instant.day(), "2026-11-21");
    }

    #[test]
    fn offsets_are_read_and_shown_as_utc() {
        let instant: Timestamp = "2026-11-21T19:30:00+01:30".parse().unwrap();
        assert_eq!(instant.to_string(), "2026-11-21T18:00:00.000Z");
    }

    #[test]
    fn sums_stop_at_the_ends_of_the_calendar() {
        let end = Timestamp::default() + TimeDelta::MAX;
        assert_eq!(end + TimeDelta::days(1), end);
        assert_eq!(Timestamp::from_millis(end.as_millis()), Ok(end));
        assert!(Timestamp::from_millis(i64::MAX).is_err());
    }

    #[test]
    fn what_is_no_instant_is_refused_with_the_text() {
        let error = "tomorrow".parse::<Timestamp>().unwrap_err();
        assert!(error.to_string().contains("`tomorrow`"), "{error}");
    }
}
