//! What wins: compared with the simplest merge that can be written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use spa::settings::{Entry, Origin};
use state_machine::{AccountId, UnitId};

use crate::support::{Folder, settings};

/// What one layer says, as text by name.
type Says = BTreeMap<&'static str, &'static str>;

/// The keys that are tried, each with two values.
const KEYS: [(&str, [&str; 2]); 11] = [
    ("note", ["first", "second"]),
    ("account_tags.a", ["1 x", "2 x"]),
    ("account_tags.b", ["1 y", "2 y"]),
    ("unset_tags", ["[c]", "[d, e]"]),
    ("preparation.feature", ["enabled", "disabled"]),
    ("preparation.variables.A", ["500.0", "yes"]),
    ("preparation.variables.BUDGET_AMOUNT", ["300", "0.50"]),
    ("preparation.attempts", ["1", "5"]),
    ("purge.pauses", ["[1m]", "[2m, 1h 1m]"]),
    ("purge.deadline", ["1h", "2h 30m"]),
    ("purge.variables.PURGE_MODE", ["--force", "--dry-run"]),
];

const BUILT_IN: [(&str, &str); 10] = [
    ("unset_tags", "[]"),
    ("preparation.feature", "disabled"),
    ("preparation.variables.BUDGET_AMOUNT", "200"),
    ("preparation.attempts", "3"),
    ("preparation.pauses", "[5m, 15m]"),
    ("preparation.deadline", "9h"),
    ("purge.feature", "disabled"),
    ("purge.attempts", "3"),
    ("purge.pauses", "[5m, 15m]"),
    ("purge.variables.PURGE_MODE", "--dry-run"),
];

fn says() -> impl Strategy<Value = Says> {
    let key = prop_oneof![2 => Just(None), 1 => Just(Some(0)), 1 => Just(Some(1))];
    proptest::collection::vec(key, KEYS.len()).prop_map(|choices| {
        let said = KEYS.iter().zip(choices);
        said.filter_map(|((key, values), choice)| choice.map(|choice: usize| (*key, values[choice])))
            .collect()
    })
}

/// An item in block style, its lines at this indentation.
fn item(says: &Says, indent: usize) -> String {
    let mut text = String::new();
    let mut open: Vec<&str> = Vec::new();
    for (path, value) in says {
        let path: Vec<&str> = path.split('.').collect();
        let (last, parents) = path.split_last().unwrap();
        let same = open.iter().zip(parents).take_while(|(a, b)| a == b).count();
        for (depth, parent) in parents.iter().enumerate().skip(same) {
            let _ = writeln!(text, "{}{parent}:", " ".repeat(indent + 2 * depth));
        }
        let _ = writeln!(text, "{}{last}: {value}", " ".repeat(indent + 2 * parents.len()));
        open = parents.to_vec();
    }
    text
}

fn unit(number: usize) -> UnitId {
    format!("ou-ab12-0000000{number}").parse().unwrap()
}

