//! CSV files with accounts.

use std::fmt::Write as _;

use spa::settings::{Loaded, Origin, load};

use crate::support::{BASE, Folder};

/// Settings with one unit and these CSV files.
fn load_with(folder: &Folder, files: &[&[u8]]) -> Loaded {
    let mut text = format!(
        "{BASE}defaults: {{account_tags: {{team: none}}, preparation: {{variables: {{BUDGET_NAME: All}}}}}}\n\
         organizational_units:\n- identifier: ou-ab12-11112222\n  account_tags: {{team: unit}}\n  \
         preparation: {{feature: enabled}}\nfeatures:\n  with_csv_files:\n"
    );
    for (n, content) in files.iter().enumerate() {
        folder.write(&format!("{n}.csv"), content);
        let _ = writeln!(text, "  - {n}.csv");
    }
    load(&folder.write("settings.yaml", text))
}

/// Where each fault stands, and what it says.
fn faults(folder: &Folder, content: &[u8]) -> Vec<(u32, u32, String)> {
    let loaded = load_with(folder, &[content]);
    assert_eq!(loaded.settings.is_none(), loaded.report.has_errors());
    loaded
        .report
        .view()
        .diagnostics
        .into_iter()
        .map(|finding| (finding.line.unwrap(), finding.column.unwrap(), finding.message))
        .collect()
}

#[test]
fn every_dialect_of_a_spreadsheet_is_read() {
    let folder = Folder::new("dialects");
    let expected = [("222233334444", "x, \"y\"", "12.50"), ("333344445555", "unit", "All")];
    for content in [
        "Account,Note,Tag: team,Preparation: BUDGET_NAME\n222233334444,n,x: y,12.50\n333344445555,,,\n",
        "\u{feff}Account,Note,Tag: team,Preparation: BUDGET_NAME\r\n222233334444,n,x: y,12.50\r\n333344445555,,,\r\n",
        "Account;Note;Tag: team;Prepare: BUDGET_NAME\n\n222233334444;\"n; m\";x: y;12.50\n;;;\n333344445555;;;",
        " Account , Note , Tag:team , Preparation: BUDGET_NAME \n \"222233334444\" , n , x: y , 12.50 \n\n333344445555,,,\n",
    ] {
        let content = content.replace(" \"222233334444\" ", "\"222233334444\"");
        let loaded = load_with(&folder, &[content.as_bytes()]);
        let settings =
            loaded.settings.unwrap_or_else(|| panic!("{content}\n{}", loaded.report.render(false)));
        let unit = [settings.units().next().unwrap().clone()];
        for (account, _, name) in expected {
            let resolved = settings.resolve(account.parse().unwrap(), &unit);
            assert_eq!(&*resolved.preparation().variables["BUDGET_NAME"].value, name, "{content}");
            // A row does not cut an account off from its unit.
            assert!(resolved.preparation().enabled.value, "{content}");
        }
        let first = settings.resolve("222233334444".parse().unwrap(), &unit);
        assert_eq!(&*first.account_tags()["team"].value, "x: y");
        assert!(matches!(&first.account_tags()["team"].origin, Origin::Csv(place) if place.line >= 2));
        // An empty cell says nothing.
        let second = settings.resolve("333344445555".parse().unwrap(), &unit);
        assert_eq!(&*second.account_tags()["team"].value, "unit");
        assert!(second.note().is_none());
    }
}

#[test]
fn a_row_manages_an_account_and_a_later_file_wins_key_by_key() {
    let folder = Folder::new("later");
    let loaded = load_with(
        &folder,
        &[b"Account,Tag: a,Tag: b\n222233334444,1,1\n", b"Account,Tag: b,Tag: c\n222233334444,2,2\n"],
    );
    let settings = loaded.settings.unwrap();
    let resolved = settings.resolve("222233334444".parse().unwrap(), &[]);
    let tags: Vec<_> =
        resolved.account_tags().iter().map(|(key, value)| format!("{key}={}", value.value)).collect();
    assert_eq!(tags, ["a=1", "b=2", "c=2", "team=none"]);
    assert_eq!(resolved.standing().value, state_machine::Standing::Managed);
    let place = |key: &str| resolved.account_tags()[key].origin.place().unwrap().to_string();
    assert!(place("a").ends_with("0.csv:2:14"), "{}", place("a"));
    assert!(place("b").ends_with("1.csv:2:14"), "{}", place("b"));
}

