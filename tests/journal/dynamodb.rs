//! What only a journal in a service far away can meet: answers that are lost, refusals, other writers, damage.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use spa::cloud::aws::governor::Governor;
use spa::journal::dynamodb::{DynamoJournal, table};
use spa::journal::{AppendError, Journal, JournalError};
use spa::settings::Limits;
use state_machine::{Account, AccountId, Fact, FailureKind, Record, Version};

use super::connections::Several;
use super::peers::{Guest, guest};
use super::suite::{Step, account, at, block_on, described, step, waits};

const TABLE: &str = "journal";

fn client(guest: &Guest) -> Client {
    Client::new(&guest.config())
}

fn open(guest: &Guest) -> DynamoJournal {
    DynamoJournal::new(client(guest), Governor::default(), TABLE)
}

/// A journal in a table of its own.
pub fn journal() -> (DynamoJournal, Guest) {
    let guest = guest();
    block_on(table::create(&client(&guest), &Governor::default(), TABLE)).unwrap();
    (open(&guest), guest)
}

/// One table, as several processes have it: each with its own client, governor and name.
pub fn several() -> (Several<DynamoJournal>, Guest) {
    let (journal, guest) = journal();
    (Several::of(vec![journal, open(&guest), open(&guest)]), guest)
}

fn first(id: AccountId) -> Step {
    step(&Account::unseen(id), at(0), [Fact::Enrolled, described("one"), waits(at(50))])
}

async fn append(journal: &DynamoJournal, step: &Step) -> Result<(), AppendError> {
    journal.append(step.0, &step.1, &step.2).await
}

async fn all(journal: &DynamoJournal, id: AccountId) -> Vec<Record> {
    journal.history(id, Version::NONE, usize::MAX).await.unwrap()
}

fn service(error: JournalError) -> (FailureKind, String) {
    match error {
        JournalError::Service { kind, message } => (kind, message),
        other => panic!("{other:?}"),
    }
}

fn count(guest: &Guest, operation: &str) -> usize {
    guest.calls().iter().filter(|call| *call == operation).count()
}

#[test]
fn an_append_whose_answer_was_lost_is_no_conflict_with_itself() {
    let (journal, guest) = journal();
    block_on(async {
        let one = first(account(1));
        guest.lose_answers("TransactWriteItems", 1);
        append(&journal, &one).await.unwrap();
        let two = step(&one.2, at(1), [Fact::TagsDiffer]);
        guest.lose_answers("TransactWriteItems", 1);
        append(&journal, &two).await.unwrap();
        assert_eq!(all(&journal, account(1)).await, [one.1, two.1].concat());
        assert_eq!(count(&guest, "dynamodb:TransactWriteItems"), 4);
    });
}

#[test]
fn an_append_that_was_overtaken_while_its_answer_was_lost_is_no_conflict() {
    let (one, guest) = journal();
    let other = open(&guest);
    let first = first(account(1));
    let second = step(&first.2, at(1), [Fact::TagsDiffer]);
    let held = guest.hold_answer("TransactWriteItems");
    std::thread::scope(|scope| {
        let appended = scope.spawn(|| block_on(append(&one, &first)));
        held.wait();
        block_on(append(&other, &second)).unwrap();
        held.lose();
        appended.join().unwrap().unwrap();
    });
    assert_eq!(count(&guest, "dynamodb:TransactWriteItems"), 3);
    assert_eq!(block_on(all(&other, account(1))), [first.1, second.1].concat());
}

#[test]
fn an_append_that_was_overtaken_by_another_that_decided_alike_is_a_conflict() {
    let (one, guest) = journal();
    let other = open(&guest);
    let first = first(account(1));
    let second = step(&first.2, at(1), [Fact::TagsDiffer]);
    block_on(append(&other, &first)).unwrap();
    block_on(append(&other, &second)).unwrap();
    guest.lose_answers("TransactWriteItems", 1);
    let outcome = block_on(append(&one, &first));
    assert!(matches!(outcome, Err(AppendError::Conflict { .. })), "{outcome:?}");
}

