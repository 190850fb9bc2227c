//! A change of the settings: which parameters, which accounts, and what is dangerous in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use state_machine::{AccountId, Status, Text, UnitId};

use super::affected::Effects;
use crate::cli::place::Place as _;
use crate::cli::place::aws::{AwsPlace, failure};
use crate::cli::{Exit, Failure, Subject as About};
use crate::cloud::aws::parameters::{Keeper, Standing};
use crate::journal::Journal as _;
use crate::settings::{Difference, Names, Parameter, Settings, Subject, Values, assemble, untold};

/// What is to be changed.
#[derive(Debug)]
pub(in crate::cli) struct Plan {
    /// Who writes it.
    pub(super) keeper: Keeper,
    /// What stands there now.
    pub(super) standing: BTreeMap<Text, Standing>,
    /// What is to be done to the parameters.
    pub(super) difference: Difference,
    /// What follows from it.
    pub(super) effects: Effects,
    /// What is doubtful in all this.
    pub(super) doubts: Vec<String>,
}

impl Plan {
    /// From what stands there to what the file says.
    ///
    /// # Errors
    /// When parameters or journal cannot be read.
    pub(in crate::cli) fn of_file(place: &AwsPlace, settings: &Settings) -> Result<Self, Failure> {
        let keeper = place.keeper();
        let standing = read(place, &keeper)?;
        Self::to(place, keeper, standing, &settings.parameters(), settings)
    }

    /// Whether everything stands as the file says.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.difference.is_empty()
    }

    /// Whether nothing stands there yet.
    pub(in crate::cli) fn is_first(&self) -> bool {
        self.standing.is_empty()
    }

    /// From what stands there to these parameters, which mean these settings.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(super) fn to(
        place: &AwsPlace,
        keeper: Keeper,
        standing: BTreeMap<Text, Standing>,
        wanted: &BTreeMap<Text, Parameter>,
        after: &Settings,
    ) -> Result<Self, Failure> {
        let names = keeper.names();
        let values = values(&standing);
        let difference = Difference::between(names, &values, wanted);
        let (mut effects, mut doubts) = (Effects::default(), Vec::new());
        if !difference.is_empty() {
            let loaded = assemble(names, &values);
            if loaded.settings.is_none() && !values.is_empty() {
                let why = "what stands there now makes no settings: every account counts as one of which nothing was said";
                doubts.push(why.to_owned());
            }
            let before = loaded.settings.as_ref();
            let known = known(place, names, &difference, before, after, &mut doubts)?;
            effects = Effects::between(before, after, &known);
        }
        Ok(Self { keeper, standing, difference, effects, doubts })
    }
}

/// What stands below the path of the environment.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read(place: &AwsPlace, keeper: &Keeper) -> Result<BTreeMap<Text, Standing>, Failure> {
    place.done(keeper.standing())?.map_err(|error| failure(&error, About::Settings))
}

/// The same, without versions.
pub(super) fn values(standing: &BTreeMap<Text, Standing>) -> Values {
    standing.iter().map(|(name, standing)| (Text::clone(name), Text::clone(&standing.value))).collect()
}

/// The accounts that a change may affect, with their units: those that settings name, and those of which the journal
/// knows. Where nothing changes but what single accounts say, only these are read.
fn known(
    place: &AwsPlace,
    names: &Names,
    difference: &Difference,
    before: Option<&Settings>,
    after: &Settings,
    doubts: &mut Vec<String>,
) -> Result<BTreeMap<AccountId, Arc<[UnitId]>>, Failure> {
    let (mut own, mut all) = (Vec::new(), false);
    let changed =
        difference.missing.keys().chain(difference.left_over.keys()).chain(difference.different.keys());
    for name in changed {
        match names.subject(name) {
            Some(Subject::Account(account)) => own.push(account),
            Some(Subject::General) => {
                // Which accounts have parameters changes nothing for anybody else.
                all |=
                    difference.different.get(name).is_none_or(|(was, is)| untold(was) != untold(&is.value));
            }
            Some(Subject::Defaults | Subject::Unit(_)) => all = true,
            Some(Subject::Buildspec(_)) | None => {}
        }
    }
    if all {
        own = after.accounts().chain(before.into_iter().flat_map(Settings::accounts)).collect();
    }
    let heads =
        if all { place.heads() } else { place.done(place.journal().accounts(&own))?.map_err(Failure::from) };
    let heads = match heads {
        Ok(heads) => heads,
        // Settings may be there before everything else is.
        Err(failure) if failure.exit() == Exit::NotFound => {
            doubts.push("there is no journal yet: which accounts stand in units is not known".to_owned());
            Vec::new()
        }
        Err(failure) => return Err(failure),
    };
    let nowhere: Arc<[UnitId]> = Arc::from([]);
    let mut known: BTreeMap<_, _> = own.into_iter().map(|account| (account, Arc::clone(&nowhere))).collect();
    for head in heads {
        if head.status() == Status::Gone {
            known.remove(&head.id());
        } else {
            known.insert(head.id(), Arc::clone(&head.profile().units));
        }
    }
    Ok(known)
}
