//! Every command and switch.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use super::{
    Exit, Format, On, account, accounts, buildspec, check, completions, deploy, doctor, estimate, events,
    explain, schema, settings, simulate, up, validate, window,
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

impl Arguments {
    /// Reads the arguments of the process.
    ///
    /// # Errors
    /// When they are wrong, or ask for help.
    pub fn read() -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches()?;
        let mut arguments =
            Self::from_arg_matches(&matches).map_err(|error| error.format(&mut Self::command()))?;
        arguments.common.on_is_named = matches.value_source("on") == Some(ValueSource::CommandLine);
        Ok(arguments)
    }
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
    /// Where accounts and journal are: on this machine, or on AWS.
    #[arg(long, global = true, value_name = "PLACE", value_enum, env = "SPA_ON", default_value_t)]
    pub on: On,
    /// Whether the arguments say where, and not the environment.
    #[arg(skip)]
    pub on_is_named: bool,
    /// On AWS: the profile to act as, from the files that `aws configure` writes [default: the environment's
    /// keys, else `AWS_PROFILE`].
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// On AWS: the region in which the system runs, when it is not the one of the settings.
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// How data is printed.
    #[arg(long, short, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: Format,
    /// Never uses colour. `NO_COLOR` in the environment says the same.
    #[arg(long, global = true)]
    pub no_color: bool,
    /// What is logged to standard error: off, error, warn, info, debug or trace, also by module
    /// [default: warn; off for simulate, error for doctor].
    #[arg(long, global = true, value_name = "FILTER", env = "SPA_LOG")]
    pub log: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Checks a settings file and the files that it names: every fault at once, each with its place.
    Validate(validate::Options),
    /// Looks at everything that must be true before the rest can work: what was seen, and what helps. Changes nothing.
    Doctor(doctor::Options),
    /// Runs an organization through weeks of virtual time, lets everything go wrong, and reports.
    Simulate(simulate::Options),
    /// Tells what counts for one account, and which line says so; and when the next windows open.
    Explain(explain::Options),
    /// Keeps a local organization alive, in real or in accelerated time.
    Up(up::Options),
    /// What is asked of an organization, wherever it is.
    #[command(flatten)]
    Fleet(Fleet),
    /// The settings that are deployed: what a change does, writing it, what was changed, and changing it back.
    Settings(settings::Options),
    /// What builds do in accounts: looks at buildspecs before anybody runs them.
    Buildspec(buildspec::Options),
    /// Tells what a month costs, by service, and with which prices; changes nothing.
    Estimate(estimate::Options),
    /// The system itself on AWS: what deploying would change, doing it, trying it, and taking it away.
    Deploy(deploy::Options),
    /// Prints the JSON Schema of settings.yaml, for editors.
    Schema(schema::Options),
    /// Prints completions for a shell.
    Completions(completions::Options),
}

/// What is asked of an organization, wherever it is.
#[derive(Debug, Subcommand)]
pub enum Fleet {
    /// Shows the accounts: state, holder, unit, what is done with each, and what comes next.
    Accounts(accounts::Options),
    /// One account in full, and what operators may ask for.
    Account(account::Options),
    /// Checks every account against its settings; the exit status says whether anything was found.
    Check(check::Options),
    /// Shows what the next maintenance window would do, and opens one.
    Window(window::Options),
    /// Handles events as the functions do, and shows those that were refused.
    Events(events::Options),
}

impl Command {
    /// Its name, when it is about a local organization and nothing else.
    pub const fn only_local(&self) -> Option<&'static str> {
        match self {
            Self::Simulate(_) => Some("simulate"),
            Self::Up(_) => Some("up"),
            Self::Validate(_)
            | Self::Doctor(_)
            | Self::Estimate(_)
            | Self::Explain(_)
            | Self::Fleet(_)
            | Self::Settings(_)
            | Self::Buildspec(_)
            | Self::Deploy(_)
            | Self::Schema(_)
            | Self::Completions(_) => None,
        }
    }

    /// What is logged when nobody says what.
    pub const fn log(&self) -> &'static str {
        // What a check finds is told once, as its finding.
        if matches!(self, Self::Doctor(_)) {
            return "error,aws_config=off";
        }
        // What goes wrong in a simulation goes wrong on purpose, and stands in the report.
        // What aws-config warns of keeps us from going on, and is told as an error, with what helps.
        if matches!(self, Self::Simulate(_)) { "off" } else { "warn,aws_config=error" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_fit_together() {
        Arguments::command().debug_assert();
    }
}
