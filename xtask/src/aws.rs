//! What only the feature `aws` has: checked by clippy, and tested against AWS as other people have built it.

use crate::fault::Fault;
use crate::program::Program;
use crate::step::Tally;
use crate::tools;

/// Tests that need the feature: what cargo is to run, and which of its tests. Without the second, the step `tests`
/// would have run the others before.
const TESTS: &[(&str, &str)] = &[
    ("--lib", "aws:: cli::deploy function journal::dynamodb"),
    ("--test bootstrap", ""),
    ("--test function", ""),
    ("--test journal", "dynamodb"),
    ("--test aws_credentials", ""),
    ("--test peers_harness", ""),
    ("--test aws", ""),
    ("--test aws_cycle", ""),
    ("--test stack", ""),
    ("--test aws_commands", ""),
    ("--test aws_deploy", ""),
];

/// Installs the peers, and runs what needs them.
///
/// # Errors
/// When clippy has something to say, a test fails, or a line of the list above ran no test.
pub fn check() -> Result<String, Fault> {
    tools::python()?;
    let mut passed = 0;
    for (what, which) in TESTS {
        let mut tally = Tally::default();
        Program::cargo("test --locked --features aws --no-fail-fast")
            .with(what)
            .with("--")
            .with(which)
            .run_with(|line| tally.read(line))?;
        if tally.passed == 0 {
            return Err(Fault::one(format!("not a single test ran: {what} -- {which}")));
        }
        passed += tally.passed;
    }
    Program::cargo("clippy --locked --features aws --all-targets -- --deny warnings").run()?;
    Ok(format!("{passed} tests passed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::root;

    #[test]
    fn every_test_that_needs_the_feature_is_run() {
        let needs = |path: &std::path::Path| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.contains(r#"feature = "aws""#)
        };
        for entry in std::fs::read_dir(root().join("tests")).expect("tests").flatten() {
            let path = entry.path();
            if needs(&path) || needs(&path.join("main.rs")) {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let run = format!("--test {name}");
                assert!(TESTS.iter().any(|(what, _)| *what == run), "{run} is not in the list");
            }
        }
    }
}
