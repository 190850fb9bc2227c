//! Stores of earlier formats. `format-1.sql` holds a store of the first one, as text; it was written by this test
//! and is never written anew, so that what people keep today is read for ever.

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use spa::journal::Journal as _;
use spa::local::{Station, run_or_die};
use spa::store::{Open, Store};
use state_machine::{Account, Version};

use super::support::{Fleet, home};

/// A database as the statements that make it.
fn dump(path: &Path) -> String {
    let store = Connection::open(path).unwrap();
    let mut text = String::new();
    for pragma in ["application_id", "user_version"] {
        let value: i64 = store.pragma_query_value(None, pragma, |row| row.get(0)).unwrap();
        writeln!(text, "pragma {pragma} = {value};").unwrap();
    }
    let mut schema =
        store.prepare("select type, name, sql from sqlite_schema where sql is not null").unwrap();
    let mut rows = schema.query([]).unwrap();
    let mut tables = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let (kind, name, sql): (String, String, String) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        writeln!(text, "{sql};").unwrap();
        tables.extend((kind == "table").then_some(name));
    }
    for table in tables {
        let mut query = store.prepare(&format!("select * from {table} order by 1, 2")).unwrap();
        let columns = query.column_count();
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values = (0..columns).map(|column| match row.get_ref(column).unwrap() {
                ValueRef::Null => "null".to_owned(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Text(text) => {
                    format!("'{}'", std::str::from_utf8(text).unwrap().replace('\'', "''"))
                }
                other => panic!("{other:?}"),
            });
            writeln!(text, "insert into {table} values ({});", values.collect::<Vec<_>>().join(", "))
                .unwrap();
        }
    }
    text
}

#[test]
fn a_store_of_the_first_format_is_read_and_goes_on() {
    let file = home().join("format-1.sql");
    if std::env::var_os("UPDATE_GOLDENS").is_some() && !file.exists() {
        let fleet = Fleet::founded();
        fleet.live_until("2026-12-01T03:00:00Z");
        std::fs::write(&file, dump(&fleet.store())).unwrap();
    }
    let fleet = Fleet::founded();
    let path = fleet.path().join("old.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(&std::fs::read_to_string(&file).unwrap()).unwrap();
    drop(old);

    let station = Station::new(Store::open(&path, Open::Existing).unwrap());
    assert_eq!(station.load().unwrap().unwrap().members().len(), 9);
    let heads = run_or_die(station.journal().heads(None, 100)).unwrap().unwrap();
    assert_eq!(heads.len(), 6);
    for head in &heads {
        let mut replayed = Account::unseen(head.id());
        let journal = station.journal();
        for record in run_or_die(journal.history(head.id(), Version::NONE, usize::MAX)).unwrap().unwrap() {
            replayed.apply(&record).unwrap();
        }
        assert_eq!(replayed, **head, "what was folded then is what is folded now");
    }
    for arguments in [
        &["accounts"][..],
        &["account", "history", "100000000001"],
        &["account", "why", "100000000001"],
        &["window", "plan"],
        &["up", "--speed", "1000000000", "--for", "6h"],
        &["account", "expire", "100000000001", "--reason", "a test"],
        &["up", "--speed", "1000000000", "--for", "6h"],
    ] {
        let answer = fleet.spa(&[arguments, &["--store", "old.db"]].concat());
        assert_eq!(answer.status, 0, "{answer:?}");
    }
    let shown =
        fleet.spa(&["account", "show", "100000000001", "--output", "json", "--store", "old.db"]).json();
    assert_eq!(shown["cycles"], 2, "{shown}");
}
