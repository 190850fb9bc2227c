//! The program, and files for it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use spa::cloud::local::faults::Faults;
use spa::settings::Settings;
use spa::simulation::Scenario;

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `spa simulate` with these words, in the root of the repository.
pub fn simulate(words: &[&str]) -> Output {
    program(words).output().unwrap()
}

/// The same, not started yet.
pub fn program(words: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_spa"));
    program.current_dir(root()).arg("simulate").args(words);
    for name in ["SPA_SETTINGS", "SPA_STORE", "SPA_LOG", "NO_COLOR", "CLICOLOR_FORCE"] {
        program.env_remove(name);
    }
    program
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What the program printed as JSON.
pub fn json(output: &Output) -> serde_json::Value {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A file of this name below `tests/simulation`.
pub fn file(name: &str) -> PathBuf {
    root().join("tests/simulation").join(name)
}

/// The settings of the repository.
pub fn settings() -> Arc<Settings> {
    Arc::new(spa::settings::load(&root().join("settings.yaml")).settings.unwrap())
}

/// Some accounts and days, without faults.
pub fn scenario(accounts: usize, days: u32) -> Scenario {
    Scenario {
        accounts,
        days,
        seed: 1,
        faults: Faults::none(),
        start: "2027-01-04T00:00:00Z".parse().unwrap(),
        organization: None,
        adopt: false,
        watched: true,
    }
}
