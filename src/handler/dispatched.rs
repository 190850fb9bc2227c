//! What came of an event.

use std::fmt;

use state_machine::{AccountId, NotOpened, Timestamp, WindowId};

use crate::event::{Handler, NotRouted, Refusal};
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
    },
    /// Nobody handles it, and why.
    NotRouted(NotRouted),
    /// It was refused, and why.
    Refused(Refusal),
}

/// A run of the reconciler over what is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wakened {
    /// How many accounts could not be woken. They stay due.
    pub failed: usize,
}

impl Dispatched {
    /// Whether the event is to be delivered again, because something could not be read.
    pub const fn try_again(&self) -> bool {
        match self {
            Self::Handled { outcome, .. } => outcome.try_again(),
            Self::WindowOpened(_)
            | Self::Woken(_)
            | Self::Reconciled { .. }
            | Self::Noted { .. }
            | Self::NotRouted(_)
            | Self::Refused(_) => false,
        }
    }
}

impl fmt::Display for Dispatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handled { handler, account, outcome } => {
                write!(f, "{handler}: account {account}: {outcome}")
            }
            Self::WindowOpened(Ok(window)) => write!(f, "the window of {window} was opened"),
            Self::WindowOpened(Err(because)) => write!(f, "no window was opened: {because}"),
            Self::Woken(Wakened { failed: 0 }) | Self::Reconciled { compared: None, .. } => {
                f.write_str("what is due was woken")
            }
            Self::Woken(Wakened { failed }) => write!(f, "what is due was woken, but for {failed} accounts"),
            Self::Reconciled { compared: Some(comparison), .. } => {
                write!(f, "{} accounts compared, {} differ", comparison.listed, comparison.different.len())
            }
            Self::Noted { handler, account: Some(account) } => {
                write!(f, "{handler}: account {account}: noted")
            }
            Self::Noted { handler, account: None } => write!(f, "{handler}: noted"),
            Self::NotRouted(why) => write!(f, "nobody handles it: {why}"),
            Self::Refused(refusal) => write!(f, "refused ({}): {refusal}", refusal.code()),
        }
    }
}
