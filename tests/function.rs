//! A function over a local organization: what it counts, and what its lines tell.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "bootstrap/embedded.rs"]
mod embedded;
#[path = "fixtures/events/mod.rs"]
mod fixtures;

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use fixtures::{STATE_KEY, text, trust};
use serde_json::Value;
use spa::cloud::aws::governor::{Lane, LaneState};
use spa::cloud::local::faults::Faults;
use spa::cloud::local::{LocalCloud, Member, State as Cloud};
use spa::event::{ActivityEvent, ActivityLabel, ExceptionEvent, ExceptionLabel, Handler, News};
use spa::function::invoke::{Function, Invocation, Invoked};
use spa::function::log;
use spa::function::metrics::{self, Seen};
use spa::handler::Dispatched;
use spa::journal::memory::MemoryJournal;
use spa::local::{Engine, LocalWorld};
use spa::simulation::run::run_or_die;
use state_machine::{AccountId, Profile, State, Tags};
use tracing::level_filters::LevelFilter;

const SETTINGS: &str = "
environment_identifier: Spa
automation:
  account_id: '111122223333'
  region: eu-west-1
  maintenance_window_expression: cron(0 18 ? * SAT *)
worker:
  preparation_buildspec_template_file: buildspecs/prepare.yaml
  purge_buildspec_template_file: buildspecs/purge.yaml
maintenance:
  grace: 0s
defaults:
  account_tags: { cost-center: secret-cost-center }
  preparation: { feature: enabled }
  purge: { feature: enabled }
organizational_units:
  - identifier: ou-ab12-11112222
";

/// What the accounts carry, and no line may tell.
const SECRETS: [&str; 4] =
    ["secret-cost-center", "holder-of-the-account", "team-with-a-secret-name", "example.com"];

fn world() -> LocalWorld<MemoryJournal> {
    let loaded = spa::settings::load_text("settings.yaml", SETTINGS, Path::new(env!("CARGO_MANIFEST_DIR")));
    let settings = Arc::new(loaded.settings.unwrap_or_else(|| panic!("{}", loaded.report.render(false))));
    let trust = trust();
    let mut cloud = Cloud::new(trust.management_account, trust.automation_account, Faults::none(), 1);
    for number in 1..=3 {
        let tags =
            [("team", "team-with-a-secret-name"), ("account-holder", "holder-of-the-account@example.com")];
        let profile = Profile {
            name: "holder-of-the-account".into(),
            email: "holder-of-the-account@example.com".into(),
            units: ["ou-ab12-11112222".parse().unwrap()].into(),
            tags: tags.into_iter().map(|(key, value)| (key.into(), value.into())).collect::<Tags>(),
        };
        let member = Member::new(profile, None::<&str>.into());
        cloud.insert_member(AccountId::from_number(777_788_880_000 + number).unwrap(), member);
    }
    let start = "2026-11-20T18:00:00Z".parse().unwrap();
    LocalWorld::new(MemoryJournal::new(), LocalCloud::in_memory(cloud, settings, start))
}

/// Lines that are kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Everything that is told meanwhile.
    fn of(level: LevelFilter, work: impl FnOnce()) -> String {
        let lines = Self::default();
        let writer = lines.clone();
        tracing::subscriber::with_default(log::lines(level, move || writer.clone()), work);
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }
}

fn invoke(world: &LocalWorld<MemoryJournal>, handler: Handler, payload: &str) -> Invoked {
    let function = Function::new(world, handler, trust(), STATE_KEY.into());
    let deadline = world.cloud().time() + TimeDelta::minutes(1);
    let invocation = Invocation { request_id: payload, deadline, payload: payload.as_bytes() };
    run_or_die(function.invoke(invocation)).unwrap()
}

/// Lets the organization live: on-boarding, and one maintenance window.
fn live(world: &LocalWorld<MemoryJournal>) {
    let engine = Engine::new(world);
    engine.start().unwrap();
    let end = world.cloud().time() + TimeDelta::days(9);
    while let Some((at, item)) = engine.next().unwrap().filter(|(at, _)| *at < end) {
        world.cloud().set_now(at);
        run_or_die(engine.run(item)).unwrap().unwrap();
    }
}

