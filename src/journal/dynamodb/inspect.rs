//! Whether a table is made as [`super::table`] says, and how it is protected. Nothing is changed.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    BillingMode, IndexStatus, KeySchemaElement, KeyType, PointInTimeRecoveryStatus, ProjectionType,
    ScalarAttributeType, SseStatus, TableDescription, TableStatus, TimeToLiveStatus,
};

use super::table::{INDEXES, ITEM, Index, STREAM};
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::{Governor, Lane};

const DESCRIBE_TABLE: &str = "dynamodb:DescribeTable";
const DESCRIBE_BACKUPS: &str = "dynamodb:DescribeContinuousBackups";
const DESCRIBE_TIME_TO_LIVE: &str = "dynamodb:DescribeTimeToLive";

/// A table, as DynamoDB describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What is otherwise than the journal needs it, in words; nothing when it can be used.
    pub faults: Vec<String>,
    /// How many items it held some hours ago: DynamoDB counts now and then.
    pub items: i64,
    /// Whether it is paid for by the request.
    pub on_demand: bool,
    /// Whether it cannot be deleted by mistake.
    pub deletion_protected: bool,
    /// Whether it is encrypted with a key of this account, and not only with one that AWS owns.
    pub own_key: bool,
}

/// What is told of a table by other calls than the one that describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Safety {
    /// Whether it can be brought back to what it was at any second of the last weeks.
    pub recovery: bool,
    /// The attribute by which items vanish; facts must not.
    pub time_to_live: Option<String>,
}

/// How the table is made.
///
/// # Errors
/// When there is no such table, or it could not be described.
pub async fn shape(client: &Client, governor: &Governor, table: &str) -> Result<Shape, CallError> {
    let request = client.describe_table().table_name(table);
    let answer = governor.call(Lane::Other, DESCRIBE_TABLE, None, || request.clone().send()).await?;
    let table = answer.table.ok_or_else(|| CallError::odd(DESCRIBE_TABLE, "no table in the answer"))?;
    let billing = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
    Ok(Shape {
        faults: faults(&table),
        items: table.item_count().unwrap_or_default(),
        on_demand: billing == Some(&BillingMode::PayPerRequest),
        deletion_protected: table.deletion_protection_enabled() == Some(true),
        own_key: table.sse_description().and_then(|sse| sse.status()) == Some(&SseStatus::Enabled),
    })
}

/// How its content is kept.
///
/// # Errors
/// When there is no such table, or nobody would tell.
pub async fn safety(client: &Client, governor: &Governor, table: &str) -> Result<Safety, CallError> {
    let backups = client.describe_continuous_backups().table_name(table);
    let time_to_live = client.describe_time_to_live().table_name(table);
    let (backups, time_to_live) = tokio::try_join!(
        governor.call(Lane::Other, DESCRIBE_BACKUPS, None, || backups.clone().send()),
        async {
            governor.call(Lane::Other, DESCRIBE_TIME_TO_LIVE, None, || time_to_live.clone().send()).await
        },
    )?;
    let recovery = backups
        .continuous_backups_description()
        .and_then(|backups| backups.point_in_time_recovery_description())
        .and_then(|recovery| recovery.point_in_time_recovery_status());
    let vanishing = time_to_live.time_to_live_description().filter(|told| {
        matches!(told.time_to_live_status(), Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
    });
    Ok(Safety {
        recovery: recovery == Some(&PointInTimeRecoveryStatus::Enabled),
        time_to_live: vanishing.map(|told| told.attribute_name().unwrap_or_default().to_owned()),
    })
}

fn faults(table: &TableDescription) -> Vec<String> {
    let mut faults = Vec::new();
    // A table that is being changed serves as one that is not.
    if !matches!(table.table_status(), Some(TableStatus::Active | TableStatus::Updating)) {
        let status = table.table_status().map_or("unknown", TableStatus::as_str);
        faults.push(format!("its status is {status}"));
    }
    if !keys_are(table.key_schema(), STREAM, ITEM) {
        faults.push(format!("its keys are not `{STREAM}` and `{ITEM}`"));
    }
    let texts = |name: &str| {
        table.attribute_definitions().iter().any(|attribute| {
            attribute.attribute_name() == name && *attribute.attribute_type() == ScalarAttributeType::S
        })
    };
    for Index { name, partition, sort, whole } in INDEXES {
        let index = table.global_secondary_indexes().iter().find(|index| index.index_name() == Some(name));
        let Some(index) = index else {
            faults.push(format!("the index `{name}` is missing"));
            continue;
        };
        if !keys_are(index.key_schema(), partition, sort) {
            faults.push(format!("the keys of the index `{name}` are not `{partition}` and `{sort}`"));
        }
        let wanted = if whole { ProjectionType::All } else { ProjectionType::KeysOnly };
        let projected = index.projection().and_then(|projection| projection.projection_type());
        // More than the keys costs more, and serves.
        if projected != Some(&wanted) && projected != Some(&ProjectionType::All) {
            faults.push(format!("the index `{name}` does not hold whole items"));
        }
        if !matches!(index.index_status(), Some(IndexStatus::Active | IndexStatus::Updating)) {
            let status = index.index_status().map_or("unknown", IndexStatus::as_str);
            faults.push(format!("the status of the index `{name}` is {status}"));
        }
        for key in [partition, sort].into_iter().filter(|key| !texts(key)) {
            faults.push(format!("the attribute `{key}` is no text"));
        }
    }
    faults
}

fn keys_are(keys: &[KeySchemaElement], partition: &str, sort: &str) -> bool {
    let is = |kind: &KeyType, name: &str| {
        keys.iter().any(|key| key.key_type() == kind && key.attribute_name() == name)
    };
    keys.len() == 2 && is(&KeyType::Hash, partition) && is(&KeyType::Range, sort)
}
