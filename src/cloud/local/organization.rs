//! AWS Organizations on one machine.

use std::sync::Arc;

use chrono::TimeDelta;
use state_machine::{
    Account, AccountId, Effect, Failure, FailureKind, Look, Profile, Scope, Seen, State as AccountState,
    TagWrite, Tags, Text, Timestamp, UnitId, Unreadable, Warrant, tags::TAGS_PER_ACCOUNT,
};

use crate::cloud::{Known, Listed, Organization};
use crate::event::{Actor, MoveAccount, OrganizationEvent, Parent, TagResource, UntagResource};

use super::calls::Call;
use super::faults::Fault;
use super::{Course, EventKind, LocalCloud, State, StateTag, failure, message, store_failed};

/// How far a single read may lag behind our own write. `lifecycle.settle` must be longer.
const READ_LAG: TimeDelta = TimeDelta::seconds(20);

/// How far a listing may lag behind.
const LIST_LAG: TimeDelta = TimeDelta::minutes(3);

/// How many accounts stand on a page of the tagging API.
const PAGE: usize = 100;

/// The root of the organization.
const ROOT: &str = "r-ab12";

impl Organization for LocalCloud {
    async fn look(&self, account: AccountId, scope: Scope, known: Known<'_>) -> Look {
        let at = self.time();
        let look = match known.described().filter(|_| scope != Scope::Whole) {
            Some(described) => self.change(|state| self.read_tags(state, scope, known.head, described, at)),
            None => self.change(|state| self.read(state, account, at)),
        };
        let look = look.unwrap_or_else(|error| {
            store_failed(&error);
            Look::Unreadable(Unreadable::Failed)
        });
        if let Some(watcher) = &self.watcher {
            watcher.looked(account, &look);
        }
        look
    }

    async fn list(&self) -> Result<Vec<Listed>, Unreadable> {
        let (mut accounts, mut after) = (Vec::new(), None);
        loop {
            let page = self.change(|state| self.read_page(state, after)).map_err(|error| {
                store_failed(&error);
                Unreadable::Failed
            })?;
            let (page, next) = page?;
            accounts.extend(page);
            match next {
                Some(_) => after = next,
                None => return Ok(accounts),
            }
        }
    }

    async fn write_tags(&self, warrant: Warrant) -> Result<(), Failure> {
        self.step().await;
        let written = self
            .change(|state| self.write_as_warranted(state, &warrant))
            .map_err(|error| store_failed(&error))?;
        self.step().await;
        written
    }
}

impl LocalCloud {
    /// `DescribeAccount`, which tells the units too, and `ListTagsForResource`.
    fn read(&self, state: &mut State, account: AccountId, at: Timestamp) -> Look {
        for call in [Call::DescribeAccount, Call::ListTagsForResource] {
            if let Some(cause) = self.refused(state, call) {
                return Look::Unreadable(cause);
            }
        }
        let lag = if state.strikes(Fault::Stale) { READ_LAG } else { TimeDelta::zero() };
        match state.member(account) {
            None => Look::NotFound,
            Some(member) => Look::Seen(Box::new(Seen {
                at,
                described: at,
                status: member.status,
                reading: member.stale_reading(at, lag),
                profile: Arc::clone(&member.profile),
            })),
        }
    }

    /// `ListTagsForResource`, or `GetResources` for this one account; the rest is as the journal has it.
    fn read_tags(
        &self,
        state: &mut State,
        scope: Scope,
        head: &Account,
        described: Timestamp,
        at: Timestamp,
    ) -> Look {
        let (call, lags) = match scope {
            Scope::Whole | Scope::Tags => (Call::ListTagsForResource, READ_LAG),
            Scope::Index => (Call::GetResources, LIST_LAG),
        };
        if let Some(cause) = self.refused(state, call) {
            return Look::Unreadable(cause);
        }
        let lag = if state.strikes(Fault::Stale) { lags } else { TimeDelta::zero() };
        let Some(member) = state.member(head.id()) else { return Look::NotFound };
        let known = head.profile();
        let profile = if Arc::ptr_eq(known, &member.profile) || known.tags == member.profile.tags {
            Arc::clone(known)
        } else {
            Arc::new(Profile { tags: member.profile.tags.clone(), ..Profile::clone(known) })
        };
        let reading = member.stale_reading(at, lag);
        Look::Seen(Box::new(Seen { at, described, status: head.status(), reading, profile }))
    }

    fn refused(&self, state: &mut State, call: Call) -> Option<Unreadable> {
        match self.course(state, call, false) {
            Course::Normal => None,
            Course::Refused(FailureKind::Throttled) => Some(Unreadable::Throttled),
            Course::Refused(_) | Course::Unanswered => Some(Unreadable::Failed),
        }
    }

    /// A page of `GetResources`, joined with `ListAccounts` for accounts that never had a tag, and after which
    /// account the next page begins.
    fn read_page(
        &self,
        state: &mut State,
        after: Option<AccountId>,
    ) -> Result<(Vec<Listed>, Option<AccountId>), Unreadable> {
        use std::ops::Bound::{Excluded, Unbounded};
        for call in [Call::GetResources, Call::ListAccounts] {
            match self.course(state, call, false) {
                Course::Normal => {}
                Course::Refused(FailureKind::Throttled) => return Err(Unreadable::Throttled),
                Course::Refused(_) | Course::Unanswered => return Err(Unreadable::Failed),
            }
        }
        // `ListAccounts` gives 20 accounts a page.
        self.calls().add(Call::ListAccounts, (PAGE / 20 - 1) as u64);
        let now = self.time();
        let lag = if state.strikes(Fault::Stale) { LIST_LAG } else { TimeDelta::zero() };
        let start = after.map_or(Unbounded, Excluded);
        let mut members = state.members.range((start, Unbounded));
        let mut accounts = Vec::with_capacity(PAGE);
        accounts.extend(members.by_ref().take(PAGE).map(|(&account, member)| Listed {
            account,
            status: member.status,
            reading: member.stale_reading(now, lag),
            profile: Arc::clone(&member.profile),
        }));
        let next = accounts.last().map(|last| last.account).filter(|_| members.next().is_some());
        Ok((accounts, next))
    }

