//! The way that events take to the bus: recorded in the organization, forwarded by other accounts, let in here.

use serde_json::Value;
use state_machine::{AccountId, FailureKind, Text};

use super::{Deployed, Finding};
use crate::cli::Subject;
use crate::cli::doctor::facts::some_of;
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::inspect;
use crate::cloud::aws::inspect::rules::{self, Rule};
use crate::cloud::aws::organization::Organization;

const TEMPLATE: &str = "deploy infra/management-account.yaml in us-east-1 of the management account";

/// What a rule that forwards what happens to accounts has to take: `infra/management-account.yaml`.
const OPERATIONS: [&str; 4] = ["TagResource", "UntagResource", "MoveAccount", "CreateAccountResult"];

/// In so many accounts the forwarder of sign-ins is looked for.
const ACCOUNTS: usize = 3;

/// As `infra/signin-forwarder.yaml` calls it.
const SIGN_IN_RULE: &str = "SpaEventsRuleForSignIn";

/// Whether `CloudTrail` may record the organization: without a trail, EventBridge hears nothing of AWS Organizations.
pub async fn trail(deployed: &Deployed<'_>) -> Finding {
    let management = deployed.connections.management();
    match inspect::trusts(&management, &deployed.governor, "cloudtrail.amazonaws.com").await {
        Ok(true) => Finding::good(
            "CloudTrail is trusted with the organization, as an organization trail needs it; whether that trail logs was \
             not looked at",
        ),
        Ok(false) => Finding::warning(
            "CloudTrail is not trusted with the organization, so there is no organization trail",
            "EventBridge hears of AWS Organizations only what a trail of the management account records: `aws cloudtrail \
             create-trail --is-organization-trail --is-multi-region-trail …` there, or make sure that it has a trail of its \
             own in us-east-1",
        ),
        Err(error) => Deployed::unseen(
            &error,
            "organizations:ListAWSServiceAccessForOrganization to the management role",
        ),
    }
}

/// The rule in the management account, as far as it could be read.
pub async fn forwarding(deployed: &Deployed<'_>) -> (Finding, Option<Rule>) {
    let name = format!("{}OrganizationEvents", deployed.deployment.names.environment());
    let management = deployed.connections.management();
    let rule = match rules::rule(&management, &deployed.governor, &name).await {
        Ok(Some(rule)) => rule,
        Ok(None) => {
            let seen =
                format!("the management account has no rule {name}: nobody tells what happens to accounts");
            let meanwhile = "until then accounts are found by the hourly comparison only";
            return (Finding::bad(seen, format!("{TEMPLATE}; {meanwhile}")), None);
        }
        Err(error) => {
            let right = "events:DescribeRule and ListTargetsByRule to the management role";
            return (Deployed::unseen(&error, right), None);
        }
    };
    let bus = &deployed.deployment.bus;
    let names = &rule.pattern["detail"]["eventName"];
    let taken =
        |operation: &&str| names.as_array().is_some_and(|names| names.iter().any(|name| name == operation));
    let missing: Vec<&str> = OPERATIONS.into_iter().filter(|operation| !taken(operation)).collect();
    let finding = if !rule.enabled {
        let command =
            format!("`aws events enable-rule --region us-east-1 --name {name}` in the management account");
        Finding::bad(format!("the rule {name} is disabled"), command)
    } else if !rule.targets.iter().any(|target| target.arn == *bus) {
        let targets = rule.targets.iter().map(|target| target.arn.to_string());
        let targets = some_of(targets, rule.targets.len());
        Finding::bad(
            format!("the rule {name} does not forward to {bus}, but to: {targets}"),
            format!("{TEMPLATE} with AutomationAccount and AutomationRegion of the settings"),
        )
    } else if !names.is_null() && !missing.is_empty() {
        Finding::bad(
            format!("the rule {name} does not take {}", missing.join(", ")),
            format!("{TEMPLATE} anew"),
        )
    } else {
        Finding::good(format!("the rule {name} of the management account forwards to {bus}"))
    };
    (finding, Some(rule))
}

