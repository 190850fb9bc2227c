//! `deployment`: what the templates of infra/ are filled in with, beside what other sections say.

use schemars::JsonSchema;
use state_machine::{AccountId, Email, UnitId};

use super::Section;
use crate::settings::value::aws::RolePattern;
use crate::settings::value::text::Feature;
use crate::settings::value::{Placed, Value};

/// How the system is deployed, as far as no other section says it. Functions do not read this.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields, rename = "deployment")]
pub struct Deployment {
    /// Who is told of alarms. AWS asks the address first. Left out, nobody is.
    #[schemars(with = "Option<Placed<Email>>")]
    pub alarm_email: Option<Email>,
    /// Roles of the automation account from which people use `spa --on aws`. A `*` stands for anything.
    #[schemars(with = "Option<Vec<Placed<RolePattern>>>")]
    pub operators: Vec<RolePattern>,
    /// Whether the functions that read the whole organization run one at a time. A new account of AWS has so few
    /// executions that it may reserve none; then say no.
    #[schemars(with = "Option<Placed<bool>>", extend("default" = true))]
    pub reserve_concurrency: bool,
    /// Whether events and schedules wake the functions.
    #[schemars(with = "Option<Placed<Feature>>", extend("default" = "enabled"))]
    pub rules: bool,
    /// Units of whose accounts sign-ins are told that are recorded in us-east-1. Left out, none are.
    #[schemars(with = "Option<Vec<Placed<UnitId>>>")]
    pub sign_in_units: Vec<UnitId>,
    /// Accounts in which nothing is worth keeping: `spa deploy verify` may drive them through a whole cycle.
    #[schemars(with = "Option<Vec<Placed<AccountId>>>")]
    pub test_accounts: Vec<AccountId>,
}

impl Deployment {
    pub(crate) fn read(mut section: Section<'_, '_>) -> Self {
        let deployment = Self {
            alarm_email: section.optional::<Email>("alarm_email").map(|email| email.value),
            operators: values(&mut section, "operators"),
            reserve_concurrency: section.optional::<bool>("reserve_concurrency").is_none_or(|yes| yes.value),
            rules: section.optional::<Feature>("rules").is_none_or(|rules| rules.value.0),
            sign_in_units: values(&mut section, "sign_in_units"),
            test_accounts: values(&mut section, "test_accounts"),
        };
        section.close();
        deployment
    }
}

fn values<T: Value>(section: &mut Section<'_, '_>, key: &'static str) -> Vec<T> {
    let list = section.list::<T>(key).map(|list| list.value).unwrap_or_default();
    list.into_iter().map(|placed| placed.value).collect()
}
