//! Kills the real process at any moment, and starts it again: no account is lost, no build is started twice,
//! and what was told is there.
//!
//! The moments are drawn from a seed: a process dies after so many lines of its output, or when the journal has
//! so many records. Where exactly between two steps the signal meets it, the machine decides: that is the point.

#![cfg(unix)]
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use spa::cloud::local::State;
use spa::journal::Journal as _;
use spa::local::{Station, run_or_die};
use spa::store::{Open, Store};
use state_machine::{Account, AccountId, Fact, State as AccountState, Token, Version};
use tempfile::TempDir;

/// No step of a test takes longer; a process that hangs is a failure.
const PATIENCE: Duration = Duration::from_mins(1);

struct Stage {
    folder: TempDir,
    random: ChaCha8Rng,
    /// The highest version of each account that anybody was told.
    told: BTreeMap<AccountId, u64>,
    kills: u32,
}

impl Stage {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let random = ChaCha8Rng::seed_from_u64(seed);
        Self { folder, random, told: BTreeMap::new(), kills: 0 }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("spa.db")
    }

    fn spa(&self, arguments: &[&str]) -> Command {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_spa"));
        command.args(arguments).arg("--settings").arg(root.join("settings.yaml"));
        command.arg("--store").arg(self.store()).env_remove("SPA_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn up(&self, more: &[&str]) -> Command {
        self.up_at("1000000000", more)
    }

    fn up_at(&self, speed: &str, more: &[&str]) -> Command {
        let mut arguments = vec!["up", "--output", "json", "--speed", speed];
        arguments.extend(more);
        self.spa(&arguments)
    }

    /// Lets it live, and kills it after so many lines.
    fn kill_after_lines(&mut self, lines: usize, more: &[&str]) {
        let mut child = self.up(more).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let mut seen = 0;
        while seen < lines {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "it ended by itself: {}", rest(&mut child));
            self.note(&line);
            seen += 1;
        }
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
        self.kills += 1;
        // What it had written before it died was told, too; the last line may be half a line.
        let mut tail = String::new();
        output.read_to_string(&mut tail).unwrap();
        for line in tail.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            self.note(line);
        }
    }

    fn note(&mut self, line: &str) {
        let line: serde_json::Value = serde_json::from_str(line).expect(line);
        if let (Some(account), Some(version)) = (line["account"].as_str(), line["version"].as_u64()) {
            let told = self.told.entry(account.parse().unwrap()).or_default();
            *told = version.max(*told);
        }
    }

    /// Runs a command, and kills it when the journals hold so many more records; tells whether it died.
    fn kill_after_records(&mut self, records: i64, arguments: &[&str]) -> bool {
        let reader = rusqlite::Connection::open(self.store()).unwrap();
        let count = || -> i64 {
            reader.query_row("select coalesce(sum(version), 0) from heads", [], |row| row.get(0)).unwrap()
        };
        let target = count() + records;
        let mut child = self.spa(arguments).spawn().unwrap();
        let begun = Instant::now();
        while count() < target {
            assert!(begun.elapsed() < PATIENCE, "it hangs");
            if child.try_wait().unwrap().is_some() {
                return false;
            }
        }
        child.kill().unwrap();
        let died = !child.wait().unwrap().success();
        self.kills += u32::from(died);
        died
    }

    fn station(&self) -> Station {
        Station::new(Store::open(&self.store(), Open::Existing).unwrap())
    }

    /// Everything that must hold whenever nobody is in the middle of anything.
    fn check(&self, accounts: usize) -> (State, BTreeMap<AccountId, Account>) {
        let station = self.station();
        let organization = station.load().unwrap().expect("the organization is there");
        assert_eq!(organization.members().len(), accounts, "no account is lost");
        let mut heads = BTreeMap::new();
        for head in now(station.journal().heads(None, usize::MAX)).unwrap() {
            let id = head.id();
            let mut replayed = Account::unseen(id);
            let mut asked = BTreeSet::new();
            for record in now(station.journal().history(id, Version::NONE, usize::MAX)).unwrap() {
                replayed.apply(&record).unwrap();
                if let Fact::BuildStarted { paid, build, .. } = &record.fact {
                    assert!(asked.insert(*paid), "{id}: {build} was started twice for {paid}");
                }
            }
            assert_eq!(replayed, *head, "replay(journal) = head");
            heads.insert(id, replayed);
        }
        for (account, version) in &self.told {
            let head = heads.get(account).map_or(0, |head| head.version().number());
            assert!(head >= *version, "{account}: {version} was told, and the journal holds {head}");
        }
        for (account, member) in organization.members() {
            let running = member.running().count();
            assert!(running <= 1, "{account}: {running} builds at once");
            let tokens: Vec<Token> = member.builds.iter().filter_map(|build| build.token).collect();
            let different: BTreeSet<&Token> = tokens.iter().collect();
            assert_eq!(tokens.len(), different.len(), "{account}: a build was started twice");
            assert_eq!(tokens.len(), member.builds.len(), "{account}: a build of nobody");
        }
        (organization, heads)
    }

    fn finish(&self, arguments: &[&str]) -> Output {
        let output = self.spa(arguments).output().unwrap();
        assert!(output.stderr.iter().all(|byte| *byte != 0));
        output
    }
}

