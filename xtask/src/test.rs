//! `cargo xtask test`: every check and every test, in one run.

use crate::aws;
use crate::closure;
use crate::fault::Fault;
use crate::generate;
use crate::program::Program;
use crate::step::{self, Step, Tally};
use crate::tidy;
use crate::tools;

/// What `cargo xtask help` says of it.
pub const HELP: &str = "\
runs every check and test, and sums up at the end
--list        names the steps and what each proves
--only STEP   runs this step only; may be repeated
--fail-fast   stops at the first step that fails";

/// What cargo itself checks.
const CARGO: &[Step] = &[
    Step { name: "format", proves: "rustfmt has nothing to change", run: || cargo("fmt --all --check") },
    Step {
        name: "lints",
        proves: "clippy has nothing to say",
        run: || cargo("clippy --locked --workspace --all-targets -- --deny warnings"),
    },
    Step { name: "documentation", proves: "it builds, and its links lead somewhere", run: documentation },
    Step { name: "tests", proves: "unit, integration and documentation tests pass", run: tests },
    Step {
        name: "pure-core",
        proves: "the state machine has no clock, chance or I/O to be built from",
        run: closure::pure_state_machine,
    },
    Step { name: "no-sdk", proves: "the default build has no AWS SDK in it", run: closure::no_sdk },
];

/// What other programs check, which are fetched first.
const PEERS: &[Step] = &[
    Step {
        name: "supply-chain",
        proves: "licences, duplicates and sources are as deny.toml says",
        run: supply_chain,
    },
    Step {
        name: "schema-peer",
        proves: "an independent validator judges settings as the loader does",
        run: schema,
    },
    Step {
        name: "buildspecs",
        proves: "buildspecs do what they say to an account, run by the command line of AWS",
        run: buildspecs,
    },
    Step {
        name: "templates",
        proves: "neither CloudFormation's own schemas nor a security scanner have anything to say about infra/, and MiniStack deploys it and routes events by it",
        run: templates,
    },
    Step {
        name: "aws",
        proves: "what runs on AWS is lint-free, and works against AWS as other people have built it",
        run: aws::check,
    },
    Step {
        name: "simulations",
        proves: "no rule breaks in 1,000 simulations with heavy faults",
        run: simulations,
    },
    Step { name: "generated", proves: "generated files are what the program writes", run: generate::check },
];

fn steps() -> impl Iterator<Item = &'static Step> {
    CARGO.iter().chain(PEERS).chain(tidy::STEPS)
}

/// Runs the steps that the switches ask for.
///
/// # Errors
/// When a step failed, or a switch is unknown.
pub fn run(arguments: &[String]) -> Result<(), Fault> {
    let mut fail_fast = false;
    let mut only: Vec<&str> = Vec::new();
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(word) = rest.next() {
        match word {
            "--fail-fast" => fail_fast = true,
            "--list" => {
                for step in steps() {
                    println!("{:<16} {}", step.name, step.proves);
                }
                return Ok(());
            }
            "--only" => match rest.next() {
                Some(name) if steps().any(|step| step.name == name) => only.push(name),
                name => {
                    let name = name.unwrap_or_default();
                    return Err(Fault::usage(format!("--only: no step `{name}`; --list names them")));
                }
            },
            _ => return Err(Fault::usage(format!("`{word}` is no switch of `cargo xtask test`"))),
        }
    }
    let chosen: Vec<&Step> = steps().filter(|step| only.is_empty() || only.contains(&step.name)).collect();
    step::run(&chosen, fail_fast)
}

fn cargo(arguments: &str) -> Result<String, Fault> {
    Program::cargo(arguments).run()?;
    Ok(String::new())
}

fn documentation() -> Result<String, Fault> {
    Program::cargo("doc --locked --workspace --no-deps --document-private-items --quiet")
        .variable("RUSTDOCFLAGS", "--deny warnings")
        .run()?;
    Ok(String::new())
}

