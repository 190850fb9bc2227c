//! The rules, against every order of events, races and faults of one account, up to a bound.
//!
//! The model drives the real `decide`, `apply` and `authorise`. It checks every state that a few faults can
//! lead to, and the number of distinct states is asserted: a model that was weakened has fewer.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the world is shared; each test needs a part of it")]
mod support;

use chrono::TimeDelta;
use state_machine::{Gesture, Policy, Protection, Reading, Standing, State, Timestamp};
use stateright::{Checker, Expectation, HasDiscoveries, Model, Property};
use support::policy::policy;
use support::world::{Action, Faults, Rule, World};

/// One account, what may happen to it, and for how long.
struct Life {
    policy: Policy,
    start: World,
    hands: Vec<Option<&'static str>>,
    until: Timestamp,
}

impl Life {
    /// An account that has just joined, without a state.
    fn joining(faults: Faults, hands: &[Option<&'static str>]) -> Self {
        Self::from(World::new(Reading::Untagged, faults), hands)
    }

    /// An account that was on-boarded, without faults, and is released.
    fn released(faults: Faults, hands: &[Option<&'static str>]) -> Self {
        let mut world = World::new(Reading::Untagged, Faults::default());
        let policy = policy();
        while !world.is_quiet(&policy) {
            let actions = world.actions(&policy, &[]);
            let action = actions.iter().find(|action| **action != Action::Tick).unwrap_or(&actions[0]);
            world.act(&policy, &action.clone(), &mut |_| {});
        }
        assert_eq!(world.head.state(), Some(State::Released));
        world.faults = faults;
        Self::from(world, hands)
    }

    /// An account that was on-boarded, is released, and stands under `protected_accounts` from now on.
    fn protected(faults: Faults, hands: &[Option<&'static str>]) -> Self {
        let mut life = Self::released(faults, hands);
        life.start.truth.standing = Standing::Protected(Protection::Listed);
        life
    }

    /// An account that an operator released in the middle of its on-boarding: it was never on-boarded.
    fn given_away(faults: Faults, hands: &[Option<&'static str>]) -> Self {
        let mut world = World::new(Reading::Untagged, Faults::default());
        let policy = policy();
        // Each event is answered to the end before the next one comes, so that no build runs when it is asked for.
        while world.head.state() != Some(State::Assigned) || !world.processes.is_empty() {
            let next = if world.processes.is_empty() { Action::Deliver(0) } else { Action::Step(0) };
            world.act(&policy, &next, &mut |_| {});
        }
        world.ask(&policy, Gesture::Release);
        while !world.is_quiet(&policy) {
            let actions = world.actions(&policy, &[]);
            let action = actions.iter().find(|action| **action != Action::Tick).unwrap_or(&actions[0]);
            world.act(&policy, &action.clone(), &mut |_| {});
        }
        assert_eq!((world.head.state(), world.head.on_boarded()), (Some(State::Released), None));
        world.faults = faults;
        Self::from(world, hands)
    }

    /// An account that carried `expired` before anybody here had seen it.
    fn sighted(faults: Faults, hands: &[Option<&'static str>]) -> Self {
        Self::from(World::new(Reading::Known(State::Expired), faults), hands)
    }

    fn from(start: World, hands: &[Option<&'static str>]) -> Self {
        // Long enough for two tries out of quarantine.
        let until = start.now + TimeDelta::days(3);
        Self { policy: policy(), start, hands: hands.to_vec(), until }
    }

    /// Checks every state; returns how many there are.
    fn check(self) -> usize {
        let checker = self.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_dfs().join();
        checker.assert_properties();
        checker.unique_state_count()
    }
}

fn keeps(rule: Rule) -> fn(&Life, &World) -> bool {
    match rule {
        Rule::OneBuildAtATime => |_, world| world.broken != Some(Rule::OneBuildAtATime),
        Rule::NoBuildStartedTwice => |_, world| world.broken != Some(Rule::NoBuildStartedTwice),
        Rule::NoForeignBuild => |_, world| world.broken != Some(Rule::NoForeignBuild),
        Rule::NoPurgeUnlessExpired => |_, world| world.broken != Some(Rule::NoPurgeUnlessExpired),
        Rule::NoPurgeUnlessOnBoarded => |_, world| world.broken != Some(Rule::NoPurgeUnlessOnBoarded),
        Rule::NoPurgeUnlessReadable => |_, world| world.broken != Some(Rule::NoPurgeUnlessReadable),
        Rule::NoPurgeUnlessEnabled => |_, world| world.broken != Some(Rule::NoPurgeUnlessEnabled),
        Rule::OwedThenPaid => |_, world| world.broken != Some(Rule::OwedThenPaid),
        Rule::NoBuildWhileHeld => |_, world| world.broken != Some(Rule::NoBuildWhileHeld),
        Rule::NoTouchUnlessManagedAndActive => {
            |_, world| world.broken != Some(Rule::NoTouchUnlessManagedAndActive)
        }
        Rule::NoWindowUnlessReleased => |_, world| world.broken != Some(Rule::NoWindowUnlessReleased),
        Rule::ReplayIsHead => |_, world| world.broken != Some(Rule::ReplayIsHead),
        Rule::LegalRecords => |_, world| world.broken != Some(Rule::LegalRecords),
        Rule::NobodyWaitsForNobody => |_, world| world.broken != Some(Rule::NobodyWaitsForNobody),
    }
}

impl Model for Life {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![self.start.clone()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        actions.extend(world.actions(&self.policy, &self.hands));
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        let mut adopted = Vec::new();
        next.act(&self.policy, &action, &mut |records| adopted.extend_from_slice(records));
        next.note_adoption(&adopted);
        Some(next)
    }

    fn within_boundary(&self, world: &World) -> bool {
        world.now <= self.until
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("never two builds at once", keeps(Rule::OneBuildAtATime)),
            Property::always("no build is started twice", keeps(Rule::NoBuildStartedTwice)),
            Property::always("no foreign build is accepted", keeps(Rule::NoForeignBuild)),
            Property::always("no purge unless expired", keeps(Rule::NoPurgeUnlessExpired)),
            Property::always("no purge unless on-boarded", keeps(Rule::NoPurgeUnlessOnBoarded)),
            Property::always("no purge unless readable", keeps(Rule::NoPurgeUnlessReadable)),
            Property::always("no purge unless enabled", keeps(Rule::NoPurgeUnlessEnabled)),
            Property::always("no build while held", keeps(Rule::NoBuildWhileHeld)),
            Property::always("owed, and in hand, before it happens", keeps(Rule::OwedThenPaid)),
            Property::always("the untouchable is not touched", keeps(Rule::NoTouchUnlessManagedAndActive)),
            Property::always("no window unless released", keeps(Rule::NoWindowUnlessReleased)),
            Property::always("replay is head", keeps(Rule::ReplayIsHead)),
            Property::always("every record is legal", keeps(Rule::LegalRecords)),
            Property::always("nobody waits for nobody", keeps(Rule::NobodyWaitsForNobody)),
            Property::always(
                "rest is released, or quarantine with a next try",
                |life: &Life, world: &World| !world.is_quiet(&life.policy) || world.at_rest().is_ok(),
            ),
            Property::always("something can always happen before rest", |life: &Life, world: &World| {
                world.is_quiet(&life.policy) || !world.actions(&life.policy, &life.hands).is_empty()
            }),
            Property {
                expectation: Expectation::Sometimes,
                name: "comes to rest",
                condition: |life: &Life, world: &World| world.is_quiet(&life.policy),
            },
        ]
    }
}

const NONE: Faults = Faults {
    losses: 0,
    repeats: 0,
    crashes: 0,
    failing_builds: 0,
    failing_effects: 0,
    hands: 0,
    windows: 0,
    foreign_builds: 0,
    blinds: 0,
    delays: 0,
    moves: 0,
    suspensions: 0,
    commands: 0,
    holds: 0,
    edits: 0,
};

/// One scenario a line: the account at the start, what may happen, and how many distinct states there are.
macro_rules! scenarios {
    ($($name:ident: $start:ident { $($fault:ident: $count:expr),* } $hands:expr => $states:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let faults = Faults { $($fault: $count,)* ..NONE };
                assert_eq!(Life::$start(faults, $hands).check(), $states);
            }
        )*
    };
}

/// Nobody sets the tag by hand.
const NOBODY: &[Option<&str>] = &[];
/// Somebody may set the tag to one of these, or take it away.
const SOMEBODY: &[Option<&str>] = &[Some("vanilla"), Some("released"), Some("expired"), None];
scenarios! {
    joining_without_faults: joining {} NOBODY => 5_457;
    joining_with_events_lost_and_repeated_and_a_crash:
        joining { losses: 1, repeats: 1, crashes: 1 } NOBODY => 271_207;
    joining_with_failing_builds: joining { failing_builds: 4 } NOBODY => 42_011;
    joining_with_a_failing_effect_and_a_crash: joining { failing_effects: 1, crashes: 1 } NOBODY => 589_085;
    joining_with_a_tag_set_by_hand: joining { hands: 1 } SOMEBODY => 1_734_265;
    joining_while_moved_away_and_back: joining { moves: 2 } NOBODY => 6_638_216;
    joining_with_foreign_builds: joining { foreign_builds: 2 } NOBODY => 1_303_694;
    maintenance_without_faults: released { windows: 1 } NOBODY => 1_503;
    maintenance_with_events_lost_and_repeated_and_a_crash:
        released { windows: 1, losses: 1, repeats: 1, crashes: 1 } NOBODY => 342_458;
    maintenance_with_two_crashes: released { windows: 1, crashes: 2 } NOBODY => 178_014;
    maintenance_with_late_events_and_a_crash: released { windows: 1, delays: 1, crashes: 1 } NOBODY => 901_581;
    maintenance_with_a_failing_effect_and_a_crash:
        released { windows: 1, failing_effects: 1, crashes: 1 } NOBODY => 807_548;
    maintenance_with_failing_builds_and_a_crash:
        released { windows: 1, failing_builds: 2, crashes: 1 } NOBODY => 601_185;
    maintenance_with_a_tag_set_by_hand: released { windows: 1, hands: 1 } SOMEBODY => 5_994_545;
    maintenance_while_moved_away_and_back: released { windows: 1, moves: 2 } NOBODY => 3_903_322;
    maintenance_while_suspended_and_back: released { windows: 1, suspensions: 2, crashes: 1 } NOBODY => 1_200_719;
    maintenance_with_a_foreign_build_and_a_crash:
        released { windows: 1, foreign_builds: 1, crashes: 1 } NOBODY => 730_641;
    maintenance_while_nothing_can_be_read: released { windows: 1, blinds: 1, losses: 1, crashes: 1 } NOBODY => 2_591_654;
    maintenance_with_two_windows: released { windows: 2 } NOBODY => 1_400_048;
    maintenance_with_an_operator: released { windows: 1, commands: 1 } NOBODY => 4_351_315;
    maintenance_with_a_hold_and_a_crash: released { windows: 1, holds: 1, crashes: 1 } NOBODY => 1_885_012;
    maintenance_while_the_settings_change: released { windows: 1, edits: 2 } NOBODY => 250_203;
    protected_with_a_window_an_operator_and_a_tag_set_by_hand:
        protected { windows: 1, hands: 1, commands: 1 } SOMEBODY => 14_726;
    given_away_with_an_operator_and_a_window: given_away { windows: 1, commands: 1 } NOBODY => 312_684;
    given_away_with_an_operator_and_a_tag_set_by_hand: given_away { hands: 1, commands: 1 } SOMEBODY => 2_227_229;
    first_seen_expired_with_an_operator: sighted { commands: 1 } NOBODY => 17_204;
    first_seen_expired_with_a_tag_set_by_hand: sighted { hands: 1 } SOMEBODY => 86_417;
}
