//! Rehearsing on an export of a real organization.

use crate::support::{json, simulate, stderr, stdout};

/// What `aws organizations list-accounts` prints, and what people add to it.
const BARE: &str = r#"{"Accounts": [
  {"Id": "210987654321", "Arn": "arn:aws:organizations::210987654321:account/o-x/210987654321",
   "Email": "root@example.com", "Name": "management", "Status": "ACTIVE", "JoinedMethod": "INVITED",
   "JoinedTimestamp": "2020-01-01T00:00:00+00:00"},
  {"Id": "310000000001", "Email": "ada@example.com", "Name": "Ada", "Status": "ACTIVE", "State": "ACTIVE"},
  {"Id": "310000000002", "Email": "alan@example.com", "Name": "Alan", "Status": "ACTIVE", "State": "ACTIVE"},
  {"Id": "310000000003", "Email": "edsger@example.com", "Name": "Edsger", "Status": "SUSPENDED", "State": "SUSPENDED"}
]}"#;

const WITH_TAGS: &str = r#"{"Accounts": [
  {"Id": "310000000001", "Email": "ada@example.com", "Name": "Ada", "State": "ACTIVE", "ParentId": "ou-ab12-11112222",
   "Tags": [{"Key": "account-state", "Value": "released"}, {"Key": "account-holder", "Value": "ada@example.com"}]},
  {"Id": "310000000002", "Email": "alan@example.com", "Name": "Alan", "State": "ACTIVE", "ParentId": "ou-ab12-11112222",
   "Tags": []},
  {"Id": "310000000004", "Email": "joan@example.com", "Name": "Joan", "State": "ACTIVE", "ParentId": "r-ab12",
   "Tags": [{"Key": "account-state", "Value": "released"}]}
]}"#;

struct File {
    _folder: tempfile::TempDir,
    path: String,
}

impl File {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.json");
        std::fs::write(&path, text).unwrap();
        Self { path: path.to_str().unwrap().to_owned(), _folder: folder }
    }

    fn path(&self) -> &str {
        &self.path
    }
}

#[test]
fn without_units_and_tags_accounts_are_spread_and_that_is_said() {
    let file = File::new(BARE);
    let words = ["--organization", file.path(), "--days", "9", "--faults", "none", "--output", "json"];
    let output = simulate(&words);
    let report = json(&output);
    let accounts = &report["accounts"];
    assert_eq!(accounts["all"], 4);
    assert_eq!(accounts["released"], 2, "{accounts}");
    assert_eq!((&accounts["not_active"], &accounts["outside"]), (&1.into(), &1.into()), "{accounts}");
    let told = stderr(&output);
    assert!(told.contains("3 of its 4 accounts are spread over the 4 units"), "{told}");
    assert!(told.contains("does not tell tags"), "{told}");
}

#[test]
fn with_units_and_tags_what_stands_there_is_left_alone_until_adopted() {
    let file = File::new(WITH_TAGS);
    let words = ["--organization", file.path(), "--days", "9", "--faults", "none", "--output", "json"];
    let output = simulate(&words);
    let accounts = &json(&output)["accounts"];
    assert_eq!((&accounts["awaiting_adoption"], &accounts["released"]), (&1.into(), &1.into()), "{accounts}");
    assert_eq!(accounts["outside"], 1, "the account in the root: {accounts}");
    let told = stderr(&output);
    assert!(told.contains("--adopt") && !told.contains("spread"), "{told}");

    let output = simulate(&[&words[..], &["--adopt"]].concat());
    let accounts = &json(&output)["accounts"];
    assert_eq!((&accounts["awaiting_adoption"], &accounts["released"]), (&0.into(), &2.into()), "{accounts}");
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
}

#[test]
fn the_command_that_repeats_it_names_the_file() {
    let file = File::new(WITH_TAGS);
    let text = stdout(&simulate(&["--organization", file.path(), "--days", "2", "--adopt"]));
    let again = text.lines().last().unwrap();
    assert!(
        again.contains(&format!("--organization {}", file.path())) && again.ends_with("--adopt"),
        "{again}"
    );
}

#[test]
fn one_page_of_several_is_refused() {
    let file = File::new(&BARE.replace("]}", r#"], "NextToken": "eyJOZXh0VG9rZW4i"}"#));
    let output = simulate(&["--organization", file.path()]);
    assert_eq!(output.status.code(), Some(8));
    assert!(output.stdout.is_empty());
    let told = stderr(&output);
    assert!(told.contains("one page of several") && told.contains("--max-items"), "{told}");
}

#[test]
fn other_files_are_refused() {
    let file = File::new("Accounts: []");
    let output = simulate(&["--organization", file.path()]);
    assert_eq!(output.status.code(), Some(8), "{}", stderr(&output));
    let output = simulate(&["--organization", "nowhere.json"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("nowhere.json"), "{}", stderr(&output));
}

#[test]
fn what_an_export_leaves_open_is_said() {
    let file = File::new(
        r#"[{"Id": "310000000001", "ParentId": "ou-ab12-11112222", "State": "ACTIVE", "Tags": []},
            {"Id": "310000000002", "ParentId": "ou-zz99-99999999", "State": "ACTIVE"},
            {"Id": "310000000003", "ParentId": "r-ab12"}]"#,
    );
    let output = simulate(&["--organization", file.path(), "--days", "2", "--start", "2027-02-01"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stderr(&output);
    let unit =
        "1 account stands in units that the settings do not name, and are not managed: ou-zz99-99999999";
    assert!(told.contains(unit), "{told}");
    assert!(told.contains("1 account has neither `State` nor `Status`"), "{told}");
    assert!(stdout(&output).contains("2027-02-01"), "a day is an instant: {}", stdout(&output));
}

#[test]
fn a_wrong_parent_is_refused_with_its_place() {
    let file = File::new(&WITH_TAGS.replace("\"r-ab12\"", "\"nonsense\""));
    let output = simulate(&["--organization", file.path()]);
    assert_eq!(output.status.code(), Some(8));
    let told = stderr(&output);
    assert!(told.contains("accounts.json:6:") && told.contains("`nonsense` is neither"), "{told}");
}

#[test]
fn what_has_no_end_is_not_read_to_its_end() {
    let output = simulate(&["--organization", "/dev/zero"]);
    assert_eq!(output.status.code(), Some(8), "{}", stderr(&output));
    assert!(stderr(&output).contains("the file has more than 128 MiB"), "{}", stderr(&output));
}

#[test]
fn what_is_no_plain_text_is_told_in_words() {
    let utf16: Vec<u8> = "\u{feff}[]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.json");
    std::fs::write(&path, utf16).unwrap();
    let output = simulate(&["--organization", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(8));
    let told = stderr(&output);
    assert!(told.contains("UTF-16") && told.contains("save the file as UTF-8"), "{told}");
    let output = simulate(&["--organization", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(8), "{}", stderr(&output));
}
