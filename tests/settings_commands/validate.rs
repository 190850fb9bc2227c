//! `spa validate`.

use crate::support::Folder;

#[test]
fn good_settings_are_fine() {
    let answer = Folder::new().spa(&["validate"]);
    assert_eq!(
        (answer.status, answer.data.as_str(), answer.notes.as_str()),
        (0, "settings.yaml: fine\n", "")
    );
}

#[test]
fn the_file_may_be_named_in_every_way() {
    let folder = Folder::new();
    std::fs::rename(folder.path().join("settings.yaml"), folder.path().join("other.yaml")).unwrap();
    assert_eq!(folder.spa(&["validate"]).status, 5);
    assert_eq!(folder.spa(&["validate", "other.yaml"]).status, 0);
    assert_eq!(folder.spa(&["validate", "--settings", "other.yaml"]).status, 0);
    assert_eq!(folder.spa(&["--settings", "nothing.yaml", "validate", "other.yaml"]).status, 0);
}

#[test]
fn every_fault_is_told_at_once_with_place_caret_and_what_was_meant() {
    let folder = Folder::with("acounts: []\nfeatures:\n  with_csv_files: [a.csv]\n");
    folder.write("a.csv", "Account,Tag: team\n22223333444,x\n333344445555,50%\n");
    let answer = folder.spa(&["validate"]);
    assert_eq!(answer.status, 3);
    assert_eq!(answer.notes, "", "faults of a file are what was asked for: data");
    for expected in [
        "error: unknown key `acounts`\n --> settings.yaml:8:1\n",
        "8 | acounts: []\n  | ^^^^^^^\n",
        "did you mean `accounts`?",
        "error: `22223333444` has 11 digits, and an account identifier has 12\n --> a.csv:2:1\n",
        "if a spreadsheet dropped the zero in front, write 022223333444",
        "--> a.csv:3:16",
        "3 errors",
    ] {
        assert!(answer.data.contains(expected), "{expected}\n{}", answer.data);
    }
    assert!(!answer.data.contains('\u{1b}'), "no colour where nobody sees it");
}

#[test]
fn doubts_are_told_and_stop_nothing() {
    let folder = Folder::with(
        "accounts: [{identifier: '111122223333', hold: {until: 2020-01-01, reason: a training}}]\n",
    );
    let answer = folder.spa(&["validate"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.data.contains("warning: this hold has ended"), "{}", answer.data);
    assert!(answer.data.ends_with("1 warning\n"), "{}", answer.data);
}

#[test]
fn programs_read_the_same_as_json_and_as_rows() {
    let folder = Folder::with("acounts: []\nunits: []\n");
    let answer = folder.spa(&["validate", "--output", "json"]);
    assert_eq!(answer.status, 3);
    let report = answer.json();
    assert_eq!((&report["errors"], &report["warnings"]), (&2.into(), &0.into()));
    let first = &report["diagnostics"][0];
    assert_eq!(first["severity"], "error");
    assert_eq!(
        (first["file"].as_str(), &first["line"], &first["column"]),
        (Some("settings.yaml"), &8.into(), &1.into())
    );
    assert_eq!(first["help"][0], "did you mean `accounts`?");

    let answer = folder.spa(&["validate", "-o", "csv"]);
    assert_eq!(answer.status, 3);
    let lines: Vec<&str> = answer.data.lines().collect();
    assert_eq!(lines[0], "severity,file,line,column,message,label,help");
    assert_eq!(lines[1], "error,settings.yaml,8,1,unknown key `acounts`,,did you mean `accounts`?");
    assert_eq!(lines.len(), 3);
    // Where nothing is wrong, a program reads that.
    let answer = Folder::new().spa(&["validate", "-o", "json"]);
    assert_eq!((answer.status, answer.json()["errors"].clone()), (0, 0.into()));
}

#[test]
fn the_example_of_the_repository_is_fine_from_anywhere() {
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("settings.yaml");
    let answer = Folder::new().spa(&["validate", example.to_str().unwrap()]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.data.ends_with(": fine\n"), "{answer:?}");
}
