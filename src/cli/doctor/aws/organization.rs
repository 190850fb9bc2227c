//! The organization, its units and accounts, and the role in each of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use state_machine::{AccountId, FailureKind, Standing, Status, UnitId};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Deployed, Finding};
use crate::cli::Subject;
use crate::cli::doctor::facts::{count, some_of};
use crate::cloud::Listed;
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::organization::{Organization, Unseen};
use crate::cloud::aws::{caller, inspect};

/// How many roles are tried at once: more would only wait before the governor, and lose their patience.
const AT_ONCE: usize = 20;

/// The accounts of the organization, where they could be listed.
pub type Members<'a> = Option<&'a Result<Vec<Listed>, CallError>>;

/// Whether the management role sees the organization that the settings mean. The account that owns it is described as
/// AWS names it: `arn:aws:organizations::444455556666:account/o-a1b2c3d4e5/444455556666`.
pub async fn owned(deployed: &Deployed<'_>, organization: &Organization) -> Finding {
    const REMEDY: &str = "automation.role_arn_to_manage_accounts must name a role in the account that owns the \
                          organization";
    let wanted = deployed.deployment.trust.management_account;
    let outside =
        || Finding::bad(format!("the role sees no organization with the account {wanted} in it"), REMEDY);
    let arn = match organization.described(wanted).await {
        Ok(described) => described.arn.unwrap_or_default(),
        Err(Unseen::NotFound) => return outside(),
        Err(Unseen::Unreadable(error)) if error.kind == FailureKind::Missing => return outside(),
        Err(Unseen::Unreadable(error)) => return deployed.told(&error, Subject::Organization),
    };
    let owner = arn.split(':').nth(4).unwrap_or_default();
    let name = arn.split('/').nth(1).unwrap_or_default();
    if owner == wanted.to_string() {
        Finding::good(format!("{name}, owned by {wanted}"))
    } else {
        Finding::bad(format!("{name} is owned by the account {owner}, and the settings say {wanted}"), REMEDY)
    }
}

/// Whether the organization has the units that the settings name.
pub async fn units(deployed: &Deployed<'_>) -> Finding {
    let named: Vec<UnitId> = deployed.settings.units().cloned().collect();
    let (mut missing, mut unread) = (Vec::new(), None);
    for unit in &named {
        match inspect::has_unit(&deployed.connections.management(), &deployed.governor, unit).await {
            Ok(true) => {}
            Ok(false) => missing.push(unit.to_string()),
            Err(error) => {
                unread = Some(error);
                break;
            }
        }
    }
    match (missing.as_slice(), unread) {
        (_, Some(error)) => Deployed::unseen(&error, "organizations:ListParents"),
        ([], None) => Finding::good(all_there(named.len(), "unit")),
        (_, None) => Finding::bad(
            format!(
                "{} of {} units of the settings do not exist: {}",
                missing.len(),
                named.len(),
                some_of(missing.iter().cloned(), missing.len())
            ),
            "`aws organizations list-organizational-units-for-parent --parent-id ROOT` lists those that do; \
             correct organizational_units in the settings",
        ),
    }
}

/// Whether the organization has the accounts that the settings name.
pub fn accounts(deployed: &Deployed<'_>, members: Members<'_>) -> Finding {
    let members = match members {
        Some(Ok(members)) => members,
        Some(Err(error)) => return deployed.told(error, Subject::Organization),
        None => return Finding::unseen("the accounts were not listed", "try again"),
    };
    let known: BTreeSet<AccountId> = members.iter().map(|member| member.account).collect();
    let named: Vec<AccountId> = deployed.settings.accounts().collect();
    let missing: Vec<String> =
        named.iter().filter(|account| !known.contains(account)).map(ToString::to_string).collect();
    let managed = managed(deployed, members).len();
    let seen = format!("the organization has {}, {managed} of them managed", count(members.len(), "account"));
    if !missing.is_empty() {
        return Finding::bad(
            format!(
                "{seen}; {} of {} that the settings name do not exist: {}",
                missing.len(),
                named.len(),
                some_of(missing.iter().cloned(), missing.len())
            ),
            "correct or remove them in the settings: `spa explain ACCOUNT` says which line names one",
        );
    }
    let seen = format!("{seen}; {}", all_there(named.len(), "account"));
    if managed == 0 {
        return Finding::warning(seen, "name an account, or the unit that it stands in, in the settings");
    }
    Finding::good(seen)
}

