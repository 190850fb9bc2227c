//! Where accounts and journal are: `--on local` or `--on aws`.

use std::sync::Arc;

use clap::ValueEnum;
use state_machine::{Account, AccountId};

use super::arguments::{Arguments, Common, Fleet};
use super::{Context, Exit, Failure, deploy, settings};

/// Where accounts and journal are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum On {
    /// In a file of this machine, which `spa up` lets live.
    #[default]
    Local,
    /// In AWS: the real organization.
    Aws,
}

/// Refuses what there is on this machine only, when somebody has just asked for it on AWS. What the environment says
/// is meant for the other commands.
///
/// # Errors
/// For `--on aws` with such a command, and for what is meant for AWS without `--on aws`.
pub fn refuse_elsewhere(arguments: &Arguments) -> Result<(), Failure> {
    let common = &arguments.common;
    refuse_without_aws(common)?;
    match arguments.command.only_local() {
        Some(command) if common.on == On::Aws && common.on_is_named => {
            let message =
                format!("spa {command} plays an organization on this machine; there is none on AWS");
            Err(Failure::new(Exit::Usage, message).help(
                "without --on aws it does so; on AWS the deployed functions keep the organization alive",
            ))
        }
        Some(_) | None => Ok(()),
    }
}

/// Refuses what is meant for AWS, where nobody has asked for it: it must not be a mistake that passes unseen.
///
/// # Errors
/// For `--profile` or `--region` without `--on aws`.
fn refuse_without_aws(common: &Common) -> Result<(), Failure> {
    let given = [("--profile", &common.profile), ("--region", &common.region)];
    match given.into_iter().find(|(_, value)| value.is_some()) {
        Some((switch, _)) if common.on == On::Local => {
            let message = format!("{switch} is for AWS, and this is the organization on this machine");
            Err(Failure::new(Exit::Usage, message).help("--on aws, or SPA_ON=aws, asks the real one"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The head of an account in the journal of the real organization.
///
/// # Errors
/// When it cannot be read.
#[cfg(feature = "aws")]
pub fn head(id: AccountId, context: &Context) -> Result<Arc<Account>, Failure> {
    use super::place::Place as _;
    use super::place::aws::{AwsPlace, explain};
    use crate::journal::Journal as _;

    let head = || {
        let place = AwsPlace::open(context)?;
        Ok(place.done(place.journal().account(id))??)
    };
    head().map_err(|failure: Failure| {
        explain(failure, context).help("with --unit OU, the journal is not asked")
    })
}

/// Says how to get a program that reaches AWS.
///
/// # Errors
/// Always.
#[cfg(not(feature = "aws"))]
pub fn head(_id: AccountId, _context: &Context) -> Result<Arc<Account>, Failure> {
    Err(beyond_reach().help("with --unit OU, the journal is not asked"))
}

/// Asks something of the real organization.
///
/// # Errors
/// What the command says, with where it was asked, and what to do.
#[cfg(feature = "aws")]
pub fn aws(command: &Fleet, context: &Context) -> Result<Exit, Failure> {
    use super::place::aws::{AwsPlace, explain};

    super::ask::<AwsPlace>(command, context).map_err(|failure| explain(failure, context))
}

/// Says how to get a program that reaches AWS.
///
/// # Errors
/// Always.
#[cfg(not(feature = "aws"))]
pub fn aws(_command: &Fleet, _context: &Context) -> Result<Exit, Failure> {
    Err(beyond_reach())
}

/// Asks something of the settings that are deployed.
///
/// # Errors
/// What the command says, with where it was asked, and what to do.
#[cfg(feature = "aws")]
pub fn settings(options: &settings::Options, context: &Context) -> Result<Exit, Failure> {
    use super::place::aws::explain;

    settings::answer(options, context).map_err(|failure| explain(failure, context))
}

/// Says how to get a program that reaches AWS.
///
/// # Errors
/// Always.
#[cfg(not(feature = "aws"))]
pub fn settings(_options: &settings::Options, _context: &Context) -> Result<Exit, Failure> {
    Err(beyond_reach())
}

/// Deploys, or says what deploying would do.
///
/// # Errors
/// What the command says, with where it was asked, and what to do.
#[cfg(feature = "aws")]
pub fn deploy(options: &deploy::Options, context: &Context) -> Result<Exit, Failure> {
    use super::place::aws::explain;

    deploy::answer(options, context).map_err(|failure| explain(failure, context))
}

/// Says how to get a program that reaches AWS.
///
/// # Errors
/// Always.
#[cfg(not(feature = "aws"))]
pub fn deploy(_options: &deploy::Options, _context: &Context) -> Result<Exit, Failure> {
    Err(beyond_reach())
}

/// What a build says that does not reach AWS.
#[cfg(not(feature = "aws"))]
pub fn beyond_reach() -> Failure {
    Failure::new(Exit::Usage, "this build of spa does not reach AWS")
        .help("`cargo build --release --features aws` makes one that does; it takes some minutes longer")
        .help("--on local, or SPA_ON=local, asks the organization on this machine")
}
