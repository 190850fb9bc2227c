//! The baseline: made from the template by an independent CloudFormation, and led through every state of a stack.

use std::collections::{BTreeMap, BTreeSet};

use aws_config::SdkConfig;
use serde_json::Value;
use spa::cloud::Baseline as _;
use spa::cloud::aws::baseline::{Architecture, Baseline, Blueprint, HASH_TAG, STACK, TEMPLATE};
use spa::event::{Handler, patterns};
use state_machine::{AccountId, Failure, FailureKind, TaskKind};

use crate::scripted::{Exchange, Script, xml, xml_refused};
use crate::{At, account, at, block_on, once, peers, trust};

const NOW: &str = "2026-11-20T18:00:00Z";

pub fn blueprint() -> Blueprint {
    Blueprint {
        environment: "SpaDemo".into(),
        automation_account: account("123456789012"),
        automation_region: "eu-west-1".into(),
        bus: "arn:aws:events:eu-west-1:123456789012:event-bus/default".into(),
        organization: "o-abcdefghij".into(),
        architecture: Architecture::X86,
        timeout_minutes: 480,
        log_retention_days: 90,
        additional_policies: Vec::new(),
    }
}

fn baseline(config: &SdkConfig) -> Baseline<impl Fn(AccountId) -> SdkConfig + use<>, At> {
    let config = config.clone();
    Baseline::new(move |_| config.clone(), once(), blueprint(), At(at(NOW)))
}

/// What `DescribeStacks` says of a stack that was made from the blueprint; `drift` and `hash` may say otherwise.
pub fn stack(status: &str, changed: &str, drift: &str, hash: &str) -> String {
    let parameters: Vec<String> = blueprint()
        .parameters()
        .into_iter()
        .chain([("AlertTopicHandling", "keep".to_owned())])
        .map(|(name, value)| {
            format!(
                "<member><ParameterKey>{name}</ParameterKey><ParameterValue>{value}</ParameterValue></member>"
            )
        })
        .collect();
    let parameters = parameters.concat();
    let hash = if hash.is_empty() { blueprint().hash() } else { hash.to_owned() };
    format!(
        "<Stacks><member><StackName>{STACK}</StackName><StackId>s</StackId>\
         <CreationTime>2026-01-01T00:00:00Z</CreationTime><LastUpdatedTime>{changed}</LastUpdatedTime>\
         <StackStatus>{status}</StackStatus><Parameters>{parameters}</Parameters>\
         <DriftInformation>{drift}</DriftInformation>\
         <Tags><member><Key>{HASH_TAG}</Key><Value>{hash}</Value></member></Tags></member></Stacks>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn the_template_is_put_into_an_account_once_and_then_costs_one_read() {
    let guest = peers::guest();
    let config = guest.config();
    let member = account(guest.account());
    let baseline = baseline(&config);
    block_on(async {
        let failure = baseline.ensure(member, None).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Busy, "{failure}");
        let calls = guest.calls().len();
        baseline.ensure(member, None).await.unwrap();
        let after: Vec<String> = guest.calls().split_off(calls);
        assert_eq!(after[0], "cloudformation:DescribeStacks", "{after:?}");

        let projects = aws_sdk_codebuild::Client::new(&config).list_projects().send().await.unwrap();
        let mut names = projects.projects().to_vec();
        names.sort();
        assert_eq!(names, TaskKind::ALL.map(TaskKind::project));

        // The rules forward what the automation account's rules wait for.
        let rules = aws_sdk_eventbridge::Client::new(&config);
        let wanted = patterns(&trust(), "account-state");
        for (rule, handlers) in [
            ("SpaEventsRuleForCodebuild", vec![Handler::OnPreparedAccount, Handler::OnPurgedAccount]),
            ("SpaEventsRuleForConsoleLogin", vec![Handler::OnConsoleLogin]),
        ] {
            let described = rules.describe_rule().name(rule).send().await.unwrap();
            let forwarded: Value = serde_json::from_str(described.event_pattern().unwrap()).unwrap();
            for (_, pattern) in wanted.iter().filter(|(handler, _)| handlers.contains(handler)) {
                covers(&forwarded, pattern);
            }
            let targets = rules.list_targets_by_rule().rule(rule).send().await.unwrap();
            assert_eq!(targets.targets().len(), 1);
            assert_eq!(targets.targets()[0].arn(), &*blueprint().bus);
        }
    });
}

