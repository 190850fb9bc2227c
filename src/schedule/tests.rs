//! The module as a whole: what it refuses, and properties that hold for any schedule, checked against two
//! independent readings of the same text: a plain one below, and the `croner` crate.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, Days, DurationRound, NaiveDate, TimeDelta, Timelike, Utc};
use proptest::prelude::*;
use proptest::string::string_regex;

use super::*;

#[test]
fn refusals_point_at_the_wrong_part() {
    let no_schedule = "a schedule is written `cron(…)` or `rate(…)`";
    let six = "cron needs six fields and has 5: minutes hours day-of-month month day-of-week year";
    let one_day_field = "one of day-of-month and day-of-week must be `?`";
    let outer_space = "no space may stand before or after `cron` and `rate`";
    let inner_space = "no space may stand next to the parentheses";
    let cases = [
        ("", "", no_schedule, ""),
        ("tomorrow", "tomorrow", no_schedule, ""),
        ("0 18 * * SAT", "0 18 * * SAT", no_schedule, "write `cron(0 18 ? * SAT *)`"),
        ("5 minutes", "5 minutes", no_schedule, "write `rate(5 minutes)`"),
        (" cron(0 18 ? * SAT *)", " ", outer_space, "write `cron(0 18 ? * SAT *)`"),
        ("cron (0 18 ? * SAT *)", " ", outer_space, "write `cron(0 18 ? * SAT *)`"),
        (
            "Cron(0 18 ? * SAT *)",
            "Cron",
            "`Cron` is neither `cron` nor `rate`",
            "write `cron(0 18 ? * SAT *)`",
        ),
        ("at(2026-11-21T18:00:00)", "at", "`at` is neither `cron` nor `rate`", ""),
        (
            "cron(0 18 ? * SAT *",
            "cron(0 18 ? * SAT *",
            "the closing parenthesis is missing",
            "write `cron(0 18 ? * SAT *)`",
        ),
        ("rate(1 day) ", " ", "nothing may follow the closing parenthesis", "write `rate(1 day)`"),
        ("rate( 10 minutes )", " ", inner_space, "write `rate(10 minutes)`"),
        ("cron(0 18 ? * SAT * )", " ", inner_space, "write `cron(0 18 ? * SAT *)`"),
        (
            "cron()",
            "",
            "cron needs six fields and has 0: minutes hours day-of-month month day-of-week year",
            "",
        ),
        ("cron(0 18 * * SAT)", "0 18 * * SAT", six, "write `cron(0 18 ? * SAT *)`"),
        ("cron(0 18 * * SAT *)", "*", one_day_field, "write `cron(0 18 ? * SAT *)`"),
        (
            "cron(0 18 15 * SAT *)",
            "15 * SAT",
            one_day_field,
            "write `cron(0 18 15 * ? *)` or `cron(0 18 ? * SAT *)`",
        ),
        ("cron(0 ? * * ? *)", "?", "`?` is not a value; the hours field takes 0-23", ""),
        ("cron(71 8 1 * ? *)", "71", "`71` is out of range; the minutes field takes 0-59", ""),
        ("cron(0 24 1 * ? *)", "24", "`24` is out of range; the hours field takes 0-23", "midnight is `0`"),
        ("cron(0 dummy ? * MON-FRI *)", "dummy", "`dummy` is not a value; the hours field takes 0-23", ""),
        ("cron(0 1 L JÄN ? *)", "JÄN", "`JÄN` is not a value; the month field takes 1-12 or JAN-DEC", ""),
        ("cron(0 1 ? * * 2200)", "2200", "`2200` is out of range; the year field takes 1970-2199", ""),
        ("rate(1 days)", "days", "after 1 the unit is singular", "write `rate(1 day)`"),
    ];
    for (text, wrong_part, message, hint) in cases {
        let error = text.parse::<Schedule>().unwrap_err();
        assert_eq!(&text[error.span.clone()], wrong_part, "{text}");
        assert_eq!(error.to_string(), message, "{text}");
        assert_eq!(error.hint.unwrap_or_default(), hint, "{text}");
    }
}

