//! CodeBuild in the member accounts.
//!
//! A holder is administrator there, and may start builds of our projects, or give projects of their own our names. So
//! a build is ours only when CodeBuild says all of this of it: the identifier, the project, and that the role which
//! only this system assumes has started it ([`Starter`]).

mod finding;
mod starter;

pub use starter::Starter;

use aws_sdk_codebuild::Client;
use aws_sdk_codebuild::operation::start_build::builders::StartBuildFluentBuilder;
use aws_sdk_codebuild::types::{
    Build, EnvironmentVariable, EnvironmentVariableType, ProjectEnvironment, SortOrderType, SourceType,
};
use chrono::TimeDelta;
use state_machine::{
    AccountId, BuildFinding, BuildId, Effect, Failure, FailureKind, TaskKind, Timestamp, Token, Unreadable,
    Warrant,
};

use super::baseline::Baseline;
use super::call::CallError;
use super::governor::{Governor, Lane};
use super::members::Members;
use crate::cloud::{BuildOrder, Clock};

/// The variable that carries the token into the build. CodeBuild itself knows a token for five minutes and tells
/// nobody: <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html>.
pub const TOKEN_VARIABLE: &str = "SPA_TOKEN";

/// Builds that were started longer ago are not looked through for a token. Whether a start happened is asked when a
/// claim on it ran out, minutes later, and from quarantine, a week later at most.
const HORIZON: TimeDelta = TimeDelta::days(30);

/// At most so many pages of a hundred builds are looked through. A thousand builds of one project within the horizon
/// are not ours: we start one at a time, and a few a week.
const PAGES: usize = 10;

/// Builds of the two projects in every managed account.
#[derive(Clone, Debug)]
pub struct Builds<M, C> {
    members: M,
    governor: Governor,
    starter: Starter,
    clock: C,
    baseline: Option<Baseline<M, C>>,
}

impl<M: Members, C: Clock> Builds<M, C> {
    /// Builds in the accounts that `members` reaches, started by `starter`.
    pub const fn new(members: M, governor: Governor, starter: Starter, clock: C) -> Self {
        Self { members, governor, starter, clock, baseline: None }
    }

    /// The same, with the baseline that the projects belong to: when a project is missing, it is put there anew.
    #[must_use]
    pub fn with(self, baseline: Baseline<M, C>) -> Self {
        Self { baseline: Some(baseline), ..self }
    }

    /// The failure of a start, for which something may be done.
    async fn refused(&self, account: AccountId, failure: Failure) -> Failure {
        match &self.baseline {
            Some(baseline) if failure.kind == FailureKind::Missing => {
                baseline.replace(account, failure).await
            }
            Some(_) | None => failure,
        }
    }

    fn client(&self, account: AccountId) -> Client {
        Client::new(&self.members.config(account))
    }

    /// What CodeBuild knows of these builds, and whether it answered that it does not know one.
    async fn get(&self, client: &Client, account: AccountId, ids: &[String]) -> Result<Got, CallError> {
        let request = client.batch_get_builds().set_ids(Some(ids.to_vec()));
        let answer = self
            .governor
            .call(Lane::Builds, "codebuild:BatchGetBuilds", Some(account), || request.clone().send())
            .await?;
        Ok(Got {
            builds: answer.builds.unwrap_or_default(),
            not_found: answer.builds_not_found.unwrap_or_default(),
        })
    }

    /// Whether the build is one of this project, started by us.
    fn is_ours(&self, build: &Build, project: &str) -> bool {
        build.project_name() == Some(project)
            && build.initiator().is_some_and(|initiator| self.starter.is(initiator))
    }
}

/// An answer of `BatchGetBuilds`.
struct Got {
    builds: Vec<Build>,
    not_found: Vec<String>,
}

