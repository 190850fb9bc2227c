//! `spa schema`.

use crate::support::Folder;

#[test]
fn the_schema_that_is_printed_is_the_one_of_the_repository() {
    let folder = Folder::new();
    let answer = folder.spa(&["schema"]);
    assert_eq!(answer.status, 0);
    let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("settings.schema.json");
    assert_eq!(answer.data, std::fs::read_to_string(&repository).unwrap());
    assert_eq!(folder.spa(&["schema", "--check", repository.to_str().unwrap()]).status, 0);
}

#[test]
fn a_file_that_holds_another_schema_is_found() {
    let folder = Folder::new();
    let schema = folder.spa(&["schema"]).data;
    folder.write("same.json", schema.replace("\n  ", "\n\t"));
    folder.write("other.json", schema.replace("account_id", "account"));
    folder.write("no.json", "{");
    let answer = folder.spa(&["schema", "--check", "same.json"]);
    assert_eq!((answer.status, answer.data.as_str()), (0, ""));
    let answer = folder.spa(&["schema", "--check", "other.json"]);
    assert_eq!((answer.status, answer.data.as_str()), (1, ""));
    assert!(answer.notes.contains("`spa schema > other.json` renews it"), "{answer:?}");
    let answer = folder.spa(&["schema", "--check", "no.json"]);
    assert_eq!(answer.status, 8);
    assert!(answer.notes.contains("no.json holds no schema"), "{answer:?}");
    assert_eq!(folder.spa(&["schema", "--check", "gone.json"]).status, 5);
}
