//! What any journal must do. Each function is one promise; it is handed a journal of its own that is empty.
//!
//! Nothing here knows what lies below, so a journal that joins later runs the same functions unchanged: see
//! [`journal_suite!`].

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use spa::journal::{AppendError, Journal, JournalError};
use state_machine::{
    Account, AccountId, Actor, Brakes, Cause, Fact, Fleet, FleetFact, FleetRecord, Occasion, Origin,
    PLAN_PAGE, Profile, Record, Status, Tags, Text, Timestamp, TriggerId, UnitId, Version,
};

/// Makes one test of each promise, for journals that `$new` makes. Whatever `$new` returns beside the journal
/// (a folder, a table) is kept until the test is over.
#[macro_export]
macro_rules! journal_suite {
    ($module:ident, $new:expr) => {
        mod $module {
            use super::*;
            $crate::journal_suite!(@tests $new;
                an_unknown_account_is_unseen,
                the_head_is_the_fold_of_the_records,
                what_was_decided_on_another_version_is_not_appended,
                records_out_of_order_are_not_appended,
                of_many_first_records_one_is_appended,
                racing_writers_lose_no_record_and_repeat_none,
                readers_never_see_half_an_append,
                history_is_read_page_by_page,
                heads_are_read_page_by_page,
                several_heads_come_in_the_order_in_which_they_were_asked_for,
                what_is_due_comes_earliest_first,
                a_day_is_read_page_by_page,
                the_fleet_has_a_journal_of_its_own,
                a_plan_for_a_hundred_thousand_accounts_is_kept,
                text_comes_back_as_it_was,
            );
        }
    };
    (@tests $new:expr; $($name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                let (journal, _kept) = $new();
                $crate::suite::block_on($crate::suite::$name(&journal));
            }
        )*
    };
}

/// Runs to the end on this thread.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// An account by a small number.
pub fn account(number: u64) -> AccountId {
    AccountId::from_number(number).unwrap()
}

/// An instant so many seconds after the beginning of a day in 2026.
pub fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    start + TimeDelta::seconds(seconds)
}

/// A record that follows on this head.
pub fn record(head: &Account, at: Timestamp, fact: Fact) -> Record {
    let by = Actor::Principal("arn:aws:iam::111122223333:user/Zoë".into());
    let trigger = Some(TriggerId::from_text(&format!("{} {}", head.id(), head.version())));
    Record {
        version: head.version().next(),
        at,
        cause: Cause { origin: Origin::TagEvent, by, trigger },
        looked: head.version().number().is_multiple_of(2),
        described: None,
        claim: None,
        fact,
        owes: Vec::new(),
    }
}

/// What an append takes: the version it is decided on, the records, and the head that they make.
pub type Step = (Version, Vec<Record>, Arc<Account>);

/// These facts on top of a head.
pub fn step(head: &Account, at: Timestamp, facts: impl IntoIterator<Item = Fact>) -> Step {
    let mut next = head.clone();
    let mut records = Vec::new();
    for fact in facts {
        let record = record(&next, at, fact);
        next.apply(&record).unwrap();
        records.push(record);
    }
    (head.version(), records, Arc::new(next))
}

/// A fact that gives the account a wake-up.
pub fn waits(until: Timestamp) -> Fact {
    Fact::Deferred { until }
}

/// A profile with this name.
pub fn described(name: &str) -> Fact {
    Fact::Described(Box::new(Profile {
        name: name.into(),
        email: "someone@example.com".into(),
        units: ["ou-ab12-11111111".parse::<UnitId>().unwrap()].into(),
        tags: Tags::from_iter([(Text::from("account-holder"), Text::from(name))]),
    }))
}

async fn append<J: Journal>(journal: &J, (expected, records, next): &Step) -> Result<(), AppendError> {
    journal.append(*expected, records, next).await
}

/// Appends these facts to whatever is there.
async fn add<J: Journal>(journal: &J, id: AccountId, at: Timestamp, facts: Vec<Fact>) -> Step {
    let head = journal.account(id).await.unwrap();
    let step = step(&head, at, facts);
    append(journal, &step).await.unwrap();
    step
}

async fn all<J: Journal>(journal: &J, id: AccountId) -> Vec<Record> {
    journal.history(id, Version::NONE, usize::MAX).await.unwrap()
}

