//! What a gesture touches, for somebody who is to agree.

use std::sync::Arc;

use state_machine::Account;

use crate::settings::Settings;

use super::place::{Place, reading};
use super::{Context, Table, table};

/// How many accounts are named. Who agrees to more does not read each.
const NAMED: usize = 20;

/// Tells a person which accounts are touched, where, and as whom. It is no data: that is what comes of it.
pub fn tell<'a>(
    accounts: impl Iterator<Item = &'a Account>,
    settings: &Arc<Settings>,
    place: &impl Place,
    context: &Context,
) {
    let key = &settings.tag_keys().holder;
    let mut rows = Table::new(["account", "name", "state", "holder", "unit"]);
    let mut number = 0;
    for account in accounts {
        number += 1;
        if number > NAMED {
            continue;
        }
        let unit = account.profile().units.first().map(ToString::to_string);
        rows.row([
            account.id().to_string().into(),
            account.profile().name.to_string().into(),
            reading(&account.tag().reading).into(),
            account.holder(key).map(ToString::to_string).unwrap_or_default().into(),
            unit.unwrap_or_default().into(),
        ]);
    }
    let screen = context.screen();
    screen.note(&format!("in {}, as {}:", place.named(), place.operator(None)));
    screen.note(&rows.render(table::terminal_width()));
    if number > NAMED {
        screen.note(&format!("and {} more; --dry-run shows all of them", number - NAMED));
    }
}
