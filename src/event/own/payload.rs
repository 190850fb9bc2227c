//! Reading the payloads of our own events.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess};
use serde_json::value::RawValue;
use state_machine::{Tags, Timestamp};

use super::{ActivityEvent, ActivityLabel, ExceptionEvent, ExceptionLabel};
use crate::event::Refusal;
use crate::event::decode::{Borrowed, Part};

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object")]
pub(super) struct Chat<'a> {
    #[serde(borrow)]
    pub(super) subject: Borrowed<'a>,
    #[serde(borrow)]
    pub(super) message: Borrowed<'a>,
}

#[derive(serde::Deserialize)]
#[serde(expecting = "an object")]
struct Exception<'a> {
    #[serde(borrow)]
    account: Option<Borrowed<'a>>,
    #[serde(borrow)]
    title: Borrowed<'a>,
    #[serde(borrow)]
    message: Borrowed<'a>,
    impact: Option<u8>,
}

pub(super) fn exception(part: Part<'_>, label: ExceptionLabel) -> Result<ExceptionEvent, Refusal> {
    let payload: Exception<'_> = part.object()?;
    if let Some(impact) = payload.impact.filter(|impact| !(1..=5).contains(impact)) {
        return Err(part.invalid("impact", &format_args!("{impact} does not lie between 1 and 5")));
    }
    Ok(ExceptionEvent {
        label,
        account: payload.account.map(|text| part.typed(&text, "account")).transpose()?,
        title: (*payload.title).into(),
        message: (*payload.message).into(),
        impact: payload.impact,
    })
}

pub(super) fn activity(part: Part<'_>, label: ActivityLabel) -> Result<ActivityEvent, Refusal> {
    let payload: Activity<'_> = part.object()?;
    Ok(ActivityEvent {
        label,
        account: part.typed(&part.required(payload.account, "account")?, "account")?,
        cost_center: (*part.required(payload.cost_center, "cost-center")?).into(),
        transaction: (*part.required(payload.transaction, "transaction")?).into(),
        begin: instant(part, part.required(payload.begin, "begin")?, "begin")?,
        end: instant(part, part.required(payload.end, "end")?, "end")?,
        identifier: (*part.required(payload.identifier, "identifier")?).into(),
        tags: payload.tags,
    })
}

/// Instants are seconds since 1970 with a fraction, as Python's `time.time()` gives them.
fn instant(part: Part<'_>, seconds: f64, name: &str) -> Result<Timestamp, Refusal> {
    #[expect(clippy::cast_possible_truncation, reason = "a cast to an integer stops at its ends")]
    let millis = (seconds * 1000.0).round() as i64;
    Timestamp::from_millis(millis).map_err(|error| part.invalid(name, &error))
}

/// The payload of an activity: named members, and beside them the tags of the account, under their own keys.
#[derive(Default)]
struct Activity<'a> {
    account: Option<Borrowed<'a>>,
    cost_center: Option<Borrowed<'a>>,
    transaction: Option<Borrowed<'a>>,
    begin: Option<f64>,
    end: Option<f64>,
    identifier: Option<Borrowed<'a>>,
    tags: Tags,
}

impl<'de: 'a, 'a> Deserialize<'de> for Activity<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Activity<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut activity = Activity::default();
                while let Some(key) = map.next_key::<Borrowed<'de>>()? {
                    match &*key {
                        "account" => once(&mut activity.account, &mut map, "account")?,
                        "cost-center" => once(&mut activity.cost_center, &mut map, "cost-center")?,
                        "transaction" => once(&mut activity.transaction, &mut map, "transaction")?,
                        "begin" => once(&mut activity.begin, &mut map, "begin")?,
                        "end" => once(&mut activity.end, &mut map, "end")?,
                        "identifier" => once(&mut activity.identifier, &mut map, "identifier")?,
                        // It follows from `begin` and `end`.
                        "duration" => drop(map.next_value::<de::IgnoredAny>()?),
                        tag => {
                            // Tags are text. Members of other types may come with later versions.
                            let value: &'de RawValue = map.next_value()?;
                            if value.get().starts_with('"') {
                                let value: Borrowed<'de> =
                                    serde_json::from_str(value.get()).map_err(de::Error::custom)?;
                                if activity.tags.insert(tag, &*value).is_some() {
                                    let problem = format_args!("the tag `{tag}` stands there twice");
                                    return Err(de::Error::custom(problem));
                                }
                            }
                        }
                    }
                }
                Ok(activity)
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    field: &mut Option<T>,
    map: &mut A,
    name: &'static str,
) -> Result<(), A::Error> {
    if field.replace(map.next_value()?).is_some() {
        return Err(de::Error::duplicate_field(name));
    }
    Ok(())
}
