//! A company in moto, deployed by the names of the convention, and the program in front of it.

#![allow(dead_code, reason = "`aws_deploy` uses the program and its answers only")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use aws_sdk_organizations::types::Tag;
use spa::aws::variables::Reader;
use spa::aws::{AwsWorld, naming};
use spa::cloud::Clock;
use spa::cloud::aws::connect::Connections;
use spa::cloud::aws::governor::Governor;
use spa::journal::Journal as _;
use spa::journal::dynamodb::table;
use spa::lifecycle::{Handled, Lifecycle, World as _};
use spa::settings::Settings;
use state_machine::{
    Account, AccountId, Actor, Command as Order, Gesture, Happening, Record, Timestamp, Trigger, Version,
};
use tempfile::TempDir;

pub use crate::peers::founding::block_on;
use crate::peers::founding::{organization, put_settings};
use crate::peers::{self, Guest, REGION};

/// The account that the tests run in is automation and management account at once: moto does not mind.
pub struct Company {
    pub guest: Guest,
    folder: TempDir,
    settings: Settings,
    /// All accounts but the one that owns the organization, by identifier.
    pub accounts: Vec<AccountId>,
    unit: String,
}

/// Always the same time.
#[derive(Clone, Copy, Debug)]
pub struct Fixed(Timestamp);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn settings_of(owner: &str, unit: &str) -> String {
    format!(
        "
environment_identifier: Spa
automation:
  account_id: '{owner}'
  region: {REGION}
  role_arn_to_manage_accounts: arn:aws:iam::{owner}:role/SpaManagement
  maintenance_window_expression: cron(0 18 ? * SAT *)
worker:
  preparation_buildspec_template_file: build.yaml
  purge_buildspec_template_file: build.yaml
maintenance: {{ first_wave: 1 }}
defaults:
  preparation: {{ feature: disabled }}
  purge: {{ feature: disabled }}
organizational_units:
  - identifier: {unit}
"
    )
}

impl Company {
    /// A company with so many accounts in its managed unit, and one more beside it.
    pub fn with_accounts(count: usize) -> Self {
        block_on(Self::found(count))
    }

    async fn found(count: usize) -> Self {
        let guest = peers::guest();
        let config = guest.config();
        let founded = organization(&config).await;
        let organizations = &founded.organizations;
        let unit = founded.unit("sandboxes").await;
        let mut accounts: Vec<AccountId> = Vec::new();
        while accounts.len() <= count {
            let request = organizations.create_account().email(format!("{}@example.com", accounts.len()));
            let created = request.account_name("sandbox").send().await.unwrap();
            let id = created.create_account_status.unwrap().account_id.unwrap();
            // moto draws identifiers; the owner is to stand first in every table.
            if id.as_str() > guest.account() {
                accounts.push(id.parse().unwrap());
            } else {
                organizations.remove_account_from_organization().account_id(id).send().await.unwrap();
            }
        }
        accounts.sort_unstable();
        for id in &accounts[..count] {
            founded.move_into(&id.to_string(), &unit).await;
        }
        let folder = tempfile::tempdir().unwrap();
        let buildspec = "version: 0.2\nphases: { build: { commands: [echo] } }\n";
        std::fs::write(folder.path().join("build.yaml"), buildspec).unwrap();
        let path = folder.path().join("settings.yaml");
        std::fs::write(&path, settings_of(guest.account(), &unit)).unwrap();
        let loaded = spa::settings::load(&path);
        let settings = loaded.settings.unwrap_or_else(|| panic!("{}", loaded.report.render(false)));
        put_settings(&config, &settings).await;
        table::create(&aws_sdk_dynamodb::Client::new(&config), &Governor::default(), "SpaJournal")
            .await
            .unwrap();
        let sqs = aws_sdk_sqs::Client::new(&config);
        sqs.create_queue().queue_name("SpaWakeUps").send().await.unwrap();
        Self { guest, folder, settings, accounts, unit }
    }

    /// The same deployment in this process, at this time.
    pub fn world(&self, at: &str) -> AwsWorld<Fixed> {
        let said = naming::variables(&self.settings, REGION);
        let mut reader = Reader::new(|name: &str| {
            said.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
        });
        let (deployment, roles) = reader.deployment("tests").unwrap();
        let connections = Connections::from(self.guest.config(), roles, Governor::default());
        AwsWorld::new(&deployment, &connections, Fixed(at.parse().unwrap()))
    }

