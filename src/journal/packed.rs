//! Records of many accounts in memory, packed: what repeats is kept once.
//!
//! The records of one append share their instant and their cause, and the same few actors cause nearly all of
//! them. Versions count from 1, so they need not be written down.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use state_machine::{Actor, Cause, Fact, Origin, Owes, Record, Timestamp, TriggerId, Version};

/// How large the first chunk of an account is, and the largest; each is twice as large as the one before. An
/// account with few records wastes little, and one with many is never copied.
const CHUNKS: std::ops::RangeInclusive<usize> = 512..=8_192;

/// The records of nearly every append take less than this, and are then written without growing a vector.
const BUFFER: usize = 1_024;

/// Actors, each kept once, for all accounts.
#[derive(Debug, Default)]
pub(super) struct Actors {
    all: Vec<Actor>,
    places: HashMap<Actor, u32>,
}

/// The records of one account, from version 1 on.
#[derive(Debug, Default)]
pub(super) struct Packed {
    chunks: Vec<Vec<u8>>,
}

/// A record as it is kept. It has the same shape going in and coming out.
#[derive(Serialize, Deserialize)]
struct Entry<F, O> {
    /// Instant and cause; none: those of the record before.
    with: Option<With>,
    looked: bool,
    described: Option<Timestamp>,
    claim: Option<Timestamp>,
    fact: F,
    owes: O,
}

#[derive(Clone, Serialize, Deserialize)]
struct With {
    at: Timestamp,
    origin: Origin,
    by: u32,
    trigger: Option<TriggerId>,
}

impl Actors {
    fn place(&mut self, actor: &Actor) -> Result<u32, postcard::Error> {
        if let Some(place) = self.places.get(actor) {
            return Ok(*place);
        }
        // More than four billion actors are more than memory holds.
        let place = u32::try_from(self.all.len()).map_err(|_| postcard::Error::SerializeBufferFull)?;
        self.all.push(actor.clone());
        self.places.insert(actor.clone(), place);
        Ok(place)
    }

    fn at(&self, place: u32) -> Option<&Actor> {
        self.all.get(usize::try_from(place).ok()?)
    }
}

impl Packed {
    /// Adds the records of one append, which follow on those that are there.
    pub(super) fn push(&mut self, records: &[Record], actors: &mut Actors) -> Result<(), postcard::Error> {
        let mut entries = Vec::with_capacity(records.len());
        let mut before: Option<&Record> = None;
        for record in records {
            let same = before.is_some_and(|before| before.at == record.at && before.cause == record.cause);
            let with = if same {
                None
            } else {
                let Cause { origin, by, trigger } = &record.cause;
                Some(With { at: record.at, origin: *origin, by: actors.place(by)?, trigger: *trigger })
            };
            let Record { looked, described, claim, fact, owes, .. } = record;
            entries.push(Entry { with, looked: *looked, described: *described, claim: *claim, fact, owes });
            before = Some(record);
        }
        let mut buffer = [0; BUFFER];
        match postcard::to_slice(&entries, &mut buffer) {
            Ok(bytes) => self.keep(bytes),
            Err(postcard::Error::SerializeBufferFull) => self.keep(&postcard::to_stdvec(&entries)?),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Bytes stay where they are once they are written.
    fn keep(&mut self, bytes: &[u8]) {
        match self.chunks.last_mut() {
            Some(last) if last.capacity() - last.len() >= bytes.len() => last.extend_from_slice(bytes),
            last => {
                let size = last.map_or(*CHUNKS.start(), |last| (last.capacity() * 2).min(*CHUNKS.end()));
                let mut chunk = Vec::with_capacity(size.max(bytes.len()));
                chunk.extend_from_slice(bytes);
                self.chunks.push(chunk);
            }
        }
    }

    /// Every record that is wanted, oldest first, at most so many.
    pub(super) fn read(
        &self,
        actors: &Actors,
        wanted: impl Fn(&Record) -> bool,
        limit: usize,
    ) -> Result<Vec<Record>, postcard::Error> {
        let mut found = Vec::new();
        let mut version = Version::NONE;
        for chunk in &self.chunks {
            let mut rest = chunk.as_slice();
            while !rest.is_empty() {
                if found.len() >= limit {
                    return Ok(found);
                }
                let (entries, behind) = postcard::take_from_bytes::<Vec<Entry<Fact, Vec<Owes>>>>(rest)?;
                rest = behind;
                let mut with = None;
                for entry in entries {
                    version = version.next();
                    with = entry.with.clone().or(with);
                    let record = entry.record(version, with.as_ref(), actors)?;
                    if found.len() < limit && wanted(&record) {
                        found.push(record);
                    }
                }
            }
        }
        Ok(found)
    }

    /// How many bytes its records take.
    pub(super) fn len(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
    }
}

impl Entry<Fact, Vec<Owes>> {
    fn record(
        self,
        version: Version,
        with: Option<&With>,
        actors: &Actors,
    ) -> Result<Record, postcard::Error> {
        // The first record of an append has them, and an actor is never taken away.
        let damaged = postcard::Error::SerdeDeCustom;
        let With { at, origin, by, trigger } = with.cloned().ok_or(damaged.clone())?;
        let by = actors.at(by).cloned().ok_or(damaged)?;
        let cause = Cause { origin, by, trigger };
        let Self { looked, described, claim, fact, owes, .. } = self;
        Ok(Record { version, at, cause, looked, described, claim, fact, owes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(version: u64, at: &str, by: Actor, fact: Fact) -> Record {
        Record {
            version: Version::new(version),
            at: at.parse().unwrap(),
            cause: Cause { origin: Origin::TagEvent, by, trigger: Some(TriggerId::from_text("one")) },
            looked: version.is_multiple_of(2),
            described: version.is_multiple_of(3).then(Timestamp::default),
            claim: None,
            fact,
            owes: Vec::new(),
        }
    }

    #[test]
    fn what_was_kept_comes_back_as_it_was() {
        let (mut packed, mut actors) = (Packed::default(), Actors::default());
        let name = |name: &str| Actor::Principal(name.into());
        let mut all = Vec::new();
        for append in 0..300_u64 {
            let at = format!("2027-01-04T{:02}:{:02}:00Z", append / 60, append % 60);
            let by = name(if append % 3 == 0 { "alice" } else { "bob" });
            let two = [
                record(append * 2 + 1, &at, by.clone(), Fact::Enrolled),
                record(append * 2 + 2, &at, if append % 7 == 0 { Actor::Spa } else { by }, Fact::TagsDiffer),
            ];
            packed.push(&two, &mut actors).unwrap();
            all.extend(two);
        }
        assert_eq!(packed.read(&actors, |_| true, usize::MAX).unwrap(), all);
        let late = |record: &Record| record.version > Version::new(100);
        assert_eq!(packed.read(&actors, late, 3).unwrap(), all[100..103]);
        assert_eq!(packed.read(&actors, late, 0).unwrap(), []);
        assert_eq!(actors.all.len(), 3);
        assert!(packed.chunks.len() > 3 && packed.len() < 300 * 45, "{}", packed.len());
    }
}
