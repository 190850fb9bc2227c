//! Writing what goes into the queue of wake-ups.

use serde::Serialize;
use state_machine::AccountId;

use super::WakeUp;
use crate::event::emit::{iso, json};
use crate::event::{SCHEMA_VERSION, Trust};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message<'a> {
    account: AccountId,
    at: String,
    environment: &'a str,
    schema_version: u32,
}

pub(in crate::event) fn write(wake_up: &WakeUp, trust: &Trust) -> String {
    json(&Message {
        account: wake_up.account,
        at: iso(wake_up.at),
        environment: &trust.environment,
        schema_version: SCHEMA_VERSION,
    })
}