#[test]
fn a_long_text_is_refused_at_once() {
    let longest = format!("cron({} 18 ? * SAT *)", "0,".repeat(118) + "0");
    assert_eq!(longest.len(), LONGEST);
    assert!(longest.parse::<Schedule>().is_ok());
    for text in [longest.replacen('0', "00", 1), "é".repeat(129), "1".repeat(10_000_000)] {
        let error = text.parse::<Schedule>().unwrap_err();
        assert_eq!(error.message, "a schedule has at most 256 characters");
        assert_eq!((error.span, error.hint), (0..text.len(), None));
    }
}

#[test]
fn json_carries_the_text() {
    let schedule: Schedule = "cron(0  18 ? * sat *)".parse().unwrap();
    let json = serde_json::to_string(&schedule).unwrap();
    assert_eq!(json, r#""cron(0  18 ? * sat *)""#);
    assert_eq!(serde_json::from_str::<Schedule>(&json).unwrap(), schedule);
    let error = serde_json::from_str::<Schedule>(r#""rate(1 days)""#).unwrap_err();
    assert_eq!(error.to_string(), "after 1 the unit is singular; write `rate(1 day)`");
}

/// A second reading of the fields, by arithmetic on each value instead of sets.
struct Fields<'text>([&'text str; 6]);

impl<'text> Fields<'text> {
    fn of(text: &'text str) -> Self {
        let body = text.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')')).unwrap();
        Self(body.split_whitespace().collect::<Vec<_>>().try_into().unwrap())
    }

    fn has_minute(&self, instant: DateTime<Utc>) -> bool {
        let Self([minutes, hours, ..]) = self;
        lets_through(minutes, instant.minute(), 0..=59)
            && lets_through(hours, instant.hour(), 0..=23)
            && self.has_date(instant.date_naive())
    }

    fn has_date(&self, date: NaiveDate) -> bool {
        let Self([_, _, day_of_month, month, day_of_week, year]) = self;
        lets_through(year, date.year().cast_unsigned(), 1970..=2199)
            && lets_through(month, date.month(), 1..=12)
            && (*day_of_month == "?" || has_day_of_month(&day_of_month.to_uppercase(), date))
            && (*day_of_week == "?" || has_day_of_week(&day_of_week.to_uppercase(), date))
    }
}

fn lets_through(items: &str, value: u32, field: RangeInclusive<u32>) -> bool {
    const NAMES: &str = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC SUNMONTUEWEDTHUFRISAT";
    let number = |text: &str| -> u32 {
        text.parse().unwrap_or_else(|_| {
            let position = NAMES.find(&text.to_uppercase()).unwrap();
            (u32::try_from(position).unwrap() % 37) / 3 + 1
        })
    };
    let (first, last) = (*field.start(), *field.end());
    let size = last - first + 1;
    items.split(',').any(|item| {
        let (base, step) = item.split_once('/').unwrap_or((item, ""));
        let (from, to) = match base.split_once('-') {
            Some((from, to)) => (number(from), number(to)),
            None if base == "*" => (first, last),
            None if step.is_empty() => (number(base), number(base)),
            None => (number(base), last),
        };
        let way = |value: u32| (value + size - from) % size;
        way(value) <= way(to) && way(value) % step.parse().unwrap_or(1) == 0
    })
}

