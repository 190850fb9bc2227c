//! One field of a cron expression: the values it takes, and its lists, ranges and steps.

use std::collections::BTreeSet;

use super::ScheduleError;
use super::part::Part;

/// What one of the six fields may hold.
pub(super) struct Field {
    name: &'static str,
    first: u32,
    last: u32,
    /// Names for the values, from the first on. Empty where there are only numbers.
    names: &'static [&'static str],
    /// Whether `/` is allowed.
    steps: bool,
    /// Whether a range may run over the end and go on at the beginning.
    wraps: bool,
    /// A number just out of range that is often written, with the hint for it.
    near_miss: Option<(u32, &'static str)>,
}

const NUMBERS: Field =
    Field { name: "", first: 0, last: 0, names: &[], steps: true, wraps: true, near_miss: None };

pub(super) const MINUTES: Field =
    Field { name: "minutes", last: 59, near_miss: Some((60, "the full hour is `0`")), ..NUMBERS };
pub(super) const HOURS: Field =
    Field { name: "hours", last: 23, near_miss: Some((24, "midnight is `0`")), ..NUMBERS };
pub(super) const DAY_OF_MONTH: Field = Field { name: "day-of-month", first: 1, last: 31, ..NUMBERS };
pub(super) const MONTH: Field = Field { name: "month", first: 1, last: 12, names: &MONTHS, ..NUMBERS };
pub(super) const DAY_OF_WEEK: Field = Field {
    name: "day-of-week",
    first: 1,
    last: 7,
    names: &WEEKDAYS,
    steps: false,
    near_miss: Some((0, "Sunday is `1` or `SUN`")),
    ..NUMBERS
};
pub(super) const YEAR: Field = Field { name: "year", first: 1970, last: 2199, wraps: false, ..NUMBERS };

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/// The days of the week, from the one that EventBridge numbers 1.
pub(super) const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Field {
    /// The values that a list such as `1-5,30,45/5` stands for; never none.
    pub(super) fn values(&self, list: Part<'_>) -> Result<BTreeSet<u32>, ScheduleError> {
        let mut values = BTreeSet::new();
        for item in list.split(',') {
            if item.text.is_empty() {
                return Err(list.refuse(format!("the {} list has a comma too many", self.name)));
            }
            values.extend(self.item(item)?);
        }
        Ok(values)
    }

    /// One value, by number or by name.
    pub(super) fn value(&self, part: Part<'_>) -> Result<u32, ScheduleError> {
        if let Some((_, value)) =
            self.names.iter().zip(self.first..).find(|(name, _)| name.eq_ignore_ascii_case(part.text))
        {
            return Ok(value);
        }
        match number(part.text) {
            Some(value) if (self.first..=self.last).contains(&value) => Ok(value),
            Some(value) => {
                let error = part.refuse(format!("`{}` is out of range; {}", part.text, self.takes()));
                Err(match self.near_miss {
                    Some((near, hint)) if near == value => error.hint(hint),
                    _ => error,
                })
            }
            None => Err(part.refuse(format!("`{}` is not a value; {}", part.text, self.takes()))),
        }
    }

    /// An item of a list: `*`, a value or a range, with or without a step.
    fn item(&self, item: Part<'_>) -> Result<Vec<u32>, ScheduleError> {
        let (base, step) = item.split_once('/').map_or((item, None), |(base, step)| (base, Some(step)));
        let (first, last) = if base.text == "*" {
            (self.first, self.last)
        } else if let Some((first, last)) = base.split_once('-') {
            (self.value(first)?, self.value(last)?)
        } else {
            let value = self.value(base)?;
            (value, if step.is_some() { self.last } else { value })
        };
        let run: Vec<u32> = if first <= last {
            (first..=last).collect()
        } else if self.wraps {
            (first..=self.last).chain(self.first..=last).collect()
        } else {
            return Err(base.refuse(format!("the {} range `{}` runs backwards", self.name, base.text)));
        };
        let Some(step) = step else { return Ok(run) };
        let width = self.step(base, step)?;
        let values = run.into_iter().step_by(width).collect();
        if !self.steps {
            return Err(item.refuse(format!("{} takes no steps", self.name)).hint(as_list(values)));
        }
        if first > last {
            let message =
                format!("the {} range `{}` wraps around, so it takes no step", self.name, base.text);
            return Err(item.refuse(message).hint(as_list(values)));
        }
        Ok(values)
    }

    fn step(&self, base: Part<'_>, step: Part<'_>) -> Result<usize, ScheduleError> {
        let limit = if base.text == "*" { self.last } else { u32::MAX };
        match number(step.text) {
            None | Some(0) => Err(step.refuse(format!("`{}` is not a step; a step is 1 or more", step.text))),
            // EventBridge takes `0/60` and refuses `*/60`.
            Some(width) if width > limit => {
                let message = format!("after `*` a {} step is at most {limit}", self.name);
                Err(step.refuse(message).hint(format!("write `{}`", self.first)))
            }
            Some(width) => Ok(width as usize),
        }
    }

    fn takes(&self) -> String {
        let Self { name, first, last, names, .. } = self;
        match names {
            [first_name, .., last_name] => {
                format!("the {name} field takes {first}-{last} or {first_name}-{last_name}")
            }
            _ => format!("the {name} field takes {first}-{last}"),
        }
    }
}

