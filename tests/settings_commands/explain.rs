//! `spa explain`.

use std::sync::Arc;

use serde_json::Value;
use spa::journal::Journal as _;
use spa::journal::sqlite::SqliteJournal;
use spa::store::{Open, Store};
use state_machine::{Account, AccountId, Actor, Cause, Fact, Origin, Profile, Record, Tags, Version};

use crate::support::{Answer, Folder};

const SETTINGS: &str = "\
protected_accounts: ['888899990000']
defaults:
  account_tags: {managed-by: SPA}
  preparation: {variables: {BUDGET_AMOUNT: 500.0}}
organizational_units:
  - identifier: ou-ab12-11112222
    note: everybody
    preparation: {feature: enabled}
  - identifier: ou-ab12-33334444
    parent: ou-ab12-11112222
    account_tags: {managed-by: data}
accounts:
  - identifier: '111122223333'
    preparation: {variables: {BUDGET_AMOUNT: 3000}}
  - identifier: '222233334444'
    hold: {until: 2150-01-01, reason: a training}
features:
  with_csv_files: [a.csv, b.csv]
";

fn folder() -> Folder {
    let folder = Folder::with(SETTINGS);
    folder.write("a.csv", "Account,Preparation: BUDGET_AMOUNT\n111122223333,2500.50\n");
    folder.write("b.csv", "Account,Prepare: BUDGET_AMOUNT\n111122223333,2600\n333344445555,1\n");
    folder
}

fn explain(folder: &Folder, arguments: &[&str]) -> Answer {
    folder.spa(&[&["explain", "--output", "json"], arguments].concat())
}

