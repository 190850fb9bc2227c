//! Sizes, words, paths of machines, module documentation, stray files.

use super::{Found, Tree, is_of, source};
use crate::fault::Fault;

/// So many lines are enough for one subject.
const LINES: usize = 700;

/// Checks that no source file is longer than one subject needs.
///
/// # Errors
/// With each file that is too long.
pub fn sizes(tree: &Tree) -> Result<String, Fault> {
    let mut found = Found::default();
    let mut longest = (0, "");
    for (name, text) in tree.texts().filter(|(name, _)| is_program(name)) {
        let lines = text.lines().count();
        longest = longest.max((lines, name));
        if lines > LINES {
            found.at(name, format!("{lines} lines; at most {LINES}: what are its subjects?"));
        }
    }
    found.none()?;
    Ok(format!("the longest file is {} with {} lines", longest.1, longest.0))
}

fn is_program(name: &str) -> bool {
    [".rs", ".py", ".sh"].iter().any(|end| name.ends_with(end))
}

/// What code must not hold, and why.
const WORDS: &[(&str, &str)] = &[
    ("todo!", "unfinished work belongs into an issue"),
    ("unimplemented!", "unfinished work belongs into an issue"),
    ("dbg!", "left over from a search"),
    ("#[ignore", "a test that does not run is no test"),
];

/// What tests must not hold, and why.
const WORDS_OF_TESTS: &[(&str, &str)] = &[("sleep(", "wait for what is awaited, or turn the clock")];

/// Marks of unfinished work, in any file.
const MARKS: &[&str] = &[concat!("FIX", "ME"), concat!("TO", "DO:"), concat!("TO", "DO(")];

/// Checks that nothing is unfinished or silenced.
///
/// # Errors
/// With each place.
pub fn words(tree: &Tree) -> Result<String, Fault> {
    let mut found = Found::default();
    for (name, text) in tree.texts() {
        if is_of(name, ".rs") {
            for (index, line) in source::code(text).lines().enumerate() {
                let more = if name.contains("tests/") { WORDS_OF_TESTS } else { &[] };
                for (word, why) in WORDS.iter().chain(more).filter(|(word, _)| holds_word(line, word)) {
                    found.at_line(name, index, format!("`{word}`: {why}"));
                }
            }
        }
        for (index, line) in text.lines().enumerate() {
            for mark in MARKS.iter().filter(|mark| line.contains(**mark)) {
                found.at_line(name, index, format!("`{mark}`: unfinished work belongs into an issue"));
            }
        }
    }
    found.none()?;
    Ok(String::new())
}

/// Whether a word stands there, not as the end of a longer one.
fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_') || !word.starts_with(char::is_alphanumeric)
    })
}

/// Folders that exist on the machine of whoever wrote a file, and nowhere else.
const FOLDERS: &[&str] = &[
    concat!("/", "work"),
    concat!("/", "root"),
    concat!("/", "home"),
    concat!("/", "Users"),
    concat!("/", "opt"),
    concat!("/", "mnt"),
];

/// Checks that no file names a path that exists on one machine only.
///
/// # Errors
/// With each place.
pub fn paths(tree: &Tree) -> Result<String, Fault> {
    let mut found = Found::default();
    for (name, text) in tree.texts() {
        for (index, line) in text.lines().enumerate() {
            for folder in FOLDERS.iter().filter(|folder| names_path(line, folder)) {
                found.at_line(name, index, format!("a path of one machine: `{folder}…`"));
            }
        }
    }
    found.none()?;
    Ok(String::new())
}

/// Whether the folder stands there as the start of a path, and not inside an address or a longer path.
fn names_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + folder.len()..].chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || "_-.*}>)/~".contains(c))
            && !after.is_some_and(|c| c.is_alphanumeric() || "_-".contains(c))
    })
}

