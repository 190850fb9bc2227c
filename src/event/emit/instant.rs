//! Instants as AWS writes them.

use chrono::{Datelike, Timelike};
use state_machine::Timestamp;

/// `2026-11-20T18:00:07Z`. AWS cuts off what is finer than a second; here it stays when there is something,
/// so that nothing is lost between the local organization and whoever reads.
pub(in crate::event) fn iso(instant: Timestamp) -> String {
    let utc = instant.to_utc().naive_utc();
    let (date, time) = (utc.date(), utc.time());
    let Ok(year @ 0..=9999) = u32::try_from(date.year()) else {
        return instant.to_string();
    };
    let mut text = String::with_capacity(24);
    push(&mut text, year / 100);
    push(&mut text, year % 100);
    for (separator, number) in [
        ('-', date.month()),
        ('-', date.day()),
        ('T', time.hour()),
        (':', time.minute()),
        (':', time.second()),
    ] {
        text.push(separator);
        push(&mut text, number);
    }
    let millis = time.nanosecond() / 1_000_000;
    if millis != 0 {
        text.push('.');
        text.extend(char::from_digit(millis / 100 % 10, 10));
        push(&mut text, millis % 100);
    }
    text.push('Z');
    text
}

/// `Nov 20, 2026 6:00:05 PM`, as CodeBuild and the responses of Organizations have it.
pub(in crate::event) fn wordy(instant: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let utc = instant.to_utc().naive_utc();
    let (date, time) = (utc.date(), utc.time());
    let month = usize::try_from(date.month0()).ok().and_then(|month| MONTHS.get(month)).copied();
    let (afternoon, hour) = time.hour12();
    let mut text = format!("{} {}, {} {hour}:", month.unwrap_or_default(), date.day(), date.year());
    push(&mut text, time.minute());
    text.push(':');
    push(&mut text, time.second());
    text.push_str(if afternoon { " PM" } else { " AM" });
    text
}

/// Writes a number below one hundred with two digits. `format!` would do it in ten times the time, and every
/// event has several.
fn push(text: &mut String, number: u32) {
    for digit in [number / 10, number] {
        text.extend(char::from_digit(digit % 10, 10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_look_as_aws_writes_them() {
        let cases = [
            ("2026-11-20T18:00:07Z", "2026-11-20T18:00:07Z", "Nov 20, 2026 6:00:07 PM"),
            ("2026-01-02T00:03:04.000Z", "2026-01-02T00:03:04Z", "Jan 2, 2026 12:03:04 AM"),
            ("2026-01-02T12:03:04.056Z", "2026-01-02T12:03:04.056Z", "Jan 2, 2026 12:03:04 PM"),
            ("2026-01-02T13:03:04.750Z", "2026-01-02T13:03:04.750Z", "Jan 2, 2026 1:03:04 PM"),
            ("0001-02-03T01:02:03Z", "0001-02-03T01:02:03Z", "Feb 3, 1 1:02:03 AM"),
        ];
        for (text, short, long) in cases {
            let instant: Timestamp = text.parse().unwrap();
            assert_eq!(iso(instant), short);
            assert_eq!(iso(instant).parse(), Ok(instant));
            assert_eq!(wordy(instant), long);
        }
    }
}
