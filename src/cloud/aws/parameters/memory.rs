//! What was read in the last minute.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::TimeDelta;
use state_machine::{AccountId, Text, Timestamp};

use crate::settings::{OwnAccounts, Settings, Values};

/// How long a value counts after it was read.
const REMEMBERED: TimeDelta = TimeDelta::minutes(1);

/// How many values are remembered. A function meets an account seldom twice in a minute; what it meets again and
/// again are units, and what counts for everybody.
const MOST: usize = 500;

/// How many assembled settings are remembered: one for each unit, and some for accounts of which something is said.
const MOST_ASSEMBLED: usize = 32;

/// What a parameter was found to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// This.
    Value(Text),
    /// It was not there: nobody says anything.
    NotThere,
}

/// What was read lately, and what it meant.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// What a parameter held, and when it was read.
    values: BTreeMap<Text, (Held, Timestamp)>,
    /// What parameters with these values mean. It depends on nothing else, so it never becomes wrong.
    assembled: VecDeque<(Values, Arc<Settings>)>,
    /// The general parameter that was understood last, and which accounts it says have one of their own.
    hint: Option<(Text, Option<OwnAccounts>)>,
}

impl Memory {
    /// What a parameter held in the last minute, if it was read. When the clock was set back, nothing is known.
    pub(super) fn get(&self, name: &Text, now: Timestamp) -> Option<Held> {
        let (held, at) = self.values.get(name)?;
        let age = now.since(*at);
        (TimeDelta::zero() <= age && age < REMEMBERED).then(|| held.clone())
    }

    /// At most so many of these parameters that were read before, and count no more.
    pub(super) fn outdated(&self, now: Timestamp, most: usize, which: impl Fn(&Text) -> bool) -> Vec<Text> {
        let known = self.values.keys().filter(|name| which(name) && self.get(name, now).is_none());
        known.take(most).cloned().collect()
    }

    /// Remembers what a parameter held when it was asked for at this instant.
    pub(super) fn put(&mut self, name: Text, held: Held, asked: Timestamp) {
        if self.values.len() >= MOST {
            self.values.clear();
        }
        self.values.insert(name, (held, asked));
    }

    /// Whether the general parameter, as it was read in the last minute, says that the account has none of its own.
    pub(super) fn speaks_not_of(&mut self, account: AccountId, general: &Text, now: Timestamp) -> bool {
        let Some(Held::Value(value)) = self.get(general, now) else { return false };
        if self.hint.as_ref().is_none_or(|(known, _)| *known != value) {
            let told = OwnAccounts::of_general(&value);
            self.hint = Some((value, told));
        }
        self.hint.as_ref().and_then(|(_, told)| told.as_ref()).is_some_and(|told| !told.has(account))
    }

    /// What these values were found to mean.
    pub(super) fn assembled(&self, values: &Values) -> Option<Arc<Settings>> {
        let (_, settings) = self.assembled.iter().find(|(known, _)| known == values)?;
        Some(Arc::clone(settings))
    }

    /// Remembers what these values mean.
    pub(super) fn keep(&mut self, values: Values, settings: Arc<Settings>) {
        if self.assembled.len() >= MOST_ASSEMBLED {
            self.assembled.pop_front();
        }
        self.assembled.push_back((values, settings));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_for_a_minute_and_there_are_not_too_many() {
        let at = |seconds| Timestamp::default() + TimeDelta::seconds(seconds);
        let mut memory = Memory::default();
        let name = Text::from("/SpaDemo/Settings");
        memory.put(Text::clone(&name), Held::NotThere, at(100));
        for (seconds, known) in [(99, false), (100, true), (159, true), (160, false)] {
            assert_eq!(memory.get(&name, at(seconds)), known.then_some(Held::NotThere), "{seconds}");
        }
        let held = Held::Value("{}".into());
        memory.put(Text::clone(&name), held.clone(), at(120));
        assert_eq!(memory.get(&name, at(160)), Some(held));
        for number in 0..10 * MOST {
            memory.put(number.to_string().into(), Held::NotThere, at(100));
            assert!(memory.values.len() <= MOST);
        }
    }
}
