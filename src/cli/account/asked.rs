//! What operators asked for lately, and why: the gestures that led to where an account stands.

use state_machine::{Account, Fact, Gesture, Record, Timestamp, Version};

use crate::cli::place::Place;
use crate::cli::{Failure, time};
use crate::journal::Journal as _;

/// How many records are read in one go, going back.
const PAGE: usize = 100;

/// The gestures that count now.
#[derive(Debug, Default)]
pub struct Asked {
    /// The last one since its cycle, or the last one that it had, began: what the account is to be.
    state: Option<Record>,
    /// The last one after that, which leaves the state alone.
    beside: Option<Record>,
    /// The one that led to the hold.
    hold: Option<Record>,
}

impl Asked {
    /// Reads the journal backwards, as far as it takes.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn read(place: &impl Place, head: &Account, now: Timestamp) -> Result<Self, Failure> {
        let cycle = head.cycle().or_else(|| head.last_cycle().map(|past| &past.cycle));
        let since = cycle.map(|cycle| cycle.began);
        let hold = head.hold().filter(|hold| hold.until > now);
        let mut asked = Self::default();
        let mut end = head.version().number();
        while end > 0 {
            let start = end.saturating_sub(PAGE as u64);
            let page = place.done(place.journal().history(head.id(), Version::new(start), PAGE))??;
            for record in page.into_iter().rev().filter(|record| record.version.number() <= end) {
                let in_time = since.is_none_or(|since| record.at >= since);
                if !in_time && (hold.is_none() || asked.hold.is_some()) {
                    return Ok(asked);
                }
                asked.take(record, in_time, hold.is_some());
            }
            end = start;
        }
        Ok(asked)
    }

    /// Newer records come first.
    fn take(&mut self, record: Record, in_time: bool, held: bool) {
        let Fact::Commanded(command) = &record.fact else { return };
        match &command.gesture {
            Gesture::Hold(_) if held && self.hold.is_none() => self.hold = Some(record),
            Gesture::Hold(_) => {}
            Gesture::Adopt | Gesture::Vanilla | Gesture::Release | Gesture::Expire => {
                if in_time && self.state.is_none() {
                    self.state = Some(record);
                }
            }
            Gesture::Unhold | Gesture::Retry => {
                if in_time && self.state.is_none() && self.beside.is_none() {
                    self.beside = Some(record);
                }
            }
        }
    }

    /// What was asked for, the latest first, and why.
    pub fn told(&self, now: Timestamp) -> Vec<String> {
        let both = [&self.beside, &self.state];
        both.into_iter().flatten().filter_map(|record| told(record, now)).collect()
    }

    /// Who asked for the hold. The reason is told with the hold itself.
    pub fn who_holds(&self, now: Timestamp) -> Option<String> {
        let record = self.hold.as_ref()?;
        Some(format!("{} asked for that {}", record.cause.by, time::distance(record.at, now)))
    }

    /// Whether it was adopted at this instant: nobody set its tag then.
    pub fn adopted_at(&self, at: Timestamp) -> bool {
        self.state.as_ref().is_some_and(|record| {
            record.at == at
                && matches!(&record.fact, Fact::Commanded(command) if command.gesture == Gesture::Adopt)
        })
    }
}

fn told(record: &Record, now: Timestamp) -> Option<String> {
    let Fact::Commanded(command) = &record.fact else { return None };
    let (by, since) = (&record.cause.by, time::distance(record.at, now));
    Some(format!("{by} asked for {} {since}: {}", command.gesture, command.reason))
}
