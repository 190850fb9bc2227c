//! One file that keeps a local organization and its journal: SQLite, so that people can open it.
//!
//! ```text
//! sqlite3 spa.db 'select * from accounts'
//! sqlite3 spa.db 'select version, at, fact from history where account = 111122223333'
//! ```
//!
//! Every change is one transaction in a write-ahead log, so a process may be killed at any moment, and several
//! processes may use the same file. What the journal appends is flushed to the disk before it counts
//! (`synchronous = full`, see <https://www.sqlite.org/pragma.html#pragma_synchronous>). What stands for AWS is
//! not (`normal`): it is flushed with whatever is appended next. The log keeps the order, so after a power cut
//! the store is as it was at some moment after the last append, as if the process had been killed then.

mod migrations;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

/// How long a process waits for another one that is writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// What stands in the file's header, so that it is known for what it is: "SPA" and a version of that mark.
const APPLICATION_ID: i32 = 0x5350_4101;

/// An open store. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Store {
    connection: Arc<Mutex<Line>>,
    path: Arc<Path>,
}

/// The connection, and how much of what is changed over it is flushed at once.
#[derive(Debug)]
struct Line {
    connection: Connection,
    flush: Flush,
}

/// When a change is on the disk for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flush {
    /// Before it counts.
    AtOnce,
    /// With the next one that is flushed at once.
    InOrder,
}

impl Flush {
    const fn synchronous(self) -> &'static str {
        match self {
            Self::AtOnce => "full",
            Self::InOrder => "normal",
        }
    }
}

/// How a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// Make it when it is not there.
    OrCreate,
    /// It must be there.
    Existing,
}

/// Why a store could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such file.
    #[error("there is no store at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Somebody else is writing, and was still writing when patience ended.
    #[error("the store is locked: another process is writing to it")]
    Locked,
    /// The file, or the folder that holds it, may not be written.
    #[error("the store is read-only: its file, and the folder that holds it, must be writable")]
    ReadOnly,
    /// The file, or the folder that holds it, may not be opened.
    #[error("the store at {} cannot be opened: {detail}", path.display())]
    NotOpened {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The store was written by a newer version of this program.
    #[error("the store has format {found}, and this spa knows formats up to {known}: use a newer spa")]
    Newer {
        /// The format of the store.
        found: i64,
        /// The newest format that this program knows.
        known: i64,
    },
    /// The file is something else.
    #[error("{} is not a store of spa", path.display())]
    NotAStore {
        /// Which file.
        path: PathBuf,
    },
    /// The file has no bytes: it was made, and nothing was ever written into it, or all of it was taken away.
    #[error("{} is empty: there is no store in it", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// The file is damaged: truncated, or overwritten.
    #[error("the store is damaged: {detail}; bring back a copy of it")]
    Damaged {
        /// What was found.
        detail: String,
    },
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// Something in it does not parse.
    #[error("{what} in the store could not be read")]
    Unreadable {
        /// What it was.
        what: String,
        /// How it failed.
        #[source]
        source: serde_json::Error,
    },
    /// Anything else.
    #[error("the store failed")]
    Failed(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { detail: error.to_string() }
            }
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Failed(error),
        }
    }
}

