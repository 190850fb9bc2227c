//! The three checks, and what they say.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::fault::Fault;

/// How long building takes at most.
const BUILDING: Duration = Duration::from_mins(20);

/// How long a check may take. A break may make it run for ever; that is noticed, too.
const LONGEST: Duration = Duration::from_mins(4);

/// The simulations that each break must survive: enough for every fault to meet every state.
const SIMULATION: &str = "simulate --accounts 60 --days 40 --faults heavy --seeds 1..8 --output csv";

/// Something that looks whether the rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Random runs of one account and of windows, and stories.
    Properties,
    /// Every order of events, up to a bound.
    Model,
    /// An organization in virtual time, through the real program.
    Simulation,
}

/// What a check says of a break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It noticed, by this.
    Noticed(Vec<String>),
    /// It did not.
    Passed,
    /// It was not asked: a model of one account knows no windows.
    NotAsked,
    /// It did not end.
    Endless,
}

impl Verdict {
    /// Whether the break was noticed.
    pub const fn noticed(&self) -> bool {
        matches!(self, Self::Noticed(_) | Self::Endless)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noticed(by) => formatter.write_str(&by.join(", ")),
            Self::Passed => formatter.write_str("not noticed"),
            Self::NotAsked => formatter.write_str("-"),
            Self::Endless => formatter.write_str("does not end"),
        }
    }
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Properties, Self::Model, Self::Simulation];

    /// What people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Properties => "properties",
            Self::Model => "model",
            Self::Simulation => "simulation",
        }
    }

    /// Asks it about the sources in `tree`, built in `build`.
    ///
    /// # Errors
    /// When the sources cannot be built, or a program cannot be run.
    pub fn run(self, tree: &Path, build: &Path, scenarios: &[String]) -> Result<Verdict, Fault> {
        let cargo = |what: &str| {
            let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            command.args(what.split_whitespace()).current_dir(tree);
            command.arg("--target-dir").arg(build);
            command
        };
        match self {
            Self::Properties => {
                let tests = "test --locked --package spa-state-machine --lib --test rules --test gestures";
                succeed(cargo(tests).arg("--no-run"), build)?;
                let (ended, told) = told(cargo(tests).arg("--no-fail-fast"), build, LONGEST)?;
                Ok(verdict(ended, failed_tests(&told)))
            }
            Self::Model if scenarios.is_empty() => Ok(Verdict::NotAsked),
            Self::Model => {
                let tests = "test --locked --package spa-state-machine --test model";
                succeed(cargo(tests).arg("--no-run"), build)?;
                let (ended, told) =
                    told(cargo(tests).args(["--", "--exact"]).args(scenarios), build, LONGEST)?;
                Ok(verdict(ended, broken_properties(&told)))
            }
            Self::Simulation => {
                succeed(&mut cargo("build --locked --bin spa"), build)?;
                let mut program = Command::new(build.join("debug/spa"));
                program.args(SIMULATION.split_whitespace()).current_dir(tree);
                let (ended, told) = told(&mut program, build, LONGEST)?;
                Ok(verdict(ended, broken_rules(&told)))
            }
        }
    }
}

fn verdict(ended: Option<bool>, by: Vec<String>) -> Verdict {
    match ended {
        None => Verdict::Endless,
        Some(true) => Verdict::Passed,
        Some(false) if by.is_empty() => Verdict::Noticed(vec!["it fails".to_owned()]),
        Some(false) => Verdict::Noticed(by),
    }
}

/// A break that does not compile says nothing.
fn succeed(command: &mut Command, build: &Path) -> Result<(), Fault> {
    match told(command, build, BUILDING)? {
        (Some(true), _) => Ok(()),
        (Some(false), told) => Err(Fault::one(format!("it does not build:\n{told}"))),
        (None, _) => Err(Fault::one("building it took too long")),
    }
}

