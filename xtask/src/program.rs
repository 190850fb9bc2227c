//! Other programs, run in the root of the repository.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fault::Fault;

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A program with its arguments.
#[derive(Clone, Debug)]
pub struct Program {
    name: OsString,
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

impl Program {
    /// A program, to be found on the path or at a path.
    pub fn new(name: impl Into<OsString>) -> Self {
        Self { name: name.into(), arguments: Vec::new(), environment: Vec::new() }
    }

    /// Cargo, the one that runs this.
    pub fn cargo(arguments: &str) -> Self {
        Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).with(arguments)
    }

    /// Adds arguments that hold no spaces.
    #[must_use]
    pub fn with(mut self, arguments: &str) -> Self {
        self.arguments.extend(arguments.split_whitespace().map(str::to_owned));
        self
    }

    /// Adds one argument, whatever it holds.
    #[must_use]
    pub fn and(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Runs it; what it prints goes where our output goes.
    ///
    /// # Errors
    /// When it could not be started, or ended with another status than 0.
    pub fn run(&self) -> Result<(), Fault> {
        println!("$ {}", self.shown());
        let status = self.command().status().map_err(|error| self.not_started(&error))?;
        if status.success() {
            Ok(())
        } else {
            Err(Fault::one(format!("`{}` ended with {status}", self.shown())))
        }
    }

    /// Runs it, and hands over each line of its standard output after printing it.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_with(&self, mut each: impl FnMut(&str)) -> Result<(), Fault> {
        println!("$ {}", self.shown());
        let mut child =
            self.command().stdout(Stdio::piped()).spawn().map_err(|error| self.not_started(&error))?;
        if let Some(output) = child.stdout.take() {
            let mut lines = BufReader::new(output);
            let mut line = Vec::new();
            // Lines are taken as bytes: a test may print anything.
            while lines.read_until(b'\n', &mut line).map_err(|error| self.not_started(&error))? > 0 {
                let printed = std::io::stdout().write_all(&line);
                printed.map_err(|error| Fault::one(format!("standard output: {error}")))?;
                each(String::from_utf8_lossy(&line).trim_end());
                line.clear();
            }
        }
        let status = child.wait().map_err(|error| self.not_started(&error))?;
        if status.success() {
            Ok(())
        } else {
            Err(Fault::one(format!("`{}` ended with {status}", self.shown())))
        }
    }

    /// Runs it silently, for what it writes to its standard output.
    ///
    /// # Errors
    /// As [`Self::run`], with what it wrote to standard error.
    pub fn output(&self) -> Result<String, Fault> {
        let output = self.command().output().map_err(|error| self.not_started(&error))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            let told = String::from_utf8_lossy(&output.stderr);
            Err(Fault::one(format!("`{}` ended with {}\n{}", self.shown(), output.status, told.trim_end())))
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.name);
        command.args(&self.arguments).current_dir(root()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if !passes(&name.to_string_lossy()) {
                command.env_remove(&name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn not_started(&self, error: &std::io::Error) -> Fault {
        Fault::one(format!("`{}` could not be run: {error}", self.shown()))
    }

    /// As a person would type it.
    fn shown(&self) -> String {
        let program = Path::new(&self.name);
        let program = program.strip_prefix(root()).unwrap_or(program);
        let program = match program.file_stem() {
            Some(name) if name == "cargo" => "cargo".to_owned(),
            _ => program.display().to_string(),
        };
        let mut shown: Vec<String> =
            self.environment.iter().map(|(name, value)| format!("{name}='{value}'")).collect();
        shown.push(program);
        shown.extend(self.arguments.iter().map(|argument| {
            let plain = !argument.is_empty() && !argument.contains(|c: char| " '\"$|{".contains(c));
            if plain { argument.clone() } else { format!("'{argument}'") }
        }));
        shown.join(" ")
    }
}

/// Whether a variable of our environment is handed on.
///
/// - What cargo tells the program that it runs is not meant for the cargo that this program runs.
/// - What a person has set for `spa`, or to write goldens anew, would make checks say something else here than
///   elsewhere.
fn passes(name: &str) -> bool {
    let prefixes = ["CARGO_PKG_", "CARGO_MANIFEST_", "SPA_", "UPDATE_GOLDENS"];
    !prefixes.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_bend_a_check_is_not_handed_on() {
        for name in ["CARGO_PKG_NAME", "SPA_STORE", "UPDATE_GOLDENS"] {
            assert!(!passes(name), "{name}");
        }
        for name in ["PATH", "CARGO_TARGET_DIR", "CI"] {
            assert!(passes(name), "{name}");
        }
    }

    #[test]
    fn a_command_is_shown_as_a_person_would_type_it() {
        let program =
            Program::new(root().join("target/x")).with("a b").and("c d").variable("NAME", "some value");
        assert_eq!(program.shown(), "NAME='some value' target/x a b 'c d'");
        assert_eq!(Program::cargo("test").shown(), "cargo test");
    }

    #[test]
    fn a_program_that_fails_is_told_with_its_words() {
        let fault =
            Program::new("sh").with("-c").and("echo no >&2; exit 3").output().map_err(|f| f.to_string());
        assert!(fault.as_ref().is_err_and(|fault| fault.contains('3') && fault.ends_with("no")), "{fault:?}");
        assert!(Program::new("no-such-program").run().is_err());
    }
}
