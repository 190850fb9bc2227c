//! An organization from an export of a real one: the JSON of `aws organizations list-accounts`.
//!
//! The command lists no tags and no units. Both may be added by hand: `Tags` as `list-tags-for-resource`
//! gives them, `ParentId` as `list-parents` does, and units under `OrganizationalUnits`.

use serde::Deserialize;
use state_machine::{AccountId, Status, Tags, Text, UnitId};

use crate::cloud::local::{State, Unit};
use crate::settings::Settings;

use super::Newcomer;
use super::draw::found_units;

/// Files larger than this hold something else: 50,000 accounts, the most that AWS allows, take 30 MB.
const LIMIT: u64 = 128 * 1024 * 1024;

/// An organization as a file tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// Its accounts.
    pub accounts: Vec<Newcomer>,
    /// Its units, when the file tells them.
    pub units: Vec<(UnitId, Unit)>,
    /// Whether the file tells in which unit accounts stand.
    pub tells_units: bool,
    /// Whether the file tells tags.
    pub tells_tags: bool,
}

/// Why a file is no organization.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is too large.
    #[error("{path} has {size} bytes; an export of the largest organization has less than {LIMIT}")]
    TooLarge {
        /// Which file.
        path: String,
        /// How large it is.
        size: u64,
    },
    /// The file is not what it should be.
    #[error(
        "{path}:{line}:{column}: {problem}; expected is what `aws organizations list-accounts` prints: \
         {{\"Accounts\": [{{\"Id\": \"111122223333\", …}}]}}"
    )]
    Shape {
        /// Which file.
        path: String,
        /// Where, from one.
        line: usize,
        /// Where, from one.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// The same account stands in it twice.
    #[error("{path}: the account {account} stands in it twice")]
    Twice {
        /// Which file.
        path: String,
        /// Which account.
        account: AccountId,
    },
    /// It is one page of several.
    #[error(
        "{path}: it is one page of several (it has a `NextToken`), so accounts are missing; write all of them with \
         `aws organizations list-accounts`, without --max-items, --starting-token and --no-paginate"
    )]
    OnePage {
        /// Which file.
        path: String,
    },
    /// It has no accounts.
    #[error("{path}: there is no account in it")]
    Empty {
        /// Which file.
        path: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    accounts: Vec<FileAccount>,
    #[serde(default)]
    organizational_units: Vec<FileUnit>,
    next_token: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FileAccount {
    id: AccountId,
    name: Option<String>,
    email: Option<String>,
    /// Retired by AWS in favour of `State`; older exports have only this.
    status: Option<FileStatus>,
    state: Option<FileStatus>,
    parent_id: Option<String>,
    tags: Option<Vec<FileTag>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum FileStatus {
    PendingActivation,
    Active,
    Suspended,
    PendingClosure,
    Closed,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FileTag {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FileUnit {
    id: UnitId,
    name: Option<String>,
    parent_id: Option<String>,
}

impl From<FileStatus> for Status {
    fn from(status: FileStatus) -> Self {
        match status {
            FileStatus::PendingActivation => Self::PendingActivation,
            FileStatus::Active => Self::Active,
            FileStatus::Suspended => Self::Suspended,
            FileStatus::PendingClosure => Self::PendingClosure,
            FileStatus::Closed => Self::Closed,
        }
    }
}

/// Reads an export.
///
/// # Errors
/// When the file cannot be read, or is no export.
pub fn read_export(path: &std::path::Path) -> Result<Export, ExportError> {
    let name = path.display().to_string();
    let failed = |source| ExportError::File { path: name.clone(), source };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > LIMIT {
        return Err(ExportError::TooLarge { path: name, size });
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    parse(&name, &bytes)
}

fn parse(path: &str, bytes: &[u8]) -> Result<Export, ExportError> {
    let path = path.to_owned();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let file: File = serde_json::from_slice(bytes).map_err(|error| ExportError::Shape {
        path: path.clone(),
        line: error.line(),
        column: error.column(),
        problem: without_place(&error.to_string()),
    })?;
    if file.next_token.is_some() {
        return Err(ExportError::OnePage { path });
    }
    if file.accounts.is_empty() {
        return Err(ExportError::Empty { path });
    }
    let tells_tags = file.accounts.iter().any(|account| account.tags.is_some());
    let tells_units = file.accounts.iter().any(|account| account.parent_id.is_some());
    let mut seen = std::collections::BTreeSet::new();
    let mut export = Export { tells_units, tells_tags, ..Export::default() };
    for account in file.accounts {
        if !seen.insert(account.id) {
            return Err(ExportError::Twice { path, account: account.id });
        }
        export.accounts.push(account.into());
    }
    export.units = file.organizational_units.into_iter().map(FileUnit::unit).collect();
    Ok(export)
}

/// serde tells the place behind the problem; here it stands before it.
fn without_place(problem: &str) -> String {
    problem.rsplit_once(" at line ").map_or(problem, |(problem, _)| problem).to_owned()
}

impl From<FileAccount> for Newcomer {
    fn from(account: FileAccount) -> Self {
        let status = account.state.or(account.status).map_or(Status::Active, Status::from);
        let text = |text: Option<String>, other: String| Text::from(text.unwrap_or(other));
        Self {
            account: account.id,
            name: text(account.name, format!("account {}", account.id)),
            email: text(account.email, format!("root+{}@example.com", account.id)),
            // A root is no unit.
            unit: account.parent_id.and_then(|parent| parent.parse().ok()),
            status,
            tags: account
                .tags
                .into_iter()
                .flatten()
                .map(|tag| (tag.key.into(), tag.value.into()))
                .collect::<Tags>(),
        }
    }
}

impl FileUnit {
    fn unit(self) -> (UnitId, Unit) {
        let name = self.name.unwrap_or_else(|| self.id.to_string());
        let parent = self.parent_id.and_then(|parent| parent.parse().ok());
        (self.id, Unit { name: name.into(), parent })
    }
}

impl Export {
    /// Accounts that are spread over the units of the settings, because nobody tells where they stand.
    pub fn spread(&self, settings: &Settings) -> impl Iterator<Item = AccountId> {
        let protected = settings.protected_accounts().map(|(account, _)| account);
        let named: std::collections::BTreeSet<AccountId> = settings.accounts().chain(protected).collect();
        let spreads = !self.tells_units && settings.units().next().is_some();
        let others = self.accounts.iter().map(|newcomer| newcomer.account);
        others.filter(move |account| spreads && !named.contains(account))
    }

    /// Accounts that carry a state.
    pub fn with_state(&self, settings: &Settings) -> usize {
        let key = &settings.tag_keys().state;
        self.accounts.iter().filter(|newcomer| newcomer.tags.get(key).is_some()).count()
    }

    /// Puts the organization into a state. Where the file does not tell units, accounts that the settings do
    /// not name are spread over the units of the settings: there is nothing else to rehearse on.
    pub fn settle(&self, state: &mut State, settings: &Settings) {
        for (id, unit) in &self.units {
            state.insert_unit(id.clone(), unit.clone());
        }
        found_units(state, settings);
        let spread: std::collections::BTreeSet<AccountId> = self.spread(settings).collect();
        let units: Vec<UnitId> = settings.units().cloned().collect();
        let mut units = units.iter().cycle();
        for newcomer in &self.accounts {
            let spread = spread.contains(&newcomer.account);
            let unit = if spread { units.next().cloned() } else { newcomer.unit.clone() };
            let member = newcomer.member(state, unit.as_ref(), &settings.tag_keys().state);
            state.insert_member(newcomer.account, member);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_command_prints_is_read() {
        let json = br#"{"Accounts": [
            {"Id": "111122223333", "Arn": "arn:aws:organizations::444455556666:account/o-x/111122223333",
             "Email": "alice@example.com", "Name": "Alice", "Status": "ACTIVE", "State": "SUSPENDED",
             "JoinedMethod": "CREATED", "JoinedTimestamp": "2026-01-01T00:00:00+00:00"},
            {"Id": "222233334444", "Status": "ACTIVE",
             "Tags": [{"Key": "account-state", "Value": "released"}], "ParentId": "ou-ab12-11111111"}]}"#;
        let export = parse("x", json).unwrap();
        assert_eq!(export.accounts[0].status, Status::Suspended, "State counts before Status");
        assert_eq!(export.accounts[1].unit, Some("ou-ab12-11111111".parse().unwrap()));
        assert_eq!(export.accounts[1].tags.get("account-state").unwrap().as_ref(), "released");
        assert!(export.tells_units);
    }

    #[test]
    fn other_files_are_refused_with_a_place() {
        let cases: [(&[u8], &str); 7] = [
            (b"", "x:1:0: EOF while parsing"),
            (b"{}", "missing field `Accounts`"),
            (b"{\"Accounts\": []}", "there is no account in it"),
            // The parser tells where it stood when a value was refused: just behind it.
            (b"{\"Accounts\": [{\"Id\": \"123\"}]}", "x:1:27: `123` has 3 digits"),
            (b"{\"Accounts\": [{\"Id\": \"111122223333\"}], \"NextToken\": \"eyJ\"}", "one page of several"),
            (b"\xff\xfe", "x:1:1: "),
            (b"{\"Accounts\": [{\"Id\": \"111122223333\"}, {\"Id\": \"111122223333\"}]}", "twice"),
        ];
        for (bytes, expected) in cases {
            let error = parse("x", bytes).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
