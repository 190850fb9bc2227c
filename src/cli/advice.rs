//! What really helps an account that does not come under management by itself. Nothing is advised that would be
//! refused: the rules are asked before.

use state_machine::{
    Account, AccountId, Actor, Command, Custody, Decision, Evidence, Gesture, Happening, Look, Policy,
    Reading, Seen, State, Timestamp, Trigger, decide,
};

use crate::cloud::Listed;

/// What is known of an account, to ask the rules what they would say. Nobody is asked anything for it: advice for a
/// whole fleet must not cost a call for each of its accounts.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its head.
    pub head: &'a Account,
    /// What the organization tells of it; `None`: it has no such account.
    pub member: Option<&'a Listed>,
    /// What the settings say of it.
    pub policy: &'a Policy,
    /// When that was so.
    pub now: Timestamp,
}

impl Known<'_> {
    /// Whether this would be done for the account, if somebody asked for it now.
    pub fn would_be_done(&self, gesture: Gesture) -> bool {
        let command = Command { gesture, reason: "".into() };
        let trigger = Trigger { id: None, by: Actor::Unknown, happening: Happening::Command(command) };
        let evidence = Evidence::look(seen(self.member, self.now));
        let decision = decide(self.head, self.policy, &trigger, &evidence, self.now);
        matches!(decision, Decision::Append { because: None, .. })
    }

    /// How an account comes under management: whoever finds it may do one of these.
    pub fn taking_over(&self) -> Vec<String> {
        let account: AccountId = self.head.id();
        let mut advice = Vec::new();
        if self.would_be_done(Gesture::Adopt) {
            advice.push(format!("spa account adopt {account} --reason … takes it over as it is"));
        }
        if self.would_be_done(Gesture::Vanilla) {
            advice.push(format!("spa account vanilla {account} --reason … on-boards it"));
        }
        if self.head.tag().reading == Reading::Known(State::Expired) {
            advice.push("or its tag is set to released by hand, and it is adopted then".to_owned());
        }
        advice
    }
}

/// An account as it was listed, as a look shows it.
pub fn seen(member: Option<&Listed>, at: Timestamp) -> Look {
    let Some(Listed { status, reading, profile, .. }) = member else { return Look::NotFound };
    let (status, reading, profile) = (*status, reading.clone(), std::sync::Arc::clone(profile));
    Look::Seen(Box::new(Seen { at, described: at, status, reading, profile }))
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
