//! The system, deployed: an organization, its settings, the journal's table, and the functions.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_cloudformation::types::StackStatus;
use aws_sdk_codebuild::types::{
    ArtifactsType, ComputeType, EnvironmentType, ProjectArtifacts, ProjectEnvironment, ProjectSource,
    SourceType,
};
use aws_sdk_organizations::types::Tag;
use serde_json::Value;
use spa::cloud::aws::governor::Governor;
use spa::event::{Handler, Trust};
use spa::journal::Journal as _;
use spa::journal::dynamodb::{DynamoJournal, table};
use spa::settings::{Settings, load_text};
use state_machine::{AccountId, Fact, Record, State, TaskKind, Version};

use crate::fixtures;
pub use crate::founding::block_on;
use crate::founding::put_settings;
use crate::ministack::{MiniStack, REGION};
use crate::template::{self, BUCKET, KEY, TABLE};
use crate::wait::until;

/// The system, deployed once for all tests. Each test has accounts of its own.
pub struct Deployment {
    pub peer: MiniStack,
    pub trust: Trust,
    root: String,
    unit: String,
}

/// The one of this test binary.
#[expect(clippy::print_stderr, reason = "shown when the test fails")]
pub fn deployment() -> &'static Deployment {
    static DEPLOYMENT: OnceLock<Deployment> = OnceLock::new();
    let deployment = DEPLOYMENT.get_or_init(|| block_on(Deployment::deploy()));
    eprintln!("the log of MiniStack and its functions is {}", deployment.peer.log().display());
    deployment
}

/// Tags were written.
pub fn is_written(fact: &Fact) -> Option<()> {
    matches!(fact, Fact::TagsWritten { .. }).then_some(())
}

fn settings(trust: &Trust, unit: &str) -> String {
    let (automation, management) = (trust.automation_account, trust.management_account);
    format!(
        "
environment_identifier: {environment}
automation:
  account_id: '{automation}'
  region: {REGION}
  role_arn_to_manage_accounts: arn:aws:iam::{management}:role/SpaManagement
  role_name_to_manage_codebuild: SpaMember
worker:
  preparation_buildspec_template_file: buildspecs/prepare.yaml
  purge_buildspec_template_file: buildspecs/purge.yaml
lifecycle:
  effect_pauses: [1s]
  settle: 1s
defaults:
  account_tags: {{ cost-center: cc-42 }}
  preparation: {{ feature: enabled }}
  purge: {{ feature: enabled }}
organizational_units:
  - identifier: {unit}
",
        environment = trust.environment
    )
}

/// A sample event, as if it had happened to this account just now.
pub fn sample(name: &str, account: AccountId) -> Value {
    static EVENTS: AtomicU64 = AtomicU64::new(1);
    let text = fixtures::text(name).replace(&fixtures::member().to_string(), &account.to_string());
    let mut event: Value = serde_json::from_str(&text).unwrap();
    let number = EVENTS.fetch_add(1, Ordering::SeqCst);
    event["id"] = format!("6a7e8feb-b491-4cf7-a9f1-{number:012}").into();
    event
}

/// What CloudTrail tells of the tags that make an account `assigned`: for this state there is no sample but in a queue.
pub fn assigned(account: AccountId) -> Value {
    let event = sample("organizations-tag-released", account).to_string();
    serde_json::from_str(&event.replace("\"released\"", "\"assigned\"")).unwrap()
}

impl Deployment {
    async fn deploy() -> Self {
        let (peer, trust) = (MiniStack::start(), fixtures::trust());
        let organizations = aws_sdk_organizations::Client::new(&peer.config(trust.management_account));
        let roots = organizations.list_roots().send().await.unwrap();
        let root = roots.roots()[0].id().unwrap().to_owned();
        let unit = organizations.create_organizational_unit().parent_id(&root).name("sandboxes");
        let unit = unit.send().await.unwrap().organizational_unit.unwrap().id.unwrap();
        let deployment = Self { peer, trust, root, unit };
        // What the product itself makes is made by it: the table, and the names and texts of the parameters.
        let own = deployment.peer.config(deployment.trust.automation_account);
        table::create(&aws_sdk_dynamodb::Client::new(&own), &Governor::default(), TABLE).await.unwrap();
        let settings = deployment.settings();
        put_settings(&deployment.peer.config(deployment.trust.automation_account), &settings).await;
        let program = env!("CARGO_BIN_EXE_bootstrap");
        deployment.peer.package(program, BUCKET, KEY, deployment.trust.automation_account);
        deployment.create_stack(&settings).await;
        deployment
    }

    fn settings(&self) -> Settings {
        let text = settings(&self.trust, &self.unit);
        let loaded = load_text("settings.yaml", &text, Path::new(env!("CARGO_MANIFEST_DIR")));
        loaded.settings.unwrap_or_else(|| panic!("{}", loaded.report.render(false)))
    }

