//! Reading the patches of `tests/mutations`, and applying them.
//!
//! A patch is a unified diff under a few lines that say what it breaks. Where its lines stand in the file does
//! not matter, so that it survives changes above and below; but they must stand there, and only once.

use std::path::{Path, PathBuf};

use crate::fault::Fault;
use crate::program::root;

/// A rule that is broken on purpose.
#[derive(Debug, PartialEq, Eq)]
pub struct Mutation {
    /// The name of its file, without the ending.
    pub name: String,
    /// The number of the rule.
    pub rule: u8,
    /// What is wrong once it is applied.
    pub breaks: String,
    /// The scenarios of the model that matter to it.
    pub scenarios: Vec<String>,
    hunks: Vec<Hunk>,
}

/// Lines of a file that are replaced by others.
#[derive(Debug, PartialEq, Eq)]
struct Hunk {
    file: PathBuf,
    old: String,
    new: String,
}

/// Where the patches are.
pub fn folder() -> PathBuf {
    root().join("tests/mutations")
}

/// All patches, by name.
///
/// # Errors
/// When one cannot be read, or is no patch.
pub fn all() -> Result<Vec<Mutation>, Fault> {
    let folder = folder();
    let entries = std::fs::read_dir(&folder).map_err(|error| Fault::file(&folder, &error))?;
    let mut mutations = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Fault::file(&folder, &error))?.path();
        if path.extension().is_some_and(|ending| ending == "patch") {
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
            let text = std::fs::read_to_string(&path).map_err(|error| Fault::file(&path, &error))?;
            let mutation = Mutation::parse(&name.unwrap_or_default(), &text);
            mutations.push(mutation.map_err(|why| Fault::one(format!("{}: {why}", path.display())))?);
        }
    }
    mutations.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(mutations)
}

impl Mutation {
    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let (head, diff) = text.split_once("\n\n").ok_or("no empty line after its head")?;
        let member = |key: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            line.map(str::to_owned).ok_or(format!("its head says no `{key}`"))
        };
        let rule = member("rule")?;
        let rule = rule.parse().map_err(|_| format!("`{rule}` is no rule"))?;
        let model = member("model")?;
        let scenarios = model.split_whitespace().filter(|word| *word != "-").map(str::to_owned).collect();
        let hunks = hunks(diff)?;
        Ok(Self { name: name.to_owned(), rule, breaks: member("breaks")?, scenarios, hunks })
    }

    /// The files that it changes, and what they hold then.
    ///
    /// # Errors
    /// When the lines that it replaces do not stand in the file, or more than once.
    pub fn applied_in(&self, tree: &Path) -> Result<Vec<(PathBuf, String)>, Fault> {
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        for hunk in &self.hunks {
            if !files.iter().any(|(file, _)| *file == hunk.file) {
                let path = tree.join(&hunk.file);
                let text = std::fs::read_to_string(&path).map_err(|error| Fault::file(&path, &error))?;
                files.push((hunk.file.clone(), text));
            }
            let Some((_, text)) = files.iter_mut().find(|(file, _)| *file == hunk.file) else { continue };
            let found = text.matches(&hunk.old).count();
            if found != 1 {
                let (name, file) = (&self.name, hunk.file.display());
                return Err(Fault::one(format!(
                    "{name}.patch does not fit any more: these lines stand {found} times in {file}:\n{}",
                    hunk.old
                )));
            }
            *text = text.replacen(&hunk.old, &hunk.new, 1);
        }
        Ok(files)
    }
}

fn hunks(diff: &str) -> Result<Vec<Hunk>, String> {
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut file = None;
    let mut inside = false;
    for line in diff.lines() {
        if let Some(name) = line.strip_prefix("+++ b/") {
            (file, inside) = (Some(PathBuf::from(name)), false);
        } else if line.starts_with("@@ ") {
            let file = file.clone().ok_or("lines without a file")?;
            hunks.push(Hunk { file, old: String::new(), new: String::new() });
            inside = true;
        } else if inside && let Some(hunk) = hunks.last_mut() {
            let (kind, text) = line.split_at_checked(1).unwrap_or((" ", ""));
            let (old, new) = match kind {
                " " => (true, true),
                "-" if text.starts_with("-- a/") => {
                    inside = false;
                    continue;
                }
                "-" => (true, false),
                "+" => (false, true),
                _ => return Err(format!("`{line}` is no line of a patch")),
            };
            for (side, wanted) in [(&mut hunk.old, old), (&mut hunk.new, new)] {
                if wanted {
                    side.push_str(text);
                    side.push('\n');
                }
            }
        }
    }
    if hunks.iter().any(|hunk| hunk.old == hunk.new) || hunks.is_empty() {
        return Err("it changes nothing".to_owned());
    }
    Ok(hunks)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_patch_still_fits() {
        for mutation in all().unwrap() {
            let files = mutation.applied_in(&root()).unwrap_or_else(|fault| panic!("{fault}"));
            for (file, text) in files {
                assert_ne!(std::fs::read_to_string(root().join(&file)).unwrap(), text, "{}", mutation.name);
            }
        }
    }

    #[test]
    fn every_rule_is_broken_by_one() {
        let rules: BTreeSet<u8> = all().unwrap().iter().map(|mutation| mutation.rule).collect();
        assert_eq!(rules, (1..=10).collect());
    }

    #[test]
    fn the_scenarios_that_they_name_are_there() {
        let model = std::fs::read_to_string(root().join("state-machine/tests/model.rs")).unwrap();
        for mutation in all().unwrap() {
            for scenario in mutation.scenarios {
                assert!(model.contains(&format!("    {scenario}:")), "{}: {scenario}", mutation.name);
            }
        }
    }

    const PATCH: &str =
        "rule: 3\nbreaks: it\nmodel: -\n\n--- a/x.rs\n+++ b/x.rs\n@@ -1,3 +1,3 @@ fn\n one\n-two\n+2\n \n";

    #[test]
    fn a_patch_is_read_with_its_head() {
        let mutation = Mutation::parse("name", PATCH).unwrap();
        assert_eq!((mutation.rule, mutation.breaks.as_str(), mutation.scenarios.len()), (3, "it", 0));
        let hunk = &mutation.hunks[0];
        assert_eq!((hunk.old.as_str(), hunk.new.as_str()), ("one\ntwo\n\n", "one\n2\n\n"));
        assert!(Mutation::parse("name", &PATCH.replace("rule: 3", "rule: x")).is_err());
        assert!(Mutation::parse("name", &PATCH.replace("-two\n+2\n", " two\n")).is_err());
    }
}