/// Checks that each file of Rust starts by saying what it is for.
///
/// # Errors
/// With each file that does not.
pub fn docs(tree: &Tree) -> Result<String, Fault> {
    let mut found = Found::default();
    let mut files = 0;
    for (name, text) in tree.texts_of(".rs") {
        files += 1;
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        if first.strip_prefix("//!").is_none_or(|words| words.trim().len() < 8) {
            found.at(name, "does not start with `//!` and what it is for");
        }
    }
    found.none()?;
    Ok(format!("{files} files"))
}

/// Kinds of files that a repository has by accident.
const STRAY: &[&str] = &[
    ".orig",
    ".rej",
    ".bak",
    ".swp",
    ".log",
    ".tmp",
    ".db",
    ".db-wal",
    ".db-shm",
    ".pyc",
    ".DS_Store",
    "~",
    ".profraw",
];

/// No file needs more.
const BYTES: usize = 512 * 1024;

/// Checks that nothing was added by accident, and that texts end as they should.
///
/// # Errors
/// With each such file.
pub fn stray(tree: &Tree) -> Result<String, Fault> {
    let mut found = Found::default();
    for name in tree.names() {
        if STRAY.iter().any(|end| name.ends_with(end)) {
            found.at(name, "does not belong into a repository");
        }
    }
    for (name, text) in tree.texts() {
        if text.len() > BYTES {
            found.at(name, format!("{} bytes; at most {BYTES}", text.len()));
        }
        let written = is_program(name) || [".md", ".toml"].iter().any(|end| name.ends_with(end));
        if written
            && !text.is_empty()
            && (!text.ends_with('\n') || text.ends_with("\n\n") || text.contains('\r'))
        {
            found.at(
                name,
                "each line ends with one line feed, the last one too, and none is empty at the end",
            );
        }
    }
    found.none()?;
    Ok(format!("{} files", tree.names().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(result: Result<String, Fault>) -> Vec<String> {
        match result {
            Err(Fault::Found(lines)) => lines,
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_long_file_is_told() {
        let long = "x\n".repeat(LINES + 1);
        let tree = Tree::of(&[("src/a.rs", &long), ("a.json", &long), ("src/b.rs", "x\n")]);
        let found = lines(sizes(&tree));
        assert!(found[0].starts_with("src/a.rs: 701 lines"), "{found:?}");
        // Reasons for files that are not there are told as well.
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn unfinished_work_is_told_with_its_line() {
        let source =
            "//! A file.\nfn f() {\n    todo!()\n}\n// todo! and \"#[ignore]\"\n#[ignore]\nfn my_todo() {}\n";
        let found = lines(words(&Tree::of(&[("src/a.rs", source)])));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("src/a.rs:3: `todo!`") && found[1].starts_with("src/a.rs:6: `#[ignore`")
        );
        assert_eq!(lines(words(&Tree::of(&[("a.md", MARKS[0])]))).len(), 1);
        let sleeper = "fn f() {\n    thread::sleep(SECOND);\n}\n";
        assert_eq!(lines(words(&Tree::of(&[("src/a.rs", sleeper), ("tests/a.rs", sleeper)]))).len(), 1);
    }

    #[test]
    fn paths_of_machines_are_told_and_addresses_are_not() {
        let folder = FOLDERS[2];
        for line in [format!("cd {folder}/me"), format!("\"{folder}\""), format!("{folder}: no")] {
            assert!(names_path(&line, folder), "{line}");
        }
        for line in
            [format!("https://example.com{folder}"), format!("{folder}page"), format!("src{folder}/x")]
        {
            assert!(!names_path(&line, folder), "{line}");
        }
    }

    #[test]
    fn a_file_without_a_word_on_itself_is_told() {
        let tree =
            Tree::of(&[("a.rs", "//! What it is for.\n"), ("b.rs", "//!\nfn f() {}"), ("c.rs", "fn f() {}")]);
        assert_eq!(lines(docs(&tree)).len(), 2);
    }

    #[test]
    fn what_was_added_by_accident_is_told() {
        let tree = Tree::of(&[
            ("a.db", ""),
            ("b.md", "text"),
            ("c.md", "text\n"),
            ("d.rs", "x\r\n"),
            ("e.orig", ""),
        ]);
        assert_eq!(lines(stray(&tree)).len(), 4);
    }
}
