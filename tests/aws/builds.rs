//! Builds: started in a real project, and found and judged as CodeBuild once answered.

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_sdk_codebuild::types::{
    ArtifactsType, ComputeType, EnvironmentType, ProjectArtifacts, ProjectEnvironment, ProjectSource,
    SourceType,
};
use serde_json::{Value, json};
use spa::cloud::aws::baseline::Baseline;
use spa::cloud::aws::builds::{Builds, Starter, TOKEN_VARIABLE};
use spa::cloud::{BuildOrder, Builds as _};
use state_machine::{
    AccountId, BuildFinding, BuildId, BuildOutcome, FailureKind, TaskKind, Token, Unreadable,
};

use crate::scripted::{self, Exchange, Script};
use crate::{At, account, at, baseline, block_on, once, owed, peers};

const NOW: &str = "2026-11-20T18:00:00Z";
const PROJECT: &str = "SpaProjectForAccountPurge";
const OURS: &str = "SpaMember/spa-on-expired-account-111122223333";
const TOKEN: &str = "8a3c2f5e-1111-5222-8333-944445555666";

fn builds(config: &SdkConfig) -> Builds<impl Fn(AccountId) -> SdkConfig + Clone + use<>, At> {
    let config = config.clone();
    let members = move |_| config.clone();
    Builds::new(members, once(), Starter::new("SpaMember"), At(at(NOW)))
}

fn order() -> BuildOrder {
    BuildOrder {
        buildspec: "version: 0.2".into(),
        variables: vec![
            ("BUDGET_AMOUNT".into(), "500.0".into()),
            (TOKEN_VARIABLE.into(), "a token that somebody wrote into the settings".into()),
        ],
    }
}

/// The project for preparations, as the baseline would make it.
async fn project(config: &SdkConfig, id: AccountId) {
    let source = ProjectSource::builder().r#type(SourceType::NoSource).buildspec("version: 0.2").build();
    let environment = ProjectEnvironment::builder()
        .r#type(EnvironmentType::LinuxContainer)
        .image("aws/codebuild/amazonlinux-x86_64-standard:5.0")
        .compute_type(ComputeType::BuildGeneral1Small)
        .build();
    aws_sdk_codebuild::Client::new(config)
        .create_project()
        .name(TaskKind::Preparation.project())
        .source(source.unwrap())
        .artifacts(ProjectArtifacts::builder().r#type(ArtifactsType::NoArtifacts).build().unwrap())
        .environment(environment.unwrap())
        .service_role(format!("arn:aws:iam::{id}:role/spa/builds"))
        .send()
        .await
        .unwrap();
}

#[test]
fn a_build_starts_in_its_project_and_a_missing_project_is_told() {
    let guest = peers::guest();
    let config = guest.config();
    let id = account(guest.account());
    block_on(async {
        let failure = builds(&config).start(owed::preparation(id), &order()).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Missing, "{failure}");

        project(&config, id).await;
        let build = builds(&config).start(owed::preparation(id), &order()).await.unwrap();
        assert_eq!(build.project(), TaskKind::Preparation.project());
        // The guest is no role of ours, so this build is foreign.
        assert_eq!(builds(&config).look_up(id, &build).await, BuildFinding::NotFound);
        let other = owed::preparation(id).token();
        assert_eq!(builds(&config).find(id, TaskKind::Preparation, other).await, Ok(None));
    });
}

#[test]
fn a_build_that_our_role_started_is_found_and_believed() {
    let guest = peers::guest();
    let id = account(guest.account());
    let roles = aws_sdk_sts::Client::new(&guest.config());
    block_on(async {
        project(&guest.config(), id).await;
        let arn = format!("arn:aws:iam::{id}:role/SpaMember");
        let role = roles.assume_role().role_arn(arn).role_session_name("spa-on-expired-account").send();
        let role = role.await.unwrap().credentials.unwrap();
        let token = Some(role.session_token().to_owned());
        let credentials =
            Credentials::new(role.access_key_id(), role.secret_access_key(), token, None, "role");
        let builds = builds(&peers::moto().config(credentials));
        let warrant = owed::preparation(id);
        let token = warrant.token();
        let build = builds.start(warrant, &order()).await.unwrap();
        let succeeded = BuildFinding::Ended(BuildOutcome::Succeeded);
        assert_eq!(builds.look_up(id, &build).await, succeeded);
        assert_eq!(builds.find(id, TaskKind::Preparation, token).await, Ok(Some(build)));
        let other = Token::parse(TOKEN).unwrap();
        assert_eq!(builds.find(id, TaskKind::Preparation, other).await, Ok(None));
    });
}

