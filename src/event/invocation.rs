//! A function that a person invoked, with a small input of their own.

use chrono::NaiveDate;
use serde::Deserialize;

use super::Refusal;
use super::decode::{Borrowed, Part};

/// The input of a function that a person invoked by hand.
///
/// It is no event: nobody sent it over a bus, it has neither identifier nor time, and the function that was
/// invoked is the one that handles it. Only who may invoke functions in the automation account can do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Invocation {
    /// `{}`: do what you do.
    Plain,
    /// `{"date": "2026-10"}`: for this month, named by its first day.
    Month(NaiveDate),
    /// `{"date": "2026-10-31"}`: for this day.
    Day(NaiveDate),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct Dated<'a> {
    #[serde(borrow)]
    date: Borrowed<'a>,
}

/// Reads an object that is neither an event nor a batch; `dated` tells whether it has a member `date`.
///
/// One unknown member is enough to refuse it: a person who mistypes a member shall not get something else
/// than what they asked for.
pub(super) fn decode(part: Part<'_>, dated: bool) -> Result<Invocation, Refusal> {
    if !dated {
        return part.peek::<Nothing>().map(|Nothing {}| Invocation::Plain).ok_or(Refusal::UnknownShape);
    }
    let Dated { date } = part.object()?;
    // The shape is checked first, because chrono would also take signs and other numbers of digits.
    let shape: String = date.chars().take(11).map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    let invocation = match shape.as_str() {
        "9999-99" => format!("{}-01", &*date).parse().ok().map(Invocation::Month),
        "9999-99-99" => date.parse().ok().map(Invocation::Day),
        _ => None,
    };
    invocation
        .ok_or_else(|| Refusal::invalid("$.date", &"it is neither a month (2026-10) nor a day (2026-10-31)"))
}
