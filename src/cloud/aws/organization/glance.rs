//! One account of which most is known: its tags, from the service or from its index.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_resourcegroupstagging::types::Tag;
use state_machine::{AccountId, Look, Profile, Scope, Seen, Tags, Text};

use super::memory::Description;
use super::{Organization, Unseen, look};
use crate::cloud::aws::governor::Lane;

const GET_RESOURCES: &str = "tag:GetResources";

/// How many names one call takes:
/// <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html>.
const MOST: usize = 100;

impl Organization {
    /// Reads the tags of an account, and takes the rest from what is known of it.
    pub(super) async fn glance(&self, account: AccountId, scope: Scope, known: Description) -> Look {
        let now = self.clock.now();
        let expected = match scope {
            Scope::Index => self.memory().take_indexed(account, now),
            Scope::Whole | Scope::Tags => None,
        };
        let (at, tags) = match (scope, expected) {
            (_, Some((at, tags))) => (at, Ok(tags)),
            (Scope::Whole | Scope::Tags, None) => (now, self.tags(account).await),
            (Scope::Index, None) => match self.indexed(account).await {
                Ok(Some(tags)) => (now, Ok(tags)),
                // The index leaves out what never had a tag, and lags: the service knows.
                Ok(None) => (now, self.tags(account).await),
                Err(error) => (now, Err(error)),
            },
        };
        let mut tags = match tags {
            Ok(tags) => tags,
            Err(Unseen::NotFound) => return Look::NotFound,
            Err(Unseen::Unreadable(error)) => return Look::Unreadable(look::told(account, &error)),
        };
        let reading = self.take_state(&mut tags);
        let profile = if tags == known.profile.tags {
            known.profile
        } else {
            Arc::new(Profile { tags, ..Profile::clone(&known.profile) })
        };
        Look::Seen(Box::new(Seen { at, described: known.at, status: known.status, reading, profile }))
    }

    /// The tags of the account as the tagging API shows them, which has its own room for calls; `None`: it does not
    /// show the account. The first time, a process asks how AWS names accounts there.
    async fn indexed(&self, account: AccountId) -> Result<Option<Tags>, Unseen> {
        let known = self.memory().arn(account);
        let arn = match known {
            Some(arn) => Some(arn),
            None => self.described(account).await?.arn,
        };
        let Some(arn) = arn else { return Ok(None) };
        let request = self.tagging.get_resources().resource_arn_list(arn);
        let call =
            self.governor.call(Lane::Organizations, GET_RESOURCES, Some(account), || request.clone().send());
        let answer = call.await?;
        let found = answer.resource_tag_mapping_list().first();
        Ok(found.map(|found| pairs(found.tags())))
    }

    /// Reads the index for accounts that are about to be looked at, a hundred in a call. Where that fails, each look asks
    /// for itself, and tells what is wrong.
    pub(super) async fn read_index(&self, accounts: &[AccountId]) {
        let (at, mut found) = (self.clock.now(), BTreeMap::new());
        for some in accounts.chunks(MOST) {
            let names: Option<Vec<String>> = some.iter().map(|account| self.memory().arn(*account)).collect();
            let Some(names) = names else { return };
            let request = self.tagging.get_resources().set_resource_arn_list(Some(names));
            let call = || request.clone().send();
            let answer = match self.governor.call(Lane::Organizations, GET_RESOURCES, None, call).await {
                Ok(answer) => answer,
                Err(error) => {
                    tracing::warn!(%error, "the index is asked for each account by itself");
                    break;
                }
            };
            found.extend(answer.resource_tag_mapping_list().iter().filter_map(|resource| {
                let account = resource.resource_arn()?.rsplit('/').next()?.parse().ok()?;
                Some((account, pairs(resource.tags())))
            }));
        }
        self.memory().indexed(at, found);
    }
}

fn pairs(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (Text::from(tag.key()), Text::from(tag.value()))).collect()
}