#[test]
fn a_build_is_started_with_what_the_order_says_and_with_its_token() {
    let build = json!({ "build": { "id": "SpaProjectForAccountPreparation:0a1b2c3d" } });
    let script = Script::new([scripted::json("StartBuild", &build)]);
    let warrant = owed::preparation(account("111122223333"));
    let token = warrant.token().to_string();
    let started = block_on(builds(&script.config()).start(warrant, &order())).unwrap();
    assert_eq!(started.as_str(), "SpaProjectForAccountPreparation:0a1b2c3d");
    let sent: Value = serde_json::from_str(&script.sent("StartBuild")).unwrap();
    let expected = json!({
        "projectName": "SpaProjectForAccountPreparation",
        "sourceTypeOverride": "NO_SOURCE",
        "buildspecOverride": "version: 0.2",
        "idempotencyToken": token,
        "environmentVariablesOverride": [
            { "name": "BUDGET_AMOUNT", "value": "500.0", "type": "PLAINTEXT" },
            { "name": "SPA_TOKEN", "value": token, "type": "PLAINTEXT" },
        ],
    });
    assert_eq!(sent, expected);
}

#[test]
fn a_refused_start_says_what_follows_from_it() {
    let assume = "CodeBuild is not authorized to perform: sts:AssumeRole on arn:aws:iam::111122223333:role/x";
    for (code, message, kind) in [
        (
            "AccountLimitExceededException",
            "Cannot have more than 1 builds in queue",
            FailureKind::LimitReached,
        ),
        ("ResourceNotFoundException", "Project cannot be found", FailureKind::Missing),
        ("InvalidInputException", "YAML_FILE_ERROR", FailureKind::Rejected),
        ("InvalidInputException", assume, FailureKind::Busy),
    ] {
        let script = Script::new([scripted::refused("StartBuild", code, message)]);
        let warrant = owed::preparation(account("111122223333"));
        let failure = block_on(builds(&script.config()).start(warrant, &order())).unwrap_err();
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.message.contains(message), "{failure}");
    }
}

#[test]
fn an_answer_that_names_no_build_of_ours_is_uncertain() {
    for answer in [json!({}), json!({ "build": { "id": "Other:0a1b" } }), json!({ "build": { "id": "x" } })] {
        let script = Script::new([scripted::json("StartBuild", &answer)]);
        let warrant = owed::preparation(account("111122223333"));
        let failure = block_on(builds(&script.config()).start(warrant, &order())).unwrap_err();
        assert!(failure.kind.is_uncertain(), "{failure}");
    }
}

/// A project that is missing although the stack stands: the baseline is put there anew, once an hour at most.
#[test]
fn a_missing_project_is_put_there_anew() {
    let missing = scripted::refused("StartBuild", "ResourceNotFoundException", "Project cannot be found");
    let stack = |status: &str, changed: &str| {
        scripted::xml("DescribeStacks", &baseline::stack(status, changed, "", ""))
    };
    let delete = || scripted::xml("DeleteStack", "");
    let absent = scripted::xml_refused(
        "DescribeStacks",
        "ValidationError",
        "Stack with id SpaBaseline does not exist",
    );
    let long_ago = "2026-10-01T00:00:00Z";
    let cases: [(Vec<Exchange>, FailureKind); 5] = [
        (vec![stack("CREATE_COMPLETE", long_ago), delete()], FailureKind::Busy),
        (vec![stack("CREATE_COMPLETE", "2026-11-20T17:30:00Z")], FailureKind::Missing),
        (vec![stack("UPDATE_IN_PROGRESS", long_ago)], FailureKind::Busy),
        (vec![stack("ROLLBACK_COMPLETE", long_ago)], FailureKind::Missing),
        (vec![absent], FailureKind::Busy),
    ];
    for (exchanges, kind) in cases {
        let number = exchanges.len() + 1;
        let script = Script::new([missing.clone()].into_iter().chain(exchanges));
        let config = script.config();
        let members = move |_| config.clone();
        let clock = At(at(NOW));
        let baseline = Baseline::new(members.clone(), once(), baseline::blueprint(), clock);
        let builds = Builds::new(members, once(), Starter::new("SpaMember"), clock).with(baseline);
        let warrant = owed::preparation(account("111122223333"));
        let failure = block_on(builds.start(warrant, &order())).unwrap_err();
        assert_eq!(failure.kind, kind, "{failure}");
        assert_eq!(script.called().len(), number, "{:?}", script.called());
    }
}

fn build(number: usize, initiator: &str, token: &str, started: &str) -> Value {
    let seconds = at(started).as_millis() / 1_000;
    json!({
        "id": format!("{PROJECT}:{number:08}"),
        "projectName": PROJECT,
        "initiator": initiator,
        "buildStatus": "SUCCEEDED",
        "startTime": seconds,
        "environment": {
            "type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{ "name": "SPA_TOKEN", "value": token, "type": "PLAINTEXT" }],
        },
    })
}

fn list(ids: &[Value], next: Option<&str>) -> Exchange {
    let ids: Vec<&Value> = ids.iter().map(|build| &build["id"]).collect();
    scripted::json("ListBuildsForProject", &json!({ "ids": ids, "nextToken": next }))
}

fn get(builds: &[Value]) -> Exchange {
    scripted::json("BatchGetBuilds", &json!({ "builds": builds, "buildsNotFound": [] }))
}

