//! One account: what it is, its tags, its units.

use std::sync::{Arc, PoisonError};

use aws_sdk_organizations::types::ParentType;
use state_machine::{AccountId, Look, Profile, Reading, Seen, Tags, Text, UnitId, Unreadable};

use super::units::Parent;
use super::{Described, Organization, Unseen};
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::Lane;
use crate::cloud::aws::pages::Pages;

const DESCRIBE_ACCOUNT: &str = "organizations:DescribeAccount";
const LIST_TAGS: &str = "organizations:ListTagsForResource";
const LIST_PARENTS: &str = "organizations:ListParents";

/// AWS nests units five deep. Whatever goes on above this is no tree.
const DEEPEST: usize = 16;

impl Organization {
    /// Reads all of an account. It was so at the instant at which reading began, or later.
    pub(super) async fn read(&self, account: AccountId) -> Look {
        match self.seen(account).await {
            Ok(seen) => Look::Seen(Box::new(seen)),
            Err(Unseen::NotFound) => Look::NotFound,
            Err(Unseen::Unreadable(error)) => Look::Unreadable(told(account, &error)),
        }
    }

    /// The same, for whoever wants to know why there is nothing to be seen.
    ///
    /// # Errors
    /// When there is no such account, or when nobody knows.
    pub async fn seen(&self, account: AccountId) -> Result<Seen, Unseen> {
        let at = self.clock.now();
        let (described, tags) = tokio::join!(self.described(account), self.tags(account));
        let (described, mut tags) = (described?, tags?);
        let Some(status) = described.status else {
            return Err(CallError::odd(DESCRIBE_ACCOUNT, "its state is an unknown word").into());
        };
        let units = match described.units {
            Some(units) => units,
            None => self.units(account).await?,
        };
        let reading = self.take_state(&mut tags);
        let profile = Arc::new(Profile { name: described.name, email: described.email, units, tags });
        Ok(Seen { at, described: at, status, reading, profile })
    }

    /// Takes the state out of the tags of an account.
    pub(super) fn take_state(&self, tags: &mut Tags) -> Reading {
        Reading::of_tag(tags.remove(&self.state_key).as_deref())
    }

    /// What the account is: one call.
    ///
    /// # Errors
    /// When there is no such account, or when nobody knows.
    pub async fn described(&self, account: AccountId) -> Result<Described, Unseen> {
        let request = self.organizations.describe_account().account_id(account.to_string());
        let call = self
            .governor
            .call(Lane::Organizations, DESCRIBE_ACCOUNT, Some(account), || request.clone().send());
        let answer = call.await.map_err(|error| Unseen::of(error, "AccountNotFoundException"))?;
        let described =
            answer.account().ok_or_else(|| CallError::odd(DESCRIBE_ACCOUNT, "no account in the answer"))?;
        let described = Described::of(DESCRIBE_ACCOUNT, described)?;
        if let Some(arn) = &described.arn {
            self.memory().learn(arn);
        }
        Ok(described)
    }

    /// All tags of the account, the state among them: one call for each page, which is one call in all that
    /// are known.
    ///
    /// # Errors
    /// When there is no such account, or when nobody knows.
    pub async fn tags(&self, account: AccountId) -> Result<Tags, Unseen> {
        let (mut tags, mut pages, mut token) = (Tags::new(), Pages::default(), None);
        loop {
            let request = self
                .organizations
                .list_tags_for_resource()
                .resource_id(account.to_string())
                .set_next_token(token);
            let call =
                self.governor.call(Lane::Organizations, LIST_TAGS, Some(account), || request.clone().send());
            let answer = call.await.map_err(|error| Unseen::of(error, "TargetNotFoundException"))?;
            for tag in answer.tags() {
                tags.insert(Text::from(tag.key()), Text::from(tag.value()));
            }
            token = pages.next(LIST_TAGS, answer.next_token)?;
            if token.is_none() {
                return Ok(tags);
            }
        }
    }

    /// The units that hold the account, nearest first: one call for the account, and one for each unit that was
    /// not met in the last hour.
    ///
    /// # Errors
    /// When there is no such account, or when nobody knows.
    pub async fn units(&self, account: AccountId) -> Result<Arc<[UnitId]>, Unseen> {
        let nearest = self.parent(account, &account.to_string()).await;
        let nearest = nearest.map_err(|error| Unseen::of(error, "ChildNotFoundException"))?;
        let mut units = Vec::new();
        let mut above = nearest;
        while let Parent::Unit(unit) = above {
            if units.len() == DEEPEST {
                return Err(CallError::odd(LIST_PARENTS, format!("{unit} lies too deep")).into());
            }
            above = self.above(account, &unit).await?;
            units.push(unit);
        }
        Ok(units.into())
    }

    /// What stands above a unit, asked for or remembered.
    async fn above(&self, account: AccountId, unit: &UnitId) -> Result<Parent, CallError> {
        let now = self.clock.now();
        let known = self.parents.lock().unwrap_or_else(PoisonError::into_inner).get(unit, now);
        if let Some(parent) = known {
            return Ok(parent);
        }
        let parent = self.parent(account, unit.as_str()).await?;
        self.remember(unit.clone(), parent.clone());
        Ok(parent)
    }

    /// Remembers what stands above a unit.
    pub(super) fn remember(&self, unit: UnitId, parent: Parent) {
        let now = self.clock.now();
        self.parents.lock().unwrap_or_else(PoisonError::into_inner).put(unit, parent, now);
    }

    async fn parent(&self, account: AccountId, child: &str) -> Result<Parent, CallError> {
        let (mut pages, mut token) = (Pages::default(), None);
        loop {
            let request = self.organizations.list_parents().child_id(child).set_next_token(token);
            let call = self
                .governor
                .call(Lane::Organizations, LIST_PARENTS, Some(account), || request.clone().send());
            let answer = call.await?;
            // There is one parent: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html>.
            if let Some(parent) = answer.parents().first() {
                let id = parent.id().unwrap_or_default();
                return match parent.r#type() {
                    Some(ParentType::Root) => Ok(Parent::Root),
                    Some(ParentType::OrganizationalUnit) => match id.parse() {
                        Ok(unit) => Ok(Parent::Unit(unit)),
                        Err(error) => Err(CallError::odd(LIST_PARENTS, error.to_string())),
                    },
                    Some(_) | None => {
                        Err(CallError::odd(LIST_PARENTS, format!("`{id}` is neither root nor unit")))
                    }
                };
            }
            token = pages.next(LIST_PARENTS, answer.next_token)?;
            if token.is_none() {
                return Err(CallError::odd(LIST_PARENTS, format!("{child} has no parent")));
            }
        }
    }
}

pub(super) fn told(account: AccountId, error: &CallError) -> Unreadable {
    tracing::warn!(%account, %error, "the account cannot be read");
    error.unreadable()
}