    fn write_as_warranted(&self, state: &mut State, warrant: &Warrant) -> Result<(), Failure> {
        let account = warrant.account();
        let Effect::WriteTags(write) = warrant.effect() else {
            return Err(failure(FailureKind::Rejected, "this warrant is not for tags"));
        };
        let course = self.course(state, Call::TagResource, true);
        if let Course::Refused(kind) = course {
            return Err(failure(kind, message(kind)));
        }
        let Some(member) = state.member(account) else {
            return Err(failure(FailureKind::Missing, "You specified an account that doesn't exist"));
        };
        self.watch(warrant, member);
        if !write.unset.is_empty() {
            self.count(Call::UntagResource);
        }
        let principal =
            format!("arn:aws:sts::{}:assumed-role/SpaAccountsManagementRole/spa", state.management_account);
        self.tag(state, account, write, &principal)?;
        match course {
            Course::Unanswered => Err(failure(FailureKind::Unavailable, message(FailureKind::Unavailable))),
            Course::Normal | Course::Refused(_) => Ok(()),
        }
    }

    /// Takes tags away and sets others, as anybody who may; the event of it is on its way.
    ///
    /// # Errors
    /// When AWS would refuse it.
    fn tag(
        &self,
        state: &mut State,
        account: AccountId,
        write: &TagWrite,
        principal: &str,
    ) -> Result<(), Failure> {
        let state_key = Arc::clone(&self.settings.tag_keys().state);
        let Some(member) = state.member_mut(account) else {
            return Err(failure(FailureKind::Missing, "You specified an account that doesn't exist"));
        };
        let mut profile = Profile::clone(&member.profile);
        for key in &write.unset {
            profile.tags.remove(key);
        }
        for (key, value) in write.set.iter() {
            profile.tags.insert(Text::clone(key), Text::clone(value));
        }
        if profile.tags.len() >= TAGS_PER_ACCOUNT {
            return Err(failure(FailureKind::Rejected, "You have exceeded the number of tags (50)"));
        }
        if *member.profile != profile {
            member.profile = Arc::new(profile);
        }
        let mut set = write.set.clone();
        if let Some(change) = &write.change {
            let value = change.to.as_str();
            let before = std::mem::replace(&mut member.state_tag, StateTag::from(Some(value)));
            member.before = self.lags.then_some((self.time(), before));
            set.insert(state_key, value);
        }
        if !write.unset.is_empty() {
            let keys = write.unset.clone();
            self.emit_untag(state, account, keys, principal);
        }
        if !set.is_empty() {
            self.emit_tag(state, account, set, principal);
        }
        Ok(())
    }

    /// Sets the state tag to any text, or takes it away, by hand.
    pub fn set_state_by_hand(&self, state: &mut State, account: AccountId, value: Option<&str>, who: &str) {
        let state_key = Arc::clone(&self.settings.tag_keys().state);
        let Some(member) = state.member_mut(account) else { return };
        member.state_tag = value.into();
        // What somebody else writes cannot be told from what they will write in a moment.
        member.before = None;
        match value {
            Some(value) => {
                let set = Tags::from_iter([(state_key, Text::from(value))]);
                self.emit_tag(state, account, set, who);
            }
            None => self.emit_untag(state, account, vec![state_key], who),
        }
    }

    /// Moves an account to another unit; `None`: to the root.
    pub fn move_account(&self, state: &mut State, account: AccountId, unit: Option<&UnitId>, who: &str) {
        let units = state.path(unit);
        let Some(member) = state.member_mut(account) else { return };
        let from = member.profile.units.first().cloned();
        member.profile = Arc::new(Profile { units, ..Profile::clone(&member.profile) });
        let parent = |unit: Option<&UnitId>| match unit {
            Some(unit) => Parent::Unit(unit.clone()),
            None => Parent::Root(ROOT.into()),
        };
        let event = OrganizationEvent::MoveAccount(MoveAccount {
            account,
            source: parent(from.as_ref()),
            destination: parent(unit),
            actor: Actor::Principal(who.into()),
        });
        self.emit_organization(state, account, EventKind::Move, event);
    }

    fn emit_tag(&self, state: &mut State, account: AccountId, tags: Tags, who: &str) {
        let actor = Actor::Principal(who.into());
        let event = OrganizationEvent::TagResource(TagResource { account, tags, actor });
        self.emit_organization(state, account, EventKind::Tag, event);
    }

    fn emit_untag(&self, state: &mut State, account: AccountId, keys: Vec<Text>, who: &str) {
        let actor = Actor::Principal(who.into());
        let event = OrganizationEvent::UntagResource(UntagResource { account, keys, actor });
        self.emit_organization(state, account, EventKind::Tag, event);
    }

    /// Whether the account is in the hands of its holder, as its tag says.
    pub fn is_released(state: &State, account: AccountId) -> bool {
        state.member(account).is_some_and(|member| member.reading().known() == Some(AccountState::Released))
    }
}
