//! The same operations on two journals, whatever they are: the same answers.

use std::sync::Arc;

use proptest::prelude::*;
use spa::journal::{AppendError, Journal};
use state_machine::{Account, Fact, Status, Timestamp, Version};

use super::suite::{account, at, block_on, described, fleet_step, step, waits};
use super::{memory, sqlite};

#[derive(Clone, Debug)]
enum Operation {
    /// Appends facts to an account, decided on a version that many away from the journal's.
    Append {
        account: u64,
        off: i64,
        second: i64,
        facts: Vec<u8>,
    },
    /// Appends to the fleet's journal.
    Fleet {
        off: bool,
        second: i64,
        text: String,
    },
    Account(u64),
    History(u64, u64, usize),
    Heads(Option<u64>, usize),
    Due(i64, usize),
    Day(u8, Option<(u64, u64)>, usize),
    FleetHistory(u64, usize),
}

fn operation() -> impl Strategy<Value = Operation> {
    let number = 0..4_u64;
    let second = || 0..200_000_i64;
    let limit = || prop_oneof![0..5_usize, Just(100), Just(usize::MAX)];
    let facts = prop::collection::vec(any::<u8>(), 1..4);
    let off = prop_oneof![8 => Just(0_i64), 1 => Just(-1_i64), 1 => Just(1_i64)];
    prop_oneof![
        6 => (number.clone(), off, second(), facts)
            .prop_map(|(account, off, second, facts)| Operation::Append { account, off, second, facts }),
        2 => (any::<bool>(), second(), ".*")
            .prop_map(|(off, second, text)| Operation::Fleet { off, second, text }),
        1 => number.clone().prop_map(Operation::Account),
        2 => (number.clone(), 0..12_u64, limit()).prop_map(|(a, after, n)| Operation::History(a, after, n)),
        1 => (prop::option::of(number.clone()), limit()).prop_map(|(after, n)| Operation::Heads(after, n)),
        2 => (second(), limit()).prop_map(|(until, n)| Operation::Due(until, n)),
        2 => (0..4_u8, prop::option::of((number, 0..12_u64)), limit())
            .prop_map(|(day, after, n)| Operation::Day(day, after, n)),
        1 => (0..12_u64, limit()).prop_map(|(after, n)| Operation::FleetHistory(after, n)),
    ]
}

fn fact(kind: u8, at: Timestamp) -> Fact {
    match kind % 8 {
        0 => Fact::Enrolled,
        1 => described(&format!("name {kind}")),
        2 | 3 => waits(at + chrono::TimeDelta::seconds(i64::from(kind) * 500)),
        4 => Fact::Unheld,
        5 => Fact::StatusChanged { status: if kind < 128 { Status::Active } else { Status::Suspended } },
        6 => Fact::TagsDiffer,
        _ => Fact::Held { until: at, reason: format!("reason {kind} – ☂").into() },
    }
}

/// The answer to an operation, as text that shows all of it.
async fn answer<J: Journal>(journal: &J, operation: &Operation) -> String {
    match operation {
        Operation::Append { account: number, off, second, facts } => {
            let head = journal.account(account(*number)).await.unwrap();
            let now = at(*second);
            // Decided on the past, the present, or a future that has not come.
            let base = match off {
                -1 => Arc::new(Account::unseen(head.id())),
                1 => step(&head, now, [Fact::TagsDiffer]).2,
                _ => head,
            };
            let (expected, records, next) = step(&base, now, facts.iter().map(|kind| fact(*kind, now)));
            outcome(&journal.append(expected, &records, &next).await)
        }
        Operation::Fleet { off, second, text } => {
            let fleet = journal.fleet().await.unwrap();
            let base = if *off { fleet_step(&fleet, at(*second), "").2 } else { fleet };
            let (expected, records, next) = fleet_step(&base, at(*second), text);
            outcome(&journal.append_fleet(expected, &records, &next).await)
        }
        Operation::Account(number) => format!("{:?}", journal.account(account(*number)).await),
        Operation::History(number, after, limit) => {
            format!("{:?}", journal.history(account(*number), Version::new(*after), *limit).await)
        }
        Operation::Heads(after, limit) => format!("{:?}", journal.heads(after.map(account), *limit).await),
        Operation::Due(until, limit) => format!("{:?}", journal.due(at(*until), *limit).await),
        Operation::Day(day, after, limit) => {
            let day = at(i64::from(*day) * 86_400).day();
            let after = after.map(|(number, version)| (account(number), Version::new(version)));
            format!("{:?}", journal.day(&day, after, *limit).await)
        }
        Operation::FleetHistory(after, limit) => {
            format!("{:?}", journal.fleet_history(Version::new(*after), *limit).await)
        }
    }
}

fn outcome(outcome: &Result<(), AppendError>) -> String {
    match outcome {
        Ok(()) => "appended".to_owned(),
        Err(error) => error.to_string(),
    }
}

async fn compare(
    one: &impl Journal,
    other: &impl Journal,
    operations: &[Operation],
) -> Result<(), TestCaseError> {
    for operation in operations {
        let (one, other) = (answer(one, operation).await, answer(other, operation).await);
        prop_assert_eq!(one, other, "{:?}", operation);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_sqlite_answer_alike(operations in prop::collection::vec(operation(), 1..60)) {
        let ((memory, ()), (sqlite, _folder)) = (memory(), sqlite());
        block_on(compare(&memory, &sqlite, &operations))?;
    }
}

#[cfg(feature = "aws")]
proptest! {
    // Each operation is a few calls over the network; what stands there is the longer for it.
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_dynamodb_answer_alike(operations in prop::collection::vec(operation(), 20..80)) {
        let ((memory, ()), (dynamodb, _guest)) = (memory(), super::dynamodb::journal());
        block_on(compare(&memory, &dynamodb, &operations))?;
    }
}