fn tests() -> Result<String, Fault> {
    let mut tally = Tally::default();
    let run = Program::cargo("test --locked --workspace --no-fail-fast").run_with(|line| tally.read(line));
    let told = format!("{} tests passed, {} failed", tally.passed, tally.failed);
    match run {
        Ok(()) if tally.passed == 0 => Err(Fault::one("not a single test ran")),
        Ok(()) => Ok(told),
        Err(fault) => Err(Fault::one(format!("{told}; {fault}"))),
    }
}

fn supply_chain() -> Result<String, Fault> {
    tools::cargo_deny()?.with("--locked check bans licenses sources").run()?;
    Ok(String::new())
}

/// Good and bad values, and whole files, of which the loader's verdict is known.
fn schema() -> Result<String, Fault> {
    let fixtures = "tests/fixtures/settings";
    let mut peer = tools::python()?.with("tests/schema_peer.py settings.schema.json");
    peer = peer.and(format!("{fixtures}/rules.yaml")).and("settings.yaml");
    peer = peer.and(format!("{fixtures}/doubtful/settings.yaml"));
    for name in ["minimum", "complete", "with-csv-files", "with-missing-document"] {
        peer = peer.and(format!("{fixtures}/predecessor/{name}.yaml"));
    }
    for name in ["faulty/settings", "predecessor/old-defaults"] {
        peer = peer.and(format!("!{fixtures}/{name}.yaml"));
    }
    let mut last = String::new();
    peer.run_with(|line| line.clone_into(&mut last))?;
    let mut scalars = String::new();
    let peer = tools::python()?.with("tests/scalars_peer.py").and(format!("{fixtures}/scalars.json"));
    peer.run_with(|line| line.clone_into(&mut scalars))?;
    Ok(format!("{last}; {scalars}"))
}

/// The command line of AWS against moto, both from other people.
fn buildspecs() -> Result<String, Fault> {
    Program::cargo("build --locked --quiet --bin spa").run()?;
    let mut last = String::new();
    tools::python()?.with("tests/buildspecs/main.py").run_with(|line| line.clone_into(&mut last))?;
    Ok(last)
}

/// Types, properties, values, names of IAM actions, in the regions that differ most; and what a security reviewer would
/// ask first.
fn templates() -> Result<String, Fault> {
    let lint = ".venv/bin/cfn-lint --include-checks I --regions";
    tools::python()?.with(lint).with("eu-west-1 us-east-1 --template infra/*.yaml").run()?;
    let mut summary = String::new();
    tools::scanner()?.with("--config-file infra/.checkov.yaml --directory infra").run_with(|line| {
        if line.starts_with("Passed checks") {
            line.clone_into(&mut summary);
        }
    })?;
    let mut tests = String::new();
    tools::python()?.with("tests/templates.py").run_with(|line| line.clone_into(&mut tests))?;
    Ok(format!("{summary}; {tests}"))
}

/// In the development profile, where an overflow of numbers is a panic.
fn simulations() -> Result<String, Fault> {
    let mut first = String::new();
    let simulate =
        "run --locked --quiet --bin spa -- simulate --seeds 1..1000 --accounts 12 --days 10 --faults heavy";
    Program::cargo(simulate).run_with(|line| {
        if first.is_empty() {
            line.clone_into(&mut first);
        }
    })?;
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_steps_are_typed_without_quotes_and_mean_one_step() {
        let names: Vec<&str> = steps().map(|step| step.name).collect();
        let distinct: std::collections::BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(names.len(), distinct.len());
        assert!(
            names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-')),
            "{names:?}"
        );
    }

    #[test]
    fn unknown_switches_and_steps_are_refused() {
        for words in [vec!["--fail"], vec!["--only"], vec!["--only", "nothing"]] {
            let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
            assert!(matches!(run(&words), Err(Fault::Usage(_))), "{words:?}");
        }
    }
}
