//! Accounts, and minutes of builds, as a journal tells them.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::Serialize;
use state_machine::{Custody, Fact, Record, Standing, Status, TaskKind, Timestamp};

use crate::cli::place::Place;
use crate::cli::{Context, Failure};
use crate::estimate::scenario::rounded_up;

/// The journals of so many accounts are read, spread over all: each costs a call at least.
const SAMPLE: usize = 20;

/// What a journal tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct History {
    /// Accounts that are managed and in use.
    pub accounts: usize,
    /// Accounts whose records were read.
    pub read: usize,
    /// Builds that prepared.
    pub prepare: Builds,
    /// Builds that purged.
    pub purge: Builds,
}

/// Builds that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Builds {
    /// How many.
    pub ended: u32,
    /// Their time together, each in begun minutes, as `CodeBuild` charges them.
    pub minutes: i64,
}

impl Builds {
    fn add(&mut self, ran: TimeDelta) {
        self.ended += 1;
        self.minutes += rounded_up(ran);
    }

    /// Minutes of one of them, in the mean; nothing where none ended.
    pub fn minutes(&self) -> Option<Decimal> {
        Decimal::from(self.minutes).checked_div(Decimal::from(self.ended))
    }
}

/// Reads it.
///
/// # Errors
/// When the place cannot be reached, or its journal cannot be read.
pub fn read<P: Place>(context: &Context) -> Result<History, Failure> {
    let place = P::open(context)?;
    let heads = place.heads()?;
    let managed: Vec<_> = heads
        .iter()
        .filter(|head| head.custody() == Custody::Ours && head.status() == Status::Active)
        .filter(|head| head.standing() == Standing::Managed)
        .collect();
    let mut history = History { accounts: managed.len(), ..History::default() };
    let step = managed.len().div_ceil(SAMPLE).max(1);
    for head in managed.iter().step_by(step) {
        let mut builds = Running::default();
        place.records(head.id(), |record| {
            builds.hear(&record, &mut history);
            true
        })?;
        history.read += 1;
    }
    Ok(history)
}

/// Builds of one account that have started and not ended.
#[derive(Default)]
struct Running {
    asked: Option<TaskKind>,
    started: BTreeMap<String, (TaskKind, Timestamp)>,
}

impl Running {
    fn hear(&mut self, record: &Record, history: &mut History) {
        match &record.fact {
            Fact::TaskRequested { task, .. } => self.asked = Some(*task),
            Fact::BuildStarted { build, .. } => {
                if let Some(task) = self.asked {
                    self.started.insert(build.to_string(), (task, record.at));
                }
            }
            Fact::BuildEnded { build, .. } => {
                if let Some((task, started)) = self.started.remove(&build.to_string()) {
                    let builds = match task {
                        TaskKind::Preparation => &mut history.prepare,
                        TaskKind::Purge => &mut history.purge,
                    };
                    builds.add(record.at.since(started));
                }
            }
            _ => {}
        }
    }
}