const ACCOUNT: &str = "111122223333";

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn resolving_is_the_same_as_laying_one_layer_over_the_other(
        defaults in says(),
        units in proptest::collection::vec(says(), 0..4),
        account in proptest::option::of(says()),
        // The units around the account, the nearest first; some are not listed.
        around in proptest::collection::vec(0..5_usize, 0..4),
    ) {
        let around: Vec<usize> = around.into_iter().fold(Vec::new(), |mut seen, unit| {
            if !seen.contains(&unit) {
                seen.push(unit);
            }
            seen
        });
        let mut text = String::new();
        if !defaults.is_empty() {
            let _ = writeln!(text, "defaults:\n{}", item(&defaults, 2));
        }
        if !units.is_empty() {
            text += "organizational_units:\n";
        }
        for (number, says) in units.iter().enumerate() {
            let _ = writeln!(text, "- identifier: {}\n{}", unit(number), item(says, 2));
        }
        if let Some(says) = &account {
            let _ = writeln!(text, "accounts:\n- identifier: '{ACCOUNT}'\n{}", item(says, 2));
        }

        let mut expected: BTreeMap<&str, (&str, &str)> =
            BUILT_IN.iter().map(|(key, value)| (*key, (*value, "built-in"))).collect();
        expected.insert("purge.deadline", ("9h", "built-in"));
        let mut lay = |says: &Says, name: &'static str| {
            expected.extend(says.iter().map(|(key, value)| (*key, (*value, name))));
        };
        lay(&defaults, "defaults");
        for number in around.iter().rev() {
            if let Some(says) = units.get(*number) {
                lay(says, "unit");
            }
        }
        if let Some(says) = &account {
            lay(says, "account");
        }

        let settings = settings(&text);
        let id: AccountId = ACCOUNT.parse().unwrap();
        let path: Vec<UnitId> = around.iter().map(|number| unit(*number)).collect();
        let resolved = settings.resolve(id, &path);
        let entries = resolved.entries();
        let found: BTreeMap<&str, (&str, &str)> =
            entries.iter().map(|e| (e.path.as_str(), (e.value.as_str(), e.origin.name()))).collect();
        prop_assert_eq!(&found, &expected, "{}", text);

        // The place of each value is the place where it is written.
        let whole = format!("{}{text}", crate::support::BASE);
        for Entry { path, value, origin } in &entries {
            if let Some(place) = origin.place() {
                let line = whole.lines().nth(place.line as usize - 1).unwrap();
                let written: String = line.chars().skip(place.column as usize - 1).collect();
                prop_assert!(written.starts_with(value.as_str()), "{path}: {value} at {place}: {written}");
                prop_assert!(line.contains(path.rsplit('.').next().unwrap()), "{path}: {line}");
            }
        }

        // What is explained is what counts, and what it counts instead of is every layer below, the nearest first.
        let explanation = settings.explain(id, &path);
        let counts: Vec<Entry> = explanation.values.iter().map(|value| value.entry.clone()).collect();
        prop_assert_eq!(&counts, &entries);
        let mut layers: Vec<(&str, &Says)> = vec![("defaults", &defaults)];
        layers.extend(around.iter().rev().filter_map(|number| Some(("unit", units.get(*number)?))));
        layers.extend(account.as_ref().map(|says| ("account", says)));
        for value in &explanation.values {
            let path = value.entry.path.as_str();
            let built_in = BUILT_IN.iter().copied().chain([("purge.deadline", "9h")]);
            let mut said: Vec<(&str, &str)> = built_in.filter(|(key, _)| *key == path).map(|(_, text)| ("built-in", text)).collect();
            for (name, says) in &layers {
                said.extend(says.iter().filter(|(key, _)| **key == path).map(|(_, text)| (*name, *text)));
            }
            said.pop();
            let instead: Vec<_> = value.instead_of.iter().rev().map(|o| (o.origin.name(), o.value.as_str())).collect();
            prop_assert_eq!(instead, said, "{}", path);
        }

        // The second time, the answer comes from memory, and is the same.
        prop_assert_eq!(settings.resolve(id, &path).entries(), entries);
        let policy = resolved.policy();
        prop_assert_eq!(policy.purge.enabled, resolved.purge().enabled.value);
        prop_assert_eq!(policy.account_tags.len(), resolved.account_tags().len());
        let managed = account.is_some() || around.iter().any(|number| *number < units.len());
        prop_assert_eq!(policy.standing == state_machine::Standing::Managed, managed);
    }
}

#[test]
fn csv_rows_come_last_and_hold_comes_from_anywhere() {
    let folder = Folder::new("rows-last");
    folder.write("a.csv", format!("Account,Note,Prepare: A\n{ACCOUNT},row,9\n"));
    let text = format!(
        "{}defaults: {{hold: {{until: 2026-12-31, reason: freeze}}}}\n\
         accounts: [{{identifier: {ACCOUNT}, note: item, preparation: {{variables: {{A: 1, B: 2}}}}}}]\n\
         features: {{with_csv_files: [a.csv]}}\n",
        crate::support::BASE
    );
    let loaded = spa::settings::load_text("s.yaml", &text, folder.path());
    let settings = loaded.settings.unwrap();
    let resolved = settings.resolve(ACCOUNT.parse().unwrap(), &[]);
    let variable = |name: &str| (*resolved.preparation().variables[name].value).to_owned();
    assert_eq!((variable("A"), variable("B")), ("9".to_owned(), "2".to_owned()));
    assert_eq!(&*resolved.note().unwrap().value, "row");
    let hold = resolved.hold().unwrap();
    assert_eq!(hold.value.until.to_string(), "2027-01-01T00:00:00.000Z");
    assert!(matches!(hold.origin, Origin::Defaults(_)));
    assert_eq!(resolved.policy().hold.as_ref().unwrap().reason.as_ref(), "freeze");
}

#[test]
fn the_nearest_unit_says_why_an_account_is_managed() {
    let settings = settings(
        "organizational_units: [{identifier: ou-ab12-00000000}, {identifier: ou-ab12-00000001}]\n\
         protected_accounts: ['444455556666']\n",
    );
    let resolve = |account: &str, units: &[usize]| {
        let units: Vec<_> = units.iter().map(|number| unit(*number)).collect();
        settings.resolve(account.parse().unwrap(), &units).standing().clone()
    };
    let inner = resolve("111122223333", &[3, 1, 0]);
    assert!(matches!(&inner.origin, Origin::Unit(id, _) if *id == unit(1)), "{inner:?}");
    assert_eq!(resolve("111122223333", &[3]).value, state_machine::Standing::Unmanaged);
    // Accounts of one unit share what counts for them, whoever comes first. A protected one does not.
    assert_eq!(resolve("111122223333", &[0]).value, state_machine::Standing::Managed);
    let protected = resolve("444455556666", &[0]);
    assert_eq!(resolve("222233334444", &[0]).value, state_machine::Standing::Managed);
    assert_eq!(protected.value, state_machine::Standing::Protected(state_machine::Protection::Listed));
    assert_eq!(protected.origin.place().unwrap().line, 9);
}
