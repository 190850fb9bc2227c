//! A month as a calendar shows it: how long it is and on which weekdays its days fall.

use chrono::{Datelike, NaiveDate};

// Weekdays are numbered as EventBridge does.
const SUNDAY: u32 = 1;
pub(super) const SATURDAY: u32 = 7;

/// One month of one year. Its days are counted from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Month {
    first: NaiveDate,
    pub(super) last_day: u32,
}

impl Month {
    /// None for what is no month.
    pub(super) fn new(year: u32, month: u32) -> Option<Self> {
        let first = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, 1)?;
        Some(Self { first, last_day: u32::from(first.num_days_in_month()) })
    }

    /// The first day of the month that is not before the date; none when the month is over by then.
    pub(super) fn first_day_from(self, date: NaiveDate) -> Option<u32> {
        let last = self.date(self.last_day)?;
        (date <= last).then(|| self.first.max(date).day())
    }

    pub(super) fn date(self, day: u32) -> Option<NaiveDate> {
        self.first.with_day(day)
    }

    pub(super) fn weekday(self, day: u32) -> u32 {
        (self.first.weekday().num_days_from_sunday() + day.saturating_sub(1)) % 7 + 1
    }

    /// The day from Monday to Friday that is nearest to the given one without leaving the month.
    pub(super) fn nearest_weekday(self, day: u32) -> Option<u32> {
        if day > self.last_day {
            return None;
        }
        Some(match self.weekday(day) {
            SATURDAY if day == 1 => day + 2,
            SATURDAY => day - 1,
            SUNDAY if day == self.last_day => day - 2,
            SUNDAY => day + 1,
            _ => day,
        })
    }

    /// The day of the nth such weekday; none when the month has fewer.
    pub(super) fn nth_weekday(self, weekday: u32, nth: u32) -> Option<u32> {
        let first = 1 + (weekday + 7 - self.weekday(1)) % 7;
        let day = first + 7 * nth.checked_sub(1)?;
        (day <= self.last_day).then_some(day)
    }

    /// The day of the last such weekday.
    pub(super) fn last_weekday(self, weekday: u32) -> u32 {
        self.last_day - (self.weekday(self.last_day) + 7 - weekday) % 7
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(year: u32, month: u32) -> Month {
        Month::new(year, month).unwrap()
    }

    #[test]
    fn months_have_their_length_and_weekdays() {
        assert_eq!(month(2024, 2).last_day, 29);
        assert_eq!(month(2026, 2).last_day, 28);
        assert_eq!(month(2100, 2).last_day, 28, "a full century is no leap year");
        assert_eq!(month(2000, 2).last_day, 29, "unless 400 divides it");
        assert_eq!(month(2026, 11).weekday(21), SATURDAY);
        assert_eq!(month(2026, 11).weekday(22), SUNDAY);
        assert!(Month::new(2026, 13).is_none());
        assert!(Month::new(u32::MAX, 1).is_none());
    }

    #[test]
    fn a_month_begins_where_the_date_says() {
        let date = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap();
        let november = month(2026, 11);
        assert_eq!(november.first_day_from(date(10, 31)), Some(1));
        assert_eq!(november.first_day_from(date(11, 21)), Some(21));
        assert_eq!(november.first_day_from(date(11, 30)), Some(30));
        assert_eq!(november.first_day_from(date(12, 1)), None);
    }

    #[test]
    fn the_nearest_weekday_stays_in_the_month() {
        let cases = [
            (2026, 11, 20, Some(20), "a Friday is one already"),
            (2026, 11, 21, Some(20), "from Saturday back"),
            (2026, 11, 22, Some(23), "from Sunday on"),
            (2026, 8, 1, Some(3), "from Saturday the 1st on, not into July"),
            (2026, 11, 1, Some(2), "from Sunday the 1st on"),
            (2026, 10, 31, Some(30), "from Saturday the last back"),
            (2026, 5, 31, Some(29), "from Sunday the last back, not into June"),
            (2026, 11, 31, None, "no such day"),
        ];
        for (year, number, day, expected, why) in cases {
            assert_eq!(month(year, number).nearest_weekday(day), expected, "{why}");
        }
    }

    #[test]
    fn weekdays_are_counted_from_either_end() {
        let november = month(2026, 11);
        assert_eq!(november.nth_weekday(SUNDAY, 1), Some(1));
        assert_eq!(november.nth_weekday(SUNDAY, 5), Some(29));
        assert_eq!(november.nth_weekday(SATURDAY, 1), Some(7));
        assert_eq!(november.nth_weekday(SATURDAY, 5), None);
        assert_eq!(november.last_weekday(SATURDAY), 28);
        assert_eq!(november.last_weekday(2), 30);
        assert_eq!(november.last_weekday(3), 24);
    }
}
