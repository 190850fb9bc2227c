//! When something runs, in the language of EventBridge rules: `cron(…)` and `rate(…)`.
//!
//! The rules are those of the AWS page [Setting a schedule pattern for scheduled rules (legacy) in Amazon
//! EventBridge](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html), so
//! that `PutRule` takes what is taken here. All times are UTC, to the minute, and know no daylight saving
//! time.
//!
//! | field | values | wildcards |
//! | --- | --- | --- |
//! | minutes | 0-59 | `,` `-` `*` `/` |
//! | hours | 0-23 | `,` `-` `*` `/` |
//! | day-of-month | 1-31 | `,` `-` `*` `?` `/` `L` `W` |
//! | month | 1-12 or JAN-DEC | `,` `-` `*` `/` |
//! | day-of-week | 1-7 or SUN-SAT | `,` `-` `*` `?` `L` `#` |
//! | year | 1970-2199 | `,` `-` `*` `/` |
//!
//! Where the page says little, this is known of EventBridge:
//!
//! - A range may wrap around, as in `FRI-MON`, in every field but the year. The page has `20-2` among its
//!   hours, and rules with `SAT-SUN` are common.
//! - `LW` is the last workday ([serverless-local-schedule#12]). `L-3` is three days before the last day
//!   ([an answer of AWS Support]). Names and letters may be small ([aws_cron_expression_validator#18]).
//! - `31W` leaves out a month without a 31st ([pyawscron#56]).
//! - `0/60` is common, and `*/60` is refused ([aws-sdk-js#4212]).
//!
//! Where nothing is known, and sometimes on purpose, this module is the stricter one:
//!
//! - A wrapping range takes no step; `L` and `W` stand alone, as the page has it for `#`.
//! - A comma too many, as in `MON,`, is a slip, although `PutRule` lets it pass ([aws-sdk#161]).
//! - `W` never leaves its month, and a rate runs first when one interval has passed since the rule was made.
//!
//! [serverless-local-schedule#12]: https://github.com/serverless/serverless-local-schedule/issues/12
//! [an answer of AWS Support]: https://zenn.dev/kz23szk/articles/d52df8b1614fb6
//! [aws_cron_expression_validator#18]: https://github.com/grumBit/aws_cron_expression_validator/issues/18
//! [pyawscron#56]: https://github.com/pitchblack408/pyawscron/issues/56
//! [aws-sdk-js#4212]: https://github.com/aws/aws-sdk-js/issues/4212
//! [aws-sdk#161]: https://github.com/aws/aws-sdk/issues/161

mod calendar;
mod cron;
mod days;
mod error;
mod field;
mod part;
mod rate;
mod suggestion;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use state_machine::Timestamp;

pub use cron::Cron;
pub use error::ScheduleError;
pub use rate::Rate;

use part::Part;

/// The length that `PutRule` sets for a schedule expression.
const LONGEST: usize = 256;

/// When something runs, as EventBridge rules say it.
///
/// Two schedules are equal when their texts are. In JSON and the like a schedule is its text.
///
/// ```
/// # use spa::schedule;
/// # use state_machine::Timestamp;
/// let saturdays: schedule::Schedule = "cron(0 18 ? * SAT *)".parse()?;
/// let created = Timestamp::default();
/// let next = saturdays.next_after("2026-11-21T18:00:00Z".parse()?, created);
/// assert_eq!(next, Some("2026-11-28T18:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// At fixed times of the calendar.
    Cron(Cron),
    /// Again and again at the same distance.
    Rate(Rate),
}

impl Schedule {
    /// The first instant strictly after `after` at which it runs.
    ///
    /// For cron that is the start of a minute, somewhere in which EventBridge makes its run. `anchor` is when
    /// the rule was created: EventBridge counts a rate from there, and cron ignores it.
    ///
    /// None: it never runs again, because the years run out or the day never comes. That answer, too, comes
    /// at once.
    pub fn next_after(&self, after: Timestamp, anchor: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron(cron) => cron.next_after(after),
            Self::Rate(rate) => rate.next_after(after, anchor),
        }
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    /// Reads the text as it stands, in time that grows with its length alone.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST {
            return Err(Part::whole(text).refuse(format!("a schedule has at most {LONGEST} characters")));
        }
        read(text).map_err(|error| error.or_hint(|| suggestion::hint(text)))
    }
}

/// Reads the text, and in a refusal leaves it open what was meant.
fn read(text: &str) -> Result<Schedule, ScheduleError> {
    let whole = Part::whole(text);
    let Some((head, rest)) = whole.split_once('(') else {
        return Err(whole.refuse("a schedule is written `cron(…)` or `rate(…)`"));
    };
    if let Some(space) = head.outer_space() {
        return Err(space.refuse("no space may stand before or after `cron` and `rate`"));
    }
    if !matches!(head.text, "cron" | "rate") {
        return Err(head.refuse(format!("`{}` is neither `cron` nor `rate`", head.text)));
    }
    let Some((body, tail)) = rest.split_once(')') else {
        return Err(whole.refuse("the closing parenthesis is missing"));
    };
    if !tail.text.is_empty() {
        return Err(tail.refuse("nothing may follow the closing parenthesis"));
    }
    if let Some(space) = body.outer_space() {
        return Err(space.refuse("no space may stand next to the parentheses"));
    }
    if head.text == "cron" {
        Cron::read(text, body).map(Schedule::Cron)
    } else {
        Rate::read(text, body).map(Schedule::Rate)
    }
}

impl fmt::Display for Schedule {
    /// Shows exactly the text that it was read from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cron(cron) => cron.fmt(f),
            Self::Rate(rate) => rate.fmt(f),
        }
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Schedule {
    /// In a refusal the hint follows the message, since the error of a format has no place of its own for it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: ScheduleError| match &error.hint {
            Some(hint) => de::Error::custom(format_args!("{error}; {hint}")),
            None => de::Error::custom(error),
        })
    }
}
