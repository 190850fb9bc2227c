//! An account as the service describes it.

use std::sync::Arc;

use aws_sdk_organizations::types::{Account, AccountState, AccountStatus};
use state_machine::{AccountId, Status, Text, UnitId};

use crate::cloud::aws::call::CallError;

/// What AWS Organizations says of an account by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Which account.
    pub account: AccountId,
    /// How AWS names it among everything else, where it says so.
    pub arn: Option<String>,
    /// Name given to it.
    pub name: Text,
    /// E-mail address of its root user.
    pub email: Text,
    /// Whether it is in use; nothing when the service says so in a word that nobody here understands. Such an
    /// account is not taken for one that is in use.
    pub status: Option<Status>,
    /// The units that hold it, nearest first, where the service says so.
    pub units: Option<Arc<[UnitId]>>,
}

impl Described {
    /// What an answer says.
    ///
    /// # Errors
    /// When it names no account.
    pub(super) fn of(operation: &'static str, account: &Account) -> Result<Self, CallError> {
        let id = account.id().unwrap_or_default();
        let text = |text: Option<&str>| Text::from(text.unwrap_or_default());
        Ok(Self {
            account: id.parse().map_err(|error| {
                CallError::odd(operation, format!("an account without identifier: {error}"))
            })?,
            arn: account.arn().map(str::to_owned),
            name: text(account.name()),
            email: text(account.email()),
            status: status(account),
            units: units(account.paths(), id),
        })
    }
}

/// AWS has retired the field `Status`, in which three of the five states could be told; `State` counts where it is
/// there: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>.
fn status(account: &Account) -> Option<Status> {
    match (account.state(), account.status()) {
        (Some(AccountState::Active), _) | (None, Some(AccountStatus::Active)) => Some(Status::Active),
        (Some(AccountState::PendingActivation), _) => Some(Status::PendingActivation),
        (Some(AccountState::Suspended), _) | (None, Some(AccountStatus::Suspended)) => {
            Some(Status::Suspended)
        }
        (Some(AccountState::PendingClosure), _) | (None, Some(AccountStatus::PendingClosure)) => {
            Some(Status::PendingClosure)
        }
        (Some(AccountState::Closed), _) => Some(Status::Closed),
        (Some(_), _) | (None, Some(_) | None) => None,
    }
}

/// The units of the one path `o-…/r-…/ou-…/…/123456789012/`, nearest first. Where there is no path, or anything
/// unusual about it, nothing is said, and the parents are asked for.
fn units(paths: &[String], account: &str) -> Option<Arc<[UnitId]>> {
    let [path] = paths else { return None };
    let mut parts = path.strip_suffix('/').unwrap_or(path).split('/');
    let whole = parts.next()?.starts_with("o-") && parts.next()?.starts_with("r-");
    if !whole || parts.next_back()? != account {
        return None;
    }
    parts.rev().map(|unit| unit.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> aws_sdk_organizations::types::builders::AccountBuilder {
        Account::builder().id("111122223333").name("sandbox").email("root@example.com")
    }

    #[test]
    fn every_state_has_its_status_and_an_unknown_one_is_no_answer() {
        let said = |state: Option<&str>, status: Option<&str>| {
            let account = account()
                .set_state(state.map(AccountState::from))
                .set_status(status.map(AccountStatus::from))
                .build();
            Described::of("organizations:DescribeAccount", &account).unwrap().status
        };
        for (state, status, expected) in [
            (Some("ACTIVE"), None, Some(Status::Active)),
            (Some("PENDING_ACTIVATION"), Some("ACTIVE"), Some(Status::PendingActivation)),
            (Some("SUSPENDED"), Some("SUSPENDED"), Some(Status::Suspended)),
            (Some("PENDING_CLOSURE"), None, Some(Status::PendingClosure)),
            (Some("CLOSED"), Some("SUSPENDED"), Some(Status::Closed)),
            (Some("FROZEN"), Some("ACTIVE"), None),
            (None, Some("ACTIVE"), Some(Status::Active)),
            (None, Some("SUSPENDED"), Some(Status::Suspended)),
            (None, Some("PENDING_CLOSURE"), Some(Status::PendingClosure)),
            (None, Some("CREATED"), None),
            (None, None, None),
        ] {
            assert_eq!(said(state, status), expected, "{state:?} {status:?}");
        }
    }

    #[test]
    fn units_are_taken_from_a_path_that_is_as_expected() {
        let found = |paths: &[&str]| {
            let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
            let units = units(&paths, "111122223333")?;
            Some(units.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let [outer, inner] = ["ou-ab12-11112222", "ou-ab12-33334444"];
        let nested = format!("o-a1b2c3d4e5/r-ab12/{outer}/{inner}/111122223333/");
        assert_eq!(found(&[&nested]), Some(vec![inner.to_owned(), outer.to_owned()]));
        assert_eq!(found(&["o-a1b2c3d4e5/r-ab12/111122223333/"]), Some(Vec::new()));
        for odd in [
            "",
            "/",
            "o-a1b2c3d4e5/111122223333/",
            "o-a1b2c3d4e5/r-ab12/",
            "o-a1b2c3d4e5/r-ab12/ou-ab12-11112222/",
            "o-a1b2c3d4e5/r-ab12/444455556666/",
            "o-a1b2c3d4e5/r-ab12/folder/111122223333/",
        ] {
            assert_eq!(found(&[odd]), None, "{odd}");
        }
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[&nested, &nested]), None, "several paths: nobody knows which one counts");
    }
}
