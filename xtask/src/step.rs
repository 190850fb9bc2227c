//! Steps that are run one after the other, timed, and summed up at the end.

use std::time::{Duration, Instant};

use crate::fault::Fault;

/// Something that must be so.
pub struct Step {
    /// One or two words.
    pub name: &'static str,
    /// What is known once it passed.
    pub proves: &'static str,
    /// Looks whether it is so. What it answers is added to the summary.
    pub run: fn() -> Result<String, Fault>,
}

/// How a step went.
#[derive(Debug)]
struct Ended {
    name: &'static str,
    took: Duration,
    /// A remark when it passed, the faults when it did not.
    outcome: Result<String, String>,
}

/// Runs the steps, and prints the summary, which ends in the line `N passed, N failed`.
///
/// A failed step does not keep the others from running, unless `fail_fast` says so.
///
/// # Errors
/// When a step failed.
pub fn run(steps: &[&Step], fail_fast: bool) -> Result<(), Fault> {
    let began = Instant::now();
    let mut ended = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        println!("\n=== {} of {}: {} ({})", index + 1, steps.len(), step.name, step.proves);
        let start = Instant::now();
        let outcome = (step.run)().map_err(|fault| fault.to_string());
        if let Err(fault) = &outcome {
            println!("{fault}");
        }
        let failed = outcome.is_err();
        ended.push(Ended { name: step.name, took: start.elapsed(), outcome });
        if failed && fail_fast {
            break;
        }
    }
    println!("\n{}", summary(&ended, steps.len(), began.elapsed()));
    let failed: Vec<&str> = ended.iter().filter(|step| step.outcome.is_err()).map(|step| step.name).collect();
    if failed.is_empty() {
        Ok(())
    } else {
        let again: Vec<String> = failed.iter().map(|name| format!("--only {name}")).collect();
        Err(Fault::one(format!(
            "failed: {}; again with: cargo xtask test {}",
            failed.join(", "),
            again.join(" ")
        )))
    }
}

fn summary(ended: &[Ended], steps: usize, took: Duration) -> String {
    let mut lines = Vec::new();
    for step in ended {
        let (word, remark) = match &step.outcome {
            Ok(remark) => ("passed", remark.as_str()),
            Err(fault) => ("FAILED", fault.lines().next().unwrap_or_default()),
        };
        let line = format!("{word}  {:>7.1} s  {:<20} {remark}", step.took.as_secs_f64(), step.name);
        lines.push(line.trim_end().to_owned());
    }
    if ended.len() < steps {
        lines.push(format!("not run: {}", steps - ended.len()));
    }
    let seconds = took.as_secs();
    lines.push(format!("all of it took {} min {} s", seconds / 60, seconds % 60));
    let failed = ended.iter().filter(|step| step.outcome.is_err()).count();
    lines.push(format!("{} passed, {failed} failed", ended.len() - failed));
    lines.join("\n")
}

/// Sums up the lines with which Rust's test harness closes each of its runs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
}

impl Tally {
    /// Counts a line like `test result: ok. 27 passed; 0 failed; …`; other lines count nothing.
    pub fn read(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else { return };
        let count = |word: &str| -> u64 {
            let mut words = rest.split([' ', ';', '.']).filter(|part| !part.is_empty());
            let mut before = "";
            words
                .find_map(|part| {
                    let found = (part == word).then(|| before.parse().ok()).flatten();
                    before = part;
                    found
                })
                .unwrap_or(0)
        };
        self.passed += count("passed");
        self.failed += count("failed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_of_the_test_harness_add_up() {
        let mut tally = Tally::default();
        tally.read(
            "test result: ok. 27 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.1s",
        );
        tally.read("test a_result: ok. 5 passed");
        tally.read("test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out");
        assert_eq!(tally, Tally { passed: 29, failed: 3 });
    }

    #[test]
    fn the_summary_ends_with_a_plain_count() {
        let step = |name, outcome| Ended { name, took: Duration::from_millis(1250), outcome };
        let ended = [
            step("one", Ok("12 tests".to_owned())),
            step("two", Err("it is broken\nand how".to_owned())),
            step("three", Ok(String::new())),
        ];
        let text = summary(&ended, 4, Duration::from_secs(61));
        let expected = "\
passed      1.2 s  one                  12 tests
FAILED      1.2 s  two                  it is broken
passed      1.2 s  three
not run: 1
all of it took 1 min 1 s
2 passed, 1 failed";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_failed_step_fails_the_run_but_not_the_steps_after_it() {
        let bad = Step { name: "bad", proves: "", run: || Err(Fault::one("no")) };
        let good = Step { name: "good", proves: "", run: || Ok(String::new()) };
        assert!(run(&[&good], false).is_ok());
        let Err(Fault::Found(lines)) = run(&[&bad, &good], false) else { panic!("it passed") };
        assert!(lines[0].contains("failed: bad;"), "{lines:?}");
    }
}
