//! The real organization, and what is deployed for it.
//!
//! | module | looks at |
//! | --- | --- |
//! | [`identity`] | who asks, where, and through which roles |
//! | [`organization`] | the organization, its units and accounts |
//! | [`parts`] | what stands in the automation account: parameters, table, queues, bus, stack |
//! | [`forwarders`] | the way that events take to the bus |
//! | [`fix`] | what `--fix` does |

mod fix;
mod forwarders;
mod identity;
mod organization;
mod parts;

use std::sync::Arc;

use state_machine::Timestamp;

use super::checkup::{Checkup, Finding};
use super::facts::Facts;
use super::{Repair, SETTINGS, settings};
use crate::aws::{AwsWorld, Deployment};
use crate::cli::place::aws::{connect, deployment, explain, failure};
use crate::cli::{Context, Exit, Failure, Subject};
use crate::cloud::Clock as _;
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::clock::SystemClock;
use crate::cloud::aws::connect::{Connections, Roles};
use crate::cloud::aws::governor::Governor;
use crate::journal::dynamodb::DynamoJournal;
use crate::lifecycle::World as _;
use crate::settings::Settings;

const CREDENTIALS: &str = "credentials";
const ACCOUNT: &str = "automation-account";
const REGION: &str = "region";
const MANAGEMENT_ROLE: &str = "management-role";
const ORGANIZATION: &str = "organization";
const UNITS: &str = "units";
const ACCOUNTS: &str = "accounts";
const MEMBER_ROLES: &str = "member-roles";
const TRAIL: &str = "organization-trail";
const FORWARDER: &str = "organization-forwarder";
const FORWARDER_DEAD_LETTERS: &str = "forwarder-dead-letters";
const SIGN_INS: &str = "sign-in-forwarder";
const PARAMETERS: &str = "parameters";
const JOURNAL: &str = "journal";
const PROTECTION: &str = "journal-protection";
const QUEUE: &str = "wake-up-queue";
const DEAD_LETTERS: &str = "dead-letters";
const BUS: &str = "event-bus";
const BUS_POLICY: &str = "bus-policy";
const STACK: &str = "stack";
const LIFE: &str = "life";
const STUCK: &str = "stuck-accounts";
const REFUSED: &str = "refused-events";
const CALLS: &str = "calls";

/// All that follows the settings, in order.
const REST: [&str; 24] = [
    CREDENTIALS,
    ACCOUNT,
    REGION,
    MANAGEMENT_ROLE,
    ORGANIZATION,
    UNITS,
    ACCOUNTS,
    MEMBER_ROLES,
    TRAIL,
    FORWARDER,
    FORWARDER_DEAD_LETTERS,
    SIGN_INS,
    STACK,
    PARAMETERS,
    JOURNAL,
    PROTECTION,
    QUEUE,
    DEAD_LETTERS,
    BUS,
    BUS_POLICY,
    LIFE,
    STUCK,
    REFUSED,
    CALLS,
];

/// What is looked at.
struct Deployed<'a> {
    context: &'a Context,
    settings: Arc<Settings>,
    deployment: Deployment,
    roles: Roles,
    connections: Connections,
    governor: Governor,
}

impl Deployed<'_> {
    /// What a call that failed tells: that it is bad, when AWS has said no, and that nobody knows, otherwise.
    fn told(&self, error: &CallError, subject: Subject) -> Finding {
        let failure = explain(failure(error, subject), self.context);
        let make = match failure.exit() {
            Exit::Unavailable => Finding::unseen,
            _ => Finding::bad,
        };
        Finding::of(&failure, make)
    }

    /// What a call that failed tells, where the question itself needs a right.
    fn unseen(error: &CallError, right: &str) -> Finding {
        let remedy = match Failure::exit_of_service(error.kind) {
            Exit::Denied => format!("allow {right} to whoever runs this"),
            _ => "try again; nothing is known".to_owned(),
        };
        Finding::unseen(error.to_string(), remedy)
    }

    fn now() -> Timestamp {
        SystemClock.now()
    }
}

/// Looks at all of it.
///
/// # Errors
/// When the program itself fails.
pub fn run(sample: usize, repair: Option<Repair>, context: &Context) -> Result<Checkup, Failure> {
    let mut checkup = Checkup::default();
    let (mut finding, found) = settings(context);
    let place = match &found {
        None => None,
        // Explanations refer to the settings that the context has loaded.
        Some(_) => match context.settings_quietly().and_then(|settings| {
            let place = deployment(&settings, context)?;
            Ok((settings, place))
        }) {
            Ok(place) => Some(place),
            Err(failure) => {
                finding = Finding::of(&failure, Finding::bad);
                None
            }
        },
    };
    checkup.found(SETTINGS, finding);
    let Some((settings, (deployment, roles))) = place else {
        for name in REST {
            checkup.leave(name, SETTINGS);
        }
        return Ok(checkup);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::of(Exit::Failed, &error))?;
    runtime.block_on(Box::pin(async {
        let settings_again = checkup.checks().first().map(|check| check.finding.clone());
        let governor = Governor::new(settings.automation().limits.clone());
        let connections = connect(context, roles.clone(), &governor).await;
        let deployed = Deployed { context, settings, deployment, roles, connections, governor };
        Box::pin(look(&deployed, sample, &mut checkup)).await;
        let Some(repair) = repair else { return Ok(checkup) };
        if !Box::pin(mend(&deployed, &checkup, repair)).await? {
            return Ok(checkup);
        }
        // What was done is looked at, and not believed.
        let mut again = Checkup::default();
        if let Some(finding) = settings_again {
            again.found(SETTINGS, finding);
        }
        Box::pin(look(&deployed, sample, &mut again)).await;
        Ok(again)
    }))
}

