//! A company in moto: an organization with managed accounts, the settings, the journal's table and the queue.

#![allow(dead_code, reason = "the tests use a part of it, and the benchmark another")]

use std::path::Path;

use aws_sdk_organizations::types::Tag;
use spa::aws::{AwsWorld, Baseline, Deployment};
use spa::cloud::Clock;
use spa::cloud::aws::connect::{Connections, Roles};
use spa::cloud::aws::governor::Governor;
use spa::event::Trust;
use spa::journal::dynamodb::table;
use spa::settings::{Names, load_text};
use state_machine::{AccountId, State};

use crate::fixtures;
pub use crate::peers::founding::block_on;
use crate::peers::founding::{organization, put_settings};
use crate::peers::{self, Guest, REGION};
use crate::process::{ENVIRONMENT, Process};

/// The account that the tests run in is automation and management account at once: moto does not mind.
pub struct Company {
    pub guest: Guest,
    /// Where AWS is.
    pub endpoint: String,
    /// Managed, and never seen before.
    pub accounts: Vec<AccountId>,
    queue: String,
}

const TABLE: &str = "SpaJournal";

fn settings(automation: &str, unit: &str) -> String {
    format!(
        "
environment_identifier: Spa
automation:
  account_id: '{automation}'
  region: {REGION}
worker:
  preparation_buildspec_template_file: buildspecs/prepare.yaml
  purge_buildspec_template_file: buildspecs/purge.yaml
defaults:
  account_tags: {{ cost-center: cc-42 }}
  preparation: {{ feature: disabled }}
  purge: {{ feature: disabled }}
organizational_units:
  - identifier: {unit}
"
    )
}

impl Company {
    /// A company with so many accounts. Nothing is prepared or purged in them, so that they go straight on.
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
        for number in 0..count {
            let name = format!("holder-{number}");
            let request = organizations.create_account().email(format!("{name}@example.com"));
            let created = request.account_name(name).send().await.unwrap().create_account_status.unwrap();
            let id = created.account_id.unwrap();
            founded.move_into(&id, &unit).await;
            accounts.push(id.parse().unwrap());
        }
        let text = settings(guest.account(), &unit);
        let loaded = load_text("settings.yaml", &text, Path::new(env!("CARGO_MANIFEST_DIR")));
        let settings = loaded.settings.unwrap_or_else(|| panic!("{}", loaded.report.render(false)));
        put_settings(&config, &settings).await;
        let governor = Governor::default();
        table::create(&aws_sdk_dynamodb::Client::new(&config), &governor, TABLE).await.unwrap();
        let sqs = aws_sdk_sqs::Client::new(&config);
        let queue = sqs.create_queue().queue_name("SpaWakeUps").send().await.unwrap().queue_url.unwrap();
        let endpoint = peers::moto().endpoint().to_owned();
        Self { guest, endpoint, accounts, queue }
    }

    /// The environment of one of its functions, whose calls go to this endpoint.
    pub fn variables(&self, handler: &str, endpoint: &str) -> Vec<(String, String)> {
        let account = self.guest.account();
        let own = [
            ("_HANDLER", handler.to_owned()),
            ("AUTOMATION_ACCOUNT", account.to_owned()),
            ("ROLE_ARN_TO_MANAGE_ACCOUNTS", format!("arn:aws:iam::{account}:role/SpaManagement")),
            ("EVENT_BUS_ARN", format!("arn:aws:events:{REGION}:{account}:event-bus/default")),
            ("WAKE_UP_QUEUE_URL", self.queue.clone()),
            ("AWS_ENDPOINT_URL", endpoint.to_owned()),
            ("AWS_ACCESS_KEY_ID", account.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ];
        let usual = ENVIRONMENT.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        usual.chain(own.map(|(name, value)| (name.to_owned(), value))).collect()
    }

    /// One of its functions, started.
    pub fn function(&self, handler: &str) -> Process {
        self.function_at(handler, &self.endpoint)
    }

    /// The same, with AWS at this endpoint.
    pub fn function_at(&self, handler: &str, endpoint: &str) -> Process {
        let variables = self.variables(handler, endpoint);
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Process::start(&variables)
    }

    /// A sample event, as if it had happened here: to its first account, or to that one.
    pub fn sample(&self, name: &str) -> String {
        self.sample_of(name, self.accounts[0])
    }

    pub fn sample_of(&self, name: &str, account: AccountId) -> String {
        let trust = fixtures::trust();
        fixtures::text(name)
            .replace(&trust.automation_account.to_string(), self.guest.account())
            .replace(&trust.management_account.to_string(), self.guest.account())
            .replace(&fixtures::member().to_string(), &account.to_string())
    }

    /// A batch of messages with these bodies, from the function's own queue.
    pub fn batch(&self, bodies: &[&str]) -> String {
        let sample: serde_json::Value =
            serde_json::from_str(&self.sample("sqs-organizations-tag-assigned")).unwrap();
        let records = bodies.iter().enumerate().map(|(number, body)| {
            let mut record = sample["Records"][0].clone();
            record["messageId"] = format!("message-{number}").into();
            record["body"] = (*body).into();
            record
        });
        serde_json::json!({ "Records": records.collect::<Vec<_>>() }).to_string()
    }

    /// The same deployment in this process, with a clock of its own.
    pub fn world<C: Clock + Clone + 'static>(&self, clock: C) -> AwsWorld<C> {
        let account = self.guest.account();
        let id: AccountId = account.parse().unwrap();
        let management = format!("arn:aws:iam::{account}:role/SpaManagement");
        let roles = Roles {
            environment: "Spa".into(),
            function: "on-wake-up".into(),
            region: REGION.into(),
            management: Some((management.into(), id)),
            member: "SpaMember".into(),
            external_id: None,
            session_tags: false,
        };
        let deployment = Deployment {
            trust: Trust { environment: "Spa".into(), automation_account: id, management_account: id },
            names: Names::new("Spa").unwrap(),
            region: REGION.into(),
            state_key: fixtures::STATE_KEY.into(),
            cost_center_key: None,
            table: TABLE.into(),
            bus: "default".into(),
            wake_up_queue: self.queue.as_str().into(),
            member_role: "SpaMember".into(),
            baseline: Baseline::StackSet,
        };
        AwsWorld::new(&deployment, &Connections::from(self.guest.config(), roles, Governor::default()), clock)
    }

    /// What the state tag of an account says.
    pub fn state(&self, account: AccountId) -> Option<State> {
        let organizations = aws_sdk_organizations::Client::new(&self.guest.config());
        let tags = block_on(organizations.list_tags_for_resource().resource_id(account.to_string()).send());
        let tags = tags.unwrap();
        let state = tags.tags().iter().find(|tag| tag.key() == fixtures::STATE_KEY).map(Tag::value);
        State::ALL.into_iter().find(|known| Some(known.as_str()) == state)
    }

    /// How often an operation was called so far: `organizations:TagResource`.
    pub fn count(&self, operation: &str) -> usize {
        self.guest.calls().iter().filter(|call| *call == operation).count()
    }
}
