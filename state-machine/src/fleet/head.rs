//! The fleet's journal, folded.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, TriggerId, Version, WindowId};

use super::{FleetFact, FleetRecord, PastWindow, Stage, Tally, Window};

/// The fleet's journal, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fleet {
    version: Version,
    window: Option<Window>,
    last_window: Option<PastWindow>,
    refused_events: u64,
    /// The firing of the schedule that was answered last.
    #[serde(default)]
    firing: Option<Firing>,
    /// The event or command that asked for a window last.
    #[serde(default)]
    asked: Option<TriggerId>,
}

/// A firing of the schedule that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Firing {
    /// When it fired, as the event said.
    fired: Timestamp,
    /// When it was answered.
    answered: Timestamp,
}

impl Fleet {
    /// How many records are folded in.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The window that runs.
    pub const fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// The window that closed last.
    pub const fn last_window(&self) -> Option<&PastWindow> {
        self.last_window.as_ref()
    }

    /// How many events were refused.
    pub const fn refused_events(&self) -> u64 {
        self.refused_events
    }

    /// When something is to be done for the fleet.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.window.as_ref().map(|window| window.next_wake)
    }

    /// Folds one more record in.
    ///
    /// # Errors
    /// When a record is missing or comes twice. The head is then as it was.
    pub fn apply(&mut self, record: &FleetRecord) -> Result<(), crate::IllegalRecord> {
        if record.version != self.version.next() {
            return Err(crate::IllegalRecord::OutOfOrder { head: self.version, found: record.version });
        }
        self.fold(record);
        Ok(())
    }

    /// Whether the schedule's firing of this instant was the last one that was answered.
    pub(super) fn has_answered(&self, fired: Timestamp) -> bool {
        self.firing.is_some_and(|firing| firing.fired == fired)
    }

    /// Whether this event or command was the last one that asked for a window.
    pub(super) fn was_asked_by(&self, trigger: TriggerId) -> bool {
        self.asked == Some(trigger)
    }

    /// A firing before this instant comes too late: a later one was answered, or a window was opened since.
    /// A firing that claims to come from the future does not shut out those that follow.
    pub(super) fn answers_from(&self) -> Option<Timestamp> {
        let firing = self.firing.map(|firing| firing.fired.min(firing.answered));
        let running = self.window.as_ref().map(|window| window.id.0);
        let closed = self.last_window.as_ref().map(|window| window.id.0);
        firing.max(running).max(closed)
    }

    /// The name of a window that is opened now. Names grow, whatever clocks do: an account that was in a
    /// window is not taken by that one, nor by an earlier one, again.
    pub(super) fn next_id(&self, now: Timestamp) -> WindowId {
        let last = self.window.as_ref().map(|window| window.id);
        match last.or(self.last_window.as_ref().map(|window| window.id)) {
            Some(last) if now <= last.0 => WindowId(last.0 + TimeDelta::milliseconds(1)),
            Some(_) | None => WindowId(now),
        }
    }

    pub(super) fn fold(&mut self, record: &FleetRecord) {
        self.version = record.version;
        match &record.fact {
            FleetFact::WindowOpened { window, brakes, planned, .. } => {
                self.asked = record.cause.trigger;
                self.window = Some(Window {
                    id: *window,
                    by: record.cause.by.clone(),
                    brakes: brakes.clone(),
                    pages: Vec::new(),
                    planned: *planned,
                    turns: 0,
                    in_flight: BTreeSet::new(),
                    tally: Tally::default(),
                    stage: Stage::FirstWave,
                    next_wake: record.at,
                });
            }
            FleetFact::WindowClosed => self.close(record.at),
            FleetFact::ScheduleFired { fired } => {
                self.firing = Some(Firing { fired: *fired, answered: record.at });
                self.asked = record.cause.trigger;
            }
            FleetFact::WindowCommanded { .. } | FleetFact::WindowNotOpened => {
                self.asked = record.cause.trigger;
            }
            FleetFact::RequestIgnored { .. } => {}
            FleetFact::EventRefused { .. } => self.refused_events = self.refused_events.saturating_add(1),
            FleetFact::WindowPlanned { .. }
            | FleetFact::WindowAdvanced { .. }
            | FleetFact::FirstWaveBack
            | FleetFact::WindowStopped { .. }
            | FleetFact::WindowStopAnnounced => {
                if let Some(window) = &mut self.window {
                    window.fold(record);
                }
            }
        }
    }

    fn close(&mut self, closed: Timestamp) {
        let Some(window) = self.window.take() else { return };
        self.last_window = Some(PastWindow {
            id: window.id,
            closed,
            planned: window.planned,
            unserved: window.planned.saturating_sub(window.turns),
            tally: window.tally,
            stopped: match window.stage {
                Stage::Stopped { because, .. } => Some(because),
                Stage::FirstWave | Stage::Open => None,
            },
        });
    }
}
