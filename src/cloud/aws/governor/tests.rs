//! Waiting itself, in a time that nobody has to wait for.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use state_machine::AccountId;
use tokio::task::JoinSet;

use super::*;

/// A time that jumps to whatever is waited for when nobody has anything else to do.
#[derive(Clone, Default)]
pub(in crate::cloud::aws) struct Jumping {
    inner: Arc<Mutex<Jumps>>,
}

#[derive(Default)]
struct Jumps {
    now: Instant,
    sleepers: BTreeSet<(Instant, u64)>,
    last: u64,
    /// How often somebody began or stopped to sleep.
    changes: u64,
}

struct Sleep {
    timer: Jumping,
    at: Instant,
    place: u64,
    /// How often everybody else had a turn, and nothing came of it.
    turns: u32,
    changes: u64,
}

impl Timer for Jumping {
    fn now(&self) -> Instant {
        self.inner.lock().unwrap().now
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut jumps = self.inner.lock().unwrap();
        jumps.last += 1;
        let place = jumps.last;
        jumps.changes += 1;
        jumps.sleepers.insert((at, place));
        Box::pin(Sleep { timer: self.clone(), at, place, turns: 0, changes: jumps.changes })
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.clone();
        let mut jumps = timer.inner.lock().unwrap();
        let first = jumps.sleepers.first() == Some(&(self.at, self.place));
        if self.at > jumps.now && (self.turns < 20 || !first || self.changes != jumps.changes) {
            self.turns = if self.changes == jumps.changes { self.turns + 1 } else { 0 };
            self.changes = jumps.changes;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        jumps.now = jumps.now.max(self.at);
        Poll::Ready(())
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let mut jumps = self.timer.inner.lock().unwrap();
        jumps.changes += 1;
        jumps.sleepers.remove(&(self.at, self.place));
    }
}

impl Governor {
    /// A governor in a time that jumps.
    pub(in crate::cloud::aws) fn jumping(limits: Limits) -> Self {
        Self::with_timer(limits, Box::new(Jumping::default()))
    }
}

fn limits(per_minute: u32) -> Limits {
    let rate = Rate { start: per_minute, least: 1.min(per_minute), most: per_minute };
    Limits { organizations: rate, builds: rate, ..Limits::default() }
}

fn account(number: u64) -> Owner {
    AccountId::from_number(number)
}

/// The settings are read after the first calls: what waits by then goes at the new rate, and what was learnt is kept.
#[tokio::test]
async fn new_limits_count_for_gates_that_are_there() {
    let governor = Governor::jumping(limits(600));
    let read = "organizations:ListTagsForResource";
    let far = Duration::from_hours(9);
    let begin = async |count: u64| {
        for _ in 0..count {
            let pass = governor.enter(Lane::Organizations, read, None, false, far).await.unwrap();
            pass.end(Outcome::Served, true);
        }
        governor.now()
    };
    assert_eq!(begin(10).await, Duration::ZERO, "a second of calls goes at once");
    governor.limit(&limits(6));
    let last = begin(10).await.as_secs_f64();
    assert!((85.0..=100.5).contains(&last), "ten calls at one in ten seconds: {last}");
    governor.limit(&limits(600));
    let last = begin(100).await.as_secs_f64() - last;
    assert!((9.0..=10.5).contains(&last), "a hundred at ten a second: {last}");
    assert_eq!(governor.limits(), limits(600));
}

#[tokio::test]
async fn callers_go_at_the_rate_and_none_is_forgotten() {
    let governor = Governor::jumping(limits(120));
    let mut calls = JoinSet::new();
    for number in 0..50 {
        let governor = governor.clone();
        calls.spawn(async move {
            let read = "organizations:ListTagsForResource";
            let far = Duration::from_hours(1);
            let pass =
                governor.enter(Lane::Organizations, read, account(number % 7), false, far).await.unwrap();
            let at = governor.now();
            pass.end(Outcome::Served, true);
            at
        });
    }
    let mut instants = calls.join_all().await;
    instants.sort();
    assert!(instants[1] == Duration::ZERO && instants[2] > Duration::ZERO, "a second of calls goes at once");
    let last = instants.last().unwrap().as_secs_f64();
    assert!((23.9..24.1).contains(&last), "48 calls at two a second: {last}");
    let seen = governor.snapshot();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].in_flight, seen[0].waiting), (0, 0));
    assert_eq!(governor.calls(), BTreeMap::from([("organizations:ListTagsForResource", 50)]));
}

#[tokio::test]
async fn a_crowd_for_one_account_holds_up_no_other() {
    let governor = Governor::jumping(limits(60));
    let mut calls = JoinSet::new();
    let lined_up = |owner| {
        let governor = governor.clone();
        async move {
            let far = Duration::from_hours(1);
            let read = "organizations:ListTagsForResource";
            let pass = governor.enter(Lane::Organizations, read, owner, false, far).await.unwrap();
            let at = governor.now();
            pass.end(Outcome::Served, true);
            (owner, at)
        }
    };
    for _ in 0..100 {
        calls.spawn(lined_up(account(1)));
    }
    tokio::task::yield_now().await;
    calls.spawn(lined_up(account(2)));
    let ended = calls.join_all().await;
    let other = ended.iter().find(|(owner, _)| *owner == account(2)).unwrap().1;
    assert!(other < Duration::from_secs(4), "{other:?}");
}

