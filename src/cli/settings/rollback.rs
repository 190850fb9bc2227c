//! What stood there before, as the aim of a plan: it is written again, as new versions.

use std::collections::BTreeMap;

use state_machine::{AccountId, Text, Timestamp};

use super::history::{missing, read};
use super::plan::{self, Plan};
use super::{RollbackOptions, named};
use crate::cli::place::aws::AwsPlace;
use crate::cli::{Exit, Failure, time};
use crate::cloud::aws::parameters::{Keeper, Standing};
use crate::settings::{Names, OwnAccounts, Parameter, Subject, Values, assemble, retold};

/// The plan that leads back.
///
/// # Errors
/// When what stood there is not kept any more, or makes no settings.
pub(super) fn plan(options: &RollbackOptions, place: &AwsPlace) -> Result<Plan, Failure> {
    let keeper = place.keeper();
    let standing = plan::read(place, &keeper)?;
    let names = keeper.names().clone();
    let mut doubts = Vec::new();
    let mut values = plan::values(&standing);
    values.retain(|name, _| names.owns(name));
    match (&options.name, options.version, options.to) {
        (Some(name), Some(version), _) => {
            let name = named::parameter(name, &names)?;
            let all = read(place, &keeper, &name)?.ok_or_else(|| missing(&name))?;
            let found = all.iter().find(|kept| kept.described.version == version);
            let Some(found) = found else {
                let kept: Vec<i64> = all.iter().map(|kept| kept.described.version).collect();
                let message = format!("version {version} of {name} is not kept");
                let (first, last) = (kept.first().unwrap_or(&0), kept.last().unwrap_or(&0));
                return Err(Failure::new(Exit::NotFound, message).help(format!("{first} to {last} are")));
            };
            values.insert(name, Text::clone(&found.value));
        }
        (_, _, Some(to)) => {
            let before = at(to, place, &keeper, &standing)?;
            values.retain(|name, _| before.contains_key(name));
            values.extend(before);
            doubts.extend(lost(&names, &values, to));
        }
        (Some(_) | None, _, None) => {
            return Err(Failure::new(Exit::Usage, "neither an instant nor a version is named"));
        }
    }
    let general = names.of_subject(&Subject::General);
    let accounts: Vec<AccountId> = accounts(&names, &values);
    if let Some(value) = values.get_mut(&general) {
        *value = retold(value, accounts.into_iter());
    }
    let loaded = assemble(&names, &values);
    let Some(after) = loaded.settings else {
        let findings: Vec<_> = loaded.report.diagnostics().iter().map(|finding| &*finding.message).collect();
        let message = format!("what stood there makes no settings: {}", findings.join("; "));
        return Err(Failure::new(Exit::Settings, message));
    };
    let wanted: BTreeMap<Text, Parameter> =
        values.into_iter().map(|(name, value)| (name, Parameter::new(value))).collect();
    let mut plan = Plan::to(place, keeper, standing, &wanted, &after)?;
    plan.doubts.extend(doubts);
    Ok(plan)
}

fn accounts(names: &Names, values: &Values) -> Vec<AccountId> {
    let subjects = values.keys().filter_map(|name| names.subject(name));
    subjects
        .filter_map(|subject| if let Subject::Account(account) = subject { Some(account) } else { None })
        .collect()
}

/// What stood in each parameter of ours at an instant. Only those are asked for their history that were written since.
fn at(
    to: Timestamp,
    place: &AwsPlace,
    keeper: &Keeper,
    standing: &BTreeMap<Text, Standing>,
) -> Result<Values, Failure> {
    let mut values = Values::new();
    for (name, now) in standing.iter().filter(|(name, _)| keeper.names().owns(name)) {
        if now.at.is_some_and(|at| at <= to) {
            values.insert(Text::clone(name), Text::clone(&now.value));
            continue;
        }
        let all = read(place, keeper, name)?.unwrap_or_default();
        let then = all.iter().rev().find(|kept| kept.described.at.is_some_and(|at| at <= to));
        match (then, all.first()) {
            (Some(then), _) => {
                values.insert(Text::clone(name), Text::clone(&then.value));
            }
            (None, Some(first)) if first.described.version > 1 => {
                let message = format!(
                    "what {name} held at {} is not kept any more: AWS keeps 100 versions",
                    time::shown(to)
                );
                return Err(Failure::new(Exit::NotFound, message));
            }
            // It was made later.
            (None, _) => {}
        }
    }
    Ok(values)
}

/// Accounts that had settings of their own then, as the general parameter of that time says, and whose parameters were
/// deleted since: AWS keeps no history of those.
fn lost(names: &Names, values: &Values, to: Timestamp) -> Option<String> {
    let told = OwnAccounts::of_general(values.get(&names.of_subject(&Subject::General))?)?;
    let lost: Vec<String> = told
        .accounts()
        .filter(|account| !values.contains_key(&names.of_subject(&Subject::Account(*account))))
        .map(|account| account.to_string())
        .collect();
    (!lost.is_empty()).then(|| {
        let (at, lost) = (time::shown(to), lost.join(", "));
        format!("these accounts had settings of their own at {at}, and AWS keeps nothing of parameters that were deleted: {lost}")
    })
}