/// Whether the rule in the management account could forward everything.
pub async fn dead_letters(deployed: &Deployed<'_>, rule: Option<&Rule>) -> Finding {
    let bus = &deployed.deployment.bus;
    let queue =
        rule.and_then(|rule| rule.targets.iter().find(|target| target.arn == *bus)?.dead_letters.clone());
    let Some(queue) = queue else {
        return Finding::warning(
            "what cannot be forwarded is lost, and only the hourly comparison finds the account",
            format!("{TEMPLATE} anew: it has a queue for dead letters"),
        );
    };
    let (management, governor) = (deployed.connections.management(), &deployed.governor);
    let looked = async {
        let url = inspect::queue_url(&management, governor, &queue).await?;
        Ok::<_, CallError>((inspect::queue(&management, governor, &url).await?, url))
    };
    match Box::pin(looked).await {
        Ok((held, _)) if held.waiting + held.in_flight + held.delayed == 0 => {
            Finding::good(format!("{queue} is empty"))
        }
        Ok((held, url)) => Finding::bad(
            format!(
                "{} events could not be forwarded, and lie in {queue}",
                held.waiting + held.in_flight + held.delayed
            ),
            format!(
                "each message says why (ERROR_CODE): `aws sqs receive-message --region us-east-1 --queue-url {url} \
                 --message-attribute-names All --visibility-timeout 0` in the management account; bus-policy tells whether \
                 the bus lets them in"
            ),
        ),
        Err(error) if error.kind == FailureKind::Missing => {
            let seen = format!("{queue}, which takes what could not be forwarded, does not exist");
            Finding::bad(seen, format!("{TEMPLATE} anew"))
        }
        Err(error) => {
            Deployed::unseen(&error, "sqs:GetQueueUrl and GetQueueAttributes to the management role")
        }
    }
}

/// Whether the bus lets in what other accounts forward: CodeBuild from members, AWS Organizations from the management
/// account; and nobody from elsewhere.
pub async fn bus_policy(deployed: &Deployed<'_>, organization: &Organization) -> Finding {
    const REMEDY: &str =
        "deploy infra/automation-account.yaml anew with OrganizationId and ManagementAccount";
    let bus = &deployed.deployment.bus;
    let policy = match rules::bus_policy(&deployed.connections.own(), &deployed.governor, bus).await {
        Ok(Some(Some(policy))) => policy,
        Ok(_) => {
            return Finding::bad(
                format!("{bus} has no policy: no other account may put events on it"),
                REMEDY,
            );
        }
        Err(error) => return Deployed::unseen(&error, "events:DescribeEventBus"),
    };
    let management = deployed.deployment.trust.management_account;
    let arn = match organization.described(management).await {
        Ok(described) => described.arn.unwrap_or_default(),
        Err(_) => return Finding::unseen("the organization could not be described", "try again"),
    };
    // arn:aws:organizations::444455556666:account/o-a1b2c3d4e5/444455556666
    let ours = arn.split('/').nth(1).unwrap_or_default();
    let statements: Vec<Grant> = grants(&policy);
    if let Some(open) = statements.iter().find(|grant| grant.of_everybody && grant.organization.is_none()) {
        let seen = format!("the statement `{}` of {bus} lets anybody put events", open.sid);
        return Finding::bad(seen, REMEDY);
    }
    let members = statements
        .iter()
        .any(|grant| grant.organization.as_deref() == Some(ours) && grant.lets_in("aws.codebuild"));
    let owner = statements.iter().any(|grant| {
        (grant.is_of(management) || grant.organization.as_deref() == Some(ours))
            && grant.lets_in("aws.organizations")
    }) || management == deployed.deployment.trust.automation_account;
    match (members, owner) {
        (true, true) => Finding::good(format!(
            "{bus} lets in builds of accounts of {ours}, and what AWS Organizations tells {management}"
        )),
        (false, _) => {
            Finding::bad(format!("{bus} does not let in aws.codebuild from accounts of {ours}"), REMEDY)
        }
        (_, false) => {
            Finding::bad(format!("{bus} does not let in aws.organizations from {management}"), REMEDY)
        }
    }
}

