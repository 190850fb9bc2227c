//! An organization from an export of a real one: the JSON of `aws organizations list-accounts`.
//!
//! The command lists no tags and no units. Both may be added by hand: `Tags` as `list-tags-for-resource`
//! gives them, `ParentId` as `list-parents` does, and units under `OrganizationalUnits`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use state_machine::{AccountId, InvalidUnitId, Status, Tags, Text, UnitId};

use crate::cloud::local::{State, Unit};
use crate::settings::{Settings, Unreadable, read_text};

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
    /// How many accounts have neither `State` nor `Status`: they count as active.
    pub without_status: usize,
}

/// Why a file is no organization.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file cannot be read, or is no text.
    #[error("{path} cannot be read")]
    File {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        unreadable: Unreadable,
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
#[serde(rename_all = "PascalCase", expecting = "an object with `Accounts`, or a list of accounts")]
struct File {
    accounts: Vec<FileAccount>,
    #[serde(default)]
    organizational_units: Vec<FileUnit>,
    next_token: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an account")]
struct FileAccount {
    id: AccountId,
    name: Option<String>,
    email: Option<String>,
    /// Retired by AWS in favour of `State`; older exports have only this.
    status: Option<FileStatus>,
    state: Option<FileStatus>,
    parent_id: Option<FileParent>,
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
#[serde(rename_all = "PascalCase", expecting = "a tag: {\"Key\": …, \"Value\": …}")]
struct FileTag {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a unit")]
struct FileUnit {
    id: UnitId,
    name: Option<String>,
    parent_id: Option<FileParent>,
}

/// What holds an account or a unit.
#[derive(Deserialize)]
#[serde(try_from = "String")]
enum FileParent {
    Root,
    Unit(UnitId),
}

impl TryFrom<String> for FileParent {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.parse() {
            Ok(unit) => Ok(Self::Unit(unit)),
            Err(InvalidUnitId::Root(_)) => Ok(Self::Root),
            Err(InvalidUnitId::Shape(_)) => {
                Err(format!("`{text}` is neither a unit (ou-ab12-11112222) nor a root (r-ab12)"))
            }
        }
    }
}

impl FileParent {
    fn unit(self) -> Option<UnitId> {
        match self {
            Self::Root => None,
            Self::Unit(unit) => Some(unit),
        }
    }
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
    match read_text(path, LIMIT) {
        Ok(text) => parse(&name, &text),
        Err(unreadable) => Err(ExportError::File { path: name, unreadable }),
    }
}

fn parse(path: &str, text: &str) -> Result<Export, ExportError> {
    let path = path.to_owned();
    // `--query Accounts` prints the list alone.
    let file = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map(|accounts| File {
            accounts,
            organizational_units: Vec::new(),
            next_token: None,
        })
    } else {
        serde_json::from_str::<File>(text)
    };
    let file = file.map_err(|error| ExportError::Shape {
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
    let mut seen = BTreeSet::new();
    let without_status =
        file.accounts.iter().filter(|account| account.state.is_none() && account.status.is_none()).count();
    let mut export = Export { tells_units, tells_tags, without_status, ..Export::default() };
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
            unit: account.parent_id.and_then(FileParent::unit),
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
        let parent = self.parent_id.and_then(FileParent::unit);
        (self.id, Unit { name: name.into(), parent })
    }
}

/// How many units a doubt names.
const UNITS_TOLD: usize = 5;

fn number(accounts: usize) -> String {
    if accounts == 1 { "1 account".to_owned() } else { format!("{accounts} accounts") }
}

impl Export {
    /// Accounts that are spread over the units of the settings, because nobody tells where they stand.
    pub fn spread(&self, settings: &Settings) -> impl Iterator<Item = AccountId> {
        let protected = settings.protected_accounts().map(|(account, _)| account);
        let named: BTreeSet<AccountId> = settings.accounts().chain(protected).collect();
        let spreads = !self.tells_units && settings.units().next().is_some();
        let others = self.accounts.iter().map(|newcomer| newcomer.account);
        others.filter(move |account| spreads && !named.contains(account))
    }

    /// What in it may not be as it was meant, a sentence each.
    pub fn doubts(&self, settings: &Settings) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.without_status > 0 {
            let verb = if self.without_status == 1 { "has" } else { "have" };
            doubts.push(format!(
                "{} {verb} neither `State` nor `Status`, which is taken for active",
                number(self.without_status)
            ));
        }
        let (accounts, units) = self.outside(settings);
        if accounts > 0 {
            let more = units.len().saturating_sub(UNITS_TOLD);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let units: Vec<&str> = units.iter().take(UNITS_TOLD).map(|unit| unit.as_str()).collect();
            let verb = if accounts == 1 { "stands" } else { "stand" };
            doubts.push(format!(
                "{} {verb} in units that the settings do not name, and are not managed: {}{more}",
                number(accounts),
                units.join(", "),
            ));
        }
        doubts
    }

    /// How many accounts stand in a unit that the settings name neither by itself nor by one around it, while
    /// they do not name the account either; and which units these are.
    fn outside(&self, settings: &Settings) -> (usize, BTreeSet<&UnitId>) {
        let parents: BTreeMap<&UnitId, Option<&UnitId>> =
            self.units.iter().map(|(unit, told)| (unit, told.parent.as_ref())).collect();
        let listed: BTreeSet<&UnitId> = settings.units().collect();
        let protected = settings.protected_accounts().map(|(account, _)| account);
        let named: BTreeSet<AccountId> = settings.accounts().chain(protected).collect();
        let is_outside = |unit: &UnitId| {
            let mut next = Some(unit);
            // Units form a tree in AWS; a file that says otherwise must not become a loop.
            for _ in 0..=parents.len() {
                match next {
                    Some(unit) if listed.contains(unit) => return false,
                    Some(unit) => next = parents.get(unit).copied().flatten(),
                    None => break,
                }
            }
            true
        };
        let others = self.accounts.iter().filter(|newcomer| !named.contains(&newcomer.account));
        let outside: Vec<&UnitId> =
            others.filter_map(|newcomer| newcomer.unit.as_ref()).filter(|unit| is_outside(unit)).collect();
        (outside.len(), outside.into_iter().collect())
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
        let spread: BTreeSet<AccountId> = self.spread(settings).collect();
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
        let json = r#"{"Accounts": [
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
    fn the_list_alone_is_read_and_what_is_left_open_is_counted() {
        let export = parse("x", " [{\"Id\": \"111122223333\", \"ParentId\": \"r-ab12\"}]").unwrap();
        assert_eq!(export.accounts.len(), 1);
        assert_eq!(export.without_status, 1);
        assert_eq!(export.accounts[0].unit, None);
        assert!(export.tells_units);
    }

    #[test]
    fn other_files_are_refused_with_a_place() {
        let cases: [(&str, &str); 11] = [
            ("", "x:1:0: EOF while parsing"),
            ("{}", "missing field `Accounts`"),
            ("[]", "there is no account in it"),
            ("7", "expected an object with `Accounts`, or a list of accounts"),
            ("[7]", "expected an account"),
            ("{\"Accounts\": []}", "there is no account in it"),
            // The parser tells where it stood when a value was refused: just behind it.
            ("{\"Accounts\": [{\"Id\": \"123\"}]}", "x:1:27: `123` has 3 digits"),
            ("{\"Accounts\": [{\"Id\": \"111122223333\"}], \"NextToken\": \"eyJ\"}", "one page of several"),
            ("{\"Accounts\": [{\"Id\": \"111122223333\"}, {\"Id\": \"111122223333\"}]}", "twice"),
            (
                "[{\"Id\": \"111122223333\", \"ParentId\": \"nonsense\"}]",
                "x:1:47: `nonsense` is neither a unit (ou-ab12-11112222) nor a root (r-ab12)",
            ),
            (
                "{\"Accounts\": [], \"OrganizationalUnits\": [{\"Id\": \"ou-a-b\", \"ParentId\": \"root\"}]}",
                "`root` is neither",
            ),
        ];
        for (text, expected) in cases {
            let error = parse("x", text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
