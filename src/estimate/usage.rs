//! How much of what is used in a month.

use rust_decimal::Decimal;

use super::deployment;
use super::measured::{Measured, Phase};
use super::prices::Charge;
use super::scenario::{HOURS, Scenario};

/// How much of something is used in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// What is charged for.
    pub charge: Charge,
    /// Whose bill it is on.
    pub account: Payer,
    /// What it is used for.
    pub what: &'static str,
    /// How much, in the unit of the price.
    pub quantity: Decimal,
}

/// Whose bill something is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Payer {
    /// The account in which the system runs.
    Automation,
    /// The accounts that are looked after, together.
    Members,
    /// Whoever sends the events: the management account, and those that are looked after.
    Senders,
}

impl Payer {
    /// In a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automation => "automation",
            Self::Members => "members",
            Self::Senders => "senders",
        }
    }
}

/// Lambda polls an idle queue with five connections that wait for twenty seconds each
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>,
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html>).
const POLLERS: u32 = 5;
const POLLS_AN_HOUR: u32 = 3_600 / 20;

/// Somebody puts a message in, Lambda takes it out, and deletes it.
const REQUESTS_A_MESSAGE: u32 = 3;

/// Entries in a page: accounts that AWS lists, accounts with tags, heads, and keys of the index of heads. What a comparison
/// calls grows so; `tests/aws_cycle/fleet.rs` counts it.
const PAGES: [u32; 4] = [20, 100, 100, 500];

/// About so many keys of the index of heads are read for a read unit that may be a moment old: each has about 100 bytes.
const KEYS_IN_A_HALF: u32 = 40;

/// The program as it lies in its bucket, in megabytes.
const PROGRAM_MEGABYTES: u32 = 6;

/// `DynamoDB` asks for the key of the table once in five minutes at most, for each role that reads or writes
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html>).
const KEY_MINUTES: u32 = 5;

/// Metrics of our own, as `src/function/metrics.rs` has them: steps, refusals and throttled services, each by its words.
/// An upper bound: those that never happen cost nothing.
const METRICS: u32 = 40;

/// What is used in a month.
pub fn of(scenario: &Scenario, measured: &Measured) -> Vec<Usage> {
    let month = Month::new(scenario, measured);
    let mut all = month.functions();
    all.extend(month.builds());
    all.extend(month.journal());
    all.extend(month.messages());
    all.extend(month.parameters());
    all.extend(month.watching());
    all.extend(Month::others());
    all
}

/// What happens in a month.
struct Month<'a> {
    scenario: &'a Scenario,
    measured: &'a Measured,
    accounts: Decimal,
    /// Cycles of single accounts.
    cycles: Decimal,
    joining: Decimal,
}

impl<'a> Month<'a> {
    fn new(scenario: &'a Scenario, measured: &'a Measured) -> Self {
        let accounts = Decimal::from(scenario.accounts);
        let cycles = accounts * scenario.windows;
        Self { scenario, measured, accounts, cycles, joining: Decimal::from(scenario.joining) }
    }

    /// What cycles take of this, and accounts that join.
    fn of_cycles(&self, what: &str) -> Decimal {
        self.measured.each(Phase::Maintenance, what) * self.cycles
            + self.measured.each(Phase::OnBoarding, what) * self.joining
    }

    /// So often a schedule wakes what is due: that of wake-ups, and that of the reconciler.
    fn wakes(&self) -> Decimal {
        self.scenario.wake_ups() + self.scenario.reconciles
    }

    fn invocations(&self) -> Decimal {
        self.measured.invocations(Phase::Maintenance) * self.cycles
            + self.measured.invocations(Phase::OnBoarding) * self.joining
            + self.wakes()
            + self.scenario.compares
    }

    fn calls(&self) -> Decimal {
        let at_rest = self.measured.all(Phase::Reconcile, "calls");
        let pages: Decimal = PAGES.map(|page| (self.accounts / Decimal::from(page)).ceil()).iter().sum();
        // Beside the pages: settings, roles, the fleet's own journal.
        let compare = pages + at_rest + Decimal::from(3);
        self.of_cycles("calls") + at_rest * self.wakes() + compare * self.scenario.compares
    }

    fn functions(&self) -> Vec<Usage> {
        let seconds = self.calls() * self.scenario.call_milliseconds / Decimal::from(1_000);
        let memory = Decimal::from(deployment::MEMORY_MEGABYTES) / Decimal::from(1_024);
        vec![
            automation(Charge::LambdaRequests, "functions are invoked", self.invocations()),
            automation(Charge::LambdaTime, "functions run", seconds * memory),
        ]
    }

