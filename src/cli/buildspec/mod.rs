//! `spa buildspec`: what builds do in accounts, looked at and tried on this machine.
//!
//! | module | command |
//! | --- | --- |
//! | [`mod@check`] | `check`: what is wrong with a buildspec, or doubtful, before anybody runs it |
//! | [`mod@run`] | `run`: on this machine, as CodeBuild would |
//! | [`phases`], [`mod@environment`], [`shell`] | in which order, with which variables, in which shell |

mod check;
mod environment;
mod phases;
mod run;
mod shell;

pub use check::{look, provided};

use clap::{Args, Subcommand};

use super::{Context, Exit, Failure};

/// What is asked about buildspecs.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Looks at buildspecs and runs nothing: structure, shell, variables, downloads, line ends.
    Check(check::Options),
    /// Runs a buildspec on this machine: in CodeBuild's order, with its variables, and with the credentials and the
    /// endpoints (`AWS_ENDPOINT_URL`) of this shell.
    Run(run::Options),
}

/// Answers.
///
/// # Errors
/// When a file cannot be read, or standard output cannot be written.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    match &options.question {
        Question::Check(options) => check::run(options, context),
        Question::Run(options) => run::run(options, context),
    }
}
