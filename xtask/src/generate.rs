//! Files of the repository that its own programs write.

use crate::fault::{Fault, none};
use crate::program::{Program, root};

/// What `cargo xtask help` says of it.
pub const HELP: &str = "\
writes the files that are generated: the settings' schema, the page of the state machine
--check   writes nothing, and fails when a file is not what would be written";

/// A file that a program prints.
struct Printed {
    file: &'static str,
    by: &'static str,
}

const PRINTED: &[Printed] =
    &[Printed { file: "settings.schema.json", by: "run --locked --quiet --bin spa -- schema" }];

/// A file that a test compares, and writes when the variable is set.
struct Golden {
    file: &'static str,
    by: &'static str,
}

const GOLDEN: &[Golden] = &[Golden {
    file: "state-machine/README.md",
    by: "test --locked --quiet --package spa-state-machine --test readme the_page_says_what_the_code_does",
}];

/// Makes tests write what they would compare.
const UPDATE: &str = "UPDATE_GOLDENS";

/// Writes them, or compares them.
///
/// # Errors
/// When a program failed, or a file differs and was to be compared only.
pub fn run(arguments: &[String]) -> Result<(), Fault> {
    match arguments {
        [] => write(),
        [check] if check == "--check" => check_all().map(|told| println!("{told}")),
        _ => Err(Fault::usage("`cargo xtask generate` knows `--check` only")),
    }
}

/// Compares them.
///
/// # Errors
/// When a program failed or a file differs.
pub fn check() -> Result<String, Fault> {
    check_all()
}

fn write() -> Result<(), Fault> {
    for printed in PRINTED {
        let text = Program::cargo(printed.by).output()?;
        let path = root().join(printed.file);
        if std::fs::read_to_string(&path).ok().as_ref() == Some(&text) {
            println!("{}: as it was", printed.file);
        } else {
            std::fs::write(&path, text).map_err(|error| Fault::file(&path, &error))?;
            println!("{}: written", printed.file);
        }
    }
    for golden in GOLDEN {
        let path = root().join(golden.file);
        let before = std::fs::read(&path).ok();
        Program::cargo(golden.by).variable(UPDATE, "1").output()?;
        let same = std::fs::read(&path).ok() == before;
        println!("{}: {}", golden.file, if same { "as it was" } else { "written" });
    }
    Ok(())
}

fn check_all() -> Result<String, Fault> {
    let mut found = Vec::new();
    for printed in PRINTED {
        let text = Program::cargo(printed.by).output()?;
        let path = root().join(printed.file);
        let there = std::fs::read_to_string(&path).map_err(|error| Fault::file(&path, &error))?;
        if there != text {
            found
                .push(format!("{} is not what is generated; `cargo xtask generate` writes it", printed.file));
        }
    }
    for golden in GOLDEN {
        if Program::cargo(golden.by).output().is_err() {
            found.push(format!("{} is not what is generated; `cargo xtask generate` writes it", golden.file));
        }
    }
    none(found)?;
    Ok(format!("{} files", PRINTED.len() + GOLDEN.len()))
}
