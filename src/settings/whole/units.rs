//! Units that are said to lie in a unit that nobody lists.

use std::collections::HashSet;

use super::Whole;
use crate::diagnostic::Report;
use crate::settings::value::alike;

pub(super) fn check(whole: &Whole<'_>, report: &mut Report) {
    let units = &whole.file.organizational_units;
    let listed: HashSet<&str> = units.iter().map(|unit| unit.identifier.value.as_str()).collect();
    for unit in units {
        let Some(parent) = unit.parent.as_ref().filter(|parent| !listed.contains(parent.value.as_str()))
        else {
            continue;
        };
        let message = format!("the unit {} is listed nowhere, so nothing is inherited from it", parent.value);
        let doubt = parent.doubt(message, "");
        let others = listed.iter().copied().filter(|other| *other != unit.identifier.value.as_str());
        let help = match alike(parent.value.as_str(), others).first() {
            Some(meant) => format!("did you mean {meant}?"),
            None => "list it under `organizational_units`, or leave `parent` out".to_owned(),
        };
        report.push(doubt.help(help));
    }
}
