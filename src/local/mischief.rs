//! Plays people who interfere: tags set by hand, accounts moved or suspended, builds that nobody here
//! started. Once an hour, chance decides.

use chrono::TimeDelta;
use state_machine::{AccountId, Status, TaskKind, Timestamp, UnitId};

use crate::cloud::local::LocalCloud;
use crate::cloud::local::State;
use crate::cloud::local::faults::Fault;

/// How often chance is asked.
pub const EVERY: TimeDelta = TimeDelta::hours(1);

/// How many times a day that is.
const TIMES_A_DAY: u32 = 24;

/// What somebody did, or will undo.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Undo {
    /// Move the account back into this unit.
    MoveBack(AccountId, Option<UnitId>),
    /// Reinstate the account.
    Reinstate(AccountId),
}

/// What an hour of mischief did: accounts that were moved or suspended, and what is undone, and when.
#[derive(Clone, Debug, Default)]
pub struct Mischief {
    /// Accounts that were moved or suspended just now.
    pub changed: Vec<AccountId>,
    /// What is undone later.
    pub undo: Vec<(Timestamp, Undo)>,
}

/// Somebody who is not us.
const SOMEBODY: &str = "arn:aws:sts::444455556666:assumed-role/Ops/somebody@example.com";

/// Lets chance strike every account once.
pub fn strike(cloud: &LocalCloud, state: &mut State, now: Timestamp) -> Mischief {
    let mut mischief = Mischief::default();
    let kinds = [Fault::Hand, Fault::Foreign, Fault::Move, Fault::Suspend];
    let rates = kinds.map(|kind| (kind, state.faults.rate(kind).divided_by(TIMES_A_DAY)));
    if rates.iter().all(|(_, rate)| *rate == crate::cloud::local::faults::Rate::NEVER) {
        return mischief;
    }
    let accounts: Vec<AccountId> = state.members().keys().copied().collect();
    for account in accounts {
        for (kind, rate) in rates {
            if state.draw(rate) {
                state.note_strike(kind);
                one(cloud, state, now, account, kind, &mut mischief);
            }
        }
    }
    mischief
}

fn one(
    cloud: &LocalCloud,
    state: &mut State,
    now: Timestamp,
    account: AccountId,
    kind: Fault,
    mischief: &mut Mischief,
) {
    match kind {
        Fault::Hand => {
            let words = [
                Some("vanilla"),
                Some("assigned"),
                Some("released"),
                Some("expired"),
                Some("Released"),
                Some("free"),
                None,
            ];
            let word = words[state.pick(words.len())];
            cloud.set_state_by_hand(state, account, word, SOMEBODY);
        }
        Fault::Foreign => {
            let kind = TaskKind::ALL[state.pick(TaskKind::ALL.len())];
            cloud.start_foreign_build(state, account, kind);
        }
        Fault::Move => {
            let Some(member) = state.member(account) else { return };
            let Some(unit) = member.profile.units.first().cloned() else { return };
            cloud.move_account(state, account, None, SOMEBODY);
            mischief.changed.push(account);
            mischief.undo.push((later(state, now), Undo::MoveBack(account, Some(unit))));
        }
        Fault::Suspend => {
            let Some(member) = state.member_mut(account) else { return };
            if member.status != Status::Active {
                return;
            }
            member.status = Status::Suspended;
            mischief.changed.push(account);
            mischief.undo.push((later(state, now), Undo::Reinstate(account)));
        }
        Fault::Loss
        | Fault::Repeat
        | Fault::Delay
        | Fault::Throttle
        | Fault::Stale
        | Fault::Outage
        | Fault::Crash
        | Fault::Build
        | Fault::Limit => {}
    }
}

/// Undoes what somebody did.
pub fn undo(cloud: &LocalCloud, state: &mut State, undo: &Undo) -> AccountId {
    match undo {
        Undo::MoveBack(account, unit) => {
            cloud.move_account(state, *account, unit.as_ref(), SOMEBODY);
            *account
        }
        Undo::Reinstate(account) => {
            if let Some(member) = state.member_mut(*account) {
                member.status = Status::Active;
            }
            *account
        }
    }
}

/// Within a day.
fn later(state: &mut State, now: Timestamp) -> Timestamp {
    let minutes = state.pick(24 * 60);
    now + TimeDelta::minutes(i64::try_from(minutes).unwrap_or(0) + 1)
}
