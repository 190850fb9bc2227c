//! Instants and lengths of time, as people write and read them.

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use state_machine::Timestamp;

use crate::settings::value::period::{Period, Until, spoken};
use crate::settings::value::{Scalar, Value};

/// A hundred years: longer than anything here lasts.
const LONGEST: u64 = 100 * 365 * 24 * 3_600;

/// Reads a length of time: `90s`, `1h 30m`, `7d`.
///
/// # Errors
/// What is wrong with it.
pub fn period(text: &str) -> Result<TimeDelta, String> {
    read::<Period<1, LONGEST>>(text).map(|period| period.0)
}

/// Reads an end: an instant, or a day that is still part of it.
///
/// # Errors
/// What is wrong with it.
pub fn until(text: &str) -> Result<Timestamp, String> {
    read::<Until>(text).map(|until| until.0)
}

fn read<T: Value>(text: &str) -> Result<T, String> {
    // On a command line everything is text.
    T::parse(Scalar { text, quoted: true }).map_err(|problem| {
        let help = problem.help.iter().map(|help| format!("; {help}"));
        format!("{}{}", problem.message, help.collect::<String>())
    })
}

/// Reads an instant: RFC 3339, or a day, which begins at midnight UTC.
///
/// # Errors
/// What is wrong with it.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    if let Some(day) = day {
        return Ok(day.and_time(NaiveTime::MIN).and_utc().into());
    }
    text.parse().map_err(|_| {
        format!("`{text}` is neither an instant (2026-11-21T18:00:00Z) nor a day (2026-11-21), in UTC")
    })
}

/// An instant to the second, in UTC.
pub fn shown(instant: Timestamp) -> String {
    let instant: DateTime<Utc> = instant.to_utc();
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The last day that has ended by `end`, if it is today or later.
pub fn last_whole_day(now: Timestamp, end: Timestamp) -> Option<NaiveDate> {
    let day = end.to_utc().date_naive().pred_opt()?;
    (day >= now.to_utc().date_naive()).then_some(day)
}

/// How far away an instant is: `in 2h 5m`, `3d 4h ago`, `now`. Two units are enough for people.
pub fn distance(instant: Timestamp, now: Timestamp) -> String {
    let away = instant.since(now);
    let length = rough(away.abs());
    match away.num_seconds() {
        0 => "now".to_owned(),
        1.. => format!("in {length}"),
        _ => format!("{length} ago"),
    }
}

/// A length of time in its two largest units.
pub fn rough(length: TimeDelta) -> String {
    spoken(length).split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// A length of time, such as `--for` takes it.
pub fn exact(length: TimeDelta) -> String {
    spoken(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn distances_have_two_units() {
        let now = at("2026-11-21T18:00:00Z");
        for (instant, expected) in [
            ("2026-11-21T18:00:00.900Z", "now"),
            ("2026-11-21T18:00:05Z", "in 5s"),
            ("2026-11-21T17:00:00Z", "1h ago"),
            ("2026-11-24T20:30:30Z", "in 3d 2h"),
        ] {
            assert_eq!(distance(at(instant), now), expected);
        }
    }

    #[test]
    fn a_day_that_would_end_too_late_is_not_advised() {
        let now = at("2026-12-04T09:00:00Z");
        for (end, expected) in [
            ("2027-03-04T09:00:00Z", Some("2027-03-03")),
            ("2027-03-04T00:00:00Z", Some("2027-03-03")),
            ("2026-12-05T00:00:00Z", Some("2026-12-04")),
            ("2026-12-04T23:59:59Z", None),
        ] {
            assert_eq!(last_whole_day(now, at(end)).map(|day| day.to_string()).as_deref(), expected);
        }
    }

    #[test]
    fn a_day_begins_at_midnight_and_ends_at_the_next() {
        assert_eq!(instant("2026-11-21"), Ok(at("2026-11-21T00:00:00Z")));
        assert_eq!(until("2026-11-21"), Ok(at("2026-11-22T00:00:00Z")));
        assert_eq!(instant("2026-11-21T18:00:00+02:00"), Ok(at("2026-11-21T16:00:00Z")));
        assert!(instant("yesterday").unwrap_err().contains("2026-11-21"));
        assert!(until("7d").is_err());
        assert_eq!(period("7d"), Ok(TimeDelta::days(7)));
        assert!(period("7").unwrap_err().contains("7s"));
    }
}
