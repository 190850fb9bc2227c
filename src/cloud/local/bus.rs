//! EventBridge on one machine: events on their way, late, twice or never when told to; and wake-up calls.

use std::sync::Arc;

use chrono::TimeDelta;
use rand::RngExt as _;
use state_machine::{AccountId, BuildOutcome, Failure, Text, Timestamp, TriggerId};

use crate::cloud::{Baseline, Bus, WakeUps};
use crate::event::{
    Body, BuildEvent, BuildStatus, CreateAccountResult, CreationOutcome, Envelope, Event, OrganizationEvent,
    OwnEvent, Schedule, Via, emit,
};

use super::calls::Call;
use super::faults::Fault;
use super::state::{Delivery, Place};
use super::{Build, Course, LocalCloud, State, failure, message, store_failed};

/// The version of the baseline that this program brings.
const BASELINE: u32 = 1;

/// An event that will never arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The account that it spoke of.
    pub account: AccountId,
    /// What kind of event it was.
    pub kind: EventKind,
    /// When it happened.
    pub at: Timestamp,
}

/// Kinds of events that can be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A tag was set or taken away.
    Tag,
    /// A build ended.
    Build,
    /// An account was created or moved.
    Move,
}

/// Where an event goes on, and how fast.
struct Way {
    /// What it speaks of; `None` where AWS promises to deliver (schedules, our own events).
    lossy: Option<(AccountId, EventKind)>,
    /// The least it takes, in seconds.
    least: u32,
    /// The most it takes, in seconds.
    most: u32,
}

impl LocalCloud {
    pub(super) fn emit_organization(
        &self,
        state: &mut State,
        account: AccountId,
        kind: EventKind,
        event: OrganizationEvent,
    ) {
        let from = state.management_account;
        let json = self.write_event(state, from, self.time(), Body::Organization(event));
        // Organizations events come through CloudTrail: seconds to a minute.
        self.send(state, json, &Way { lossy: Some((account, kind)), least: 2, most: 40 });
    }

    /// An account was created: the event of it is on its way.
    pub fn emit_created(&self, state: &mut State, account: AccountId) {
        let request = format!("car-{:032x}", state.draw_serial()).into();
        let outcome = CreationOutcome::Succeeded { account };
        let event = OrganizationEvent::CreateAccountResult(CreateAccountResult { request, outcome });
        self.emit_organization(state, account, EventKind::Move, event);
    }

    pub(super) fn emit_build(&self, state: &mut State, account: AccountId, build: &Build, at: Timestamp) {
        let status = match build.will {
            BuildOutcome::Succeeded => BuildStatus::Succeeded,
            BuildOutcome::Failed => BuildStatus::Failed,
            BuildOutcome::Stopped => BuildStatus::Stopped,
            BuildOutcome::TimedOut => BuildStatus::TimedOut,
            BuildOutcome::Fault | BuildOutcome::Lost => BuildStatus::Fault,
        };
        let event = BuildEvent { build: build.id.clone(), status, log: None };
        let json = self.write_event(state, account, at, Body::Build(event));
        self.send(state, json, &Way { lossy: Some((account, EventKind::Build)), least: 1, most: 5 });
    }

    /// A schedule fired. EventBridge delivers it, within a minute.
    pub fn emit_schedule(&self, state: &mut State, schedule: Schedule, most: u32) {
        let from = state.automation_account;
        let json = self.write_event(state, from, self.time(), Body::Schedule(schedule));
        self.send(state, json, &Way { lossy: None, least: 0, most });
    }

    fn write_event(&self, state: &mut State, account: AccountId, time: Timestamp, body: Body) -> String {
        let drawn = uuid::Builder::from_random_bytes(state.random.random()).into_uuid();
        let id = TriggerId::from_uuid(drawn);
        let envelope = Envelope { id, account, region: Text::clone(&self.region), time, via: Via::Bus };
        emit::event(&Event { envelope, body }, &self.trust)
    }

