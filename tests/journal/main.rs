//! Every journal keeps the same promises, and two of them cannot be told apart.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod alike;
mod connections;
#[cfg(feature = "aws")]
mod dynamodb;
#[cfg(feature = "aws")]
#[path = "../peers/mod.rs"]
mod peers;
#[macro_use]
mod suite;

use spa::journal::memory::MemoryJournal;
use spa::journal::sqlite::SqliteJournal;
use spa::store::{Open, Store};
use tempfile::TempDir;

/// A journal in memory; there is nothing to keep beside it.
fn memory() -> (MemoryJournal, ()) {
    (MemoryJournal::new(), ())
}

/// A journal in a file of its own.
fn sqlite() -> (SqliteJournal, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("spa.db"), Open::OrCreate).unwrap();
    (SqliteJournal::new(store), folder)
}

journal_suite!(in_memory, memory);
journal_suite!(in_sqlite, sqlite);
journal_suite!(in_sqlite_by_several_processes, connections::several);
#[cfg(feature = "aws")]
journal_suite!(in_dynamodb, dynamodb::journal);
#[cfg(feature = "aws")]
journal_suite!(in_dynamodb_by_several_processes, dynamodb::several);