    async fn create_stack(&self, settings: &Settings) {
        let client = aws_sdk_cloudformation::Client::new(&self.peer.config(self.trust.automation_account));
        let template = template::whole(&self.trust, settings).to_string();
        client.create_stack().stack_name("Spa").template_body(template).send().await.unwrap();
        until(&self.peer, "the stack", async || {
            let described = client.describe_stacks().stack_name("Spa").send().await.unwrap();
            let stack = &described.stacks()[0];
            match stack.stack_status().unwrap() {
                StackStatus::CreateComplete => Some(()),
                StackStatus::CreateInProgress => None,
                other => panic!("{other}: {:?}", stack.stack_status_reason()),
            }
        })
        .await;
    }

    /// A new account in the managed unit. Nothing is in it yet.
    pub async fn account(&self) -> AccountId {
        static ACCOUNTS: AtomicU64 = AtomicU64::new(1);
        let name = format!("holder-{}", ACCOUNTS.fetch_add(1, Ordering::SeqCst));
        let organizations = self.organizations();
        let request = organizations.create_account().email(format!("{name}@example.com")).account_name(name);
        let account = request.send().await.unwrap().create_account_status.unwrap().account_id.unwrap();
        let moved = organizations.move_account().account_id(&account).source_parent_id(&self.root);
        moved.destination_parent_id(&self.unit).send().await.unwrap();
        account.parse().unwrap()
    }

    /// Makes the build project of this kind in an account, which is the baseline's business.
    pub async fn project(&self, account: AccountId, kind: TaskKind) {
        let client = aws_sdk_codebuild::Client::new(&self.peer.config(account));
        let environment = ProjectEnvironment::builder()
            .r#type(EnvironmentType::LinuxContainer)
            .compute_type(ComputeType::BuildGeneral1Small)
            .image("aws/codebuild/standard:7.0");
        let project = client
            .create_project()
            .name(kind.project())
            .source(
                ProjectSource::builder()
                    .r#type(SourceType::NoSource)
                    .buildspec("version: 0.2")
                    .build()
                    .unwrap(),
            )
            .artifacts(ProjectArtifacts::builder().r#type(ArtifactsType::NoArtifacts).build().unwrap())
            .environment(environment.build().unwrap())
            .service_role(format!("arn:aws:iam::{account}:role/SpaBuilds"));
        project.send().await.unwrap();
    }

    /// Puts an event on the bus of the automation account.
    pub fn deliver(&self, event: &Value) {
        self.peer.deliver(event, self.trust.automation_account);
    }

    /// What the state tag of an account says.
    pub async fn state(&self, account: AccountId) -> Option<State> {
        let tags =
            self.organizations().list_tags_for_resource().resource_id(account.to_string()).send().await;
        let tags = tags.unwrap();
        let state = tags.tags().iter().find(|tag| tag.key() == fixtures::STATE_KEY).map(Tag::value);
        State::ALL.into_iter().find(|known| Some(known.as_str()) == state)
    }

    /// Waits until the state tag of an account says this.
    pub async fn until_state(&self, account: AccountId, state: State) {
        until(&self.peer, state.as_str(), async || (self.state(account).await == Some(state)).then_some(()))
            .await;
    }

    /// Sets the state tag of an account, as an operator does.
    pub async fn tag(&self, account: AccountId, state: State) {
        let tag = Tag::builder().key(fixtures::STATE_KEY).value(state.as_str()).build().unwrap();
        let request = self.organizations().tag_resource().resource_id(account.to_string()).tags(tag);
        request.send().await.unwrap();
    }

    fn organizations(&self) -> aws_sdk_organizations::Client {
        aws_sdk_organizations::Client::new(&self.peer.config(self.trust.management_account))
    }

    /// The journal that the functions write.
    pub fn journal(&self) -> DynamoJournal {
        let own = self.peer.config(self.trust.automation_account);
        DynamoJournal::new(aws_sdk_dynamodb::Client::new(&own), Governor::default(), TABLE)
    }

    /// What the journal holds of an account, once there is such a fact in it.
    pub async fn once<T>(
        &self,
        what: &str,
        account: AccountId,
        is: impl Fn(&Fact) -> Option<T>,
    ) -> (T, Vec<Record>) {
        let journal = self.journal();
        until(&self.peer, what, async || {
            let records = journal.history(account, Version::default(), 1_000).await.unwrap();
            let found = records.iter().find_map(|record| is(&record.fact));
            found.map(|found| (found, records))
        })
        .await
    }

    /// Such lines of what a function has written, once there are so many of them.
    pub async fn lines(&self, handler: Handler, count: usize, is: impl Fn(&Value) -> bool) -> Vec<Value> {
        let function = template::name(&self.trust.environment, handler);
        until(&self.peer, &format!("{count} such lines of {function}"), async || {
            let lines = self.peer.lines(&function, self.trust.automation_account);
            let lines = lines.iter().filter_map(|line| serde_json::from_str(line).ok());
            let lines: Vec<Value> = lines.filter(|line| is(line)).collect();
            (lines.len() >= count).then_some(lines)
        })
        .await
    }
}