    fn send(&self, state: &mut State, json: String, way: &Way) {
        let now = self.time();
        if let Some((account, kind)) = way.lossy
            && state.strikes(Fault::Loss)
        {
            if let Some(watcher) = &self.watcher {
                watcher.lost(&Lost { account, kind, at: now });
            }
            return;
        }
        let json: Arc<str> = json.into();
        let mut copies = 1;
        if state.strikes(Fault::Repeat) {
            copies = 2;
        }
        for _ in 0..copies {
            let late = if state.strikes(Fault::Delay) {
                state.seconds(60, 3 * 3_600).into()
            } else {
                TimeDelta::zero()
            };
            let takes: TimeDelta = state.seconds(way.least, way.most).into();
            state.deliver(now + takes + late, Delivery { json: Arc::clone(&json), failures: 0 });
        }
    }
}

impl State {
    /// Puts an event into the queue.
    pub fn deliver(&mut self, at: Timestamp, delivery: Delivery) {
        let place = Place { at, serial: self.draw_serial() };
        self.deliveries.insert(place, delivery);
        self.dirty.deliveries.insert(place);
    }

    /// Where the event stands that arrives first. It stays in the queue until it was handled.
    pub fn next_place(&self) -> Option<Place> {
        self.deliveries.first_key_value().map(|(place, _)| *place)
    }

    /// The event at a place.
    pub fn delivery(&self, place: Place) -> Option<Delivery> {
        self.deliveries.get(&place).cloned()
    }

    /// The event was handled.
    pub fn acknowledge(&mut self, place: Place) {
        self.deliveries.remove(&place);
        self.dirty.deliveries.insert(place);
    }

    /// How many events are on their way.
    pub fn on_their_way(&self) -> usize {
        self.deliveries.len()
    }
}

impl Bus for LocalCloud {
    async fn put(&self, events: Vec<OwnEvent>) -> Vec<Result<(), Failure>> {
        let number = events.len();
        self.step().await;
        let answers = self.change(|state| {
            let course = self.course(state, Call::PutEvents, true);
            if let Course::Refused(kind) = course {
                return vec![Err(failure(kind, message(kind))); number];
            }
            let account = state.automation_account;
            let answers = events.iter().map(|_| Ok(())).collect();
            for event in events {
                let json = self.write_event(state, account, self.time(), Body::Own(event));
                self.send(state, json, &Way { lossy: None, least: 0, most: 2 });
            }
            answers
        });
        self.step().await;
        answers.unwrap_or_else(|error| vec![Err(store_failed(&error)); number])
    }
}

impl WakeUps for LocalCloud {
    async fn ask(&self, account: AccountId, at: Timestamp) -> Result<(), Failure> {
        self.change(|state| {
            match self.course(state, Call::SendMessage, true) {
                Course::Refused(kind) => return Err(failure(kind, message(kind))),
                Course::Normal | Course::Unanswered => {}
            }
            state.ask(account, at, self.time());
            Ok(())
        })
        .map_err(|error| store_failed(&error))?
    }
}

impl Baseline for LocalCloud {
    async fn ensure(&self, account: AccountId, _: Option<&Text>) -> Result<Option<Text>, Failure> {
        self.step().await;
        self.change(|state| {
            if let Course::Refused(kind) = self.course(state, Call::DescribeStacks, false) {
                return Err(failure(kind, message(kind)));
            }
            if state.member(account).is_none_or(|member| member.baseline == Some(BASELINE)) {
                return Ok(None);
            }
            if let Course::Refused(kind) = self.course(state, Call::CreateStack, true) {
                return Err(failure(kind, message(kind)));
            }
            if let Some(member) = state.member_mut(account) {
                member.baseline = Some(BASELINE);
            }
            Ok(None)
        })
        .map_err(|error| store_failed(&error))?
    }
}
