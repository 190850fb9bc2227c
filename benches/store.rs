//! How fast the store is, beside what SQLite itself takes, and through the real program:
//!
//! ```text
//! cargo bench --bench store
//! ```
//!
//! Ends with a status other than 0 when a figure is worse than it may be. Figures are medians of one run.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark tells, and stops"
)]

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::params;
use spa::cloud::local::faults::Faults;
use spa::journal::Journal as _;
use spa::journal::sqlite::SqliteJournal;
use spa::local::{Founding, Station, run_or_die};
use spa::settings::Settings;
use spa::simulation::run::{Scenario, simulate};
use spa::store::{Open, Store};
use state_machine::{Account, AccountId, Record, Version};

/// How many accounts the large store holds.
const ACCOUNTS: usize = 10_000;

/// How many records each of them has.
const RECORDS: usize = 100;

/// How many records one decision makes, as in the middle of a cycle.
const STEP: usize = 3;

fn now<T>(work: impl Future<Output = T>) -> T {
    run_or_die(work).expect("a store never waits")
}

fn settings() -> Arc<Settings> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("settings.yaml");
    Arc::new(spa::settings::load(&path).settings.expect("the settings of the repository are good"))
}

/// Histories as accounts really have them: on-boarding, and then window after window.
fn histories(settings: &Arc<Settings>) -> Vec<Vec<Record>> {
    let scenario = Scenario {
        accounts: 20,
        days: 60,
        seed: 1,
        faults: Faults::none(),
        start: "2026-12-01T00:00:00Z".parse().unwrap(),
        organization: None,
        adopt: false,
        watched: false,
    };
    let simulated = simulate(settings, &scenario, &mut |_| true).expect("the simulation runs");
    let journal = simulated.world.kept();
    let heads = now(journal.heads(None, usize::MAX)).unwrap();
    let all = heads.iter().map(|head| now(journal.history(head.id(), Version::NONE, RECORDS)).unwrap());
    let long: Vec<_> = all.filter(|records| records.len() == RECORDS).collect();
    assert!(!long.is_empty(), "sixty days are long enough");
    long
}