    /// Sets tags by hand.
    pub fn tag(&self, account: AccountId, tags: &[(&str, &str)]) {
        let organizations = aws_sdk_organizations::Client::new(&self.guest.config());
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build().unwrap());
        let request = organizations.tag_resource().resource_id(account.to_string());
        block_on(request.set_tags(Some(tags.collect())).send()).unwrap();
    }

    /// The state tag of an account.
    pub fn state(&self, account: AccountId) -> Option<String> {
        let organizations = aws_sdk_organizations::Client::new(&self.guest.config());
        let tags = block_on(organizations.list_tags_for_resource().resource_id(account.to_string()).send());
        let tags = tags.unwrap();
        tags.tags().iter().find(|tag| tag.key() == "account-state").map(|tag| tag.value().to_owned())
    }

    /// A company whose first account was adopted, whose second one waits to be, and whose third was never seen.
    pub fn grown() -> Self {
        let company = Self::with_accounts(3);
        for (account, holder) in company.accounts.iter().zip(["alice@example.com", "bob@example.com"]) {
            company.tag(*account, &[("account-state", "released"), ("account-holder", holder)]);
        }
        company.look_at(company.accounts[1], "2026-11-02T09:00:00Z");
        company.order(company.accounts[0], Gesture::Adopt, "2026-11-02T10:00:00Z");
        company
    }

    /// Looks at an account, as the reconciler does.
    pub fn look_at(&self, account: AccountId, at: &str) -> Handled {
        self.handle(account, &Trigger::DIFFERENCE, at)
    }

    pub fn order(&self, account: AccountId, gesture: Gesture, at: &str) -> Handled {
        let order = Order { gesture, reason: "a test".into() };
        let by = Actor::Principal("olivia".into());
        self.handle(account, &Trigger { id: None, by, happening: Happening::Command(order) }, at)
    }

    fn handle(&self, account: AccountId, trigger: &Trigger, at: &str) -> Handled {
        let world = self.world(at);
        block_on(Lifecycle::new(&world).handle(account, trigger)).unwrap()
    }

    pub fn head(&self, account: AccountId) -> std::sync::Arc<Account> {
        block_on(self.world("2026-11-02T11:00:00Z").journal().account(account)).unwrap()
    }

    pub fn records(&self, account: AccountId) -> Vec<Record> {
        let world = self.world("2026-11-02T11:00:00Z");
        block_on(world.journal().history(account, Version::NONE, 1_000)).unwrap()
    }

    /// Takes a line of the settings file away.
    pub fn without(&self, setting: &str) {
        let path = self.path().join("settings.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        let kept: Vec<&str> = text.lines().filter(|line| !line.contains(setting)).collect();
        std::fs::write(&path, kept.join("\n")).unwrap();
    }

    /// What the parameters of its settings are called.
    pub fn parameters(&self) -> Vec<String> {
        self.settings.parameters().keys().map(ToString::to_string).collect()
    }

    pub fn unit(&self) -> &str {
        &self.unit
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The program, with nothing of AWS in its environment but who asks.
    pub fn command(&self, arguments: &[&str]) -> Command {
        program(arguments, self.path(), self.guest.account())
    }

    pub fn spa(&self, arguments: &[&str]) -> Answer {
        self.answer(&self.command(arguments).output().unwrap(), arguments)
    }

    /// What a process answered, with the names of this test in place of those that moto draws: they are as long.
    pub fn answer(&self, output: &Output, arguments: &[&str]) -> Answer {
        let plain = |text: &str| {
            let text =
                text.replace(self.guest.account(), "999988887777").replace(&self.unit, "ou-ab12-11111111");
            self.accounts.iter().zip(1..).fold(text, |text, (account, number)| {
                text.replace(&account.to_string(), &format!("10000000000{number}"))
            })
        };
        Answer::of(output, arguments, plain)
    }

    /// Which operations were called since the last question, and how often each.
    pub fn calls(&self, since: usize) -> std::collections::BTreeMap<String, usize> {
        let mut calls = std::collections::BTreeMap::new();
        for call in self.guest.calls().into_iter().skip(since) {
            *calls.entry(call).or_insert(0) += 1;
        }
        calls
    }

    /// How many calls were made so far.
    pub fn called(&self) -> usize {
        self.guest.calls().len()
    }
}

/// The program, with nothing of AWS in its environment but who asks.
pub fn program(arguments: &[&str], folder: &Path, account: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spa"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("AWS_") || key.starts_with("SPA_")) {
        command.env_remove(key);
    }
    command
        .env("SPA_ON", "aws")
        .env("HOME", folder)
        .env("AWS_ENDPOINT_URL", peers::moto().endpoint())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    command
}

/// What the program answered.
#[derive(Clone, Debug)]
pub struct Answer {
    asked: String,
    pub data: String,
    pub notes: String,
    pub status: i32,
}

impl Answer {
    /// What a process answered, in plain words.
    pub fn of(output: &Output, arguments: &[&str], plain: impl Fn(&str) -> String) -> Self {
        Self {
            asked: plain(&arguments.join(" ")),
            data: plain(&String::from_utf8_lossy(&output.stdout)),
            notes: plain(&String::from_utf8_lossy(&output.stderr)),
            status: output.status.code().unwrap_or(-1),
        }
    }

    /// As somebody would see it at a terminal; what went to standard error begins with `! `.
    fn transcript(&self) -> String {
        let notes = self.notes.lines().fold(String::new(), |text, line| text + "! " + line.trim_end() + "\n");
        let status = if self.status == 0 { String::new() } else { format!("[status {}]\n", self.status) };
        format!("$ spa {}\n{}{notes}{status}\n", self.asked, self.data.replace("\r\n", "\n"))
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Whether standard error says all of this.
    #[track_caller]
    pub fn says(&self, status: i32, parts: &[&str]) {
        assert_eq!(self.status, status, "{self:?}");
        for part in parts {
            assert!(self.notes.contains(part), "`{part}` is not in:\n{}", self.notes);
        }
    }
}

/// Compares transcripts with a file; with `UPDATE_GOLDENS=1` in the environment, writes the file instead.
#[track_caller]
pub fn assert_golden(name: &str, answers: &[Answer]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws_commands/golden");
    let file = folder.join(name);
    let actual: String = answers.iter().map(Answer::transcript).collect();
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&file, &actual).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(expected == actual, "{} differs; UPDATE_GOLDENS=1 rewrites it:\n{actual}", file.display());
}