/// `delete-stack` as IAM names it: `DeleteStack`.
fn camel(kebab: &str) -> String {
    let words = kebab.split('-').map(|word| match word {
        "db" => "DB".to_owned(),
        word => word[..1].to_ascii_uppercase() + &word[1..],
    });
    words.collect()
}

/// What the calls of a buildspec need: each pair of words that is a service and one of its operations.
fn needed(buildspec: &str) -> BTreeSet<String> {
    let script: String = buildspec
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .fold(String::new(), |script, line| script + line.trim_end_matches('\\') + " ");
    let words: Vec<&str> =
        script.split_whitespace().map(|word| word.trim_matches(|c| "()$\"';".contains(c))).collect();
    let mut needed = BTreeSet::new();
    for pair in words.windows(2) {
        let operation =
            pair[1].contains('-') && pair[1].bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if !operation || pair[1].starts_with('-') {
            continue;
        }
        match pair[0] {
            "budgets" if pair[1].starts_with("describe-") => needed.insert("budgets:ViewBudget".to_owned()),
            "budgets" => needed.insert("budgets:ModifyBudget".to_owned()),
            // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
            "s3control" => needed.insert(format!("s3:{}", camel(pair[1]).replace("Public", "AccountPublic"))),
            service @ ("account" | "autoscaling" | "cloudformation" | "ec2" | "events" | "iam" | "rds"
            | "redshift") => needed.insert(format!("{service}:{}", camel(pair[1]))),
            // `sts get-caller-identity` among them: whoever has credentials may ask whose they are.
            _ => false,
        };
    }
    needed
}

/// The build role may do what the buildspecs do, and nothing else but writing its log.
#[test]
fn the_build_role_may_do_what_the_buildspecs_do_and_no_more() {
    let role =
        TEMPLATE.split("\n  BuildRole:\n").nth(1).unwrap().split("\n  BuildBoundary:\n").next().unwrap();
    let policies = role.split("PolicyName: Preparation").nth(1).unwrap();
    let allowed: BTreeSet<String> = policies
        .lines()
        .filter(|line| !line.trim_start().starts_with('#') && !line.contains("arn:"))
        .flat_map(|line| line.split([' ', ',', '[', ']']))
        .filter(|word| {
            let name = word.split_once(':').map(|(service, name)| (service.len() > 1, name));
            name.is_some_and(|(service, name)| service && name.starts_with(|c: char| c.is_ascii_uppercase()))
        })
        .map(str::to_owned)
        .collect();
    let buildspecs = ["buildspecs/prepare.yaml", "buildspecs/purge.yaml"];
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let needed: BTreeSet<String> = buildspecs
        .iter()
        .flat_map(|file| needed(&std::fs::read_to_string(root.join(file)).unwrap()))
        .collect();
    assert!(needed.len() > 15, "{needed:?}");
    assert_eq!(allowed, needed);
    assert!(!TEMPLATE.contains("policy/AdministratorAccess"));
}

