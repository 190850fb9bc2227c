//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    spa::cli::main()
}
