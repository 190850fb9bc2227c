//! The referee notices each rule that is broken: it is shown what must never happen.

use std::sync::Arc;

use chrono::TimeDelta;
use spa::cloud::BuildOrder;
use spa::cloud::local::{Build, Member, Seconds, Watcher as _};
use spa::local::JournalWatcher as _;
use spa::simulation::referee::Referee;
use spa::simulation::{Rule, Simulated, simulate};
use state_machine::{
    Account, AccountId, Actor, BuildId, BuildOutcome, Cause, CycleKind, Effect, Fact, FleetFact, FleetRecord,
    Intent, Look, ObligationId, Origin, Owes, Reading, Record, Seen, State, StateChange, Status, TagWrite,
    Tags, TaskKind, Timestamp, Token, WindowId,
};

use crate::support::{scenario, settings};

/// A few accounts that have come to their rest, as they are and as the journal tells.
struct Calm {
    simulated: Simulated,
    account: AccountId,
    now: Timestamp,
}

const CAUSE: Cause = Cause { origin: Origin::WakeUp, by: Actor::Spa, trigger: None };

impl Calm {
    fn new() -> Self {
        let simulated = simulate(&settings(), &scenario(6, 2), &mut |_| true).unwrap();
        assert_eq!(simulated.breach(), None);
        let now = simulated.world.cloud().time();
        // Drawn, and so in a unit with preparation and purge.
        let account = simulated
            .world
            .cloud()
            .change(|state| {
                let released = state.members().iter().filter(|(id, member)| {
                    let settings = settings();
                    let resolved = settings.resolve(**id, &member.profile.units);
                    resolved.policy().purge.enabled && resolved.policy().preparation.enabled
                });
                released.map(|(id, _)| *id).next_back().unwrap()
            })
            .unwrap();
        Self { simulated, account, now }
    }

    fn referee(&self) -> &Referee {
        &self.simulated.referee
    }

    fn member(&self) -> Member {
        self.simulated.world.cloud().change(|state| state.member(self.account).unwrap().clone()).unwrap()
    }

    fn head(&self) -> Account {
        let mut head = Account::unseen(self.account);
        for record in self.simulated.history(self.account).unwrap() {
            head.apply(&record).unwrap();
        }
        head
    }

    fn record(&self, head: &Account, fact: Fact) -> Record {
        Record {
            version: head.version().next(),
            at: self.now,
            cause: CAUSE,
            looked: true,
            described: None,
            claim: None,
            fact,
            owes: Vec::new(),
        }
    }

    /// Shows a record that follows on the journal.
    fn appended(&self, head: &Account, record: &Record) -> Account {
        let mut next = head.clone();
        next.apply(record).unwrap();
        self.referee().appended(std::slice::from_ref(record), &Arc::new(next.clone()));
        next
    }

    /// Owes an effect, and has it in hand.
    fn claimed(&self, intent: Intent) -> ObligationId {
        let head = self.head();
        let mut record = self.record(&head, Fact::TagsDiffer);
        record.claim = Some(self.now + TimeDelta::minutes(5));
        record.owes = vec![Owes { intent, not_before: self.now }];
        self.appended(&head, &record);
        assert_eq!(self.simulated.breach(), None, "owing is no breach");
        ObligationId { record: record.version, place: 0 }
    }

    /// Somebody looks at an account, and is told this of its tag.
    fn looked(&self, account: AccountId, reading: Reading) {
        let profile = Arc::default();
        let seen = Seen { at: self.now, described: self.now, status: Status::Active, reading, profile };
        self.referee().looked(account, &Look::Seen(Box::new(seen)));
    }

    fn effect(&self, member: &Member, effect: &Effect, obligation: ObligationId) {
        self.referee().effect(self.account, member, effect, obligation, self.now);
    }

    fn broke(&self, rule: Rule, seen: &str) {
        let breach = self.simulated.breach().expect("nothing was noticed");
        assert_eq!(breach.rule, rule, "{breach:?}");
        assert!(breach.seen.contains(seen), "{breach:?}");
    }
}

