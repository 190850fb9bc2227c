//! A company in moto: an organization with two units, its settings, the journal's table, the queue and the bus.

use std::collections::BTreeMap;
use std::path::Path;

use aws_config::SdkConfig;
use aws_sdk_organizations::types::Tag;
use serde_json::json;
use spa::cloud::aws::governor::Governor;
use spa::event::{Handler, Trust, patterns};
use spa::journal::dynamodb::table;
use spa::settings::{Settings, load_text};
use state_machine::AccountId;

use crate::peers::founding::{Founded, founded, organization, put_settings};
use crate::peers::{self, Guest, REGION};

pub const TABLE: &str = "SpaJournal";
/// The queue of wake-ups of the environment `Spa`.
pub const WAKE_UPS: &str = "SpaWakeUps";
pub const STATE_KEY: &str = "account-state";

/// Where everything of one test is.
pub struct Company {
    /// The name of the deployment.
    pub environment: &'static str,
    /// The account in which the system runs.
    pub automation: Guest,
    /// The account that owns the organization.
    pub management: Guest,
    /// All accounts of both units.
    pub accounts: Vec<AccountId>,
    pub organization: String,
    /// Where wake-ups go.
    pub wake_ups: String,
    /// Where the bus delivers what is announced.
    pub announced: String,
}

/// The settings of everybody here. `own`: accounts that have settings of their own.
fn settings(
    environment: &str,
    automation: &str,
    management: &str,
    units: &[String; 2],
    own: &[AccountId],
) -> Settings {
    let swift = "{ start: 60000, least: 60000, most: 600000 }";
    let own = own.iter().fold(String::new(), |text, account| {
        text + &format!("  - identifier: '{account}'\n    note: has settings of its own\n")
    });
    let accounts = if own.is_empty() { String::new() } else { format!("accounts:\n{own}") };
    let text = format!(
        "
environment_identifier: {environment}
automation:
  account_id: '{automation}'
  region: {REGION}
  maintenance_window_expression: cron(0 18 ? * SAT *)
  role_arn_to_manage_accounts: arn:aws:iam::{management}:role/SpaManagement
  role_name_to_manage_codebuild: SpaMember
  limits:
    organizations: {swift}
    sts: {swift}
    parameters: {swift}
    builds: {swift}
    other: {swift}
worker:
  preparation_buildspec_template_file: buildspecs/prepare.yaml
  purge_buildspec_template_file: buildspecs/purge.yaml
defaults:
  account_tags: {{ cost-center: cc-42 }}
  unset_tags: [Owner]
  preparation: {{ feature: enabled }}
  purge: {{ feature: enabled }}
organizational_units:
  - identifier: {}
  - identifier: {}
    account_tags: {{ cost-center: cc-43 }}
{accounts}",
        units[0], units[1]
    );
    let loaded = load_text("settings.yaml", &text, Path::new(env!("CARGO_MANIFEST_DIR")));
    loaded.settings.unwrap_or_else(|| panic!("{}\n{text}", loaded.report.render(false)))
}

impl Company {
    /// A company with so many accounts in two units, of which the first few have settings of their own.
    pub async fn found(accounts: usize, with_own_settings: usize) -> Self {
        let management = peers::guest();
        let founded = organization(&management.config()).await;
        Self::deploy("Spa", management, &founded, accounts, with_own_settings).await
    }

    /// Another environment in the organization of this one, with units, accounts and an automation account of its own.
    pub async fn beside(&self, environment: &'static str, accounts: usize) -> Self {
        let founded = founded(&self.management.config()).await;
        Self::deploy(environment, self.management.clone(), &founded, accounts, 0).await
    }

