//! The days that a cron expression runs on. Of the fields day-of-month and day-of-week one decides, since
//! the other one must be `?`.

use std::collections::BTreeSet;

use super::ScheduleError;
use super::calendar::{Month, SATURDAY};
use super::field::{DAY_OF_MONTH, DAY_OF_WEEK, Field, number};
use super::part::Part;

/// Weekdays are numbered as EventBridge does: from 1, Sunday, to 7, Saturday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Days {
    /// `1`, `1,15`, `1-15/2`, `*`: days by number. A month without that day is left out.
    OfMonth(BTreeSet<u32>),
    /// `L`, `L-3`: so many days before the last one of the month.
    BeforeLast(u32),
    /// `15W`: the day from Monday to Friday nearest to that day. A month without that day is left out.
    NearestWeekday(u32),
    /// `LW`: the last day of the month from Monday to Friday.
    LastWorkday,
    /// `2`, `MON-FRI`, `*`, and `L` for Saturday: every such day of the week.
    OfWeek(BTreeSet<u32>),
    /// `6L`: the last Friday of the month.
    LastOfWeek(u32),
    /// `3#2`: the second Tuesday of the month. A month with too few of them is left out.
    NthOfWeek { weekday: u32, nth: u32 },
}

impl Days {
    /// Reads the two fields.
    pub(super) fn read(day_of_month: Part<'_>, day_of_week: Part<'_>) -> Result<Self, ScheduleError> {
        match (day_of_month.text, day_of_week.text) {
            ("?", "?") => {
                let both = day_of_month.span_to(day_of_week);
                Err(ScheduleError::new(both, "day-of-month and day-of-week cannot both be `?`"))
            }
            ("?", _) => read_field(day_of_week, &DAY_OF_WEEK, special_of_week, Self::OfWeek),
            (_, "?") => read_field(day_of_month, &DAY_OF_MONTH, special_of_month, Self::OfMonth),
            (month, week) => {
                // A `*` leaves every day in, so it is the one that is wrong.
                let wrong = match (month, week) {
                    (_, "*") => day_of_week.span(),
                    ("*", _) => day_of_month.span(),
                    _ => day_of_month.span_to(day_of_week),
                };
                Err(ScheduleError::new(wrong, "one of day-of-month and day-of-week must be `?`"))
            }
        }
    }

    /// The first day of the month that is chosen and not before `from`.
    pub(super) fn next_in(&self, month: Month, from: u32) -> Option<u32> {
        let day = match self {
            Self::OfMonth(days) => days.range(from..).next().copied().filter(|day| *day <= month.last_day),
            Self::BeforeLast(back) => month.last_day.checked_sub(*back).filter(|day| *day > 0),
            Self::NearestWeekday(day) => month.nearest_weekday(*day),
            Self::LastWorkday => month.nearest_weekday(month.last_day),
            Self::OfWeek(weekdays) => {
                (from..=month.last_day).find(|day| weekdays.contains(&month.weekday(*day)))
            }
            Self::LastOfWeek(weekday) => Some(month.last_weekday(*weekday)),
            Self::NthOfWeek { weekday, nth } => month.nth_weekday(*weekday, *nth),
        };
        day.filter(|day| *day >= from)
    }
}

