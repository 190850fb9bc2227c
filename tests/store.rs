//! Files that are no store, or no sound one: each is refused with what is wrong, and left as it was.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use spa::journal::sqlite::SqliteJournal;
use spa::journal::{AppendError, Journal as _, JournalError};
use spa::store::{Open, Store, StoreError};
use state_machine::{Account, AccountId, Actor, Cause, Fact, Origin, Profile, Record, Timestamp, Version};
use tempfile::TempDir;

/// Runs a future of the journal in SQLite, which never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn account(number: u64) -> AccountId {
    AccountId::from_number(number).unwrap()
}

/// Records that give an account this name, again and again.
fn described(head: &Account, times: usize, name: &str) -> (Vec<Record>, Arc<Account>) {
    let mut next = head.clone();
    let mut records = Vec::new();
    for _ in 0..times {
        let profile = Profile { name: name.into(), ..Profile::default() };
        let record = Record {
            version: next.version().next(),
            at: Timestamp::default(),
            cause: Cause { origin: Origin::Reconciler, by: Actor::Unknown, trigger: None },
            looked: true,
            described: None,
            claim: None,
            fact: Fact::Described(Box::new(profile)),
            owes: Vec::new(),
        };
        next.apply(&record).unwrap();
        records.push(record);
    }
    (records, Arc::new(next))
}

fn append(journal: &SqliteJournal, id: AccountId, times: usize, name: &str) -> Result<(), AppendError> {
    let head = now(journal.account(id)).unwrap();
    let (records, next) = described(&head, times, name);
    now(journal.append(head.version(), &records, &next))
}

/// A store with a few hundred records, closed again.
fn filled(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("spa.db");
    let journal = SqliteJournal::new(Store::open(&path, Open::OrCreate).unwrap());
    for number in 0..20 {
        append(&journal, account(number), 20, &"name ".repeat(50)).unwrap();
    }
    path
}

fn refused(path: &Path) -> String {
    let error = Store::open(path, Open::Existing).unwrap_err();
    error.to_string().replace(&path.display().to_string(), "FILE")
}

#[test]
fn what_is_not_there_is_missing_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spa.db");
    assert_eq!(refused(&path), "there is no store at FILE");
    assert!(!path.exists());
    let nowhere = folder.path().join("no such folder").join("spa.db");
    assert_eq!(refused(&nowhere), "there is no store at FILE");
    let error = Store::open(&nowhere, Open::OrCreate).unwrap_err();
    assert!(
        error.to_string().ends_with("cannot be opened: No such file or directory (os error 2)"),
        "{error}"
    );
}

#[test]
fn what_is_something_else_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spa.db");
    for content in [&b"hello"[..], b"SQLite format 3", &[0; 4096], "Größe".repeat(999).as_bytes()] {
        std::fs::write(&path, content).unwrap();
        for how in [Open::Existing, Open::OrCreate] {
            assert!(matches!(Store::open(&path, how), Err(StoreError::NotAStore { .. })));
        }
        assert_eq!(refused(&path), "FILE is not a store of spa");
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
    std::fs::remove_file(&path).unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("create table people (name)").unwrap();
    let before = std::fs::read(&path).unwrap();
    assert_eq!(refused(&path), "FILE is not a store of spa");
    assert_eq!(std::fs::read(&path).unwrap(), before, "the database of somebody else");
}

#[test]
fn a_folder_is_no_store() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(refused(folder.path()), "the store at FILE cannot be opened: it is a folder");
    assert_eq!(refused(Path::new("/dev/null")), "the store at FILE cannot be opened: it is no plain file");
}