fn has_day_of_month(field: &str, date: NaiveDate) -> bool {
    let month: Vec<NaiveDate> =
        date.with_day(1).unwrap().iter_days().take_while(|day| day.month() == date.month()).collect();
    let workdays = || month.iter().filter(|day| day.weekday().num_days_from_monday() < 5);
    if field == "LW" {
        return workdays().next_back() == Some(&date);
    }
    if let Some(back) = field.strip_prefix('L') {
        let back = back.strip_prefix('-').map_or(0, |days| days.parse().unwrap());
        return month.iter().rev().nth(back) == Some(&date);
    }
    if let Some(wanted) = field.strip_suffix('W') {
        let wanted: u32 = wanted.parse().unwrap();
        let nearest = workdays().min_by_key(|day| day.day().abs_diff(wanted));
        return month.iter().any(|day| day.day() == wanted) && nearest == Some(&date);
    }
    lets_through(field, date.day(), 1..=31)
}

fn has_day_of_week(field: &str, date: NaiveDate) -> bool {
    let weekday = date.weekday().number_from_sunday();
    if field == "L" {
        return weekday == 7;
    }
    if let Some((day, nth)) = field.split_once('#') {
        return lets_through(day, weekday, 1..=7) && (date.day0() / 7 + 1).to_string() == nth;
    }
    if let Some(day) = field.strip_suffix('L') {
        return lets_through(day, weekday, 1..=7) && (date + Days::new(7)).month() != date.month();
    }
    lets_through(field, weekday, 1..=7)
}

/// `*`, or a list of items that the expression describes.
fn fields(item: &str) -> impl Strategy<Value = String> + use<> {
    prop_oneof![1 => Just("*".to_owned()), 4 => matching(&format!("({item})(,({item})){{0,2}}"))]
}

fn matching(expression: &str) -> impl Strategy<Value = String> + use<> {
    string_regex(expression).unwrap()
}

/// Schedules that are valid; only those that `croner` knows too, or all.
fn crons(for_croner: bool) -> impl Strategy<Value = String> {
    // Each as the values and the ranges that do not wrap.
    const MINUTE: [&str; 2] = ["[1-5]?[0-9]", "[0-2]?[0-9]-[3-5][0-9]"];
    const HOUR: [&str; 2] = ["1?[0-9]|2[0-3]", "[0-9]-1[0-9]|1[0-9]-2[0-3]"];
    const DAY: [&str; 2] = ["[1-9]|[12][0-9]|3[01]", "[1-9]-[12][0-9]|2[0-9]-3[01]"];
    const MONTH: [&str; 2] =
        ["[1-9]|1[0-2]|JAN|feb|MAR|Apr|may|JUN|JUL|AUG|sEP|OCT|NOV|DEC", "[1-6]-[7-9]|feb-1[0-2]|MAR-NOV"];
    const WEEKDAY: [&str; 2] = ["[1-7]|SUN|mon|TUE|WED|Thu|FRI|SAT", "[1-3]-[4-7]|MON-[4-7]|Tue-SAT"];
    let all = |more: String| if for_croner { String::new() } else { more };

    let stepped = |[value, range]: [&str; 2]| {
        let more = all(format!(r"|\*|({value})-({value})"));
        fields(&format!(r"{value}|\*/[1-9]|({value})/1?[1-9]|({range})(/1?[1-9])?{more}"))
    };
    let [day, _] = DAY;
    let [weekday, week_range] = WEEKDAY;
    let before_last = all("|l|L-([1-9]|[12][0-9]|30)".to_owned());
    let special_days = matching(&format!("L|LW|({day})W{before_last}"));
    let weekdays = fields(&format!("{weekday}|{week_range}{}", all(format!("|({weekday})-({weekday})"))));
    let special_weekdays = matching(&format!("({weekday})L|({weekday})#[1-5]{}", all("|L".to_owned())));
    let days = prop_oneof![
        (prop_oneof![3 => stepped(DAY), 1 => special_days], Just("?".to_owned())),
        (Just("?".to_owned()), prop_oneof![1 => weekdays, 1 => special_weekdays]),
    ];
    let years = fields("20[23][0-9]|202[0-9]-203[0-9]|20[12][0-9]/[1-9]");
    (stepped(MINUTE), stepped(HOUR), days, stepped(MONTH), years).prop_map(
        |(minutes, hours, (days, weekdays), months, years)| {
            format!("cron({minutes} {hours} {days} {months} {weekdays} {years})")
        },
    )
}

