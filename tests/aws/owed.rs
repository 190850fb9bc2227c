//! A warrant, come by as everywhere: from decisions, looks and `authorise`.

use std::path::Path;
use std::sync::Arc;

use state_machine::{
    Account, AccountId, Actor, Decision, Evidence, Happening, Intent, Look, Obligation, Payment, Policy,
    Profile, Reading, Seen, State, Status, Trigger, Warrant, authorise, decide,
};

use crate::at;

const NOW: &str = "2026-11-20T18:00:00Z";

fn policy(account: AccountId, units: &[state_machine::UnitId]) -> Arc<Policy> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("settings.yaml");
    let settings = spa::settings::load(&file).settings.unwrap();
    Arc::clone(settings.resolve(account, units).policy())
}

fn step(head: &Account, policy: &Policy, happening: Happening, look: &Look) -> Arc<Account> {
    let trigger = Trigger { id: None, by: Actor::Aws, happening };
    match decide(head, policy, &trigger, &Evidence::look(look.clone()), at(NOW)) {
        Decision::Append { account, .. } => account,
        other => panic!("{other:?}"),
    }
}

fn obligation(head: &Account, which: impl Fn(&Intent) -> bool) -> Obligation {
    head.owed().iter().find(|owed| which(&owed.intent)).unwrap().clone()
}

/// The right to start the preparation of a new account, which asks for it in its second life step.
pub fn preparation(account: AccountId) -> Warrant {
    let units: Arc<[state_machine::UnitId]> = ["ou-ab12-11112222".parse().unwrap()].into();
    let policy = policy(account, &units);
    let profile = Profile { email: "alice@example.com".into(), units, ..Profile::default() };
    let profile = Arc::new(profile);
    let look = |reading: Reading| {
        Look::Seen(Box::new(Seen {
            at: at(NOW),
            described: at(NOW),
            status: Status::Active,
            reading,
            profile: Arc::clone(&profile),
        }))
    };
    let arrived = step(&Account::unseen(account), &policy, Happening::Changed, &look(Reading::Untagged));
    let tags = |head: &Account| {
        let write = obligation(head, |intent| matches!(intent, Intent::WriteTags(_)));
        Happening::Settled(vec![(write.id, Payment::TagsWritten)])
    };
    let assigned = Reading::Known(State::Assigned);
    let mut head = arrived;
    // Tags are written until the account is assigned; then the build is owed.
    for _ in 0..4 {
        if head.owed().iter().any(|owed| matches!(owed.intent, Intent::StartBuild { .. })) {
            break;
        }
        let writes = head.owed().iter().any(|owed| matches!(owed.intent, Intent::WriteTags(_)));
        let next = if writes { tags(&head) } else { Happening::TagEvent(assigned.clone()) };
        head = step(&head, &policy, next, &look(assigned.clone()));
    }
    let build = obligation(&head, |intent| matches!(intent, Intent::StartBuild { .. }));
    authorise(&head, &policy, &build, Some(&look(assigned)), at(NOW)).unwrap()
}