#[test]
fn an_empty_file_is_an_unmade_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spa.db");
    std::fs::write(&path, "").unwrap();
    assert_eq!(refused(&path), "FILE is empty: there is no store in it");
    Store::open(&path, Open::OrCreate).unwrap();
    Store::open(&path, Open::Existing).unwrap();
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = filled(&folder);
    let known: i64 = {
        let connection = rusqlite::Connection::open(&path).unwrap();
        let known = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        known
    };
    let before = std::fs::read(&path).unwrap();
    let expected =
        format!("the store has format 99, and this spa knows formats up to {known}: use a newer spa");
    assert_eq!(refused(&path), expected);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = filled(&folder);
    let whole = std::fs::read(&path).unwrap();
    let length = whole.len();
    for cut in [100, 101, 512, 4_096, length / 3, length / 2, length - 4_096, length - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let expected = format!(
            "the store is damaged: it should have {length} bytes and has {cut}; bring back a copy of it"
        );
        assert_eq!(refused(&path), expected);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), cut as u64);
    }
    std::fs::write(&path, &whole[..99]).unwrap();
    assert_eq!(refused(&path), "FILE is not a store of spa");
    std::fs::write(&path, &whole).unwrap();
    Store::open(&path, Open::Existing).unwrap();
}

#[test]
fn a_file_that_was_overwritten_in_the_middle_is_damaged_and_says_so_when_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = filled(&folder);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4_096..].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let journal = SqliteJournal::new(Store::open(&path, Open::Existing).unwrap());
    let error = now(journal.heads(None, 100)).unwrap_err();
    assert!(matches!(error, JournalError::Store(StoreError::Damaged { .. })), "{error}");
    assert!(
        error.to_string().starts_with("the store is damaged: database disk image is malformed"),
        "{error}"
    );
}

#[test]
fn a_record_that_does_not_parse_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = filled(&folder);
    {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute("update records set body = '{}' where account like '%3'", []).unwrap();
        connection.execute("update heads set head = 'x' where account like '%3'", []).unwrap();
    }
    let journal = SqliteJournal::new(Store::open(&path, Open::Existing).unwrap());
    let history = now(journal.history(account(3), Version::NONE, 10)).unwrap_err();
    assert_eq!(history.to_string(), "a record of account 000000000003 in the journal could not be read");
    let head = now(journal.account(account(3))).unwrap_err();
    assert_eq!(head.to_string(), "the head of account 000000000003 in the journal could not be read");
    now(journal.account(account(4))).unwrap();
}

#[test]
fn whoever_waits_too_long_for_another_process_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = filled(&folder);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("begin immediate").unwrap();

    let store = Store::open(&path, Open::Existing).unwrap();
    let journal = SqliteJournal::new(store.clone());
    now(journal.heads(None, 100)).expect("reading waits for nobody");
    store.be_patient(std::time::Duration::from_millis(50)).unwrap();
    let error = append(&journal, account(1), 1, "late").unwrap_err();
    assert_eq!(error.to_string(), "the store is locked: another process is writing to it");
    other.execute_batch("rollback").unwrap();
    append(&journal, account(1), 1, "late").unwrap();
}

#[test]
fn a_full_disk_is_said_and_nothing_is_half_appended() {
    let folder = tempfile::tempdir().unwrap();
    let path = filled(&folder);
    let store = Store::open(&path, Open::Existing).unwrap();
    let journal = SqliteJournal::new(store.clone());
    let limit = |pages: i64| {
        let set = store.change(|store| {
            store.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).map_err(StoreError::from)
        });
        set.unwrap();
    };
    limit(1);
    let before = now(journal.account(account(1))).unwrap();
    let error = append(&journal, account(1), 100, &"too much ".repeat(1_000)).unwrap_err();
    assert_eq!(error.to_string(), "the disk is full");
    assert_eq!(now(journal.account(account(1))).unwrap(), before);
    let records = now(journal.history(account(1), Version::NONE, usize::MAX)).unwrap();
    assert_eq!(records.len() as u64, before.version().number());

    limit(1_000_000);
    append(&journal, account(1), 100, &"enough room ".repeat(100)).unwrap();
    let records = now(journal.history(account(1), Version::NONE, usize::MAX)).unwrap();
    assert_eq!(records.len() as u64, before.version().number() + 100);
}
