//! The settings in parameters of Systems Manager, and back: what is read there counts as the file does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use spa::settings::{
    Loaded, Names, OwnAccounts, Resolved, Settings, Subject, Tier, Values, assemble, load_text,
};
use state_machine::{AccountId, TaskKind, Text, UnitId};

use crate::support::{BASE, Folder, assert_golden, fixtures, load};

fn names(settings: &Settings) -> Names {
    Names::new(settings.environment_identifier().as_str()).unwrap()
}

/// All that stands in the parameters.
fn values(settings: &Settings) -> Values {
    settings.parameters().into_iter().map(|(name, parameter)| (name, parameter.value)).collect()
}

/// What a function finds that asks for the parameters of one account.
fn about(settings: &Settings, account: AccountId, units: &[UnitId]) -> Values {
    let all = values(settings);
    let asked = names(settings).of_account(account, units).into_iter();
    asked.filter_map(|name| Some((Text::clone(&name), Text::clone(all.get(&name)?)))).collect()
}

fn read(names: &Names, values: &Values) -> Settings {
    let loaded = assemble(names, values);
    match loaded.settings {
        Some(settings) => settings,
        None => panic!("{}\n{values:#?}", loaded.report.render(false)),
    }
}

fn said(loaded: &Loaded) -> Vec<&str> {
    loaded.report.diagnostics().iter().map(|finding| finding.message.as_str()).collect()
}

/// All that is said of an account, without the places.
fn entries(resolved: &Resolved) -> Vec<(String, String)> {
    resolved.entries().into_iter().map(|entry| (entry.path, entry.value)).collect()
}

fn unit(number: usize) -> UnitId {
    format!("ou-ab12-0000000{number}").parse().unwrap()
}

fn account(number: usize) -> AccountId {
    format!("11112222333{number}").parse().unwrap()
}

/// Keys of an item, and what may stand there. Some of it is hard to write in JSON or in YAML.
const KEYS: [(&str, [&str; 3]); 14] = [
    ("note", ["yes", "'{{ssm:x}} {{{'", "\"tab\\t quote\\\" bell\\a é 😀 \\x7f line\\nbreak #: - '\""]),
    ("account_tags", ["{a: x y}", "{b: 'yes', a: ''}", "{'Größe': '1.0'}"]),
    ("unset_tags", ["[]", "[c]", "[d, e]"]),
    ("hold", ["{until: 2026-12-31, reason: r}", "{until: '2026-12-31T18:00:00+02:00', reason: 'no'}", "~"]),
    ("preparation.feature", ["enabled", "disabled", "enabled"]),
    ("preparation.variables", ["{A: 500.0}", "{A: yes, B: 0x1F, C: 012}", "{A: '{{x}}', BUDGET_AMOUNT: 1}"]),
    ("preparation.attempts", ["1", "5", "10"]),
    ("preparation.pauses", ["[1s]", "[1m, 90s]", "[1h 1m 1s]"]),
    ("preparation.deadline", ["5m", "1h", "48h"]),
    ("purge.feature", ["enabled", "disabled", "disabled"]),
    ("purge.variables", ["{PURGE_MODE: --force}", "{PURGE_MODE: --dry-run, X: ''}", "{X: \"a\\\\b\\nc\"}"]),
    ("purge.attempts", ["1", "2", "10"]),
    ("purge.pauses", ["[1s]", "[1m, 90s]", "[7d]"]),
    ("purge.deadline", ["5m", "1h", "2h 30m"]),
];

