//! Breaks each rule on purpose, and looks which check notices.
//!
//! The repository is copied to `target/mutants/tree`, and built in a folder beside it that all breaks share. One
//! patch of `tests/mutations` at a time is applied there; then the property tests run, the scenarios of the model
//! that the patch names, and simulations with heavy faults through the real program.

mod check;
mod patch;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::fault::{Fault, none};
use crate::program::{Program, root};

use check::{Check, Verdict};
use patch::Mutation;

/// What `cargo xtask help` says of it.
pub const HELP: &str = "\
breaks each rule on purpose (tests/mutations), and tells which check notices; NAME … breaks only these
--list    names the breaks
--write   writes the table into tests/mutations/README.md";

/// Between these lines of `tests/mutations/README.md` stands the table.
const MARKS: (&str, &str) = ("<!-- measured -->\n", "<!-- end of what was measured -->");

/// Breaks the rules, one after the other.
///
/// # Errors
/// When a patch does not fit, a check fails without a break, or nothing notices a break.
pub fn run(arguments: &[String]) -> Result<(), Fault> {
    let mutations = patch::all()?;
    if arguments.iter().any(|word| word == "--list") {
        for Mutation { name, rule, breaks, .. } in &mutations {
            println!("{name:<56} rule {rule:>2}: {breaks}");
        }
        return Ok(());
    }
    let write = arguments.iter().any(|word| word == "--write");
    let names: Vec<&String> = arguments.iter().filter(|word| *word != "--write").collect();
    if let Some(unknown) = names.iter().find(|name| !mutations.iter().any(|known| known.name == ***name)) {
        return Err(Fault::usage(format!("there is no break `{unknown}`; --list names them")));
    }
    if write && !names.is_empty() {
        return Err(Fault::usage("--write writes the whole table; name no break beside it"));
    }
    let tree = Tree::copy()?;
    tree.sound()?;
    let mut rows = Vec::new();
    let mut found = Vec::new();
    for mutation in mutations.iter().filter(|known| names.is_empty() || names.contains(&&known.name)) {
        println!("\n=== {}: {}", mutation.name, mutation.breaks);
        let verdicts = match tree.judge(mutation) {
            Ok(verdicts) => verdicts,
            Err(fault) => {
                found.push(format!("{}: {fault}", mutation.name));
                continue;
            }
        };
        for (check, verdict) in &verdicts {
            println!("{:<12}{verdict}", check.name());
        }
        if verdicts.iter().all(|(_, verdict)| !verdict.noticed()) {
            found.push(format!("{}: nothing notices it", mutation.name));
        }
        rows.push(row(mutation, &verdicts));
    }
    let table = table(&rows);
    println!("\n{table}");
    none(found)?;
    if write { write_table(&table) } else { Ok(()) }
}

fn row(mutation: &Mutation, verdicts: &[(Check, Verdict)]) -> String {
    let mut row = format!("| {} | {} |", mutation.rule, mutation.breaks);
    for (_, verdict) in verdicts {
        write!(row, " {verdict} |").unwrap_or_default();
    }
    row
}

fn table(rows: &[String]) -> String {
    let heading =
        "| rule | what is broken | property tests | model | simulation |\n| --- | --- | --- | --- | --- |";
    format!("{heading}\n{}", rows.join("\n"))
}

fn write_table(table: &str) -> Result<(), Fault> {
    let path = patch::folder().join("README.md");
    let page = std::fs::read_to_string(&path).map_err(|error| Fault::file(&path, &error))?;
    let parts = page
        .split_once(MARKS.0)
        .and_then(|(before, rest)| rest.split_once(MARKS.1).map(|(_, after)| (before, after)));
    let Some((before, after)) = parts else {
        return Err(Fault::one(format!("{}: it has no place for the table", path.display())));
    };
    let page = format!("{before}{}\n{table}\n\n{}{after}", MARKS.0, MARKS.1);
    std::fs::write(&path, page).map_err(|error| Fault::file(&path, &error))
}

/// The copy of the repository.
struct Tree {
    folder: PathBuf,
    build: PathBuf,
}

impl Tree {
    /// Brings the copy up to date. What is the same is left alone, so that little is built again.
    fn copy() -> Result<Self, Fault> {
        let beside = root().join("target/mutants");
        let tree = Self { folder: beside.join("tree"), build: beside.join("build") };
        let listed = Program::new("git").with("ls-files -z --cached --others --exclude-standard").output()?;
        let mut there = BTreeSet::new();
        for name in listed.split('\0').filter(|name| !name.is_empty()) {
            let (from, to) = (root().join(name), tree.folder.join(name));
            if from.is_file() {
                copy(&from, &to)?;
                there.insert(to);
            }
        }
        // What is no part of the repository any more, such as a file that was moved.
        remove_others(&tree.folder, &there)?;
        Ok(tree)
    }

    /// Without a break, nothing may be noticed.
    fn sound(&self) -> Result<(), Fault> {
        println!("=== without a break");
        for check in [Check::Properties, Check::Simulation] {
            let verdict = check.run(&self.folder, &self.build, &[])?;
            println!("{:<12}{verdict}", check.name());
            if verdict.noticed() {
                return Err(Fault::one(format!("{} fails without a break: {verdict}", check.name())));
            }
        }
        Ok(())
    }

    /// What the checks say of a break.
    fn judge(&self, mutation: &Mutation) -> Result<Vec<(Check, Verdict)>, Fault> {
        let changed = mutation.applied_in(&self.folder)?;
        for (file, text) in &changed {
            let path = self.folder.join(file);
            std::fs::write(&path, text).map_err(|error| Fault::file(&path, &error))?;
        }
        let mut verdicts = Vec::new();
        for check in Check::ALL {
            verdicts.push((check, check.run(&self.folder, &self.build, &mutation.scenarios)));
        }
        for (file, _) in &changed {
            copy(&root().join(file), &self.folder.join(file))?;
        }
        verdicts.into_iter().map(|(check, verdict)| verdict.map(|verdict| (check, verdict))).collect()
    }
}

/// Removes every file below a folder that is not among these.
fn remove_others(folder: &Path, there: &BTreeSet<PathBuf>) -> Result<(), Fault> {
    for entry in std::fs::read_dir(folder).map_err(|error| Fault::file(folder, &error))? {
        let path = entry.map_err(|error| Fault::file(folder, &error))?.path();
        if path.is_dir() {
            remove_others(&path, there)?;
        } else if !there.contains(&path) {
            std::fs::remove_file(&path).map_err(|error| Fault::file(&path, &error))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Fault> {
    let bytes = std::fs::read(from).map_err(|error| Fault::file(from, &error))?;
    if std::fs::read(to).ok().as_ref() == Some(&bytes) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Fault::file(folder, &error))?;
    }
    std::fs::write(to, bytes).map_err(|error| Fault::file(to, &error))
}
