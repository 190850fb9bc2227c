//! `metering`: the tables in which activities are counted.

use chrono::TimeDelta;
use schemars::JsonSchema;

use super::Section;
use crate::settings::value::Placed;
use crate::settings::value::aws::TableName;
use crate::settings::value::number::Whole;

type Seconds = Whole<1, { 10 * 366 * 86_400 }>;

/// The tables in which activities are counted, and for how long. The name of the environment stands before
/// every name of a table.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields, rename = "metering")]
pub struct Metering {
    /// The table of activities.
    #[schemars(with = "Option<Placed<TableName>>", extend("default" = "ActivitiesTable"))]
    pub activities_datastore: TableName,
    /// How long activities are kept.
    #[schemars(with = "Option<Placed<Seconds>>", extend("default" = 31_622_400))]
    pub activities_ttl_in_seconds: TimeDelta,
    /// The table of shadows: what is known about each account.
    #[schemars(with = "Option<Placed<TableName>>", extend("default" = "ShadowsTable"))]
    pub shadows_datastore: TableName,
    /// How long the shadow of an account is kept after it was last seen.
    #[schemars(with = "Option<Placed<Seconds>>", extend("default" = 15_811_200))]
    pub shadows_ttl_in_seconds: TimeDelta,
    /// The table of transactions: on-boardings and maintenances that have not ended.
    #[schemars(with = "Option<Placed<TableName>>", extend("default" = "TransactionsTable"))]
    pub transactions_datastore: TableName,
    /// After how long a transaction that has not ended is reported.
    #[schemars(with = "Option<Placed<Seconds>>", extend("default" = 10_800))]
    pub transactions_ttl_in_seconds: TimeDelta,
}

impl Metering {
    pub(crate) fn read(mut section: Section<'_, '_>) -> Self {
        let metering = Self {
            activities_datastore: table(&mut section, "activities_datastore", "ActivitiesTable"),
            activities_ttl_in_seconds: seconds(&mut section, "activities_ttl_in_seconds", 31_622_400),
            shadows_datastore: table(&mut section, "shadows_datastore", "ShadowsTable"),
            shadows_ttl_in_seconds: seconds(&mut section, "shadows_ttl_in_seconds", 15_811_200),
            transactions_datastore: table(&mut section, "transactions_datastore", "TransactionsTable"),
            transactions_ttl_in_seconds: seconds(&mut section, "transactions_ttl_in_seconds", 10_800),
        };
        section.close();
        metering
    }
}

fn table(section: &mut Section<'_, '_>, key: &'static str, built_in: &str) -> TableName {
    section.optional(key).map_or_else(|| TableName::built_in(built_in), |table| table.value)
}

fn seconds(section: &mut Section<'_, '_>, key: &'static str, built_in: u32) -> TimeDelta {
    let seconds = section.optional::<Seconds>(key).map_or(built_in, |seconds| seconds.value.0);
    TimeDelta::seconds(seconds.into())
}
