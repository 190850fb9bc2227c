//! What no compiler checks, as tests of the repository itself.
//!
//! - `layers`: imports point downwards only
//! - `texts`: sizes, words, paths of machines, module documentation
//! - `documents`: links, and the files, commands and switches that documents name
//! - `commands`: what the command line really knows
//! - `source`: Rust source without comments and texts
//!
//! They look at what git knows, so a file that was not added yet counts and an ignored one does not.

mod commands;
mod documents;
mod layers;
mod source;
mod texts;

use std::collections::BTreeMap;

use crate::fault::{Fault, none};
use crate::program::{Program, root};
use crate::step::Step;

/// The checks.
pub const STEPS: &[Step] = &[
    Step { name: "layers", proves: "imports point downwards only", run: || layers::check(&Tree::read()?) },
    Step { name: "sizes", proves: "no file grew without a reason", run: || texts::sizes(&Tree::read()?) },
    Step {
        name: "words",
        proves: "nothing unfinished, nothing silenced",
        run: || texts::words(&Tree::read()?),
    },
    Step { name: "machine-paths", proves: "no path of one machine", run: || texts::paths(&Tree::read()?) },
    Step {
        name: "module-docs",
        proves: "each file says what it is for",
        run: || texts::docs(&Tree::read()?),
    },
    Step { name: "stray-files", proves: "only what belongs here", run: || texts::stray(&Tree::read()?) },
    Step {
        name: "links",
        proves: "documents point to what is there",
        run: || documents::links(&Tree::read()?),
    },
    Step {
        name: "named-files",
        proves: "files that documents and comments name are there",
        run: || documents::files(&Tree::read()?),
    },
    Step {
        name: "named-commands",
        proves: "commands and switches that documents name exist",
        run: || documents::commands(&Tree::read()?),
    },
    Step {
        name: "exit-codes",
        proves: "each one is documented",
        run: || documents::exit_codes(&Tree::read()?),
    },
];

/// The files of the repository, with their text.
pub struct Tree {
    /// By path from the root; nothing for what is no text.
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads what git knows and does not ignore.
    ///
    /// # Errors
    /// When git or a file cannot be read.
    pub fn read() -> Result<Self, Fault> {
        let list = Program::new("git").with("ls-files -z --cached --others --exclude-standard").output()?;
        let mut files = BTreeMap::new();
        for name in list.split('\0').filter(|name| !name.is_empty()) {
            let path = root().join(name);
            match std::fs::read(&path) {
                Ok(bytes) => files.insert(name.to_owned(), String::from_utf8(bytes).ok()),
                // Removed, and git was not told yet.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(error) => return Err(Fault::file(&path, &error)),
            };
        }
        Ok(Self { files })
    }

    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Self {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), Some((*text).to_owned()));
        Self { files: files.iter().map(owned).collect() }
    }

    /// Paths under a folder that end in some way, in order.
    fn below<'a>(&'a self, folder: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
        self.names().filter(move |name| name.starts_with(folder) && name.ends_with(end))
    }

    /// Every path, in order.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Every file that is text, in order.
    fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(name, text)| Some((name.as_str(), text.as_deref()?)))
    }

    /// Every file of one kind that is text, in order.
    fn texts_of<'a>(&'a self, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts().filter(move |(name, _)| is_of(name, end))
    }

    /// Whether there is such a file or folder.
    fn holds(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        path.is_empty() || self.files.contains_key(path) || self.names().any(|name| name.starts_with(&folder))
    }

    fn text(&self, name: &str) -> Result<&str, Fault> {
        let text = self.files.get(name).and_then(Option::as_deref);
        text.ok_or_else(|| Fault::one(format!("{name}: not there, or no text in UTF-8")))
    }
}

/// Whether a file is of a kind: `.rs`, `.md`.
fn is_of(name: &str, end: &str) -> bool {
    name.ends_with(end)
}

/// What was found, with its place.
#[derive(Default)]
struct Found(Vec<String>);

impl Found {
    fn at(&mut self, file: &str, problem: impl AsRef<str>) {
        self.0.push(format!("{file}: {}", problem.as_ref()));
    }

    fn at_line(&mut self, file: &str, index: usize, problem: impl AsRef<str>) {
        self.0.push(format!("{file}:{}: {}", index + 1, problem.as_ref()));
    }

    fn none(self) -> Result<(), Fault> {
        none(self.0)
    }
}
