//! What is said about accounts that are never touched.

use std::collections::{HashMap, HashSet};

use state_machine::{AccountId, Standing};

use super::{SaidOf, Whole};
use crate::diagnostic::Report;
use crate::settings::csv::Row;
use crate::settings::section::Guard;
use crate::settings::value::Placed;

/// An account that is listed and protected is not a fault: the protection counts. People should know.
pub(super) fn check(whole: &Whole<'_>, report: &mut Report) {
    let Whole { file, tables, source, .. } = *whole;
    // With several reasons to protect an account, the first one is told.
    let guards: HashMap<AccountId, &Guard> =
        file.protected_accounts.iter().rev().map(|guard| (guard.account.value, guard)).collect();
    let holds: HashMap<&str, _> = whole
        .items()
        .into_iter()
        .filter(|item| item.kind == SaidOf::Account)
        .filter_map(|item| Some((item.identifier?, item.node.key_span("hold")?)))
        .collect();
    let items = file.accounts.iter().map(|item| item.identifier.clone());
    let rows = tables.iter().flat_map(|table| {
        let place = |row: &Row| row.offset as usize..row.offset as usize + 12;
        table.rows.iter().map(move |row| Placed {
            value: row.account,
            source: table.source,
            span: place(row),
        })
    });
    let mut told = HashSet::new();
    for account in items.chain(rows) {
        if let Some(guard) = guards.get(&account.value).filter(|_| told.insert(account.value)) {
            let standing = Standing::Protected(guard.protection);
            let doubt = account
                .doubt(
                    format!("the account {} is never touched", account.value),
                    "what is said here has no effect",
                )
                .because_of(guard.account.source, guard.account.span.clone(), standing.to_string());
            let hold = holds.get(account.value.to_string().as_str()).cloned();
            report.push(match hold {
                Some(hold) => doubt
                    .because_of(source, hold, "nor has this hold")
                    .help("the protection lasts for ever; an account that is to be managed later is held, not protected"),
                None => doubt,
            });
        }
    }
}
