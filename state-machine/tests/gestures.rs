//! What operators may ask for, and when; that what was asked for can be taken back; that refusals are true.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the world is shared; each test needs a part of it")]
mod support;

use std::num::NonZeroU8;

use chrono::TimeDelta;
use state_machine::{
    Actor, BuildOutcome, Decision, Evidence, Fact, FailureKind, Gesture, Happening, Idle, Intent, LeftOut,
    Reading, Refusal, Settlement, State, Status, TaskKind, Trigger, Trouble, WindowId, decide, settlement,
};
use support::policy::policy;
use support::scene::Scene;
use support::world::action::Edit;
use support::world::{Action, Faults, Process, World};

fn facts(decision: &Decision) -> Vec<&'static str> {
    match decision {
        Decision::Append { records, .. } => records.iter().map(|record| record.fact.name()).collect(),
        other => panic!("nothing is recorded: {other:?}"),
    }
}

fn refusal(decision: Decision) -> Refusal {
    match decision {
        Decision::Refuse(refusal) => refusal,
        other => panic!("it was not refused: {other:?}"),
    }
}

#[test]
fn an_expiry_is_taken_back_before_its_event_has_come() {
    let mut scene = Scene::released();
    scene.ask(Gesture::Expire);
    scene.work();
    assert_eq!(scene.world.truth.reading, Reading::Known(State::Expired));
    let decision = scene.ask(Gesture::Release);
    assert!(!facts(&decision).contains(&"task_requested"), "{decision:?}");
    scene.calm();
    assert_eq!(scene.world.truth.reading, Reading::Known(State::Released));
    scene.no_purge();
}

#[test]
fn an_expiry_is_taken_back_before_its_tag_is_written() {
    let mut scene = Scene::released();
    scene.ask(Gesture::Expire);
    scene.act(&Action::Step(0));
    scene.act(&Action::FailStep(0, FailureKind::Throttled, false));
    scene.work();
    assert!(scene.world.head.has_state_change_owed());
    let decision = scene.ask(Gesture::Release);
    assert_eq!(facts(&decision), ["commanded", "cycle_ended", "state_ordered"]);
    assert!(!scene.world.head.has_state_change_owed());
    scene.calm();
    assert_eq!(scene.world.truth.reading, Reading::Known(State::Released));
    scene.no_purge();
}

#[test]
fn a_window_is_taken_back_before_its_tag_is_written() {
    let mut scene = Scene::released();
    scene.act(&Action::Window);
    while !matches!(scene.world.processes.first(), Some(Process::Paying { in_hand: Some(_), .. })) {
        scene.act(&Action::Step(0));
    }
    scene.act(&Action::FailStep(0, FailureKind::Throttled, false));
    scene.work();
    let window = scene.world.head.last_window().unwrap();
    facts(&scene.ask(Gesture::Release));
    assert_eq!(settlement(&scene.world.head, window), Some(Settlement::Interrupted));
    scene.calm();
    scene.no_purge();
}

#[test]
fn an_expiry_is_taken_back_while_its_purge_waits() {
    let mut scene = Scene::expired_and_waiting();
    let decision = scene.ask(Gesture::Release);
    assert_eq!(facts(&decision), ["commanded", "cycle_ended", "state_ordered"]);
    scene.calm();
    assert_eq!(scene.world.truth.reading, Reading::Known(State::Released));
    scene.no_purge();
}

#[test]
fn an_expired_account_that_is_held_can_be_released() {
    let mut scene = Scene::released();
    scene.ask(Gesture::Expire);
    scene.work();
    facts(&scene.ask(Gesture::Hold(scene.world.now + TimeDelta::hours(30))));
    scene.hear();
    scene.work();
    assert!(scene.world.head.deferred().is_some());
    facts(&scene.ask(Gesture::Release));
    scene.calm();
    assert_eq!(scene.world.truth.reading, Reading::Known(State::Released));
    scene.no_purge();
}

