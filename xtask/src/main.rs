//! The repository's own chores: check it, generate what is generated, measure. `cargo xtask help` lists them.
//!
//! - `test`: the steps that `cargo xtask test` runs, and `step`, how they are run and summed up
//! - `tidy`: what no compiler checks: layers, sizes, links, commands that documents name
//! - `closure`: what the crates are built from
//! - `aws`: what only the feature `aws` has
//! - `generate`: files of the repository that are written by its own programs
//! - `mutants`: breaks each rule on purpose, and looks which check notices
//! - `bench`: the benchmarks
//! - `package`: the program of the functions, as it is deployed
//! - `program`: other programs, and the ones that are fetched first (`tools`)
//!
//! It needs little but the standard library, so that it is there in seconds on a fresh machine.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line: what it says is what it is for"
)]

mod aws;
mod bench;
mod closure;
mod fault;
mod generate;
mod mutants;
mod package;
mod program;
mod step;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

use fault::Fault;

/// One chore.
struct Verb {
    name: &'static str,
    does: &'static str,
    run: fn(&[String]) -> Result<(), Fault>,
}

const VERBS: &[Verb] = &[
    Verb { name: "test", does: test::HELP, run: test::run },
    Verb { name: "generate", does: generate::HELP, run: generate::run },
    Verb { name: "mutants", does: mutants::HELP, run: mutants::run },
    Verb { name: "bench", does: bench::HELP, run: bench::run },
    Verb { name: "package", does: package::HELP, run: package::run },
    Verb { name: "help", does: "prints this", run: help },
];

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = if arguments.is_empty() { "help".to_owned() } else { arguments.remove(0) };
    let name = if matches!(name.as_str(), "-h" | "--help") { "help" } else { &name };
    let done = match VERBS.iter().find(|verb| verb.name == name) {
        Some(verb) => (verb.run)(&arguments),
        None => Err(Fault::usage(format!(
            "there is no `cargo xtask {name}`; `cargo xtask help` lists what there is"
        ))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("xtask: {fault}");
            fault.exit_code()
        }
    }
}

fn help(arguments: &[String]) -> Result<(), Fault> {
    if let Some(unknown) = arguments.first() {
        return Err(Fault::usage(format!("`cargo xtask help` takes nothing, and not `{unknown}`")));
    }
    println!("cargo xtask VERB [SWITCH …]\n");
    for verb in VERBS {
        println!("  {:<10}{}", verb.name, verb.does.replace('\n', "\n            "));
    }
    println!("\nExit status: 0 all is well, 1 something was found or failed, 2 wrong usage.");
    Ok(())
}

/// What a chore says of itself, with its switches.
fn help_of(name: &str) -> Option<&'static str> {
    VERBS.iter().find(|verb| verb.name == name).map(|verb| verb.does)
}