impl<M: Members, C: Clock> crate::cloud::Builds for Builds<M, C> {
    async fn start(&self, warrant: Warrant, order: &BuildOrder) -> Result<BuildId, Failure> {
        let Effect::StartBuild { task, .. } = *warrant.effect() else {
            return Err(rejected("this warrant is not for a build"));
        };
        let account = warrant.account();
        let request = request(&self.client(account), task, warrant.token(), order)?;
        let answer = self
            .governor
            .call(Lane::Builds, "codebuild:StartBuild", Some(account), || request.clone().send())
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Err(self.refused(account, refused(&error, task)).await),
        };
        let named = answer.build_value().and_then(Build::id).and_then(|id| id.parse::<BuildId>().ok());
        // It may have started all the same: then it is found by its token.
        named.filter(|build| build.project() == task.project()).ok_or_else(|| Failure {
            kind: FailureKind::Unavailable,
            message: "codebuild:StartBuild: the answer names no build of the project".into(),
        })
    }

    /// When the project is not there, no build of it waits for anything, and none is found.
    ///
    /// Only builds of the last thirty days are looked through, newest first. When there are more than a thousand of
    /// them, somebody else started most, and nobody knows whether ours is behind them.
    async fn find(
        &self,
        account: AccountId,
        kind: TaskKind,
        token: Token,
    ) -> Result<Option<BuildId>, Unreadable> {
        let client = self.client(account);
        let (token, oldest) = (token.to_string(), self.clock.now() - HORIZON);
        let mut page = None;
        for _ in 0..PAGES {
            let request = client
                .list_builds_for_project()
                .project_name(kind.project())
                .sort_order(SortOrderType::Descending)
                .set_next_token(page);
            let operation = "codebuild:ListBuildsForProject";
            let listed =
                self.governor.call(Lane::Builds, operation, Some(account), || request.clone().send());
            let listed = match listed.await {
                Ok(listed) => listed,
                Err(error) if error.is(NOT_FOUND) => return Ok(None),
                Err(error) => return Err(told(account, &error)),
            };
            for ids in listed.ids().chunks(100) {
                let got = self.get(&client, account, ids).await.map_err(|error| told(account, &error))?;
                let ours = |build: &&Build| self.is_ours(build, kind.project()) && carries(build, &token);
                if let Some(build) = got.builds.iter().find(ours) {
                    let id = build.id().and_then(|id| id.parse().ok());
                    return id.map(Some).ok_or(Unreadable::Failed);
                }
                if got.builds.iter().any(|build| started(build).is_some_and(|at| at < oldest)) {
                    return Ok(None);
                }
            }
            page = listed.next_token;
            if page.is_none() {
                return Ok(None);
            }
        }
        tracing::warn!(%account, project = kind.project(), "so many builds that ours cannot be found among them");
        Err(Unreadable::Failed)
    }

    /// A build that somebody else started, or that runs in another project, is none of ours whatever it is called: it
    /// is as if CodeBuild did not know ours, and nothing that it says of itself counts.
    async fn look_up(&self, account: AccountId, build: &BuildId) -> BuildFinding {
        let id = build.to_string();
        let got = match self.get(&self.client(account), account, std::slice::from_ref(&id)).await {
            Ok(got) => got,
            Err(error) => return BuildFinding::Unreadable(told(account, &error)),
        };
        match got.builds.iter().find(|found| found.id() == Some(&id)) {
            Some(found) if self.is_ours(found, build.project()) => finding::of(found.build_status()),
            Some(found) => {
                let initiator = found.initiator();
                tracing::warn!(%account, %build, initiator, "somebody else's build does not count");
                BuildFinding::NotFound
            }
            None if got.not_found.contains(&id) => BuildFinding::NotFound,
            None => BuildFinding::Unreadable(Unreadable::Failed),
        }
    }
}

const NOT_FOUND: &str = "ResourceNotFoundException";

fn request(
    client: &Client,
    task: TaskKind,
    token: Token,
    order: &BuildOrder,
) -> Result<StartBuildFluentBuilder, Failure> {
    let token = token.to_string();
    let said = order.variables.iter().map(|(name, value)| (&**name, &**value));
    // Nobody's settings may say another token.
    let said = said.filter(|(name, _)| *name != TOKEN_VARIABLE).chain([(TOKEN_VARIABLE, token.as_str())]);
    let variables: Result<Vec<_>, _> = said
        .map(|(name, value)| {
            let kind = EnvironmentVariableType::Plaintext;
            EnvironmentVariable::builder().name(name).value(value).r#type(kind).build()
        })
        .collect();
    let variables = variables.map_err(|error| rejected(&error.to_string()))?;
    Ok(client
        .start_build()
        .project_name(task.project())
        // Whatever became of the project's own source.
        .source_type_override(SourceType::NoSource)
        .buildspec_override(&*order.buildspec)
        .set_environment_variables_override(Some(variables))
        .idempotency_token(token))
}

/// Why a build was not started.
fn refused(error: &CallError, task: TaskKind) -> Failure {
    let failure = error.failure();
    match error.code.as_deref() {
        Some("AccountLimitExceededException") => Failure { kind: FailureKind::LimitReached, ..failure },
        Some(NOT_FOUND) => Failure {
            kind: FailureKind::Missing,
            message: format!("{error}; the baseline of the account should hold {}", task.project()).into(),
        },
        // IAM needs a while until everybody knows a new role; a role that somebody broke is seen as drift.
        Some("InvalidInputException") if error.message.contains("sts:AssumeRole") => {
            Failure { kind: FailureKind::Busy, ..failure }
        }
        Some("InvalidInputException") => Failure { kind: FailureKind::Rejected, ..failure },
        Some(_) | None => failure,
    }
}

fn rejected(message: &str) -> Failure {
    Failure { kind: FailureKind::Rejected, message: message.into() }
}

fn told(account: AccountId, error: &CallError) -> Unreadable {
    tracing::warn!(%account, %error, "builds could not be read");
    error.unreadable()
}

fn carries(build: &Build, token: &str) -> bool {
    let variables = build.environment().map(ProjectEnvironment::environment_variables);
    variables
        .unwrap_or_default()
        .iter()
        .any(|variable| variable.name() == TOKEN_VARIABLE && variable.value() == token)
}

fn started(build: &Build) -> Option<Timestamp> {
    let millis = build.start_time()?.to_millis().ok()?;
    Timestamp::from_millis(millis).ok()
}
