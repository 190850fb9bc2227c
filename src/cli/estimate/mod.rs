//! `spa estimate`: what a month costs, by service, with the prices that it is computed with.
//!
//! | module | holds |
//! | --- | --- |
//! | [`mod@history`] | accounts, and minutes of builds, as a journal tells them |
//! | [`shown`] | what is printed |

mod history;
mod shown;

use std::path::PathBuf;

use chrono::Utc;
use clap::Args;
use rust_decimal::Decimal;
use state_machine::Timestamp;

use self::history::History;
use self::shown::Estimated;
use super::place::local::LocalPlace;
use super::{Context, Exit, Failure, On};
use crate::estimate::bill::Bill;
use crate::estimate::measured::Measured;
use crate::estimate::prices::PriceList;
use crate::estimate::scenario::Scenario;
use crate::estimate::usage;
use crate::settings::Settings;

/// The most accounts: twenty times what AWS Organizations takes.
const MOST_ACCOUNTS: i64 = 1_000_000;

/// For what a month is estimated.
#[derive(Debug, Args)]
pub struct Options {
    /// So many accounts [default: those that the settings name; with --measured, those that the journal knows as managed].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST_ACCOUNTS))]
    accounts: Option<u32>,
    /// So many of them join in a month.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=MOST_ACCOUNTS))]
    joining: u32,
    /// Maintenance windows in a month [default: the schedule of the settings].
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    windows: Option<Decimal>,
    /// Minutes of a build that prepares an account; 0 where preparation is disabled [default: 5].
    #[arg(long, value_name = "MINUTES", value_parser = number)]
    prepare_minutes: Option<Decimal>,
    /// Minutes of a build that purges an account; 0 where purge is disabled [default: 10].
    #[arg(long, value_name = "MINUTES", value_parser = number)]
    purge_minutes: Option<Decimal>,
    /// Milliseconds that a function spends on each call to AWS [default: 50].
    #[arg(long, value_name = "MILLISECONDS", value_parser = number)]
    call_milliseconds: Option<Decimal>,
    /// Takes accounts and minutes of builds from the journal: of the local store, or of AWS with --on aws.
    #[arg(long)]
    measured: bool,
    /// Other prices than those of us-east-1 that come with the program: a copy of its file prices/us-east-1.yaml.
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
}

/// A number from 0 to 100,000, with four places at most.
fn number(text: &str) -> Result<Decimal, String> {
    let number = Decimal::from_str_exact(text).ok().filter(|number| {
        !number.is_sign_negative() && *number <= Decimal::from(100_000) && number.scale() <= 4
    });
    number.ok_or_else(|| format!("`{text}` is no number from 0 to 100000, such as 4 or 7.5"))
}

/// Estimates.
///
/// # Errors
/// When settings, prices or the journal cannot be used, or nobody says for how many accounts.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let prices = prices(options)?;
    let history = if options.measured { Some(history(context)?) } else { None };
    let accounts = accounts(options, &settings, history.as_ref())?;
    let mut scenario = Scenario::of(&settings, accounts, Timestamp::from(Utc::now()));
    scenario.joining = options.joining;
    let say = |place: &mut Decimal, said: Option<Decimal>| *place = said.unwrap_or(*place);
    if let Some(history) = &history {
        say(&mut scenario.prepare_minutes, history.prepare.minutes());
        say(&mut scenario.purge_minutes, history.purge.minutes());
    }
    say(&mut scenario.windows, options.windows);
    say(&mut scenario.prepare_minutes, options.prepare_minutes);
    say(&mut scenario.purge_minutes, options.purge_minutes);
    say(&mut scenario.call_milliseconds, options.call_milliseconds);
    let measured = Measured::ours().map_err(|error| Failure::of(Exit::Failed, &error))?;
    let bill = Bill::of(&usage::of(&scenario, &measured), &prices);
    let estimated = Estimated {
        scenario: &scenario,
        bill: &bill,
        prices: &prices,
        history: history.as_ref(),
        is_said: options.accounts.is_some(),
        settings: &settings,
    };
    shown::print(estimated, context)?;
    Ok(Exit::Success)
}

fn prices(options: &Options) -> Result<PriceList, Failure> {
    let Some(path) = &options.prices else {
        return PriceList::ours().map_err(|error| Failure::of(Exit::Failed, &error));
    };
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let exit = if missing { Exit::NotFound } else { Exit::Input };
        Failure::of(exit, &error).about(&format!("{name} cannot be read"))
    })?;
    PriceList::read(&text).map_err(|error| {
        Failure::of(Exit::Input, &error)
            .about(&format!("{name} cannot be used"))
            .help("prices/us-east-1.yaml of the repository has every price, and says how to write another")
    })
}

/// How many accounts: as somebody says, else as the journal knows, else as the settings name.
fn accounts(options: &Options, settings: &Settings, history: Option<&History>) -> Result<u32, Failure> {
    if let Some(accounts) = options.accounts {
        return Ok(accounts);
    }
    let known = history.map_or_else(|| settings.accounts().count(), |history| history.accounts);
    match u32::try_from(known) {
        Ok(accounts) if accounts > 0 => Ok(accounts),
        _ => {
            let message = match history {
                Some(_) => "the journal knows no managed account",
                None => "the settings name units and no accounts, so nobody knows how many there are",
            };
            let failure = Failure::new(Exit::Usage, message).help("--accounts N says for how many");
            let help = "--measured counts those of the journal: of the local store, or of AWS with --on aws";
            Err(if history.is_some() { failure } else { failure.help(help) })
        }
    }
}

fn history(context: &Context) -> Result<History, Failure> {
    match context.on() {
        On::Local => history::read::<LocalPlace>(context),
        On::Aws => elsewhere(context),
    }
}

#[cfg(feature = "aws")]
fn elsewhere(context: &Context) -> Result<History, Failure> {
    use super::place::aws::{AwsPlace, explain};
    history::read::<AwsPlace>(context).map_err(|failure| explain(failure, context))
}

#[cfg(not(feature = "aws"))]
fn elsewhere(_context: &Context) -> Result<History, Failure> {
    Err(super::on::beyond_reach())
}
