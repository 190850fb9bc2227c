//! What the last listing showed: which status, name and units each account had then.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use state_machine::{AccountId, Profile, Status, Tags, Timestamp};

use crate::cloud::{Known, Listed};

/// What was known of an account at an instant, but for its tags.
#[derive(Clone, Debug)]
pub(super) struct Description {
    /// When it was read.
    pub at: Timestamp,
    /// Whether the account was in use.
    pub status: Status,
    /// Name, e-mail and units; its tags are older than those that are about to be read.
    pub profile: Arc<Profile>,
}

/// The last listing of this process, and how AWS names accounts.
#[derive(Debug, Default)]
pub(super) struct Memory {
    at: Timestamp,
    accounts: BTreeMap<AccountId, (Status, Arc<Profile>)>,
    names: Option<String>,
    /// What the index said of accounts that are about to be looked at, and when it was asked.
    index: (Timestamp, BTreeMap<AccountId, Tags>),
}

/// For so long what the index said of many accounts counts for each of them. It lags by as much.
const INDEX: TimeDelta = TimeDelta::seconds(30);

impl Memory {
    /// Replaces what was listed before. The listing was begun at that instant.
    pub(super) fn listed(&mut self, at: Timestamp, listed: &[Listed]) {
        self.at = at;
        let kept = |listed: &Listed| (listed.account, (listed.status, Arc::clone(&listed.profile)));
        self.accounts = listed.iter().map(kept).collect();
    }

    /// The youngest description of the account, if it is young enough.
    pub(super) fn description(&self, account: AccountId, known: &Known<'_>) -> Option<Description> {
        let listed = self.accounts.get(&account).filter(|_| self.at >= known.since);
        let listed = listed.map(|(status, profile)| (self.at, *status, Arc::clone(profile)));
        let head = known.described().map(|at| (at, known.head.status(), Arc::clone(known.head.profile())));
        let youngest = [listed, head].into_iter().flatten().max_by_key(|(at, _, _)| *at);
        youngest.map(|(at, status, profile)| Description { at, status, profile })
    }

    /// Keeps what the index said of many accounts at this instant.
    pub(super) fn indexed(&mut self, at: Timestamp, tags: BTreeMap<AccountId, Tags>) {
        self.index = (at, tags);
    }

    /// What the index said a moment ago, and when; once, so that whoever looks again asks again.
    pub(super) fn take_indexed(&mut self, account: AccountId, now: Timestamp) -> Option<(Timestamp, Tags)> {
        let (at, tags) = &mut self.index;
        let age = now.since(*at);
        let tags = tags.remove(&account)?;
        (TimeDelta::zero() <= age && age < INDEX).then_some((*at, tags))
    }

    /// Learns from the name of one account how AWS names all of them:
    /// `arn:aws:organizations::210987654321:account/o-a1b2c3d4e5/111122223333`.
    pub(super) fn learn(&mut self, arn: &str) {
        if self.names.is_none()
            && let Some((names, _)) = arn.rsplit_once('/')
        {
            self.names = Some(names.to_owned());
        }
    }

    /// How AWS names this account, once one name was learned.
    pub(super) fn arn(&self, account: AccountId) -> Option<String> {
        self.names.as_ref().map(|names| format!("{names}/{account}"))
    }
}

#[cfg(test)]
mod tests {
    use state_machine::{Account, Reading};

    use super::*;

    #[test]
    fn the_youngest_description_counts_and_none_that_is_too_old() {
        let id = AccountId::from_number(111_122_223_333).unwrap();
        let other = AccountId::from_number(111_122_224_444).unwrap();
        let minute = |minutes| Timestamp::default() + TimeDelta::minutes(minutes);
        let (status, reading) = (Status::Suspended, Reading::Untagged);
        let listed = [Listed { account: id, status, reading, profile: Arc::default() }];
        let head = Account::unseen(id);
        let mut memory = Memory::default();
        let known = Known { head: &head, since: minute(30) };
        assert!(memory.description(id, &known).is_none(), "nothing was listed, and the head knows nothing");
        for (at, expected) in [(29, None), (30, Some(minute(30))), (31, Some(minute(31)))] {
            memory.listed(minute(at), &listed);
            assert_eq!(memory.description(id, &known).map(|found| found.at), expected, "{at}");
            assert!(memory.description(other, &known).is_none(), "it was not listed");
        }
        assert_eq!(memory.description(id, &known).unwrap().status, Status::Suspended);
    }

    #[test]
    fn what_the_index_said_of_many_counts_once_and_not_for_long() {
        let id = AccountId::from_number(111_122_223_333).unwrap();
        let at = |seconds| Timestamp::default() + TimeDelta::seconds(seconds);
        for (seconds, counts) in [(99, false), (100, true), (129, true), (130, false)] {
            let mut memory = Memory::default();
            memory.indexed(at(100), BTreeMap::from([(id, Tags::new())]));
            let expected = counts.then(|| (at(100), Tags::new()));
            assert_eq!(memory.take_indexed(id, at(seconds)), expected, "{seconds}");
            assert_eq!(memory.take_indexed(id, at(seconds)), None, "once");
        }
    }

    #[test]
    fn one_name_tells_all_others() {
        let id = AccountId::from_number(111_122_223_333).unwrap();
        let mut memory = Memory::default();
        assert_eq!(memory.arn(id), None);
        memory.learn("nonsense");
        assert_eq!(memory.arn(id), None);
        memory.learn("arn:aws-cn:organizations::210987654321:account/o-a1b2c3d4e5/444455556666");
        let expected = "arn:aws-cn:organizations::210987654321:account/o-a1b2c3d4e5/111122223333";
        assert_eq!(memory.arn(id).as_deref(), Some(expected));
    }
}
