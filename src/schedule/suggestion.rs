//! What was probably meant by a text that is no schedule.

use super::field::{WEEKDAYS, number};
use super::{Schedule, read};

/// A hint that quotes one schedule, or two to choose from; none when the text is too far from any.
pub(super) fn hint(text: &str) -> Option<String> {
    match meant(text).as_slice() {
        [] => None,
        [only] => Some(format!("write `{only}`")),
        [first, .., last] => Some(format!("write `{first}` or `{last}`")),
    }
}

fn meant(text: &str) -> Vec<Schedule> {
    let text = text.trim();
    let (head, body) = text.split_once('(').unwrap_or(("", text));
    let body = body.split_once(')').map_or(body, |(body, _)| body);
    let words: Vec<&str> = body.split_whitespace().collect();
    match head.trim().to_ascii_lowercase().as_str() {
        "cron" => crons(&words),
        "rate" => Vec::from_iter(rate(&words)),
        "" => rate(&words).map_or_else(|| crons(&words), |rate| vec![rate]),
        _ => Vec::new(),
    }
}

/// Reads `1 minutes`, `5minute` or `2 Weeks` as a rate.
fn rate(words: &[&str]) -> Option<Schedule> {
    let text = words.concat().to_ascii_lowercase();
    let (count, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
    let (count, unit) = match unit.trim_end_matches('s') {
        "week" => (number(count)?.checked_mul(7)?, "day"),
        unit => (number(count)?, unit),
    };
    let plural = if count == 1 { "" } else { "s" };
    read(&format!("rate({count} {unit}{plural})")).ok()
}

/// Reads the fields of this cron dialect and of its neighbours.
fn crons(words: &[&str]) -> Vec<Schedule> {
    let mut fields: Vec<String> = words.iter().map(|field| tidy(field)).collect();
    if words.len() == 5
        && !words.contains(&"?")
        && let Some(day_of_week) = fields.last_mut()
    {
        // Five fields without a `?` are those of Unix, which numbers weekdays in its own way.
        *day_of_week = unix_weekdays(day_of_week);
    }
    let ends_with_weekday = words.last().is_some_and(|field| is_no_year(field));
    if words.len() == 7 || (words.len() == 6 && ends_with_weekday) {
        // Quartz and Spring put the seconds first.
        fields.remove(0);
    }
    if fields.len() == 5 {
        fields.push("*".to_owned());
    }
    settle_days(&fields)
}

/// Where both day fields are set, lets the one give way that leaves every day in, or else either.
fn settle_days(fields: &[String]) -> Vec<Schedule> {
    let [minutes, hours, day_of_month, month, day_of_week, year] = fields else { return Vec::new() };
    let choices = match (day_of_month.as_str(), day_of_week.as_str()) {
        ("?", "?") => vec![("*", "?")],
        days @ (("?", _) | (_, "?")) => vec![days],
        (days, "*") => vec![(days, "?")],
        ("*", weekdays) => vec![("?", weekdays)],
        (days, weekdays) => vec![(days, "?"), ("?", weekdays)],
    };
    choices
        .into_iter()
        .filter_map(|(days, weekdays)| {
            read(&format!("cron({minutes} {hours} {days} {month} {weekdays} {year})")).ok()
        })
        .collect()
}

/// The field without empty list items, and with the `*` that some dialects leave out before a step.
fn tidy(field: &str) -> String {
    let items = field.split(',').filter(|item| !item.is_empty());
    let with_star =
        items.map(|item| if item.starts_with('/') { format!("*{item}") } else { item.to_owned() });
    with_star.collect::<Vec<_>>().join(",")
}

/// The field with the weekday numbers of Unix, where 0 and 7 are Sunday, turned into names.
fn unix_weekdays(field: &str) -> String {
    let name = |day| match number(day) {
        Some(number @ 0..=7) => WEEKDAYS[number as usize % WEEKDAYS.len()],
        _ => day,
    };
    let items = field.split(',').map(|item| item.split('-').map(name).collect::<Vec<_>>().join("-"));
    items.collect::<Vec<_>>().join(",")
}

/// Weekdays by name, or `?`. Those by number are left out: dialects with seconds disagree on them.
fn is_no_year(field: &str) -> bool {
    field != "*" && !field.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_quoted() {
        let cases = [
            ("0 18 ? * SAT *", "write `cron(0 18 ? * SAT *)`"),
            ("CRON (0 18 ? * SAT *) ", "write `cron(0 18 ? * SAT *)`"),
            ("cron( 0  18 ? * SAT * )", "write `cron(0 18 ? * SAT *)`"),
            ("cron(0 18 ? * SAT *", "write `cron(0 18 ? * SAT *)`"),
            ("cron(0 18 ? * SAT *) UTC", "write `cron(0 18 ? * SAT *)`"),
            ("cron(0 18 * * SAT *)", "write `cron(0 18 ? * SAT *)`"),
            ("cron(0 18 * * * *)", "write `cron(0 18 * * ? *)`"),
            ("cron(0 18 ? * ? *)", "write `cron(0 18 * * ? *)`"),
            ("cron(0 18 15 * * *)", "write `cron(0 18 15 * ? *)`"),
            ("cron(0 18 15 * MON *)", "write `cron(0 18 15 * ? *)` or `cron(0 18 ? * MON *)`"),
            ("cron(0 18 * * SAT)", "write `cron(0 18 ? * SAT *)`"),
            ("cron(0 18 ? * 1-5)", "write `cron(0 18 ? * 1-5 *)`"),
            ("0 18 * * 1-5", "write `cron(0 18 ? * MON-FRI *)`"),
            ("0 18 * * 5-7,3", "write `cron(0 18 ? * FRI-SUN,WED *)`"),
            ("*/5 * * * *", "write `cron(*/5 * * * ? *)`"),
            ("0 0 18 ? * SAT 2027", "write `cron(0 18 ? * SAT 2027)`"),
            ("cron(0 0 18 ? * SAT)", "write `cron(0 18 ? * SAT *)`"),
            ("0 0 18 15 * ?", "write `cron(0 18 15 * ? *)`"),
            ("cron(0/5, 9-18, ?, *, MON-FRI, *)", "write `cron(0/5 9-18 ? * MON-FRI *)`"),
            ("cron(/5 * * * ? *)", "write `cron(*/5 * * * ? *)`"),
            ("rate(1 days)", "write `rate(1 day)`"),
            ("rate(5 hour)", "write `rate(5 hours)`"),
            ("rate(05 Minutes)", "write `rate(5 minutes)`"),
            ("rate(2 weeks)", "write `rate(14 days)`"),
            ("10minutes", "write `rate(10 minutes)`"),
            ("rate (10 minutes)", "write `rate(10 minutes)`"),
        ];
        for (text, expected) in cases {
            assert_eq!(hint(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn nothing_is_quoted_where_too_much_is_open() {
        let cases = [
            "",
            "(",
            "every Saturday",
            "at(2026-11-21T18:00:00)",
            "cron(0 18)",
            "cron(99 18 ? * SAT *)",
            "0 18 * * */2",
            "0 0 18 ? * 1-5",
            "rate(0 minutes)",
            "rate(30 seconds)",
            "rate(99999999999 days)",
        ];
        for text in cases {
            assert_eq!(hint(text), None, "{text}");
        }
    }
}
