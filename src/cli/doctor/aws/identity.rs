//! Who asks, where, and through which roles.

use super::{Deployed, Finding};
use crate::cli::Subject;
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::caller::{self, Caller};

/// Who asks.
pub async fn caller(deployed: &Deployed<'_>) -> Result<Caller, CallError> {
    caller::caller(&deployed.connections.own(), &deployed.governor).await
}

pub fn credentials(deployed: &Deployed<'_>, caller: &Result<Caller, CallError>) -> Finding {
    match caller {
        Ok(caller) => Finding::good(caller.arn.to_string()),
        Err(error) => deployed.told(error, Subject::Caller),
    }
}

pub fn account(deployed: &Deployed<'_>, caller: &Result<Caller, CallError>) -> Finding {
    let wanted = deployed.deployment.trust.automation_account;
    match caller {
        Ok(caller) if caller.account == wanted => {
            Finding::good(format!("the credentials are of the automation account {wanted}"))
        }
        Ok(caller) => Finding::bad(
            format!("the credentials are of the account {}, and the system runs in {wanted}", caller.account),
            "--profile NAME or AWS_PROFILE chooses others; automation.account_id names the account",
        ),
        Err(error) => deployed.told(error, Subject::Caller),
    }
}

pub fn region(deployed: &Deployed<'_>) -> Finding {
    let (region, named) = (&deployed.deployment.region, deployed.settings.automation().region.to_text());
    if *region == named {
        Finding::good(format!("{region}, as the settings say"))
    } else {
        Finding::warning(
            format!("looked at is {region}, and the settings say {named}"),
            "leave --region and AUTOMATION_REGION out, or change automation.region",
        )
    }
}

/// The management role, by trying.
pub async fn management(deployed: &Deployed<'_>) -> Finding {
    let with = if deployed.roles.external_id.is_some() { "with" } else { "without" };
    match caller::caller(&deployed.connections.management(), &deployed.governor).await {
        Ok(caller) => Finding::good(format!("assumed {with} an external id: {}", caller.arn)),
        Err(error) => {
            let finding = deployed.told(&error, Subject::Organization);
            finding.and_help(&format!(
                "it was asked for {with} an external id: automation.external_id must be what its trust policy asks for"
            ))
        }
    }
}

/// What the governor saw while all of this was looked at.
pub fn calls(deployed: &Deployed<'_>) -> Finding {
    let lanes = deployed.governor.snapshot();
    let sum =
        |number: fn(&crate::cloud::aws::governor::LaneState) -> u64| lanes.iter().map(number).sum::<u64>();
    let (calls, throttled, busy) =
        (sum(|lane| lane.calls.values().sum()), sum(|lane| lane.throttled), sum(|lane| lane.busy));
    let seen = format!(
        "{calls} calls to {} services: {throttled} throttled, {busy} met another request in progress",
        lanes.len()
    );
    if throttled + busy == 0 {
        return Finding::good(seen);
    }
    let slowed: Vec<String> = lanes
        .iter()
        .filter(|lane| lane.throttled + lane.busy > 0)
        .map(|lane| format!("{} goes on at {:.1} calls a second", lane.service, lane.per_second))
        .collect();
    Finding::warning(
        format!("{seen}; {}", slowed.join(", ")),
        "others of this account call AWS as well; automation.limits bounds what this system takes",
    )
}
