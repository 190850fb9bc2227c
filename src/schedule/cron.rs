//! `cron(…)`: runs at every minute that all of its six fields let through.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};
use state_machine::Timestamp;

use super::ScheduleError;
use super::calendar::Month;
use super::days::Days;
use super::field::{HOURS, MINUTES, MONTH, YEAR};
use super::part::Part;

const MILLISECONDS_PER_MINUTE: i64 = 60_000;

/// The times of a `cron(minutes hours day-of-month month day-of-week year)` expression, in UTC.
///
/// Two are equal when their texts are: `MON` and `2` name the same day and still differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: Box<str>,
    // None of these sets is ever empty.
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    days: Days,
    months: BTreeSet<u32>,
    years: BTreeSet<u32>,
}

impl Cron {
    /// Reads what stands between the parentheses.
    pub(super) fn read(text: &str, body: Part<'_>) -> Result<Self, ScheduleError> {
        let fields: Vec<Part<'_>> = body.words().collect();
        let &[minutes, hours, day_of_month, month, day_of_week, year] = fields.as_slice() else {
            return Err(body.refuse(format!(
                "cron needs six fields and has {}: minutes hours day-of-month month day-of-week year",
                fields.len()
            )));
        };
        Ok(Self {
            text: text.into(),
            minutes: MINUTES.values(minutes)?,
            hours: HOURS.values(hours)?,
            days: Days::read(day_of_month, day_of_week)?,
            months: MONTH.values(month)?,
            years: YEAR.values(year)?,
        })
    }