fn is_conflict(outcome: &Result<(), AppendError>) -> bool {
    matches!(outcome, Err(AppendError::Conflict { .. }))
}

pub async fn an_unknown_account_is_unseen<J: Journal>(journal: &J) {
    assert_eq!(*journal.account(account(7)).await.unwrap(), Account::unseen(account(7)));
    assert!(all(journal, account(7)).await.is_empty());
    assert!(journal.heads(None, 10).await.unwrap().is_empty());
    assert!(journal.due(at(1_000_000_000), 10).await.unwrap().is_empty());
    assert!(journal.day("2026-11-21", None, 10).await.unwrap().is_empty());
    assert_eq!(*journal.fleet().await.unwrap(), Fleet::default());
    assert!(journal.fleet_history(Version::NONE, 10).await.unwrap().is_empty());
}

pub async fn the_head_is_the_fold_of_the_records<J: Journal>(journal: &J) {
    let id = account(1);
    add(journal, id, at(0), vec![Fact::Enrolled, described("one")]).await;
    add(journal, id, at(1), vec![waits(at(50))]).await;
    add(journal, id, at(2), vec![Fact::Unheld, described("two"), Fact::TagsDiffer]).await;
    let head = journal.account(id).await.unwrap();
    let mut fold = Account::unseen(id);
    for record in all(journal, id).await {
        fold.apply(&record).unwrap();
    }
    assert_eq!(*head, fold);
    assert_eq!(head.version(), Version::new(6));
    assert_eq!(&*head.profile().name, "two");
}

pub async fn what_was_decided_on_another_version_is_not_appended<J: Journal>(journal: &J) {
    let id = account(1);
    let nobody = Account::unseen(id);
    let first = step(&nobody, at(0), [Fact::Enrolled]);
    let second = step(&first.2, at(1), [Fact::TagsDiffer]);
    let third = step(&second.2, at(2), [Fact::TagsDiffer]);

    assert!(is_conflict(&append(journal, &second).await), "nothing is there yet");
    assert_eq!(*journal.account(id).await.unwrap(), nobody);
    assert!(journal.heads(None, 10).await.unwrap().is_empty(), "a lost race leaves no account behind");

    append(journal, &first).await.unwrap();
    assert!(is_conflict(&append(journal, &first).await), "the first record comes once");
    assert!(is_conflict(&append(journal, &third).await), "ahead of the journal");
    append(journal, &second).await.unwrap();
    assert!(is_conflict(&append(journal, &second).await), "behind the journal");

    let other = step(&first.2, at(9), [described("other"), waits(at(10))]);
    assert!(is_conflict(&append(journal, &other).await), "another decision on the same version");
    assert_eq!(journal.account(id).await.unwrap(), second.2);
    assert_eq!(all(journal, id).await, [first.1, second.1].concat());
    assert!(journal.due(at(100), 10).await.unwrap().is_empty(), "a lost race sets no wake-up");
    assert_eq!(journal.day("2026-11-21", None, 10).await.unwrap().len(), 2);
}

pub async fn records_out_of_order_are_not_appended<J: Journal>(journal: &J) {
    let id = account(1);
    let (expected, records, next) = step(&Account::unseen(id), at(0), [Fact::Enrolled, described("one")]);
    let twice = vec![records[0].clone(), records[0].clone()];
    let turned = vec![records[1].clone(), records[0].clone()];
    for wrong in [twice, turned, records[..1].to_vec(), records[1..].to_vec(), Vec::new()] {
        let outcome = journal.append(expected, &wrong, &next).await;
        assert!(
            matches!(outcome, Err(AppendError::Failed(JournalError::OutOfOrder { .. }))),
            "{outcome:?} for {wrong:?}"
        );
        assert_eq!(*journal.account(id).await.unwrap(), Account::unseen(id));
        assert!(all(journal, id).await.is_empty());
    }
    journal.append(expected, &records, &next).await.unwrap();
    let nothing = journal.append(next.version(), &[], &next).await;
    assert!(matches!(nothing, Err(AppendError::Failed(JournalError::OutOfOrder { .. }))));
}

