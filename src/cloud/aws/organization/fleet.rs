//! All accounts at once, in pages.
//!
//! | call | gives | accounts a page |
//! | --- | --- | --- |
//! | `tag:GetResources` | tags; accounts that never had one are left out, and it lags | 100 |
//! | `organizations:ListAccounts` | which accounts there are, with name and state | 20 |
//! | `organizations:ListAccountsForParent` | units, where `ListAccounts` does not tell the path | 20 |
//!
//! `ListAccounts` decides which accounts there are. The tree of units is walked only where it has to be, and then
//! every unit is asked once, whatever the settings say of it: what a listing shows of an account must be the same
//! as what a look shows, or every comparison would find differences.
//!
//! An account whose state nobody here understands is left out, and said: whoever misses it looks at it, and learns
//! that it cannot be read. A new word of AWS shall not keep the whole fleet from being listed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_organizations::types::Account;
use state_machine::{AccountId, Profile, Tags, Text, UnitId};

use super::units::Parent;
use super::{Described, Organization, Unseen};
use crate::cloud::Listed;
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::Lane;
use crate::cloud::aws::pages::Pages;

const GET_RESOURCES: &str = "tag:GetResources";
const LIST_ACCOUNTS: &str = "organizations:ListAccounts";
const LIST_ACCOUNTS_FOR_PARENT: &str = "organizations:ListAccountsForParent";
const LIST_ROOTS: &str = "organizations:ListRoots";
const LIST_UNITS: &str = "organizations:ListOrganizationalUnitsForParent";

/// Which accounts stand where.
type Places = BTreeMap<AccountId, Arc<[UnitId]>>;

impl Organization {
    /// Every account of the organization, by identifier.
    ///
    /// # Errors
    /// When any page could not be read.
    pub async fn fleet(&self) -> Result<Vec<Listed>, CallError> {
        let (mut tagged, accounts) = tokio::try_join!(self.tagged(), self.accounts())?;
        let walk = accounts.values().any(|account| account.units.is_none());
        let mut places = if walk { self.places().await? } else { Places::new() };
        let mut lists = Lists::default();
        let mut listed = Vec::with_capacity(accounts.len());
        for (id, account) in accounts {
            let Some(status) = account.status else {
                tracing::warn!(account = %id, "its state is an unknown word; a look will say that it is unreadable");
                continue;
            };
            let units = match account.units.or_else(|| places.remove(&id)) {
                Some(units) => units,
                // It was moved while the tree was walked.
                None => match self.units(id).await {
                    Ok(units) => units,
                    // It left the organization meanwhile.
                    Err(Unseen::NotFound) => continue,
                    Err(Unseen::Unreadable(error)) => return Err(error),
                },
            };
            let mut tags = tagged.remove(&id).unwrap_or_default();
            let reading = self.take_state(&mut tags);
            let units = lists.shared(units);
            let profile = Arc::new(Profile { name: account.name, email: account.email, units, tags });
            listed.push(Listed { account: id, status, reading, profile });
        }
        Ok(listed)
    }

    /// The tags of all accounts that ever had one.
    async fn tagged(&self) -> Result<BTreeMap<AccountId, Tags>, CallError> {
        let (mut tagged, mut pages, mut token) = (BTreeMap::new(), Pages::default(), None);
        loop {
            let request = self
                .tagging
                .get_resources()
                .resource_type_filters("organizations:account")
                .resources_per_page(100)
                .set_pagination_token(token);
            let call =
                self.governor.call(Lane::Organizations, GET_RESOURCES, None, || request.clone().send());
            let answer = call.await?;
            for resource in answer.resource_tag_mapping_list() {
                let arn = resource.resource_arn().unwrap_or_default();
                // arn:aws:organizations::210987654321:account/o-a1b2c3d4e5/111122223333
                let account = arn.rsplit('/').next().unwrap_or_default();
                let account = account
                    .parse()
                    .map_err(|error| CallError::odd(GET_RESOURCES, format!("{arn}: {error}")))?;
                let pairs = resource.tags().iter();
                let pairs = pairs.map(|tag| (Text::from(tag.key()), Text::from(tag.value())));
                tagged.insert(account, pairs.collect());
            }
            token = pages.next(GET_RESOURCES, answer.pagination_token)?;
            if token.is_none() {
                return Ok(tagged);
            }
        }
    }

