//! Heads and records as items, and back.

use std::collections::HashMap;
use std::str::FromStr as _;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use state_machine::{Account, AccountId, Fleet, FleetRecord, Record, Timestamp, Version};

use super::key::{self, Stream};
use super::table::{
    APPEND, BODY, DAY, DUE, HEADS, ITEM, LONGEST_TEXT, MOST_ITEMS, PARTS, STATE, STREAM, VERSION,
};
use crate::journal::{JournalError, Source};

/// An item, by attribute.
pub type Item = HashMap<String, AttributeValue>;

/// A head, ready to be written.
pub struct Head {
    pub stream: Stream,
    pub version: Version,
    /// Names the append that writes it.
    pub append: String,
    /// The head itself, then its parts.
    pub items: Vec<Item>,
}

/// A record of either kind.
pub trait Numbered: Serialize + DeserializeOwned + Send + Sync {
    fn version(&self) -> Version;
    fn at(&self) -> Timestamp;
}

impl Numbered for Record {
    fn version(&self) -> Version {
        self.version
    }

    fn at(&self) -> Timestamp {
        self.at
    }
}

impl Numbered for FleetRecord {
    fn version(&self) -> Version {
        self.version
    }

    fn at(&self) -> Timestamp {
        self.at
    }
}

/// Something in the table that cannot be as this program has written it.
pub fn damaged(what: impl Into<String>, source: impl Into<Source>) -> JournalError {
    JournalError::Unreadable { what: what.into(), source: source.into() }
}

/// The head of an account as items.
pub fn head_of_account(account: &Account, append: String) -> Result<Head, JournalError> {
    let stream = Stream::Account(account.id());
    let mut head = head(stream, account.version(), append, account)?;
    if let Some(item) = head.items.first_mut() {
        item.insert(HEADS.partition.to_owned(), text(key::ACCOUNT));
        if let Some(state) = account.state() {
            item.insert(STATE.to_owned(), text(state.as_str()));
        }
        if let Some(at) = account.next_wake() {
            item.insert(DUE.sort.to_owned(), text(key::wake(at, account.id())));
        }
    }
    Ok(head)
}

/// The head of the fleet's journal as items.
pub fn head_of_fleet(fleet: &Fleet, append: String) -> Result<Head, JournalError> {
    head(Stream::Fleet, fleet.version(), append, fleet)
}

fn head(
    stream: Stream,
    version: Version,
    append: String,
    body: &impl Serialize,
) -> Result<Head, JournalError> {
    let items = items(stream, key::HEAD, version, &append, body)?;
    Ok(Head { stream, version, append, items })
}

/// Records as items, each followed by its parts.
///
/// One record is one item, unless there are so many that they would not go into one transaction: then neighbours
/// of one day share an item.
pub fn records<R: Numbered>(head: &Head, records: &[R]) -> Result<Vec<Item>, JournalError> {
    let together = records.len().div_ceil(MOST_ITEMS / 2).max(1);
    let mut all = Vec::with_capacity(records.len());
    for day in records.chunk_by(|one, next| one.at().day() == next.at().day()) {
        for group in day.chunks(together) {
            let Some(last) = group.last() else { continue };
            let mut items =
                items(head.stream, &key::record(last.version()), last.version(), &head.append, &group)?;
            if let (Stream::Account(id), Some(item)) = (head.stream, items.first_mut()) {
                item.insert(DAY.partition.to_owned(), text(key::day_shard(&last.at().day(), id)));
                item.insert(DAY.sort.to_owned(), text(key::place(id, last.version())));
            }
            all.append(&mut items);
        }
    }
    Ok(all)
}