pub async fn of_many_first_records_one_is_appended<J: Journal>(journal: &J) {
    for number in 0..20 {
        let id = account(number);
        let won = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..4)
                .map(|racer| {
                    scope.spawn(move || {
                        let name = format!("racer {racer}");
                        let facts = [Fact::Enrolled, described(&name)];
                        let step = step(&Account::unseen(id), at(racer), facts);
                        let outcome = block_on(append(journal, &step));
                        assert!(outcome.is_ok() || is_conflict(&outcome), "{outcome:?}");
                        outcome.is_ok().then_some(step)
                    })
                })
                .collect();
            racers.into_iter().filter_map(|racer| racer.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(won.len(), 1, "one of them is first");
        assert_eq!(all(journal, id).await, won[0].1);
        assert_eq!(journal.account(id).await.unwrap(), won[0].2);
    }
}

pub async fn racing_writers_lose_no_record_and_repeat_none<J: Journal>(journal: &J) {
    const WRITERS: u64 = 4;
    const APPENDS: u64 = 20;
    let id = account(1);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                block_on(async {
                    for place in 0..APPENDS {
                        let name = format!("{writer}.{place}");
                        loop {
                            let head = journal.account(id).await.unwrap();
                            let outcome = append(journal, &step(&head, at(0), [described(&name)])).await;
                            if outcome.is_ok() {
                                break;
                            }
                            assert!(is_conflict(&outcome), "{outcome:?}");
                        }
                    }
                });
            });
        }
    });
    let records = all(journal, id).await;
    let versions: Vec<u64> = records.iter().map(|record| record.version.number()).collect();
    assert_eq!(versions, (1..=WRITERS * APPENDS).collect::<Vec<_>>());
    let names: BTreeSet<String> = records
        .iter()
        .map(|record| match &record.fact {
            Fact::Described(profile) => profile.name.to_string(),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(names.len(), records.len(), "every record once");
}

pub async fn readers_never_see_half_an_append<J: Journal>(journal: &J) {
    let id = account(1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            block_on(async {
                for second in 0..60 {
                    add(journal, id, at(second), vec![Fact::TagsDiffer, described("x"), Fact::TagsDiffer])
                        .await;
                }
            });
            done.store(true, Ordering::SeqCst);
        });
        scope.spawn(|| {
            block_on(async {
                while !done.load(Ordering::SeqCst) {
                    let before = journal.account(id).await.unwrap().version().number();
                    let records = all(journal, id).await.len() as u64;
                    let after = journal.account(id).await.unwrap().version().number();
                    assert!(records.is_multiple_of(3), "{records} records");
                    assert!(before <= records && records <= after, "{before} {records} {after}");
                }
            });
        });
    });
    assert_eq!(all(journal, id).await.len(), 180);
}

pub async fn history_is_read_page_by_page<J: Journal>(journal: &J) {
    let id = account(5);
    for second in 0..7 {
        add(journal, id, at(second), vec![described("a"), Fact::TagsDiffer, described("b")]).await;
    }
    add(journal, account(6), at(0), vec![Fact::TagsDiffer]).await;
    let records = all(journal, id).await;
    assert_eq!(records.len(), 21);
    for size in [1, 2, 3, 5, 20, 21, 22] {
        let mut found: Vec<Record> = Vec::new();
        loop {
            let after = found.last().map_or(Version::NONE, |record| record.version);
            let page = journal.history(id, after, size).await.unwrap();
            assert!(page.len() <= size);
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found, records, "pages of {size}");
    }
    assert!(journal.history(id, Version::NONE, 0).await.unwrap().is_empty());
    assert!(journal.history(id, Version::new(21), 9).await.unwrap().is_empty());
    assert!(journal.history(id, Version::new(u64::MAX), 9).await.unwrap().is_empty());
}

pub async fn heads_are_read_page_by_page<J: Journal>(journal: &J) {
    // Leading zeros and twelve digits: by number and by text is the same order.
    let numbers = [3, 999_999_999_999, 10, 111_122_223_333, 2, 100_000_000_000];
    for number in numbers {
        add(journal, account(number), at(0), vec![described("x")]).await;
    }
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    for size in 1..8 {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = journal.heads(after, size).await.unwrap();
            assert!(page.len() <= size);
            let Some(last) = page.last() else { break };
            after = Some(last.id());
            found.extend(page.iter().map(|head| head.id().as_number()));
        }
        assert_eq!(found, sorted, "pages of {size}");
    }
    let between = journal.heads(Some(account(4)), 1).await.unwrap();
    assert_eq!(between[0].id(), account(10), "after an account that is not there");
    assert!(journal.heads(None, 0).await.unwrap().is_empty());
}