fn to(from: Reading, to: State) -> TagWrite {
    TagWrite { change: Some(StateChange { from, to }), set: Tags::new(), unset: Vec::new() }
}

fn tagged(mut member: Member, tag: Option<&str>) -> Member {
    member.state_tag = tag.into();
    member
}

fn build(number: u64, kind: TaskKind, token: Option<Token>, at: Timestamp) -> Build {
    Build {
        number,
        id: BuildId::of_task(kind, uuid::Uuid::from_u128(u128::from(number))),
        kind,
        token,
        queued: at,
        started: Some(at),
        runs: Seconds(600),
        will: BuildOutcome::Succeeded,
        ended: None,
    }
}

const PURGE: Effect = Effect::StartBuild { task: TaskKind::Purge, attempt: 1 };
const OWES_PURGE: Intent = Intent::StartBuild { task: TaskKind::Purge, attempt: 1 };

#[test]
fn what_is_allowed_is_no_breach() {
    let calm = Calm::new();
    let write = to(Reading::Known(State::Released), State::Expired);
    let claimed = calm.claimed(Intent::WriteTags(Box::new(write.clone())));
    calm.effect(&calm.member(), &Effect::WriteTags(write), claimed);
    assert_eq!(calm.simulated.breach(), None);
}

#[test]
fn rule_1_an_account_is_expired_whose_tag_is_not_known_to_say_released() {
    for (tag, reading) in [
        (None, Reading::Untagged),
        (Some("Released"), Reading::of_tag(Some("Released"))),
        (Some("vanilla"), Reading::Known(State::Vanilla)),
    ] {
        let calm = Calm::new();
        let write = to(reading, State::Expired);
        let claimed = calm.claimed(Intent::WriteTags(Box::new(write.clone())));
        calm.effect(&tagged(calm.member(), tag), &Effect::WriteTags(write), claimed);
        calm.broke(Rule::UnknownIsNeverReleased, "it was expired, and its tag said");
    }
}

#[test]
fn rule_1_a_tag_is_written_over_another_one_than_was_seen() {
    let calm = Calm::new();
    let write = to(Reading::Known(State::Released), State::Expired);
    let claimed = calm.claimed(Intent::WriteTags(Box::new(write.clone())));
    calm.effect(&tagged(calm.member(), Some("assigned")), &Effect::WriteTags(write), claimed);
    calm.broke(Rule::UnknownIsNeverReleased, "was written over");
}

#[test]
fn rule_2_an_account_is_purged_that_is_not_expired() {
    let calm = Calm::new();
    let claimed = calm.claimed(OWES_PURGE);
    calm.effect(&calm.member(), &PURGE, claimed);
    calm.broke(Rule::NoPurgeByAccident, "it was purged, and its tag said released");
}

#[test]
fn rule_2_an_account_is_purged_that_was_never_on_boarded() {
    let calm = Calm::new();
    let stranger = AccountId::from_number(310_000_000_009).unwrap();
    let mut head = Account::unseen(stranger);
    let mut owing = calm.record(&head, Fact::Enrolled);
    owing.claim = Some(calm.now + TimeDelta::minutes(5));
    owing.owes = vec![Owes { intent: OWES_PURGE, not_before: calm.now }];
    head = calm.appended(&head, &owing);
    let claimed = head.owed()[0].id;
    let member = tagged(calm.member(), Some("expired"));
    calm.referee().effect(stranger, &member, &PURGE, claimed, calm.now);
    calm.broke(Rule::NoPurgeByAccident, "never on-boarded");
}

#[test]
fn rule_2_an_account_is_purged_against_the_settings() {
    let calm = Calm::new();
    let claimed = calm.claimed(OWES_PURGE);
    let mut member = tagged(calm.member(), Some("expired"));
    // Experiments with long memories are prepared and never purged.
    let mut profile = member.profile.as_ref().clone();
    profile.units = ["ou-ab12-77778888".parse().unwrap()].into();
    member.profile = Arc::new(profile);
    calm.effect(&member, &PURGE, claimed);
    calm.broke(Rule::NoPurgeByAccident, "the settings disable that");
}