/// What a statement of a policy allows.
#[derive(Debug)]
struct Grant {
    sid: String,
    of_everybody: bool,
    principals: Vec<String>,
    organization: Option<String>,
    /// The sources that are let in; `None`: any.
    sources: Option<Vec<String>>,
}

impl Grant {
    fn is_of(&self, account: AccountId) -> bool {
        let account = account.to_string();
        self.principals.iter().any(|principal| principal.contains(&account))
    }

    fn lets_in(&self, source: &str) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.iter().any(|one| one == source))
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().filter_map(|one| Some(one.as_str()?.to_owned())).collect(),
        _ => Vec::new(),
    }
}

/// The statements that allow to put events.
fn grants(policy: &Value) -> Vec<Grant> {
    let statements = policy["Statement"].as_array().map_or(&[][..], Vec::as_slice);
    let allows = |statement: &&Value| {
        let actions = texts(&statement["Action"]);
        statement["Effect"] == "Allow"
            && actions.iter().any(|action| ["events:PutEvents", "events:*", "*"].contains(&action.as_str()))
    };
    let grant = |statement: &Value| {
        let condition = |key: &str| {
            let operators = statement["Condition"].as_object().into_iter().flat_map(|all| all.values());
            let found: Vec<String> = operators.flat_map(|operator| texts(&operator[key])).collect();
            (!found.is_empty()).then_some(found)
        };
        let principal = &statement["Principal"];
        let principals = [texts(principal), texts(&principal["AWS"])].concat();
        Grant {
            sid: statement["Sid"].as_str().unwrap_or_default().to_owned(),
            of_everybody: principals.iter().any(|principal| principal == "*"),
            principals,
            organization: condition("aws:PrincipalOrgID").and_then(|found| found.into_iter().next()),
            sources: condition("events:source"),
        }
    };
    statements.iter().filter(allows).map(grant).collect()
}

/// Whether sign-ins are told from the region in which AWS records those of the console, in a few accounts.
pub async fn sign_ins(deployed: &Deployed<'_>, tried: &[AccountId]) -> Finding {
    let own = &deployed.deployment.region;
    if &**own == "us-east-1" {
        return Finding::good("the system runs in us-east-1, where the baseline tells of sign-ins");
    }
    let looked: Vec<AccountId> = tried.iter().copied().take(ACCOUNTS).collect();
    let (mut without, mut unread): (Vec<Text>, _) = (Vec::new(), None);
    for account in &looked {
        let config = deployed.connections.member_in(*account, "us-east-1");
        match rules::rule(&config, &deployed.governor, SIGN_IN_RULE).await {
            Ok(Some(rule)) if rule.enabled => {}
            Ok(_) => without.push(account.to_string().into()),
            Err(error) => unread = Some(error),
        }
    }
    match (looked.is_empty(), without.is_empty(), unread) {
        (true, ..) => Finding::unseen("there is no managed account", "name one in the settings"),
        (_, true, None) => Finding::good(format!(
            "{} accounts that were looked at tell of sign-ins in us-east-1",
            looked.len()
        )),
        (_, true, Some(error)) if error.kind == FailureKind::Denied => {
            Deployed::unseen(&error, "events:DescribeRule and ListTargetsByRule to the member role")
        }
        (_, true, Some(error)) => deployed.told(&error, Subject::Organization),
        (_, false, _) => {
            let named = some_of(without.iter().map(ToString::to_string), without.len());
            Finding::warning(
                format!(
                    "of {} accounts, {} do not tell of sign-ins in us-east-1: {named}",
                    looked.len(),
                    without.len()
                ),
                "where sign-ins matter, deploy infra/signin-forwarder.yaml as a StackSet in us-east-1 of every managed account",
            )
        }
    }
}
