//! What stands in the automation account: parameters, table, queues, bus.

use std::collections::BTreeMap;

use state_machine::{FailureKind, Text, Timestamp};

use super::{Deployed, Finding};
use crate::aws::naming;
use crate::cli::doctor::checkup::Fix;
use crate::cli::doctor::facts::{count, some_of};
use crate::cli::{Subject, time};
use crate::cloud::aws::inspect;
use crate::cloud::aws::inspect::stack::Drift;
use crate::journal::dynamodb::inspect as table;
use crate::settings::Difference;

/// What makes what is missing.
const TEMPLATE: &str = "infra/automation-account.yaml makes it";

/// Whether the deployed settings are those of the file.
pub async fn parameters(deployed: &Deployed<'_>) -> Finding {
    let names = &deployed.deployment.names;
    let path = names.path();
    let own = deployed.connections.own();
    let found = match inspect::parameters(&own, &deployed.governor, &path).await {
        Ok(found) => found,
        Err(error) => return deployed.told(&error, Subject::Settings),
    };
    let wanted = deployed.settings.parameters();
    let Difference { missing, different, left_over, .. } = Difference::between(names, &found, &wanted);
    let keys = [missing.keys().collect(), different.keys().collect(), left_over.keys().collect()];
    let [missing, different, left_over]: [Vec<&Text>; 3] = keys;
    if missing.is_empty() && different.is_empty() && left_over.is_empty() {
        return Finding::good(format!("all {} below {path} are as the settings say", wanted.len()));
    }
    let told = |what: &str, which: &[&Text]| {
        let all = which.iter().map(ToString::to_string);
        (!which.is_empty()).then(|| format!("{} {what} ({})", which.len(), some_of(all, which.len())))
    };
    let seen = [told("missing", &missing), told("different", &different), told("left over", &left_over)];
    let seen: Vec<String> = seen.into_iter().flatten().collect();
    Finding::bad(
        format!("of {} below {path}: {}", wanted.len(), seen.join(", ")),
        "`spa settings plan --on aws` shows which accounts that affects; `spa settings apply --on aws` writes what \
         settings.yaml says",
    )
}

/// Whether the table is there and can be used.
pub async fn journal(deployed: &Deployed<'_>) -> Finding {
    let name = &deployed.deployment.table;
    let client = aws_sdk_dynamodb::Client::new(&deployed.connections.own());
    match table::shape(&client, &deployed.governor, name).await {
        Ok(shape) if shape.faults.is_empty() => {
            let paid = if shape.on_demand { "on demand" } else { "with provisioned capacity" };
            Finding::good(format!(
                "the table {name} has the keys and indexes of the journal, and is paid for {paid}"
            ))
        }
        Ok(shape) => Finding::bad(
            format!("the table {name}: {}", shape.faults.join("; ")),
            format!(
                "{TEMPLATE} as it must be, and keys cannot be changed later; JOURNAL_TABLE names another"
            ),
        ),
        Err(error) if error.kind == FailureKind::Denied => {
            Deployed::unseen(&error, &format!("dynamodb:DescribeTable on the table {name}"))
        }
        Err(error) if error.kind == FailureKind::Missing => Finding::bad(
            format!("there is no table {name} in {}", deployed.deployment.region),
            format!("{TEMPLATE}; JOURNAL_TABLE or --region names another"),
        ),
        Err(error) => deployed.told(&error, Subject::Journal),
    }
}

