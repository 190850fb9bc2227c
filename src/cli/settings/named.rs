//! A parameter, as people name it.

use state_machine::{AccountId, Text, UnitId};

use crate::cli::{Exit, Failure};
use crate::settings::{Names, Subject};

/// The full name of the parameter that somebody means: an account, a unit, what stands behind the environment, or all
/// of it.
///
/// # Errors
/// When no parameter of the settings is called so.
pub(super) fn parameter(text: &str, names: &Names) -> Result<Text, Failure> {
    let name = if text.starts_with('/') {
        text.into()
    } else if let Ok(account) = text.parse::<AccountId>() {
        names.of_subject(&Subject::Account(account))
    } else if let Ok(unit) = text.parse::<UnitId>() {
        names.of_subject(&Subject::Unit(unit))
    } else {
        format!("{}/{text}", names.path()).into()
    };
    if names.owns(&name) {
        return Ok(name);
    }
    Err(Failure::new(Exit::Usage, format!("no parameter of the settings is called {name}"))
        .help("`spa settings history` shows how they are called"))
}
