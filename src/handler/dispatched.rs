//! What came of an event.

use std::fmt;

use state_machine::{AccountId, NotOpened, Text, Timestamp, WindowId};

use crate::event::{Handler, News, NotRouted, Refusal};
use crate::lifecycle::{Comparison, Outcome};

/// What came of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dispatched {
    /// It was handed to the lifecycle of an account.
    Handled {
        /// The handler.
        handler: Handler,
        /// The account.
        account: AccountId,
        /// What came of it.
        outcome: Outcome,
    },
    /// One account was woken, as it had asked for.
    AccountWoken {
        /// The account.
        account: AccountId,
        /// What came of it. It has asked for the next wake-up already, so this one never comes back.
        outcome: Outcome,
    },
    /// A window was opened, or none, and why; either is recorded.
    WindowOpened(Result<WindowId, NotOpened>),
    /// What is due was woken.
    Woken(Wakened),
    /// The reconciler ran.
    Reconciled {
        /// What is due was woken.
        woken: Wakened,
        /// What the comparison found, when it was made.
        compared: Option<Comparison>,
        /// When the window that runs is looked after next.
        window: Option<Timestamp>,
    },
    /// It was read; nothing in the lifecycle of an account depends on it.
    Noted {
        /// The handler.
        handler: Handler,
        /// The account that it is about.
        account: Option<AccountId>,
        /// What it announced, when it was one of our own events; for whoever counts them.
        news: Option<Box<News>>,
    },
    /// It is another function's to handle, and was left alone.
    NotMine(Handler),
    /// Nobody handles it, and why.
    NotRouted(NotRouted),
    /// It was refused, and why.
    Refused(Refusal),
    /// A person invoked a function, and what that function did is not told by its input.
    Invoked(Uninvoked),
    /// A batch of messages: what came of each, in their order.
    Batch(Vec<Answered>),
}

/// Why the input of an invocation led to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uninvoked {
    /// Such an input does not say which function it is for.
    #[error("it is the input of a function that a person invoked, and does not say of which")]
    NoFunction,
    /// The function does its work for one event, and there is none.
    #[error("{0} needs an event; a person has nothing to invoke it with")]
    NeedsEvent(Handler),
    /// The function does nothing for a day or a month.
    #[error("{0} does not work for a day or a month")]
    TakesNoDate(Handler),
}

/// What came of one message of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The message's identifier; empty when it has none.
    pub id: Text,
    /// What came of it, or why it could not be handled.
    pub outcome: Result<Dispatched, String>,
}

impl Answered {
    /// Whether the message is to be delivered again.
    ///
    /// What nobody can read is: after its tries it lies whole in the dead-letter queue, where a person finds it,
    /// and from where it may be sent again when it can be read. What is none of our business, or forged, is
    /// not: nothing would ever become of it.
    pub fn try_again(&self) -> bool {
        match &self.outcome {
            Ok(Dispatched::Refused(refusal)) => refusal.is_malformed(),
            Ok(dispatched) => dispatched.try_again(),
            Err(_) => true,
        }
    }
}

/// A run of the reconciler over what is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wakened {
    /// How many accounts could not be woken. They stay due.
    pub failed: usize,
    /// How many accounts were not begun, because the time was up. They stay due.
    pub left: usize,
}

impl Dispatched {
    /// Whether the event, or a message of the batch, is to be delivered again, because something could not be
    /// read, or not be told yet from a change of our own.
    pub fn try_again(&self) -> bool {
        match self {
            Self::Handled { outcome, .. } => outcome.try_again(),
            Self::Batch(answers) => answers.iter().any(Answered::try_again),
            Self::WindowOpened(_)
            | Self::AccountWoken { .. }
            | Self::Woken(_)
            | Self::Reconciled { .. }
            | Self::Noted { .. }
            | Self::NotMine(_)
            | Self::NotRouted(_)
            | Self::Invoked(_)
            | Self::Refused(_) => false,
        }
    }

    /// The messages that are to be delivered again, as Lambda wants to be told (`batchItemFailures`).
    pub fn failed_messages(&self) -> Vec<Text> {
        match self {
            Self::Batch(answers) => answers
                .iter()
                .filter(|answer| answer.try_again())
                .map(|answer| Text::clone(&answer.id))
                .collect(),
            Self::Handled { .. }
            | Self::AccountWoken { .. }
            | Self::WindowOpened(_)
            | Self::Woken(_)
            | Self::Reconciled { .. }
            | Self::Noted { .. }
            | Self::NotMine(_)
            | Self::NotRouted(_)
            | Self::Invoked(_)
            | Self::Refused(_) => Vec::new(),
        }
    }
}

impl fmt::Display for Dispatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handled { handler, account, outcome } => {
                write!(f, "{handler}: account {account}: {outcome}")
            }
            Self::AccountWoken { account, outcome } => write!(f, "account {account} was woken: {outcome}"),
            Self::WindowOpened(Ok(window)) => write!(f, "the window of {window} was opened"),
            Self::WindowOpened(Err(because)) => write!(f, "no window was opened: {because}"),
            Self::Woken(Wakened { failed: 0, left: 0 }) | Self::Reconciled { compared: None, .. } => {
                f.write_str("what is due was woken")
            }
            Self::Woken(Wakened { failed, left }) => {
                write!(f, "what is due was woken, but for {} accounts", failed + left)
            }
            Self::Reconciled { compared: Some(comparison), .. } => {
                write!(f, "{} accounts compared, {} differ", comparison.listed, comparison.different.len())
            }
            Self::Noted { handler, account: Some(account), .. } => {
                write!(f, "{handler}: account {account}: noted")
            }
            Self::NotMine(handler) => write!(f, "left alone: it is for {handler}"),
            Self::Noted { handler, account: None, .. } => write!(f, "{handler}: noted"),
            Self::NotRouted(why) => write!(f, "nobody handles it: {why}"),
            Self::Invoked(why) => write!(f, "nothing to do: {why}"),
            Self::Batch(answers) => {
                let failed = answers.iter().filter(|answer| answer.try_again()).count();
                write!(f, "a batch of {} messages, {failed} of them to be delivered again", answers.len())
            }
            Self::Refused(refusal) => write!(f, "refused ({}): {refusal}", refusal.code()),
        }
    }
}
