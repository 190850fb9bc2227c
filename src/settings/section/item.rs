//! Items: what the settings can say about one account, about a unit, or about all of them.

use std::collections::BTreeMap;
use std::num::NonZeroU8;
use std::sync::Arc;

use chrono::TimeDelta;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use state_machine::{AccountId, Hold, Pauses, TagKeys, Text, UnitId};

use super::Section;
use super::lifecycle::pauses;
use crate::diagnostic::{Place, Report};
use crate::settings::origin::{Origin, Sourced};
use crate::settings::value::number::Whole;
use crate::settings::value::period::{Period, Until};
use crate::settings::value::tag::{TagKey, TagValue};
use crate::settings::value::text::{Feature, Statement};
use crate::settings::value::variable::{self, VariableName, VariableValue};
use crate::settings::value::{Map, Placed, Value, shown};

pub(crate) type Attempts = Whole<1, 10>;
type Pause = Period<1, { 7 * 86_400 }>;
/// CodeBuild lets a build wait for 8 hours and run for 36 at most.
pub(crate) type Deadline = Period<300, { 48 * 3600 }>;

/// What counts for all accounts where nothing nearer says otherwise. The nearer wins: defaults, then the units
/// around the account from the outermost to the innermost, then the account, then CSV files in their order.
/// Tags and variables are merged key by key; everything else is replaced as a whole.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields, rename = "item")]
pub(crate) struct Item {
    /// A remark for people.
    #[schemars(with = "Option<Placed<Text>>")]
    pub(crate) note: Option<Sourced<Text>>,
    /// Tags that an account shall carry. Values that look like numbers are written in quotes.
    #[schemars(with = "Option<Map<TagKey, TagValue>>")]
    pub(crate) account_tags: BTreeMap<Text, Sourced<Text>>,
    /// Keys of tags that on-boarding takes away.
    #[schemars(with = "Option<Vec<Placed<TagKey>>>")]
    pub(crate) unset_tags: Option<Sourced<Arc<[Text]>>>,
    /// What happens to an account before its holder may use it.
    #[schemars(with = "Option<TaskItem>")]
    pub(crate) preparation: TaskItem,
    /// What happens to an account that maintenance has expired.
    #[schemars(with = "Option<TaskItem>")]
    pub(crate) purge: TaskItem,
    /// Leave accounts alone for some time: no maintenance, no purge.
    #[schemars(with = "Option<HoldItem>")]
    pub(crate) hold: Option<Sourced<Hold>>,
}

/// One kind of build.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields, rename = "task")]
pub(crate) struct TaskItem {
    /// Whether there is such a build at all. Built-in: disabled.
    #[schemars(with = "Option<Placed<Feature>>")]
    pub(crate) feature: Option<Sourced<bool>>,
    /// What the build finds in its environment, exactly as it is written here.
    #[schemars(with = "Option<Variables>")]
    pub(crate) variables: BTreeMap<Text, Sourced<Text>>,
    /// How often a build that fails is started again, the first time included. Built-in: 3.
    #[schemars(with = "Option<Placed<Attempts>>")]
    pub(crate) attempts: Option<Sourced<NonZeroU8>>,
    /// How long to wait after the first build that fails, the second, and so on; the last one repeats.
    /// Built-in: 5m, 15m.
    #[schemars(with = "Option<Vec<Placed<Pause>>>", length(min = 1, max = 20))]
    pub(crate) pauses: Option<Sourced<Pauses>>,
    /// After how long a build that has not ended is overdue. Built-in: 9h, because CodeBuild lets a build
    /// wait and run for 8 hours by itself, and ends it then.
    #[schemars(with = "Option<Placed<Deadline>>")]
    pub(crate) deadline: Option<Sourced<TimeDelta>>,
}

/// A request to leave accounts alone.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "hold")]
#[allow(dead_code, reason = "describes what `Hold` looks like in a file")]
struct HoldItem {
    /// The last day of the hold in UTC, or the instant at which it ends.
    #[schemars(with = "Placed<Until>")]
    until: (),
    /// Why.
    #[schemars(with = "Placed<Statement>")]
    reason: (),
}