/// Whether the facts in it are safe.
pub async fn protection(deployed: &Deployed<'_>) -> Finding {
    let (name, region) = (&deployed.deployment.table, &deployed.deployment.region);
    let client = aws_sdk_dynamodb::Client::new(&deployed.connections.own());
    let looked = async {
        tokio::try_join!(
            table::shape(&client, &deployed.governor, name),
            table::safety(&client, &deployed.governor, name),
        )
    };
    let (shape, safety) = match Box::pin(looked).await {
        Ok(seen) => seen,
        Err(error) => {
            let right = "dynamodb:DescribeTable, DescribeContinuousBackups and DescribeTimeToLive";
            return Deployed::unseen(&error, &format!("{right} on the table {name}"));
        }
    };
    let (mut faults, mut remedies) = (Vec::new(), Vec::new());
    let command = |what: &str| format!("`aws dynamodb {what} --region {region} --table-name {name}");
    if !safety.recovery {
        faults.push("no point-in-time recovery".to_owned());
        let switch = "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true";
        remedies.push(format!("{} {switch}`", command("update-continuous-backups")));
    }
    if !shape.deletion_protected {
        faults.push("no deletion protection".to_owned());
        remedies.push(format!("{} --deletion-protection-enabled`", command("update-table")));
    }
    if let Some(attribute) = safety.time_to_live {
        faults.push(format!("facts vanish by the attribute `{attribute}`"));
        let switch = format!("--time-to-live-specification Enabled=false,AttributeName={attribute}");
        remedies.push(format!("{} {switch}`", command("update-time-to-live")));
    }
    if !faults.is_empty() {
        let mut finding =
            Finding::bad(format!("the table {name} has {}", faults.join(", ")), remedies.join("; "));
        if !safety.recovery {
            finding = finding.and_fix(Fix::Recovery);
        }
        if !shape.deletion_protected {
            finding = finding.and_fix(Fix::DeletionProtection);
        }
        return finding;
    }
    if !shape.own_key {
        return Finding::warning(
            format!("the table {name} is encrypted with a key that AWS owns, whose use nobody sees"),
            format!("{} --sse-specification Enabled=true`", command("update-table")),
        );
    }
    Finding::good(format!(
        "the table {name} has point-in-time recovery, deletion protection and encryption with a key of the account; \
         nothing in it has a time to live"
    ))
}

/// The queue of wake-ups.
pub async fn queue(deployed: &Deployed<'_>) -> Finding {
    let url = &deployed.deployment.wake_up_queue;
    match inspect::queue(&deployed.connections.own(), &deployed.governor, url).await {
        Ok(queue) => Finding::good(format!(
            "{url}: {} waiting, {} in flight, {} held back",
            queue.waiting, queue.in_flight, queue.delayed
        )),
        Err(error) if error.kind == FailureKind::Missing => Finding::bad(
            format!("there is no queue {url}"),
            format!("{TEMPLATE}; WAKE_UP_QUEUE_URL or --region names another"),
        ),
        Err(error) => Deployed::unseen(&error, "sqs:GetQueueAttributes"),
    }
}

/// Whether messages failed too often: in the queue that the redrive policy of the wake-ups names, and in those that a
/// deployment calls so.
pub async fn dead_letters(deployed: &Deployed<'_>) -> Finding {
    let (own, governor) = (deployed.connections.own(), &deployed.governor);
    let (url, region) = (&deployed.deployment.wake_up_queue, &deployed.deployment.region);
    let right = "sqs:GetQueueAttributes, GetQueueUrl and ListQueues";
    let arn = match inspect::queue(&own, governor, url).await {
        Ok(queue) => queue.dead_letters,
        Err(error) => return Deployed::unseen(&error, right),
    };
    let Some(arn) = arn else {
        return Finding::bad(
            format!("{url} has no queue for dead letters: what nobody can read comes back until it is lost"),
            format!(
                "`aws sqs set-queue-attributes --region {region} --queue-url {url} --attributes RedrivePolicy=…` \
                 names one; {TEMPLATE} with it"
            ),
        );
    };
    let mut queues = match inspect::queue_url(&own, governor, &arn).await {
        Ok(dead) => BTreeMap::from([(name(&dead).to_owned(), dead)]),
        Err(error) if error.kind == FailureKind::Missing => {
            return Finding::bad(
                format!("{arn}, which dead letters of {url} go to, does not exist"),
                format!("{TEMPLATE}; or name another in the queue's redrive policy"),
            );
        }
        Err(error) => return Deployed::unseen(&error, right),
    };
    let environment = deployed.deployment.names.environment();
    match inspect::queues(&own, governor, environment).await {
        Ok(urls) => {
            let dead = urls.into_iter().filter(|url| naming::is_for_dead_letters(environment, name(url)));
            queues.extend(dead.map(|url| (name(&url).to_owned(), url)));
        }
        Err(error) => return Deployed::unseen(&error, right),
    }
    let mut full = Vec::new();
    for (name, url) in &queues {
        match inspect::queue(&own, governor, url).await {
            Ok(queue) => {
                let held = queue.waiting + queue.in_flight + queue.delayed;
                if held > 0 {
                    full.push((held, name, url));
                }
            }
            Err(error) => return Deployed::unseen(&error, right),
        }
    }
    let looked_at = count(queues.len(), "queue");
    let Some((_, _, first)) = full.first() else {
        return Finding::good(format!("{looked_at} for dead letters, and nothing in any"));
    };
    let named = some_of(full.iter().map(|(held, name, _)| format!("{held} in {name}")), full.len());
    Finding::bad(
        format!("of {looked_at} for dead letters, {} not empty: {named}", full.len()),
        format!(
            "look at them: `aws sqs receive-message --region {region} --queue-url {first} --visibility-timeout 0 \
             --max-number-of-messages 10`; then send them again: `aws sqs start-message-move-task --region {region} \
             --source-arn …` where a queue feeds it, and `spa events send` where a function does"
        ),
    )
}

