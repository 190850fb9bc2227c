//! `spa completions`: what a shell completes.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::arguments::Arguments;
use super::{Context, Exit, Failure};

/// For which shell.
#[derive(Debug, Args)]
pub struct Options {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints a script that the shell reads at its start.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), "spa", &mut script);
    context.screen().text(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Success)
}
