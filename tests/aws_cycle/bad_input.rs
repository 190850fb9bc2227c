//! What nobody wants to receive, and what comes of it: each has one of four outcomes. Lambda tries again and then puts
//! the event among the dead letters; a person is told; it is recorded and ignored; or it waits for better times.

use aws_config::retry::RetryConfig;
use chrono::TimeDelta;
use spa::event::Handler;
use spa::function::answer::{Answer, FunctionError};
use spa::journal::Journal as _;
use spa::lifecycle::World as _;
use state_machine::{AccountId, State, Status, Timestamp, Version};

use crate::company::Company;
use crate::functions::{Functions, Hand};
use crate::life::Life;
use crate::wire::Wire;
use crate::{block_on, fixtures, start};

/// Somebody sets the state of an account by hand, and CloudTrail tells.
pub fn tagged(company: &Company, account: AccountId, state: &str) -> String {
    let sample = fixtures::trust();
    fixtures::text("organizations-tag-released")
        .replace("\"released\"", &format!("\"{state}\""))
        .replace(&sample.management_account.to_string(), company.management.account())
        .replace(&fixtures::member().to_string(), &account.to_string())
}

async fn tag(company: &Company, account: &str, state: &str) {
    let organizations = aws_sdk_organizations::Client::new(&company.management.config());
    let tag = aws_sdk_organizations::types::Tag::builder().key("account-state").value(state).build();
    organizations.tag_resource().resource_id(account).tags(tag.unwrap()).send().await.unwrap();
}

fn functions(company: &Company) -> (Functions<'_>, Wire, Hand) {
    let (wire, clock) = (Wire::new(), Hand::at(start()));
    let functions = Functions::new(company, wire.clone(), clock.clone(), RetryConfig::disabled());
    (functions, wire, clock)
}

/// What changes an account.
const EFFECTS: [&str; 5] = ["TagResource", "UntagResource", "StartBuild", "CreateStack", "DeleteStack"];

async fn version(functions: &mut Functions<'_>, account: AccountId) -> Version {
    let world = functions.world(Handler::OnReconcile);
    world.journal().account(account).await.unwrap().version()
}

#[test]
fn accounts_that_left_are_suspended_or_were_never_managed_are_left_alone() {
    block_on(async {
        let company = Company::found(2, 0).await;
        let organizations = aws_sdk_organizations::Client::new(&company.management.config());
        // One that is gone, one that is suspended, and one in a unit that belongs to another environment.
        let gone: AccountId = "999988887777".parse().unwrap();
        let suspended = company.accounts[0];
        organizations.close_account().account_id(suspended.to_string()).send().await.unwrap();
        let other = organizations.create_account().email("x@example.com").account_name("x").send().await;
        let other = other.unwrap().create_account_status.unwrap().account_id.unwrap();
        tag(&company, &suspended.to_string(), "expired").await;
        tag(&company, &other, "expired").await;
        let (mut functions, wire, _) = functions(&company);
        for account in [gone, suspended, other.parse().unwrap()] {
            for (handler, state) in [
                (Handler::OnVanillaAccount, "vanilla"),
                (Handler::OnExpiredAccount, "expired"),
                (Handler::OnAssignedAccount, "assigned"),
            ] {
                let invoked = functions.invoke(handler, &tagged(&company, account, state)).await;
                assert!(matches!(invoked.answer, Ok(Answer::Done(_))), "{account}: {:?}", invoked.answer);
            }
            assert_eq!(version(&mut functions, account).await, Version::NONE, "{account} gets no journal");
        }
        let calls = wire.take();
        let effects: Vec<_> =
            calls.iter().filter(|call| EFFECTS.contains(&call.operation.as_str())).collect();
        assert!(effects.is_empty(), "{effects:?}");
    });
}

/// Their tags say `expired` already when it happens. What is known of them by then does not count for a purge.
#[test]
fn accounts_that_are_suspended_or_leave_before_their_purge_are_not_purged() {
    block_on(async {
        let company = Company::found(3, 0).await;
        let mut life = Box::pin(on_boarded(&company)).await;
        life.window_opens(start() + TimeDelta::days(7)).await;
        life.live(TimeDelta::seconds(1)).await;
        let [suspended, gone, other] = company.accounts[..] else { panic!("there are three") };
        assert!(life.heads().await.iter().all(|head| head.state() == Some(State::Expired)));
        let organizations = aws_sdk_organizations::Client::new(&company.management.config());
        organizations.close_account().account_id(suspended.to_string()).send().await.unwrap();
        let left = organizations.remove_account_from_organization().account_id(gone.to_string());
        left.send().await.unwrap();
        life.live(TimeDelta::hours(2)).await;
        let calls = life.take_calls();
        let builds = calls.iter().filter(|call| call.operation == "StartBuild");
        let accounts: Vec<_> = builds.map(|call| call.answer["build"]["arn"].to_string()).collect();
        assert_eq!(accounts.len(), 2, "a purge and a preparation: {accounts:?}");
        assert!(accounts.iter().all(|arn| arn.contains(&other.to_string())), "{accounts:?}");
        for head in life.heads().await {
            let expected = match head.id() {
                id if id == suspended => (Status::Suspended, Some(State::Expired)),
                id if id == gone => (Status::Gone, Some(State::Expired)),
                _ => (Status::Active, Some(State::Released)),
            };
            assert_eq!((head.status(), head.state()), expected, "{head:#?}");
        }
    });
}