impl Store {
    /// Opens the store at this path, and brings an older format up to date.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn open(path: &Path, how: Open) -> Result<Self, StoreError> {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => recognise(path, how)?,
            Ok(metadata) => {
                let kind = if metadata.is_dir() { "a folder" } else { "no plain file" };
                return Err(StoreError::NotOpened { path: path.to_owned(), detail: format!("it is {kind}") });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => match how {
                Open::Existing => return Err(StoreError::Missing { path: path.to_owned() }),
                Open::OrCreate => {}
            },
            // Not allowed to look is not the same as not there.
            Err(error) => {
                return Err(StoreError::NotOpened { path: path.to_owned(), detail: error.to_string() });
            }
        }
        let mut connection = connect(path, how)?;
        connection.busy_timeout(PATIENCE)?;
        migrate(&mut connection, path, migrations::STEPS)?;
        let line = Line { connection, flush: Flush::AtOnce };
        Ok(Self { connection: Arc::new(Mutex::new(line)), path: path.into() })
    }

    /// Where the store is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The format of what is in it: how many steps of its history the file has gone.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn format(&self) -> Result<i64, StoreError> {
        self.read(|transaction| Ok(transaction.pragma_query_value(None, "user_version", |row| row.get(0))?))
    }

    /// Waits at most this long for other processes that write; ten seconds unless told otherwise.
    ///
    /// # Errors
    /// Never, as far as SQLite's documentation goes.
    pub fn be_patient(&self, patience: Duration) -> Result<(), StoreError> {
        Ok(self.lock().connection.busy_timeout(patience)?)
    }

    /// Reads from one state of the store.
    ///
    /// # Errors
    /// What `read` returns, and what is wrong with the file.
    pub fn read<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(TransactionBehavior::Deferred, None, read)
    }

    /// Changes the store: all of it or nothing. Nobody else changes it meanwhile.
    ///
    /// # Errors
    /// What `change` returns, and what is wrong with the file. Then nothing was changed.
    pub fn change<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(TransactionBehavior::Immediate, Some(Flush::AtOnce), change)
    }

    /// As [`Store::change`], and faster: a power cut may undo it, together with everything after it. What
    /// another change relied on is never undone without that change.
    ///
    /// # Errors
    /// What `change` returns, and what is wrong with the file. Then nothing was changed.
    pub fn change_in_order<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(TransactionBehavior::Immediate, Some(Flush::InOrder), change)
    }

    fn run<T, E: From<StoreError>>(
        &self,
        behavior: TransactionBehavior,
        flush: Option<Flush>,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut line = self.lock();
        let Line { connection, flush: current } = &mut *line;
        if let Some(flush) = flush
            && flush != *current
        {
            connection.pragma_update(None, "synchronous", flush.synchronous()).map_err(StoreError::from)?;
            *current = flush;
        }
        let transaction = connection.transaction_with_behavior(behavior).map_err(StoreError::from)?;
        let outcome = work(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(outcome)
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        // A panic inside a transaction rolls it back, so a poisoned lock holds a sound connection.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a file that is no SQLite database, before SQLite touches it; notices one that was cut off.
fn recognise(path: &Path, how: Open) -> Result<(), StoreError> {
    use std::io::Read as _;
    let not_opened =
        |error: std::io::Error| StoreError::NotOpened { path: path.to_owned(), detail: error.to_string() };
    let mut file = std::fs::File::open(path).map_err(not_opened)?;
    if file.metadata().map_err(not_opened)?.len() == 0 {
        return match how {
            // Whoever began to make it was stopped before the first byte.
            Open::OrCreate => Ok(()),
            Open::Existing => Err(StoreError::Empty { path: path.to_owned() }),
        };
    }
    let mut header = [0_u8; 100];
    if file.read_exact(&mut header).is_err() || !header.starts_with(b"SQLite format 3\0") {
        return Err(StoreError::NotAStore { path: path.to_owned() });
    }
    // https://www.sqlite.org/fileformat2.html#the_database_header: page size at 16, pages at 28.
    let page_size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let pages = u64::from(u32::from_be_bytes([header[28], header[29], header[30], header[31]]));
    // While a log stands beside the file, the file may be behind it. Another process may be moving the log into
    // the file right now, so the order counts: header, then log, then length.
    let log = path.with_file_name(format!("{}-wal", file_name(path)));
    let logged = std::fs::metadata(log).is_ok_and(|log| log.len() > 0);
    let length = file.metadata().map_err(not_opened)?.len();
    if !logged && page_size * pages > length {
        let detail = format!("it should have {} bytes and has {length}", page_size * pages);
        return Err(StoreError::Damaged { detail });
    }
    Ok(())
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn connect(path: &Path, how: Open) -> Result<Connection, StoreError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if how == Open::OrCreate {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::CannotOpen) => {
                let detail = std::fs::OpenOptions::new()
                    .append(true)
                    .create(how == Open::OrCreate)
                    .open(path)
                    .err()
                    .map_or_else(|| error.to_string(), |error| error.to_string());
                StoreError::NotOpened { path: path.to_owned(), detail }
            }
            _ => error.into(),
        })?;
    Ok(connection)
}

/// Brings the format up to date, one step a transaction.
fn migrate(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<(), StoreError> {
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID && (found != 0 || has_tables(connection)?) {
        return Err(StoreError::NotAStore { path: path.to_owned() });
    }
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    if found < known {
        // The mode is a property of the file, so it is set once, when the file is made.
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    }
    connection.pragma_update(None, "synchronous", Flush::AtOnce.synchronous())?;
    for _ in found..known {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been faster.
        let at: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let Some(step) = usize::try_from(at).ok().and_then(|at| steps.get(at)) else { break };
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", at + 1)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.commit()?;
    }
    Ok(())
}

fn has_tables(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.query_row("select exists (select 1 from sqlite_schema)", [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(connection: &Connection) -> Vec<String> {
        let sql = "select name from sqlite_schema where type = 'table' order by name";
        let mut query = connection.prepare(sql).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn format(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_older_format_is_brought_up_to_date_step_by_step() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spa.db");
        let steps = ["create table one (a)", "create table two (a)", "alter table one rename to three"];
        for (known, expected) in [(1, vec!["one"]), (2, vec!["one", "two"]), (3, vec!["three", "two"])] {
            let mut connection = connect(&path, Open::OrCreate).unwrap();
            migrate(&mut connection, &path, &steps[..known]).unwrap();
            assert_eq!(tables(&connection), expected);
            assert_eq!(format(&connection), i64::try_from(known).unwrap());
            migrate(&mut connection, &path, &steps[..known]).unwrap();
            assert_eq!(tables(&connection), expected, "a second time changes nothing");
        }
        let mut connection = connect(&path, Open::OrCreate).unwrap();
        let newer = migrate(&mut connection, &path, &steps[..2]).unwrap_err();
        assert!(matches!(newer, StoreError::Newer { found: 3, known: 2 }), "{newer}");
    }

    #[test]
    fn a_step_that_fails_leaves_the_format_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spa.db");
        let mut connection = connect(&path, Open::OrCreate).unwrap();
        let broken = ["create table one (a)", "create table two (a); create table one (a)"];
        migrate(&mut connection, &path, &broken).unwrap_err();
        assert_eq!(tables(&connection), ["one"]);
        assert_eq!(format(&connection), 1);
        migrate(&mut connection, &path, &["", "create table two (a)"]).unwrap();
        assert_eq!(tables(&connection), ["one", "two"]);
    }

    #[test]
    fn several_processes_may_bring_it_up_to_date_at_the_same_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spa.db");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| Store::open(&path, Open::OrCreate).unwrap());
            }
        });
        Store::open(&path, Open::Existing).unwrap();
    }
}
