//! Stores that cannot be used: what people are told, and with which status.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use super::support::{Answer, Fleet, assert_golden};

/// Somebody without any rights.
const NOBODY: u32 = 65_534;

fn commands(fleet: &Fleet) -> Vec<Answer> {
    vec![fleet.spa(&["accounts"]), fleet.spa(&["account", "retry", "300000000001", "--reason", "x"])]
}

#[test]
fn what_is_no_sound_store_is_refused() {
    let fleet = Fleet::founded();
    let store = fleet.store();
    let whole = std::fs::read(&store).unwrap();
    let mut answers = Vec::new();
    std::fs::remove_file(&store).unwrap();
    answers.extend(commands(&fleet));
    for content in [&b""[..], b"hello, I am a letter", &whole[..whole.len() / 2]] {
        std::fs::write(&store, content).unwrap();
        answers.extend(commands(&fleet));
        assert_eq!(std::fs::read(&store).unwrap(), content, "left as it was");
    }
    answers.push(fleet.spa(&["up", "--for", "1h"]));
    std::fs::write(&store, &whole).unwrap();
    rusqlite::Connection::open(&store).unwrap().pragma_update(None, "user_version", 77).unwrap();
    answers.extend(commands(&fleet));
    answers.push(fleet.spa(&["accounts", "--store", "."]));
    answers.push(fleet.spa(&["accounts", "--store", "nowhere/spa.db"]));
    std::fs::remove_file(&store).unwrap();
    spa::store::Store::open(&store, spa::store::Open::OrCreate).unwrap();
    answers.push(fleet.spa(&["accounts"]));
    assert_golden("hostile.txt", &answers);
}

#[test]
fn a_store_that_somebody_writes_to_is_read_and_waited_for() {
    let fleet = Fleet::founded();
    let other = rusqlite::Connection::open(fleet.store()).unwrap();
    other.execute_batch("begin immediate").unwrap();
    assert_eq!(fleet.spa(&["accounts"]).status, 0);
    let hold = ["account", "hold", "100000000001", "--for", "1d", "--reason", "x"];
    let mut waiting = fleet.command(&hold).stdout(std::process::Stdio::piped()).spawn().unwrap();
    other.execute_batch("commit").unwrap();
    assert!(waiting.wait().unwrap().code().is_some_and(|code| code != 6));
}

/// Runs the program as somebody who may do little, also where the tests run as root.
fn as_nobody(fleet: &Fleet, arguments: &[&str]) -> Answer {
    let mut command = fleet.command(arguments);
    if is_root() {
        // The program may lie where nobody may go.
        command = std::process::Command::new(fleet.path().join("program/spa"));
        command.args(arguments).current_dir(fleet.path()).stdin(std::process::Stdio::null());
        command.args(["--store", "data/spa.db"]).uid(NOBODY).gid(NOBODY);
    } else {
        command.args(["--store", "data/spa.db"]);
    }
    Answer::of(arguments, &command.output().unwrap())
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

fn give(path: &Path, mode: u32) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_may_not_be_read_or_written_is_refused() {
    let fleet = Fleet::founded();
    let (data, program) = (fleet.path().join("data"), fleet.path().join("program"));
    for folder in [&data, &program] {
        std::fs::create_dir(folder).unwrap();
        give(folder, 0o755);
    }
    // Another process copies it: where this one had it open for writing while another test starts a program,
    // that program would hold it open too, and nobody could run it (ETXTBSY).
    let copied = std::process::Command::new("cp")
        .args([Path::new(env!("CARGO_BIN_EXE_spa")), &program.join("spa")])
        .status()
        .unwrap();
    assert!(copied.success());
    std::fs::copy(fleet.store(), data.join("spa.db")).unwrap();
    give(fleet.path(), 0o755);
    let hold = ["account", "hold", "100000000001", "--for", "1d", "--reason", "x"];
    let mut answers = Vec::new();
    // The rights of the folder, and those of the file.
    for (folder, file) in [(0o755, 0o444), (0o555, 0o644), (0o755, 0o000), (0o000, 0o644)] {
        give(&data, 0o755);
        give(&data.join("spa.db"), file);
        give(&data, folder);
        for arguments in [&["accounts"][..], &hold] {
            let answer = as_nobody(&fleet, arguments);
            let asked = format!("{} (folder {folder:03o}, file {file:03o})", answer.asked);
            answers.push(Answer { asked, ..answer });
        }
    }
    give(&data, 0o755);
    give(&data.join("spa.db"), 0o644);
    let fine = as_nobody(&fleet, &["accounts"]);
    assert_eq!(fine.status, 0, "{fine:?}");
    // What may be read is read; nothing is changed, and the reason is said.
    let statuses: Vec<i32> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [0, 6, 0, 6, 6, 6, 6, 6], "{answers:?}");
    assert_golden("rights.txt", &answers);
}

#[test]
fn what_may_not_be_looked_at_is_not_said_to_be_missing() {
    let fleet = Fleet::founded();
    let (data, program) = (fleet.path().join("data"), fleet.path().join("program"));
    for folder in [&data, &program] {
        std::fs::create_dir(folder).unwrap();
        give(folder, 0o755);
    }
    std::fs::copy(env!("CARGO_BIN_EXE_spa"), program.join("spa")).unwrap();
    std::fs::copy(fleet.path().join("settings.yaml"), data.join("settings.yaml")).unwrap();
    give(fleet.path(), 0o755);
    give(&data, 0o000);
    let explained = as_nobody(&fleet, &["explain", "100000000001"]);
    assert_eq!(explained.status, 6, "{explained:?}");
    assert!(explained.notes.contains("cannot be opened"), "{explained:?}");
    let validated = as_nobody(&fleet, &["validate", "data/settings.yaml"]);
    assert_eq!(validated.status, 3, "{validated:?}");
    let simulated = as_nobody(&fleet, &["simulate", "--settings", "data/settings.yaml"]);
    assert_eq!(simulated.status, 3, "{simulated:?}");
    assert!(!simulated.notes.contains("there are no settings"), "{simulated:?}");
    let export = as_nobody(&fleet, &["up", "--organization", "data/export.json"]);
    assert_eq!(export.status, 8, "{export:?}");
    let events = as_nobody(&fleet, &["events", "send", "data/events.json"]);
    assert_eq!(events.status, 8, "{events:?}");
    give(&data, 0o755);
    for arguments in [&["up", "--organization", "data/export.json"][..], &["events", "send", "data/x.json"]] {
        let missing = as_nobody(&fleet, arguments);
        assert_eq!(missing.status, 5, "{missing:?}");
    }
    let missing = as_nobody(&fleet, &["validate", "data/others.yaml"]);
    assert_eq!(missing.status, 5, "{missing:?}");
}
