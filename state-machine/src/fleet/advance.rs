//! What is done next for the fleet: opening a window, letting accounts in, stopping, closing.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::{AccountId, Brakes, Cause, Text, Timestamp, WindowId};

use super::{Fleet, FleetFact, FleetRecord, NotOpened, Occasion, PLAN_PAGE, Settlement, Stage, Stop, Window};

/// What is to be done next for a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// What to append.
    pub records: Vec<FleetRecord>,
    /// The head that they make.
    pub fleet: Arc<Fleet>,
    /// Accounts that are let in: each is to be handed to its window once this is appended.
    pub admitted: Vec<AccountId>,
}

impl Fleet {
    /// Opens a window with this plan; the accounts have their turn in this order.
    ///
    /// Where none may be opened ([`Fleet::not_opened`]), that is recorded, and why.
    pub fn open(
        &self,
        cause: &Cause,
        occasion: &Occasion,
        brakes: &Brakes,
        plan: &[AccountId],
        left_out: BTreeMap<Text, u32>,
        now: Timestamp,
    ) -> (Result<WindowId, NotOpened>, Advance) {
        let mut draft = FleetDraft::new(self, cause, now);
        let not_opened = self.not_opened(occasion, cause.trigger);
        if let Some(because @ (NotOpened::Repeated | NotOpened::Late { .. })) = not_opened {
            draft.record(FleetFact::RequestIgnored { because });
            return (Err(because), draft.finish(Vec::new()));
        }
        draft.record(match occasion {
            Occasion::Schedule { fired } => FleetFact::ScheduleFired { fired: *fired },
            Occasion::Command { reason } => FleetFact::WindowCommanded { reason: Text::clone(reason) },
        });
        if let Some(because @ NotOpened::Open { .. }) = not_opened {
            draft.record(FleetFact::WindowNotOpened);
            return (Err(because), draft.finish(Vec::new()));
        }
        let window = self.next_id(now);
        let planned = u32::try_from(plan.len()).unwrap_or(u32::MAX);
        draft.record(FleetFact::WindowOpened { window, brakes: brakes.clone(), planned, left_out });
        for page in plan.chunks(PLAN_PAGE) {
            draft.record(FleetFact::WindowPlanned { accounts: page.to_vec() });
        }
        (Ok(window), draft.finish(Vec::new()))
    }

    /// What is to be done for the window that runs, given what became of the accounts in flight, and the
    /// next accounts of the plan (at least as many as [`Window::wanted`] asks for, if there are so many).
    pub fn advance(
        &self,
        cause: &Cause,
        settlements: &BTreeMap<AccountId, Settlement>,
        next: &[AccountId],
        now: Timestamp,
    ) -> Option<Advance> {
        let window = self.window()?;
        let mut draft = FleetDraft::new(self, cause, now);
        let settled: Vec<_> = settlements
            .iter()
            .filter(|(account, settlement)| {
                window.in_flight.contains(account) && !matches!(settlement, Settlement::InFlight { .. })
            })
            .map(|(account, settlement)| (*account, *settlement))
            .collect();
        let troubled = settlements
            .values()
            .filter(|settlement| matches!(settlement, Settlement::InFlight { troubled: true }))
            .count();
        let troubled = u32::try_from(troubled).unwrap_or(u32::MAX);
        if !settled.is_empty() {
            draft.record(FleetFact::WindowAdvanced { admitted: Vec::new(), settled });
        }
        draft.brake(troubled, now);
        let admitted = draft.admit(next);
        if !admitted.is_empty() {
            draft.record(FleetFact::WindowAdvanced { admitted: admitted.clone(), settled: Vec::new() });
        }
        draft.close();
        (!draft.records.is_empty()).then(|| draft.finish(admitted))
    }

    /// Records that an event was refused.
    pub fn refuse_event(&self, cause: &Cause, fact: FleetFact, now: Timestamp) -> Advance {
        let mut draft = FleetDraft::new(self, cause, now);
        draft.record(fact);
        draft.finish(Vec::new())
    }

    /// Records that the stop of the window was announced.
    pub fn announced(&self, cause: &Cause, now: Timestamp) -> Advance {
        let mut draft = FleetDraft::new(self, cause, now);
        draft.record(FleetFact::WindowStopAnnounced);
        draft.finish(Vec::new())
    }
}

struct FleetDraft {
    fleet: Fleet,
    records: Vec<FleetRecord>,
    cause: Cause,
    now: Timestamp,
}

impl FleetDraft {
    fn new(fleet: &Fleet, cause: &Cause, now: Timestamp) -> Self {
        Self { fleet: fleet.clone(), records: Vec::new(), cause: cause.clone(), now }
    }

    fn record(&mut self, fact: FleetFact) {
        let record = FleetRecord {
            version: self.fleet.version().next(),
            at: self.now,
            cause: self.cause.clone(),
            fact,
        };
        self.fleet.fold(&record);
        self.records.push(record);
    }

    /// Stops the window when it must let nobody in any more; lets the rest in when the first wave is back.
    fn brake(&mut self, troubled: u32, now: Timestamp) {
        let Some(window) = self.fleet.window() else { return };
        if matches!(window.stage, Stage::Stopped { .. }) {
            return;
        }
        let failed = window.tally.failed() + troubled;
        let of = window.telling();
        let longest = TimeDelta::seconds(i64::from(window.brakes.longest_seconds));
        let more = window.turns < window.planned;
        if window.leaves_the_band(failed) {
            self.record(FleetFact::WindowStopped { because: Stop::Failures { failed, of } });
        } else if more && now >= window.id.0 + longest {
            self.record(FleetFact::WindowStopped { because: Stop::TimeIsUp });
        } else if window.stage == Stage::FirstWave
            && (window.telling() >= window.brakes.first_wave || !more)
            && window.in_flight.is_empty()
        {
            self.record(FleetFact::FirstWaveBack);
        }
    }

    fn admit(&self, next: &[AccountId]) -> Vec<AccountId> {
        let wanted = self.fleet.window().map_or(0, Window::wanted);
        next.iter().take(wanted).copied().collect()
    }

    fn close(&mut self) {
        let done = self.fleet.window().is_some_and(|window| {
            let nobody_else = match window.stage {
                Stage::FirstWave | Stage::Open => window.turns >= window.planned,
                Stage::Stopped { announced, .. } => announced,
            };
            window.in_flight.is_empty() && nobody_else
        });
        if done {
            self.record(FleetFact::WindowClosed);
        }
    }

    fn finish(self, admitted: Vec<AccountId>) -> Advance {
        Advance { records: self.records, fleet: Arc::new(self.fleet), admitted }
    }
}
