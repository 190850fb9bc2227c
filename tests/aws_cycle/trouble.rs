//! A life in which AWS is as it is: it throttles in the middle, hands out empty pages, and one account refuses its role.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use chrono::TimeDelta;
use state_machine::{AccountId, State, Timestamp};

use crate::company::Company;
use crate::life::Life;
use crate::{block_on, start};

/// Whoever configures the SDK to repeat calls by itself harms nobody.
fn impatient() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(1))
}

/// The next calls of every kind have the troubles that AWS has on a busy day.
fn a_busy_day(company: &Company) {
    let Company { automation, management, .. } = company;
    for operation in ["TagResource", "UntagResource", "ListTagsForResource", "DescribeAccount"] {
        management.refuse(operation, 2, 400, "TooManyRequestsException");
    }
    management.refuse("GetResources", 2, 400, "ThrottledException");
    management.refuse("AssumeRole", 1, 400, "Throttling");
    for operation in ["ListAccounts", "GetResources"] {
        management.begin_with_an_empty_page(operation);
    }
    automation.begin_with_an_empty_page("GetParametersByPath");
    automation.refuse("GetItem", 2, 400, "ProvisionedThroughputExceededException");
    automation.refuse("TransactWriteItems", 1, 400, "ThrottlingException");
    automation.refuse("GetParameters", 1, 400, "ThrottlingException");
    automation.refuse("PutEvents", 1, 500, "InternalException");
    automation.lose_answers("TransactWriteItems", 1);
    management.lose_answers("TagResource", 1);
}

#[test]
fn what_is_throttled_goes_on_and_what_is_denied_waits_for_nobody_else() {
    block_on(async {
        let company = Company::found(5, 1).await;
        let denied = company.accounts[2];
        company.management.refuse_what_says("AssumeRole", &denied.to_string(), 100_000, 403, "AccessDenied");
        a_busy_day(&company);
        let mut life = Life::new(&company, start(), impatient());
        life.accounts_are_created();
        life.live(TimeDelta::hours(3)).await;
        assert_eq!((life.failures.len(), life.dead.len()), (0, 0), "{:?}", life.failures);
        others_went_on(&mut life, denied, 1).await;
        assert!(life.announced["FailedOnBoardingException"] >= 1, "somebody is told");

        a_busy_day(&company);
        life.window_opens(start() + TimeDelta::days(7)).await;
        life.live(TimeDelta::hours(3)).await;
        assert_eq!((life.failures.len(), life.dead.len()), (0, 0), "{:?}", life.failures);
        let next_try = others_went_on(&mut life, denied, 2).await;

        // Somebody repairs the role. The account comes back by itself.
        company.management.refuse_nothing();
        life.window_opens(next_try).await;
        life.live(TimeDelta::hours(6)).await;
        for head in life.heads().await {
            assert_eq!((head.state(), head.quarantine()), (Some(State::Released), None), "{head:#?}");
        }
    });
}

/// All but one have been through so many cycles. That one is where its role was refused, in quarantine; answers when it
/// tries again.
async fn others_went_on(life: &mut Life<'_>, denied: AccountId, cycles: u32) -> Timestamp {
    let mut next_try = None;
    for head in life.heads().await {
        if head.id() == denied {
            assert_eq!((head.state(), head.cycles()), (Some(State::Assigned), 0), "{head:#?}");
            let quarantine = head.quarantine().unwrap();
            let because = format!("{:?}", quarantine.because);
            assert!(because.contains("Denied") && because.contains("cannot act as"), "{because}");
            next_try = quarantine.next_try;
        } else {
            assert_eq!((head.state(), head.cycles()), (Some(State::Released), cycles), "{head:#?}");
        }
    }
    next_try.unwrap()
}
