//! Two environments in one organization: AWS tells both of everything, and each looks after its own.

use aws_config::retry::RetryConfig;
use chrono::TimeDelta;
use state_machine::{AccountId, State};

use crate::company::{Company, STATE_KEY};
use crate::life::Life;
use crate::wire::Call;
use crate::{block_on, start};

/// The name of the other environment.
pub const OTHER: &str = "SpaTrial";

/// What touches an account or its tags; the rest reads.
const EFFECTS: [&str; 6] =
    ["TagResource", "UntagResource", "StartBuild", "CreateStack", "UpdateStack", "DeleteStack"];

/// Lives for some hours, and answers what was called meanwhile.
async fn live(life: &mut Life<'_>) -> Vec<Call> {
    life.live(TimeDelta::hours(6)).await;
    assert_eq!(life.failures, Vec::<String>::new());
    life.take_calls()
}

fn effects(calls: &[Call]) -> Vec<&Call> {
    calls.iter().filter(|call| EFFECTS.contains(&call.operation.as_str())).collect()
}

/// Each tag that was written is of one of these accounts, and so many builds were started.
fn are_of(calls: &[Call], accounts: &[AccountId], builds: usize) {
    let effects = effects(calls);
    let tagged = effects.iter().filter(|call| call.service == "organizations");
    for call in tagged {
        let account = call.sent["ResourceId"].as_str().unwrap().parse().unwrap();
        assert!(accounts.contains(&account), "{account} is another environment's");
    }
    let started = effects.iter().filter(|call| call.operation == "StartBuild");
    let started: Vec<&str> = started.map(|call| call.answer["build"]["arn"].as_str().unwrap()).collect();
    assert_eq!(started.len(), builds, "{started:?}");
    for build in started {
        assert!(accounts.iter().any(|account| build.contains(&account.to_string())), "{build}");
    }
}

async fn are_released(company: &Company, life: &mut Life<'_>, cycles: u32) {
    for head in life.heads().await {
        assert_eq!((head.state(), head.cycles()), (Some(State::Released), cycles), "{head:#?}");
        let tags = company.tags(head.id()).await;
        assert_eq!(tags.get(STATE_KEY).map(String::as_str), Some("released"), "{tags:?}");
    }
}

#[test]
fn two_environments_in_one_organization_leave_each_others_accounts_alone() {
    block_on(async {
        let one = Company::found(4, 0).await;
        let other = one.beside(OTHER, 3).await;
        let mut lives = [&one, &other].map(|company| Life::new(company, start(), RetryConfig::disabled()));
        let everybody = [&one.accounts[..], &other.accounts[..]].concat();
        let [first, second] = &mut lives;

        // Both hear of all accounts, and of all tags that the other one writes.
        first.are_created(&everybody);
        second.are_created(&everybody);
        are_of(&live(first).await, &one.accounts, 4);
        second.is_told(first.take_told());
        are_of(&live(second).await, &other.accounts, 3);
        first.is_told(second.take_told());
        assert!(effects(&live(first).await).is_empty(), "it was about accounts of the other one");
        are_released(&one, first, 1).await;
        are_released(&other, second, 1).await;

        // One of them has a window. The other one hears of it, and compares all accounts as well.
        first.window_opens(start() + TimeDelta::days(7)).await;
        are_of(&live(first).await, &one.accounts, 8);
        are_released(&one, first, 2).await;
        second.window_opens(start() + TimeDelta::days(14)).await;
        second.is_told(first.take_told());
        are_of(&live(second).await, &other.accounts, 6);
        are_released(&one, first, 2).await;
        are_released(&other, second, 2).await;
    });
}
