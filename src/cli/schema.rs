//! `spa schema`: the rules of settings.yaml, for editors.

use clap::Args;

use crate::settings;

use super::{Context, Exit, Failure};

/// Nothing to choose.
#[derive(Debug, Args)]
pub struct Options {}

/// Prints the schema. It is JSON in every format.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(_options: &Options, context: &Context) -> Result<Exit, Failure> {
    context.screen().json(&settings::json_schema())?;
    Ok(Exit::Success)
}