fn item() -> impl Strategy<Value = String> {
    let choice = prop_oneof![2 => Just(None), 1 => (0..3_usize).prop_map(Some)];
    proptest::collection::vec(choice, KEYS.len()).prop_map(|choices| {
        let mut own = Vec::new();
        let mut tasks: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((path, choices), choice) in KEYS.iter().zip(choices) {
            let Some(choice) = choice else { continue };
            match path.split_once('.') {
                Some((task, key)) => {
                    tasks.entry(task).or_default().push(format!("{key}: {}", choices[choice]));
                }
                None => own.push(format!("{path}: {}", choices[choice])),
            }
        }
        own.extend(tasks.iter().map(|(task, said)| format!("{task}: {{{}}}", said.join(", "))));
        own.join(", ")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_from_parameters_counts_as_the_file_does(
        defaults in item(),
        units in proptest::collection::vec(item(), 0..4),
        accounts in proptest::collection::vec(item(), 0..3),
        rows in proptest::collection::vec((0..5_usize, 0..3_usize), 0..4),
        protected in proptest::option::of(0..5_usize),
        around in proptest::sample::subsequence(vec![0, 1, 2, 3, 4], 0..5),
        asked in 0..5_usize,
    ) {
        let mut text = format!("{BASE}defaults: {{{defaults}}}\nmaintenance: {{grace: 0s, first_wave: 007}}\n");
        let list = |kind: &str, items: Vec<String>| format!("{kind}: [{}]\n", items.join(",\n "));
        let named = |(number, item): (usize, &String)| format!("{{identifier: {}, {item}}}", unit(number));
        text += &list("organizational_units", units.iter().enumerate().map(named).collect());
        let named = |(number, item): (usize, &String)| format!("{{identifier: '{}', {item}}}", account(number));
        text += &list("accounts", accounts.iter().enumerate().map(named).collect());
        let _ = writeln!(text, "features: {{with_csv_files: [a.csv, b.csv], with_tag_prefix: 'x:'}}");
        if let Some(protected) = protected {
            let _ = writeln!(text, "protected_accounts: ['{}']", account(protected));
        }
        let folder = Folder::new("kept");
        for (number, file) in ["a.csv", "b.csv"].iter().enumerate() {
            let mut table = "Account,Note,Tag: a,Preparation: A,Purge: X\n".to_owned();
            let mut seen = Vec::new();
            for (account_number, row) in &rows {
                if seen.contains(account_number) || (number == 0 && *row == 2) {
                    continue;
                }
                seen.push(*account_number);
                let cells = [",,,", "\"a \"\"note\"\"\",b,,5", ",c,500.0,{{y}}"][*row];
                let _ = writeln!(table, "{},{cells}", account(*account_number));
            }
            folder.write(file, table);
        }
        let loaded = load_text("settings.yaml", &text, folder.path());
        let Some(file) = loaded.settings else { panic!("{}\n{text}", loaded.report.render(false)) };
        let names = names(&file);
        let around: Vec<UnitId> = around.into_iter().map(unit).collect();
        let asked = account(asked);
        let alone = read(&names, &about(&file, asked, &around));
        let fleet = read(&names, &values(&file));
        for kept in [&alone, &fleet] {
            let (here, there) = (file.resolve(asked, &around), kept.resolve(asked, &around));
            prop_assert_eq!(here.policy(), there.policy(), "{}", text);
            prop_assert_eq!(entries(&here), entries(&there), "{}", text);
            prop_assert_eq!(file.brakes(), kept.brakes());
            prop_assert_eq!(file.tag_keys(), kept.tag_keys());
            prop_assert_eq!(file.schedule(), kept.schedule());
            prop_assert_eq!(&file.worker().purge_buildspec_template_file.text, &kept.worker().purge_buildspec_template_file.text);
        }
        // Who is not hinted at has no parameter that could be missed.
        let general = &values(&file)[&names.of_subject(&Subject::General)];
        let hint = OwnAccounts::of_general(general).unwrap();
        let own = names.of_subject(&Subject::Account(asked));
        prop_assert_eq!(hint.has(asked), values(&file).contains_key(&own));
        // What was read says the same when it is written again.
        prop_assert_eq!(values(&fleet), values(&file));
    }
}

#[test]
fn the_parameters_of_the_settings_of_this_repository() {
    let text = std::fs::read_to_string("settings.yaml").unwrap();
    let settings = load_text("settings.yaml", &text, Path::new(".")).settings.unwrap();
    let mut written = String::new();
    for (name, parameter) in settings.parameters() {
        let tier = match parameter.tier {
            Tier::Standard => "standard",
            Tier::Advanced => "advanced",
        };
        let _ = writeln!(written, "{name} ({} bytes, {tier})", parameter.value.len());
        if !name.ends_with("BuildspecTemplate") {
            let _ = writeln!(written, "{}\n", parameter.value);
        }
    }
    assert_golden(&fixtures().join("parameters.txt"), &written);
}

#[test]
fn buildspecs_are_kept_as_they_are() {
    let settings = load("").settings.unwrap();
    let values = values(&settings);
    for (name, file) in
        [("PreparationBuildspecTemplate", "prepare.yaml"), ("PurgeBuildspecTemplate", "purge.yaml")]
    {
        let text = std::fs::read_to_string(fixtures().join("buildspecs").join(file)).unwrap();
        assert_eq!(*values[format!("/SpaBeta/{name}").as_str()], *text);
    }
}

#[test]
fn nobody_speaking_of_an_account_is_no_fault_and_everything_else_that_is_missing_is() {
    let settings = load("defaults: {preparation: {feature: enabled}}\n").settings.unwrap();
    let names = names(&settings);
    let stranger = about(&settings, account(1), &[unit(1)]);
    assert_eq!(stranger.len(), 4);
    let standing = read(&names, &stranger).resolve(account(1), &[unit(1)]).standing().value;
    assert_eq!(standing, state_machine::Standing::Unmanaged);
    for name in names.of_everybody() {
        let mut less = stranger.clone();
        less.remove(&name);
        assert_eq!(said(&assemble(&names, &less)), [format!("the parameter {name} does not exist")]);
    }
}

#[test]
fn parameters_that_were_changed_by_hand_are_refused_like_a_file() {
    let settings = load("accounts: [{identifier: '111122223331'}]\n").settings.unwrap();
    let names = names(&settings);
    let good = values(&settings);
    for (name, value, fault) in [
        ("Settings", "{}", "automation.account_id is missing"),
        ("Settings", "no JSON", "the parameter /SpaBeta/Settings holds no map in JSON"),
        ("Settings", "[]", "the parameter /SpaBeta/Settings holds no map in JSON"),
        ("Defaults", "", "the parameter /SpaBeta/Defaults holds no map in JSON"),
        ("Defaults", "{\"purge\": {\"feature\": \"on\"}}", "neither `enabled` nor `disabled`"),
        (
            "Accounts/111122223331",
            "{\"identifier\": \"111122223332\"}",
            "does not say that it is about 111122223331",
        ),
        ("Accounts/111122223331", "{}", "does not say that it is about 111122223331"),
        ("Accounts/111122223331", "{\"identifier\": \"111122223331\"}], \"x\": [{}", "holds no map in JSON"),
        ("OrganizationalUnits/ou-ab12-00000001", "null", "holds no map in JSON"),
        ("PurgeBuildspecTemplate", "version: 0.3", "CodeBuild knows the versions 0.1 and 0.2"),
    ] {
        let mut values = good.clone();
        values.insert(format!("/SpaBeta/{name}").into(), value.into());
        let loaded = assemble(&names, &values);
        assert!(loaded.settings.is_none(), "{name}: {value}");
        assert!(said(&loaded).iter().any(|said| said.contains(fault)), "{name} {value}: {:?}", said(&loaded));
    }
    // Whatever else lies there, such as what a purge of the predecessor left behind, means nothing.
    let mut values = good.clone();
    values.insert("/SpaBeta/WebEndpoints".into(), "{}".into());
    values.insert("/Other/Settings".into(), "no".into());
    read(&names, &values);
}

#[test]
fn an_item_that_the_predecessor_wrote_is_understood() {
    let settings = load("").settings.unwrap();
    let mut values = values(&settings);
    let item = r#"{
    "account_tags": {"CostCenter": "abc"},
    "identifier": "111122223331",
    "note": "a container for some accounts",
    "preparation": {"feature": "enabled", "variables": {"BUDGET_AMOUNT": 500.0, "HELLO": "WORLD"}},
    "purge": {"feature": "disabled", "variables": {"DRY_RUN": true}},
    "unset_tags": ["Owner"]
}"#;
    values.insert("/SpaBeta/Accounts/111122223331".into(), item.into());
    let kept = read(&names(&settings), &values);
    let resolved = kept.resolve(account(1), &[]);
    let variable = |kind, name: &str| (*resolved.task(kind).variables[name].value).to_owned();
    assert_eq!(variable(TaskKind::Preparation, "BUDGET_AMOUNT"), "500.0");
    assert_eq!(variable(TaskKind::Purge, "DRY_RUN"), "true");
    assert!(resolved.preparation().enabled.value && !resolved.purge().enabled.value);
}

#[test]
fn two_braces_are_kept_where_they_can_be_and_refused_where_they_cannot() {
    let settings = load("reporting: {costs_markdown_template: '{{x}} {month}'}\n").settings.unwrap();
    for (name, parameter) in settings.parameters() {
        assert!(!parameter.value.contains("{{"), "{name}: {}", parameter.value);
    }
    let kept = read(&names(&settings), &values(&settings));
    let template = |settings: &Settings| settings.reporting().costs_markdown_template.clone();
    assert_eq!(template(&kept), template(&settings));

    let folder = Folder::new("braces");
    let buildspec = "version: 0.2\nphases: {build: {commands: [\"docker inspect --format '{{.Id}}' x\"]}}\n";
    folder.write("buildspecs/purge.yaml", buildspec);
    let settings = load_text("settings.yaml", BASE, folder.path()).settings.unwrap();
    let held = &settings.parameters()["/SpaBeta/PurgeBuildspecTemplate"];
    assert!(held.value.starts_with("gzip:"), "{}", held.value);
    let kept = read(&names(&settings), &values(&settings));
    assert_eq!(&*kept.worker().purge_buildspec_template_file.text, buildspec);

    folder.write("terms.md", "{{x}}");
    let settings = format!("{BASE}features: {{with_end_user_documents: {{Terms: terms.md}}}}\n");
    let loaded = load_text("settings.yaml", &settings, folder.path());
    assert!(said(&loaded)[0].contains("takes for a reference to a parameter"), "{:?}", said(&loaded));
}
