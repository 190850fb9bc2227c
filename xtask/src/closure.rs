//! What the crates are built from, as cargo resolves it: the promises that a type checker does not make.

use std::collections::{BTreeMap, BTreeSet};

use crate::fault::{Fault, none};
use crate::program::Program;

/// The crate of the lifecycle.
const STATE_MACHINE: &str = "spa-state-machine";

/// What the state machine may be built from. Each is without input, output, clock and chance.
const PURE: &[&str] = &[
    STATE_MACHINE,
    // Text and numbers.
    "chrono",
    "num-traits",
    "autocfg",
    "uuid",
    "sha1_smol",
    "serde",
    "serde_core",
    // Macros, which run at build time only.
    "serde_derive",
    "thiserror",
    "thiserror-impl",
    "proc-macro2",
    "quote",
    "syn",
    "unicode-ident",
];

/// Features that would bring a clock or chance.
const IMPURE_FEATURES: &[(&str, &[&str])] =
    &[("chrono", &["clock", "now", "wasmbind"]), ("uuid", &["v1", "v4", "v6", "v7", "rng", "fast-rng"])];

/// Packages and the features that they are built with.
type Closure = BTreeMap<String, BTreeSet<String>>;

/// The state machine builds alone, from nothing that knows the time, the network, a file or chance.
///
/// # Errors
/// With each package or feature that does not belong there.
pub fn pure_state_machine() -> Result<String, Fault> {
    // Alone: in a build of everything, other crates may switch on chrono's clock for it.
    Program::cargo("check --locked --quiet --package").with(STATE_MACHINE).run()?;
    let closure = read(STATE_MACHINE)?;
    none(impure(&closure))?;
    Ok(format!("{} packages, none with a clock, chance or I/O", closure.len()))
}

fn impure(closure: &Closure) -> Vec<String> {
    let mut found = Vec::new();
    for (package, features) in closure {
        if !PURE.contains(&package.as_str()) {
            found.push(format!(
                "the state machine is built from `{package}`; see PURE in xtask/src/closure.rs"
            ));
        }
        for (_, refused) in IMPURE_FEATURES.iter().filter(|(name, _)| name == package) {
            for feature in features.iter().filter(|feature| refused.contains(&feature.as_str())) {
                found.push(format!("the state machine switches on the feature `{feature}` of `{package}`"));
            }
        }
    }
    found
}

/// What `cargo demo` builds holds no AWS SDK, which takes minutes.
///
/// # Errors
/// With each package of it.
pub fn no_sdk() -> Result<String, Fault> {
    let closure = read("spa")?;
    let sdk = closure.keys().filter(|name| name.starts_with("aws-") || name.as_str() == "lambda_runtime");
    none(
        sdk.map(|name| format!("the default build of `spa` holds `{name}`; it belongs behind a feature"))
            .collect(),
    )?;
    Ok(format!("{} packages", closure.len()))
}

fn read(package: &str) -> Result<Closure, Fault> {
    let tree = Program::cargo("tree --locked --edges normal,build --prefix none --package")
        .with(package)
        .with("--format")
        .and("{p}|{f}")
        .output()?;
    let closure = parse(&tree);
    if closure.contains_key(package) {
        Ok(closure)
    } else {
        Err(Fault::one(format!("`cargo tree` does not tell what `{package}` is built from:\n{tree}")))
    }
}

/// Reads lines like `chrono v0.4.45|alloc,std (*)`.
fn parse(tree: &str) -> Closure {
    let mut closure = Closure::new();
    for line in tree.lines() {
        let Some((package, features)) = line.split_once('|') else { continue };
        let name = package.split(' ').next().unwrap_or_default();
        let features = features.trim_end_matches("(*)").trim().split(',').filter(|name| !name.is_empty());
        closure.entry(name.to_owned()).or_default().extend(features.map(str::to_owned));
    }
    closure
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
spa-state-machine v0.1.0 (path)|
chrono v0.4.45|alloc,std
serde v1.0.229|default,derive,std
serde v1.0.229|default,derive,std (*)
";

    #[test]
    fn a_tree_is_read_with_its_features() {
        let closure = parse(TREE);
        assert_eq!(closure.keys().collect::<Vec<_>>(), ["chrono", "serde", "spa-state-machine"]);
        assert!(closure["serde"].contains("std"));
        assert!(impure(&closure).is_empty());
    }

    #[test]
    fn a_clock_is_seen_in_the_features_of_chrono() {
        let found = impure(&parse(&TREE.replace("alloc,std", "alloc,now,std")));
        assert_eq!(found, ["the state machine switches on the feature `now` of `chrono`"]);
    }

    #[test]
    fn a_package_that_nobody_vouched_for_is_seen() {
        let found = impure(&parse(&TREE.replace("serde v", "tokio v")));
        assert!(found.len() == 1 && found[0].contains("`tokio`"), "{found:?}");
    }
}