    fn builds(&self) -> Vec<Usage> {
        let minutes = |what, each: Decimal| self.of_cycles(what) * each.ceil();
        let prepare = minutes("preparations", self.scenario.prepare_minutes);
        let purge = minutes("purges", self.scenario.purge_minutes);
        vec![
            members(Charge::CodebuildMinutes, "accounts are prepared", prepare),
            members(Charge::CodebuildMinutes, "accounts are purged", purge),
        ]
    }

    fn journal(&self) -> Vec<Usage> {
        let heads = self.accounts * Decimal::TWO + (self.accounts / Decimal::from(KEYS_IN_A_HALF)).ceil();
        let at_rest = self.measured.all(Phase::Reconcile, "half read units");
        let halves = self.of_cycles("half read units")
            + at_rest * self.wakes()
            + (heads + at_rest) * self.scenario.compares;
        let kept = self.of_cycles("bytes kept") * Decimal::from(self.scenario.months) / gigabyte();
        vec![
            automation(Charge::DynamodbWrites, "records are appended", self.of_cycles("write units")),
            automation(Charge::DynamodbReads, "the journal is read", halves / Decimal::TWO),
            automation(Charge::DynamodbStorage, "records are kept", kept),
            automation(Charge::DynamodbRecovery, "the journal can be recovered", kept),
        ]
    }

    fn messages(&self) -> Vec<Usage> {
        let polls = HOURS * Decimal::from(POLLS_AN_HOUR * POLLERS * deployment::POLLED_QUEUES);
        let messages = self.of_cycles("messages of queues") * Decimal::from(REQUESTS_A_MESSAGE);
        let sent = self.of_cycles("events from other accounts");
        vec![
            automation(Charge::SqsRequests, "Lambda polls the queues", polls),
            automation(Charge::SqsRequests, "messages come and go", messages),
            automation(Charge::EventsCustom, "steps are announced", self.of_cycles("events of ours")),
            Usage {
                account: Payer::Senders,
                ..automation(Charge::EventsCrossAccount, "events are forwarded", sent)
            },
        ]
    }

    fn parameters(&self) -> Vec<Usage> {
        let kept = Decimal::from(self.scenario.advanced_parameters);
        // Where one of them is charged for, so may be each read that touches it.
        let reads = self.of_cycles("reads of parameters") + self.scenario.compares;
        let reads = if kept.is_zero() { Decimal::ZERO } else { reads };
        vec![
            automation(Charge::ParametersAdvanced, "settings of more than 4 KB", kept),
            automation(Charge::ParametersRead, "such settings are read", reads),
        ]
    }

    fn watching(&self) -> Vec<Usage> {
        let logs = self.invocations() * self.scenario.log_bytes / gigabyte();
        let builds = self.of_cycles("preparations") + self.of_cycles("purges");
        let build_logs = builds * self.scenario.build_log_kilobytes * Decimal::from(1_000) / gigabyte();
        // Each day's logs are kept for so many days.
        let kept = |written: Decimal| written * Decimal::from(deployment::LOG_DAYS * 24) / HOURS;
        vec![
            automation(Charge::LogsWritten, "functions log", logs),
            automation(Charge::LogsKept, "logs of functions are kept", kept(logs)),
            members(Charge::LogsWritten, "builds log", build_logs),
            members(Charge::LogsKept, "logs of builds are kept", kept(build_logs)),
            automation(Charge::Alarms, "alarms", deployment::ALARM_METRICS.into()),
            automation(Charge::Dashboards, "the dashboard", deployment::DASHBOARDS.into()),
            automation(Charge::Metrics, "metrics of our own", METRICS.into()),
            automation(Charge::Traces, "invocations are traced", self.invocations()),
        ]
    }

    fn others() -> Vec<Usage> {
        let asked = HOURS * Decimal::from(60 / KEY_MINUTES * deployment::FUNCTIONS);
        let program = Decimal::from(PROGRAM_MEGABYTES) / Decimal::from(1_000);
        vec![
            automation(Charge::KmsRequests, "the key of the table is asked for", asked),
            automation(Charge::S3Storage, "the program lies in its bucket", program),
            automation(Charge::Mails, "alarms send nothing while all is well", Decimal::ZERO),
            automation(Charge::CostExplorer, "nothing asks for costs yet", Decimal::ZERO),
        ]
    }
}

fn gigabyte() -> Decimal {
    Decimal::from(1_000_000_000)
}

fn automation(charge: Charge, what: &'static str, quantity: Decimal) -> Usage {
    Usage { charge, account: Payer::Automation, what, quantity }
}

fn members(charge: Charge, what: &'static str, quantity: Decimal) -> Usage {
    Usage { charge, account: Payer::Members, what, quantity }
}