/// An account that is managed by itself.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "account")]
pub(crate) struct AccountItem {
    /// The account.
    pub(crate) identifier: Placed<AccountId>,
    /// What is said about it.
    #[schemars(flatten)]
    pub(crate) item: Item,
}

/// An organizational unit whose accounts are managed, those in units below it included.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "unit")]
pub(crate) struct UnitItem {
    /// The organizational unit.
    pub(crate) identifier: Placed<UnitId>,
    /// The unit that holds this one. The real organization decides; this tells it to what has none at hand:
    /// `spa explain`, and the organization that a simulation draws.
    pub(crate) parent: Option<Placed<UnitId>>,
    /// What is said about the accounts in it.
    #[schemars(flatten)]
    pub(crate) item: Item,
}

/// How near to the account an item stands.
#[derive(Clone, Debug)]
pub(crate) enum Level {
    Defaults,
    Unit(UnitId),
    Account,
}

impl Level {
    pub(crate) fn origin(&self, place: Place) -> Origin {
        match self {
            Self::Defaults => Origin::Defaults(place),
            Self::Unit(unit) => Origin::Unit(unit.clone(), place),
            Self::Account => Origin::Account(place),
        }
    }

    fn sourced<T>(&self, placed: Placed<T>, report: &Report) -> Sourced<T> {
        let place = report.sources().place(placed.source, placed.span.start);
        let origin = place.map_or(Origin::BuiltIn, |place| self.origin(place));
        Sourced { value: placed.value, origin }
    }
}

impl Item {
    /// Reads the keys of an item; the caller closes the section, which may hold an identifier as well.
    pub(crate) fn read(section: &mut Section<'_, '_>, level: &Level, keys: &TagKeys) -> Self {
        let note = section.optional::<Text>("note");
        let tags = section.map::<TagKey, TagValue>("account_tags");
        let unset_tags = section.list::<TagKey>("unset_tags");
        let preparation = TaskItem::read(section.section("preparation"), level);
        let purge = TaskItem::read(section.section("purge"), level);
        let hold = read_hold(section, level);

        let report = section.report();
        for (key, _) in &tags {
            check_reserved(key, keys, report);
        }
        for key in unset_tags.iter().flat_map(|list| &list.value) {
            check_unset(key, keys, report);
        }
        let account_tags = tags
            .into_iter()
            .map(|(key, value)| (key.value.to_text(), level.sourced(value.at(value.value.to_text()), report)))
            .collect();
        let unset_tags = unset_tags.map(|list| {
            let keys = list.value.iter().map(|key| key.value.to_text()).collect();
            level.sourced(list.at(keys), report)
        });
        let note = note.map(|note| level.sourced(note, report));
        Self { note, account_tags, unset_tags, preparation, purge, hold }
    }
}

impl TaskItem {
    fn read(mut section: Section<'_, '_>, level: &Level) -> Self {
        let feature = section.optional::<Feature>("feature");
        let variables = section.map::<VariableName, VariableValue>("variables");
        let attempts = section.optional::<Attempts>("attempts");
        let pauses = pauses::<Pause>(&mut section, "pauses", |pause| pause.0);
        let deadline = section.optional::<Deadline>("deadline");
        for (name, value) in &variables {
            check_variable(name.value.as_str(), &value.value.0, value, section.report());
        }
        let report = section.report();
        let task = Self {
            feature: feature.map(|feature| level.sourced(feature.at(feature.value.0), report)),
            variables: variables
                .into_iter()
                .map(|(name, value)| {
                    (name.value.to_text(), level.sourced(value.at(Text::clone(&value.value.0)), report))
                })
                .collect(),
            attempts: attempts.and_then(|attempts| {
                let number = NonZeroU8::new(u8::try_from(attempts.value.0).ok()?)?;
                Some(level.sourced(attempts.at(number), report))
            }),
            pauses: pauses.map(|pauses| level.sourced(pauses, report)),
            deadline: deadline.map(|deadline| level.sourced(deadline.at(deadline.value.0), report)),
        };
        section.close();
        task
    }
}