#[test]
fn every_bad_row_is_named_and_nothing_of_it_is_used() {
    let folder = Folder::new("rows");
    let content = "Account,Note,Tag: team\n\
                   222233334444,short\n\
                   333344445555,long,x,y\n\
                   44445555666,eleven digits,x\n\
                   ,nobody,x\n\
                   555566667777,bad tag,50%\n\
                   666677778888,fine,x\n\
                   666677778888,twice,x\n";
    let found = faults(&folder, content.as_bytes());
    let expected = [
        (2, 1, "this row has 2 cells, and the heading has 3"),
        (3, 1, "this row has 4 cells, and the heading has 3"),
        (4, 1, "`44445555666` has 11 digits, and an account identifier has 12"),
        (5, 1, "this row names no account"),
        (6, 24, "`%` may not stand in a tag; letters, digits, spaces and + - = . _ : / @ may"),
        (8, 1, "the account 666677778888 stands here twice"),
    ];
    let found: Vec<_> = found.iter().map(|(line, column, text)| (*line, *column, text.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn headings_must_be_known() {
    let folder = Folder::new("headings");
    let cases = [
        ("", "the file is empty"),
        ("Note,Tag: a\n", "no column tells the account"),
        ("account\n", "unknown heading `account`"),
        ("Account,tag: a\n", "unknown heading `tag: a`"),
        ("Account,Budget\n", "unknown heading `Budget`"),
        ("Account,\n", "a column has no heading"),
        ("Account,Account\n", "the column `Account` stands here twice"),
        ("Account,Preparation: A,Prepare: A\n", "the column `Prepare: A` stands here twice"),
        ("Account,Tag: \n", "a tag key has 1 to 128 characters, and this one has 0"),
        ("Account,Tag: account-state\n", "the tag `account-state` is set by the lifecycle"),
        ("Account,Purge: 1A\n", "`1A` cannot name a variable"),
        ("Account,Purge: AWS_PROFILE\n", "`AWS_PROFILE` cannot be set"),
    ];
    for (content, expected) in cases {
        let found = faults(&folder, content.as_bytes());
        assert!(
            found.iter().any(|(line, _, text)| *line == 1 && text.contains(expected)),
            "{content}{found:?}"
        );
    }
    let loaded = load_with(&folder, &[b"Account,tag: a\n"]);
    assert_eq!(loaded.report.diagnostics()[0].help, ["did you mean `Tag: a`?"]);
}

#[test]
fn a_cell_is_checked_like_a_value_in_yaml() {
    let folder = Folder::new("cells");
    for (heading, good, bad) in [
        ("Purge: PURGE_MODE", "--dry-run", "dry-run"),
        ("Purge: MAXIMUM_AGE", "10Y", "6m"),
        ("Preparation: BUDGET_AMOUNT", "2000", "a lot"),
        ("Preparation: ALERT_THRESHOLD", "80", "0"),
        ("Tag: team", "2000", "a#b"),
        ("Preparation: ANYTHING", "#%&", ""),
    ] {
        let content = |value: &str| format!("Account,{heading}\n222233334444,{value}\n");
        assert_eq!(faults(&folder, content(good).as_bytes()), []);
        if !bad.is_empty() {
            assert_eq!(faults(&folder, content(bad).as_bytes()).len(), 1, "{heading}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_where_it_is_named() {
    let folder = Folder::new("unreadable");
    let loaded = load_with(&folder, &[b"Account,Note\n222233334444,caf\xe9\n"]);
    let text = loaded.report.render(false);
    assert!(text.contains("0.csv: line 2 is not UTF-8: there is a byte 0xe9 in it"), "{text}");
    assert!(text.contains("settings.yaml:15:5"), "{text}");

    folder.write("gone.yaml", format!("{BASE}features: {{with_csv_files: [gone.csv, buildspecs]}}\n"));
    let loaded = load(&folder.path().join("gone.yaml"));
    let messages: Vec<_> =
        loaded.report.diagnostics().iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages.len(), 2);
    assert!(messages[0].ends_with("gone.csv: the file does not exist"), "{messages:?}");
    assert!(messages[1].ends_with("buildspecs: this is a folder, not a file"), "{messages:?}");
}

#[test]
fn a_quote_that_is_never_closed_is_pointed_to() {
    let folder = Folder::new("quote");
    let found = faults(&folder, b"Account,Note\n222233334444,\"open\n333344445555,x\n");
    assert_eq!(found, [(2, 14, "a quote is opened and never closed".to_owned())]);
}

#[test]
fn many_rows_are_read_and_a_large_file_is_refused() {
    let folder = Folder::new("many");
    let rows = |count: u64| {
        let mut text = String::from("Account,Tag: team\n");
        for n in 0..count {
            let _ = writeln!(text, "{:012},x", 100_000_000_000 + n);
        }
        text
    };
    let settings = load_with(&folder, &[rows(20_000).as_bytes()]).settings.unwrap();
    assert_eq!(settings.accounts().count(), 20_000);
    let path = folder.write("0.csv", "");
    std::fs::File::options().write(true).open(&path).unwrap().set_len(65 << 20).unwrap();
    let loaded = load(&folder.path().join("settings.yaml"));
    assert!(loaded.report.render(false).contains("the file has 65 MiB, and 64 MiB is the most"));
}

#[test]
fn a_file_that_is_wrong_in_every_row_takes_neither_memory_nor_time() {
    let folder = Folder::new("all-wrong");
    let mut text = String::from("Account,Tag: team\n");
    for n in 0..200_000 {
        let _ = writeln!(text, "x{n},y,z");
    }
    let report = load_with(&folder, &[text.as_bytes()]).report;
    assert_eq!((report.errors(), report.diagnostics().len()), (200_000, 10_000));
    assert!(report.render(false).contains("… and 199900 more"));
}
