//! `rate(…)`: runs again and again at the same distance, counted from the making of the rule.

use std::fmt;

use state_machine::Timestamp;

use super::ScheduleError;
use super::field::number;
use super::part::Part;

/// Each unit in the singular, with its length in milliseconds.
const UNITS: [(&str, i64); 3] = [("minute", 60_000), ("hour", 3_600_000), ("day", 86_400_000)];

/// The distance of a `rate(value unit)` expression. A day is always 24 hours.
///
/// Two are equal when their texts are: `rate(1 hour)` and `rate(60 minutes)` differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    text: Box<str>,
    /// More than zero; at most `u32::MAX` days, so that no sum with an instant leaves 64 bits.
    interval_milliseconds: i64,
}

impl Rate {
    /// Reads what stands between the parentheses.
    pub(super) fn read(text: &str, body: Part<'_>) -> Result<Self, ScheduleError> {
        let words: Vec<Part<'_>> = body.words().collect();
        let &[value, unit] = words.as_slice() else {
            return Err(body.refuse("rate needs a value and a unit, like `5 minutes`"));
        };
        let count = match number(value.text) {
            None | Some(0) => {
                return Err(value.refuse(format!("`{}` is not a count; a rate takes 1 or more", value.text)));
            }
            // Here ends what is counted; EventBridge names no limit.
            Some(u32::MAX) => return Err(value.refuse(format!("a rate of {} is too long", value.text))),
            Some(_) if value.text.starts_with('0') => {
                return Err(value.refuse(format!("`{}` begins with a zero", value.text)));
            }
            Some(count) => count,
        };
        let (singular, plural) = match unit.text.strip_suffix('s') {
            Some(singular) => (singular, true),
            None => (unit.text, false),
        };
        let Some((_, length)) = UNITS.iter().find(|(name, _)| *name == singular) else {
            return Err(
                unit.refuse(format!("`{}` is not a unit; a rate takes minutes, hours or days", unit.text))
            );
        };
        if plural == (count == 1) {
            let rule =
                if plural { "after 1 the unit is singular" } else { "after 2 or more the unit is plural" };
            return Err(unit.refuse(rule));
        }
        Ok(Self { text: text.into(), interval_milliseconds: i64::from(count) * length })
    }

    /// The first instant strictly after `after` that lies one or more whole intervals after `anchor`, to the
    /// millisecond. None: it lies outside the calendar.
    pub fn next_after(&self, after: Timestamp, anchor: Timestamp) -> Option<Timestamp> {
        let elapsed = after.as_millis().saturating_sub(anchor.as_millis()).max(0);
        let until_next = elapsed - elapsed % self.interval_milliseconds + self.interval_milliseconds;
        Timestamp::from_millis(anchor.as_millis().checked_add(until_next)?).ok()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::super::Schedule;
    use super::*;

    #[test]
    fn a_rate_is_counted_from_its_anchor() {
        let anchor = "2026-11-20T18:07:30.250Z";
        let cases = [
            ("rate(1 minute)", "2026-11-20T18:07:30.250Z", "2026-11-20T18:08:30.250Z"),
            ("rate(5 minutes)", "2026-11-20T18:12:30.249Z", "2026-11-20T18:12:30.250Z"),
            ("rate(5 minutes)", "2026-11-20T18:12:30.250Z", "2026-11-20T18:17:30.250Z"),
            ("rate(1 hour)", "2026-11-21T00:00:00Z", "2026-11-21T00:07:30.250Z"),
            ("rate(12 hours)", "2026-11-21T00:00:00Z", "2026-11-21T06:07:30.250Z"),
            ("rate(1 day)", "2027-02-28T23:00:00Z", "2027-03-01T18:07:30.250Z"),
            ("rate(7 days)", "2026-11-20T18:07:30.251Z", "2026-11-27T18:07:30.250Z"),
            // Before the rule is made it has not begun.
            ("rate(7 days)", "2020-01-01T00:00:00Z", "2026-11-27T18:07:30.250Z"),
        ];
        for (text, after, expected) in cases {
            let schedule: Schedule = text.parse().unwrap();
            let next = schedule.next_after(after.parse().unwrap(), anchor.parse().unwrap());
            assert_eq!(next.unwrap().to_string(), expected, "{text} after {after}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_is_never_passed() {
        let first = Timestamp::from(DateTime::<Utc>::MIN_UTC);
        let last = Timestamp::from(DateTime::<Utc>::MAX_UTC);
        let longest: Schedule = "rate(4294967294 days)".parse().unwrap();
        assert_eq!(longest.next_after(first, first), None);
        let shortest: Schedule = "rate(1 minute)".parse().unwrap();
        assert_eq!(shortest.next_after(last, first), None);
        assert_eq!(shortest.next_after(first, last), None);
        assert_eq!(shortest.next_after(first, first), Some(first + TimeDelta::minutes(1)));
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        // The first ten are refusals of `PutRule` itself, as the tests of LocalStack have recorded them.
        let cases = [
            ("rate(10 seconds)", "seconds", "`seconds` is not a unit; a rate takes minutes, hours or days"),
            ("rate(10 years)", "years", "`years` is not a unit; a rate takes minutes, hours or days"),
            ("rate(1 minutes)", "minutes", "after 1 the unit is singular"),
            ("rate(10 hour)", "hour", "after 2 or more the unit is plural"),
            ("rate(10)", "10", "rate needs a value and a unit, like `5 minutes`"),
            (
                "rate(10 minutess)",
                "minutess",
                "`minutess` is not a unit; a rate takes minutes, hours or days",
            ),
            ("rate(foo minutes)", "foo", "`foo` is not a count; a rate takes 1 or more"),
            ("rate(0 minutes)", "0", "`0` is not a count; a rate takes 1 or more"),
            ("rate(-10 minutes)", "-10", "`-10` is not a count; a rate takes 1 or more"),
            ("rate(10 MINUTES)", "MINUTES", "`MINUTES` is not a unit; a rate takes minutes, hours or days"),
            ("rate(1.5 hours)", "1.5", "`1.5` is not a count; a rate takes 1 or more"),
            ("rate(05 minutes)", "05", "`05` begins with a zero"),
            ("rate(4294967295 days)", "4294967295", "a rate of 4294967295 is too long"),
            (
                "rate(5 minutes 30 seconds)",
                "5 minutes 30 seconds",
                "rate needs a value and a unit, like `5 minutes`",
            ),
        ];
        for (text, wrong_part, message) in cases {
            let error = text.parse::<Schedule>().unwrap_err();
            assert_eq!((&text[error.span], error.message.as_str()), (wrong_part, message), "{text}");
        }
    }
}
