//! Settings for tests.

use std::num::NonZeroU8;

use chrono::TimeDelta;
use state_machine::{Pauses, Policy, Retries, Standing, TagKeys, Tags, TaskPolicy, Times};

/// Times that are far enough from one another to be told apart.
pub fn policy() -> Policy {
    let attempts = NonZeroU8::new(2).unwrap();
    let task = TaskPolicy {
        enabled: true,
        attempts,
        pauses: pauses(&[TimeDelta::minutes(5)]),
        deadline: TimeDelta::hours(1),
    };
    let mut account_tags = Tags::new();
    account_tags.insert("managed-by", "SPA");
    Policy {
        standing: Standing::Managed,
        keys: TagKeys { state: "account-state".into(), holder: "account-holder".into() },
        account_tags,
        unset_tags: vec!["obsolete".into()],
        preparation: task.clone(),
        purge: task,
        hold: None,
        effects: Retries { attempts, pauses: pauses(&[TimeDelta::seconds(30)]) },
        quarantine: pauses(&[TimeDelta::hours(2), TimeDelta::days(1), TimeDelta::days(7)]),
        times: Times {
            claim: TimeDelta::minutes(2),
            event: TimeDelta::minutes(4),
            settle: TimeDelta::seconds(20),
            fresh: TimeDelta::minutes(1),
            described: TimeDelta::minutes(30),
            look_up: TimeDelta::minutes(10),
            grace: TimeDelta::zero(),
        },
    }
}

fn pauses(list: &[TimeDelta]) -> Pauses {
    Pauses::new(list.to_vec()).unwrap()
}
