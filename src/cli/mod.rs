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
//! | [`on`] | on this machine, or on AWS |
//! | [`place`] | the organization that a command looks at or changes |
//! | [`touched`] | what a gesture touches, for somebody who is to agree |
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
mod buildspec;
mod check;
mod completions;
mod context;
mod deploy;
mod doctor;
mod estimate;
mod events;
mod exit;
mod explain;
mod failure;
mod interrupt;
mod on;
mod place;
mod schema;
mod screen;
mod selection;
mod settings;
mod simulate;
mod table;
mod time;
mod touched;
mod trouble;
mod up;
mod validate;
mod window;

pub use context::Context;
pub use exit::Exit;
pub use failure::{Failure, Subject};
pub use on::On;
pub use screen::{Format, Screen};
pub use table::{Cell, Table, Tone};

use std::process::ExitCode;

use self::arguments::{Arguments, Command, Fleet};
use self::place::Place;
use self::place::local::LocalPlace;

/// Runs the command that the arguments of the process name.
pub fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => return told(&error).into(),
    };
    let context = Context::new(&arguments.common, arguments.command.log());
    let asked = on::refuse_elsewhere(&arguments).and_then(|()| run(&arguments.command, &context));
    let exit = match asked {
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
        Command::Doctor(options) => doctor::run(options, context),
        Command::Simulate(options) => simulate::run(options, context),
        Command::Explain(options) => explain::run(options, context),
        Command::Estimate(options) => estimate::run(options, context),
        Command::Schema(options) => schema::run(options, context),
        Command::Fleet(command) => match context.on() {
            On::Local => ask::<LocalPlace>(command, context),
            On::Aws => on::aws(command, context),
        },
        Command::Settings(options) => settings::run(options, context),
        Command::Buildspec(options) => buildspec::run(options, context),
        Command::Deploy(options) => deploy::run(options, context),
        Command::Up(options) => up::run(options, context),
        Command::Completions(options) => completions::run(options, context),
    }
}

/// Asks something of this place.
fn ask<P: Place>(command: &Fleet, context: &Context) -> Result<Exit, Failure> {
    match command {
        Fleet::Account(options) => account::run::<P>(options, context),
        Fleet::Accounts(options) => accounts::run::<P>(options, context),
        Fleet::Events(options) => events::run::<P>(options, context),
        Fleet::Check(options) => check::run::<P>(options, context),
        Fleet::Window(options) => window::run::<P>(options, context),
    }
}
