//! Heads and records, page by page.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde::de::DeserializeOwned;
use state_machine::{Account, AccountId, FailureKind, Record, Timestamp, Version};

use super::DynamoJournal;
use super::item::{Found, Item, Numbered, damaged, text};
use super::key::{self, Stream};
use super::table::{APPEND, BODY, DAY, DUE, HEADS, ITEM, Index, STREAM, VERSION};
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::Lane;
use crate::journal::JournalError;

/// What one `BatchGetItem` may ask for
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>).
const BATCH: usize = 100;

/// What one query asks for at most, unless it asks for less.
const PAGE: usize = 1_000;

/// How often something that is just being written is looked at again, with growing pauses: half a second in all.
/// A transaction becomes visible within milliseconds.
const LOOKS: u32 = 6;

/// Before the first further look; each next one waits twice as long.
const PAUSE: Duration = Duration::from_millis(8);

impl DynamoJournal {
    /// The head of a stream, as it is now.
    pub(super) async fn head<H: DeserializeOwned>(&self, stream: Stream) -> Result<Option<H>, JournalError> {
        for look in 0..LOOKS {
            pause(look).await;
            let Some(head) = self.item(stream, text(key::HEAD)).await? else { return Ok(None) };
            if let Some(body) = self.body(stream, &head).await? {
                return head.head(&body).map(Some);
            }
        }
        Err(incomplete(format!("head of {stream}")))
    }

