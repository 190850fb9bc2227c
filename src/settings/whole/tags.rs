//! Tags that are set and taken away, and too many of them.

use std::collections::HashMap;
use std::ops::Range;

use state_machine::Text;
use state_machine::tags::TAGS_PER_ACCOUNT;

use super::{Node, Said, SaidOf, Whole};
use crate::diagnostic::{Diagnostic, Report};
use crate::settings::csv::Column;
use crate::settings::value::shown;
use crate::settings::yaml::Kind;

pub(super) fn check(whole: &Whole<'_>, report: &mut Report) {
    check_limit(whole, report);
    check_taken_away(whole, report);
}

/// AWS keeps 50 tags an account, and two of them are the state and the holder. Counted is what stands in one
/// item together with the defaults; which units hold one another is known to AWS alone.
fn check_limit(whole: &Whole<'_>, report: &mut Report) {
    const MOST: usize = TAGS_PER_ACCOUNT - 2;
    let Whole { file, tables, source, root, .. } = *whole;
    let defaults = &file.defaults.account_tags;
    let with_defaults = |own: &mut dyn Iterator<Item = &Text>| {
        defaults.len() + own.filter(|key| !defaults.contains_key(*key)).count()
    };
    let message = |count: usize| {
        format!(
            "{count} tags and those of state and holder are more than the {TAGS_PER_ACCOUNT} that AWS keeps"
        )
    };
    if defaults.len() > MOST {
        let place = root.key_span("defaults").unwrap_or(0..0);
        report.push(Diagnostic::error(message(defaults.len())).at(source, place, "too many tags in here"));
        return;
    }
    let units = file.organizational_units.iter().map(|unit| (&unit.identifier.span, &unit.item));
    let accounts = file.accounts.iter().map(|account| (&account.identifier.span, &account.item));
    for (span, item) in units.chain(accounts) {
        let count = with_defaults(&mut item.account_tags.keys());
        if count > MOST {
            report.push(Diagnostic::error(message(count)).at(source, span.clone(), "with the defaults"));
        }
    }
    for table in tables {
        let mut keys = table.columns.iter().filter_map(|column| match column {
            Column::Tag(key) => Some(key),
            _ => None,
        });
        let count = with_defaults(&mut keys);
        if count > MOST {
            let fault = Diagnostic::error(message(count));
            report.push(fault.at(table.source, table.heading.clone(), "with the defaults"));
        }
    }
}

/// Keys of tags, and where they stand.
type Keys<'a> = HashMap<&'a str, Range<usize>>;

/// Keys that an item sets.
fn set(item: &Node) -> Keys<'_> {
    let Some(Node { kind: Kind::Mapping(pairs), .. }) = item.get("account_tags") else { return Keys::new() };
    pairs.iter().map(|pair| (&*pair.key.text, pair.key.span.clone())).collect()
}

/// Keys that an item takes away; nothing when it leaves that to the items around it.
fn unset(item: &Node) -> Option<Keys<'_>> {
    let Some(Node { kind: Kind::Sequence(members), .. }) = item.get("unset_tags") else { return None };
    Some(members.iter().filter_map(|node| Some((node.scalar()?.text, node.span.clone()))).collect())
}

/// In the order of the file.
fn in_order<'a: 'k, 'k>(
    keys: impl IntoIterator<Item = (&'k &'a str, &'k Range<usize>)>,
) -> Vec<(&'a str, &'k Range<usize>)> {
    let mut keys: Vec<_> = keys.into_iter().map(|(key, span)| (*key, span)).collect();
    keys.sort_unstable_by_key(|(_, span)| span.start);
    keys
}

/// What an item sets and takes away. That of an item which lies around many others is looked up in all of
/// them, so it is read once.
struct Tags<'a> {
    said: Said<'a>,
    set: Keys<'a>,
    unset: Option<Keys<'a>>,
}

impl<'a> Tags<'a> {
    fn of(said: Said<'a>) -> Self {
        Self { said, set: set(said.node), unset: unset(said.node) }
    }
}

