//! A small report, to the letter. `UPDATE_GOLDENS=1 cargo test --test simulation golden` writes it anew: look at the
//! difference before it is committed.

use crate::support::{file, simulate, stdout};

/// Without faults, so that only what accounts really go through changes it.
const WORDS: [&str; 8] = ["--accounts", "4", "--days", "14", "--seed", "3", "--faults", "none"];

fn compare(name: &str, words: &[&str]) {
    let text = stdout(&simulate(&[&WORDS[..], words].concat()));
    let path = file("expected").join(name);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(
        text == expected,
        "{} is not what is printed now; see the head of this file:\n{text}",
        path.display()
    );
}

#[test]
fn as_people_read_it() {
    compare("report.txt", &["--timeline", "222233334444"]);
}

#[test]
fn as_programs_read_it() {
    compare("report.json", &["--output", "json"]);
}
