//! `spa settings`: the settings of a deployment, in parameters of Systems Manager: what a change would do, doing it,
//! what was done, and undoing it.
//!
//! | module | holds |
//! | --- | --- |
//! | `named` | a parameter, as people name it |
//! | `words` | what differs between two values, in words |
//! | `affected` | which accounts a change affects, and how |
//! | `plan` | a change: parameters, accounts, and what is dangerous in it |
//! | `shown` | a plan for people and programs |
//! | `consent` | whoever switches a purge on has to say for how many accounts |
//! | `write` | a plan, carried out |
//! | `history` | what was changed, when, and by whom |
//! | `rollback` | what stood there before, as the aim of a plan |

#[cfg(feature = "aws")]
mod affected;
#[cfg(feature = "aws")]
mod consent;
#[cfg(feature = "aws")]
mod history;
#[cfg(feature = "aws")]
mod named;
#[cfg(feature = "aws")]
mod plan;
#[cfg(feature = "aws")]
mod rollback;
#[cfg(feature = "aws")]
mod shown;
#[cfg(feature = "aws")]
mod words;
#[cfg(feature = "aws")]
mod write;

#[cfg(feature = "aws")]
pub(super) use self::{
    consent::{agree, refuse_another_number},
    plan::Plan,
    shown::{shown, text},
    write::write,
};

use clap::{Args, Subcommand};
use state_machine::Timestamp;

use super::{Context, Exit, Failure, On, on, time};

/// What is asked.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Shows what settings.yaml would change in what is deployed, for which accounts, and changes nothing.
    Plan,
    /// Writes what settings.yaml changes, and nothing else.
    Apply(Consent),
    /// Shows what was changed, when, and by whom.
    History(HistoryOptions),
    /// Writes again what stood there before.
    #[command(disable_version_flag = true)]
    Rollback(RollbackOptions),
}

/// What somebody agrees to beforehand.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Consent {
    /// Does not ask for a confirmation. It does not cover a purge that is switched on.
    #[arg(long, short)]
    yes: bool,
    /// Agrees that a purge is switched on for this number of accounts. Another number is refused.
    #[arg(long, value_name = "N")]
    purge_on: Option<usize>,
}

/// Of what.
#[derive(Debug, Args)]
struct HistoryOptions {
    /// All that AWS keeps of this parameter: an account, a unit, `Defaults`, or the name of the parameter.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Without a name: so many parameters, those that were changed last.
    #[arg(long, value_name = "N", default_value_t = 10)]
    last: usize,
}

/// To what.
#[derive(Debug, Args)]
struct RollbackOptions {
    /// Only this parameter: an account, a unit, `Defaults`, or the name of the parameter.
    #[arg(value_name = "NAME", requires = "version", conflicts_with = "to")]
    name: Option<String>,
    /// The version of that parameter, as `spa settings history NAME` shows it.
    #[arg(long, value_name = "N", requires = "name")]
    version: Option<i64>,
    /// All parameters, as they stood at this instant.
    #[arg(long, value_name = "INSTANT", value_parser = time::instant, required_unless_present = "name")]
    to: Option<Timestamp>,
    /// Shows what would be changed, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
}

/// Answers.
///
/// # Errors
/// When the settings or the parameters cannot be used, or what is asked for is refused.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    match context.on() {
        On::Aws => on::settings(options, context),
        On::Local => {
            let message = "on this machine the settings are the file itself: there is nothing to write";
            Err(Failure::new(Exit::Usage, message)
                .help("--on aws, or SPA_ON=aws, asks for the parameters that the functions read"))
        }
    }
}

/// Answers, on AWS.
///
/// # Errors
/// When the settings or the parameters cannot be used, or what is asked for is refused.
#[cfg(feature = "aws")]
pub fn answer(options: &Options, context: &Context) -> Result<Exit, Failure> {
    use super::place::Place as _;
    use super::place::aws::AwsPlace;

    let place = AwsPlace::open(context)?;
    match &options.question {
        Question::Plan => {
            let plan = plan::Plan::of_file(&place, &*context.settings()?)?;
            shown::print(&plan, &place, context)?;
            Ok(Exit::Success)
        }
        Question::Apply(consent) => {
            let plan = plan::Plan::of_file(&place, &*context.settings()?)?;
            write::carry_out(&plan, *consent, &place, context)
        }
        Question::History(options) => history::show(options, &place, context),
        Question::Rollback(options) => {
            let plan = rollback::plan(options, &place)?;
            if options.dry_run {
                shown::print(&plan, &place, context)?;
                return Ok(Exit::Success);
            }
            let exit = write::carry_out(&plan, options.consent, &place, context)?;
            if !plan.difference.is_empty() {
                let path = context.settings_path().display();
                context
                    .screen()
                    .note(&format!("{path} was not changed: the next apply of it writes it again"));
            }
            Ok(exit)
        }
    }
}