fn read_hold(section: &mut Section<'_, '_>, level: &Level) -> Option<Sourced<Hold>> {
    let mut hold = section.optional_section("hold")?;
    let until = hold.required::<Until>("until", "there is no hold without an end");
    let reason = hold.required::<Statement>("reason", "whoever meets the hold will want to know");
    let report = &*hold.report();
    let read = until.zip(reason).map(|(until, reason)| {
        let asked = Hold { until: until.value.0, reason: reason.value.to_text() };
        level.sourced(until.at(asked), report)
    });
    hold.close();
    read
}

/// The tags of the state and of the holder are set by the lifecycle alone.
pub(crate) fn check_reserved(key: &Placed<TagKey>, keys: &TagKeys, report: &mut Report) {
    const HOLDER: &str =
        "leave the tag out, and set it on the account itself: on-boarding keeps the holder that it finds";
    let (what, help) = match key.value.as_str() {
        text if *text == *keys.state => ("state", "leave the tag out"),
        text if *text == *keys.holder => ("holder", HOLDER),
        _ => return,
    };
    let message = format!(
        "the tag {} is set by the lifecycle: it tells the {what} of an account",
        shown(key.value.as_str())
    );
    report.push(key.fault(message, "").help(help));
}

fn check_unset(key: &Placed<TagKey>, keys: &TagKeys, report: &mut Report) {
    if *key.value.as_str() == *keys.state {
        let message =
            format!("the tag {} tells the state of an account and cannot be taken away", shown(&keys.state));
        report.push(key.fault(message, "").help("leave the tag out"));
    } else if *key.value.as_str() == *keys.holder {
        let doubt = key.doubt("on-boarding will forget who holds the account", "");
        report.push(doubt.help("the e-mail address of the account becomes its holder each time"));
    }
}

/// Checks the value of a variable that means something to the system.
pub(crate) fn check_variable<T>(name: &str, value: &str, placed: &Placed<T>, report: &mut Report) {
    if let Err(problem) = variable::check(name, value) {
        let fault = problem.at(value, placed.source, &placed.span, report);
        report.push(fault);
    }
}

/// The schema of variables: any, and those that mean something with their form.
struct Variables;

impl JsonSchema for Variables {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Variables".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": VariableName::schema(),
            "additionalProperties": VariableValue::schema(),
            "properties": {
                "ALERT_THRESHOLD": {
                    "description": "The percentage of the budget at which mails are sent.",
                    "type": ["number", "string"], "minimum": 1, "maximum": 1000, "pattern": "^[0-9]+(\\.[0-9]*)?$",
                },
                "BUDGET_AMOUNT": {
                    "description": "The monthly budget in USD. Built-in for preparations: 200.",
                    "type": ["number", "string"], "exclusiveMinimum": 0, "pattern": "^[0-9]+(\\.[0-9]*)?$",
                },
                "BUDGET_EMAIL": {
                    "description": "Who receives the alerts of the budget; the holder when left out.",
                    "type": "string", "pattern": "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$",
                },
                "BUDGET_NAME": {
                    "description": "The name of the budget. Left out, the buildspec of this repository says SpaBudget.",
                    "type": ["string", "number", "boolean"], "pattern": "^[^:\\\\]+$", "maxLength": 100,
                },
                "MAXIMUM_AGE": {
                    "description": "What is older is purged: days (d), weeks (w), months (M) or years (y).",
                    "type": "string", "pattern": "^[0-9]{1,4}[dwMyY]$", "examples": ["5d", "2w", "3M", "1y"],
                },
                "PURGE_REGIONS": {
                    "description": "The regions to purge, with spaces between them. Left out: all that the account has enabled.",
                    "type": "string", "pattern": "^[a-z0-9 -]*$", "examples": ["eu-west-1 eu-west-3"],
                },
                "PURGE_MODE": {
                    "description": "Whether a purge deletes, or only tells what it would delete. Built-in: --dry-run.",
                    "type": "string", "enum": ["--dry-run", "--force"],
                },
            },
        })
    }
}