/// Any text, and valid ones with one of their characters replaced.
fn texts() -> impl Strategy<Value = String> {
    let slip = (crons(false), any::<prop::sample::Index>(), "[ -~]?").prop_map(|(mut text, place, other)| {
        let place = place.index(text.len());
        text.replace_range(place..=place, &other);
        text
    });
    prop_oneof![slip, "(cron|rate|)[(]?[ -~]{0,40}[)]?", "\\PC{0,40}"]
}

/// Instants from 2015 to 2045.
fn instants() -> impl Strategy<Value = Timestamp> {
    (1_420_070_400_000_i64..2_366_841_600_000).prop_map(|millis| Timestamp::from_millis(millis).unwrap())
}

proptest! {
    #[test]
    fn the_next_run_is_the_first_minute_that_matches(text in crons(false), after in instants()) {
        let schedule: Schedule = text.parse().unwrap();
        let fields = Fields::of(&text);
        let next = schedule.next_after(after, after);
        prop_assert!(next.is_none_or(|next| next > after && fields.has_minute(next.to_utc())));

        // Every minute of the first day, and then, since every date that matches has a run, every date.
        let end = next.map_or(DateTime::<Utc>::MAX_UTC, Timestamp::to_utc);
        let first_minute = after.to_utc().duration_trunc(TimeDelta::minutes(1)).unwrap() + TimeDelta::minutes(1);
        let minutes = std::iter::successors(Some(first_minute), |minute| Some(*minute + TimeDelta::minutes(1)));
        for minute in minutes.take(24 * 60).take_while(|minute| *minute < end) {
            prop_assert!(!fields.has_minute(minute), "{minute}");
        }
        let dates = after.to_utc().date_naive().iter_days().skip(1).take(1000);
        for date in dates.take_while(|date| *date < end.date_naive()) {
            prop_assert!(!fields.has_date(date), "{date}");
        }
    }

    #[test]
    fn croner_agrees(text in crons(true), after in instants()) {
        let body = text.replace("cron(", "0 ").replace(')', "");
        let other = croner::parser::CronParser::builder()
            .alternative_weekdays(true)
            .sloppy_ranges(true)
            .build()
            .parse(&body)
            .unwrap();
        let schedule: Schedule = text.parse().unwrap();
        let ours = schedule.next_after(after, after).map(Timestamp::to_utc);
        let theirs = other.find_next_occurrence(&after.to_utc(), false).ok().filter(|run| run.year() < 2200);
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_place(text in texts()) {
        match text.parse::<Schedule>() {
            Ok(schedule) => prop_assert_eq!(schedule.to_string(), text),
            Err(error) => {
                prop_assert!(text.get(error.span).is_some());
                for quoted in error.hint.unwrap_or_default().split('`').filter(|part| part.ends_with(')')) {
                    prop_assert!(quoted.parse::<Schedule>().is_ok(), "{}", quoted);
                }
            }
        }
    }

    #[test]
    fn a_rate_comes_at_whole_intervals(
        count in 2_u32..5000, unit in "minutes|hours|days", anchor in instants(), after in instants(),
    ) {
        let schedule: Schedule = format!("rate({count} {unit})").parse().unwrap();
        let length = match unit.as_str() {
            "minutes" => TimeDelta::minutes(count.into()),
            "hours" => TimeDelta::hours(count.into()),
            _ => TimeDelta::days(count.into()),
        };
        let next = schedule.next_after(after, anchor).unwrap();
        prop_assert!(next > after);
        prop_assert!(next - length <= after || next - length == anchor);
        prop_assert_eq!(next.since(anchor).num_milliseconds() % length.num_milliseconds(), 0);
        prop_assert!(next > anchor);
    }
}
