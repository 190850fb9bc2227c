//! Rule 2 as a table: an account whose purge is owed and may start, and one thing at a time that is otherwise.

use chrono::TimeDelta;
use state_machine::{
    Hold, Intent, Look, Obligation, Policy, Protection, Reading, Seen, Standing, State, Status, TaskKind,
    Unreadable, authorise,
};

use crate::support::scene::Scene;

/// The account, the purge that it owes, and a look that shows what a purge wants to see.
fn owed() -> (Scene, Obligation, Seen) {
    let scene = Scene::expired_and_waiting();
    let is_purge =
        |owed: &&Obligation| matches!(owed.intent, Intent::StartBuild { task: TaskKind::Purge, .. });
    let purge = scene.world.head.owed().iter().find(is_purge).cloned().expect("a purge is owed");
    let Look::Seen(seen) = scene.world.look() else { panic!("nothing was seen") };
    (scene, purge, *seen)
}

fn starts(scene: &Scene, purge: &Obligation, policy: &Policy, look: Option<&Look>) -> bool {
    authorise(&scene.world.head, policy, purge, look, scene.world.now).is_ok()
}

#[test]
fn rule_2_a_purge_starts_where_nothing_speaks_against_it() {
    let (scene, purge, seen) = owed();
    assert!(starts(&scene, &purge, &scene.policy, Some(&Look::Seen(Box::new(seen)))));
}

#[test]
fn rule_2_whatever_a_look_shows_otherwise_no_purge_starts() {
    let (scene, purge, seen) = owed();
    let read = |reading: Reading| Seen { reading, ..seen.clone() };
    for (otherwise, seen) in [
        ("never tagged", read(Reading::Untagged)),
        ("vanilla", read(Reading::Known(State::Vanilla))),
        ("assigned", read(Reading::Known(State::Assigned))),
        ("released", read(Reading::Known(State::Released))),
        ("another word", read(Reading::Unrecognised("Expired".into()))),
        ("a tag that could not be read", read(Reading::Unreadable(Unreadable::Throttled))),
        ("suspended", Seen { status: Status::Suspended, ..seen.clone() }),
        ("gone", Seen { status: Status::Gone, ..seen.clone() }),
        ("described earlier", Seen { described: seen.at - TimeDelta::seconds(1), ..seen.clone() }),
    ] {
        assert!(!starts(&scene, &purge, &scene.policy, Some(&Look::Seen(Box::new(seen)))), "{otherwise}");
    }
    assert!(!starts(&scene, &purge, &scene.policy, None), "without a look");
    let blind = Look::Unreadable(Unreadable::Throttled);
    assert!(!starts(&scene, &purge, &scene.policy, Some(&blind)), "blind");
}

#[test]
fn rule_2_whatever_the_settings_say_otherwise_no_purge_starts() {
    let (scene, purge, seen) = owed();
    let look = Look::Seen(Box::new(seen));
    let mut disabled = scene.policy.clone();
    disabled.purge.enabled = false;
    let until = scene.world.now + TimeDelta::days(1);
    let held = Policy { hold: Some(Hold { until, reason: "a training".into() }), ..scene.policy.clone() };
    let unmanaged = Policy { standing: Standing::Unmanaged, ..scene.policy.clone() };
    let protected = Policy { standing: Standing::Protected(Protection::Listed), ..scene.policy.clone() };
    for (otherwise, policy) in
        [("disabled", disabled), ("held", held), ("unmanaged", unmanaged), ("protected", protected)]
    {
        assert!(!starts(&scene, &purge, &policy, Some(&look)), "{otherwise}");
    }
}