fn found(exchanges: Vec<Exchange>) -> Result<Option<String>, Unreadable> {
    let number = exchanges.len();
    let script = Script::new(exchanges);
    let found = block_on(builds(&script.config()).find(
        account("111122223333"),
        TaskKind::Purge,
        Token::parse(TOKEN).unwrap(),
    ));
    assert_eq!(script.called().len(), number, "{:?}", script.called());
    found.map(|found| found.map(|build| build.to_string()))
}

#[test]
fn a_build_is_found_by_its_token_when_we_have_started_it() {
    let today = "2026-11-20T10:00:00Z";
    let ours = build(1, OURS, TOKEN, today);
    let other = build(2, OURS, "another token", today);
    let copied = build(3, "HolderRole/spa-me", TOKEN, today);
    let old = build(4, OURS, "another token", "2026-10-01T10:00:00Z");
    let id = format!("{PROJECT}:00000001");

    let one = vec![other.clone(), copied.clone(), ours.clone()];
    assert_eq!(found(vec![list(&one, None), get(&one)]), Ok(Some(id.clone())));
    // A holder reads the token in the build, and starts another one with it.
    assert_eq!(found(vec![list(std::slice::from_ref(&copied), None), get(&[copied])]), Ok(None));
    // On the second page; the first may be empty.
    let second = [ours];
    assert_eq!(found(vec![list(&[], Some("2")), list(&second, None), get(&second)]), Ok(Some(id)));
    // Not looked for among builds of long ago.
    let long_ago = [other.clone(), old];
    assert_eq!(found(vec![list(&long_ago, Some("2")), get(&long_ago)]), Ok(None));
    assert_eq!(found(vec![list(&[], None)]), Ok(None));
    let refused = |code| scripted::refused("ListBuildsForProject", code, "no");
    assert_eq!(found(vec![refused("ResourceNotFoundException")]), Ok(None));
    assert!(found(vec![refused("AccessDeniedException")]).is_err());
    assert!(
        found(vec![list(std::slice::from_ref(&other), None), scripted::refused("BatchGetBuilds", "X", "")])
            .is_err()
    );
    // More builds than anybody can look through: nobody knows.
    let flood = (0..10)
        .flat_map(|_| [list(std::slice::from_ref(&other), Some("more")), get(std::slice::from_ref(&other))]);
    assert_eq!(found(flood.collect()), Err(Unreadable::Failed));
}

#[test]
fn a_foreign_build_never_counts() {
    let ours = build(1, OURS, TOKEN, NOW);
    let with = |member: &str, value: &str| {
        let mut build = ours.clone();
        build[member] = value.into();
        build
    };
    let without = |member: &str| {
        let mut build = ours.clone();
        build.as_object_mut().unwrap().remove(member);
        build
    };
    let lost = json!({ "builds": [], "buildsNotFound": [format!("{PROJECT}:00000001")] });
    let one = |build: Value| json!({ "builds": [build], "buildsNotFound": [] });
    for (case, answer, finding) in [
        ("ours", one(ours.clone()), BuildFinding::Ended(BuildOutcome::Succeeded)),
        ("running", one(with("buildStatus", "IN_PROGRESS")), BuildFinding::InProgress),
        ("failed", one(with("buildStatus", "FAILED")), BuildFinding::Ended(BuildOutcome::Failed)),
        ("a user's", one(with("initiator", "alice")), BuildFinding::NotFound),
        ("another role's", one(with("initiator", "Holder/spa-on-expired")), BuildFinding::NotFound),
        ("our role in another session", one(with("initiator", "SpaMember/alice")), BuildFinding::NotFound),
        ("a pipeline's", one(with("initiator", "codepipeline/spa-x")), BuildFinding::NotFound),
        ("nobody's", one(without("initiator")), BuildFinding::NotFound),
        ("another project's", one(with("projectName", "Other")), BuildFinding::NotFound),
        (
            "another one",
            one(with("id", "SpaProjectForAccountPurge:2")),
            BuildFinding::Unreadable(Unreadable::Failed),
        ),
        (
            "an odd status",
            one(with("buildStatus", "PONDERING")),
            BuildFinding::Unreadable(Unreadable::Failed),
        ),
        ("no status", one(without("buildStatus")), BuildFinding::Unreadable(Unreadable::Failed)),
        ("unknown", lost, BuildFinding::NotFound),
        ("nothing at all", json!({}), BuildFinding::Unreadable(Unreadable::Failed)),
    ] {
        let script = Script::new([scripted::json("BatchGetBuilds", &answer)]);
        let build: BuildId = format!("{PROJECT}:00000001").parse().unwrap();
        let found = block_on(builds(&script.config()).look_up(account("111122223333"), &build));
        assert_eq!(found, finding, "{case}");
    }
    let script = Script::new([scripted::refused("BatchGetBuilds", "AccessDeniedException", "no")]);
    let build: BuildId = format!("{PROJECT}:00000001").parse().unwrap();
    let found = block_on(builds(&script.config()).look_up(account("111122223333"), &build));
    assert!(matches!(found, BuildFinding::Unreadable(_)), "{found:?}");
}
