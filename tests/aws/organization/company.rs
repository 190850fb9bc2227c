//! An organization in moto.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_organizations::types::Tag;
use chrono::TimeDelta;
use spa::cloud::aws::governor::Governor;
use spa::cloud::aws::organization::Organization;
use spa::cloud::{Clock, Known, Organization as _};
use spa::settings::{Limits, load_text};
use state_machine::{Account, AccountId, Look, Policy, Scope, Timestamp, UnitId};

use crate::peers::founding::{Founded, organization};
use crate::peers::{self, Guest};

/// An organization that belongs to one test.
pub(super) struct Company {
    pub(super) guest: Guest,
    pub(super) organizations: aws_sdk_organizations::Client,
    pub(super) adapter: Organization,
    pub(super) clock: Arc<Stopped>,
    root: String,
}

/// A clock that stands still until it is set.
#[derive(Debug, Default)]
pub(crate) struct Stopped(AtomicI64);

impl Stopped {
    /// Sets it to so many minutes after the beginning.
    pub(crate) fn set(&self, minutes: i64) {
        self.0.store(minutes, Ordering::SeqCst);
    }
}

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::SeqCst))
    }
}

/// All of an account, read now.
pub(super) async fn look(organization: &Organization, account: AccountId) -> Look {
    let head = Account::unseen(account);
    organization.look(account, Scope::Whole, Known { head: &head, since: at(0) }).await
}

/// So many minutes after the beginning.
pub(super) fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000).unwrap() + TimeDelta::minutes(minutes)
}

/// What counts for an account of the repository's own settings.
pub(super) fn policy() -> Policy {
    let text = std::fs::read_to_string("settings.yaml").unwrap();
    let settings = load_text("settings.yaml", &text, ".".as_ref()).settings.unwrap();
    let units: [UnitId; 1] = ["ou-ab12-55556666".parse().unwrap()];
    Policy::clone(settings.resolve(AccountId::from_number(7).unwrap(), &units).policy())
}

impl Company {
    /// An organization without units, and with the management account only, whose accounts do not tell their paths: so
    /// the tree of units is walked.
    pub(super) async fn found() -> Self {
        let company = Self::telling_paths().await;
        company.guest.describe_without_paths();
        company
    }

    /// The same, as AWS describes accounts today: with their paths.
    pub(super) async fn telling_paths() -> Self {
        let guest = peers::guest();
        let Founded { organizations, root, .. } = organization(&guest.config()).await;
        let clock = Arc::<Stopped>::default();
        let adapter = Organization::new(
            organizations.clone(),
            aws_sdk_resourcegroupstagging::Client::new(&guest.config()),
            // What is throttled is told at once: how calls are repeated is for the tests of the governor.
            Governor::new(Limits { attempts: 1, ..Limits::default() }),
            Arc::<Stopped>::clone(&clock),
            "account-state".into(),
        );
        Self { guest, organizations, adapter, clock, root }
    }

    /// A unit in another one, or in the root (`r`).
    pub(super) async fn unit(&self, parent: &str, name: &str) -> UnitId {
        let parent = if parent == "r" { &self.root } else { parent };
        let request = self.organizations.create_organizational_unit().parent_id(parent).name(name);
        let unit = request.send().await.unwrap().organizational_unit.unwrap();
        unit.id().unwrap().parse().unwrap()
    }

    /// An account in the root.
    pub(super) async fn account(&self, name: &str, tags: &[(&str, &str)]) -> AccountId {
        let tags: Vec<_> =
            tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build().unwrap()).collect();
        let request = self.organizations.create_account().account_name(name).set_tags(Some(tags));
        let status = request.email(format!("{name}@example.com")).send().await.unwrap().create_account_status;
        status.unwrap().account_id().unwrap().parse().unwrap()
    }

    /// Moves an account into a unit.
    pub(super) async fn put(&self, account: AccountId, unit: &UnitId) {
        let parents = self.organizations.list_parents().child_id(account.to_string()).send().await.unwrap();
        let request = self.organizations.move_account().account_id(account.to_string());
        let request = request.source_parent_id(parents.parents()[0].id().unwrap());
        request.destination_parent_id(unit.as_str()).send().await.unwrap();
    }

    /// All of an account, read now.
    pub(super) async fn look(&self, account: AccountId) -> Look {
        look(&self.adapter, account).await
    }

    /// What was called so far, the tagging API by the name that IAM knows.
    pub(super) fn calls(&self) -> Vec<String> {
        let calls = self.guest.calls().into_iter();
        calls.map(|call| call.replace("tagging:", "tag:")).collect()
    }

    /// How often an operation was called so far.
    pub(super) fn count(&self, operation: &str) -> usize {
        self.calls().iter().filter(|call| *call == operation).count()
    }
}
