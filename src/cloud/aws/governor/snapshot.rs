//! What can be seen of the governor: for a check of what is deployed, for metrics, and for tests that count calls.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::settings::Limits;

use super::{Governor, Lane};

/// The state of the gates of one service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LaneState {
    /// Which lane.
    pub lane: Lane,
    /// Which service, as IAM names it.
    pub service: &'static str,
    /// How many gates it has now: one, or one for each account that was called lately.
    pub gates: usize,
    /// Calls a second; of several gates, the slowest.
    pub per_second: f64,
    /// Calls that were let in and have not ended.
    pub in_flight: u64,
    /// Calls that wait for their turn.
    pub waiting: u64,
    /// How often AWS said that there were too many requests.
    pub throttled: u64,
    /// How often AWS said that another request is in progress.
    pub busy: u64,
    /// What was sent, by operation.
    pub calls: BTreeMap<&'static str, u64>,
}

impl Governor {
    /// The state of every service that was called, in order.
    pub fn snapshot(&self) -> Vec<LaneState> {
        let state = self.state();
        let mut lanes: BTreeMap<(Lane, &'static str), LaneState> = BTreeMap::new();
        for (key, station) in &state.gates {
            let place = (key.lane, key.service);
            let lane = lanes
                .entry(place)
                .or_insert_with(|| LaneState::at_rest(&state.limits, key.lane, key.service));
            let slowest = if lane.gates == 0 { f64::INFINITY } else { lane.per_second };
            lane.gates += 1;
            lane.per_second = slowest.min(station.gate.per_second());
            lane.in_flight += u64::from(station.gate.in_flight());
            lane.waiting += u64::try_from(station.gate.waiting()).unwrap_or(u64::MAX);
        }
        for ((name, service), totals) in &state.totals {
            let lane = lanes
                .entry((*name, service))
                .or_insert_with(|| LaneState::at_rest(&state.limits, *name, service));
            lane.throttled = totals.throttled;
            lane.busy = totals.busy;
            lane.calls.clone_from(&totals.calls);
        }
        lanes.into_values().collect()
    }

    /// What was sent, by operation, since the process began.
    pub fn calls(&self) -> BTreeMap<&'static str, u64> {
        let mut calls = BTreeMap::new();
        for (operation, count) in self.state().totals.values().flat_map(|totals| &totals.calls) {
            *calls.entry(*operation).or_default() += *count;
        }
        calls
    }
}

impl LaneState {
    pub(super) fn at_rest(limits: &Limits, lane: Lane, service: &'static str) -> Self {
        Self {
            lane,
            service,
            gates: 0,
            per_second: f64::from(lane.rate(limits).start) / 60.0,
            in_flight: 0,
            waiting: 0,
            throttled: 0,
            busy: 0,
            calls: BTreeMap::new(),
        }
    }
}
