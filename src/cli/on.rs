//! Where accounts and journal are: `--on local` or `--on aws`.

use clap::ValueEnum;

use super::arguments::{Arguments, Fleet};
use super::{Context, Exit, Failure};

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
/// For `--on aws` with such a command.
pub fn refuse_elsewhere(arguments: &Arguments) -> Result<(), Failure> {
    let common = &arguments.common;
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
    Err(Failure::new(Exit::Usage, "this build of spa does not reach AWS")
        .help("`cargo build --release --features aws` makes one that does; it takes some minutes longer")
        .help("--on local, or SPA_ON=local, asks the organization on this machine"))
}
