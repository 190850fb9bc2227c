//! Tags that are set and taken away, and too many of them.

use std::collections::{HashMap, HashSet};
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
type Keys<'a> = Vec<(&'a str, Range<usize>)>;

/// Keys that an item sets.
fn set(item: &Node) -> Keys<'_> {
    let Some(Node { kind: Kind::Mapping(pairs), .. }) = item.get("account_tags") else { return Vec::new() };
    pairs.iter().map(|pair| (&*pair.key.text, pair.key.span.clone())).collect()
}

/// Keys that an item takes away; nothing when it leaves that to the items around it.
fn unset(item: &Node) -> Option<Keys<'_>> {
    let Some(Node { kind: Kind::Sequence(members), .. }) = item.get("unset_tags") else { return None };
    let keys = members.iter().filter_map(|node| Some((node.scalar()?.text, node.span.clone())));
    Some(keys.collect())
}

fn span_of(keys: &Keys<'_>, wanted: &str) -> Option<Range<usize>> {
    keys.iter().find(|(key, _)| *key == wanted).map(|(_, span)| span.clone())
}

/// On-boarding sets a tag that is both set and taken away. In one item nobody can mean both; over several
/// items it is said, because a list that is inherited is easily forgotten.
fn check_taken_away(whole: &Whole<'_>, report: &mut Report) {
    let source = whole.source;
    let said = whole.items();
    let items = Items::new(&said);
    for item in said {
        let around = items.around(item);
        let own_set = set(item.node);
        let own_unset = unset(item.node);
        for (key, span) in own_unset.iter().flatten() {
            if let Some(set) = span_of(&own_set, key) {
                let message = format!("the tag {} is set and taken away in the same item", shown(key));
                let fault = Diagnostic::error(message)
                    .at(source, span.clone(), "taken away here")
                    .because_of(source, set, "set here")
                    .help(format!("remove {} from `unset_tags`, or from `account_tags`", shown(key)));
                report.push(fault);
            }
        }
        let mut said = HashSet::new();
        for outer in &around {
            let outer_set = set(outer.node);
            for (key, span) in own_unset.iter().flatten() {
                if let Some(set) = span_of(&outer_set, key).filter(|_| said.insert(*key)) {
                    let doubt = Diagnostic::warning(format!("the tag {} is not taken away", shown(key)))
                        .at(source, span.clone(), "taken away here")
                        .because_of(source, set, "and set here, which counts")
                        .help("to keep a tag from some accounts, set it in the items of the others");
                    report.push(doubt);
                }
            }
        }
        if own_unset.is_some() {
            continue;
        }
        let inherited = around.iter().find_map(|outer| unset(outer.node));
        for (key, span) in &own_set {
            if let Some(taken) = inherited.as_ref().and_then(|keys| span_of(keys, key)) {
                let doubt = Diagnostic::warning(format!("the tag {} is not taken away", shown(key)))
                    .at(source, span.clone(), "set here, which counts")
                    .because_of(source, taken, "taken away here");
                report.push(doubt);
            }
        }
    }
    check_columns(whole, items.defaults, report);
}

/// A column of a CSV file sets a tag that the defaults take away.
fn check_columns(whole: &Whole<'_>, defaults: Option<Said<'_>>, report: &mut Report) {
    let Some(unset) = defaults.and_then(|defaults| unset(defaults.node)) else { return };
    for table in whole.tables {
        for column in &table.columns {
            let Column::Tag(key) = column else { continue };
            if let Some(span) = span_of(&unset, key) {
                let doubt = Diagnostic::warning(format!("the tag {} is not taken away", shown(key)))
                    .at(table.source, table.heading.clone(), "a column sets it, which counts")
                    .because_of(whole.source, span, "taken away here");
                report.push(doubt);
            }
        }
    }
}

/// All items, for who asks what lies around one of them.
struct Items<'a> {
    units: HashMap<&'a str, Said<'a>>,
    defaults: Option<Said<'a>>,
}

impl<'a> Items<'a> {
    fn new(items: &[Said<'a>]) -> Self {
        let units = items.iter().filter(|item| item.kind == SaidOf::Unit);
        Self {
            units: units.filter_map(|unit| Some((unit.identifier?, *unit))).collect(),
            defaults: items.iter().find(|item| item.kind == SaidOf::Defaults).copied(),
        }
    }

    /// The items around an item, as far as the settings tell: the units above a unit, then the defaults. In
    /// which unit an account lies is known to AWS alone.
    fn around(&self, inner: Said<'a>) -> Vec<Said<'a>> {
        let mut around: Vec<Said<'a>> = Vec::new();
        let mut unit = Some(inner).filter(|inner| inner.kind == SaidOf::Unit);
        // Circles are reported elsewhere; a chain has at most as many members as there are units.
        while let Some(parent) = unit.and_then(|unit| unit.node.get("parent")?.scalar()) {
            unit = self.units.get(parent.text).copied().filter(|_| around.len() < self.units.len());
            around.extend(unit);
        }
        around.extend(self.defaults.filter(|_| inner.kind != SaidOf::Defaults));
        around
    }
}
