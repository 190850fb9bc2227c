//! Whose turn it is: callers wait by account, and accounts take turns.

use std::collections::{HashMap, VecDeque};

use state_machine::AccountId;

/// A caller that waits.
pub(super) type Ticket = u64;

/// For which account a call is made. What is made for none takes turns like an account.
pub(super) type Owner = Option<AccountId>;

/// Callers that wait. One after another is served from each account in turn, so that a thousand calls for one
/// account stand before the first call for another one as a single call.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Accounts with callers that wait, each once; the first one is next.
    order: VecDeque<Owner>,
    waiting: HashMap<Owner, VecDeque<Ticket>>,
    len: usize,
}

impl Turns {
    /// How many wait.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Lines up behind the calls for the same account.
    pub(super) fn push(&mut self, ticket: Ticket, owner: Owner) {
        let line = self.waiting.entry(owner).or_default();
        if line.is_empty() {
            self.order.push_back(owner);
        }
        line.push_back(ticket);
        self.len += 1;
    }

    /// Who is next.
    pub(super) fn first(&self) -> Option<Ticket> {
        let line = self.waiting.get(self.order.front()?)?;
        line.front().copied()
    }

    /// Serves who is next; its account goes behind the others.
    pub(super) fn pop(&mut self) -> Option<Ticket> {
        let owner = self.order.pop_front()?;
        let line = self.waiting.get_mut(&owner)?;
        let ticket = line.pop_front()?;
        if line.is_empty() {
            self.waiting.remove(&owner);
        } else {
            self.order.push_back(owner);
        }
        self.len -= 1;
        Some(ticket)
    }

    /// Somebody does not wait any longer. `false`: nobody with this ticket was there.
    pub(super) fn remove(&mut self, ticket: Ticket, owner: Owner) -> bool {
        let Some(line) = self.waiting.get_mut(&owner) else { return false };
        let Some(place) = line.iter().position(|waiting| *waiting == ticket) else { return false };
        line.remove(place);
        if line.is_empty() {
            self.waiting.remove(&owner);
            self.order.retain(|other| *other != owner);
        }
        self.len -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u64) -> Owner {
        AccountId::from_number(number)
    }

    #[test]
    fn accounts_take_turns_whatever_the_length_of_their_lines() {
        let mut turns = Turns::default();
        for ticket in 0..1_000 {
            turns.push(ticket, account(1));
        }
        turns.push(1_000, account(2));
        turns.push(1_001, None);
        let served: Vec<_> = std::iter::from_fn(|| turns.pop()).collect();
        assert_eq!(served[..5], [0, 1_000, 1_001, 1, 2]);
        assert_eq!(served.len(), 1_002);
        assert_eq!(turns.len(), 0);
    }

    #[test]
    fn whoever_leaves_holds_up_nobody() {
        let mut turns = Turns::default();
        turns.push(0, account(1));
        turns.push(1, account(2));
        turns.push(2, account(1));
        assert!(turns.remove(0, account(1)));
        assert!(!turns.remove(0, account(1)), "it left already");
        assert!(!turns.remove(1, account(3)), "it never was for this account");
        assert_eq!(turns.first(), Some(2));
        assert!(turns.remove(2, account(1)));
        assert_eq!((turns.pop(), turns.pop(), turns.len()), (Some(1), None, 0));
    }
}
