//! Every command and switch.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{
    Exit, Format, account, accounts, check, completions, events, explain, schema, simulate, up, validate,
    window,
};

/// Keeps a company's personal AWS accounts prepared, purged and accounted for.
#[derive(Debug, Parser)]
#[command(name = "spa", version, after_help = Exit::help(), propagate_version = true, max_term_width = 110)]
pub struct Arguments {
    /// Switches that every command knows.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Switches that every command knows.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// The settings file.
    #[arg(long, global = true, value_name = "FILE", env = "SPA_SETTINGS", default_value = "settings.yaml")]
    pub settings: PathBuf,
    /// The file that keeps the local organization and its journal.
    #[arg(long, global = true, value_name = "FILE", env = "SPA_STORE", default_value = "spa.db")]
    pub store: PathBuf,
    /// How data is printed.
    #[arg(long, short, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: Format,
    /// Never uses colour. `NO_COLOR` in the environment says the same.
    #[arg(long, global = true)]
    pub no_color: bool,
    /// What is logged to standard error: off, error, warn, info, debug or trace, also by module
    /// [default: warn; off for simulate].
    #[arg(long, global = true, value_name = "FILTER", env = "SPA_LOG")]
    pub log: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Checks a settings file and the files that it names: every fault at once, each with its place.
    Validate(validate::Options),
    /// Runs an organization through weeks of virtual time, lets everything go wrong, and reports.
    Simulate(simulate::Options),
    /// Tells what counts for one account, and which line says so; and when the next windows open.
    Explain(explain::Options),
    /// Keeps a local organization alive, in real or in accelerated time.
    Up(up::Options),
    /// Shows the accounts: state, holder, unit, what is done with each, and what comes next.
    Accounts(accounts::Options),
    /// One account in full, and what operators may ask for.
    Account(account::Options),
    /// Checks every account against its settings; the exit status says whether anything was found.
    Check(check::Options),
    /// Shows what the next maintenance window would do, and opens one.
    Window(window::Options),
    /// Hands events to the local organization, and shows those that were refused.
    Events(events::Options),
    /// Prints the JSON Schema of settings.yaml, for editors.
    Schema(schema::Options),
    /// Prints completions for a shell.
    Completions(completions::Options),
}

impl Command {
    /// What is logged when nobody says what.
    pub const fn log(&self) -> &'static str {
        // What goes wrong in a simulation goes wrong on purpose, and stands in the report.
        if matches!(self, Self::Simulate(_)) { "off" } else { "warn" }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_fit_together() {
        Arguments::command().debug_assert();
    }
}