    /// The start of the first minute after `after` that the fields let through. None: there is no such
    /// minute, because the years run out or the day never comes, like the 31st of February.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let minute = after.as_millis().div_euclid(MILLISECONDS_PER_MINUTE) + 1;
        let earliest = DateTime::from_timestamp_millis(minute * MILLISECONDS_PER_MINUTE)?.naive_utc();
        let date = self.date_from(earliest.date())?;
        let from = if date == earliest.date() { earliest.time() } else { NaiveTime::MIN };
        let next = match self.time_from(from) {
            Some(time) => date.and_time(time),
            None => self.date_from(date.succ_opt()?)?.and_time(self.time_from(NaiveTime::MIN)?),
        };
        Some(Timestamp::from(next.and_utc()))
    }

    /// The first date that is let through, not before the given one.
    fn date_from(&self, from: NaiveDate) -> Option<NaiveDate> {
        // Years before the common era are before every year of the field.
        let first_year = u32::try_from(from.year()).unwrap_or(0);
        self.years.range(first_year..).find_map(|&year| {
            self.months.iter().find_map(|&month| {
                let month = Month::new(year, month)?;
                let day = self.days.next_in(month, month.first_day_from(from)?)?;
                month.date(day)
            })
        })
    }

    /// The first time of day that is let through, not before the given full minute.
    fn time_from(&self, from: NaiveTime) -> Option<NaiveTime> {
        self.hours.range(from.hour()..).find_map(|&hour| {
            let first_minute = if hour == from.hour() { from.minute() } else { 0 };
            let minute = self.minutes.range(first_minute..).next()?;
            NaiveTime::from_hms_opt(hour, *minute, 0)
        })
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Schedule;
    use super::*;

    /// The first runs after the instant, as `2026-11-21T18:00`; fewer when there are no more.
    fn runs(text: &str, after: &str, count: usize) -> Vec<String> {
        let schedule: Schedule = text.parse().unwrap();
        let first = schedule.next_after(after.parse().unwrap(), Timestamp::default());
        std::iter::successors(first, |run| schedule.next_after(*run, Timestamp::default()))
            .take(count)
            .map(|run| run.to_utc().format("%Y-%m-%dT%H:%M").to_string())
            .collect()
    }

    #[test]
    fn examples_of_the_aws_page_run_when_it_says() {
        // 2026-11-20 is a Friday.
        let after = "2026-11-20T18:00:00Z";
        let cases: [(&str, &[&str]); 11] = [
            ("cron(0 10 * * ? *)", &["2026-11-21T10:00", "2026-11-22T10:00"]),
            ("cron(15 12 * * ? *)", &["2026-11-21T12:15", "2026-11-22T12:15"]),
            ("cron(0 18 ? * MON-FRI *)", &["2026-11-23T18:00", "2026-11-24T18:00"]),
            ("cron(0 8 1 * ? *)", &["2026-12-01T08:00", "2027-01-01T08:00"]),
            ("cron(0/15 * * * ? *)", &["2026-11-20T18:15", "2026-11-20T18:30"]),
            ("cron(0/10 * ? * MON-FRI *)", &["2026-11-20T18:10", "2026-11-20T18:20"]),
            ("cron(0/5 8-17 ? * MON-FRI *)", &["2026-11-23T08:00", "2026-11-23T08:05"]),
            ("cron(5,35 14 * * ? *)", &["2026-11-21T14:05", "2026-11-21T14:35"]),
            ("cron(15 10 ? * 6L 2019-2022)", &[]),
            ("cron(0 12 ? * 3#2 *)", &["2026-12-08T12:00", "2027-01-12T12:00"]),
            ("cron(0 12 3W * ? *)", &["2026-12-03T12:00", "2027-01-04T12:00"]),
        ];
        for (text, expected) in cases {
            assert_eq!(runs(text, after, 2), expected, "{text}");
        }
    }

    #[test]
    fn hours_that_wrap_around_belong_to_the_day_they_fall_on() {
        // The page says of this one that it also runs early on Monday, so Saturday morning is left out.
        let text = "cron(0/30 20-2 ? * MON-FRI *)";
        assert_eq!(
            runs(text, "2026-11-20T23:00:00Z", 3),
            ["2026-11-20T23:30", "2026-11-23T00:00", "2026-11-23T00:30"]
        );
        assert_eq!(runs(text, "2026-11-23T02:30:00Z", 1), ["2026-11-23T20:00"]);
    }

    #[test]
    fn calendars_are_followed() {
        let cases: [(&str, &str, &[&str]); 14] = [
            ("cron(0 0 29 2 ? *)", "2026-01-01T00:00:00Z", &["2028-02-29T00:00", "2032-02-29T00:00"]),
            ("cron(0 0 29 FEB ? *)", "2096-03-01T00:00:00Z", &["2104-02-29T00:00", "2108-02-29T00:00"]),
            ("cron(0 0 29 2 ? 2199)", "1970-01-01T00:00:00Z", &[]),
            ("cron(0 0 31 2 ? *)", "1970-01-01T00:00:00Z", &[]),
            ("cron(0 0 31 * ? *)", "2026-01-31T00:00:00Z", &["2026-03-31T00:00", "2026-05-31T00:00"]),
            ("cron(0 0 L * ? *)", "2028-01-31T00:00:00Z", &["2028-02-29T00:00", "2028-03-31T00:00"]),
            ("cron(0 0 L-2 2 ? *)", "2026-01-01T00:00:00Z", &["2026-02-26T00:00", "2027-02-26T00:00"]),
            ("cron(0 0 LW * ? *)", "2026-05-01T00:00:00Z", &["2026-05-29T00:00", "2026-06-30T00:00"]),
            ("cron(0 0 31W * ? *)", "2026-10-01T00:00:00Z", &["2026-10-30T00:00", "2026-12-31T00:00"]),
            ("cron(0 0 ? * MON#5 *)", "2026-11-01T00:00:00Z", &["2026-11-30T00:00", "2027-03-29T00:00"]),
            ("cron(59 23 31 12 ? *)", "2026-12-31T23:58:59.999Z", &["2026-12-31T23:59", "2027-12-31T23:59"]),
            ("cron(59 23 31 12 ? 2199)", "2199-12-31T23:58:00Z", &["2199-12-31T23:59"]),
            ("cron(* * * * ? *)", "1969-12-31T23:59:59.999Z", &["1970-01-01T00:00", "1970-01-01T00:01"]),
            ("cron(0 12 ? * L 2027/86)", "2026-11-21T00:00:00Z", &["2027-01-02T12:00", "2027-01-09T12:00"]),
        ];
        for (text, after, expected) in cases {
            assert_eq!(runs(text, after, 2), expected, "{text} after {after}");
        }
    }

    #[test]
    fn clocks_are_never_changed() {
        // New York and Berlin change theirs on these days; UTC has every hour once.
        for day in ["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01"] {
            let hours = runs("cron(30 * * * ? *)", &format!("{day}T00:00:00Z"), 24);
            let expected: Vec<String> = (0..24).map(|hour| format!("{day}T{hour:02}:30")).collect();
            assert_eq!(hours, expected);
        }
    }

    #[test]
    fn any_instant_can_be_asked() {
        let every_minute: Schedule = "cron(* * * * ? *)".parse().unwrap();
        let ask = |instant: Timestamp| every_minute.next_after(instant, instant);
        let first = Timestamp::from(DateTime::UNIX_EPOCH);
        assert_eq!(ask(Timestamp::from(DateTime::<chrono::Utc>::MIN_UTC)), Some(first));
        assert_eq!(ask(Timestamp::from(DateTime::<chrono::Utc>::MAX_UTC)), None);
        assert_eq!(ask("2199-12-31T23:59:00Z".parse().unwrap()), None);
    }
}
