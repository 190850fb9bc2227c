//! What may happen to an account, beside the gestures of operators.

use std::num::NonZeroU8;

use state_machine::{
    Actor, BuildOutcome, Due, Happening, Reading, Standing, State, Status, Trigger, TriggerId, WindowId,
};

use super::{Row, Situation, row};
use crate::support::scene::Scene;
use crate::support::world::{EventKind, World};

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happens {
    /// The account is created, moved or otherwise touched; or the reconciler looks.
    Looked,
    /// The event of a tag change that was made here arrives.
    OwnEvent,
    /// Somebody sets the tag, or takes it away.
    Hand(Option<&'static str>),
    /// A maintenance window wants the account.
    Window,
    /// Its build succeeded.
    Succeeded,
    /// Its build failed, and there are attempts left.
    Failed,
    /// Its build failed, and that was the last attempt.
    FailedForGood,
    /// An event tells of the end of a build that was not started here.
    ForeignBuild,
    /// Time passes until something is due.
    Due,
    /// No setting speaks of it any more.
    Unmanaged,
    /// It is suspended.
    Suspended,
    /// A look at it fails.
    Unreadable,
}

impl Happens {
    pub const ALL: [Self; 17] = [
        Self::Looked,
        Self::OwnEvent,
        Self::Hand(Some("vanilla")),
        Self::Hand(Some("assigned")),
        Self::Hand(Some("released")),
        Self::Hand(Some("expired")),
        Self::Hand(Some("Released")),
        Self::Hand(None),
        Self::Window,
        Self::Succeeded,
        Self::Failed,
        Self::FailedForGood,
        Self::ForeignBuild,
        Self::Due,
        Self::Unmanaged,
        Self::Suspended,
        Self::Unreadable,
    ];

    /// What people read.
    pub fn text(self) -> String {
        match self {
            Self::Looked => "somebody looks: an account event, or the reconciler".to_owned(),
            Self::OwnEvent => "the event of its tag change arrives".to_owned(),
            Self::Hand(Some(value)) => format!("somebody sets the tag to `{value}`"),
            Self::Hand(None) => "somebody takes the tag away".to_owned(),
            Self::Window => "a maintenance window".to_owned(),
            Self::Succeeded => "its build succeeded".to_owned(),
            Self::Failed => "its build failed, attempts are left".to_owned(),
            Self::FailedForGood => "its build failed, no attempt is left".to_owned(),
            Self::ForeignBuild => "the end of a build that is not ours".to_owned(),
            Self::Due => "what is due next is due".to_owned(),
            Self::Unmanaged => "it leaves every managed unit".to_owned(),
            Self::Suspended => "it is suspended".to_owned(),
            Self::Unreadable => "a look at it fails".to_owned(),
        }
    }

    /// What stands at an arrow of the diagram that leaves this tag.
    pub fn edge(self, from: &Reading) -> String {
        let text = match (self, from) {
            (Self::Looked, _) => "joins",
            (Self::OwnEvent, Reading::Known(State::Assigned | State::Expired)) => "task is disabled",
            (Self::Succeeded, Reading::Known(State::Expired)) => "purge succeeded",
            (Self::Succeeded, _) => "preparation succeeded",
            (Self::OwnEvent, _) => "on-boarding",
            _ => return self.text(),
        };
        text.to_owned()
    }

    /// What comes of it; `None` where it cannot happen.
    pub fn row(self, situation: &Situation) -> Option<Row> {
        let mut scene = situation.scene.clone();
        let happening = self.happens(&mut scene)?;
        let by = match self {
            Self::Hand(_) => Actor::Principal("somebody".into()),
            _ => Actor::Aws,
        };
        let id = Some(TriggerId::from_text("the page"));
        let trigger = match self {
            Self::Due => Trigger::WAKE,
            _ => Trigger { id, by, happening },
        };
        let decision = scene.world.take(&scene.policy, &trigger);
        scene.world.truth.readable = true;
        Some(row(scene, &decision))
    }

    fn happens(self, scene: &mut Scene) -> Option<Happening> {
        let world = &mut scene.world;
        match self {
            Self::Looked => return Some(Happening::Changed),
            Self::OwnEvent => {
                let mut events = world.events.iter();
                let event =
                    events.find(|event| matches!(event.kind, EventKind::Tag { by_hand: false, .. }))?;
                return Some(World::trigger(event).happening);
            }
            Self::Hand(value) => {
                let reading = Reading::of_tag(value);
                if world.truth.reading == reading {
                    return None;
                }
                world.truth.reading = reading.clone();
                return Some(Happening::TagEvent(reading));
            }
            Self::Window => return Some(Happening::Window(WindowId(world.now))),
            Self::Succeeded => return end(scene, BuildOutcome::Succeeded),
            Self::Failed => return end(scene, BuildOutcome::Failed),
            Self::FailedForGood => {
                scene.policy.preparation.attempts = NonZeroU8::MIN;
                scene.policy.purge.attempts = NonZeroU8::MIN;
                return end(scene, BuildOutcome::Failed);
            }
            Self::ForeignBuild => {
                return Some(Happening::BuildEvent("SpaProjectForAccountPurge:forged".parse().unwrap()));
            }
            Self::Due => {
                let wake = world.head.next_wake()?;
                world.now = world.now.max(wake);
                if world.head.due(world.now).iter().all(|due| matches!(due, Due::Pay(_))) {
                    return None;
                }
                return Some(Happening::Wake);
            }
            Self::Unmanaged if world.truth.standing == Standing::Managed => {
                world.truth.standing = Standing::Unmanaged;
            }
            Self::Suspended if world.truth.status == Status::Active => world.truth.status = Status::Suspended,
            Self::Unreadable => world.truth.readable = false,
            Self::Unmanaged | Self::Suspended => return None,
        }
        Some(Happening::Changed)
    }
}

/// The build that runs ends.
fn end(scene: &mut Scene, outcome: BuildOutcome) -> Option<Happening> {
    let build = scene.world.truth.builds.iter_mut().find(|build| build.outcome.is_none())?;
    build.outcome = Some(outcome);
    Some(Happening::BuildEvent(build.id.clone()))
}