    async fn deploy(
        environment: &'static str,
        management: Guest,
        founded: &Founded,
        accounts: usize,
        with_own_settings: usize,
    ) -> Self {
        let automation = peers::guest();
        let mut units = [String::new(), String::new()];
        for (unit, name) in units.iter_mut().zip(["engineers", "trainees"]) {
            *unit = founded.unit(&format!("{name} of {environment}")).await;
        }
        let mut members: Vec<AccountId> = Vec::new();
        for number in 0..accounts {
            let name = format!("holder-{number}");
            let owner = Tag::builder().key("Owner").value("nobody").build().unwrap();
            let email = format!("{name}@{}.example.com", environment.to_ascii_lowercase());
            let request = founded.organizations.create_account().email(email);
            let request = request.account_name(name).tags(owner);
            let created = request.send().await.unwrap().create_account_status.unwrap().account_id.unwrap();
            founded.move_into(&created, &units[number % 2]).await;
            members.push(created.parse().unwrap());
        }
        let own = &members[..with_own_settings];
        let settings = settings(environment, automation.account(), management.account(), &units, own);
        let config = automation.config();
        put_settings(&config, &settings).await;
        table::create(&aws_sdk_dynamodb::Client::new(&config), &Governor::default(), TABLE).await.unwrap();
        automation.deliver_at_once();
        let wake_ups = queue(&config, &format!("{environment}WakeUps")).await;
        let announced = queue(&config, "SpaAnnounced").await;
        let organization = founded.id.clone();
        let mut company = Self {
            environment,
            automation,
            management,
            accounts: members,
            organization,
            wake_ups,
            announced,
        };
        company.listen().await;
        company
    }

    /// Whom this deployment believes.
    pub fn trust(&self) -> Trust {
        Trust {
            environment: self.environment.into(),
            automation_account: self.automation.account().parse().unwrap(),
            management_account: self.management.account().parse().unwrap(),
        }
    }

    /// The rules about what we announce stand on the bus, and lead to a queue: moto runs no functions.
    async fn listen(&mut self) {
        let events = aws_sdk_eventbridge::Client::new(&self.automation.config());
        let rules = patterns(&self.trust(), STATE_KEY);
        let ours = rules.iter().filter(|(handler, _)| {
            matches!(handler, Handler::OnAccountEvent | Handler::OnException | Handler::OnActivity)
        });
        let arn = format!("arn:aws:sqs:{REGION}:{}:SpaAnnounced", self.automation.account());
        for (number, (_, pattern)) in ours.enumerate() {
            let name = format!("SpaAnnounced{number}");
            events.put_rule().name(&name).event_pattern(pattern.to_string()).send().await.unwrap();
            let target = aws_sdk_eventbridge::types::Target::builder().id("queue").arn(&arn).build().unwrap();
            events.put_targets().rule(&name).targets(target).send().await.unwrap();
        }
    }

    /// What lies in a queue, which is empty afterwards.
    pub async fn drain(&self, queue: &str) -> Vec<String> {
        let sqs = aws_sdk_sqs::Client::new(&self.automation.config());
        let mut bodies = Vec::new();
        loop {
            let some = sqs.receive_message().queue_url(queue).max_number_of_messages(10).wait_time_seconds(0);
            let some = some.send().await.unwrap().messages.unwrap_or_default();
            if some.is_empty() {
                return bodies;
            }
            for message in some {
                let handle = message.receipt_handle.unwrap();
                sqs.delete_message().queue_url(queue).receipt_handle(handle).send().await.unwrap();
                bodies.push(message.body.unwrap());
            }
        }
    }

    /// What the tags of an account say.
    pub async fn tags(&self, account: AccountId) -> BTreeMap<String, String> {
        let organizations = aws_sdk_organizations::Client::new(&self.management.config());
        let tags = organizations.list_tags_for_resource().resource_id(account.to_string()).send().await;
        let tags = tags.unwrap().tags.unwrap_or_default();
        tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
    }
}

/// A queue, by its URL.
async fn queue(config: &SdkConfig, name: &str) -> String {
    let sqs = aws_sdk_sqs::Client::new(config);
    sqs.create_queue().queue_name(name).send().await.unwrap().queue_url.unwrap()
}

/// A message as Lambda delivers it, from the queue of wake-ups.
pub fn wake_up_message(company: &Company, number: u64, body: &str) -> String {
    let (account, environment) = (company.automation.account(), company.environment);
    json!({ "Records": [{
        "messageId": format!("message-{number}"),
        "receiptHandle": "AQEBexample",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1795197605000",
            "SenderId": "AIDAEXAMPLEEXAMPLE01",
            "ApproximateFirstReceiveTimestamp": "1795197605010",
        },
        "messageAttributes": {},
        "md5OfBody": "00000000000000000000000000000000",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:{REGION}:{account}:{environment}WakeUps"),
        "awsRegion": REGION,
    }] })
    .to_string()
}