    /// One item, as it is now.
    pub(super) async fn item(
        &self,
        stream: Stream,
        item: AttributeValue,
    ) -> Result<Option<Found>, JournalError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(STREAM, text(stream.to_string()))
            .key(ITEM, item)
            .consistent_read(true);
        let send = || request.clone().send();
        let answer = self.governor.call(Lane::Other, "dynamodb:GetItem", stream.account(), send).await?;
        Ok(answer.item.map(Found))
    }

    /// The whole text of an item; nothing while its parts are of another append.
    async fn body(&self, stream: Stream, item: &Found) -> Result<Option<String>, JournalError> {
        let mut body = item.text(BODY)?.to_owned();
        let parts = item.parts()?;
        if parts == 0 {
            return Ok(Some(body));
        }
        let name = item.text(ITEM)?;
        let query = self
            .query(None, PAGE)
            .consistent_read(true)
            .key_condition_expression("#stream = :stream and #item between :first and :last")
            .expression_attribute_names("#stream", STREAM)
            .expression_attribute_names("#item", ITEM)
            .expression_attribute_values(":stream", text(stream.to_string()))
            .expression_attribute_values(":first", text(key::part(name, 1)))
            .expression_attribute_values(":last", text(key::part(name, parts)));
        let mut pages = Pages::new(query);
        let mut found = 0;
        while found < parts
            && let Some(page) = self.page(&mut pages, stream.account()).await?
        {
            for part in page {
                if part.text(APPEND)? != item.text(APPEND)? {
                    return Ok(None);
                }
                body.push_str(part.text(BODY)?);
                found += 1;
            }
        }
        Ok((found == parts).then_some(body))
    }

    /// Records of a stream after a version, oldest first, at most so many.
    pub(super) async fn records<R: Numbered>(
        &self,
        stream: Stream,
        after: Version,
        limit: usize,
    ) -> Result<Vec<R>, JournalError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let Some(head) = self.item(stream, text(key::HEAD)).await? else { return Ok(Vec::new()) };
        let last = head.version()?;
        if after >= last {
            return Ok(Vec::new());
        }
        let counted = usize::try_from(last.number() - after.number()).unwrap_or(usize::MAX);
        let wanted = limit.min(counted);
        for look in 0..LOOKS {
            pause(look).await;
            let found = self.look(stream, after, last, wanted).await?;
            let mut version = after;
            let follows = |record: &R| {
                version = version.next();
                record.version() == version
            };
            if found.len() == wanted && found.iter().all(follows) {
                return Ok(found);
            }
        }
        Err(incomplete(format!("a record of {stream} between {after} and {last}")))
    }

    /// The records that are to be seen at the moment.
    async fn look<R: Numbered>(
        &self,
        stream: Stream,
        after: Version,
        last: Version,
        wanted: usize,
    ) -> Result<Vec<R>, JournalError> {
        let query = self
            .query(None, wanted)
            .consistent_read(true)
            .key_condition_expression("#stream = :stream and #item between :first and :last")
            .expression_attribute_names("#stream", STREAM)
            .expression_attribute_names("#item", ITEM)
            .expression_attribute_values(":stream", text(stream.to_string()))
            .expression_attribute_values(":first", text(key::record(after.next())))
            .expression_attribute_values(":last", text(key::behind(&key::record(last))));
        let mut pages = Pages::new(query);
        let mut found: Vec<R> = Vec::new();
        while found.len() < wanted
            && let Some(page) = self.page(&mut pages, stream.account()).await?
        {
            for item in page {
                // A part comes with what it is a part of.
                if !item.0.contains_key(VERSION) || found.len() >= wanted {
                    continue;
                }
                let Some(body) = self.body(stream, &item).await? else { return Ok(found) };
                found.extend(item.records::<R>(&body)?.into_iter().filter(|record| record.version() > after));
            }
        }
        found.truncate(wanted);
        Ok(found)
    }

    /// Heads of accounts after an account, by identifier.
    pub(super) async fn heads_after(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<Arc<Account>>, JournalError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let query = self
            .query(Some(HEADS), limit)
            .expression_attribute_names("#kind", HEADS.partition)
            .expression_attribute_values(":kind", text(key::ACCOUNT));
        let query = match after {
            None => query.key_condition_expression("#kind = :kind"),
            Some(after) => query
                .key_condition_expression("#kind = :kind and #stream > :after")
                .expression_attribute_names("#stream", HEADS.sort)
                .expression_attribute_values(":after", text(after.to_string())),
        };
        let mut pages = Pages::new(query);
        let mut ids = Vec::new();
        while ids.len() < limit
            && let Some(page) = self.page(&mut pages, None).await?
        {
            for key in page {
                ids.push(key.account()?);
            }
        }
        ids.truncate(limit);
        let mut heads = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let mut found = self.heads_of(batch).await?;
            for id in batch {
                let head = found.remove(id);
                let head = head.ok_or_else(|| incomplete(format!("head of {id}, which is in the index")))?;
                heads.push(head);
            }
        }
        Ok(heads)
    }

    /// The heads of these accounts, in their order.
    pub(super) async fn heads_in_order(&self, ids: &[AccountId]) -> Result<Vec<Arc<Account>>, JournalError> {
        let mut heads = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            // A call may not name a key twice.
            let distinct: BTreeSet<AccountId> = batch.iter().copied().collect();
            let found = self.heads_of(&distinct.into_iter().collect::<Vec<_>>()).await?;
            let head = |id: &AccountId| found.get(id).cloned();
            heads.extend(batch.iter().map(|id| head(id).unwrap_or_else(|| Arc::new(Account::unseen(*id)))));
        }
        Ok(heads)
    }

    /// The heads of so many accounts as one call may ask for, as they are now.
    async fn heads_of(&self, ids: &[AccountId]) -> Result<BTreeMap<AccountId, Arc<Account>>, JournalError> {
        let key = |id: &AccountId| {
            Item::from([(STREAM.to_owned(), text(id.to_string())), (ITEM.to_owned(), text(key::HEAD))])
        };
        let mut found = BTreeMap::new();
        let mut missing: Vec<Item> = ids.iter().map(key).collect();
        let mut look = 0;
        while !missing.is_empty() {
            // What AWS leaves out, for its size or for too many requests, is asked for again.
            if look >= LOOKS {
                let message = "dynamodb:BatchGetItem: it left keys unprocessed again and again".to_owned();
                return Err(JournalError::Service { kind: FailureKind::Throttled, message });
            }
            pause(look).await;
            let keys = KeysAndAttributes::builder().set_keys(Some(missing)).consistent_read(true).build();
            let keys = keys.map_err(|error| damaged("a list of heads", error))?;
            let request = self.client.batch_get_item().request_items(&self.table, keys);
            let send = || request.clone().send();
            let answer = self.governor.call(Lane::Other, "dynamodb:BatchGetItem", None, send).await?;
            let items = answer.responses.into_iter().flat_map(HashMap::into_values).flatten();
            let before = found.len();
            for item in items.map(Found) {
                let id = item.account()?;
                let head: Arc<Account> = match self.whole(&item).await? {
                    Some(head) => Arc::new(head),
                    // Its parts have changed since.
                    None => match self.head(Stream::Account(id)).await? {
                        Some(head) => Arc::new(head),
                        None => continue,
                    },
                };
                found.insert(id, head);
            }
            let rest = answer.unprocessed_keys.into_iter().flat_map(HashMap::into_values);
            missing = rest.flat_map(|keys| keys.keys).collect();
            look = if found.len() > before { 1 } else { look + 1 };
        }
        Ok(found)
    }

    async fn whole(&self, item: &Found) -> Result<Option<Account>, JournalError> {
        let body = self.body(Stream::Account(item.account()?), item).await?;
        body.map(|body| item.head(&body)).transpose()
    }

    /// Accounts whose next wake-up has come, earliest first.
    pub(super) async fn due_until(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, AccountId)>, JournalError> {
        let mut due = Vec::new();
        if limit == 0 {
            return Ok(due);
        }
        let query = self
            .query(Some(DUE), limit)
            .key_condition_expression("#kind = :account and #wake < :behind")
            .expression_attribute_names("#kind", DUE.partition)
            .expression_attribute_names("#wake", DUE.sort)
            .expression_attribute_values(":account", text(key::ACCOUNT))
            .expression_attribute_values(":behind", text(key::behind_wake(until)));
        let mut pages = Pages::new(query);
        while due.len() < limit
            && let Some(page) = self.page(&mut pages, None).await?
        {
            for item in page {
                let wake = item.text(DUE.sort)?;
                let unreadable = || damaged(item.what(), format!("`{wake}` is no wake-up"));
                due.push(key::parse_wake(wake).ok_or_else(unreadable)?);
            }
        }
        due.truncate(limit);
        Ok(due)
    }

    /// Records of a day after a place, by account and version.
    pub(super) async fn records_of_day(
        &self,
        day: &str,
        after: Option<(AccountId, Version)>,
        limit: usize,
    ) -> Result<Vec<(AccountId, Record)>, JournalError> {
        let mut found = Vec::new();
        for (number, shard) in key::day_shards(day, after.map(|(account, _)| account)).enumerate() {
            if found.len() >= limit {
                break;
            }
            let query = self
                .query(Some(DAY), limit - found.len())
                .expression_attribute_names("#day", DAY.partition)
                .expression_attribute_values(":day", text(shard));
            let query = match after {
                Some((account, version)) if number == 0 => query
                    .key_condition_expression("#day = :day and #place > :after")
                    .expression_attribute_names("#place", DAY.sort)
                    .expression_attribute_values(":after", text(key::place(account, version))),
                Some(_) | None => query.key_condition_expression("#day = :day"),
            };
            let mut pages = Pages::new(query);
            while found.len() < limit
                && let Some(page) = self.page(&mut pages, None).await?
            {
                for item in page {
                    let account = item.account()?;
                    let body = self.body(Stream::Account(account), &item).await?;
                    let body = body.ok_or_else(|| incomplete(item.what()))?;
                    let records = item.records::<Record>(&body)?.into_iter();
                    let wanted = records
                        .map(|record| (account, record))
                        .filter(|(_, record)| after.is_none_or(|after| (account, record.version) > after));
                    found.extend(wanted);
                }
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    fn query(&self, index: Option<Index>, limit: usize) -> QueryFluentBuilder {
        let limit = i32::try_from(limit.min(PAGE)).ok();
        let name = index.map(|index| index.name.to_owned());
        self.client.query().table_name(&self.table).set_index_name(name).set_limit(limit)
    }

    /// The next page of a query, which may be empty; nothing after the last.
    async fn page(
        &self,
        pages: &mut Pages,
        account: Option<AccountId>,
    ) -> Result<Option<Vec<Found>>, CallError> {
        let Some(query) = pages.0.take() else { return Ok(None) };
        let answer =
            self.governor.call(Lane::Other, "dynamodb:Query", account, || query.clone().send()).await?;
        pages.0 = answer
            .last_evaluated_key
            .filter(|key| !key.is_empty())
            .map(|key| query.set_exclusive_start_key(Some(key)));
        Ok(Some(answer.items.unwrap_or_default().into_iter().map(Found).collect()))
    }
}

/// A query, with the place where its next page starts; nothing when the last was read.
struct Pages(Option<QueryFluentBuilder>);

impl Pages {
    const fn new(query: QueryFluentBuilder) -> Self {
        Self(Some(query))
    }
}

/// Waits before a further look; not before the first.
async fn pause(look: u32) {
    if look > 0 {
        tokio::time::sleep(PAUSE * 2_u32.saturating_pow(look - 1)).await;
    }
}

fn incomplete(what: String) -> JournalError {
    damaged(what, "it is not there, or not all of it")
}
