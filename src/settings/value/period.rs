//! Lengths of time, and the day on which something ends.

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use schemars::{Schema, json_schema};
use state_machine::Timestamp;

use super::{Problem, Scalar, Value, shown};
use crate::settings::yaml::Plain;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A length of time from `LEAST` to `MOST` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Period<const LEAST: u64, const MOST: u64>(pub(crate) TimeDelta);

impl<const LEAST: u64, const MOST: u64> Value for Period<LEAST, MOST> {
    const EXPECTED: &'static str = "a length of time such as 90s, 5m, 1h 30m or 7d";

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^\\s*([0-9]+\\s*(s|sec|secs|second|seconds|m|min|mins|minute|minutes|h|hr|hrs|hour\
                        |hours|d|day|days|w|week|weeks)\\s*)+$",
            "examples": ["90s", "5m", "1h 30m", "7d"],
        })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        let seconds = seconds(scalar, Self::EXPECTED)?;
        if (LEAST..=MOST).contains(&seconds) {
            return Ok(Self(TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX))));
        }
        let (least, most) = (spoken_seconds(LEAST), spoken_seconds(MOST));
        Err(Problem::new(format!("{} is out of range: from {least} to {most}", shown(scalar.text))))
    }
}

fn seconds(scalar: Scalar<'_>, expected: &str) -> Result<u64, Problem> {
    let text = scalar.text;
    if scalar.plain() == Plain::Number || text.bytes().all(|byte| byte.is_ascii_digit()) {
        let problem = Problem::unexpected(expected, scalar);
        let whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        return Err(if whole { problem.help(format!("for seconds, write {text}s")) } else { problem });
    }
    // The parser of lengths takes fractions, and cuts them to whole seconds.
    if !text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace()) {
        return Err(Problem::unexpected(expected, scalar));
    }
    for unit in text.split(|c: char| !c.is_alphabetic()).filter(|unit| !unit.is_empty()) {
        check_unit(text, unit)?;
    }
    match humantime::parse_duration(text) {
        Ok(length) => Ok(length.as_secs()),
        Err(_) => Err(Problem::unexpected(expected, scalar)),
    }
}

/// Months and years have no fixed length, and nothing here is shorter than a second.
fn check_unit(text: &str, unit: &str) -> Result<(), Problem> {
    const KNOWN: [&str; 21] = [
        "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h", "hr", "hrs",
        "hour", "hours", "d", "day", "days", "w", "week", "weeks",
    ];
    if KNOWN.contains(&unit) {
        return Ok(());
    }
    let at = text.find(unit).unwrap_or(0);
    let problem = Problem::new(format!("{} is not a unit of time here; s, m, h, d and w are", shown(unit)));
    let problem = problem.part(at..at + unit.len());
    Err(match unit {
        "M" | "month" | "months" => problem.help("months differ in length: write 30d for a month of 30 days"),
        "y" | "Y" | "year" | "years" => problem.help("years differ in length: write 365d"),
        _ => problem,
    })
}

/// A length of time as people write it: `1h 30m`.
pub(crate) fn spoken(length: TimeDelta) -> String {
    spoken_seconds(u64::try_from(length.num_seconds()).unwrap_or(0))
}

fn spoken_seconds(seconds: u64) -> String {
    let parts = [
        (seconds / DAY, "d"),
        (seconds % DAY / HOUR, "h"),
        (seconds % HOUR / MINUTE, "m"),
        (seconds % MINUTE, "s"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// When something ends: an instant, or the end of a day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Until(pub(crate) Timestamp);

impl Value for Until {
    const EXPECTED: &'static str = "a day such as 2026-12-31, or an instant such as 2026-12-31T18:00:00Z";

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].+)?$",
            "examples": ["2026-12-31", "2026-12-31T18:00:00Z"],
        })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        let text = scalar.text;
        let is_day = text.len() == 10;
        let instant = if is_day {
            // A hold until a day is still a hold on that day: leaving an account alone is the safe side.
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
            let next = day.and_then(|day| day.checked_add_days(Days::new(1)));
            next.map(|next| Timestamp::from(next.and_time(NaiveTime::MIN).and_utc()))
        } else {
            text.parse().ok()
        };
        match instant {
            Some(instant) => Ok(Self(instant)),
            None if is_day || scalar.plain() != Plain::Text => {
                Err(Problem::unexpected(Self::EXPECTED, scalar))
            }
            None => {
                Err(Problem::unexpected(Self::EXPECTED, scalar).help("an instant ends with Z or an offset"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        Period::<1, { 30 * DAY }>::parse(Scalar { text, quoted: false })
            .map(|period| spoken(period.0))
            .map_err(|problem| problem.message)
    }

    #[test]
    fn lengths_of_time_have_a_unit_of_fixed_length() {
        for (text, spoken) in [
            ("90s", "1m 30s"),
            ("5m", "5m"),
            ("1h 30m", "1h 30m"),
            ("1h30m", "1h 30m"),
            ("7d", "7d"),
            ("1w", "7d"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(spoken), "{text}");
        }
        for text in [
            "",
            "5",
            "5.5m",
            "m",
            "1M",
            "1 month",
            "1y",
            "500ms",
            "-5m",
            "0s",
            "31d",
            "5 m m",
            "99999999999999999999s",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_hold_until_a_day_covers_that_day() {
        let until = |text| Until::parse(Scalar { text, quoted: false }).map(|until| until.0.to_string());
        assert_eq!(until("2026-12-31").unwrap(), "2027-01-01T00:00:00.000Z");
        assert_eq!(until("2026-12-31T18:00:00+02:00").unwrap(), "2026-12-31T16:00:00.000Z");
        for text in ["2026-13-01", "2026-02-30", "tomorrow", "", "2026-12-31T18:00:00", "20261231"] {
            assert!(until(text).is_err(), "{text}");
        }
    }
}
