//! On-boarding, and then one maintenance window in which nothing goes wrong: what it takes.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use chrono::TimeDelta;
use state_machine::State;

use crate::company::{Company, STATE_KEY};
use crate::life::Life;
use crate::measured::Measured;
use crate::table::Table;
use crate::{block_on, start};

const ACCOUNTS: usize = 25;

/// What the Python predecessor takes of a processor for an account and a cycle, measured against the same peer.
const PREDECESSOR: Duration = Duration::from_millis(2_050);

#[test]
fn an_organization_is_on_boarded_and_maintained() {
    block_on(async {
        let company = Company::found(ACCOUNTS, 1).await;
        let mut life = Life::new(&company, start(), RetryConfig::disabled());
        life.accounts_are_created();
        life.live(TimeDelta::hours(6)).await;
        assert_eq!(life.failures, Vec::<String>::new());
        let calls = life.take_calls();
        println!("\non-boarding\n{}", Table::new(&calls, ACCOUNTS).render());
        let mut measured = Measured::default();
        measured.count("on-boarding", ACCOUNTS, &mut life, &calls);
        all_are_released(&company, &mut life, 1).await;
        let steps = ["AssignedAccount", "CreatedAccount", "PreparedAccount", "ReleasedAccount"];
        are_announced(&life, &[&steps[..], &["SuccessfulOnBoardingEvent"]].concat());

        life.window_opens(start() + TimeDelta::days(7)).await;
        life.live(TimeDelta::hours(6)).await;
        assert_eq!(life.failures, Vec::<String>::new());
        let calls = life.take_calls();
        let table = Table::new(&calls, ACCOUNTS);
        measured.count("maintenance", ACCOUNTS, &mut life, &calls);
        println!("a maintenance cycle\n{}", table.render());
        all_are_released(&company, &mut life, 2).await;
        let steps =
            ["AssignedAccount", "ExpiredAccount", "PreparedAccount", "PurgedAccount", "ReleasedAccount"];
        are_announced(&life, &[&steps[..], &["SuccessfulMaintenanceEvent"]].concat());

        let spent = life.functions.processor / u32::try_from(ACCOUNTS).unwrap();
        println!("processor time for an account and a cycle: {spent:?}, of the predecessor {PREDECESSOR:?}");
        // A fiftieth of the predecessor, as built to be shipped. Without optimization nobody is that fast.
        let at_most = if cfg!(debug_assertions) { PREDECESSOR / 5 } else { PREDECESSOR / 50 };
        assert!(spent <= at_most, "{spent:?} are more than {at_most:?}");
        let fired = life.fired.clone();
        let mut watch = 0;
        for rule in ["SpaOnReconcile", "SpaOnCompare"] {
            let calls = life.calls_at_rest(rule).await;
            measured.count(rule, ACCOUNTS, &mut life, &calls);
            let times = fired.get(rule).copied().unwrap_or(0);
            println!("{rule} fired {times} times in the cycle; while the fleet rests it calls");
            println!("{}", Table::new(&calls, ACCOUNTS).render());
            watch += calls.len() * times;
        }
        let of_the_fleet =
            f64::from(u32::try_from(watch).unwrap()) / f64::from(u32::try_from(ACCOUNTS).unwrap());
        let all = table.per_account(&[]);
        println!("calls for an account: {all:.2}, {of_the_fleet:.2} of them by a fleet at rest as well");
        let listing = table.of("organizations", "ListAccounts");
        let organizations = table.per_account(&["organizations"]) - listing;
        println!("calls to AWS Organizations: {organizations:.2}, and {listing:.2} to list all accounts");
        assert!(organizations <= 6.0, "{organizations} calls to AWS Organizations for an account");
        assert!(all <= 45.0, "{all} calls for an account");
        measured.is_what_stands_in_the_file();
    });
}

async fn all_are_released(company: &Company, life: &mut Life<'_>, cycles: u32) {
    for head in life.heads().await {
        assert_eq!((head.state(), head.cycles()), (Some(State::Released), cycles), "{head:#?}");
        let tags = company.tags(head.id()).await;
        assert_eq!(tags.get(STATE_KEY).map(String::as_str), Some("released"), "{tags:?}");
        assert!(tags.contains_key("account-holder") && !tags.contains_key("Owner"), "{tags:?}");
    }
}

/// Each of these was announced once for each account, and nothing else.
fn are_announced(life: &Life<'_>, labels: &[&str]) {
    let mut labels: Vec<_> = labels.iter().map(|label| ((*label).to_owned(), ACCOUNTS)).collect();
    labels.sort();
    let announced: Vec<_> = life.announced.iter().map(|(label, times)| (label.clone(), *times)).collect();
    assert_eq!(announced, labels);
}
