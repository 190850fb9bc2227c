//! What is due, and when something will be.

use crate::{Account, BuildId, Intent, Obligation, ObligationId, Timestamp};

/// Something to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// Carry these obligations out; nobody has them in hand.
    Pay(Vec<ObligationId>),
    /// Look at the account: no event of its own tag change has come.
    Look,
    /// Look this build up.
    LookUp(BuildId),
    /// Leave quarantine for another try.
    TryAgain,
    /// The hold that it waited for is over.
    Resume,
}

impl Account {
    /// What is due at this instant, in the order in which it is to be done.
    pub fn due(&self, now: Timestamp) -> Vec<Due> {
        let mut due = Vec::new();
        let payable: Vec<_> = self.payable().filter(|owed| owed.due() <= now).map(|owed| owed.id).collect();
        if !payable.is_empty() {
            due.push(Due::Pay(payable));
        }
        if !self.is_touchable() {
            return due;
        }
        let passed = |instant: Option<Timestamp>| instant.is_some_and(|instant| instant <= now);
        if passed(self.look_due()) {
            due.push(Due::Look);
        }
        if let Some((_, build)) = self.running_build()
            && build.look_up <= now
        {
            due.push(Due::LookUp(build.id.clone()));
        }
        if passed(self.next_try()) {
            due.push(Due::TryAgain);
        }
        if passed(self.resume_at()) {
            due.push(Due::Resume);
        }
        due
    }

    /// The earliest instant at which something is due, which may have passed; `None` when only something
    /// from outside can move the account.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let paying = self.payable().map(Obligation::due).min();
        if !self.is_touchable() {
            return paying;
        }
        let build = self.running_build().map(|(_, build)| build.look_up);
        [paying, self.look_due(), build, self.next_try(), self.resume_at()].into_iter().flatten().min()
    }

    /// The earliest instant at which something is due that no event will bring about: another attempt, the next try
    /// out of quarantine, the end of a hold. What else [`Account::next_wake`] tells is only due if an event is lost.
    pub fn next_call(&self) -> Option<Timestamp> {
        let paying = self.payable().map(Obligation::due).min();
        if !self.is_touchable() {
            return paying;
        }
        [paying, self.next_try(), self.resume_at()].into_iter().flatten().min()
    }

    /// Obligations that may be carried out at all: an account that must not be touched still announces.
    fn payable(&self) -> impl Iterator<Item = &Obligation> {
        let touchable = self.is_touchable();
        self.owed.iter().filter(move |owed| touchable || matches!(owed.intent, Intent::Announce(_)))
    }

    fn look_due(&self) -> Option<Timestamp> {
        if self.tag.entered { None } else { self.tag.look }
    }

    /// When a hold that it waited for is over. While it waits for the next try out of quarantine, that comes
    /// first, and the hold is looked at then.
    fn resume_at(&self) -> Option<Timestamp> {
        let waits = self.quarantine.as_ref().is_some_and(|quarantine| quarantine.next_try.is_some());
        if waits { None } else { self.deferred }
    }

    /// When a quarantine is left for another try. A side effect that failed has its own time.
    fn next_try(&self) -> Option<Timestamp> {
        let quarantine = self.quarantine.as_ref()?;
        match quarantine.because {
            crate::Trouble::Effect { .. } => None,
            crate::Trouble::Build { .. }
            | crate::Trouble::NeverOnBoarded
            | crate::Trouble::UnrecognisedState { .. } => quarantine.next_try,
        }
    }
}
