//! The benchmarks: which there are, and running them one after the other.

use std::path::Path;

use crate::fault::Fault;
use crate::program::{Program, root};
use crate::tools;

/// What `cargo xtask help` says of it.
pub const HELP: &str = "\
runs the benchmarks one after the other; NAME … runs only these
--list    names them and what each measures";

/// A benchmark.
#[derive(Debug, PartialEq, Eq)]
struct Bench {
    package: &'static str,
    name: String,
    measures: String,
}

/// The benchmark of the program that Lambda runs, and that program's name.
const FUNCTION: &str = "bootstrap";

/// Builds the program as it is deployed, and measures it from outside: how the measuring program is built does not
/// matter, so it is the one that the tests have built already.
fn measure_function() -> Result<(), Fault> {
    tools::python()?;
    Program::cargo("build --locked --profile function --features aws --bin").with(FUNCTION).run()?;
    let program = root().join("target/function").join(FUNCTION);
    Program::cargo("bench --locked --profile dev --features aws --package spa --bench")
        .with(FUNCTION)
        .variable("BOOTSTRAP", program.to_string_lossy())
        .run()
}

/// Runs or lists them.
///
/// # Errors
/// When one failed, or there is none of that name.
pub fn run(arguments: &[String]) -> Result<(), Fault> {
    let benches = find()?;
    if arguments.iter().any(|word| word == "--list") {
        for bench in &benches {
            println!("{:<16} {}", bench.name, bench.measures);
        }
        return Ok(());
    }
    if let Some(unknown) = arguments.iter().find(|word| !benches.iter().any(|bench| bench.name == **word)) {
        return Err(Fault::usage(format!("there is no benchmark `{unknown}`; --list names them")));
    }
    for bench in benches.iter().filter(|bench| arguments.is_empty() || arguments.contains(&bench.name)) {
        if bench.name == FUNCTION {
            measure_function()?;
            continue;
        }
        Program::cargo("bench --locked --package")
            .with(bench.package)
            .with("--bench")
            .and(&bench.name)
            .run()?;
    }
    Ok(())
}

fn find() -> Result<Vec<Bench>, Fault> {
    let mut benches = Vec::new();
    for (package, folder) in [("spa", "benches"), ("spa-state-machine", "state-machine/benches")] {
        let folder = root().join(folder);
        if !folder.exists() {
            continue;
        }
        let entries = std::fs::read_dir(&folder).map_err(|error| Fault::file(&folder, &error))?;
        for entry in entries {
            let path = entry.map_err(|error| Fault::file(&folder, &error))?.path();
            let main = if path.is_dir() { path.join("main.rs") } else { path.clone() };
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
            if main.extension().is_some_and(|end| end == "rs")
                && main.exists()
                && let Some(name) = name
            {
                benches.push(Bench { package, name, measures: measures(&main)? });
            }
        }
    }
    benches.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(benches)
}

/// The first line of the file's documentation.
fn measures(path: &Path) -> Result<String, Fault> {
    let text = std::fs::read_to_string(path).map_err(|error| Fault::file(path, &error))?;
    Ok(first_line(&text))
}

fn first_line(text: &str) -> String {
    text.lines().find_map(|line| line.strip_prefix("//! ")).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_benchmark_is_described_by_its_first_line() {
        assert_eq!(first_line("//! How fast it is.\n//! More.\n"), "How fast it is.");
        assert_eq!(first_line("fn main() {}"), "");
    }
}
