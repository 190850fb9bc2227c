//! Where an account may stand when something happens to it.

use state_machine::{BuildOutcome, FailureKind, Gesture, Reading, Standing, State, Status, TaskKind};

use super::LONG;
use super::trigger::Happens;
use crate::support::policy::policy;
use crate::support::scene::Scene;
use crate::support::world::{Action, Faults, World};

/// Where an account stands.
pub struct Situation {
    /// What people read.
    pub name: &'static str,
    /// The account, and the world around it. Nobody is at work.
    pub scene: Scene,
    /// What belongs to the usual way of an account.
    pub way: &'static [Happens],
}

/// All situations, in the order of the lifecycle.
pub fn situations() -> Vec<Situation> {
    use Happens::{Due, Failed, FailedForGood, Looked, OwnEvent, Succeeded, Window};
    let situation = |name, scene, way| Situation { name, scene, way };
    vec![
        situation("never seen, without a state", unseen(Reading::Untagged), &[Looked]),
        situation("never seen, carries `released`", unseen(Reading::Known(State::Released)), &[Looked]),
        situation("waits to be adopted, carries `released`", sighted(State::Released), &[]),
        situation("waits to be adopted, carries `expired`", sighted(State::Expired), &[]),
        situation("`vanilla`, its event is on its way", vanilla(), &[OwnEvent]),
        situation("`assigned`, its event is on its way", assigned(), &[OwnEvent]),
        situation("`assigned`, its event is on its way, preparation is disabled", unprepared(), &[OwnEvent]),
        situation("`assigned`, preparation is owed, nobody has it in hand", waits(assigned()), &[]),
        situation("`assigned`, preparation runs", runs(assigned()), &[Succeeded, Failed, FailedForGood]),
        situation("`released`, its event is on its way", prepared(), &[OwnEvent]),
        situation("`released`", released(), &[Window]),
        situation("`released` by command, never on-boarded", given_away(), &[]),
        situation("`expired`, its event is on its way", expired(), &[OwnEvent]),
        situation("`expired`, its event is on its way, purge is disabled", unpurged(), &[OwnEvent]),
        situation("`expired`, its event is on its way, held", held(), &[OwnEvent]),
        situation("`expired` by hand, never on-boarded", never_on_boarded(), &[]),
        situation("`expired`, purge is owed, nobody has it in hand", waits(expired()), &[]),
        situation("`expired`, purge is being started", starting(), &[]),
        situation("`expired`, purge runs", runs(expired()), &[Succeeded, Failed, FailedForGood]),
        situation("`expired`, waits for the end of a hold", deferred(), &[Due]),
        situation("`expired`, in quarantine after failed purges", quarantined(), &[Due]),
        situation("`released`, suspended", suspended(), &[]),
        situation("`released`, not managed any more", unmanaged(), &[]),
    ]
}

fn scene(reading: Reading) -> Scene {
    Scene { world: World::new(reading, Faults::default()), policy: policy() }
}

fn unseen(reading: Reading) -> Scene {
    let mut scene = scene(reading);
    scene.world.events.clear();
    scene
}

fn sighted(state: State) -> Scene {
    let mut scene = scene(Reading::Known(state));
    scene.calm();
    scene
}

fn vanilla() -> Scene {
    let mut scene = Scene::released();
    scene.ask(Gesture::Vanilla);
    scene.work();
    scene
}

fn assigned() -> Scene {
    let mut scene = scene(Reading::Untagged);
    scene.world.faults.failing_effects = 9;
    scene.hear();
    scene.work();
    scene
}

fn unprepared() -> Scene {
    let mut scene = assigned();
    scene.world.truth.preparation_enabled = false;
    scene
}

/// No build may be started now.
fn waits(mut scene: Scene) -> Scene {
    scene.hear();
    scene.step_until_paying_a_build();
    scene.act(&Action::FailStep(0, FailureKind::LimitReached, false));
    scene.work();
    scene
}

fn runs(mut scene: Scene) -> Scene {
    scene.hear();
    scene.work();
    assert!(scene.world.head.running_build().is_some());
    scene
}

fn prepared() -> Scene {
    let mut scene = runs(assigned());
    let running = scene.world.truth.builds.len() - 1;
    scene.act(&Action::EndBuild(running, BuildOutcome::Succeeded));
    scene.hear();
    scene.work();
    scene
}

fn released() -> Scene {
    let mut scene = Scene::released();
    // Long ago enough to be settled.
    scene.world.now = scene.world.now + LONG;
    scene
}

fn expired() -> Scene {
    let mut scene = released();
    scene.ask(Gesture::Expire);
    scene.work();
    scene
}

fn unpurged() -> Scene {
    let mut scene = expired();
    scene.world.truth.purge_enabled = false;
    scene
}

fn held() -> Scene {
    let mut scene = expired();
    scene.world.truth.settings_hold = Some(scene.world.now + LONG);
    scene
}

fn given_away() -> Scene {
    let mut scene = waits(assigned());
    scene.ask(Gesture::Release);
    scene.calm();
    scene.world.now = scene.world.now + LONG;
    assert_eq!((scene.world.head.state(), scene.world.head.on_boarded()), (Some(State::Released), None));
    scene
}

fn never_on_boarded() -> Scene {
    let mut scene = assigned();
    scene.world.truth.reading = Reading::Known(State::Expired);
    scene.world.now = scene.world.now + LONG;
    scene.hear();
    scene.work();
    assert_eq!(scene.world.head.on_boarded(), None);
    scene
}

fn starting() -> Scene {
    let mut scene = expired();
    scene.hear();
    scene.step_until_paying_a_build();
    scene.world.processes.clear();
    scene
}

fn deferred() -> Scene {
    let mut scene = held();
    scene.hear();
    scene.work();
    assert!(scene.world.head.deferred().is_some());
    scene
}

fn quarantined() -> Scene {
    let mut scene = expired();
    scene.policy.purge.attempts = std::num::NonZeroU8::MIN;
    let mut scene = runs(scene);
    let running = scene.world.truth.builds.len() - 1;
    assert_eq!(scene.world.truth.builds[running].kind, TaskKind::Purge);
    scene.act(&Action::EndBuild(running, BuildOutcome::Failed));
    scene.hear();
    scene.work();
    assert!(scene.world.head.quarantine().is_some());
    scene
}

fn suspended() -> Scene {
    let mut scene = released();
    scene.world.truth.status = Status::Suspended;
    scene.act(&Action::Sweep);
    scene.work();
    scene
}

fn unmanaged() -> Scene {
    let mut scene = released();
    scene.world.truth.standing = Standing::Unmanaged;
    scene.act(&Action::Sweep);
    scene.work();
    scene
}