/// The name of a queue, which ends its URL.
fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

/// The event bus.
pub async fn bus(deployed: &Deployed<'_>) -> Finding {
    let bus = &deployed.deployment.bus;
    match inspect::rules::bus_policy(&deployed.connections.own(), &deployed.governor, bus).await {
        Ok(Some(_)) => Finding::good(format!("{bus} exists")),
        Ok(None) => Finding::bad(
            format!("there is no event bus {bus}"),
            format!("{TEMPLATE}; EVENT_BUS_ARN or --region names another"),
        ),
        Err(error) => Deployed::unseen(&error, "events:DescribeEventBus"),
    }
}

/// The stack of the automation account, and whether somebody changed what is in it by hand.
pub async fn stack(deployed: &Deployed<'_>) -> Finding {
    let (name, region) = (deployed.deployment.names.environment(), &deployed.deployment.region);
    let look = format!("`aws cloudformation detect-stack-drift --region {region} --stack-name {name}`");
    let stack = match inspect::stack::stack(&deployed.connections.own(), &deployed.governor, name).await {
        Ok(Some(stack)) => stack,
        Ok(None) => {
            return Finding::bad(format!("there is no stack {name} in {region}"), TEMPLATE);
        }
        Err(error) => return Deployed::unseen(&error, "cloudformation:DescribeStacks"),
    };
    let events =
        format!("`aws cloudformation describe-stack-events --region {region} --stack-name {name}` says why");
    if !stack.status.ends_with("_COMPLETE")
        || stack.status.starts_with("ROLLBACK")
        || stack.status.starts_with("DELETE")
    {
        return Finding::bad(
            format!("the stack {name} is {}", stack.status),
            format!("{events}; then {TEMPLATE} anew"),
        );
    }
    let seen = |at: Option<Timestamp>| at.map_or_else(|| "once".to_owned(), time::shown);
    match stack.drift {
        Drift::None(at) => Finding::good(format!(
            "the stack {name} is {}; {}: nothing was changed by hand",
            stack.status,
            seen(at)
        )),
        Drift::Some(at) => Finding::warning(
            format!("something in the stack {name} was changed by hand, as CloudFormation saw {}", seen(at)),
            format!(
                "`aws cloudformation describe-stack-resource-drifts --region {region} --stack-name {name}` says what; {look} looks again"
            ),
        ),
        // It is no fault that nobody has looked. Looking takes CloudFormation minutes, so it is not done from here.
        Drift::Unknown => Finding::good(format!(
            "the stack {name} is {}; nobody has looked for changes by hand: {look} does",
            stack.status
        )),
    }
}
