//! What the table is made of: keys, attributes, indexes, limits.
//!
//! Each stream (an account, or the fleet) is one partition. In it stand its head, its records, and the parts of what
//! is too long for one item.
//!
//! | item | `stream` | `item` | holds |
//! | --- | --- | --- | --- |
//! | head of an account | `111122223333` | `head` | the folded journal; `version`, `append`, wake-up |
//! | record of an account | `111122223333` | `record 00000000000000000042` | one record; a large append puts several into one item, which is called by the last |
//! | head, record of the fleet | `fleet` | as above | |
//! | part | as its head or record | `head/001`, `record 00000000000000000042/001` | what follows in a long text |
//!
//! Bodies are JSON as text, uncompressed: whoever opens the table can read them. Records are kept for ever; nothing
//! here has a time to live.
//!
//! Three sparse indexes serve what is asked across accounts:
//!
//! - [`HEADS`]: one partition with the key of each account's head. It is written once in an account's life, and
//!   holds keys only, so one partition is enough for more accounts than an organization may have.
//! - [`DUE`]: heads by next wake-up, in one partition, read by the page. A partition takes 1,000 writes a second
//!   (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>), and an append
//!   that moves the wake-up writes twice: 500 appends, which is forty accounts a second going through a whole cycle.
//!   AWS Organizations takes a small part of the tags for that. Keys only.
//! - [`DAY`]: records by day, in ten partitions by the first digit of the account. AWS draws account identifiers at
//!   random, so they are alike in size; and as they follow one another in order of accounts, a page of a day is
//!   read from one of them. It holds whole records: reports read all of them.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    PointInTimeRecoverySpecification, Projection, ProjectionType, ScalarAttributeType, SseSpecification,
};

use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::{Governor, Lane};

/// The partition key: the account, or `fleet`.
pub const STREAM: &str = "stream";
/// The sort key: which head, record or part.
pub const ITEM: &str = "item";
/// How many records the stream holds (head), or the number of the last one in the item (record).
pub const VERSION: &str = "version";
/// Names the append that wrote the item.
pub const APPEND: &str = "append";
/// The JSON, or its first part.
pub const BODY: &str = "body";
/// How many parts follow; missing when none does.
pub const PARTS: &str = "parts";
/// The state of an account, for whoever looks into the table.
pub const STATE: &str = "state";

/// An index, with the attributes that are its keys: an item without them is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// The attribute that is its partition key, a text.
    pub partition: &'static str,
    /// The attribute that is its sort key, a text.
    pub sort: &'static str,
    /// Whether it holds whole items, and not their keys only.
    pub whole: bool,
}

/// Heads of accounts, by account.
pub const HEADS: Index = Index { name: "heads", partition: "kind", sort: STREAM, whole: false };
/// Heads of accounts that have a wake-up, earliest first.
pub const DUE: Index = Index { name: "due", partition: "kind", sort: "wake", whole: false };
/// Records of accounts, by UTC day, account and version.
pub const DAY: Index = Index { name: "day", partition: "day", sort: "place", whole: true };

/// Every index.
pub const INDEXES: [Index; 3] = [HEADS, DUE, DAY];

/// The longest text in one item, in bytes. An item may have 400 KB with its names and keys
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).
pub const LONGEST_TEXT: usize = 350_000;

/// The most items in one transaction (same page).
pub const MOST_ITEMS: usize = 100;

/// The most bytes in one transaction: 4 MB (same page), less what names and keys may take.
pub const MOST_BYTES: usize = 4_000_000;

/// Makes such a table as the templates of this repository make it, without waiting until it is active. Tests do,
/// and whoever wants to try something.
///
/// # Errors
/// What the service said.
pub async fn create(client: &Client, governor: &Governor, name: &str) -> Result<(), CallError> {
    let recovery = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
    let made = |error: BuildError| CallError {
        operation: "dynamodb:CreateTable",
        kind: state_machine::FailureKind::Rejected,
        code: None,
        message: error.to_string(),
        request_id: None,
    };
    let keys = schema(STREAM, ITEM).map_err(made)?;
    let attributes = attributes().map_err(made)?;
    let indexes = INDEXES.iter().map(Index::definition).collect::<Result<Vec<_>, _>>().map_err(made)?;
    let request = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(keys))
        .set_attribute_definitions(Some(attributes))
        .set_global_secondary_indexes(Some(indexes))
        .sse_specification(SseSpecification::builder().enabled(true).build())
        .deletion_protection_enabled(true);
    governor.call(Lane::Other, "dynamodb:CreateTable", None, || request.clone().send()).await?;
    let request = client
        .update_continuous_backups()
        .table_name(name)
        .set_point_in_time_recovery_specification(recovery.ok());
    governor.call(Lane::Other, "dynamodb:UpdateContinuousBackups", None, || request.clone().send()).await?;
    Ok(())
}

/// Deletes the table, with every fact in it.
///
/// # Errors
/// When `DynamoDB` refuses. What it protects until then is not protected any more.
pub async fn delete(client: &Client, governor: &Governor, name: &str) -> Result<(), CallError> {
    let request = client.update_table().table_name(name).deletion_protection_enabled(false);
    governor.call(Lane::Other, "dynamodb:UpdateTable", None, || request.clone().send()).await?;
    let request = client.delete_table().table_name(name);
    governor.call(Lane::Other, "dynamodb:DeleteTable", None, || request.clone().send()).await?;
    Ok(())
}

impl Index {
    fn definition(&self) -> Result<GlobalSecondaryIndex, BuildError> {
        let kind = if self.whole { ProjectionType::All } else { ProjectionType::KeysOnly };
        GlobalSecondaryIndex::builder()
            .index_name(self.name)
            .set_key_schema(Some(schema(self.partition, self.sort)?))
            .projection(Projection::builder().projection_type(kind).build())
            .build()
    }
}

/// Every attribute that is part of a key; all of them are texts.
fn attributes() -> Result<Vec<AttributeDefinition>, BuildError> {
    let of_indexes = INDEXES.iter().flat_map(|index| [index.partition, index.sort]);
    let mut names: Vec<&str> = [STREAM, ITEM].into_iter().chain(of_indexes).collect();
    names.sort_unstable();
    names.dedup();
    let text = |name| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
    };
    names.into_iter().map(text).collect()
}

fn schema(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    let element = |name, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    Ok(vec![element(partition, KeyType::Hash)?, element(sort, KeyType::Range)?])
}
