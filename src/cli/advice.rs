//! What really helps an account that does not come under management by itself. Nothing is advised that would be
//! refused: the rules are asked before.

use state_machine::{
    Account, AccountId, Actor, Command, Custody, Gesture, Happening, Reading, State, Trigger,
};

use crate::journal::sqlite::SqliteJournal;
use crate::lifecycle::{Lifecycle, Outcome};
use crate::local::LocalWorld;

use super::Failure;
use super::place::done;

/// Whether this would be done for the account, if somebody asked for it now.
///
/// # Errors
/// When the journal cannot be read.
pub fn would_be_done(
    world: &LocalWorld<SqliteJournal>,
    account: AccountId,
    gesture: Gesture,
) -> Result<bool, Failure> {
    let command = Command { gesture, reason: "".into() };
    let trigger = Trigger { id: None, by: Actor::Unknown, happening: Happening::Command(command) };
    let outcome = done(Lifecycle::new(world).rehearse(account, &trigger))??;
    Ok(outcome == Outcome::Recorded(None))
}

/// How an account comes under management: whoever finds it may do one of these.
///
/// # Errors
/// When the journal cannot be read.
pub fn to_take_over(world: &LocalWorld<SqliteJournal>, head: &Account) -> Result<Vec<String>, Failure> {
    let account = head.id();
    let mut advice = Vec::new();
    if would_be_done(world, account, Gesture::Adopt)? {
        advice.push(format!("spa account adopt {account} --reason … takes it over as it is"));
    }
    if would_be_done(world, account, Gesture::Vanilla)? {
        advice.push(format!("spa account vanilla {account} --reason … on-boards it"));
    }
    if head.tag().reading == Reading::Known(State::Expired) {
        advice.push("or its tag is set to released by hand, and it is adopted then".to_owned());
    }
    Ok(advice)
}

/// Whether it is in the hands of its holder, and nothing that happens by itself will ever let a window take it.
pub fn was_given_away(head: &Account) -> bool {
    head.custody() == Custody::Ours
        && head.state() == Some(State::Released)
        && head.on_boarded().is_none()
        && head.tag().entered
        && head.cycle().is_none()
        && !head.has_state_change_owed()
}