/// Does what helps and is safe, once somebody has agreed; answers whether there was something to do.
async fn mend(deployed: &Deployed<'_>, checkup: &Checkup, repair: Repair) -> Result<bool, Failure> {
    let (fixes, screen) = (checkup.fixes(), deployed.context.screen());
    if fixes.is_empty() {
        screen.note("--fix: there is nothing that it could do");
        return Ok(false);
    }
    for fix in &fixes {
        screen.note(&format!("--fix would {}", fix::named(deployed, *fix)));
    }
    if !repair.yes {
        screen.confirm(&format!("{} of what is not good can be put right", fixes.len()))?;
    }
    for fix in fixes {
        Box::pin(fix::carry_out(deployed, fix)).await?;
        screen.note(&format!("done: {}", fix::named(deployed, fix)));
    }
    Ok(true)
}

async fn look(deployed: &Deployed<'_>, sample: usize, checkup: &mut Checkup) {
    let caller = identity::caller(deployed).await;
    checkup.found(CREDENTIALS, identity::credentials(deployed, &caller));
    checkup.look(ACCOUNT, &[CREDENTIALS], async { identity::account(deployed, &caller) }).await;
    checkup.look(REGION, &[SETTINGS], async { identity::region(deployed) }).await;
    checkup.look(MANAGEMENT_ROLE, &[ACCOUNT], Box::pin(identity::management(deployed))).await;

    let world = AwsWorld::new(&deployed.deployment, &deployed.connections, SystemClock);
    let seen = organization::owned(deployed, world.organization());
    checkup.look(ORGANIZATION, &[MANAGEMENT_ROLE], Box::pin(seen)).await;
    checkup.look(UNITS, &[ORGANIZATION], Box::pin(organization::units(deployed))).await;
    let members = if checkup.carries(ORGANIZATION) { Some(world.organization().fleet().await) } else { None };
    checkup
        .look(ACCOUNTS, &[ORGANIZATION], async { organization::accounts(deployed, members.as_ref()) })
        .await;
    checkup
        .look(MEMBER_ROLES, &[ORGANIZATION], organization::member_roles(deployed, members.as_ref(), sample))
        .await;

    checkup.look(TRAIL, &[ORGANIZATION], Box::pin(forwarders::trail(deployed))).await;
    let forwarding =
        if checkup.carries(ORGANIZATION) { Some(forwarders::forwarding(deployed).await) } else { None };
    let (told, rule) = match forwarding {
        Some((told, rule)) => (Some(told), rule),
        None => (None, None),
    };
    let told = told.unwrap_or_else(|| Finding::unseen("the organization was not looked at", "try again"));
    checkup.look(FORWARDER, &[ORGANIZATION], async { told }).await;
    let lost = forwarders::dead_letters(deployed, rule.as_ref());
    checkup.look(FORWARDER_DEAD_LETTERS, &[FORWARDER], Box::pin(lost)).await;
    let tried = organization::tried(deployed, members.as_ref(), sample);
    checkup.look(SIGN_INS, &[MEMBER_ROLES], Box::pin(forwarders::sign_ins(deployed, &tried))).await;

    checkup.look(STACK, &[ACCOUNT], Box::pin(parts::stack(deployed))).await;
    checkup.look(PARAMETERS, &[ACCOUNT], Box::pin(parts::parameters(deployed))).await;
    checkup.look(JOURNAL, &[ACCOUNT], Box::pin(parts::journal(deployed))).await;
    checkup.look(PROTECTION, &[JOURNAL], Box::pin(parts::protection(deployed))).await;
    checkup.look(QUEUE, &[ACCOUNT], Box::pin(parts::queue(deployed))).await;
    checkup.look(DEAD_LETTERS, &[QUEUE], Box::pin(parts::dead_letters(deployed))).await;
    checkup.look(BUS, &[ACCOUNT], Box::pin(parts::bus(deployed))).await;
    let policy = forwarders::bus_policy(deployed, world.organization());
    checkup.look(BUS_POLICY, &[BUS, ORGANIZATION], Box::pin(policy)).await;

    let facts = if checkup.carries(JOURNAL) { Some(facts(world.journal()).await) } else { None };
    let told = |look: fn(&Facts) -> Finding| match &facts {
        Some(Ok(facts)) => look(facts),
        Some(Err(failure)) => Finding::of(&explain(failure.clone(), deployed.context), Finding::unseen),
        None => Finding::unseen("the journal was not read", "try again"),
    };
    checkup.look(LIFE, &[JOURNAL], async { told(Facts::life) }).await;
    checkup.look(STUCK, &[JOURNAL], async { told(Facts::stuck) }).await;
    checkup.look(REFUSED, &[JOURNAL], async { told(Facts::refused) }).await;
    checkup.found(CALLS, identity::calls(deployed));
}

async fn facts(journal: &DynamoJournal) -> Result<Facts, Failure> {
    Facts::read(journal, Deployed::now()).await.map_err(Failure::from)
}