pub async fn several_heads_come_in_the_order_in_which_they_were_asked_for<J: Journal>(journal: &J) {
    for number in 1..=120 {
        add(journal, account(number), at(0), vec![described("x")]).await;
    }
    // More than AWS gives at once, one of them twice, and one that nobody ever saw.
    let wanted: Vec<_> = (1..=120).rev().chain([7, 999]).map(account).collect();
    let heads = journal.accounts(&wanted).await.unwrap();
    assert_eq!(heads.iter().map(|head| head.id()).collect::<Vec<_>>(), wanted);
    for head in heads {
        assert_eq!(head, journal.account(head.id()).await.unwrap());
    }
    assert!(journal.accounts(&[]).await.unwrap().is_empty());
}

pub async fn what_is_due_comes_earliest_first<J: Journal>(journal: &J) {
    for (number, wake) in [(1, 30), (2, 10), (3, 10), (4, 20)] {
        add(journal, account(number), at(0), vec![Fact::Enrolled, waits(at(wake))]).await;
    }
    add(journal, account(5), at(0), vec![Fact::Enrolled]).await;
    let due = async |until: i64, limit: usize| {
        let due = journal.due(at(until), limit).await.unwrap();
        due.into_iter()
            .map(|(wake, id)| (wake.since(at(0)).num_seconds(), id.as_number()))
            .collect::<Vec<_>>()
    };
    assert_eq!(due(100, 10).await, [(10, 2), (10, 3), (20, 4), (30, 1)]);
    assert_eq!(due(20, 10).await, [(10, 2), (10, 3), (20, 4)], "the bound itself is due");
    assert_eq!(due(19, 10).await, [(10, 2), (10, 3)]);
    assert_eq!(due(9, 10).await, []);
    assert_eq!(due(100, 3).await, [(10, 2), (10, 3), (20, 4)]);
    assert_eq!(due(100, 0).await, []);
    assert!(journal.due(at(10) - TimeDelta::milliseconds(1), 9).await.unwrap().is_empty());

    // A wake-up moves with the head, and goes with it.
    add(journal, account(2), at(1), vec![waits(at(40))]).await;
    add(journal, account(3), at(1), vec![Fact::Unheld]).await;
    add(journal, account(4), at(1), vec![Fact::StatusChanged { status: Status::Suspended }]).await;
    assert_eq!(due(100, 10).await, [(30, 1), (40, 2)]);
}

pub async fn a_day_is_read_page_by_page<J: Journal>(journal: &J) {
    let day = 24 * 3_600;
    for number in [2, 1, 3] {
        let last = at(0) - TimeDelta::milliseconds(1);
        add(journal, account(number), last, vec![described("before")]).await;
        add(journal, account(number), at(0), vec![described("first"), Fact::TagsDiffer]).await;
        if number != 1 {
            let last = at(day) - TimeDelta::milliseconds(1);
            add(journal, account(number), last, vec![described("last")]).await;
        }
        add(journal, account(number), at(day), vec![described("after")]).await;
    }
    let expected = [(1, 2), (1, 3), (2, 2), (2, 3), (2, 4), (3, 2), (3, 3), (3, 4)];
    for size in 1..10 {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = journal.day("2026-11-21", after, size).await.unwrap();
            assert!(page.len() <= size);
            let Some((id, record)) = page.last() else { break };
            after = Some((*id, record.version));
            found.extend(page.iter().map(|(id, record)| (id.as_number(), record.version.number())));
        }
        assert_eq!(found, expected, "pages of {size}");
    }
    let count = async |day: &str| journal.day(day, None, 100).await.unwrap().len();
    assert_eq!(count("2026-11-20").await, 3);
    assert_eq!(count("2026-11-22").await, 3);
    assert_eq!(count("2026-11-23").await, 0);
    assert_eq!(count("no day").await, 0);
    assert!(journal.day("2026-11-21", None, 0).await.unwrap().is_empty());
}

/// A record of the fleet that follows on this head.
pub fn fleet_record(fleet: &Fleet, at: Timestamp, fact: FleetFact) -> FleetRecord {
    let cause = Cause { origin: Origin::Outside, by: Actor::Unknown, trigger: None };
    FleetRecord { version: fleet.version().next(), at, cause, fact }
}

