//! One account of which most is known: its tags, from the service or from its index.

use std::sync::Arc;

use state_machine::{AccountId, Look, Profile, Scope, Seen, Tags, Text};

use super::memory::Description;
use super::{Organization, Unseen, look};
use crate::cloud::aws::governor::Lane;

const GET_RESOURCES: &str = "tag:GetResources";

impl Organization {
    /// Reads the tags of an account, and takes the rest from what is known of it.
    pub(super) async fn glance(&self, account: AccountId, scope: Scope, known: Description) -> Look {
        let at = self.clock.now();
        let tags = match scope {
            Scope::Whole | Scope::Tags => self.tags(account).await,
            Scope::Index => match self.indexed(account).await {
                Ok(Some(tags)) => Ok(tags),
                // The index leaves out what never had a tag, and lags: the service knows.
                Ok(None) => self.tags(account).await,
                Err(error) => Err(error),
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
        let pairs = |tags: &[aws_sdk_resourcegroupstagging::types::Tag]| {
            tags.iter().map(|tag| (Text::from(tag.key()), Text::from(tag.value()))).collect()
        };
        Ok(found.map(|found| pairs(found.tags())))
    }
}