/// The head that these records make of an account.
fn fold(head: &Account, records: &[Record]) -> Arc<Account> {
    let mut next = head.clone();
    for record in records {
        next.apply(record).expect("a history follows");
    }
    Arc::new(next)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A line of the report; tells whether the figure is as it should be.
fn report(what: &str, figure: &str, limit: &str, good: bool) -> bool {
    println!("{what:<64} {figure:>12}   {limit:<12} {}", if good { "fine" } else { "TOO SLOW" });
    good
}

/// A durable append beside a transaction of SQLite with the same rows, in turns.
fn appends(folder: &Path, history: &[Record]) -> bool {
    let journal = SqliteJournal::new(Store::open(&folder.join("appends.db"), Open::OrCreate).unwrap());
    // The same tables, and the same care, without anything of ours around them.
    drop(Store::open(&folder.join("raw.db"), Open::OrCreate).unwrap());
    let mut raw = rusqlite::Connection::open(folder.join("raw.db")).unwrap();
    raw.pragma_update(None, "synchronous", "full").unwrap();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for number in 0..60 {
        let id = AccountId::from_number(100_000_000_000 + number).unwrap();
        let mut head = Arc::new(Account::unseen(id));
        for records in history.chunks_exact(STEP) {
            let next = fold(&head, records);
            let begun = Instant::now();
            now(journal.append(head.version(), records, &next)).unwrap();
            ours.push(begun.elapsed());

            let wake = next.next_wake().map(state_machine::Timestamp::as_millis);
            let text = serde_json::to_string(&*next).unwrap();
            let rows: Vec<_> = records
                .iter()
                .map(|record| {
                    let body = serde_json::to_string(record).unwrap();
                    (
                        i64::try_from(record.version.number()).unwrap(),
                        record.at.as_millis(),
                        record.at.day(),
                        body,
                    )
                })
                .collect();
            let version = i64::try_from(next.version().number()).unwrap();
            let begun = Instant::now();
            let step = raw.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
            step.prepare_cached(
                "insert or replace into heads (account, version, next_wake, head) values (?1, ?2, ?3, ?4)",
            )
            .unwrap()
            .execute(params![id.to_string(), version, wake, text])
            .unwrap();
            for (version, at, day, body) in &rows {
                step.prepare_cached(
                    "insert into records (account, version, at, day, body) values (?1, ?2, ?3, ?4, ?5)",
                )
                .unwrap()
                .execute(params![id.to_string(), version, at, day, body])
                .unwrap();
            }
            step.commit().unwrap();
            theirs.push(begun.elapsed());
            head = next;
        }
    }
    let number = ours.len();
    let (ours, theirs) = (median(ours), median(theirs));
    let times = ours.as_secs_f64() / theirs.as_secs_f64();
    println!(
        "{number} durable appends of {STEP} records, beside raw transactions of the same rows, in turns"
    );
    report("  append", &format!("{:.0} µs", ours.as_secs_f64() * 1e6), "", true);
    report("  raw transaction of SQLite", &format!("{:.0} µs", theirs.as_secs_f64() * 1e6), "", true);
    report("  append / raw transaction", &format!("{times:.2} ×"), "≤ 1.5 ×", times <= 1.5)
}

/// A store with many accounts, each with a real history.
fn fill(path: &Path, settings: &Arc<Settings>, histories: &[Vec<Record>]) -> AccountId {
    let station = Station::new(Store::open(path, Open::OrCreate).unwrap());
    let founding = Founding {
        accounts: ACCOUNTS,
        seed: 1,
        faults: Faults::none(),
        start: "2027-02-01T00:00:00Z".parse().unwrap(),
        export: None,
    };
    station.found(settings, &founding).unwrap();
    let journal = station.journal();
    let organization = station.load().unwrap().expect("it was founded");
    let mut middle = None;
    for (number, &id) in organization.members().keys().enumerate() {
        let records = &histories[number % histories.len()];
        let nobody = Account::unseen(id);
        now(journal.append(nobody.version(), records, &fold(&nobody, records))).unwrap();
        if number == ACCOUNTS / 2 {
            middle = Some(id);
        }
    }
    middle.expect("there are accounts")
}

/// How long the real program takes, from its start to its end.
fn program(store: &Path, arguments: &[&str]) -> Duration {
    let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("settings.yaml");
    let times = (0..15).map(|_| {
        let begun = Instant::now();
        let status = Command::new(env!("CARGO_BIN_EXE_spa"))
            .args(arguments)
            .arg("--store")
            .arg(store)
            .arg("--settings")
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{arguments:?}");
        begun.elapsed()
    });
    median(times.collect())
}

fn main() -> ExitCode {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings();
    let histories = histories(&settings);
    let mut good = appends(folder.path(), &histories[0]);

    let store = folder.path().join("large.db");
    let account = fill(&store, &settings, &histories).to_string();
    let size = std::fs::metadata(&store).unwrap().len() / 1_048_576;
    println!(
        "\n{ACCOUNTS} accounts, {} records, {size} MiB; the real program, from start to end",
        ACCOUNTS * RECORDS
    );
    let millis = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    for (arguments, limit) in [
        (&["accounts"][..], Some(200)),
        (&["accounts", "--stuck"], None),
        (&["accounts", "--output", "json"], None),
        (&["account", "history", &account], Some(50)),
        (&["account", "show", &account], None),
        (&["account", "why", &account], None),
        (&["account", "at", &account, "2026-12-24"], None),
    ] {
        let time = program(&store, arguments);
        let within = limit.is_none_or(|limit| time < Duration::from_millis(limit));
        let limit = limit.map(|limit| format!("< {limit} ms")).unwrap_or_default();
        good &= report(&format!("  spa {}", arguments.join(" ")), &millis(time), &limit, within);
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
