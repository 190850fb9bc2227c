//! Tags, written as a warrant allows.

use aws_sdk_organizations::types::Tag;
use state_machine::{Effect, Failure, FailureKind, Warrant};

use super::Organization;
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::Lane;

const TAG_RESOURCE: &str = "organizations:TagResource";
const UNTAG_RESOURCE: &str = "organizations:UntagResource";

impl Organization {
    /// Takes tags away, then sets all others in one call, the state among them: whoever sees the new state sees the
    /// other tags as well. Both calls may be repeated.
    pub(super) async fn write(&self, warrant: &Warrant) -> Result<(), Failure> {
        let account = warrant.account();
        let Effect::WriteTags(write) = warrant.effect() else {
            let message = "this warrant is not for tags".into();
            return Err(Failure { kind: FailureKind::Rejected, message });
        };
        let state = write.change.as_ref().map(|change| (&*self.state_key, change.to.as_str()));
        let set = write.set.iter().map(|(key, value)| (&**key, &**value)).chain(state);
        let set = set.map(|(key, value)| Tag::builder().key(key).value(value).build());
        let set: Vec<Tag> = set
            .collect::<Result<_, _>>()
            .map_err(|error| Failure { kind: FailureKind::Rejected, message: error.to_string().into() })?;
        if !write.unset.is_empty() {
            let request = self
                .organizations
                .untag_resource()
                .resource_id(account.to_string())
                .set_tag_keys(Some(write.unset.iter().map(ToString::to_string).collect()));
            let call = self
                .governor
                .call(Lane::Organizations, UNTAG_RESOURCE, Some(account), || request.clone().send());
            call.await.map_err(|error| failure(&error))?;
        }
        if !set.is_empty() {
            let request =
                self.organizations.tag_resource().resource_id(account.to_string()).set_tags(Some(set));
            let call = self
                .governor
                .call(Lane::Organizations, TAG_RESOURCE, Some(account), || request.clone().send());
            call.await.map_err(|error| failure(&error))?;
        }
        Ok(())
    }
}

/// An account that is not there is missing; everything else means here what it means everywhere.
fn failure(error: &CallError) -> Failure {
    let failure = error.failure();
    if error.is("TargetNotFoundException") {
        return Failure { kind: FailureKind::Missing, ..failure };
    }
    failure
}