/// Whether a program succeeded (`None`: it did not end), and all that it said.
fn told(command: &mut Command, build: &Path, longest: Duration) -> Result<(Option<bool>, String), Fault> {
    std::fs::create_dir_all(build).map_err(|error| Fault::file(build, &error))?;
    let path = build.join("told.txt");
    let file = File::create(&path).map_err(|error| Fault::file(&path, &error))?;
    let same = file.try_clone().map_err(|error| Fault::file(&path, &error))?;
    // A mutated world tells long stories; nobody reads them here.
    command.stdin(Stdio::null()).stdout(file).stderr(same).env("RUST_BACKTRACE", "0");
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let child = command.spawn();
    let mut child = child.map_err(|error| Fault::one(format!("{command:?}: {error}")))?;
    let began = Instant::now();
    let ended = loop {
        let status = child.try_wait().map_err(|error| Fault::one(error.to_string()))?;
        if let Some(status) = status {
            break Some(status.success());
        }
        if began.elapsed() > longest {
            end_all(&mut child).map_err(|error| Fault::one(error.to_string()))?;
            child.wait().map_err(|error| Fault::one(error.to_string()))?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let bytes = std::fs::read(&path).map_err(|error| Fault::file(&path, &error))?;
    Ok((ended, String::from_utf8_lossy(&bytes).into_owned()))
}

/// Ends a program, and the programs that it runs: cargo does not end its tests when it is killed.
fn end_all(child: &mut Child) -> std::io::Result<()> {
    if cfg!(unix) {
        let group = format!("-{}", child.id());
        if Command::new("kill").args(["-KILL", "--", &group]).status()?.success() {
            return Ok(());
        }
    }
    child.kill()
}

/// The tests that failed: those of the rules by name, the others by number.
fn failed_tests(told: &str) -> Vec<String> {
    let failed: BTreeSet<&str> = told
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
        .filter_map(|name| name.rsplit("::").next())
        .collect();
    let (rules, others): (Vec<&str>, Vec<&str>) = failed.iter().partition(|name| name.starts_with("rule_"));
    let numbers: BTreeSet<u8> =
        rules.iter().filter_map(|name| name.split('_').nth(1)?.parse().ok()).collect();
    let mut by: Vec<String> = Vec::new();
    if !numbers.is_empty() {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        by.push(format!("rule {}", numbers.join(", ")));
    }
    match others.len() {
        0 => {}
        1 => by.push("1 other test".to_owned()),
        more => by.push(format!("{more} other tests")),
    }
    by
}

/// The properties of the model for which a counterexample was found; failing that, the number of its states.
fn broken_properties(told: &str) -> Vec<String> {
    let names: BTreeSet<&str> = told
        .lines()
        .filter_map(|line| line.split_once("Unexpected \"")?.1.split_once('"'))
        .map(|(name, _)| name)
        .collect();
    if !names.is_empty() {
        return names.into_iter().map(str::to_owned).collect();
    }
    let counts = told.contains("assertion `left == right` failed");
    if counts { vec!["number of states only".to_owned()] } else { Vec::new() }
}

/// The rules that the referee saw broken, from the rows of `spa simulate --seeds --output csv`.
fn broken_rules(told: &str) -> Vec<String> {
    let numbers: BTreeSet<u8> = told
        .lines()
        .filter_map(|line| {
            let mut cells = line.split(',');
            let seed: Option<u64> = cells.next()?.parse().ok();
            seed.and_then(|_| cells.next()?.parse().ok())
        })
        .collect();
    if numbers.is_empty() {
        return Vec::new();
    }
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    vec![format!("rule {}", numbers.join(", "))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_tests_are_told_by_rule() {
        let told = "test rule_4_whatever ... FAILED\ntest brakes::rule_9_a ... FAILED\ntest rule_9_b ... FAILED\n\
                    test fleet::tests::x ... FAILED\ntest y ... ok\n";
        assert_eq!(failed_tests(told), ["rule 4, 9", "1 other test"]);
        assert!(failed_tests("test y ... ok").is_empty());
    }

    #[test]
    fn properties_of_the_model_come_before_its_number_of_states() {
        let count = "assertion `left == right` failed\n  left: 1\n";
        assert_eq!(broken_properties(count), ["number of states only"]);
        let told = format!("{count}Unexpected \"never two builds at once\" counterexample Path[3]:");
        assert_eq!(broken_properties(&told), ["never two builds at once"]);
    }

    #[test]
    fn rules_are_read_from_rows() {
        let rows = "seed,rule,at,account,seen\n3,9,2027-01-04T00:00:00Z,,x\n4,2,2027,1,y\n5,9,2027,,z\n";
        assert_eq!(broken_rules(rows), ["rule 2, 9"]);
        assert!(broken_rules("seed,rule,at,account,seen\n").is_empty());
    }
}