/// A text as one item, and as many parts as it needs beyond.
fn items(
    stream: Stream,
    name: &str,
    version: Version,
    append: &str,
    body: &impl Serialize,
) -> Result<Vec<Item>, JournalError> {
    let body = serde_json::to_string(body).map_err(|error| damaged(format!("{name} of {stream}"), error))?;
    let mut pieces = split(&body).into_iter();
    let item = |name: String, body: &str| {
        let pairs = [
            (STREAM, stream.to_string()),
            (ITEM, name),
            (APPEND, append.to_owned()),
            (BODY, body.to_owned()),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect::<Item>()
    };
    let mut whole = item(name.to_owned(), pieces.next().unwrap_or_default());
    whole.insert(VERSION.to_owned(), number(version.number()));
    if pieces.len() > 0 {
        whole.insert(PARTS.to_owned(), number(pieces.len() as u64));
    }
    let parts = (1..).zip(pieces).map(|(number, piece)| item(key::part(name, number), piece));
    Ok(std::iter::once(whole).chain(parts).collect())
}

/// Pieces that an item can hold.
fn split(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > LONGEST_TEXT {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(LONGEST_TEXT));
        pieces.push(piece);
        rest = behind;
    }
    pieces.push(rest);
    pieces
}

/// What a request with these items takes of [`super::table::MOST_BYTES`], names and keys aside.
pub fn size(items: &[Item]) -> usize {
    items.iter().filter_map(|item| item.get(BODY)?.as_s().ok()).map(String::len).sum()
}

/// A text, as DynamoDB takes it.
pub fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number, as DynamoDB takes it: as text.
pub fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// An item as it was read.
pub struct Found(pub Item);

impl Found {
    /// How an error names it.
    pub fn what(&self) -> String {
        let part = |name| self.0.get(name).and_then(|value| value.as_s().ok()).map_or("?", String::as_str);
        format!("{} of {}", part(ITEM), part(STREAM))
    }

    /// A text attribute.
    pub fn text(&self, name: &str) -> Result<&str, JournalError> {
        match self.0.get(name).map(AttributeValue::as_s) {
            Some(Ok(text)) => Ok(text),
            Some(Err(_)) | None => Err(self.without(name)),
        }
    }

    fn number(&self, name: &str) -> Result<u64, JournalError> {
        let number = self.0.get(name).and_then(|value| value.as_n().ok()?.parse().ok());
        number.ok_or_else(|| self.without(name))
    }

    fn without(&self, name: &str) -> JournalError {
        damaged(self.what(), format!("its attribute `{name}` is missing or of another type"))
    }

    /// The version.
    pub fn version(&self) -> Result<Version, JournalError> {
        self.number(VERSION).map(Version::new)
    }

    /// How many parts follow.
    pub fn parts(&self) -> Result<usize, JournalError> {
        if !self.0.contains_key(PARTS) {
            return Ok(0);
        }
        usize::try_from(self.number(PARTS)?).map_err(|error| damaged(self.what(), error))
    }

    /// The account in whose stream it stands.
    pub fn account(&self) -> Result<AccountId, JournalError> {
        AccountId::from_str(self.text(STREAM)?).map_err(|error| damaged(self.what(), error))
    }

    /// The head in it. With `body`, what it and its parts hold.
    pub fn head<H: DeserializeOwned>(&self, body: &str) -> Result<H, JournalError> {
        serde_json::from_str(body).map_err(|error| damaged(self.what(), error))
    }

    /// The records in it. With `body`, what it and its parts hold.
    pub fn records<R: Numbered>(&self, body: &str) -> Result<Vec<R>, JournalError> {
        let records: Vec<R> = serde_json::from_str(body).map_err(|error| damaged(self.what(), error))?;
        let last = self.version()?;
        if records.last().map(Numbered::version) == Some(last) {
            Ok(records)
        } else {
            Err(damaged(self.what(), format!("it does not end with record {last}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_where_characters_end_and_nothing_is_lost() {
        for text in ["", "short", &"x".repeat(LONGEST_TEXT), &"☂".repeat(LONGEST_TEXT), &"🧑‍🚀é".repeat(99_999)]
        {
            let pieces = split(text);
            assert_eq!(pieces.concat(), text);
            assert!(pieces.iter().all(|piece| piece.len() <= LONGEST_TEXT));
            assert!(pieces.len() <= text.len().div_ceil(LONGEST_TEXT) + 1);
        }
    }

    #[test]
    fn an_item_that_somebody_else_wrote_is_told_by_its_name() {
        let item = Item::from([(STREAM.to_owned(), text("111122223333")), (ITEM.to_owned(), text("head"))]);
        let error = Found(item).version().unwrap_err();
        assert!(error.to_string().starts_with("head of 111122223333"), "{error}");
    }
}