#[test]
fn rule_3_two_builds_run_at_once() {
    let calm = Calm::new();
    let mut member = calm.member();
    let token = |place| Token::of(calm.account, ObligationId { record: calm.head().version(), place });
    member.builds.push(build(900, TaskKind::Preparation, Some(token(1)), calm.now));
    member.builds.push(build(901, TaskKind::Preparation, Some(token(2)), calm.now));
    let order = BuildOrder { buildspec: "version: 0.2".into(), variables: Vec::new() };
    calm.referee().build_started(calm.account, &member, token(2), &order, calm.now);
    calm.broke(Rule::OneBuildAtATime, "two of our builds run at once");
}

#[test]
fn rule_3_the_end_of_a_foreign_build_counts() {
    let calm = Calm::new();
    let head = calm.head();
    let foreign = build(900, TaskKind::Purge, None, calm.now).id;
    let record = calm.record(&head, Fact::BuildEnded { build: foreign, outcome: BuildOutcome::Succeeded });
    calm.referee().appended(&[record], &Arc::new(head));
    calm.broke(Rule::OneBuildAtATime, "a build that does not run");
}

#[test]
fn rule_4_an_account_is_left_on_its_way() {
    let calm = Calm::new();
    let members = [(calm.account, tagged(calm.member(), Some("expired")))].into_iter().collect();
    let on_their_way = calm.referee().final_check(&members, calm.now);
    assert!(on_their_way.is_empty());
    calm.broke(Rule::FaultsChangeNothing, "its tag says expired, its journal released");
}

#[test]
fn rule_4_whoever_was_tried_again_just_now_has_a_little_more_time_and_no_more() {
    let calm = Calm::new();
    calm.appended(&calm.head(), &calm.record(&calm.head(), Fact::TriedAgain));
    let members = [(calm.account, tagged(calm.member(), Some("expired")))].into_iter().collect();
    let on_their_way = calm.referee().final_check(&members, calm.now + TimeDelta::hours(1));
    assert_eq!(calm.simulated.breach(), None);
    assert_eq!(on_their_way.iter().copied().collect::<Vec<_>>(), [calm.account]);
    calm.referee().last_check(&on_their_way, &members, calm.now + TimeDelta::hours(5));
    calm.broke(Rule::FaultsChangeNothing, "its tag says expired");
}

#[test]
fn rule_5_nothing_will_ever_wake_an_account() {
    let calm = Calm::new();
    let head = calm.head();
    let found = Fact::StateFound { reading: Reading::Known(State::Assigned) };
    calm.appended(&head, &calm.record(&head, found));
    calm.broke(Rule::NothingIsSwallowed, "nothing will ever wake it");
}

#[test]
fn rule_6_a_record_is_appended_at_another_version() {
    let calm = Calm::new();
    let head = calm.head();
    let mut record = calm.record(&head, Fact::TagsDiffer);
    record.version = record.version.next();
    calm.referee().appended(&[record], &Arc::new(head));
    calm.broke(Rule::CompareAndSet, "does not follow");
}

#[test]
fn rule_7_an_effect_is_carried_out_that_nobody_has_in_hand() {
    let calm = Calm::new();
    let nowhere = ObligationId { record: calm.head().version(), place: 7 };
    let write = to(Reading::Known(State::Released), State::Expired);
    calm.effect(&calm.member(), &Effect::WriteTags(write), nowhere);
    calm.broke(Rule::OwedThenPaid, "nobody had it in hand");
}

#[test]
fn rule_7_an_effect_is_carried_out_after_its_claim() {
    let calm = Calm::new();
    let write = to(Reading::Known(State::Released), State::Expired);
    let claimed = calm.claimed(Intent::WriteTags(Box::new(write.clone())));
    let late = calm.now + TimeDelta::minutes(6);
    calm.referee().effect(calm.account, &calm.member(), &Effect::WriteTags(write), claimed, late);
    calm.broke(Rule::OwedThenPaid, "after its claim ended");
}

