//! `spa schema`: the rules of settings.yaml, for editors.

use std::path::PathBuf;

use clap::Args;

use crate::settings;

use super::{Context, Exit, Failure};

/// Whether to print it, or to look whether a file still holds it.
#[derive(Debug, Args)]
pub struct Options {
    /// Prints nothing, and tells whether FILE holds this schema: for those who keep it beside their settings.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// Prints the schema. It is JSON in every format.
///
/// # Errors
/// When standard output cannot be written, or the file to be checked cannot be read.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let Some(path) = &options.check else {
        context.screen().json(&settings::json_schema())?;
        return Ok(Exit::Success);
    };
    let name = path.display();
    let text = std::fs::read(path).map_err(|error| {
        let exit = match error.kind() {
            std::io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::Input,
        };
        Failure::of(exit, &error).about(&format!("{name} cannot be read"))
    })?;
    let held: serde_json::Value = serde_json::from_slice(&text)
        .map_err(|error| Failure::of(Exit::Input, &error).about(&format!("{name} holds no schema")))?;
    // Editors write JSON as they like; what it says counts.
    if held == settings::json_schema() {
        return Ok(Exit::Success);
    }
    context.screen().warn(&format!("{name} holds another schema; `spa schema > {name}` renews it"));
    Ok(Exit::Found)
}
