//! Every sample event, through every function.

use serde_json::Value;
use spa::event::Handler;
use state_machine::State;

use crate::company::Company;
use crate::embedded;
use crate::fixtures;

/// A sample, the function that it is for, and how its answer begins; for all others it is left alone.
const SAMPLES: &[(&str, Option<Handler>, &str)] = &[
    ("codebuild-other-project", None, "nobody handles it: the project"),
    ("codebuild-preparation-failed", Some(Handler::OnPreparedAccount), "on-prepared-account: account"),
    ("codebuild-preparation-succeeded", Some(Handler::OnPreparedAccount), "on-prepared-account: account"),
    ("codebuild-purge-failed", Some(Handler::OnPurgedAccount), "on-purged-account: account"),
    ("codebuild-purge-succeeded", Some(Handler::OnPurgedAccount), "on-purged-account: account"),
    ("invoke-cost-report-day", None, "nothing to do: "),
    ("invoke-cost-report-month", None, "nothing to do: "),
    ("organizations-create-account", None, "nobody handles it: the account has no identifier yet"),
    ("organizations-create-account-result", Some(Handler::OnVanillaAccount), "on-vanilla-account: account"),
    ("organizations-move-account", Some(Handler::OnVanillaAccount), "on-vanilla-account: account"),
    ("organizations-tag-expired", Some(Handler::OnExpiredAccount), "on-expired-account: account"),
    ("organizations-tag-released", Some(Handler::OnReleasedAccount), "on-released-account: account"),
    ("organizations-tag-vanilla", Some(Handler::OnVanillaAccount), "on-vanilla-account: account"),
    ("schedule", Some(Handler::OnMaintenanceWindow), "the window of"),
    ("signin-assumed-role", Some(Handler::OnConsoleLogin), "on-console-login: account"),
    ("signin-failed", None, "refused (sign-in-failed)"),
    ("signin-iam-user", Some(Handler::OnConsoleLogin), "on-console-login: account"),
    ("signin-root", Some(Handler::OnConsoleLogin), "on-console-login: account"),
    ("spa-account-AssignedAccount", Some(Handler::OnAccountEvent), "on-account-event: account"),
    ("spa-account-CreatedAccount", Some(Handler::OnAccountEvent), "on-account-event: account"),
    ("spa-account-ExpiredAccount", Some(Handler::OnAccountEvent), "on-account-event: account"),
    ("spa-account-PreparationReport", Some(Handler::OnAccountEvent), "on-account-event: account"),
    ("spa-account-PreparedAccount", Some(Handler::OnAccountEvent), "on-account-event: account"),
    ("spa-account-PurgeReport", Some(Handler::OnAccountEvent), "on-account-event: account"),
    ("spa-account-PurgedAccount", Some(Handler::OnAccountEvent), "on-account-event: account"),
    ("spa-account-ReleasedAccount", Some(Handler::OnAccountEvent), "on-account-event: account"),
    ("spa-account-other-environment", None, "refused (other-environment)"),
    ("spa-activity-ConsoleLoginEvent", Some(Handler::OnActivity), "on-activity: account"),
    ("spa-activity-SuccessfulMaintenanceEvent", Some(Handler::OnActivity), "on-activity: account"),
    ("spa-activity-SuccessfulOnBoardingEvent", Some(Handler::OnActivity), "on-activity: account"),
    ("spa-exception-BudgetAlertException", Some(Handler::OnException), "on-exception: account"),
    ("spa-exception-ConsoleLoginWithIamUserException", Some(Handler::OnException), "on-exception: account"),
    ("spa-exception-ConsoleLoginWithRootException", Some(Handler::OnException), "on-exception: account"),
    ("spa-exception-FailedCodebuildException", Some(Handler::OnException), "on-exception: account"),
    ("spa-exception-FailedMaintenanceException", Some(Handler::OnException), "on-exception: account"),
    ("spa-exception-FailedOnBoardingException", Some(Handler::OnException), "on-exception: account"),
    ("spa-exception-GenericException", Some(Handler::OnException), "on-exception: "),
    ("spa-message-MessageToMicrosoftTeams", Some(Handler::ToMicrosoftTeams), "to-microsoft-teams: noted"),
];

