//! A company with nothing deployed yet: an organization, settings, a package, and credentials for both accounts.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::company::{Answer, block_on, program};
use crate::peers::{self, Guest, REGION};

/// Where AWS Organizations tells its events.
pub const HOME: &str = "us-east-1";

/// A company, and whoever deploys for it.
pub struct Site {
    /// The account that owns the organization.
    pub owner: Guest,
    /// The account in which the system runs.
    pub automation: Guest,
    /// Accounts of the managed unit.
    pub accounts: Vec<String>,
    folder: TempDir,
}

impl Site {
    pub fn with_accounts(count: usize) -> Self {
        block_on(Self::found(count))
    }

    /// The policy of the bus, as infra/automation-account.yaml has it: the peer's CloudFormation makes none, and `spa doctor`,
    /// which ends a deployment, asks for it.
    async fn let_events_in(&self) {
        let organizations = aws_sdk_organizations::Client::new(&self.owner.config());
        let organization = organizations.describe_organization().send().await.unwrap().organization.unwrap();
        let bus = format!("arn:aws:events:{}:{}:event-bus/default", peers::REGION, self.automation.account());
        let statement = |sid: &str, source: &str| {
            serde_json::json!({
                "Sid": sid, "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": bus,
                "Condition": {
                    "StringEquals": { "aws:PrincipalOrgID": organization.id() },
                    "ForAllValues:StringEquals": { "events:source": source },
                },
            })
        };
        let statements =
            [statement("Members", "aws.codebuild"), statement("Management", "aws.organizations")];
        let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let events = aws_sdk_eventbridge::Client::new(&self.automation.config());
        events.put_permission().event_bus_name("default").policy(policy).send().await.unwrap();
    }

    async fn found(count: usize) -> Self {
        let owner = peers::guest();
        let organizations = aws_sdk_organizations::Client::new(&owner.config());
        organizations.create_organization().send().await.unwrap();
        let roots = organizations.list_roots().send().await.unwrap();
        let root = roots.roots()[0].id().unwrap().to_owned();
        let unit = organizations.create_organizational_unit().parent_id(&root).name("sandboxes");
        let unit = unit.send().await.unwrap().organizational_unit.unwrap().id.unwrap();
        let mut accounts = Vec::new();
        for number in 0..=count {
            let request = organizations.create_account().email(format!("{number}@example.com"));
            let created = request.account_name("account").send().await.unwrap();
            accounts.push(created.create_account_status.unwrap().account_id.unwrap());
        }
        let automation = accounts.pop().unwrap();
        for account in &accounts {
            let moved = organizations.move_account().account_id(account).source_parent_id(&root);
            moved.destination_parent_id(&unit).send().await.unwrap();
        }
        let site =
            Self { automation: owner.of(&automation), owner, accounts, folder: tempfile::tempdir().unwrap() };
        site.let_events_in().await;
        site.write("build.yaml", "version: 0.2\nphases: { build: { commands: [echo] } }\n");
        site.write("settings.yaml", &site.settings(&unit));
        site.write(
            ".aws/credentials",
            &format!(
                "[management]\naws_access_key_id = {owner}\naws_secret_access_key = secret\n\
                 [other]\naws_access_key_id = {other}\naws_secret_access_key = secret\n",
                owner = site.owner.account(),
                other = site.automation.account(),
            ),
        );
        site.package("first");
        site
    }

    fn settings(&self, unit: &str) -> String {
        format!(
            "
environment_identifier: Spa
automation:
  account_id: '{automation}'
  management_account_id: '{owner}'
  region: {REGION}
  external_id: spa-2f9c1e
  maintenance_window_expression: cron(0 18 ? * SAT *)
worker:
  preparation_buildspec_template_file: build.yaml
  purge_buildspec_template_file: build.yaml
deployment:
  sign_in_units: [{unit}]
defaults:
  purge: {{ feature: disabled }}
organizational_units:
  - identifier: {unit}
",
            automation = self.automation.account(),
            owner = self.owner.account(),
        )
    }

    /// A package whose program says this.
    pub fn package(&self, says: &str) {
        self.write("bootstrap", says);
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
        let zipped = Command::new(python)
            .args(["-m", "zipfile", "-c", "bootstrap.zip", "bootstrap"])
            .current_dir(self.folder.path())
            .status();
        assert!(zipped.unwrap().success());
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Replaces something in the settings file.
    pub fn say_instead(&self, what: &str, instead: &str) {
        let path = self.folder.path().join("settings.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(what), "{text}");
        std::fs::write(&path, text.replace(what, instead)).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        program(arguments, self.folder.path(), self.automation.account())
    }

    pub fn spa(&self, arguments: &[&str]) -> Answer {
        Answer::of(&self.command(arguments).output().unwrap(), arguments, str::to_owned)
    }

    /// Deploys everything, without being asked.
    pub fn apply(&self) -> Answer {
        self.spa(&APPLY)
    }

    /// The stacks of an account in a region, with their status.
    pub fn stacks(guest: &Guest, region: &str) -> Vec<(String, String)> {
        let region = aws_config::Region::new(region.to_owned());
        let config = guest.config().into_builder().region(region).build();
        let client = aws_sdk_cloudformation::Client::new(&config);
        let found = block_on(client.describe_stacks().send()).unwrap();
        let mut stacks: Vec<_> = found
            .stacks()
            .iter()
            .map(|stack| {
                (stack.stack_name().unwrap().to_owned(), stack.stack_status().unwrap().as_str().to_owned())
            })
            .collect();
        stacks.sort();
        stacks
    }

    /// All stacks of the deployment.
    pub fn all_stacks(&self) -> Vec<(String, String)> {
        let mut all = Self::stacks(&self.automation, REGION);
        all.extend(Self::stacks(&self.owner, HOME));
        all
    }

    /// How many calls both accounts have made.
    pub fn called(&self) -> (usize, usize) {
        (self.automation.calls().len(), self.owner.calls().len())
    }

    /// What was called since then that changes something.
    pub fn changes_since(&self, since: (usize, usize)) -> Vec<String> {
        let own = self.automation.calls().into_iter().skip(since.0);
        let owners = self.owner.calls().into_iter().skip(since.1);
        own.chain(owners).filter(|call| !only_reads(call)).collect()
    }
}

pub const APPLY: [&str; 7] =
    ["deploy", "apply", "--package", "bootstrap.zip", "--management-profile", "management", "--yes"];
pub const PLAN: [&str; 6] =
    ["deploy", "plan", "--package", "bootstrap.zip", "--management-profile", "management"];

/// Whether a call changes nothing, by its name.
pub fn only_reads(call: &str) -> bool {
    let name = call.split_once(':').map_or(call, |(_, name)| name);
    ["Assume", "BatchGet", "Describe", "Get", "Head", "List", "Query"]
        .iter()
        .any(|word| name.starts_with(word))
}