/// What counts for one setting: its value and where it comes from; what it counts instead of.
fn setting(answer: &Value, path: &str) -> (String, String, Vec<(String, String)>) {
    let place = |origin: &Value| {
        let from = origin["from"].as_str().unwrap();
        match origin.get("line") {
            Some(line) => format!("{from} {}:{line}:{}", origin["file"].as_str().unwrap(), origin["column"]),
            None => from.to_owned(),
        }
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let settings = answer["settings"].as_array().unwrap();
    let found = settings.iter().find(|entry| entry["path"] == path).unwrap();
    let instead = found["instead_of"].as_array().unwrap();
    let instead = instead.iter().map(|other| (text(&other["value"]), place(&other["origin"]))).collect();
    (text(&found["value"]), place(&found["origin"]), instead)
}

#[test]
fn each_value_tells_where_it_comes_from_and_what_it_replaced() {
    let answer = explain(&folder(), &["111122223333", "--unit", "ou-ab12-33334444"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let answer = answer.json();
    assert_eq!(answer["standing"], "managed");
    assert_eq!(answer["origin"]["line"], 20);
    let pair = |value: &str, place: &str| (value.to_owned(), place.to_owned());
    let (value, place, instead) = setting(&answer, "preparation.variables.BUDGET_AMOUNT");
    assert_eq!((value.as_str(), place.as_str()), ("2600", "csv b.csv:2:14"));
    assert_eq!(
        instead,
        [
            pair("2500.50", "csv a.csv:2:14"),
            pair("3000", "account settings.yaml:21:46"),
            pair("500.0", "defaults settings.yaml:11:44"),
            pair("200", "built-in"),
        ]
    );
    let (value, place, instead) = setting(&answer, "account_tags.managed-by");
    assert_eq!((value.as_str(), place.as_str()), ("data", "unit settings.yaml:18:32"));
    assert_eq!(instead, [pair("SPA", "defaults settings.yaml:10:30")]);
    // The parent that the settings tell is inherited from.
    assert_eq!(setting(&answer, "preparation.feature").1, "unit settings.yaml:15:28");
    assert_eq!(setting(&answer, "purge.deadline"), ("9h".to_owned(), "built-in".to_owned(), Vec::new()));
    assert_eq!(answer["units"]["from"], "option");
    assert_eq!(answer["units"]["around"], serde_json::json!(["ou-ab12-33334444", "ou-ab12-11112222"]));
}

#[test]
fn the_next_five_windows_are_told_in_utc() {
    let answer = explain(&folder(), &["111122223333"]).json();
    let windows = answer["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 5);
    for window in windows {
        let opens: chrono::DateTime<chrono::Utc> = window["opens"].as_str().unwrap().parse().unwrap();
        assert_eq!(opens.format("%a %H:%M:%S").to_string(), "Sat 18:00:00");
        assert!(opens > chrono::Utc::now());
        assert_eq!(window["held"], false);
    }
    let held = explain(&folder(), &["222233334444"]).json();
    assert_eq!(held["windows"][4]["held"], true);
    let people = folder().spa(&["explain", "222233334444"]).data;
    assert_eq!(people.matches(" 18:00  left out: held").count(), 5, "{people}");
}

#[test]
fn why_an_account_is_managed_protected_or_neither_is_said() {
    let folder = folder();
    let said = |arguments: &[&str]| {
        let answer = explain(&folder, arguments);
        let json = answer.json();
        (
            answer.status,
            json["standing"].as_str().unwrap().to_owned(),
            json["because"].as_str().unwrap().to_owned(),
        )
    };
    let (status, standing, _) = said(&["444455556666", "--unit", "ou-ab12-11112222"]);
    assert_eq!((status, standing.as_str()), (0, "managed"));
    let (status, standing, because) = said(&["888899990000", "--unit", "ou-ab12-11112222"]);
    assert_eq!((status, standing.as_str()), (0, "protected"));
    assert_eq!(because, "protected: it stands under protected_accounts");
    let (_, standing, because) = said(&["999988887777"]);
    assert_eq!(standing, "protected");
    assert_eq!(because, "protected: it is the account in which this system runs");
    let (status, standing, because) = said(&["444455556666", "--unit", "ou-zz99-00000000"]);
    assert_eq!((status, standing.as_str()), (5, "unmanaged"));
    assert_eq!(because, "not managed: no setting names it, nor a unit that holds it");
    // Nobody knows its unit, so nobody knows that it is not managed.
    let (status, _, because) = said(&["444455556666"]);
    assert_eq!(status, 5);
    assert_eq!(because, "no setting names it; whether it lies in a managed unit is not known here");
    let protected = folder.spa(&["explain", "888899990000"]).data;
    assert!(protected.contains("windows: none of them touches this account"), "{protected}");
}

#[test]
fn an_account_with_a_slip_in_it_is_answered_with_the_one_that_was_meant() {
    let folder = folder();
    let people = folder.spa(&["explain", "111122232333"]);
    assert_eq!(people.status, 5);
    assert!(people.data.contains("did you mean 111122223333?"), "{people:?}");
    let json = explain(&folder, &["333344454555"]).json();
    assert_eq!(json["did_you_mean"], serde_json::json!(["333344445555"]));
    for slip in ["11112222333", "1111222233334", "1111-2222-3333", "x"] {
        let answer = folder.spa(&["explain", slip]);
        assert_eq!((answer.status, answer.data.as_str()), (2, ""), "{answer:?}");
        let meant = answer.notes.contains("did you mean 111122223333?");
        assert_eq!(meant, slip != "x", "{answer:?}");
    }
}

#[test]
fn units_come_from_the_store_where_there_is_one() {
    let folder = folder();
    let path = folder.path().join("spa.db");
    let journal = SqliteJournal::new(Store::open(&path, Open::OrCreate).unwrap());
    let (head, record) = seen_in("444455556666".parse().unwrap(), &["ou-ab12-33334444", "ou-ab12-11112222"]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(journal.append(Version::NONE, &[record], &head)).unwrap();
    drop(journal);

    let answer = explain(&folder, &["444455556666"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let json = answer.json();
    assert_eq!(json["units"]["from"], "store");
    assert_eq!(setting(&json, "account_tags.managed-by").0, "data");
    let people = folder.spa(&["explain", "444455556666"]).data;
    assert!(
        people.contains("units: ou-ab12-33334444 in ou-ab12-11112222 (everybody), as the store last saw it"),
        "{people}"
    );
    // The command line counts more, and an account that was never seen is said to be that.
    let other = explain(&folder, &["444455556666", "--unit", "ou-ab12-11112222"]).json();
    assert_eq!(setting(&other, "account_tags.managed-by").0, "SPA");
    assert_eq!(explain(&folder, &["555566667777"]).json()["units"]["from"], "never_seen");

    // A store that cannot be read is another answer than one that is not there.
    std::fs::write(&path, "no store at all").unwrap();
    let answer = explain(&folder, &["444455556666"]);
    assert_eq!((answer.status, answer.data.as_str()), (6, ""), "{answer:?}");
    assert!(answer.notes.contains("with --unit OU, the store is not asked"), "{answer:?}");
    assert_eq!(explain(&folder, &["444455556666", "--unit", "ou-ab12-11112222"]).status, 0);
}

/// The head of an account that was seen in these units, and the record that made it.
fn seen_in(id: AccountId, units: &[&str]) -> (Arc<Account>, Record) {
    let mut head = Account::unseen(id);
    let profile = Profile {
        name: "an account".into(),
        email: "someone@example.com".into(),
        units: units.iter().map(|unit| unit.parse().unwrap()).collect(),
        tags: Tags::new(),
    };
    let record = Record {
        version: head.version().next(),
        at: "2026-11-21T00:00:00Z".parse().unwrap(),
        cause: Cause {
            origin: Origin::TagEvent,
            by: Actor::Principal("arn:aws:iam::111122223333:user/a".into()),
            trigger: None,
        },
        looked: true,
        described: None,
        claim: None,
        fact: Fact::Described(Box::new(profile)),
        owes: Vec::new(),
    };
    head.apply(&record).unwrap();
    (Arc::new(head), record)
}

#[test]
fn spreadsheets_read_one_value_a_row() {
    let answer = folder().spa(&["explain", "111122223333", "-o", "csv"]);
    assert_eq!(answer.status, 0);
    let lines: Vec<&str> = answer.data.lines().collect();
    assert_eq!(lines[0], "account,setting,value,from,unit,file,line,column,instead_of");
    assert_eq!(lines[1], "111122223333,standing,managed,account,,settings.yaml,20,17,");
    let amount = lines.iter().find(|line| line.contains("BUDGET_AMOUNT")).unwrap();
    assert!(
        amount.starts_with("111122223333,preparation.variables.BUDGET_AMOUNT,2600,csv,,b.csv,2,14,"),
        "{amount}"
    );
    assert_eq!(lines.iter().filter(|line| line.starts_with("111122223333,window,")).count(), 5);
}

#[test]
fn settings_that_cannot_be_used_explain_nothing() {
    let folder = Folder::with("acounts: []\n");
    let answer = folder.spa(&["explain", "111122223333"]);
    assert_eq!((answer.status, answer.data.as_str()), (3, ""));
    assert!(answer.notes.contains("did you mean `accounts`?"), "{answer:?}");
}
