//! What is counted, in CloudWatch's embedded format: lines of JSON among the logs.
//!
//! Namespace, names and dimensions are those of the Python predecessor, so dashboards and alarms go on. One of its
//! metrics is left out: `AccountEventsByAccount` had a dimension value for each account, which CloudWatch bills as so
//! many metrics, and nothing showed it. The account stands beside the count instead, as a property, where Logs
//! Insights finds it for nothing.
//!
//! See <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use state_machine::{AccountId, Text, Timestamp};

use crate::cloud::aws::governor::{Lane, LaneState};
use crate::event::{ActivityLabel, News};
use crate::handler::Dispatched;

/// Where the metrics are found. The predecessor spells it in the singular.
pub const NAMESPACE: &str = "SustainablePersonalAccount";

/// How many characters CloudWatch takes as the value of a dimension.
const VALUE_LIMIT: usize = 1024;

/// One value of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it is told by, beside the environment: the dimension's name and its value.
    pub dimension: (&'static str, Text),
    /// The value.
    pub value: f64,
    /// What the value is of.
    pub unit: Unit,
    /// The account that it is about. No dimension: it is found in the logs only.
    pub account: Option<AccountId>,
}

/// What a value is of, in CloudWatch's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// How many.
    Count,
    /// How many a second.
    CountPerSecond,
    /// How long.
    Milliseconds,
}

impl Unit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::CountPerSecond => "Count/Second",
            Self::Milliseconds => "Milliseconds",
        }
    }
}

impl Metric {
    /// One more of these.
    pub fn one(name: &'static str, dimension: (&'static str, Text), account: Option<AccountId>) -> Self {
        Self { name, dimension, value: 1.0, unit: Unit::Count, account }
    }

    /// The metric as one line, without the line's end.
    pub fn line(&self, environment: &str, at: Timestamp) -> String {
        let (dimension, value) = &self.dimension;
        let mut members = Map::new();
        let metadata = json!({
            "Timestamp": at.as_millis(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[dimension, "Environment"]],
                "Metrics": [{ "Name": self.name, "Unit": self.unit.as_str() }],
            }],
        });
        members.insert("_aws".to_owned(), metadata);
        members.insert((*dimension).to_owned(), dimension_value(value).into());
        members.insert("Environment".to_owned(), dimension_value(environment).into());
        if let Some(account) = self.account {
            members.insert("Account".to_owned(), account.to_string().into());
        }
        members.insert(self.name.to_owned(), number(self.value));
        Value::Object(members).to_string()
    }
}

/// Whole numbers are written as such.
fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "a cast to an integer stops at its ends")]
    let whole = value as i64;
    #[expect(clippy::cast_precision_loss, reason = "compared with what it was made from")]
    let same = (whole as f64 - value).abs() < f64::EPSILON;
    if same { whole.into() } else { value.into() }
}

/// What CloudWatch takes as the value of a dimension: ASCII that is printable, not empty, and no colon at the
/// beginning. Others would be dropped without a word.
///
/// See <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>.
fn dimension_value(text: &str) -> String {
    let printable = |character: char| if matches!(character, ' '..='~') { character } else { '?' };
    let value: String = text.trim().chars().take(VALUE_LIMIT).map(printable).collect();
    match value.strip_prefix(':') {
        _ if value.is_empty() => "-".to_owned(),
        Some(rest) => format!("?{rest}"),
        None => value,
    }
}

/// What is counted of what came of an event.
pub fn of(dispatched: &Dispatched) -> Vec<Metric> {
    match dispatched {
        Dispatched::Noted { news: Some(news), .. } => of_news(news),
        Dispatched::Refused(refusal) if !refusal.is_foreign() => {
            vec![Metric::one("RefusedEventsByCode", ("Code", refusal.code().into()), None)]
        }
        Dispatched::Batch(answers) => {
            answers.iter().filter_map(|answer| answer.outcome.as_ref().ok()).flat_map(of).collect()
        }
        Dispatched::Noted { news: None, .. }
        | Dispatched::Refused(_)
        | Dispatched::Handled { .. }
        | Dispatched::AccountWoken { .. }
        | Dispatched::WindowOpened(_)
        | Dispatched::Woken(_)
        | Dispatched::Reconciled { .. }
        | Dispatched::NotMine(_)
        | Dispatched::NotRouted(_)
        | Dispatched::Invoked(_) => Vec::new(),
    }
}

/// How fast the services are called that AWS throttles (the others have room for all that we ask), and how often it
/// did, since `seen`. What was not called since has nothing to tell.
pub fn of_governor(lanes: &[LaneState], seen: &mut Seen) -> Vec<Metric> {
    let mut metrics = Vec::new();
    for lane in lanes.iter().filter(|lane| lane.lane != Lane::Other) {
        let before = seen.0.entry(lane.service).or_default();
        let sent: u64 = lane.calls.values().sum();
        let (calls, refused) = (sent - before.0, lane.throttled + lane.busy - before.1);
        *before = (sent, lane.throttled + lane.busy);
        if calls == 0 {
            continue;
        }
        let metric = |name, value, unit| {
            let dimension = ("Service", Text::from(lane.service));
            Metric { name, dimension, value, unit, account: None }
        };
        metrics.push(metric("CallsByService", count(calls), Unit::Count));
        metrics.push(metric("ThrottledCallsByService", count(refused), Unit::Count));
        metrics.push(metric("CallRateByService", lane.per_second, Unit::CountPerSecond));
    }
    metrics
}

/// What was told of each service before: how many calls, and how many of them were throttled.
#[derive(Debug, Default)]
pub struct Seen(BTreeMap<&'static str, (u64, u64)>);

#[expect(clippy::cast_precision_loss, reason = "nobody makes so many calls in one invocation")]
fn count(number: u64) -> f64 {
    number as f64
}

fn of_news(news: &News) -> Vec<Metric> {
    let label = |text: &str| ("Label", Text::from(text));
    match news {
        News::Account(event) => {
            vec![Metric::one("AccountEventsByLabel", label(event.label.as_str()), Some(event.account))]
        }
        News::Activity(event) => {
            let account = Some(event.account);
            let center = ("CostCenter", Text::clone(&event.cost_center));
            vec![
                Metric::one("TransactionsByCostCenter", center, account),
                Metric::one("TransactionsByLabel", label(transaction(event.label)), account),
            ]
        }
        News::Exception(event) => {
            vec![Metric::one("ExceptionsByLabel", label(event.label.as_str()), event.account)]
        }
        News::Chat(_) => Vec::new(),
    }
}

/// The predecessor's word for an activity where it counts them.
const fn transaction(label: ActivityLabel) -> &'static str {
    match label {
        ActivityLabel::ConsoleLogin => "ConsoleLoginTransaction",
        ActivityLabel::SuccessfulOnBoarding => "OnBoardingTransaction",
        ActivityLabel::SuccessfulMaintenance => "MaintenanceTransaction",
    }
}