#[test]
fn while_a_build_is_being_started_the_refusal_says_so() {
    let mut scene = Scene::released();
    scene.ask(Gesture::Expire);
    scene.work();
    scene.hear();
    scene.step_until_paying_a_build();
    let task = TaskKind::Purge;
    assert_eq!(refusal(scene.ask(Gesture::Release)), Refusal::BuildStarting { task });
    scene.no_purge();
    // Whoever was about to start it dies: nobody knows whether it was started.
    scene.act(&Action::Crash(0));
    let again = scene.world.head.next_wake().unwrap();
    scene.world.now = again;
    assert_eq!(refusal(scene.ask(Gesture::Release)), Refusal::BuildUncertain { task, again });
    scene.act(&Action::Wake);
    scene.work();
    assert_eq!(scene.world.truth.builds.len(), 2, "preparation, and the purge");
    assert_eq!(refusal(scene.ask(Gesture::Release)), Refusal::BuildInProgress { task });
}

#[test]
fn while_a_tag_is_being_written_the_refusal_says_so() {
    let mut scene = Scene::released();
    scene.ask(Gesture::Expire);
    scene.act(&Action::Step(0));
    assert_eq!(refusal(scene.ask(Gesture::Release)), Refusal::Transition(State::Expired));
    scene.act(&Action::Crash(0));
    let again = scene.world.head.next_wake().unwrap();
    scene.world.now = again;
    let refused = refusal(scene.ask(Gesture::Vanilla));
    assert_eq!(refused, Refusal::TransitionUncertain { to: State::Expired, again });
}

#[test]
fn an_account_that_was_never_seen_can_be_on_boarded_by_command() {
    let mut scene = Scene { world: World::new(Reading::Untagged, Faults::default()), policy: policy() };
    scene.world.events.clear();
    let decision = scene.ask(Gesture::Vanilla);
    assert_eq!(facts(&decision), ["described", "enrolled", "commanded", "state_ordered"]);
    scene.calm();
    assert_eq!(scene.world.truth.reading, Reading::Known(State::Released));
}

#[test]
fn nothing_is_begun_in_an_account_that_waits_to_be_adopted() {
    let world = World::new(Reading::Known(State::Expired), Faults::default());
    let mut scene = Scene { world, policy: policy() };
    scene.calm();
    facts(&scene.ask(Gesture::Hold(scene.world.now + TimeDelta::hours(30))));
    facts(&scene.ask(Gesture::Unhold));
    assert_eq!((scene.world.head.quarantine(), scene.world.head.owed()), (None, [].as_slice()));
}

#[test]
fn a_shorter_hold_takes_the_place_of_a_longer_one() {
    let mut scene = Scene::released();
    scene.ask(Gesture::Expire);
    scene.work();
    scene.ask(Gesture::Hold(scene.world.now + TimeDelta::days(2)));
    scene.hear();
    scene.work();
    let shorter = scene.world.now + TimeDelta::hours(3);
    facts(&scene.ask(Gesture::Hold(shorter)));
    assert_eq!(scene.world.head.deferred(), Some(shorter));
}

#[test]
fn a_hold_that_the_settings_end_early_is_noticed() {
    let mut scene = Scene::released();
    scene.ask(Gesture::Expire);
    scene.world.faults.edits = 2;
    scene.act(&Action::Edit(Edit::Hold(Some(scene.world.now + TimeDelta::days(2)))));
    scene.work();
    scene.hear();
    scene.work();
    assert!(scene.world.head.deferred().is_some());
    assert!(!scene.world.would_sweep(&scene.policy));
    scene.act(&Action::Edit(Edit::Hold(None)));
    assert!(scene.world.would_sweep(&scene.policy));
    scene.act(&Action::Sweep);
    scene.work();
    assert_eq!(scene.world.head.running_build().map(|(task, _)| task), Some(TaskKind::Purge));
}