/// On-boarding sets a tag that is both set and taken away. In one item nobody can mean both; over several
/// items it is said, because a list that is inherited is easily forgotten.
fn check_taken_away(whole: &Whole<'_>, report: &mut Report) {
    let source = whole.source;
    let items: Vec<Tags<'_>> = whole.items().into_iter().map(Tags::of).collect();
    let all = Items::new(&items);
    for item in &items {
        let around = all.around(item.said);
        for (key, span) in in_order(item.unset.iter().flatten()) {
            let (finding, set) = if let Some(set) = item.set.get(key) {
                let message = format!("the tag {} is set and taken away in the same item", shown(key));
                let help = format!("remove {} from `unset_tags`, or from `account_tags`", shown(key));
                let fault = Diagnostic::error(message).help(help);
                (fault, (set, "set here"))
            } else if let Some(set) = around.iter().find_map(|outer| outer.set.get(key)) {
                let doubt = Diagnostic::warning(format!("the tag {} is not taken away", shown(key)))
                    .help("to keep a tag from some accounts, set it in the items of the others");
                (doubt, (set, "and set here, which counts"))
            } else {
                continue;
            };
            let finding = finding.at(source, span.clone(), "taken away here");
            report.push(finding.because_of(source, set.0.clone(), set.1));
        }
        if item.unset.is_some() {
            continue;
        }
        let Some(inherited) = around.iter().find_map(|outer| outer.unset.as_ref()) else { continue };
        for (key, span) in in_order(&item.set) {
            if let Some(taken) = inherited.get(key) {
                let doubt = Diagnostic::warning(format!("the tag {} is not taken away", shown(key)))
                    .at(source, span.clone(), "set here, which counts")
                    .because_of(source, taken.clone(), "taken away here");
                report.push(doubt);
            }
        }
    }
    check_columns(whole, all.defaults, report);
}

/// A column of a CSV file sets a tag that the defaults take away.
fn check_columns(whole: &Whole<'_>, defaults: Option<&Tags<'_>>, report: &mut Report) {
    let Some(unset) = defaults.and_then(|defaults| defaults.unset.as_ref()) else { return };
    for table in whole.tables {
        for column in &table.columns {
            let Column::Tag(key) = column else { continue };
            if let Some(span) = unset.get(&**key) {
                let doubt = Diagnostic::warning(format!("the tag {} is not taken away", shown(key)))
                    .at(table.source, table.heading.clone(), "a column sets it, which counts")
                    .because_of(whole.source, span.clone(), "taken away here");
                report.push(doubt);
            }
        }
    }
}

/// All items, for who asks what lies around one of them.
struct Items<'a, 'i> {
    units: HashMap<&'a str, &'i Tags<'a>>,
    defaults: Option<&'i Tags<'a>>,
}

impl<'a, 'i> Items<'a, 'i> {
    /// More units than AWS nests are a fault that is told elsewhere.
    const DEEPEST: usize = 5;

    fn new(items: &'i [Tags<'a>]) -> Self {
        let units = items.iter().filter(|item| item.said.kind == SaidOf::Unit);
        Self {
            units: units.filter_map(|unit| Some((unit.said.identifier?, unit))).collect(),
            defaults: items.iter().find(|item| item.said.kind == SaidOf::Defaults),
        }
    }

    /// The items around an item, as far as the settings tell: the units above a unit, then the defaults. In
    /// which unit an account lies is known to AWS alone.
    fn around(&self, inner: Said<'a>) -> Vec<&'i Tags<'a>> {
        let mut around: Vec<&'i Tags<'a>> = Vec::new();
        let mut unit = Some(inner).filter(|inner| inner.kind == SaidOf::Unit);
        while let Some(parent) = unit.and_then(|unit| unit.node.get("parent")?.scalar()) {
            let found = self.units.get(parent.text).copied().filter(|_| around.len() < Self::DEEPEST);
            around.extend(found);
            unit = found.map(|found| found.said);
        }
        around.extend(self.defaults.filter(|_| inner.kind != SaidOf::Defaults));
        around
    }
}
