//! `spa buildspec`: what builds do in accounts, looked at and tried on this machine.
//!
//! | module | command |
//! | --- | --- |
//! | [`mod@check`] | `check`: what is wrong with a buildspec, or doubtful, before anybody runs it |

mod check;

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
}

/// Answers.
///
/// # Errors
/// When a file cannot be read, or standard output cannot be written.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    match &options.question {
        Question::Check(options) => check::run(options, context),
    }
}