#[test]
fn an_append_that_is_never_answered_is_told_to_be_in_doubt() {
    let (journal, guest) = journal();
    block_on(async {
        let one = first(account(1));
        guest.lose_answers("TransactWriteItems", 2);
        append(&journal, &one).await.unwrap();
        assert_eq!(count(&guest, "dynamodb:TransactWriteItems"), 3);
        guest.lose_answers("TransactWriteItems", 9);
        let two = step(&one.2, at(1), [Fact::TagsDiffer]);
        let outcome = append(&journal, &two).await;
        let Err(AppendError::Failed(error)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(service(error).0, FailureKind::Unavailable, "nobody knows");
        guest.refuse_nothing();
        assert_eq!(journal.account(account(1)).await.unwrap(), two.2, "it was written");
    });
}

#[test]
fn another_writer_that_decided_alike_is_a_conflict_all_the_same() {
    let (one, guest) = journal();
    let other = open(&guest);
    block_on(async {
        let step = first(account(1));
        append(&one, &step).await.unwrap();
        for journal in [&one, &other] {
            // Lost or not: what stands there was written by somebody else, or by an append that has ended.
            guest.lose_answers("TransactWriteItems", 1);
            let outcome = append(journal, &step).await;
            assert!(matches!(outcome, Err(AppendError::Conflict { expected: Version::NONE })), "{outcome:?}");
        }
        assert_eq!(all(&one, account(1)).await, step.1);
    });
}

#[test]
fn of_two_processes_that_race_exactly_one_wins_each_round() {
    let (one, guest) = journal();
    let other = open(&guest);
    let id = account(1);
    block_on(async {
        for round in 0..10 {
            let head = one.account(id).await.unwrap();
            let steps = ["one", "other"].map(|name| step(&head, at(round), [described(name)]));
            let outcomes = tokio::join!(append(&one, &steps[0]), append(&other, &steps[1]));
            let won = [outcomes.0.is_ok(), outcomes.1.is_ok()];
            assert_eq!(won.iter().filter(|won| **won).count(), 1, "{outcomes:?}");
            let winner = usize::from(won[1]);
            assert_eq!(*other.account(id).await.unwrap(), *steps[winner].2);
        }
    });
}

#[test]
fn a_refusal_tells_whether_to_try_again() {
    let (journal, guest) = journal();
    // Asked once, it need not wait between attempts.
    let once = || Governor::new(Limits { attempts: 1, ..Limits::default() });
    let id = account(1);
    let refusals = [
        (400, "AccessDeniedException", FailureKind::Denied),
        (400, "UnrecognizedClientException", FailureKind::Denied),
        (400, "ThrottlingException", FailureKind::Throttled),
        (400, "ProvisionedThroughputExceededException", FailureKind::Throttled),
        (400, "RequestLimitExceeded", FailureKind::Throttled),
        (500, "InternalServerError", FailureKind::Unavailable),
    ];
    for (status, code, kind) in refusals {
        for operation in ["GetItem", "TransactWriteItems", "Query"] {
            guest.refuse(operation, 1_000, status, code);
            let journal = DynamoJournal::new(client(&guest), once(), TABLE);
            let told = block_on(async {
                match operation {
                    "GetItem" => journal.account(id).await.map(|_| ()).map_err(service),
                    "Query" => journal.heads(None, 1).await.map(|_| ()).map_err(service),
                    _ => append(&journal, &first(id)).await.map_err(|error| match error {
                        AppendError::Failed(error) => service(error),
                        AppendError::Conflict { .. } => panic!("{error}"),
                    }),
                }
            });
            guest.refuse_nothing();
            let (told, message) = told.unwrap_err();
            assert_eq!(told, kind, "{code} of {operation}: {message}");
        }
    }
    assert_eq!(*block_on(journal.account(id)).unwrap(), Account::unseen(id), "nothing was written");
}

#[test]
fn a_table_that_is_not_there_is_missing_and_no_empty_journal() {
    let guest = guest();
    let journal = open(&guest);
    block_on(async {
        let (kind, message) = service(journal.account(account(1)).await.unwrap_err());
        assert_eq!(kind, FailureKind::Missing, "{message}");
        assert_eq!(service(journal.heads(None, 1).await.unwrap_err()).0, FailureKind::Missing);
        assert_eq!(service(journal.due(at(0), 1).await.unwrap_err()).0, FailureKind::Missing);
        let outcome = append(&journal, &first(account(1))).await;
        let Err(AppendError::Failed(error)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(service(error).0, FailureKind::Missing);
    });
}

/// Text that a page of one megabyte holds three of.
fn long(number: usize) -> Fact {
    described(&format!("{number} {}", "☂ long ".repeat(33_000)))
}

#[test]
fn what_is_longer_than_a_page_of_the_service_is_read_whole() {
    let (journal, guest) = journal();
    let id = account(1);
    block_on(async {
        let mut head = Arc::new(Account::unseen(id));
        let mut records = Vec::new();
        for number in 0..8 {
            let step = step(&head, at(0), [long(number)]);
            append(&journal, &step).await.unwrap();
            head = step.2;
            records.extend(step.1);
        }
        let before = count(&guest, "dynamodb:Query");
        assert_eq!(all(&journal, id).await, records);
        assert!(count(&guest, "dynamodb:Query") - before > 2, "it took several pages");
        let day = journal.day("2026-11-21", None, usize::MAX).await.unwrap();
        assert!(day.into_iter().map(|(_, record)| record).eq(records));
        assert_eq!(journal.account(id).await.unwrap(), head);
    });
}

#[test]
fn heads_of_more_accounts_than_one_call_reads_come_in_order() {
    let (journal, guest) = journal();
    block_on(async {
        for number in (0..104).rev() {
            append(&journal, &first(account(number * 8_000_000_000))).await.unwrap();
        }
        // One of them is longer than an item.
        let head = journal.account(account(8_000_000_000)).await.unwrap();
        append(&journal, &step(&head, at(1), [described(&"x".repeat(600_000))])).await.unwrap();
        let before = guest.calls().len();
        let heads = journal.heads(None, usize::MAX).await.unwrap();
        assert_eq!(heads.len(), 104);
        assert!(heads.is_sorted_by_key(|head| head.id()));
        assert_eq!(heads[1].profile().name.len(), 600_000);
        assert_eq!(
            guest.calls()[before..],
            ["dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:BatchGetItem"],
            "keys, a hundred heads, the parts of one of them, the rest"
        );
        let due = journal.due(at(50), usize::MAX).await.unwrap();
        assert_eq!(due.len(), 104);
    });
}

#[test]
fn one_call_reads_an_account_and_one_call_appends() {
    let (journal, guest) = journal();
    block_on(async {
        let before = guest.calls().len();
        append(&journal, &first(account(1))).await.unwrap();
        journal.account(account(1)).await.unwrap();
        assert_eq!(guest.calls()[before..], ["dynamodb:TransactWriteItems", "dynamodb:GetItem"]);
    });
}

#[test]
fn more_than_a_transaction_takes_is_refused_before_it_is_sent() {
    let (journal, guest) = journal();
    block_on(async {
        let facts = (0..10).map(|_| described(&"x".repeat(500_000)));
        let step = step(&Account::unseen(account(1)), at(0), facts);
        let before = guest.calls().len();
        let outcome = append(&journal, &step).await;
        let Err(AppendError::Failed(JournalError::TooLarge { records: 10, .. })) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(guest.calls().len(), before);
    });
}

async fn put(guest: &Guest, item: &str, name: &str, value: Option<AttributeValue>) {
    let client = client(guest);
    let key = |name: &str| AttributeValue::S(name.to_owned());
    let update = client
        .update_item()
        .table_name(TABLE)
        .key(table::STREAM, key("000000000001"))
        .key(table::ITEM, key(item))
        .expression_attribute_names("#name", name);
    let update = match value {
        Some(value) => {
            update.update_expression("set #name = :value").expression_attribute_values(":value", value)
        }
        None => update.update_expression("remove #name"),
    };
    update.send().await.unwrap();
}

#[test]
fn damage_is_told_with_its_place_and_never_passed_over() {
    let text = |text: &str| Some(AttributeValue::S(text.to_owned()));
    let damages = [
        ("head", table::BODY, text("{"), "head of 000000000001"),
        ("head", table::BODY, None, "head of 000000000001"),
        ("head", table::BODY, Some(AttributeValue::N("1".to_owned())), "head of 000000000001"),
        ("head", table::PARTS, Some(AttributeValue::N("1".to_owned())), "head of 000000000001"),
        ("record 00000000000000000002", table::BODY, text("[]"), "record 00000000000000000002"),
        ("record 00000000000000000002", table::BODY, text("no"), "record 00000000000000000002"),
        ("record 00000000000000000002", table::VERSION, text("2"), "record 00000000000000000002"),
    ];
    for (item, name, value, told) in damages {
        let (journal, guest) = journal();
        block_on(async {
            append(&journal, &first(account(1))).await.unwrap();
            put(&guest, item, name, value.clone()).await;
            let error = if item == "head" {
                journal.account(account(1)).await.unwrap_err()
            } else {
                journal.history(account(1), Version::NONE, 10).await.unwrap_err()
            };
            let JournalError::Unreadable { what, .. } = &error else { panic!("{error:?}") };
            assert!(what.contains(told), "{what} for {item} {name} {value:?}");
        });
    }
}

#[test]
fn a_record_that_is_gone_is_missed() {
    let (journal, guest) = journal();
    block_on(async {
        append(&journal, &first(account(1))).await.unwrap();
        let key = |name: &str| AttributeValue::S(name.to_owned());
        let delete = client(&guest)
            .delete_item()
            .table_name(TABLE)
            .key(table::STREAM, key("000000000001"))
            .key(table::ITEM, key("record 00000000000000000002"));
        delete.send().await.unwrap();
        let error = journal.history(account(1), Version::NONE, 10).await.unwrap_err();
        assert!(matches!(error, JournalError::Unreadable { .. }), "{error:?}");
        assert_eq!(journal.history(account(1), Version::NONE, 1).await.unwrap().len(), 1);
        assert_eq!(journal.history(account(1), Version::new(2), 9).await.unwrap().len(), 1);
    });
}

#[test]
fn a_record_is_never_written_over() {
    let (journal, guest) = journal();
    block_on(async {
        let one = first(account(1));
        append(&journal, &one).await.unwrap();
        // Somebody turned the head back by hand.
        put(&guest, "head", table::VERSION, Some(AttributeValue::N("1".to_owned()))).await;
        let (_, records, next) =
            step(&Account::unseen(account(1)), at(9), [Fact::Enrolled, Fact::TagsDiffer]);
        let outcome = journal.append(Version::new(1), &records[1..], &next).await;
        let Err(AppendError::Failed(JournalError::Unreadable { .. })) = outcome else {
            panic!("{outcome:?}")
        };
    });
}