#[test]
fn a_whole_life_tells_accounts_and_facts_and_neither_tags_nor_addresses() {
    let world = world();
    let told = Lines::of(LevelFilter::INFO, || {
        live(&world);
        for sample in fixtures::names() {
            for handler in Handler::ALL {
                drop(invoke(&world, handler, &text(&sample)));
            }
        }
        // What is refused is told to people with what the sender wrote, and that may be anything.
        let forged = text("schedule").replace("aws.events", "holder-of-the-account@example.com");
        drop(invoke(&world, Handler::OnWakeUp, &forged));
    });
    for secret in SECRETS {
        let line = told.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
    let lines: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let says = |name: &str, value: &str| lines.iter().filter(|line| line[name] == value).count();
    assert!(says("account", "777788880001") > 20, "a life has more facts than that");
    assert!(says("fact", "cycle_ended") >= 2 * 3, "each account was on-boarded and maintained");
    assert!(lines.iter().any(|line| line["trigger"].is_string()), "facts name what led to them");
    let complete =
        |line: &&Value| ["level", "timestamp", "message"].iter().all(|name| line[name].is_string());
    assert_eq!(lines.iter().find(|line| !complete(line)), None);
}

#[test]
fn a_level_that_is_asked_for_is_the_level_that_is_told() {
    let told = |level| {
        Lines::of(level, || {
            let world = world();
            live(&world);
            tracing::info!(target: "aws_smithy_runtime", "somebody else");
            tracing::warn!(target: "aws_smithy_runtime", "somebody else who warns");
        })
    };
    let info = told(LevelFilter::INFO);
    assert!(info.contains("who warns") && !info.contains("\"somebody else\""), "{info}");
    let error = told(LevelFilter::ERROR);
    assert_eq!(error, "", "nothing went wrong in that life");
}

#[test]
fn own_events_are_counted_under_the_names_of_the_predecessor() {
    let world = world();
    let cases: [(&str, Handler, &[&str]); 6] = [
        (
            "spa-account-ReleasedAccount",
            Handler::OnAccountEvent,
            &["AccountEventsByLabel Label=ReleasedAccount 777788889999"],
        ),
        (
            "spa-account-PurgeReport",
            Handler::OnAccountEvent,
            &["AccountEventsByLabel Label=PurgeReport 777788889999"],
        ),
        (
            "spa-activity-ConsoleLoginEvent",
            Handler::OnActivity,
            &[
                "TransactionsByCostCenter CostCenter=cc-42 777788889999",
                "TransactionsByLabel Label=ConsoleLoginTransaction 777788889999",
            ],
        ),
        (
            "spa-activity-SuccessfulMaintenanceEvent",
            Handler::OnActivity,
            &[
                "TransactionsByCostCenter CostCenter=cc-42 777788889999",
                "TransactionsByLabel Label=MaintenanceTransaction 777788889999",
            ],
        ),
        (
            "spa-exception-FailedCodebuildException",
            Handler::OnException,
            &["ExceptionsByLabel Label=FailedCodebuildException 777788889999"],
        ),
        ("spa-message-MessageToMicrosoftTeams", Handler::ToMicrosoftTeams, &[]),
    ];
    for (sample, handler, expected) in cases {
        let counted: Vec<_> = invoke(&world, handler, &text(sample))
            .metrics
            .iter()
            .map(|metric| {
                let (name, value) = &metric.dimension;
                let account = metric.account.map_or_else(String::new, |account| account.to_string());
                assert!((metric.value - 1.0).abs() < f64::EPSILON);
                format!("{} {name}={value} {account}", metric.name)
            })
            .collect();
        assert_eq!(counted, expected, "{sample}");
        let elsewhere = invoke(&world, Handler::OnVanillaAccount, &text(sample)).metrics;
        assert!(elsewhere.is_empty(), "{sample} is counted once, by the function that it is for");
    }
    let refused = invoke(&world, Handler::OnAccountEvent, "{\"Records\": 1}").metrics;
    assert_eq!(refused[0].dimension, ("Code", "invalid-field".into()));
}

#[test]
fn metrics_are_lines_as_cloudwatch_reads_them() {
    let sample = text("spa-account-ReleasedAccount");
    let metrics = invoke(&world(), Handler::OnAccountEvent, &sample).metrics;
    let at = "2026-11-20T18:00:00Z".parse().unwrap();
    let line: Value = serde_json::from_str(&metrics[0].line("Spa", at)).unwrap();
    let golden = serde_json::json!({
        "_aws": {
            "Timestamp": 1_795_197_600_000_i64,
            "CloudWatchMetrics": [{
                "Namespace": "SustainablePersonalAccount",
                "Dimensions": [["Label", "Environment"]],
                "Metrics": [{ "Name": "AccountEventsByLabel", "Unit": "Count" }]
            }]
        },
        "Label": "ReleasedAccount",
        "Environment": "Spa",
        "Account": "777788889999",
        "AccountEventsByLabel": 1
    });
    assert_eq!(line, golden);
}

#[test]
fn the_governor_tells_what_it_has_learnt_since_the_last_invocation() {
    let state = |lane, service, calls, throttled| LaneState {
        lane,
        service,
        gates: 1,
        per_second: 2.5,
        in_flight: 0,
        waiting: 0,
        throttled,
        busy: 1,
        calls: [("an:Operation", calls)].into(),
    };
    let mut seen = Seen::default();
    let mut told = |calls, throttled| -> Vec<String> {
        let lanes =
            [state(Lane::Organizations, "organizations", calls, throttled), state(Lane::Other, "sqs", 1, 0)];
        let metrics = metrics::of_governor(&lanes, &mut seen);
        let write = |metric: &metrics::Metric| metric.line("Spa", fixtures_time());
        let written: Vec<Value> =
            metrics.iter().map(|metric| serde_json::from_str(&write(metric)).unwrap()).collect();
        for line in &written {
            assert_eq!(embedded::problems(line), Vec::<String>::new());
            assert_eq!(line["Service"], "organizations", "what AWS never throttles costs nothing");
        }
        metrics.iter().map(|metric| format!("{} {}", metric.name, metric.value)).collect()
    };
    let first = ["CallsByService 10", "ThrottledCallsByService 3", "CallRateByService 2.5"];
    assert_eq!(told(10, 2), first);
    assert!(told(10, 2).is_empty(), "nothing was called since");
    assert_eq!(told(11, 3), ["CallsByService 1", "ThrottledCallsByService 1", "CallRateByService 2.5"]);
}

#[test]
fn whatever_a_cost_center_is_called_the_line_is_valid() {
    let long = "x".repeat(5_000);
    for name in ["cc-42", "", " ", ":colon", "Été à Zürich", "a\"quote\\and\nnewline", "😀", long.as_str()]
    {
        let at = "2026-11-20T18:00:00Z".parse().unwrap();
        let event = ActivityEvent {
            label: ActivityLabel::SuccessfulOnBoarding,
            account: fixtures::member(),
            cost_center: name.into(),
            transaction: "on-boarding".into(),
            begin: at,
            end: at,
            identifier: "1".into(),
            tags: Tags::new(),
        };
        for metric in metrics::of(&noted(News::Activity(event))) {
            let line = metric.line("Spa", at);
            assert!(!line.contains('\n'));
            let problems = embedded::problems(&serde_json::from_str(&line).unwrap());
            assert!(problems.is_empty(), "{name}: {problems:?}");
        }
    }
    let exception = ExceptionEvent {
        label: ExceptionLabel::Generic,
        account: None,
        title: "a title".into(),
        message: "a message".into(),
        impact: None,
    };
    let metric = &metrics::of(&noted(News::Exception(exception)))[0];
    let line: Value = serde_json::from_str(&metric.line("Spa", fixtures_time())).unwrap();
    assert_eq!(line.get("Account"), None, "it is about no account");
}

fn noted(news: News) -> Dispatched {
    Dispatched::Noted { handler: Handler::OnActivity, account: None, news: Some(Box::new(news)) }
}

fn fixtures_time() -> state_machine::Timestamp {
    "2026-11-20T18:00:00Z".parse().unwrap()
}

#[test]
fn a_window_is_opened_and_its_first_wave_goes_at_once() {
    let world = world();
    live(&world);
    let id = AccountId::from_number(777_788_880_001).unwrap();
    let head = || run_or_die(spa::journal::Journal::account(world.kept(), id)).unwrap().unwrap();
    assert_eq!(head().state(), Some(State::Released));
    let version = head().version();
    let invoked = invoke(&world, Handler::OnMaintenanceWindow, "{}");
    assert!(invoked.answer.is_ok());
    assert!(head().version() > version, "handed to its window in the same invocation");
}
