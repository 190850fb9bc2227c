//! Lets a company live: what AWS tells arrives, wake-ups ring, schedules fire, on the test's own clock.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use aws_config::retry::RetryConfig;
use chrono::TimeDelta;
use serde_json::Value;
use spa::cloud::Clock as _;
use spa::event::{Handler, Route, decode, route};
use spa::function::answer::Answer;
use spa::journal::Journal as _;
use spa::lifecycle::World as _;
use state_machine::{Account, AccountId, State, Timestamp};

use crate::company::{Company, STATE_KEY, wake_up_message};
use crate::functions::{Functions, Hand};
use crate::rights;
use crate::told;
use crate::wire::{Call, Wire};

/// How often the reconciler runs, and how often it compares, unless settings say otherwise.
const RECONCILE: TimeDelta = TimeDelta::minutes(10);
const COMPARE: TimeDelta = TimeDelta::hours(1);

/// An asynchronous invocation that fails is tried twice more: after a minute, and after two
/// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>).
const TRIES: u32 = 3;

/// Something that comes to a function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Coming {
    Event { payload: String, tries: u32 },
    WakeUp { body: String },
    Fired(&'static str),
}

/// A company that lives.
pub struct Life<'c> {
    company: &'c Company,
    pub functions: Functions<'c>,
    wire: Wire,
    clock: Hand,
    coming: BinaryHeap<Reverse<(Timestamp, u64, Coming)>>,
    arrivals: u64,
    /// What was called so far, and was not taken.
    calls: Vec<Call>,
    /// What went wrong with an invocation, each time.
    pub failures: Vec<String>,
    /// Events that failed for the last time.
    pub dead: Vec<String>,
    /// What was announced, by its label.
    pub announced: BTreeMap<String, usize>,
    /// How often each schedule has fired.
    pub fired: BTreeMap<&'static str, usize>,
    retries: RetryConfig,
    /// What AWS told of the organization, and so tells every environment in it, and when.
    of_everybody: Vec<(Timestamp, String)>,
}

