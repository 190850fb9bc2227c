//! `spa account`: one account in full, and what operators may ask for.
//!
//! | module | command |
//! | --- | --- |
//! | [`show`] | `show` and `at`: the head, now or as it was |
//! | [`history`] | `history`: every record with its cause |
//! | [`why`] | `why`: why it is like this, what it waits for, until when |
//! | [`asked`] | what operators asked for lately, and why: part of `why` |
//! | [`gesture`] | `adopt`, `vanilla`, `release`, `expire`, `hold`, `unhold`, `retry` |

mod asked;
mod gesture;
mod history;
mod show;
mod why;

pub use gesture::{reason, user_of_this_machine};

#[cfg(feature = "aws")]
pub(super) use gesture::ask_one;

use clap::{Args, Subcommand};

use super::place::Place;
use super::{Context, Exit, Failure};

/// What is asked about an account, or for it.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Shows all that is known of an account.
    Show(show::ShowOptions),
    /// Shows every record of an account, with its cause.
    History(history::Options),
    /// Tells why an account is like this, what it waits for, and until when.
    Why(why::Options),
    /// Shows an account as it was at a past instant.
    At(show::AtOptions),
    /// Takes over an account that carried a state before it was first seen.
    Adopt(gesture::Options),
    /// On-boards an account, again if need be.
    Vanilla(gesture::Options),
    /// Gives an account to its holder as it is.
    Release(gesture::Options),
    /// Puts an account into maintenance now.
    Expire(gesture::Options),
    /// Leaves an account alone until a day.
    Hold(gesture::HoldOptions),
    /// Ends a hold now.
    Unhold(gesture::Options),
    /// Does not wait for the next try of an account in quarantine.
    Retry(gesture::Options),
}

/// Answers.
///
/// # Errors
/// When the account is not known, the store or the settings cannot be used, or what is asked for is refused.
pub fn run<P: Place>(options: &Options, context: &Context) -> Result<Exit, Failure> {
    use state_machine::Gesture;
    let ask = |gesture, options| gesture::run::<P>(&gesture, options, context);
    match &options.question {
        Question::Show(options) => show::show::<P>(options, context),
        Question::History(options) => history::run::<P>(options, context),
        Question::Why(options) => why::run::<P>(options, context),
        Question::At(options) => show::at::<P>(options, context),
        Question::Adopt(options) => ask(Gesture::Adopt, options),
        Question::Vanilla(options) => ask(Gesture::Vanilla, options),
        Question::Release(options) => ask(Gesture::Release, options),
        Question::Expire(options) => ask(Gesture::Expire, options),
        Question::Hold(options) => gesture::hold::<P>(options, context),
        Question::Unhold(options) => ask(Gesture::Unhold, options),
        Question::Retry(options) => ask(Gesture::Retry, options),
    }
}
