//! The table of calls.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::wire::Call;

/// How often each operation was called.
pub struct Table {
    rows: BTreeMap<(String, String), u32>,
    accounts: u32,
}

impl Table {
    pub fn new(calls: &[Call], accounts: usize) -> Self {
        let mut rows = BTreeMap::new();
        for call in calls {
            *rows.entry((call.service.clone(), call.operation.clone())).or_default() += 1;
        }
        Self { rows, accounts: u32::try_from(accounts).unwrap() }
    }

    /// Calls for each account, of these services; of all when none is named.
    pub fn per_account(&self, services: &[&str]) -> f64 {
        let counted = self
            .rows
            .iter()
            .filter(|((service, _), _)| services.is_empty() || services.contains(&service.as_str()));
        f64::from(counted.map(|(_, calls)| calls).sum::<u32>()) / f64::from(self.accounts)
    }

    /// Calls of this operation for each account.
    pub fn of(&self, service: &str, operation: &str) -> f64 {
        let calls = self.rows.get(&(service.to_owned(), operation.to_owned())).copied();
        f64::from(calls.unwrap_or(0)) / f64::from(self.accounts)
    }

    pub fn render(&self) -> String {
        let mut text = format!("{:<16}{:<28}{:>8}{:>14}\n", "service", "operation", "calls", "per account");
        let mut row = |service: &str, operation: &str, calls: u32| {
            let each = f64::from(calls) / f64::from(self.accounts);
            let _ = writeln!(text, "{service:<16}{operation:<28}{calls:>8}{each:>14.2}");
        };
        for ((service, operation), calls) in &self.rows {
            row(service, operation, *calls);
        }
        row("all", "", self.rows.values().sum());
        text
    }
}
