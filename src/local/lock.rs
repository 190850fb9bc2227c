//! Sees to it that at most one process lets an organization live.
//!
//! Two would do no harm to the accounts (every append is a compare-and-set), but they would pull the
//! organization's time about, and both would print what one of them did. The lock is an advisory one of the
//! operating system on a file beside the store: it goes with the process, however that ends. It lies on a file
//! of its own because SQLite has locks on the store's, and closing another handle of that would lose them
//! (<https://www.sqlite.org/howtocorrupt.html>, section 2.2). The file stays; it holds the number of the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often the lock is tried while it is held, and how long is waited in between.
const GLANCES: u32 = 10;
const GLANCE: Duration = Duration::from_millis(5);

/// Held by the process that lets an organization live.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("another `spa up`{} keeps this organization alive already", number(process.as_deref()))]
    Held {
        /// The number of that process, as it wrote it down.
        process: Option<String>,
    },
    /// The file could not be locked.
    #[error("{} cannot be locked", path.display())]
    Failed {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

fn number(process: Option<&str>) -> String {
    process.map(|process| format!(" (process {process})")).unwrap_or_default()
}

impl Lock {
    /// Takes the lock of the store at this path.
    ///
    /// # Errors
    /// When another process holds it, or the file beside the store cannot be made.
    pub fn take(store: &Path) -> Result<Self, LockError> {
        let path = beside(store);
        let failed = |source| LockError::Failed { path: path.clone(), source };
        // Whoever holds the lock has written into it: it must not be emptied before it is locked.
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                // It is only for the message.
                let read = file.read_to_string(&mut process).is_ok();
                let process = process.trim().to_owned();
                return Err(LockError::Held { process: (read && !process.is_empty()).then_some(process) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }

    /// Whether some process lets the organization in this store live; `None` when that cannot be asked, such as
    /// without the right to read the file.
    pub fn is_held(store: &Path) -> Option<bool> {
        let file = match File::open(beside(store)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(false),
            Err(_) => return None,
        };
        // The lock is had for a moment only, and shared: it keeps nobody from taking it for long.
        match file.try_lock_shared() {
            Ok(()) => Some(false),
            Err(TryLockError::WouldBlock) => Some(true),
            Err(TryLockError::Error(_)) => None,
        }
    }
}

/// Somebody who only asks has the lock for a moment, so it is tried more than once.
fn lock(file: &File) -> Result<(), TryLockError> {
    for _ in 0..GLANCES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(GLANCE),
            outcome => return outcome,
        }
    }
    file.try_lock()
}

fn beside(store: &Path) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push(".up");
    store.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_the_other_is_told_who() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("spa.db");
        assert_eq!(Lock::is_held(&store), Some(false));
        let lock = Lock::take(&store).unwrap();
        assert_eq!(Lock::is_held(&store), Some(true));
        let other = Lock::take(&store).unwrap_err().to_string();
        let process = std::process::id();
        assert_eq!(
            other,
            format!("another `spa up` (process {process}) keeps this organization alive already")
        );
        drop(lock);
        assert_eq!(Lock::is_held(&store), Some(false));
        Lock::take(&store).unwrap();
    }

    #[test]
    fn what_cannot_be_asked_is_not_known() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        // Below a file, nothing can be opened: that is not the same as nothing being there.
        assert_eq!(Lock::is_held(&folder.path().join("file/spa.db")), None);
    }
}
