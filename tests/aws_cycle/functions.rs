//! The functions of a deployment, each a process of its own as far as AWS can tell: what one has read or been allowed,
//! the others have not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use chrono::TimeDelta;
use spa::aws::{AwsWorld, Baseline, Deployment};
use spa::cloud::Clock;
use spa::cloud::aws::baseline::{Architecture, Blueprint};
use spa::cloud::aws::connect::{Connections, Roles};
use spa::cloud::aws::governor::Governor;
use spa::event::Handler;
use spa::function::invoke::{Function, Invocation, Invoked};
use spa::settings::Names;
use state_machine::Timestamp;

use crate::company::{Company, STATE_KEY, TABLE};
use crate::peers::REGION;
use crate::wire::Wire;

/// The test's own clock; the clones show the same time.
#[derive(Clone, Debug)]
pub struct Hand(Arc<AtomicI64>);

impl Hand {
    pub fn at(instant: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(instant.as_millis())))
    }

    pub fn set(&self, instant: Timestamp) {
        self.0.store(instant.as_millis(), Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// All functions that are awake.
pub struct Functions<'c> {
    company: &'c Company,
    wire: Wire,
    clock: Hand,
    retries: RetryConfig,
    awake: BTreeMap<Handler, AwsWorld<Hand>>,
    /// How often each was invoked.
    pub invocations: BTreeMap<Handler, u32>,
    /// What the processor spent on them.
    pub processor: Duration,
}

impl<'c> Functions<'c> {
    pub fn new(company: &'c Company, wire: Wire, clock: Hand, retries: RetryConfig) -> Self {
        let (awake, processor) = (BTreeMap::new(), Duration::ZERO);
        let invocations = BTreeMap::new();
        Self { company, wire, clock, retries, awake, invocations, processor }
    }

    /// One of them, started if it is not awake, as Lambda does.
    pub fn world(&mut self, handler: Handler) -> &AwsWorld<Hand> {
        let (company, clock) = (self.company, self.clock.clone());
        let config = company.automation.config().into_builder();
        let config = config.http_client(self.wire.clone()).retry_config(self.retries.clone()).build();
        self.awake.entry(handler).or_insert_with(|| world(company, &config, handler, clock))
    }

    /// Invokes a function with this payload.
    pub async fn invoke(&mut self, handler: Handler, payload: &str) -> Invoked {
        *self.invocations.entry(handler).or_default() += 1;
        let request_id = format!("invocation-{}", self.invocations.values().sum::<u32>());
        let (trust, deadline) = (self.company.trust(), self.clock.now() + TimeDelta::minutes(15));
        let wire = self.wire.clone();
        wire.is_at_work(Some(handler));
        let before = processor();
        let function = Function::new(self.world(handler), handler, trust, STATE_KEY.into());
        let invocation = Invocation { request_id: &request_id, deadline, payload: payload.as_bytes() };
        let invoked = function.invoke(invocation).await;
        wire.is_at_work(None);
        self.processor += processor().saturating_sub(before);
        invoked
    }
}

/// One function, awake: its connections and what it remembers are its own.
pub fn world(company: &Company, config: &SdkConfig, handler: Handler, clock: Hand) -> AwsWorld<Hand> {
    let trust = company.trust();
    let management = format!("arn:aws:iam::{}:role/SpaManagement", trust.management_account);
    let roles = Roles {
        environment: company.environment.into(),
        function: handler.name().into(),
        region: REGION.into(),
        management: Some((management.into(), trust.management_account)),
        member: "SpaMember".into(),
        external_id: None,
        session_tags: false,
    };
    let bus = format!("arn:aws:events:{REGION}:{}:event-bus/default", trust.automation_account);
    let blueprint = Blueprint {
        environment: company.environment.into(),
        automation_account: trust.automation_account,
        automation_region: REGION.into(),
        bus: bus.as_str().into(),
        organization: company.organization.as_str().into(),
        architecture: Architecture::X86,
        timeout_minutes: 480,
        log_retention_days: 90,
        additional_policies: Vec::new(),
    };
    let deployment = Deployment {
        trust,
        names: Names::new(company.environment).unwrap(),
        region: REGION.into(),
        state_key: STATE_KEY.into(),
        cost_center_key: None,
        table: TABLE.into(),
        bus: bus.into(),
        wake_up_queue: company.wake_ups.as_str().into(),
        member_role: "SpaMember".into(),
        baseline: Baseline::Ours(blueprint),
    };
    // What it may call a minute, it reads in its settings.
    let governor = Governor::default();
    AwsWorld::new(&deployment, &Connections::from(config.clone(), roles, governor), clock)
}

/// What a processor has spent on this thread; everything of ours runs on it. The peer is another process.
fn processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0))
}