#[test]
fn a_task_that_is_disabled_while_it_is_in_quarantine_lets_the_account_out() {
    let mut scene = Scene::released();
    scene.policy.purge.attempts = NonZeroU8::MIN;
    scene.ask(Gesture::Expire);
    scene.work();
    scene.hear();
    scene.work();
    let running = scene.world.truth.builds.len() - 1;
    scene.act(&Action::EndBuild(running, BuildOutcome::Failed));
    scene.hear();
    scene.work();
    let because = scene.world.head.quarantine().map(|quarantine| quarantine.because.clone());
    assert!(matches!(because, Some(Trouble::Build { task: TaskKind::Purge, .. })), "{because:?}");
    scene.world.faults.edits = 2;
    scene.act(&Action::Edit(Edit::Purge(false)));
    scene.act(&Action::Edit(Edit::Preparation(false)));
    facts(&scene.ask(Gesture::Retry));
    scene.calm();
    assert_eq!(scene.world.head.quarantine(), None);
    assert_eq!(scene.world.head.state(), Some(State::Released));
}

#[test]
fn grace_begins_with_adoption() {
    let world = World::new(Reading::Known(State::Released), Faults::default());
    let mut scene = Scene { world, policy: policy() };
    scene.policy.times.grace = TimeDelta::days(1);
    scene.calm();
    scene.world.now = scene.world.now + TimeDelta::days(30);
    facts(&scene.ask(Gesture::Adopt));
    assert_eq!(scene.world.head.managed_since(), Some(scene.world.now));
}

/// Puts an account into a window, up to its purge.
fn in_a_window() -> (Scene, WindowId) {
    let mut scene = Scene::released();
    scene.act(&Action::Window);
    scene.work();
    let window = scene.world.head.last_window().unwrap();
    assert_eq!(settlement(&scene.world.head, window), Some(Settlement::InFlight { troubled: false }));
    (scene, window)
}

#[test]
fn a_window_does_not_wait_for_an_account_that_is_held() {
    let (mut scene, window) = in_a_window();
    scene.ask(Gesture::Hold(scene.world.now + TimeDelta::days(30)));
    scene.hear();
    scene.work();
    assert_eq!(settlement(&scene.world.head, window), Some(Settlement::SetAside));
}

#[test]
fn a_window_does_not_wait_for_an_account_that_is_suspended() {
    let (mut scene, window) = in_a_window();
    scene.world.truth.status = Status::Suspended;
    scene.act(&Action::Sweep);
    scene.work();
    assert_eq!(settlement(&scene.world.head, window), Some(Settlement::SetAside));
}

#[test]
fn a_window_takes_an_account_once_whatever_came_in_between() {
    let (mut scene, window) = in_a_window();
    scene.calm();
    scene.ask(Gesture::Expire);
    scene.calm();
    assert_eq!(settlement(&scene.world.head, window), Some(Settlement::Interrupted));
    let trigger = Trigger { id: None, by: Actor::Aws, happening: Happening::Window(window) };
    let evidence = Evidence::look(scene.world.look());
    let decision = decide(&scene.world.head, &scene.policy, &trigger, &evidence, scene.world.now);
    assert_eq!(decision, Decision::Nothing(Idle::LeftOut(LeftOut::Done)));
}

#[test]
fn a_hold_that_comes_while_a_purge_is_owed_stops_it() {
    let mut scene = Scene::released();
    scene.ask(Gesture::Expire);
    scene.work();
    scene.act(&Action::Deliver(0));
    let owed = |scene: &Scene| {
        let owed = scene.world.head.owed().iter();
        owed.filter(|owed| matches!(owed.intent, Intent::StartBuild { .. })).count()
    };
    while owed(&scene) == 0 {
        scene.act(&Action::Step(0));
    }
    let held = scene.ask(Gesture::Hold(scene.world.now + TimeDelta::hours(30)));
    let Decision::Append { records, .. } = held else { panic!("{held:?}") };
    assert!(matches!(records.last().map(|record| &record.fact), Some(Fact::Held { .. })));
    scene.work();
    scene.no_purge();
    assert!(scene.world.head.deferred().is_some());
}

