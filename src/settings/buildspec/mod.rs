//! What a build does, in the form of CodeBuild.
//!
//! - here: a buildspec that CodeBuild would take, as far as its outline tells; that much is asked of all settings
//! - [`script`]: what it says, with the place of each command
//! - [`mod@check`]: everything that is wrong or doubtful, before anybody runs it
//! - [`shell`], [`downloads`], [`syntax`], [`place`]: what a check needs to know of the shell inside

mod check;
mod downloads;
mod place;
mod script;
mod shell;
mod syntax;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use state_machine::Text;

use super::files::{self, SMALL_LIMIT, Unreadable};
use super::value::shown;

pub use check::{Looked, check};
pub(crate) use script::MAX_LENGTH;
pub use script::{Command, OnFailure, Phase, PhaseName, Script, Shell};

/// A buildspec that CodeBuild would take, as far as its outline tells.
///
/// See <https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buildspec {
    /// Where it was found.
    pub path: PathBuf,
    /// What it says, as it is handed to CodeBuild.
    pub text: Text,
}

/// Why CodeBuild would refuse a buildspec.
#[derive(Debug, thiserror::Error)]
#[error("{} is not a buildspec: {because}", path.display())]
pub struct InvalidBuildspec {
    path: PathBuf,
    because: String,
}

/// The parts that CodeBuild needs. It knows others, and they are its own business.
#[derive(Deserialize)]
struct Outline {
    version: Option<serde_yaml::Value>,
    phases: Option<BTreeMap<String, Option<Outlined>>>,
}

#[derive(Deserialize)]
struct Outlined {
    commands: Option<Vec<serde_yaml::Value>>,
}

/// Reads the file of a buildspec.
///
/// # Errors
/// When it gives no text, or is larger than any buildspec.
pub fn read(path: &Path) -> Result<String, Unreadable> {
    files::read(path, SMALL_LIMIT)
}

impl Buildspec {
    /// Takes over the text of a buildspec.
    ///
    /// # Errors
    /// When CodeBuild would refuse it before the first command.
    pub fn parse(path: PathBuf, text: String) -> Result<Self, InvalidBuildspec> {
        match fault(&text) {
            None => Ok(Self { path, text: text.into() }),
            Some(because) => Err(InvalidBuildspec { path, because }),
        }
    }

    /// Where it was found.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn fault(text: &str) -> Option<String> {
    const PHASES: [&str; 4] = ["install", "pre_build", "build", "post_build"];
    let outline: Outline = match serde_yaml::from_str(text) {
        Ok(outline) => outline,
        Err(error) => return Some(error.to_string()),
    };
    let version = match &outline.version {
        Some(serde_yaml::Value::Number(number)) => number.to_string(),
        Some(serde_yaml::Value::String(text)) => text.clone(),
        _ => return Some("`version` is missing; write `version: 0.2`".to_owned()),
    };
    if !matches!(version.as_str(), "0.1" | "0.2") {
        return Some(format!("CodeBuild knows the versions 0.1 and 0.2, and this is {}", shown(&version)));
    }
    let phases = outline.phases.unwrap_or_default();
    if phases.is_empty() {
        return Some("`phases` is missing, so no command would run".to_owned());
    }
    if let Some(unknown) = phases.keys().find(|name| !PHASES.contains(&name.as_str())) {
        return Some(format!("{} is no phase; {} are", shown(unknown), PHASES.join(", ")));
    }
    let runs = |phase: &Option<Outlined>| {
        phase.as_ref().and_then(|phase| phase.commands.as_ref()).is_some_and(|commands| !commands.is_empty())
    };
    (!phases.values().any(runs)).then(|| "no phase has `commands`, so nothing would run".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buildspecs_that_codebuild_would_refuse_are_refused() {
        let said = |text: &str| {
            Buildspec::parse("b.yaml".into(), text.to_owned()).map(|_| ()).map_err(|error| error.to_string())
        };
        let good =
            "version: 0.2\nenv:\n  variables: {A: b}\nphases:\n  build:\n    commands:\n    - echo hello\n";
        assert_eq!(said(good), Ok(()));
        assert_eq!(said(&good.replace("0.2", "'0.2'")), Ok(()));
        let cases = [
            ("", "`version` is missing"),
            ("version: 0.2\n", "`phases` is missing"),
            ("version: 0.3\nphases: {build: {commands: [a]}}\n", "0.1 and 0.2"),
            ("version: 0.2\nphases: {biuld: {commands: [a]}}\n", "`biuld` is no phase"),
            ("version: 0.2\nphases: {build: {}}\n", "nothing would run"),
            ("version: 0.2\nphases: {build: }\n", "nothing would run"),
            ("version: 0.2\nphases: [a]\n", "phases"),
            ("a: [", "b.yaml is not a buildspec"),
        ];
        for (text, expected) in cases {
            let said = said(text).unwrap_err();
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
