//! The command line: what people type, and what they read.
//!
//! | module | holds |
//! | --- | --- |
//! | [`arguments`] | every command and switch |
//! | [`exit`] | what the exit status tells |
//! | [`failure`] | an error as a person reads it |
//! | [`screen`] | where output goes: format, colour, terminal or not |
//! | [`table`] | rows for people and for spreadsheets |
//! | [`interrupt`] | Ctrl-C |
//! | [`context`] | what every command is given: settings, store, screen |
//! | [`place`] | the local organization that a command looks at or changes |
//! | [`selection`] | which of all accounts are meant |
//! | [`advice`] | what helps an account that does not come under management by itself |
//! | [`trouble`] | what keeps an account from going on by itself |
//! | [`time`] | instants and lengths of time, as people write and read them |
//!
//! Each command is a module of its own, with `Options` (what it is asked) and `run` (what it does).
//! Data goes to standard output, everything else to standard error.

mod account;
mod accounts;
mod advice;
pub mod arguments;
mod check;
mod completions;
mod context;
mod events;
mod exit;
mod explain;
mod failure;
mod interrupt;
mod place;
mod schema;
mod screen;
mod selection;
mod simulate;
mod table;
mod time;
mod trouble;
mod up;
mod validate;
mod window;

pub use context::Context;
pub use exit::Exit;
pub use failure::Failure;
pub use screen::{Format, Screen};
pub use table::{Cell, Table, Tone};

use std::process::ExitCode;

use clap::Parser as _;

use self::arguments::{Arguments, Command};

/// Runs the command that the arguments of the process name.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return told(&error).into(),
    };
    let context = Context::new(&arguments.common, arguments.command.log());
    let exit = match run(&arguments.command, &context) {
        Ok(exit) => exit,
        Err(failure) => {
            context.screen().fail(&failure);
            failure.exit()
        }
    };
    exit.into()
}

/// Prints help, the version, or what is wrong with the command line.
fn told(error: &clap::Error) -> Exit {
    if error.use_stderr() {
        // Nobody can be told that standard error is closed; the status still says it.
        let _ = error.print();
        return Exit::Usage;
    }
    // Help and version are no errors: they go to standard output, with status 0.
    match screen::written(error.print()) {
        Ok(()) => Exit::Success,
        Err(failure) => {
            Screen::new(Format::Table, false).fail(&failure);
            failure.exit()
        }
    }
}

fn run(command: &Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Validate(options) => validate::run(options, context),
        Command::Simulate(options) => simulate::run(options, context),
        Command::Explain(options) => explain::run(options, context),
        Command::Schema(options) => schema::run(options, context),
        Command::Account(options) => account::run(options, context),
        Command::Accounts(options) => accounts::run(options, context),
        Command::Events(options) => events::run(options, context),
        Command::Check(options) => check::run(options, context),
        Command::Window(options) => window::run(options, context),
        Command::Up(options) => up::run(options, context),
        Command::Completions(options) => completions::run(options, context),
    }
}