fn rest(child: &mut Child) -> String {
    let mut text = String::new();
    let _ = child.stderr.take().map(|mut err| err.read_to_string(&mut text));
    text
}

fn now<T>(work: impl Future<Output = T>) -> T {
    run_or_die(work).expect("a store never waits")
}

/// How many accounts live here: enough to be in the middle of several things at once.
const ACCOUNTS: usize = 8;

#[test]
fn up_is_killed_a_hundred_and_twenty_times() {
    let mut stage = Stage::new(1);
    let founding = ["--accounts", "8", "--start", "2026-12-01", "--seed", "3"];
    // While it is founded: after the first line already.
    stage.kill_after_lines(1, &founding);
    stage.check(ACCOUNTS);
    while stage.kills < 120 {
        let lines = stage.random.random_range(1..=25);
        stage.kill_after_lines(lines, &[]);
        stage.check(ACCOUNTS);
    }
    // In peace everything comes to rest. The account that the settings hold waits for the end of the hold.
    let output = stage.up(&["--for", "3d"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (_, heads) = stage.check(ACCOUNTS);
    for head in heads.values() {
        let at_rest = head.state() == Some(AccountState::Released) && head.owed().is_empty();
        let waits = head.deferred().is_some() || head.quarantine().is_some() || head.cycle().is_some();
        assert!(at_rest || waits, "{head:?}");
        assert!(at_rest || head.next_wake().is_some(), "{} waits for nobody", head.id());
    }
    assert!(heads.values().filter(|head| head.state() == Some(AccountState::Released)).count() >= 6);
}

#[test]
fn up_with_faults_is_killed_forty_times() {
    let mut stage = Stage::new(2);
    stage.kill_after_lines(
        3,
        &[
            "--accounts",
            "8",
            "--start",
            "2026-12-01",
            "--faults",
            "crash=2%",
            "--faults",
            "loss=5%",
            "--faults",
            "throttle=5%",
        ],
    );
    while stage.kills < 40 {
        let lines = stage.random.random_range(1..=40);
        stage.kill_after_lines(lines, &[]);
        stage.check(ACCOUNTS);
    }
}

#[test]
fn gestures_are_killed_fifty_times() {
    let mut stage = Stage::new(3);
    let output = stage.up(&["--accounts", "8", "--start", "2026-12-01", "--for", "1d"]).output().unwrap();
    assert!(output.status.success());
    stage.check(ACCOUNTS);
    let gestures: [&[&str]; 4] = [
        &["account", "expire", "--all", "--yes", "--reason", "killed"],
        &["account", "hold", "--all", "--yes", "--reason", "killed", "--for", "30d"],
        &["account", "unhold", "--all", "--yes", "--reason", "killed"],
        &["account", "vanilla", "--all", "--yes", "--reason", "killed"],
    ];
    let mut round = 0;
    while stage.kills < 50 {
        assert!(round < 500, "gestures end before they can be killed: {} kills", stage.kills);
        let gesture = gestures[round % gestures.len()];
        round += 1;
        let records = stage.random.random_range(1..=20);
        stage.kill_after_records(records, gesture);
        stage.check(ACCOUNTS);
        if round % gestures.len() == 0 {
            // What was left half done goes on, and accounts come back for the next round.
            let output = stage.up(&["--for", "4h"]).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            stage.check(ACCOUNTS);
        }
    }
    let output = stage.finish(&["accounts", "--output", "json"]);
    assert!(output.status.success());
}

#[test]
fn a_simulation_that_is_killed_leaves_nothing_behind() {
    let stage = Stage::new(4);
    let arguments = ["simulate", "--accounts", "20", "--days", "3", "--output", "json"];
    for _ in 0..5 {
        let mut child = stage.spa(&arguments).spawn().unwrap();
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
    }
    assert!(!stage.store().exists());
    let output = stage.finish(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, stage.finish(&arguments).stdout, "the same seed, the same report");
}

#[test]
fn whoever_is_asked_to_stop_stops_cleanly() {
    for signal in ["-INT", "-TERM"] {
        let stage = Stage::new(5);
        let founding = ["--accounts", "8", "--start", "2026-12-01"];
        let mut child = stage.up_at("60", &founding).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert!(line.contains("\"begins\""), "{line} {}", rest(&mut child));
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let mut tail = String::new();
        output.read_to_string(&mut tail).unwrap();
        assert!(child.wait().unwrap().success());
        assert!(tail.trim_end().ends_with("\"event\":\"ends\",\"text\":\"stopped\"}"), "{tail}");
        stage.check(ACCOUNTS);
    }
}
