//! One conditional transaction, and what its refusal means.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use state_machine::{FailureKind, Version};

use super::DynamoJournal;
use super::item::{self, Found, Head, Item, Numbered, damaged};
use super::table::{APPEND, MOST_BYTES, MOST_ITEMS, STREAM, VERSION};
use crate::cloud::aws::governor::Lane;
use crate::journal::{AppendError, JournalError};

/// What IAM asks for a transaction that puts; it has no name for the transaction
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html>).
const PUT: &str = "dynamodb:PutItem";

/// What became of a transaction.
enum Outcome {
    Written,
    Cancelled(Vec<CancellationReason>),
}

impl DynamoJournal {
    /// Writes a head and the records that led to it, if the journal stands at the version they were decided on.
    ///
    /// A call may be sent again because its answer was lost, and then finds that the journal has moved on: moved by
    /// itself. `DynamoDB` knows a repeated token for ten minutes; and since every item carries the name of its append,
    /// what is in the table tells it for ever.
    ///
    /// Another transaction on the same head at the same moment (`TransactionConflict`) is a conflict as well: it
    /// is about to move the journal, and if it does not, deciding again finds out. Nothing was written.
    pub(super) async fn write<R: Numbered>(
        &self,
        expected: Version,
        head: Head,
        records: &[R],
    ) -> Result<(), AppendError> {
        let first = records.first().map_or(head.version, Numbered::version);
        let items = item::records(&head, records)?;
        let key = items.first().and_then(|item| item.get(super::table::ITEM)).cloned();
        let bytes = item::size(&head.items) + item::size(&items);
        let count = head.items.len() + items.len();
        if count > MOST_ITEMS || bytes > MOST_BYTES {
            return Err(JournalError::TooLarge { records: records.len(), bytes }.into());
        }
        let Head { stream, version, append, items: heads } = head;
        let transaction =
            self.transaction(expected, heads, items).map_err(|error| damaged("an append", error))?;
        let sent = AtomicUsize::new(0);
        let outcome = self
            .governor
            .call(Lane::Other, PUT, stream.account(), || {
                sent.fetch_add(1, Ordering::Relaxed);
                let request = self
                    .client
                    .transact_write_items()
                    .set_transact_items(Some(transaction.clone()))
                    .client_request_token(&append);
                async move {
                    match request.send().await {
                        Ok(_) => Ok(Outcome::Written),
                        Err(error) => cancelled(&error).map(Outcome::Cancelled).ok_or(error),
                    }
                }
            })
            .await?;
        let reasons = match outcome {
            Outcome::Written => return Ok(()),
            Outcome::Cancelled(reasons) => reasons,
        };
        let is = |reason: &CancellationReason, code: &str| reason.code() == Some(code);
        if let Some(head) = reasons.first().filter(|reason| is(reason, "ConditionalCheckFailed")) {
            let there = head.item().cloned().map(Found);
            let ours = match there {
                Some(there) if there.text(APPEND).is_ok_and(|there| there == append) => true,
                // It stands further on than this append would have led: whose is the record in between?
                Some(there) if sent.load(Ordering::Relaxed) > 1 && there.version()? > version => {
                    let record = match key {
                        Some(key) => self.item(stream, key).await?,
                        None => None,
                    };
                    record.is_some_and(|record| record.text(APPEND).is_ok_and(|there| there == append))
                }
                Some(_) | None => false,
            };
            return if ours { Ok(()) } else { Err(AppendError::Conflict { expected }) };
        }
        if reasons.iter().any(|reason| is(reason, "TransactionConflict")) {
            return Err(AppendError::Conflict { expected });
        }
        if reasons.iter().any(|reason| is(reason, "ConditionalCheckFailed")) {
            let detail = format!("there are records from {first} on, and its head stands at {expected}");
            return Err(damaged(format!("the journal of {stream}"), detail).into());
        }
        Err(told(&reasons).into())
    }

    /// The head first: its answer tells who is there.
    fn transaction(
        &self,
        expected: Version,
        heads: Vec<Item>,
        records: Vec<Item>,
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        let put = |item: Item| Put::builder().table_name(&self.table).set_item(Some(item));
        let new = |put: aws_sdk_dynamodb::types::builders::PutBuilder| {
            put.condition_expression("attribute_not_exists(#key)").expression_attribute_names("#key", STREAM)
        };
        let mut puts = Vec::with_capacity(heads.len() + records.len());
        for (place, item) in heads.into_iter().enumerate() {
            let put = match place {
                0 if expected == Version::NONE => new(put(item)),
                0 => put(item)
                    .condition_expression("#version = :expected")
                    .expression_attribute_names("#version", VERSION)
                    .expression_attribute_values(":expected", item::number(expected.number())),
                _ => put(item),
            };
            puts.push(
                put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld),
            );
        }
        // A record is never written over, whatever the head says.
        puts.extend(records.into_iter().map(|item| new(put(item))));
        puts.into_iter().map(|put| Ok(TransactWriteItem::builder().put(put.build()?).build())).collect()
    }
}

/// Why a transaction was cancelled; nothing for any other failure.
fn cancelled<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Vec<CancellationReason>> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            Some(cancelled.cancellation_reasons().to_vec())
        }
        Some(_) | None => None,
    }
}

/// A cancellation that is no lost race
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>).
fn told(reasons: &[CancellationReason]) -> JournalError {
    let codes =
        reasons.iter().filter_map(|reason| Some((reason.code()?, reason.message().unwrap_or_default())));
    let (code, message) = codes.into_iter().find(|(code, _)| *code != "None").unwrap_or_default();
    let kind = match code {
        "ThrottlingError" | "ProvisionedThroughputExceeded" => FailureKind::Throttled,
        "ValidationError" | "ItemCollectionSizeLimitExceeded" => FailureKind::Rejected,
        "AccessDenied" => FailureKind::Denied,
        _ => FailureKind::Unavailable,
    };
    JournalError::Service { kind, message: format!("{PUT}: the transaction was cancelled: {code} {message}") }
}
