//! One conditional transaction, and what its refusal means.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use state_machine::{FailureKind, Version};
use tokio::time::Instant;

use super::DynamoJournal;
use super::item::{self, Found, Head, Item, Numbered, damaged};
use super::key::Stream;
use super::table::{APPEND, ITEM, MOST_BYTES, MOST_ITEMS, STREAM, VERSION};
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::Lane;
use crate::journal::{AppendError, JournalError};

/// What IAM asks for a transaction that puts; it has no name for the transaction
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html>).
const PUT: &str = "dynamodb:PutItem";

/// One append, as long as it goes on.
struct Append {
    stream: Stream,
    /// Where it leads.
    version: Version,
    /// What names it, and no other.
    name: String,
    /// The sort key of the first record that it writes.
    first_item: Option<AttributeValue>,
}

/// An append is sent so many times, if its answer is lost each time.
const SENDS: usize = 3;

/// Later than this nothing is sent again: whoever appends has other things to do in its time, and a lost answer is
/// usually lost at once.
const IN_TIME: Duration = Duration::from_secs(5);

/// What became of a transaction.
enum Outcome {
    Written,
    Cancelled(Vec<CancellationReason>),
}

impl DynamoJournal {
    /// Writes a head and the records that led to it, if the journal stands at the version they were decided on.
    ///
    /// When the answer is lost, the same transaction is sent again, and may find that the journal has moved on: moved
    /// by itself. `DynamoDB` knows a repeated token for ten minutes; and since every item carries the name of its
    /// append, what is in the table tells it for ever. If no answer comes at all, the error is
    /// [`FailureKind::Unavailable`]: it may have been written, and whoever loads again sees it.
    ///
    /// Another transaction on the same head at the same moment (`TransactionConflict`) is a conflict as well: it
    /// is about to move the journal, and if it does not, deciding again finds out. Nothing was written.
    pub(super) async fn write<R: Numbered>(
        &self,
        expected: Version,
        head: Head,
        records: &[R],
    ) -> Result<(), AppendError> {
        let items = item::records(&head, records)?;
        let bytes = item::size(&head.items) + item::size(&items);
        if head.items.len() + items.len() > MOST_ITEMS || bytes > MOST_BYTES {
            return Err(JournalError::TooLarge { records: records.len(), bytes }.into());
        }
        let first_item = items.first().and_then(|item| item.get(ITEM)).cloned();
        let append = Append { stream: head.stream, version: head.version, name: head.append, first_item };
        let transaction =
            self.transaction(expected, head.items, items).map_err(|error| damaged("an append", error))?;
        let sent = AtomicUsize::new(0);
        let begun = Instant::now();
        let reasons = loop {
            match self.send(&append, &transaction, &sent).await {
                Ok(Outcome::Written) => return Ok(()),
                Ok(Outcome::Cancelled(reasons)) => break reasons,
                Err(error)
                    if error.kind == FailureKind::Unavailable
                        && sent.load(Ordering::Relaxed) < SENDS
                        && begun.elapsed() < IN_TIME => {}
                Err(error) => return Err(error.into()),
            }
        };
        let is = |reason: &CancellationReason, code: &str| reason.code() == Some(code);
        if let Some(head) = reasons.first().filter(|reason| is(reason, "ConditionalCheckFailed")) {
            let there = head.item().cloned().map(Found);
            let again = sent.load(Ordering::Relaxed) > 1;
            let ours = self.is_ours(&append, there, again).await?;
            return if ours { Ok(()) } else { Err(AppendError::Conflict { expected }) };
        }
        if reasons.iter().any(|reason| is(reason, "TransactionConflict")) {
            return Err(AppendError::Conflict { expected });
        }
        if reasons.iter().any(|reason| is(reason, "ConditionalCheckFailed")) {
            let detail = format!("there are records behind {expected}, where its head stands");
            return Err(damaged(format!("the journal of {}", append.stream), detail).into());
        }
        Err(told(&reasons).into())
    }

    async fn send(
        &self,
        append: &Append,
        transaction: &[TransactWriteItem],
        count: &AtomicUsize,
    ) -> Result<Outcome, CallError> {
        let send = || {
            count.fetch_add(1, Ordering::Relaxed);
            let request = self
                .client
                .transact_write_items()
                .set_transact_items(Some(transaction.to_vec()))
                .client_request_token(&append.name);
            async move {
                match request.send().await {
                    Ok(_) => Ok(Outcome::Written),
                    Err(error) => cancelled(&error).map(Outcome::Cancelled).ok_or(error),
                }
            }
        };
        self.governor.call(Lane::Other, PUT, append.stream.account(), send).await
    }

    /// Whether the append that did not find the head where it wanted it has moved it before.
    async fn is_ours(
        &self,
        append: &Append,
        head: Option<Found>,
        sent_again: bool,
    ) -> Result<bool, JournalError> {
        let Some(head) = head else { return Ok(false) };
        if head.text(APPEND)? == append.name {
            return Ok(true);
        }
        if !sent_again || head.version()? <= append.version {
            return Ok(false);
        }
        // It stands further on than this append would have led: whose are the records in between?
        let Some(item) = append.first_item.clone() else { return Ok(false) };
        let record = self.item(append.stream, item).await?;
        record.map_or(Ok(false), |record| Ok(record.text(APPEND)? == append.name))
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
