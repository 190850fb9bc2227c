//! The order of CodeBuild: which phase follows which, and what is left out when a command fails.
//!
//! <https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html>

use std::time::{Duration, Instant};

use crate::settings::{BuildCommand, OnFailure, Phase, PhaseName, Script};

use super::super::Failure;

/// How a phase went.
#[derive(Clone, Debug)]
pub struct Went {
    /// Which one.
    pub name: PhaseName,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

/// How a phase ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of its commands ended with status 0.
    Succeeded,
    /// A command did not.
    Failed {
        /// Which one.
        command: BuildCommand,
        /// Its status.
        status: i32,
    },
    /// An earlier phase failed, and so it was not run.
    LeftOut,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this status.
    Status(i32),
    /// Because somebody stopped the build.
    Interrupted,
}

/// What runs commands.
pub trait Runs {
    /// Tells that a phase begins.
    fn begin(&mut self, phase: PhaseName);

    /// Runs a command. `succeeding` tells whether all went well before.
    ///
    /// # Errors
    /// When it cannot even be started.
    fn command(&mut self, command: &BuildCommand, succeeding: bool) -> Result<Ended, Failure>;
}

/// Runs all phases. Gives nothing when somebody stopped the build.
///
/// # Errors
/// When a command cannot even be started.
pub fn all(script: &Script, runs: &mut impl Runs) -> Result<Option<Vec<Went>>, Failure> {
    let mut went: Vec<Went> = Vec::new();
    let mut succeeding = true;
    let mut stopped = false;
    for phase in &script.phases {
        if stopped {
            went.push(Went { name: phase.name, outcome: Outcome::LeftOut, took: Duration::ZERO });
            continue;
        }
        let start = Instant::now();
        runs.begin(phase.name);
        let Some(outcome) = one(phase, &mut succeeding, runs)? else { return Ok(None) };
        stopped = outcome != Outcome::Succeeded && !goes_on(phase);
        went.push(Went { name: phase.name, outcome, took: start.elapsed() });
    }
    Ok(Some(went))
}

/// Whether the next phase is run although this one failed.
fn goes_on(phase: &Phase) -> bool {
    match phase.on_failure {
        OnFailure::Continue => true,
        OnFailure::Abort => false,
        OnFailure::Usual | OnFailure::Retry => phase.name == PhaseName::Build,
    }
}

/// The commands up to the one that fails, and then those of `finally`, whatever came before. The first failure counts.
fn one(phase: &Phase, succeeding: &mut bool, runs: &mut impl Runs) -> Result<Option<Outcome>, Failure> {
    let mut outcome = Outcome::Succeeded;
    for commands in [&phase.commands, &phase.finally] {
        for command in commands {
            match runs.command(command, *succeeding)? {
                Ended::Status(0) => {}
                Ended::Status(status) => {
                    *succeeding = false;
                    if outcome == Outcome::Succeeded {
                        outcome = Outcome::Failed { command: command.clone(), status };
                    }
                    break;
                }
                Ended::Interrupted => return Ok(None),
            }
        }
    }
    Ok(Some(outcome))
}