/// Reads one of the two fields: either a special form alone, or a list of plain values.
fn read_field(
    part: Part<'_>,
    field: &Field,
    special: fn(Part<'_>) -> Option<Result<Days, ScheduleError>>,
    plain: fn(BTreeSet<u32>) -> Days,
) -> Result<Days, ScheduleError> {
    if !part.text.contains(',') {
        return special(part).unwrap_or_else(|| field.values(part).map(plain));
    }
    match part.split(',').find(|item| special(*item).is_some()) {
        Some(item) => Err(item.refuse(format!("`{}` must stand alone, not in a list", item.text))),
        None => field.values(part).map(plain),
    }
}

/// `L`, `LW`, `L-3` or `15W`; none for anything else.
fn special_of_month(part: Part<'_>) -> Option<Result<Days, ScheduleError>> {
    if part.text.eq_ignore_ascii_case("L") {
        return Some(Ok(Days::BeforeLast(0)));
    }
    if part.text.eq_ignore_ascii_case("LW") {
        return Some(Ok(Days::LastWorkday));
    }
    if let Some((last, back)) = part.split_once('-')
        && last.text.eq_ignore_ascii_case("L")
    {
        return Some(match number(back.text) {
            Some(days @ 1..=30) => Ok(Days::BeforeLast(days)),
            _ => Err(back.refuse(format!("`{}` is out of range; `L-` takes 1-30", back.text))),
        });
    }
    let day = part.strip_last_letter('W').filter(|day| number(day.text).is_some())?;
    Some(DAY_OF_MONTH.value(day).map(Days::NearestWeekday))
}

/// `L`, `6L`, `FRIL`, `6#2` or `FRI#2`; none for anything else.
fn special_of_week(part: Part<'_>) -> Option<Result<Days, ScheduleError>> {
    if part.text.eq_ignore_ascii_case("L") {
        return Some(Ok(Days::OfWeek(BTreeSet::from([SATURDAY]))));
    }
    if let Some((weekday, nth)) = part.split_once('#') {
        return Some(DAY_OF_WEEK.value(weekday).and_then(|weekday| match number(nth.text) {
            Some(nth @ 1..=5) => Ok(Days::NthOfWeek { weekday, nth }),
            _ => Err(nth.refuse(format!("`{}` is not an occurrence within a month; it is 1-5", nth.text))),
        }));
    }
    let weekday = part.strip_last_letter('L')?;
    Some(DAY_OF_WEEK.value(weekday).map(Days::LastOfWeek))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the fields as they stand in an expression, with the month between them.
    fn read(text: &str) -> Result<Days, ScheduleError> {
        let parts: Vec<Part<'_>> = Part::whole(text).words().collect();
        Days::read(parts[0], parts[2])
    }

    #[test]
    fn each_form_chooses_its_days() {
        // November 2026 begins on a Sunday and ends on Monday the 30th.
        let november = Month::new(2026, 11).unwrap();
        let cases: [(&str, &[u32]); 16] = [
            ("15 * ?", &[15]),
            ("31 * ?", &[]),
            ("25-3,10/15 * ?", &[1, 2, 3, 10, 25, 26, 27, 28, 29, 30]),
            ("L * ?", &[30]),
            ("l-3 * ?", &[27]),
            ("L-30 * ?", &[]),
            ("LW * ?", &[30]),
            ("21W * ?", &[20]),
            ("1w * ?", &[2]),
            ("31W * ?", &[]),
            ("? * MON", &[2, 9, 16, 23, 30]),
            ("? * SAT-SUN", &[1, 7, 8, 14, 15, 21, 22, 28, 29]),
            ("? * L", &[7, 14, 21, 28]),
            ("? * friL", &[27]),
            ("? * 3#2", &[10]),
            ("? * TUE#5", &[]),
        ];
        for (text, expected) in cases {
            let days = read(text).unwrap();
            let chosen: Vec<u32> =
                (1..=30).filter(|day| days.next_in(november, *day) == Some(*day)).collect();
            assert_eq!(chosen, expected, "{text}");
            assert_eq!(days.next_in(november, 31), None, "{text}");
        }
        assert_eq!(read("* * ?").unwrap().next_in(november, 17), Some(17));
    }

    #[test]
    fn what_chooses_no_days_is_refused() {
        let cases = [
            ("? * ?", "? * ?", "day-of-month and day-of-week cannot both be `?`"),
            ("* * MON", "*", "one of day-of-month and day-of-week must be `?`"),
            ("* * *", "*", "one of day-of-month and day-of-week must be `?`"),
            ("15 * MON", "15 * MON", "one of day-of-month and day-of-week must be `?`"),
            ("15 * *", "*", "one of day-of-month and day-of-week must be `?`"),
            ("?,1 * ?", "?", "`?` is not a value; the day-of-month field takes 1-31"),
            ("L-0 * ?", "0", "`0` is out of range; `L-` takes 1-30"),
            ("L-31 * ?", "31", "`31` is out of range; `L-` takes 1-30"),
            ("L-3W * ?", "3W", "`3W` is out of range; `L-` takes 1-30"),
            ("32W * ?", "32", "`32` is out of range; the day-of-month field takes 1-31"),
            ("W * ?", "W", "`W` is not a value; the day-of-month field takes 1-31"),
            ("1-15W * ?", "15W", "`15W` is not a value; the day-of-month field takes 1-31"),
            ("1,15W * ?", "15W", "`15W` must stand alone, not in a list"),
            ("15,L * ?", "L", "`L` must stand alone, not in a list"),
            ("? * 3#1,6#3", "3#1", "`3#1` must stand alone, not in a list"),
            ("? * MON,6L", "6L", "`6L` must stand alone, not in a list"),
            ("? * 2#6", "6", "`6` is not an occurrence within a month; it is 1-5"),
            ("? * 2#", "", "`` is not an occurrence within a month; it is 1-5"),
            ("? * 8L", "8", "`8` is out of range; the day-of-week field takes 1-7 or SUN-SAT"),
            ("? * 3W", "3W", "`3W` is not a value; the day-of-week field takes 1-7 or SUN-SAT"),
        ];
        for (text, wrong_part, message) in cases {
            let error = read(text).unwrap_err();
            assert_eq!((&text[error.span], error.message.as_str()), (wrong_part, message), "{text}");
        }
    }
}
