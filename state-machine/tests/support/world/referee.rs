//! The rules that this world watches over by itself, from what AWS holds and not from what the journal says.

use state_machine::{Effect, Policy, Reading, Record, Standing, State, Status, TaskKind};

use super::World;

/// Rules that this world watches over by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    OneBuildAtATime,
    NoBuildStartedTwice,
    NoForeignBuild,
    NoPurgeUnlessExpired,
    NoPurgeUnlessOnBoarded,
    NoPurgeUnlessReadable,
    NoPurgeUnlessEnabled,
    NoBuildWhileHeld,
    OwedThenPaid,
    NoTouchUnlessManagedAndActive,
    NoWindowUnlessReleased,
    ReplayIsHead,
    LegalRecords,
    NobodyWaitsForNobody,
}

impl World {
    pub(super) fn breaks(&mut self, rule: Rule) {
        self.broken.get_or_insert(rule);
    }

    /// The rules of effects, from what AWS holds at the very moment of the authorisation.
    pub(super) fn referee(&mut self, policy: &Policy, effect: &Effect) {
        let truth = self.truth.clone();
        // Only a purge must know the status of this moment; see `Times::described` and, for preparations, `Times::fresh`.
        let active = truth.status == Status::Active
            || match effect {
                Effect::StartBuild { task: TaskKind::Purge, .. } => false,
                Effect::StartBuild { task: TaskKind::Preparation, .. } | Effect::WriteTags(_) => {
                    let described = self.head.described_at();
                    described.is_some_and(|at| self.now.since(at) <= policy.times.described)
                }
            };
        let managed = truth.standing == Standing::Managed
            || matches!(effect, Effect::StartBuild { task: TaskKind::Preparation, .. });
        if !active || !managed {
            self.breaks(Rule::NoTouchUnlessManagedAndActive);
        }
        if matches!(effect, Effect::StartBuild { .. }) && policy.hold_at(self.head.hold(), self.now).is_some()
        {
            self.breaks(Rule::NoBuildWhileHeld);
        }
        match effect {
            Effect::StartBuild { task: TaskKind::Purge, .. } => {
                self.ledger.purges += 1;
                if truth.reading != Reading::Known(State::Expired) {
                    self.breaks(Rule::NoPurgeUnlessExpired);
                }
                if !self.ledger.on_boarded {
                    self.breaks(Rule::NoPurgeUnlessOnBoarded);
                }
                if !truth.readable {
                    self.breaks(Rule::NoPurgeUnlessReadable);
                }
                if !policy.purge.enabled {
                    self.breaks(Rule::NoPurgeUnlessEnabled);
                }
            }
            Effect::StartBuild { task: TaskKind::Preparation, .. } => {}
            Effect::WriteTags(write) => {
                let Some(change) = &write.change else { return };
                let window = self.head.cycle().is_some_and(|cycle| cycle.window.is_some());
                if change.to == State::Expired && window && truth.reading != Reading::Known(State::Released) {
                    self.breaks(Rule::NoWindowUnlessReleased);
                }
            }
        }
    }

    /// An operator adopts: from then on the account counts as on-boarded.
    pub fn note_adoption(&mut self, records: &[Record]) {
        let adopted = |record: &Record| matches!(&record.fact, state_machine::Fact::Adopted { state } if *state != State::Vanilla);
        if records.iter().any(adopted) {
            self.ledger.on_boarded = true;
        }
    }
}