/// Whatever matches `pattern` of `aws.codebuild` or `aws.signin` matches `forwarded`.
fn covers(forwarded: &Value, pattern: &Value) {
    for (name, value) in forwarded.as_object().unwrap() {
        let Some(wanted) = pattern.get(name) else { panic!("{name} is not in {pattern}") };
        match (value, wanted) {
            (Value::Object(_), Value::Object(_)) => covers(value, wanted),
            (Value::Array(all), Value::Array(some)) => {
                assert!(some.iter().all(|one| all.contains(one)), "{name}: {some:?} in {all:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_the_predecessor_left_is_no_hindrance() {
    let guest = peers::guest();
    let config = guest.config();
    block_on(async {
        let rules = aws_sdk_eventbridge::Client::new(&config);
        let pattern = r#"{"source": ["aws.codebuild"]}"#;
        rules.put_rule().name("SpaEventsRuleForCodebuild").event_pattern(pattern).send().await.unwrap();
        let arn = "arn:aws:events:eu-west-1:123456789012:event-bus/default";
        let target = aws_sdk_eventbridge::types::Target::builder().id("SpaPhoneHome").arn(arn).build();
        let put = rules.put_targets().rule("SpaEventsRuleForCodebuild").targets(target.unwrap());
        put.send().await.unwrap();

        let failure = baseline(&config).ensure(account(guest.account()), None).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Busy, "{failure}");
        let described = rules.describe_rule().name("SpaEventsRuleForCodebuild").send().await.unwrap();
        assert!(described.event_pattern().unwrap().contains("TIMED_OUT"), "it is the stack's now");
    });
}

#[test]
fn a_stack_set_is_not_interfered_with() {
    let script = Script::new([]);
    let config = script.config();
    let baseline = Baseline::of_stack_set(move |_| config.clone(), once(), At(at(NOW)));
    let member = account("111122223333");
    assert_eq!(block_on(baseline.ensure(member, None)), Ok(None));
    let missing = Failure { kind: FailureKind::Missing, message: "no project".into() };
    assert_eq!(block_on(baseline.replace(member, missing.clone())), missing);
    assert!(script.called().is_empty());
}

fn drift(status: &str, checked: &str) -> String {
    format!("<StackDriftStatus>{status}</StackDriftStatus><LastCheckTimestamp>{checked}</LastCheckTimestamp>")
}

fn described(status: &str, changed: &str, drift: &str, hash: &str) -> Exchange {
    xml("DescribeStacks", &stack(status, changed, drift, hash))
}

/// A case: what CloudFormation answers, and the kind of failure with a word of it, or none.
type Case = (&'static str, Vec<Exchange>, Option<(FailureKind, &'static str)>);

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_state_of_a_stack_has_its_answer() {
    use FailureKind::{Busy, Denied, Missing};
    let (old, lately) = ("2026-10-01T00:00:00Z", "2026-11-20T17:50:00Z");
    let fresh = drift("IN_SYNC", "2026-11-20T17:00:00Z");
    let drifted = drift("DRIFTED", "2026-11-20T17:00:00Z");
    let template =
        |body: &str| xml("GetTemplate", &format!("<TemplateBody>{}</TemplateBody>", escaped(body)));
    let updated = || xml("UpdateStack", "<StackId>s</StackId>");
    let deleted = || xml("DeleteStack", "");
    let detected = || xml("DetectStackDrift", "<StackDriftDetectionId>d</StackDriftDetectionId>");
    let event = |resource: &str, status: &str, reason: &str| {
        format!(
            "<member><StackId>s</StackId><EventId>e</EventId><StackName>{STACK}</StackName>\
             <LogicalResourceId>{resource}</LogicalResourceId><ResourceStatus>{status}</ResourceStatus>\
             <ResourceStatusReason>{reason}</ResourceStatusReason><Timestamp>{old}</Timestamp></member>"
        )
    };
    let events = [
        event(STACK, "ROLLBACK_COMPLETE", ""),
        event("PurgeProject", "CREATE_FAILED", "Resource creation cancelled"),
        event("AlertTopic", "CREATE_FAILED", "SpaAlertTopic already exists"),
        event(STACK, "CREATE_IN_PROGRESS", "User Initiated"),
        event("BuildRole", "CREATE_FAILED", "an older story"),
    ];
    let events = xml("DescribeStackEvents", &format!("<StackEvents>{}</StackEvents>", events.concat()));
    let drifts = "<StackResourceDrifts><member><StackId>s</StackId><LogicalResourceId>BuildRole</LogicalResourceId>\
        <ResourceType>AWS::IAM::Role</ResourceType><StackResourceDriftStatus>MODIFIED</StackResourceDriftStatus>\
        <Timestamp>2026-11-20T17:00:00Z</Timestamp></member></StackResourceDrifts>";
    let refused = |operation, message| xml_refused(operation, "ValidationError", message);

    let cases: Vec<Case> = vec![
        ("as wanted", vec![described("CREATE_COMPLETE", old, &fresh, "")], None),
        (
            "an update cleans up",
            vec![described("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", old, &fresh, "")],
            None,
        ),
        ("looked behind once a cycle", vec![described("CREATE_COMPLETE", old, "", ""), detected()], None),
        (
            "changed since its template was read",
            vec![described("UPDATE_COMPLETE", lately, &fresh, ""), template(TEMPLATE)],
            None,
        ),
        (
            "looking behind is not possible today",
            vec![
                described("CREATE_COMPLETE", lately, "", ""),
                refused("DetectStackDrift", "Drift detection is already in progress"),
                refused("GetTemplate", "no"),
            ],
            None,
        ),
        (
            "the template was changed under our tag",
            vec![described("UPDATE_COMPLETE", lately, &fresh, ""), template("Resources: {}"), updated()],
            Some((Busy, "somebody changed the template")),
        ),
        (
            "of an older version",
            vec![described("CREATE_COMPLETE", old, &fresh, "x"), updated()],
            Some((Busy, "brought up to date")),
        ),
        (
            "of an older version, and there is nothing to change",
            vec![
                described("CREATE_COMPLETE", old, &fresh, "x"),
                refused("UpdateStack", "No updates are to be performed."),
            ],
            None,
        ),
        (
            "somebody else was faster",
            vec![
                described("CREATE_COMPLETE", old, &fresh, "x"),
                refused("UpdateStack", "Stack is in UPDATE_IN_PROGRESS state and can not be updated."),
            ],
            Some((Busy, "UPDATE_IN_PROGRESS")),
        ),
        (
            "changed by hand",
            vec![
                described("CREATE_COMPLETE", old, &drifted, ""),
                xml("DescribeStackResourceDrifts", drifts),
                deleted(),
            ],
            Some((Busy, "BuildRole was modified")),
        ),
        (
            "protected by the holder",
            vec![
                described("CREATE_COMPLETE", old, &drifted, ""),
                xml("DescribeStackResourceDrifts", drifts),
                refused("DeleteStack", "Stack cannot be deleted while TerminationProtection is enabled"),
            ],
            Some((Denied, "TerminationProtection")),
        ),
        (
            "could not be made",
            vec![described("ROLLBACK_COMPLETE", lately, "", ""), events.clone(), deleted()],
            Some((Missing, "AlertTopic: SpaAlertTopic already exists")),
        ),
        (
            "could not be updated a moment ago",
            vec![described("UPDATE_ROLLBACK_COMPLETE", lately, "", "x"), events],
            Some((Missing, "already exists")),
        ),
        (
            "could not be updated yesterday",
            vec![described("UPDATE_ROLLBACK_COMPLETE", old, "", "x"), updated()],
            Some((Busy, "brought up to date")),
        ),
        (
            "broken",
            vec![described("UPDATE_ROLLBACK_FAILED", old, "", ""), deleted()],
            Some((Busy, "UPDATE_ROLLBACK_FAILED")),
        ),
        (
            "cannot be taken away",
            vec![described("DELETE_FAILED", old, "", ""), deleted()],
            Some((Busy, "as a whole")),
        ),
        (
            "on its way",
            vec![described("CREATE_IN_PROGRESS", old, "", "")],
            Some((Busy, "CREATE_IN_PROGRESS")),
        ),
        ("a change set", vec![described("REVIEW_IN_PROGRESS", old, "", "")], Some((Busy, "execute it"))),
        (
            "a word that is not known",
            vec![described("PONDERING", old, "", "")],
            Some((FailureKind::Unreadable, "PONDERING")),
        ),
    ];
    // The template of the stack was read after it was changed, and that is known.
    let first = Script::new([described("CREATE_COMPLETE", old, &fresh, ""), template(TEMPLATE)]);
    let known = block_on(baseline(&first.config()).ensure(account("111122223333"), None)).unwrap();
    assert!(known.is_some(), "{:?}", first.called());
    for (case, exchanges, expected) in cases {
        let number = exchanges.len();
        let script = Script::new(exchanges);
        let answer = block_on(baseline(&script.config()).ensure(account("111122223333"), known.as_ref()));
        assert_eq!(script.called().len(), number, "{case}: {:?}, {answer:?}", script.called());
        match (answer, expected) {
            (Ok(found), None) => {
                let read = script.called().contains(&"GetTemplate".to_owned());
                let refused = case == "looking behind is not possible today";
                assert_eq!(found.is_some(), read && !refused, "{case}");
                assert!(found.is_none() || found != known, "{case}");
            }
            (Err(failure), Some((kind, word))) => {
                assert_eq!(failure.kind, kind, "{case}: {failure}");
                assert!(failure.message.contains(word), "{case}: {failure}");
            }
            other => panic!("{case}: {other:?}"),
        }
        let calls = script.called();
        if case == "cannot be taken away" {
            assert!(script.sent("DeleteStack").contains("FORCE_DELETE_STACK"));
        }
        if calls.contains(&"UpdateStack".to_owned()) {
            let sent: BTreeMap<String, String> = script
                .sent("UpdateStack")
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            assert_eq!(sent["Capabilities.member.1"], "CAPABILITY_IAM", "{case}");
            assert!(sent.values().any(|value| value == "keep"), "{case}: the topic stays as it was handled");
        }
    }
}

#[test]
fn an_account_that_cannot_be_read_is_left_alone() {
    let script = Script::new([xml_refused("DescribeStacks", "AccessDenied", "no")]);
    let failure = block_on(baseline(&script.config()).ensure(account("111122223333"), None)).unwrap_err();
    assert!(failure.message.contains("cloudformation:DescribeStacks"), "{failure}");
    assert_eq!(script.called(), ["DescribeStacks"]);
}
