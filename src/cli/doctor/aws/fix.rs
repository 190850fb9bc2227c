//! What `--fix` does: what protects the facts, and nothing else.
//!
//! Each of these can be undone with one command, deletes nothing, and touches no account of a holder. Everything else is left
//! to people: a queue, a rule or a parameter that is missing is missing for a reason, and belongs to a template or to
//! `spa settings apply`, which shows what accounts it affects.

use super::Deployed;
use crate::cli::doctor::checkup::Fix;
use crate::cli::place::aws::failure;
use crate::cli::{Failure, Subject};
use crate::journal::dynamodb::protect;

/// What it would do, in words.
pub fn named(deployed: &Deployed<'_>, fix: Fix) -> String {
    let table = &deployed.deployment.table;
    match fix {
        Fix::Recovery => {
            format!("switch point-in-time recovery of the table {table} on (AWS charges for what it keeps)")
        }
        Fix::DeletionProtection => format!("protect the table {table} from being deleted"),
    }
}

/// Does it.
///
/// # Errors
/// When AWS does not do it.
pub async fn carry_out(deployed: &Deployed<'_>, fix: Fix) -> Result<(), Failure> {
    let (own, governor) = (deployed.connections.own(), &deployed.governor);
    let table = &deployed.deployment.table;
    let done = match fix {
        Fix::Recovery => {
            let client = aws_sdk_dynamodb::Client::new(&own);
            protect::switch_recovery_on(&client, governor, table).await
        }
        Fix::DeletionProtection => {
            let client = aws_sdk_dynamodb::Client::new(&own);
            protect::from_deletion(&client, governor, table).await
        }
    };
    done.map_err(|error| {
        failure(&error, Subject::Journal).about(&format!("could not {}", named(deployed, fix)))
    })
}
