//! The program, in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// No input, however bad, may keep anybody waiting. What tests run is not optimised and shares the machine, so
/// this is twenty times what it takes; time that grows faster than the input would still be noticed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The smallest settings, in block style, so that a test may append others.
pub(crate) const BASE: &str = "\
automation:
  account_id: '999988887777'
  region: eu-west-1
  maintenance_window_expression: cron(0 18 ? * SAT *)
worker:
  preparation_buildspec_template_file: prepare.yaml
  purge_buildspec_template_file: purge.yaml
";

const BUILDSPEC: &str = "version: 0.2\nphases:\n  build:\n    commands:\n      - 'true'\n";

/// A folder with good settings, removed at the end of the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("spa-commands-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let folder = Self(path);
        folder.write("settings.yaml", BASE);
        folder.write("prepare.yaml", BUILDSPEC);
        folder.write("purge.yaml", BUILDSPEC);
        folder
    }

    /// A folder whose settings are the base and what is appended to it.
    pub(crate) fn with(appended: &str) -> Self {
        let folder = Self::new();
        folder.write("settings.yaml", format!("{BASE}{appended}"));
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Runs the program in this folder.
    pub(crate) fn spa(&self, arguments: &[&str]) -> Answer {
        self.spa_with(arguments, &[])
    }

    /// The same, with these variables in its environment.
    pub(crate) fn spa_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Answer {
        let start = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_spa"))
            .args(arguments)
            .current_dir(&self.0)
            .env_remove("SPA_SETTINGS")
            .env_remove("SPA_STORE")
            .env_remove("SPA_LOG")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        Answer { took: start.elapsed(), ..Answer::of(output) }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What the program said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: i32,
    pub(crate) data: String,
    pub(crate) notes: String,
    pub(crate) took: Duration,
}

impl Answer {
    fn of(output: Output) -> Self {
        Self {
            // A process that a signal ended has no status.
            status: output.status.code().unwrap_or(-1),
            data: String::from_utf8(output.stdout).unwrap(),
            notes: String::from_utf8(output.stderr).unwrap(),
            took: Duration::ZERO,
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}\n{self:?}"))
    }
}