    /// All accounts that there are.
    async fn accounts(&self) -> Result<BTreeMap<AccountId, Described>, CallError> {
        let (mut accounts, mut pages, mut token) = (BTreeMap::new(), Pages::default(), None);
        loop {
            let request = self.organizations.list_accounts().max_results(20).set_next_token(token);
            let call =
                self.governor.call(Lane::Organizations, LIST_ACCOUNTS, None, || request.clone().send());
            let answer = call.await?;
            for account in answer.accounts() {
                let described = Described::of(LIST_ACCOUNTS, account)?;
                if let Some(arn) = &described.arn {
                    self.memory().learn(arn);
                }
                accounts.insert(described.account, described);
            }
            token = pages.next(LIST_ACCOUNTS, answer.next_token)?;
            if token.is_none() {
                return Ok(accounts);
            }
        }
    }

    /// Walks the tree of units, and tells which accounts stand where.
    async fn places(&self) -> Result<Places, CallError> {
        let mut places = Places::new();
        let mut waiting: Vec<(String, Arc<[UnitId]>)> = Vec::new();
        for root in self.roots().await? {
            waiting.push((root, Arc::from([])));
        }
        while let Some((parent, units)) = waiting.pop() {
            for account in self.accounts_of(&parent).await? {
                let id = account.id().unwrap_or_default();
                let id = id
                    .parse()
                    .map_err(|error| CallError::odd(LIST_ACCOUNTS_FOR_PARENT, format!("{error}")))?;
                places.insert(id, Arc::clone(&units));
            }
            for unit in self.units_of(&parent).await? {
                let above = units.first().cloned().map_or(Parent::Root, Parent::Unit);
                self.remember(unit.clone(), above);
                let around = std::iter::once(unit.clone()).chain(units.iter().cloned()).collect();
                waiting.push((unit.as_str().to_owned(), around));
            }
        }
        Ok(places)
    }

    async fn roots(&self) -> Result<Vec<String>, CallError> {
        let (mut roots, mut pages, mut token) = (Vec::new(), Pages::default(), None);
        loop {
            let request = self.organizations.list_roots().set_next_token(token);
            let answer =
                self.governor.call(Lane::Organizations, LIST_ROOTS, None, || request.clone().send()).await?;
            roots.extend(answer.roots().iter().filter_map(|root| root.id().map(str::to_owned)));
            token = pages.next(LIST_ROOTS, answer.next_token)?;
            if token.is_none() {
                return Ok(roots);
            }
        }
    }

    async fn accounts_of(&self, parent: &str) -> Result<Vec<Account>, CallError> {
        let (mut accounts, mut pages, mut token) = (Vec::new(), Pages::default(), None);
        loop {
            let request = self.organizations.list_accounts_for_parent().parent_id(parent).max_results(20);
            let request = request.set_next_token(token);
            let call = self
                .governor
                .call(Lane::Organizations, LIST_ACCOUNTS_FOR_PARENT, None, || request.clone().send());
            let answer = call.await?;
            accounts.extend(answer.accounts.unwrap_or_default());
            token = pages.next(LIST_ACCOUNTS_FOR_PARENT, answer.next_token)?;
            if token.is_none() {
                return Ok(accounts);
            }
        }
    }

    async fn units_of(&self, parent: &str) -> Result<Vec<UnitId>, CallError> {
        let (mut units, mut pages, mut token) = (Vec::new(), Pages::default(), None);
        loop {
            let request = self
                .organizations
                .list_organizational_units_for_parent()
                .parent_id(parent)
                .max_results(20)
                .set_next_token(token);
            let answer =
                self.governor.call(Lane::Organizations, LIST_UNITS, None, || request.clone().send()).await?;
            for unit in answer.organizational_units() {
                let id = unit.id().unwrap_or_default();
                units.push(id.parse().map_err(|error| CallError::odd(LIST_UNITS, format!("{error}")))?);
            }
            token = pages.next(LIST_UNITS, answer.next_token)?;
            if token.is_none() {
                return Ok(units);
            }
        }
    }
}

/// Lists of units that many accounts share, each kept once.
#[derive(Default)]
struct Lists(BTreeSet<Arc<[UnitId]>>);

impl Lists {
    fn shared(&mut self, units: Arc<[UnitId]>) -> Arc<[UnitId]> {
        if let Some(known) = self.0.get(&units) {
            return Arc::clone(known);
        }
        self.0.insert(Arc::clone(&units));
        units
    }
}
