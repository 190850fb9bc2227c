//! `spa doctor`: everything that must be true before the rest can work, each with what was seen, and with what helps.
//! Nothing is changed, unless somebody says `--fix`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`checkup`] | what was looked at, and what came of it; what rests on what |
//! | [`facts`] | what a journal tells of the fleet |
//! | [`local`] | the organization on this machine |
//! | `aws` | the real one, in builds that reach it |
//! | [`report`] | what is printed |

#[cfg(feature = "aws")]
mod aws;
mod checkup;
mod facts;
mod local;
mod report;

use std::sync::Arc;

use chrono::Utc;
use clap::Args;
use state_machine::Timestamp;

use self::checkup::Finding;
use self::facts::count;
use super::{Context, Exit, Failure, On};
use crate::settings::{self, Settings};

/// The first check of each place.
const SETTINGS: &str = "settings";

/// In how many accounts the member role is tried, where nobody said.
#[cfg(feature = "aws")]
const SAMPLE: usize = 20;

/// How much is looked at.
#[derive(Debug, Default, Args)]
pub struct Options {
    /// On AWS: in how many managed accounts the member role is tried, spread over all; `all` tries each
    /// [default: 20].
    #[arg(long, value_name = "NUMBER", value_parser = sample)]
    accounts: Option<usize>,
    /// On AWS: does what helps, where that is safe: protects the table of the journal. Says what, asks, and looks again.
    /// Nothing that it does touches accounts.
    #[arg(long)]
    fix: bool,
    /// With --fix: does not ask for a confirmation.
    #[arg(long, short, requires = "fix")]
    yes: bool,
}

/// Somebody wants done what helps.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "on this machine nothing is repaired"))]
struct Repair {
    /// Nobody is asked.
    yes: bool,
}

fn sample(text: &str) -> Result<usize, String> {
    if text == "all" {
        return Ok(usize::MAX);
    }
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("`{text}` is neither a number of accounts nor `all`"))
}

/// Looks at everything.
///
/// # Errors
/// When standard output cannot be written, or the program itself fails. What is wrong with what is looked at is data.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let checkup = match context.on() {
        // It must not be a mistake that passes unseen.
        On::Local if options.accounts.is_some() || options.fix => {
            let switch = if options.fix { "--fix" } else { "--accounts" };
            let message = format!("{switch} is for AWS, and this is the organization on this machine");
            return Err(Failure::new(Exit::Usage, message).help("--on aws, or SPA_ON=aws, asks the real one"));
        }
        On::Local => local::run(context)?,
        On::Aws => elsewhere(options, context)?,
    };
    report::print(&checkup, context)
}

#[cfg(feature = "aws")]
fn elsewhere(options: &Options, context: &Context) -> Result<checkup::Checkup, Failure> {
    let repair = options.fix.then_some(Repair { yes: options.yes });
    aws::run(options.accounts.unwrap_or(SAMPLE), repair, context)
}

#[cfg(not(feature = "aws"))]
fn elsewhere(_options: &Options, _context: &Context) -> Result<checkup::Checkup, Failure> {
    Err(super::on::beyond_reach())
}

/// Whether the settings can be used, and they themselves.
fn settings(context: &Context) -> (Finding, Option<Arc<Settings>>) {
    let path = context.settings_path();
    let loaded = settings::load_at(path, Timestamp::from(Utc::now()));
    let path = path.display();
    let doubts = loaded.report.diagnostics().len();
    let finding = match &loaded.settings {
        Some(settings) => {
            let environment = settings.environment_identifier().to_text();
            let units = count(settings.units().count(), "unit");
            let accounts = count(settings.accounts().count(), "account");
            let seen = format!("{path}: environment {environment}, {units} and {accounts} named");
            if doubts == 0 {
                Finding::good(seen)
            } else {
                Finding::warning(
                    format!("{seen}, {doubts} doubtful"),
                    format!("`spa validate {path}` tells which"),
                )
            }
        }
        None if loaded.missing => Finding::bad(
            format!("there are no settings at {path}"),
            "write them, the example settings.yaml explains each; --settings FILE or SPA_SETTINGS names another file",
        ),
        None => Finding::bad(
            format!("{path} cannot be used: {}", count(doubts, "finding")),
            format!("`spa validate {path}` tells each with its place"),
        ),
    };
    (finding, loaded.settings.map(Arc::new))
}