/// Its preparation failed, it is in quarantine, and an operator gives it to its holder all the same.
fn released_from_quarantine() -> Scene {
    let mut scene = Scene { world: World::new(Reading::Untagged, Faults::default()), policy: policy() };
    scene.world.faults = Faults { failing_builds: 1, failing_effects: 1, windows: 1, ..Faults::default() };
    scene.policy.preparation.attempts = NonZeroU8::MIN;
    while scene.world.truth.builds.is_empty() {
        scene.hear();
        scene.work();
    }
    scene.act(&Action::EndBuild(0, BuildOutcome::Failed));
    scene.hear();
    scene.work();
    let because = scene.world.head.quarantine().map(|quarantine| quarantine.because.clone());
    assert!(matches!(because, Some(Trouble::Build { .. })), "{because:?}");
    facts(&scene.ask(Gesture::Release));
    scene
}

#[test]
fn an_account_that_was_released_before_it_was_on_boarded_can_be_adopted() {
    let mut scene = released_from_quarantine();
    scene.calm();
    assert_eq!(scene.world.head.on_boarded(), None);
    assert_eq!(refusal(scene.ask(Gesture::Expire)), Refusal::NeverOnBoarded);
    scene.world.now = scene.world.now + TimeDelta::days(3);
    assert_eq!(facts(&scene.ask(Gesture::Adopt)), ["commanded", "adopted", "entered"]);
    assert_eq!(scene.world.head.on_boarded(), Some(scene.world.now));
    assert_eq!(scene.world.head.managed_since(), Some(scene.world.now), "grace counts from here");
    scene.calm();
    assert_eq!(scene.ask(Gesture::Adopt), Decision::Nothing(Idle::AlreadySo));
    scene.act(&Action::Window);
    scene.work();
    assert!(scene.world.head.last_window().is_some(), "a window takes it");
}

#[test]
fn it_is_not_adopted_before_it_is_settled_nor_when_its_tag_says_something_else() {
    let scene = released_from_quarantine();
    let adopt = |mut scene: Scene| refusal(scene.ask(Gesture::Adopt));
    // Its tag is still being written.
    assert_eq!(scene.world.head.on_boarded(), None);
    assert_eq!(scene.clone().ask(Gesture::Adopt), Decision::Nothing(Idle::AlreadySo), "still assigned");
    let mut settled = scene;
    settled.calm();
    // A change that waits, and that nobody has in hand.
    let mut waits = settled.clone();
    facts(&waits.ask(Gesture::Vanilla));
    waits.act(&Action::Step(0));
    assert_eq!(adopt(waits.clone()), Refusal::Transition(State::Vanilla));
    waits.act(&Action::FailStep(0, FailureKind::Throttled, false));
    waits.work();
    assert!(waits.world.head.has_state_change_owed());
    assert_eq!(adopt(waits), Refusal::AdoptUnsettled);
    // The tag is read, whatever the journal believes.
    settled.world.now = settled.world.now + TimeDelta::days(1);
    settled.world.truth.reading = Reading::Known(State::Expired);
    assert_eq!(adopt(settled.clone()), Refusal::AdoptExpired);
    settled.world.truth.reading = Reading::Unrecognised("Released".into());
    assert!(matches!(adopt(settled), Refusal::NothingToAdopt(_)));
}

#[test]
fn what_a_look_begins_is_begun_by_the_program_and_by_no_stranger() {
    let mut scene = Scene::released();
    scene.ask(Gesture::Expire);
    scene.work();
    // The event of the tag is on its way; the operator asks again, and the look comes first.
    scene.world.now = scene.world.now + TimeDelta::minutes(30);
    let Decision::Append { records, .. } = scene.ask(Gesture::Expire) else { panic!("nothing was begun") };
    let requested = records.iter().find(|record| matches!(record.fact, Fact::TaskRequested { .. })).unwrap();
    assert_eq!(requested.cause.by, Actor::Spa);
    // Who set a tag that nobody told of is not known.
    let mut scene = Scene::released();
    scene.world.now = scene.world.now + TimeDelta::days(1);
    scene.world.truth.reading = Reading::Known(State::Expired);
    let hold = Gesture::Hold(scene.world.now + TimeDelta::hours(30));
    let Decision::Append { records, .. } = scene.ask(hold) else { panic!("nothing was found") };
    let found = records.iter().find(|record| matches!(record.fact, Fact::StateFound { .. })).unwrap();
    assert_eq!(found.cause.by, Actor::Unknown);
}
