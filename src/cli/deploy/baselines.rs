//! What stands in the managed accounts, taken away.

use state_machine::{AccountId, Standing as Managed};

use super::desk::Desk;
use crate::cli::Failure;
use crate::cli::place::Place as _;
use crate::cloud::aws::baseline::STACK;
use crate::cloud::aws::stacks::Stacks;
use crate::cloud::aws::stacks::standing::Standing;

/// A baseline of ours in an account.
#[derive(Debug)]
pub(super) struct Baseline {
    /// The account.
    pub account: AccountId,
    /// The stack.
    pub standing: Standing,
    /// The stacks of that account.
    pub stacks: Stacks,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Baselines {
    /// What stands there.
    pub found: Vec<Baseline>,
    /// Accounts that could not be looked into, with the reason.
    pub unseen: Vec<(AccountId, String)>,
}

impl Baselines {
    /// Looks into every managed account.
    ///
    /// # Errors
    /// When the organization cannot be read. An account that cannot be looked into is told.
    pub(super) fn find(desk: &Desk) -> Result<Self, Failure> {
        let environment = desk.settings.environment_identifier().as_str();
        let mut all = Self::default();
        for member in desk.place.members()? {
            let resolved = desk.settings.resolve(member.account, &member.profile.units);
            if resolved.standing().value != Managed::Managed {
                continue;
            }
            let account = member.account;
            let stacks = Stacks::new(&desk.place.member_account(account), desk.place.governor());
            match desk.place.done(Box::pin(stacks.look(STACK)))? {
                Ok(Some(standing))
                    if standing.tags.get("environment").is_some_and(|tag| tag == environment) =>
                {
                    all.found.push(Baseline { account, standing, stacks });
                }
                Ok(_) => {}
                Err(error) => all.unseen.push((account, error.to_string())),
            }
        }
        Ok(all)
    }
}