#[tokio::test]
async fn whoever_cannot_start_in_time_is_told_and_holds_up_nobody() {
    let governor = Governor::jumping(limits(6));
    let enter = |deadline| {
        let read = "organizations:DescribeAccount";
        governor.enter(Lane::Organizations, read, None, false, Duration::from_secs(deadline))
    };
    let first = enter(60).await.unwrap();
    // The next may go after ten seconds: one gives up before, the other one waits on and watches the time itself.
    let (impatient, patient) = tokio::join!(enter(5), enter(60));
    assert_eq!(impatient.err(), Some(Refused::Expired));
    assert_eq!(governor.now().as_secs(), 10);
    patient.unwrap().end(Outcome::Served, true);
    first.end(Outcome::Served, true);
    assert_eq!(governor.calls()["organizations:DescribeAccount"], 2, "what was not sent is not counted");
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_trace() {
    let governor = Governor::jumping(limits(6));
    let read = "organizations:DescribeAccount";
    let far = Duration::from_hours(1);
    let held = governor.enter(Lane::Organizations, read, None, false, far).await.unwrap();
    {
        let waits = governor.enter(Lane::Organizations, read, None, false, far);
        tokio::select! {
            biased;
            _ = waits => panic!("there was room"),
            () = tokio::task::yield_now() => {}
        }
    }
    assert_eq!(governor.snapshot()[0].waiting, 0);
    drop(held);
    let seen = &governor.snapshot()[0];
    assert_eq!((seen.in_flight, seen.calls[read]), (0, 1), "an interrupted call may have arrived: it counts");
    drop(governor.enter(Lane::Organizations, read, None, false, far).await.unwrap());
}

#[tokio::test]
async fn only_so_many_may_wait() {
    let governor = Governor::jumping(Limits { waiting: 2, ..limits(6) });
    let read = "organizations:DescribeAccount";
    let enter = || governor.enter(Lane::Organizations, read, None, false, Duration::from_hours(1));
    let (a, b, c, d) = tokio::join!(enter(), enter(), enter(), enter());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(d.err(), Some(Refused::Full));
}

#[tokio::test]
async fn nobody_uses_up_the_builds_of_others() {
    let governor = Governor::jumping(limits(1));
    let far = Duration::from_hours(1);
    for number in 0..2_000 {
        let start = "codebuild:StartBuild";
        let pass = governor.enter(Lane::Builds, start, account(number), true, far).await.unwrap();
        pass.end(Outcome::Throttled, true);
    }
    assert_eq!(governor.now(), Duration::ZERO, "each account has its own");
    let seen = &governor.snapshot()[0];
    assert_eq!((seen.throttled, seen.calls["codebuild:StartBuild"]), (2_000, 2_000));
}

#[tokio::test]
async fn gates_that_nobody_uses_are_forgotten_and_what_they_counted_is_not() {
    let governor = Governor::jumping(limits(60));
    let far = Duration::from_hours(1);
    for number in 0..2_000 {
        let look = "codebuild:BatchGetBuilds";
        let pass = governor.enter(Lane::Builds, look, account(number), false, far).await.unwrap();
        pass.end(Outcome::Served, true);
    }
    let seen = &governor.snapshot()[0];
    assert!(seen.gates <= GATES, "{}", seen.gates);
    assert_eq!(seen.calls["codebuild:BatchGetBuilds"], 2_000);
}

#[tokio::test]
async fn services_without_a_lane_of_their_own_do_not_slow_down_each_other() {
    let governor = Governor::jumping(Limits::default());
    for operation in ["dynamodb:GetItem", "events:PutEvents"] {
        let pass =
            governor.enter(Lane::Other, operation, None, false, Duration::from_hours(1)).await.unwrap();
        let throttled = operation == "events:PutEvents";
        pass.end(if throttled { Outcome::Throttled } else { Outcome::Served }, true);
    }
    let rates: Vec<_> =
        governor.snapshot().iter().map(|lane| (lane.service, lane.per_second < 50.0)).collect();
    assert_eq!(rates, [("dynamodb", false), ("events", true)]);
}

#[test]
fn the_state_is_readable_by_programs() {
    let governor = Governor::default();
    let state = governor.state().totals.is_empty();
    assert!(state && governor.snapshot().is_empty());
    let lane = LaneState::at_rest(&governor.limits(), Lane::Organizations, "organizations");
    let json = serde_json::to_value(lane).unwrap();
    assert_eq!((json["lane"].as_str(), json["per_second"].as_f64()), (Some("organizations"), Some(10.0)));
}