#[test]
fn what_is_not_there_or_not_allowed_fails_the_invocation_and_nothing_is_done() {
    block_on(async {
        let company = Company::found(1, 0).await;
        let account = company.accounts[0];
        tag(&company, &account.to_string(), "vanilla").await;
        let event = tagged(&company, account, "vanilla");
        let (automation, management) = (&company.automation, &company.management);
        for (guest, operation, code, kind) in [
            (automation, "GetItem", "ResourceNotFoundException", "JournalFailed"),
            (automation, "GetItem", "ExpiredTokenException", "JournalFailed"),
            (automation, "GetItem", "AccessDeniedException", "JournalFailed"),
            (automation, "TransactWriteItems", "ResourceNotFoundException", "JournalFailed"),
            (automation, "GetParameters", "AccessDeniedException", "Unreadable"),
            (automation, "AssumeRole", "ExpiredTokenException", "Unreadable"),
            (automation, "AssumeRole", "AccessDenied", "Unreadable"),
            (management, "DescribeAccount", "ExpiredTokenException", "Unreadable"),
            (management, "ListTagsForResource", "TooManyRequestsException", "Unreadable"),
        ] {
            let (mut functions, wire, _) = functions(&company);
            guest.refuse(operation, 100, 400, code);
            let invoked = functions.invoke(Handler::OnVanillaAccount, &event).await;
            guest.refuse_nothing();
            let name = invoked.answer.as_ref().map_err(FunctionError::name).err();
            assert_eq!(name, Some(kind), "{operation} {code}: {:?}", invoked.answer);
            let calls = wire.take();
            assert!(!calls.iter().any(|call| EFFECTS.contains(&call.operation.as_str())), "{calls:?}");
        }
        // A parameter that everybody needs is taken away.
        let (mut functions, _, clock) = functions(&company);
        let ssm = aws_sdk_ssm::Client::new(&automation.config());
        let defaults = ssm.get_parameter().name("/Spa/Defaults").send().await.unwrap().parameter.unwrap();
        ssm.delete_parameter().name("/Spa/Defaults").send().await.unwrap();
        let invoked = functions.invoke(Handler::OnVanillaAccount, &event).await;
        assert_eq!(invoked.answer.as_ref().map_err(FunctionError::name).err(), Some("Unreadable"));
        assert_eq!(version(&mut functions, account).await, Version::NONE);
        // It is put back, and what Lambda tries again goes well.
        let put = ssm.put_parameter().name("/Spa/Defaults").value(defaults.value.unwrap());
        put.r#type(aws_sdk_ssm::types::ParameterType::String).send().await.unwrap();
        clock.set(start() + TimeDelta::minutes(1));
        let invoked = functions.invoke(Handler::OnVanillaAccount, &event).await;
        assert!(invoked.answer.is_ok(), "{:?}", invoked.answer);
        assert!(version(&mut functions, account).await > Version::NONE);
    });
}

#[test]
fn an_hour_of_throttled_tags_delays_a_window_and_expires_nobody() {
    block_on(async {
        let company = Company::found(3, 0).await;
        let mut life = Box::pin(on_boarded(&company)).await;
        life.window_opens(start() + TimeDelta::days(7)).await;
        company.management.refuse("ListTagsForResource", 100_000, 400, "TooManyRequestsException");
        life.live(TimeDelta::hours(1)).await;
        let written = life.take_calls().iter().filter(|call| call.operation == "TagResource").count();
        assert_eq!(written, 0, "nobody knows whether they are released");
        for head in life.heads().await {
            assert_eq!((head.state(), head.cycles()), (Some(State::Released), 1), "{head:#?}");
        }
        company.management.refuse_nothing();
        life.live(TimeDelta::days(2)).await;
        for head in life.heads().await {
            assert_eq!((head.state(), head.cycles()), (Some(State::Released), 2), "{head:#?}");
        }
    });
}

async fn on_boarded(company: &Company) -> Life<'_> {
    let mut life = Life::new(company, start(), RetryConfig::disabled());
    life.accounts_are_created();
    life.live(TimeDelta::hours(2)).await;
    assert!(life.heads().await.iter().all(|head| head.state() == Some(State::Released)));
    life.take_calls();
    life
}

/// The clock of a function is wrong by days while purges run, and then right again. What was written down with an instant
/// that has not come yet waits for it, at most.
#[test]
fn a_clock_that_jumps_costs_time_and_nothing_else() {
    block_on(async {
        let company = Company::found(2, 0).await;
        let mut life = Box::pin(on_boarded(&company)).await;
        let opens = start() + TimeDelta::days(7);
        life.window_opens(opens).await;
        life.live(TimeDelta::minutes(5)).await;
        let purging = |head: &state_machine::Account| head.state() == Some(State::Expired);
        assert!(life.heads().await.iter().all(|head| purging(head)), "their purges run");
        for jump in [TimeDelta::days(2), TimeDelta::days(-2), -TimeDelta::days(400)] {
            let at: Timestamp = life.now();
            life.jumps(at + jump);
            life.calls_at_rest("SpaOnCompare").await;
            life.jumps(at);
        }
        life.live(TimeDelta::days(3)).await;
        for head in life.heads().await {
            assert_eq!((head.state(), head.cycles()), (Some(State::Released), 2), "{head:#?}");
            assert_eq!(head.quarantine(), None);
        }
    });
}