/// None of those that the settings name is missing.
fn all_there(number: usize, of: &str) -> String {
    match number {
        0 => format!("the settings name no {of}"),
        1 => format!("the {of} that the settings name exists"),
        number => format!("all {number} {of}s that the settings name exist"),
    }
}

/// Some of the accounts that are prepared and purged, those in which the member role is tried; none where they could not be
/// listed.
pub fn tried(deployed: &Deployed<'_>, members: Members<'_>, most: usize) -> Vec<AccountId> {
    let members = members.and_then(|members| members.as_ref().ok());
    members.map(|members| spread(&managed(deployed, members), most)).unwrap_or_default()
}

/// Accounts that are prepared and purged, by identifier.
fn managed(deployed: &Deployed<'_>, members: &[Listed]) -> Vec<AccountId> {
    let is_managed = |member: &&Listed| {
        let resolved = deployed.settings.resolve(member.account, &member.profile.units);
        member.status == Status::Active && resolved.policy().standing == Standing::Managed
    };
    members.iter().filter(is_managed).map(|member| member.account).collect()
}

/// The member role, by trying it in so many accounts, spread over all.
pub async fn member_roles(deployed: &Deployed<'_>, members: Members<'_>, most: usize) -> Finding {
    let managed = match members {
        Some(Ok(members)) => managed(deployed, members),
        Some(Err(error)) => return deployed.told(error, Subject::Organization),
        None => return Finding::unseen("the accounts were not listed", "try again"),
    };
    let all = managed.len();
    let tried = spread(&managed, most);
    let (role, number) = (&deployed.roles.member, tried.len());
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut calls = JoinSet::new();
    for account in tried {
        let (connections, governor) = (deployed.connections.clone(), deployed.governor.clone());
        let turns = Arc::clone(&turns);
        calls.spawn(async move {
            // Nobody closes it.
            let _turn = turns.acquire().await;
            (account, caller::caller(&connections.member(account), &governor).await)
        });
    }
    let mut failed: Vec<(AccountId, CallError)> = calls
        .join_all()
        .await
        .into_iter()
        .filter_map(|(account, answer)| Some((account, answer.err()?)))
        .collect();
    failed.sort_by_key(|(account, _)| *account);
    if failed.is_empty() {
        let with = if deployed.roles.external_id.is_some() { "with" } else { "without" };
        return Finding::good(format!(
            "{role} was assumed {with} an external id in {number} of {all} managed accounts"
        ));
    }
    let (refused, unknown): (Vec<_>, Vec<_>) =
        failed.iter().partition(|(_, error)| error.kind == FailureKind::Denied);
    let named =
        some_of(failed.iter().map(|(account, error)| format!("{account}: {}", error.message)), failed.len());
    let seen = format!(
        "{role} was tried in {number} of {all} managed accounts; {} refuse it, {} did not answer: {named}",
        refused.len(),
        unknown.len()
    );
    if refused.is_empty() {
        return Finding::unseen(seen, "try again");
    }
    Finding::bad(
        seen,
        format!(
            "in each of these accounts the role {role} must exist and trust the management role (in new accounts \
             Control Tower or the StackSet of infra/member-account.yaml makes it); \
             automation.role_name_to_manage_codebuild names another"
        ),
    )
}

/// At most so many, from the first on at the same distance.
fn spread(accounts: &[AccountId], most: usize) -> Vec<AccountId> {
    let number = accounts.len().min(most);
    (0..number).filter_map(|place| accounts.get(place * accounts.len() / number).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_and_names_nobody_twice() {
        let accounts: Vec<AccountId> =
            (100_000_000_001_u64..=100_000_000_047).map(|id| id.to_string().parse().unwrap()).collect();
        for most in [1, 2, 20, 46, 47, 48, usize::MAX] {
            let sample = spread(&accounts, most);
            assert_eq!(sample.len(), most.min(47));
            assert!(sample.is_sorted_by(|one, next| one < next), "{sample:?}");
        }
        assert_eq!(spread(&accounts, 2), [accounts[0], accounts[23]]);
        assert!(spread(&[], 20).is_empty());
    }
}
