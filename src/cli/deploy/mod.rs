//! `spa deploy`: the system itself, on AWS: what deploying would change, doing it, trying it, and taking it away.
//!
//! Everything is decided by comparing what stands with what settings.yaml asks for, each time anew. So nothing has to
//! remember how far somebody came: the same command again does the rest.
//!
//! | module | holds |
//! | --- | --- |
//! | `desk` | who deploys, into which accounts and regions |
//! | `package` | the program of the functions, as a file |
//! | `part` | one stack: as it stands, and what would change |
//! | `plan` | all of it, with the settings |
//! | `shown` | a plan for people and programs |
//! | `progress` | waiting for CloudFormation, and telling what it does |
//! | `apply` | a plan, carried out |
//! | `destroy` | taking it away |
//! | `baselines` | taking away what stands in the managed accounts |
//! | `verify` | one test account, driven through a whole cycle |

#[cfg(feature = "aws")]
mod apply;
#[cfg(feature = "aws")]
mod baselines;
#[cfg(feature = "aws")]
mod desk;
#[cfg(feature = "aws")]
mod destroy;
#[cfg(feature = "aws")]
mod package;
#[cfg(feature = "aws")]
mod part;
#[cfg(feature = "aws")]
mod plan;
#[cfg(feature = "aws")]
mod progress;
#[cfg(feature = "aws")]
mod shown;
#[cfg(feature = "aws")]
mod verify;

use std::path::PathBuf;

use chrono::TimeDelta;
use clap::{Args, Subcommand};
use state_machine::AccountId;

use super::settings::Consent;
use super::{Context, Exit, Failure, On, on, time};

/// What is asked.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Shows what would change: resources, the program, parameters, and for which accounts. Changes nothing.
    Plan(Source),
    /// Deploys what settings.yaml asks for. It may be interrupted: the same command again does the rest.
    Apply(ApplyOptions),
    /// Drives a test account through a whole cycle on what is deployed: expired, purged, prepared, released; times each step.
    Verify(VerifyOptions),
    /// Takes the system away, and the baselines in managed accounts. Journal and reports stay.
    Destroy(DestroyOptions),
}

/// From where, and as whom.
#[derive(Clone, Debug, Args)]
struct Source {
    /// The program of the functions, a ZIP file [default: target/package/bootstrap.zip, else the one that is deployed].
    #[arg(long, value_name = "FILE")]
    package: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

/// As whom the management account is reached.
#[derive(Clone, Debug, Args)]
struct Reach {
    /// The profile for the management account. Without it, what is to be done there is told as a command.
    #[arg(long, value_name = "NAME")]
    management_profile: Option<String>,
}

#[derive(Debug, Args)]
struct ApplyOptions {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Debug, Args)]
struct VerifyOptions {
    /// The account: twelve digits. `deployment.test_accounts` has to name it.
    #[arg(value_name = "ACCOUNT")]
    account: AccountId,
    /// The longest that is waited, such as 2h.
    #[arg(long, value_name = "PERIOD", value_parser = time::period, default_value = "2h")]
    within: TimeDelta,
    /// Does not ask for a confirmation.
    #[arg(long, short)]
    yes: bool,
}

#[derive(Debug, Args)]
struct DestroyOptions {
    #[command(flatten)]
    reach: Reach,
    /// Deletes the journal and the reports, too: every fact about every account, for good.
    #[arg(long)]
    delete_facts: bool,
    /// Shows what would be taken away, and what stays, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Agrees that the system with this `environment_identifier` is taken away, and asks nobody.
    #[arg(long, value_name = "ENVIRONMENT")]
    confirm: Option<String>,
}

/// Answers.
///
/// # Errors
/// When settings, package or AWS cannot be used, or what is asked for is refused.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    match context.on() {
        On::Aws => on::deploy(options, context),
        On::Local => {
            let message = "on this machine there is nothing to deploy: `spa up` plays the organization";
            Err(Failure::new(Exit::Usage, message).help("--on aws, or SPA_ON=aws, deploys to the real one"))
        }
    }
}

/// Answers, on AWS.
///
/// # Errors
/// When settings, package or AWS cannot be used, or what is asked for is refused.
#[cfg(feature = "aws")]
pub fn answer(options: &Options, context: &Context) -> Result<Exit, Failure> {
    match &options.question {
        Question::Plan(source) => {
            let desk = desk::Desk::open(&source.reach, context)?;
            let plan = plan::Plan::draw(&desk, source.package.as_deref(), plan::Drawn::ToLook)?;
            shown::print(&plan, &desk, context)?;
            Ok(Exit::Success)
        }
        Question::Apply(options) => apply::run(options, context),
        Question::Verify(options) => verify::run(options, context),
        Question::Destroy(options) => destroy::run(options, context),
    }
}