/// A refused event on top of a head of the fleet.
pub fn fleet_step(fleet: &Fleet, at: Timestamp, excerpt: &str) -> (Version, Vec<FleetRecord>, Arc<Fleet>) {
    let fact = FleetFact::EventRefused {
        code: "not-json".into(),
        message: "it is no JSON".into(),
        excerpt: excerpt.into(),
    };
    let record = fleet_record(fleet, at, fact);
    let mut next = fleet.clone();
    next.apply(&record).unwrap();
    (fleet.version(), vec![record], Arc::new(next))
}

pub async fn the_fleet_has_a_journal_of_its_own<J: Journal>(journal: &J) {
    add(journal, account(1), at(0), vec![Fact::Enrolled]).await;
    let first = fleet_step(&Fleet::default(), at(0), "one");
    let second = fleet_step(&first.2, at(1), "two");
    let append = async |step: &(Version, Vec<FleetRecord>, Arc<Fleet>)| {
        journal.append_fleet(step.0, &step.1, &step.2).await
    };
    assert!(is_conflict(&append(&second).await), "nothing is there yet");
    append(&first).await.unwrap();
    assert!(is_conflict(&append(&first).await), "the first record comes once");
    append(&second).await.unwrap();
    assert!(is_conflict(&append(&second).await));
    let wrong = journal.append_fleet(second.2.version(), &first.1, &second.2).await;
    assert!(matches!(wrong, Err(AppendError::Failed(JournalError::OutOfOrder { .. }))));

    assert_eq!(journal.fleet().await.unwrap(), second.2);
    assert_eq!(journal.fleet_history(Version::NONE, 9).await.unwrap(), [&first.1[..], &second.1].concat());
    assert_eq!(journal.fleet_history(Version::NONE, 1).await.unwrap(), first.1);
    assert_eq!(journal.fleet_history(Version::new(1), 9).await.unwrap(), second.1);
    assert!(journal.fleet_history(Version::new(2), 9).await.unwrap().is_empty());
    assert_eq!(all(journal, account(1)).await.len(), 1, "an account has its own");
}

pub async fn a_plan_for_a_hundred_thousand_accounts_is_kept<J: Journal>(journal: &J) {
    let accounts: Vec<AccountId> = (0..100_000).map(|number| account(number * 9_999_999)).collect();
    let cause = Cause { origin: Origin::Window, by: Actor::Aws, trigger: None };
    let brakes = Brakes {
        in_flight: 50,
        first_wave: 5,
        usual_failures_percent: 5,
        least_failures: 3,
        longest_seconds: 3_600,
    };
    let left_out = BTreeMap::from([(Text::from("held"), 3)]);
    let occasion = Occasion::Command { reason: "a test".into() };
    let (_, advance) = Fleet::default().open(&cause, &occasion, &brakes, &accounts, left_out, at(0));
    journal.append_fleet(Version::NONE, &advance.records, &advance.fleet).await.unwrap();

    let fleet = journal.fleet().await.unwrap();
    assert_eq!(fleet, advance.fleet);
    let pages = &fleet.window().unwrap().pages;
    assert_eq!(pages.len(), accounts.len() / PLAN_PAGE);
    let mut planned = Vec::new();
    for page in pages {
        let before = Version::new(page.number() - 1);
        for record in journal.fleet_history(before, 1).await.unwrap() {
            match record.fact {
                FleetFact::WindowPlanned { accounts } => planned.extend(accounts),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(planned, accounts);
}

pub async fn text_comes_back_as_it_was<J: Journal>(journal: &J) {
    let texts = [
        "",
        " ",
        "O'Brien; drop table heads; --",
        "\"quoted\" \\ back\\slash",
        "line\nbreak\r\n\ttab",
        "\u{0} nul \u{7f} del \u{1b}[31m",
        "Ünïcödé, 日本語, العربية, 🧑‍🚀, e\u{301}",
        "\u{feff}\u{202e}\u{fffd}\u{10ffff}",
        &"long ".repeat(100_000),
    ];
    for (number, text) in (1..).zip(texts) {
        let id = account(number);
        let step = add(journal, id, at(0), vec![Fact::Enrolled, described(text)]).await;
        assert_eq!(journal.account(id).await.unwrap(), step.2, "{text:.40}");
        assert_eq!(all(journal, id).await, step.1, "{text:.40}");
    }
}
