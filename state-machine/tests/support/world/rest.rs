//! Whether anything can still go on, and where it must have ended then.

use state_machine::{Actor, Custody, Policy, Reading, Standing, State, Status, differs};

use super::World;

impl World {
    /// Whether only time can go on: then it passes. Otherwise it passes as a delay of what is under way.
    pub(super) fn is_waiting(&self, policy: &Policy) -> bool {
        self.events.is_empty()
            && self.processes.is_empty()
            && self.truth.builds.iter().all(|build| build.outcome.is_some())
            && self.head.due(self.now).is_empty()
            && !self.would_sweep(policy)
    }

    /// Whether the reconciler sees a difference.
    pub fn would_sweep(&self, policy: &Policy) -> bool {
        let policy = self.policy(policy);
        self.truth.readable
            && !self.waits_for_settling(&policy)
            && differs(&self.head, &policy, self.truth.status, &self.truth.reading, self.now)
    }

    /// A difference right after an own write: nothing can be concluded before it has settled.
    pub(super) fn waits_for_settling(&self, policy: &Policy) -> bool {
        self.head.tag().by == Actor::Spa
            && self.head.tag().reading != self.truth.reading
            && self.now < self.head.tag().since + policy.times.settle
    }

    /// Nothing is on its way, nobody is at work, nothing is due, and the reconciler sees nothing.
    pub fn is_quiet(&self, policy: &Policy) -> bool {
        self.events.is_empty()
            && self.processes.is_empty()
            && self.truth.builds.iter().all(|build| build.outcome.is_some())
            && !self.would_sweep(policy)
            && !self.waits_for_settling(policy)
            && self.truth.readable
            && match self.head.next_wake() {
                None => true,
                // What is tried again and again from quarantine has come to rest between two tries.
                Some(wake) => {
                    let between = self.head.quarantine().is_some_and(|past| past.next_try.is_some());
                    between && self.head.task().is_none() && wake > self.now
                }
            }
    }

    /// Where every account must be once it is quiet.
    ///
    /// # Errors
    /// Where it is instead.
    pub fn at_rest(&self) -> Result<(), String> {
        if self.truth.status != Status::Active || self.truth.standing != Standing::Managed {
            return Ok(());
        }
        let head = &self.head;
        if let Some(quarantine) = head.quarantine()
            && quarantine.next_try.is_none()
            && head.state() == Some(State::Released)
        {
            return Err(format!("released, and in quarantine for ever: {head:?}"));
        }
        if let Some(quarantine) = head.quarantine() {
            return match (quarantine.next_try, head.next_wake()) {
                (Some(_), Some(_)) => Ok(()),
                _ => Err(format!("in quarantine without a next try: {head:?}")),
            };
        }
        let released = head.tag().reading == Reading::Known(State::Released)
            && self.truth.reading == head.tag().reading
            && head.tag().entered
            && head.cycle().is_none()
            && head.owed().is_empty()
            && head.task().is_none();
        if released || head.custody() == Custody::Sighted {
            return Ok(());
        }
        Err(format!("neither released nor in quarantine: {head:?}"))
    }
}
