//! One decision: decide on a trigger and apply the records; under 2 µs in the median.
//!
//! The triggers are those of the whole life of a real account of a simulation: each decision is made again on the
//! head that it was made on. `cargo bench --bench decision` runs it.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints, and fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use state_machine::{
    Account, Actor, BuildFinding, Decision, Evidence, Fact, Happening, Look, Payment, Policy, Reading,
    Record, Seen, Started, State, Status, Timestamp, Trigger, decide,
};
use support::{measured, scenario, settings};

/// How often each decision is made.
const TIMES: usize = 2_000;

/// A decision as it was made.
struct Made {
    account: Account,
    trigger: Trigger,
    evidence: Evidence,
    now: Timestamp,
    name: &'static str,
}

fn main() -> ExitCode {
    let settings = settings();
    let (simulated, _) = measured(&settings, &scenario(4, 30));
    let members = simulated.world.cloud().change(|state| state.members().clone()).expect("members");
    let (account, member) = members.iter().next().expect("an account");
    let history = simulated.history(*account).expect("a history");
    let resolved = settings.resolve(*account, &member.profile.units);
    let policy = resolved.policy();
    let life = life(*account, &history, policy);
    assert!(life.len() * 3 > history.len(), "too few of the decisions are found again: {}", life.len());

    let mut samples: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for made in &life {
        let times = samples.entry(made.name).or_default();
        times.extend((0..TIMES).map(|_| once(made, policy)));
    }
    let mut all: Vec<Duration> = samples.values().flatten().copied().collect();
    println!("trigger                   decisions    median       95 %");
    for (name, times) in &mut samples {
        let count = times.len() / TIMES;
        line(name, count, times);
    }
    line("all", life.len(), &mut all);
    println!("(at most 2 µs in the median of all)");
    if all[all.len() / 2] < Duration::from_micros(2) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn line(name: &str, count: usize, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
    println!("{name:<24}  {count:>9}    {:>5.2} µs    {:>5.2} µs", at(50), at(95));
}

/// Decides, and applies what was decided to the head.
fn once(made: &Made, policy: &Arc<Policy>) -> Duration {
    let mut head = made.account.clone();
    let began = Instant::now();
    let decision = decide(&made.account, policy, &made.trigger, &made.evidence, made.now);
    if let Decision::Append { records, .. } = &decision {
        for record in records {
            head.apply(record).expect("it follows");
        }
    }
    let took = began.elapsed();
    black_box((decision, head));
    took
}

/// Every decision of a life that can be told from its records.
fn life(id: state_machine::AccountId, history: &[Record], policy: &Policy) -> Vec<Made> {
    let mut life = Vec::new();
    let mut head = Account::unseen(id);
    let mut place = 0;
    while let Some(record) = history.get(place) {
        let made = made(&head, record);
        let decided =
            made.as_ref().map(|made| decide(&head, policy, &made.trigger, &made.evidence, made.now));
        let mut steps = 1;
        if let (Some(made), Some(Decision::Append { records, .. })) = (made, decided)
            && records.first().is_some_and(|first| first.fact == record.fact)
        {
            steps = records.len();
            life.push(made);
        }
        for record in history.iter().skip(place).take(steps) {
            head.apply(record).expect("it follows");
        }
        place += steps;
    }
    life
}

/// What led to a record, as far as it tells.
fn made(head: &Account, record: &Record) -> Option<Made> {
    let (happening, reading, name) = match &record.fact {
        Fact::Entered { state } => {
            let reading = Reading::Known(*state);
            (Happening::TagEvent(reading.clone()), reading, "tag event")
        }
        Fact::CycleBegan { window: Some(window), .. } => {
            (Happening::Window(*window), Reading::Known(State::Released), "window")
        }
        Fact::BuildEnded { build, .. } => {
            (Happening::BuildEvent(build.clone()), head.tag().reading.clone(), "build event")
        }
        Fact::TagsWritten { paid, .. } => (
            Happening::Settled(vec![(*paid, Payment::TagsWritten)]),
            head.tag().reading.clone(),
            "tags written",
        ),
        Fact::BuildStarted { paid, build, .. } => {
            let payment = Payment::BuildStarted(Started::alone(build.clone()));
            (Happening::Settled(vec![(*paid, payment)]), head.tag().reading.clone(), "build started")
        }
        Fact::Announced { paid } => {
            let paid = paid.iter().map(|paid| (*paid, Payment::Announced)).collect();
            (Happening::Settled(paid), head.tag().reading.clone(), "announced")
        }
        _ => return None,
    };
    let build = match &record.fact {
        Fact::BuildEnded { build, outcome } => Some((build.clone(), BuildFinding::Ended(*outcome))),
        _ => None,
    };
    let look = Look::Seen(Box::new(Seen {
        at: record.at,
        described: record.at,
        status: Status::Active,
        reading,
        profile: Arc::clone(head.profile()),
    }));
    let evidence = Evidence { look: Some(look), build };
    let trigger = Trigger { id: record.cause.trigger, by: Actor::Aws, happening };
    Some(Made { account: head.clone(), trigger, evidence, now: record.at, name })
}