/// A number without a sign. One with too many digits for any use is cut down to the greatest.
pub(super) fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

fn as_list(mut values: Vec<u32>) -> String {
    values.sort_unstable();
    let values: Vec<String> = values.iter().map(u32::to_string).collect();
    format!("write the values as a list: `{}`", values.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(field: &Field, text: &str) -> Vec<u32> {
        field.values(Part::whole(text)).unwrap().into_iter().collect()
    }

    #[test]
    fn lists_ranges_and_steps_become_values() {
        let cases: [(&Field, &str, &[u32]); 22] = [
            (&MINUTES, "0", &[0]),
            (&MINUTES, "05", &[5]),
            (&MINUTES, "5,5,3", &[3, 5]),
            (&MINUTES, "0/15", &[0, 15, 30, 45]),
            (&MINUTES, "*/20", &[0, 20, 40]),
            (&MINUTES, "1-30/10", &[1, 11, 21]),
            (&MINUTES, "50/5,3-4,10", &[3, 4, 10, 50, 55]),
            (&MINUTES, "0/60", &[0]),
            (&MINUTES, "7/99999999999999", &[7]),
            (&MINUTES, "58-1", &[0, 1, 58, 59]),
            (&HOURS, "20-2", &[0, 1, 2, 20, 21, 22, 23]),
            (&HOURS, "*/23", &[0, 23]),
            (&HOURS, "8-8", &[8]),
            (&DAY_OF_MONTH, "*/10", &[1, 11, 21, 31]),
            (&DAY_OF_MONTH, "30-2", &[1, 2, 30, 31]),
            (&MONTH, "jan,Mar,12", &[1, 3, 12]),
            (&MONTH, "NOV-2", &[1, 2, 11, 12]),
            (&MONTH, "APR/4", &[4, 8, 12]),
            (&DAY_OF_WEEK, "MON-FRI", &[2, 3, 4, 5, 6]),
            (&DAY_OF_WEEK, "sat-sun", &[1, 7]),
            (&YEAR, "2190/4", &[2190, 2194, 2198]),
            (&YEAR, "2026,2199", &[2026, 2199]),
        ];
        for (field, text, expected) in cases {
            assert_eq!(values(field, text), expected, "{} {text}", field.name);
        }
        assert_eq!(values(&DAY_OF_WEEK, "*"), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(values(&YEAR, "*").len(), 230);
    }

    #[test]
    fn what_no_field_takes_is_refused() {
        let cases = [
            (
                &MINUTES,
                "60",
                "60",
                "`60` is out of range; the minutes field takes 0-59",
                "the full hour is `0`",
            ),
            (
                &MINUTES,
                "1-99999999999",
                "99999999999",
                "`99999999999` is out of range; the minutes field takes 0-59",
                "",
            ),
            (&MINUTES, "-5", "", "`` is not a value; the minutes field takes 0-59", ""),
            (&MINUTES, "5,,6", "5,,6", "the minutes list has a comma too many", ""),
            (&MINUTES, "0/0", "0", "`0` is not a step; a step is 1 or more", ""),
            (&MINUTES, "0/5/5", "5/5", "`5/5` is not a step; a step is 1 or more", ""),
            (&MINUTES, "*/60", "60", "after `*` a minutes step is at most 59", "write `0`"),
            (&MINUTES, "*-5", "*", "`*` is not a value; the minutes field takes 0-59", ""),
            (&HOURS, "24", "24", "`24` is out of range; the hours field takes 0-23", "midnight is `0`"),
            (
                &HOURS,
                "22-4/2",
                "22-4/2",
                "the hours range `22-4` wraps around, so it takes no step",
                "write the values as a list: `0,2,4,22`",
            ),
            (&MONTH, "MARCH", "MARCH", "`MARCH` is not a value; the month field takes 1-12 or JAN-DEC", ""),
            (
                &DAY_OF_WEEK,
                "0",
                "0",
                "`0` is out of range; the day-of-week field takes 1-7 or SUN-SAT",
                "Sunday is `1` or `SUN`",
            ),
            (
                &DAY_OF_WEEK,
                "1,MON-SAT/2",
                "MON-SAT/2",
                "day-of-week takes no steps",
                "write the values as a list: `2,4,6`",
            ),
            (&YEAR, "26", "26", "`26` is out of range; the year field takes 1970-2199", ""),
            (&YEAR, "2030-2026", "2030-2026", "the year range `2030-2026` runs backwards", ""),
        ];
        for (field, text, wrong_part, message, hint) in cases {
            let error = field.values(Part::whole(text)).unwrap_err();
            assert_eq!(&text[error.span], wrong_part, "{text}");
            assert_eq!(error.message, message, "{text}");
            assert_eq!(error.hint.unwrap_or_default(), hint, "{text}");
        }
    }
}