impl<'c> Life<'c> {
    /// It begins at this instant.
    pub fn new(company: &'c Company, start: Timestamp, retries: RetryConfig) -> Self {
        let (wire, clock) = (Wire::new(), Hand::at(start));
        let functions = Functions::new(company, wire.clone(), clock.clone(), retries.clone());
        Self {
            company,
            functions,
            wire,
            clock,
            coming: BinaryHeap::new(),
            arrivals: 0,
            calls: Vec::new(),
            failures: Vec::new(),
            dead: Vec::new(),
            announced: BTreeMap::new(),
            fired: BTreeMap::new(),
            retries,
            of_everybody: Vec::new(),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Every account was created a moment ago, and AWS tells.
    pub fn accounts_are_created(&mut self) {
        self.are_created(&self.company.accounts.clone());
    }

    /// These accounts were created a moment ago, whosever they are, and AWS tells.
    pub fn are_created(&mut self, accounts: &[AccountId]) {
        for (number, account) in (0_i32..).zip(accounts) {
            let at = self.now() + TimeDelta::seconds(i64::from(number));
            let told = told::created(*account, at, self.company.management.account());
            self.arrives(told.at, Coming::Event { payload: told.event.to_string(), tries: TRIES });
        }
    }

    /// The maintenance schedule fires at this instant. Until then all functions have gone to sleep.
    pub async fn window_opens(&mut self, at: Timestamp) {
        self.coming.clear();
        self.announced.clear();
        let (company, wire, clock) = (self.company, self.wire.clone(), self.clock.clone());
        self.functions = Functions::new(company, wire, clock, self.retries.clone());
        self.coming_after_a_comparison(at).await;
        self.fired.clear();
        self.arrives(at, Coming::Fired("SpaOnMaintenanceWindow"));
    }

    /// What a schedule of this environment tells when it fires. Here they are called as in the environment `Spa`.
    fn firing(&self, rule: &str, at: Timestamp) -> String {
        let rule = rule.replacen("Spa", self.company.environment, 1);
        told::fired(&rule, at, self.company.automation.account()).to_string()
    }

    /// What AWS has told of the organization since somebody last asked.
    pub fn take_told(&mut self) -> Vec<(Timestamp, String)> {
        std::mem::take(&mut self.of_everybody)
    }

    /// AWS tells the same here.
    pub fn is_told(&mut self, told: Vec<(Timestamp, String)>) {
        for (at, payload) in told {
            self.arrives(at, Coming::Event { payload, tries: TRIES });
        }
    }

    /// The clock of all functions shows something else from now on.
    pub fn jumps(&mut self, to: Timestamp) {
        self.take_calls();
        self.clock.set(to);
    }

    /// What a schedule costs of a fleet that rests.
    pub async fn calls_at_rest(&mut self, rule: &'static str) -> Vec<Call> {
        assert!(self.take_calls().is_empty(), "nobody else is to be counted");
        let fired = self.firing(rule, self.now());
        let invoked = self.functions.invoke(Handler::OnReconcile, &fired).await;
        assert!(invoked.answer.is_ok(), "{:?}", invoked.answer);
        self.hear().await;
        self.take_calls()
    }

    /// Every hour the reconciler compares; the last time was half an hour ago, so that it comes again in the middle.
    async fn coming_after_a_comparison(&mut self, at: Timestamp) {
        let before = at - COMPARE / 2;
        self.clock.set(before);
        let fired = self.firing("SpaOnCompare", before);
        let invoked = self.functions.invoke(Handler::OnReconcile, &fired).await;
        assert!(invoked.answer.is_ok(), "{:?}", invoked.answer);
        self.hear().await;
        self.take_calls();
        self.functions.processor = std::time::Duration::ZERO;
        self.clock.set(at);
        self.arrives(before + COMPARE, Coming::Fired("SpaOnCompare"));
    }

    /// Lives until nothing comes any more but the schedules, or so long at most.
    pub async fn live(&mut self, at_most: TimeDelta) {
        let (begin, end) = (self.now(), self.now() + at_most);
        let reconcile = Coming::Fired("SpaOnReconcile");
        if !self.coming.iter().any(|Reverse((_, _, coming))| *coming == reconcile) {
            self.arrives(begin + RECONCILE, reconcile);
        }
        while self.coming.peek().is_some_and(|Reverse((at, _, _))| *at <= end) {
            let Some(Reverse((at, _, coming))) = self.coming.pop() else { return };
            self.clock.set(at.max(begin));
            let (handler, payload) = match &coming {
                Coming::Event { payload, .. } => match self.function_for(payload) {
                    Some(handler) => (handler, payload.clone()),
                    None => continue,
                },
                Coming::WakeUp { body } => {
                    self.arrivals += 1;
                    (Handler::OnWakeUp, wake_up_message(self.company, self.arrivals, body))
                }
                Coming::Fired(rule) => {
                    let (handler, every) = match *rule {
                        "SpaOnMaintenanceWindow" => (Handler::OnMaintenanceWindow, None),
                        "SpaOnCompare" => (Handler::OnReconcile, Some(COMPARE)),
                        _ => (Handler::OnReconcile, Some(RECONCILE)),
                    };
                    if let Some(every) = every {
                        if !self.is_busy().await {
                            continue;
                        }
                        self.arrives(at + every, coming.clone());
                    }
                    *self.fired.entry(rule).or_default() += 1;
                    (handler, self.firing(rule, at))
                }
            };
            let invoked = self.functions.invoke(handler, &payload).await;
            match invoked.answer {
                Ok(Answer::Failed(messages)) if !messages.is_empty() => {
                    self.failures.push(format!("{handler}: {messages:?}"));
                    // It becomes visible again.
                    self.arrives(at + TimeDelta::minutes(5), coming);
                }
                Ok(_) => {}
                Err(error) => {
                    self.failures.push(format!("{handler}: {error}"));
                    match coming {
                        Coming::Event { payload, tries } if tries > 1 => {
                            let later = at + TimeDelta::minutes(i64::from(TRIES - tries + 1));
                            self.arrives(later, Coming::Event { payload, tries: tries - 1 });
                        }
                        _ => self.dead.push(payload),
                    }
                }
            }
            self.hear().await;
        }
    }

    /// What AWS makes of the calls of the last invocation.
    async fn hear(&mut self) {
        let (now, management) = (self.now(), self.company.management.account().to_owned());
        let calls = self.wire.take();
        rights::are_in_the_table(&calls);
        let accounts = &self.company.accounts;
        // Eight to twelve minutes, and no two accounts alike.
        let takes = |account: AccountId| {
            let place = accounts.iter().position(|known| *known == account).unwrap_or(0);
            TimeDelta::minutes(8) + TimeDelta::seconds(10) * i32::try_from(place).unwrap()
        };
        for call in &calls {
            if let Some(told) = told::of(call, now, &management, takes) {
                if call.service == "organizations" {
                    self.of_everybody.push((told.at, told.event.to_string()));
                }
                self.arrives(told.at, Coming::Event { payload: told.event.to_string(), tries: TRIES });
            }
        }
        let asked = |service, operation| {
            calls.iter().any(|call| call.service == service && call.operation == operation)
        };
        let (wakes, announces) = (asked("sqs", "SendMessage"), asked("events", "PutEvents"));
        self.calls.extend(calls);
        if wakes {
            for body in self.company.drain(&self.company.wake_ups).await {
                let message: Value = serde_json::from_str(&body).unwrap();
                let at: Timestamp = message["At"].as_str().unwrap().parse().unwrap();
                // SQS counts whole seconds, and a message is never early.
                self.arrives(at.max(now) + TimeDelta::seconds(1), Coming::WakeUp { body });
            }
        }
        if announces {
            for event in self.company.drain(&self.company.announced).await {
                let event: Value = serde_json::from_str(&event).unwrap();
                let label = event["detail-type"].as_str().unwrap().to_owned();
                *self.announced.entry(label).or_default() += 1;
                self.arrives(now, Coming::Event { payload: event.to_string(), tries: TRIES });
            }
        }
    }

    /// The function that a rule wakes for this event; `None`: no rule matches.
    fn function_for(&self, payload: &str) -> Option<Handler> {
        let event = decode(payload, &self.company.trust()).unwrap();
        match route(&event, STATE_KEY) {
            Route::To(handler) => Some(handler),
            Route::Nowhere(_) => None,
        }
    }

    fn arrives(&mut self, at: Timestamp, coming: Coming) {
        self.arrivals += 1;
        self.coming.push(Reverse((at, self.arrivals, coming)));
    }

    /// Whether anything is still to be done. The schedules of a fleet that rests are no part of its cycle.
    async fn is_busy(&mut self) -> bool {
        let waits = self.coming.iter().any(|Reverse((_, _, coming))| !matches!(coming, Coming::Fired(_)));
        let rests = |head: &Account| {
            head.state() == Some(State::Released) && head.cycle().is_none() && head.quarantine().is_none()
        };
        if waits || !self.heads().await.iter().all(|head| rests(head)) {
            return true;
        }
        let world = self.functions.world(Handler::OnReconcile);
        let fleet = world.journal().fleet().await.unwrap();
        // Only looked at by the test.
        self.wire.take();
        fleet.window().is_some()
    }

    /// Every head of the company, as the journal has it.
    pub async fn heads(&mut self) -> Vec<std::sync::Arc<Account>> {
        let accounts = self.company.accounts.clone();
        let world = self.functions.world(Handler::OnReconcile);
        let heads = world.journal().accounts(&accounts).await.unwrap();
        // Only looked at by the test.
        self.wire.take();
        heads
    }

    /// What was called since the last time that somebody asked.
    pub fn take_calls(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.calls)
    }
}
