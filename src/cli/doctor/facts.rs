//! What a journal tells of the fleet as a whole: who is stuck, what was refused, and when something happened last.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::TimeDelta;
use state_machine::{Account, Custody, FleetFact, FleetRecord, Timestamp, Version};

use super::checkup::Finding;
use crate::cli::{time, trouble};
use crate::journal::{Journal, JournalError};

/// How many heads are read in one go.
const PAGE: usize = 2_000;
/// How many of the fleet's last records are looked through.
const LAST: u64 = 200;
/// What happened within this time happened lately.
const LATELY: TimeDelta = TimeDelta::days(1);
/// How many are named.
const NAMED: usize = 3;

/// What the journal holds.
#[derive(Debug)]
pub struct Facts {
    heads: Vec<Arc<Account>>,
    /// The last records of the fleet, oldest first.
    fleet: Vec<FleetRecord>,
    now: Timestamp,
}

impl Facts {
    /// Reads them.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn read(journal: &impl Journal, now: Timestamp) -> Result<Self, JournalError> {
        let mut heads: Vec<Arc<Account>> = Vec::new();
        loop {
            let page = journal.heads(heads.last().map(|head| head.id()), PAGE).await?;
            let full = page.len() == PAGE;
            heads.extend(page);
            if !full {
                break;
            }
        }
        let version = journal.fleet().await?.version().number();
        let last = usize::try_from(LAST).unwrap_or(usize::MAX);
        let fleet = journal.fleet_history(Version::new(version.saturating_sub(LAST)), last).await?;
        Ok(Self { heads, fleet, now })
    }

    /// Whether accounts go on by themselves.
    pub fn stuck(&self) -> Finding {
        let ours = self.heads.iter().filter(|head| head.custody() == Custody::Ours).count();
        let stuck: Vec<(&Account, String)> = self
            .heads
            .iter()
            .filter_map(|head| Some((&**head, trouble::stuck_at(head, self.now)?)))
            .collect();
        let in_quarantine = stuck.iter().filter(|(head, _)| head.quarantine().is_some()).count();
        let Some((first, _)) = stuck.first() else {
            return Finding::good(format!(
                "none of {ours} managed accounts is stuck, overdue or in quarantine"
            ));
        };
        let named = some_of(stuck.iter().map(|(head, why)| format!("{}: {why}", head.id())), stuck.len());
        Finding::bad(
            format!("{} of {ours} managed accounts, {in_quarantine} in quarantine: {named}", stuck.len()),
            format!("`spa check` lists all; `spa account why {}` tells more", first.id()),
        )
    }

    /// Whether events were refused lately.
    pub fn refused(&self) -> Finding {
        let since = self.now - LATELY;
        let refused: Vec<String> = self
            .fleet
            .iter()
            .rev()
            .filter(|record| record.at > since)
            .filter_map(|record| match &record.fact {
                FleetFact::EventRefused { code, message, .. } => {
                    Some(format!("{code}, {}: {message}", time::shown(record.at)))
                }
                _ => None,
            })
            .collect();
        if refused.is_empty() {
            return Finding::good("no event was refused in the last 24 hours");
        }
        let number = refused.len();
        let named = some_of(refused.into_iter(), number);
        Finding::warning(
            format!("{number} in the last 24 hours: {named}"),
            "`spa events refused` shows how each began; what is forged or foreign is refused by right",
        )
    }

    /// When something happened last.
    #[cfg(feature = "aws")]
    pub fn life(&self) -> Finding {
        let shown = |at: Timestamp| format!("{} ({})", time::shown(at), time::distance(at, self.now));
        let looked = self.heads.iter().filter_map(|head| head.looked_at()).max();
        let fleet = self.fleet.last().map(|record| record.at);
        let Some(looked) = looked else {
            return Finding::warning(
                "nothing was ever recorded of any account",
                "the function on-reconcile compares all accounts every hour: do its schedule and its role work? \
                 `spa account adopt` takes over the first account by hand",
            );
        };
        let fleet = fleet.map_or_else(
            || "no window or refused event was ever recorded".to_owned(),
            |at| format!("the fleet's last record is of {}", shown(at)),
        );
        Finding::good(format!(
            "the last look at one of {} accounts was at {}; {fleet}",
            self.heads.len(),
            shown(looked)
        ))
    }
}

/// The first few of so many.
pub fn some_of(all: impl Iterator<Item = String>, number: usize) -> String {
    // Writing to a String cannot fail.
    let mut text = all.take(NAMED).collect::<Vec<_>>().join("; ");
    if number > NAMED {
        let _ = write!(text, "; and {} more", number - NAMED);
    }
    text
}

/// So many of something, in words.
pub fn count(number: usize, of: &str) -> String {
    if number == 1 { format!("1 {of}") } else { format!("{number} {of}s") }
}