#[test]
fn rule_8_a_suspended_or_foreign_account_is_touched() {
    for (status, units, seen) in [
        (Status::Suspended, None, "it was touched, and it is suspended"),
        (Status::Active, Some(Vec::new()), "it was touched, and it is not managed"),
    ] {
        let calm = Calm::new();
        let write = to(Reading::Known(State::Released), State::Expired);
        let claimed = calm.claimed(Intent::WriteTags(Box::new(write.clone())));
        let mut member = calm.member();
        member.status = status;
        if let Some(units) = units {
            let mut profile = member.profile.as_ref().clone();
            profile.units = units.into();
            member.profile = Arc::new(profile);
        }
        calm.effect(&member, &Effect::WriteTags(write), claimed);
        calm.broke(Rule::UnmanagedIsUntouched, seen);
    }
}

#[test]
fn rule_1_a_window_takes_an_account_of_which_nobody_was_told_that_it_is_released() {
    let unreadable = Reading::Unreadable(state_machine::Unreadable::Throttled);
    for reading in [Reading::Untagged, Reading::Known(State::Assigned), unreadable] {
        let calm = Calm::new();
        calm.looked(calm.account, reading);
        let head = calm.head();
        let window = Some(WindowId(calm.now));
        let began = Fact::CycleBegan { cycle: CycleKind::Maintenance, window };
        calm.appended(&head, &calm.record(&head, began));
        calm.broke(Rule::UnknownIsNeverReleased, "nobody was told that it is released");
    }
}

#[test]
fn rule_9_a_window_lets_in_more_than_it_may() {
    let calm = Calm::new();
    let window = Some(WindowId(calm.now));
    let allowed = u64::from(settings().brakes().in_flight);
    for number in 0..=allowed {
        assert_eq!(calm.simulated.breach(), None, "{number} of {allowed} are allowed");
        let id = AccountId::from_number(310_000_000_000 + number).unwrap();
        let head = Account::unseen(id);
        calm.looked(id, Reading::Known(State::Released));
        let began = Fact::CycleBegan { cycle: CycleKind::Maintenance, window };
        calm.appended(&head, &calm.record(&head, began));
    }
    calm.broke(Rule::WindowsHaveBrakes, "accounts are in the window");
}

#[test]
fn rule_9_one_firing_opens_two_windows() {
    let calm = Calm::new();
    let mut fleet = state_machine::Fleet::default();
    for record in calm.simulated.fleet_history().unwrap() {
        fleet.apply(&record).unwrap();
    }
    let fired = calm.now;
    for minute in [0, 30] {
        let at = calm.now + TimeDelta::minutes(minute);
        let window = WindowId(at);
        let facts = [
            FleetFact::ScheduleFired { fired },
            FleetFact::WindowOpened { window, brakes: settings().brakes(), planned: 0, left_out: [].into() },
            FleetFact::WindowClosed,
        ];
        let cause = Cause { origin: Origin::Window, by: Actor::Aws, trigger: None };
        let mut records = Vec::new();
        for fact in facts {
            let record = FleetRecord { version: fleet.version().next(), at, cause: cause.clone(), fact };
            fleet.apply(&record).unwrap();
            records.push(record);
        }
        assert_eq!(calm.simulated.breach(), None);
        calm.referee().appended_fleet(&records, &fleet);
    }
    calm.broke(Rule::WindowsHaveBrakes, "had opened one before");
}

#[test]
fn rule_10_the_head_is_not_what_its_records_say() {
    let calm = Calm::new();
    let head = calm.head();
    let record = calm.record(&head, Fact::TagsDiffer);
    // The record is there, and the head does not show it.
    calm.referee().appended(&[record], &Arc::new(head));
    calm.broke(Rule::ReplayIsHead, "differs");
}
