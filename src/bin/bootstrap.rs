//! The program of all Lambda functions: `_HANDLER` says which of them it is.
//!
//! Lambda starts the file of this name: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-provided.html>.

use std::process::ExitCode;

fn main() -> ExitCode {
    spa::function::runtime::main()
}
