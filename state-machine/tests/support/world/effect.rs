//! What an effect does to AWS.

use std::sync::Arc;

use chrono::TimeDelta;
use state_machine::{
    BuildId, Effect, Failure, FailureKind, ObligationId, Payment, Reading, Started, State, TaskKind, Token,
};

use super::{Build, Rule, World};

impl World {
    pub(super) fn carry_out(
        &mut self,
        id: ObligationId,
        effect: &Effect,
        failure: Option<(FailureKind, bool)>,
    ) -> Payment {
        if let Some((kind, false)) = failure {
            return failed(kind);
        }
        let payment = match effect {
            Effect::WriteTags(write) => {
                for key in &write.unset {
                    self.truth.tags.remove(key);
                }
                for (key, value) in write.set.iter() {
                    self.truth.tags.insert(Arc::clone(key), Arc::clone(value));
                }
                if let Some(change) = &write.change {
                    if change.to == State::Released {
                        self.ledger.on_boarded = true;
                        self.ledger.releases += 1;
                    }
                    self.set_tag(Reading::Known(change.to), false);
                }
                Payment::TagsWritten
            }
            Effect::StartBuild { task, .. } => {
                Payment::BuildStarted(Started::alone(self.start_build(*task, id)))
            }
        };
        match failure {
            Some((kind, _)) => failed(kind),
            None => payment,
        }
    }

    fn start_build(&mut self, kind: TaskKind, obligation: ObligationId) -> BuildId {
        let token = Token::of(self.head.id(), obligation);
        let known = self.truth.builds.iter().find(|build| build.token == Some(token));
        if let Some(known) = known
            && self.now.since(known.since) < TimeDelta::minutes(5)
        {
            return known.id.clone();
        }
        if known.is_some() {
            self.breaks(Rule::NoBuildStartedTwice);
        }
        if self.truth.builds.iter().any(|build| build.outcome.is_none()) {
            self.breaks(Rule::OneBuildAtATime);
        }
        let number = self.draw();
        let id: BuildId = format!("{}:{number}", kind.project()).parse().unwrap();
        self.truth.builds.push(Build {
            id: id.clone(),
            kind,
            token: Some(token),
            since: self.now,
            outcome: None,
        });
        id
    }
}

pub(super) fn failed(kind: FailureKind) -> Payment {
    Payment::Failed(Failure { kind, message: "test".into() })
}