/// Batches are answered in another way, and `{}` means something else to each function.
const APART: [&str; 4] =
    ["invoke-empty", "sqs-budget-alert", "sqs-organizations-tag-assigned", "sqs-plain-text-alert"];

#[test]
fn every_sample_has_its_answer_in_every_function() {
    let known: Vec<_> = SAMPLES.iter().map(|(sample, _, _)| (*sample).to_owned()).collect();
    let missing: Vec<_> = fixtures::names()
        .into_iter()
        .filter(|name| !known.contains(name) && !APART.contains(&&**name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let company = Company::with_accounts(1);
    for handler in Handler::ALL {
        let mut function = company.function(handler.name());
        for (sample, whose, begins) in SAMPLES {
            let answer = function.invoke(&company.sample(sample)).done();
            let outcome = answer["outcome"].as_str().unwrap();
            match whose {
                Some(whose) if *whose != handler => {
                    assert_eq!(outcome, format!("left alone: it is for {whose}"), "{sample} for {handler}");
                }
                Some(_) | None => assert!(outcome.starts_with(begins), "{sample} for {handler}: {outcome}"),
            }
        }
        let mine = SAMPLES.iter().filter(|(_, whose, _)| *whose == Some(handler)).count();
        let (lines, metrics) = function.end();
        assert!(lines.len() >= SAMPLES.len(), "each event leaves a line");
        for line in &lines {
            assert_eq!(line["function"], handler.name(), "{line}");
            assert!(line["requestId"].is_string() && line["traceId"].is_string(), "{line}");
            assert!(!line.to_string().contains('@'), "{line}");
        }
        for line in &metrics {
            assert_eq!(embedded::problems(line), Vec::<String>::new(), "{line}");
        }
        let counted = |name: &str| metrics.iter().filter(|line| line.get(name).is_some()).count();
        let expected = |of: Handler| if of == handler { mine } else { 0 };
        assert_eq!(counted("AccountEventsByLabel"), expected(Handler::OnAccountEvent), "{handler}");
        assert_eq!(counted("TransactionsByLabel"), expected(Handler::OnActivity), "{handler}");
        assert_eq!(counted("TransactionsByCostCenter"), expected(Handler::OnActivity), "{handler}");
        assert_eq!(counted("ExceptionsByLabel"), expected(Handler::OnException), "{handler}");
    }
}

#[test]
fn by_hand_each_function_does_what_it_is_for() {
    let company = Company::with_accounts(2);
    for handler in Handler::ALL {
        let mut function = company.function(handler.name());
        let answer = function.invoke("{}").done();
        let outcome = answer["outcome"].as_str().unwrap();
        let begins = match handler {
            Handler::OnMaintenanceWindow => "the window of",
            Handler::OnWakeUp => "what is due was woken",
            Handler::OnReconcile => "2 accounts compared",
            _ => "nothing to do: ",
        };
        assert!(outcome.starts_with(begins) || outcome.starts_with("3 accounts"), "{handler}: {outcome}");
    }
}

#[test]
fn an_account_goes_from_its_creation_to_its_holder() {
    let company = Company::with_accounts(1);
    let account = company.accounts[0];
    // The samples have one identifier, and an event that comes again is no news.
    let event = |sample: &str, id: &str| {
        let mut event: Value = serde_json::from_str(&company.sample(sample)).unwrap();
        event["id"] = id.into();
        event.to_string()
    };
    let released = event("organizations-tag-released", "third");
    let assigned = event("organizations-tag-released", "second").replace("released", "assigned");
    let steps = [
        ("on-vanilla-account", event("organizations-create-account-result", "first"), State::Assigned),
        ("on-assigned-account", company.batch(&[&assigned]), State::Released),
        ("on-released-account", released, State::Released),
    ];
    for (handler, event, state) in steps {
        let mut function = company.function(handler);
        let answer = function.invoke(&event).done();
        assert!(answer["batchItemFailures"][0].is_null(), "{handler}: {answer}");
        let (lines, _) = function.end();
        assert_eq!(company.state(account), Some(state), "after {handler}: {lines:?}");
        let of_account =
            |line: &&Value| line["account"] == account.to_string() && line["trigger"].is_string();
        assert!(lines.iter().any(|line| of_account(&line)), "{handler}: {lines:?}");
    }
}
