//! `features`: what can be switched on.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use state_machine::{Email, Text};

use super::Section;
use crate::diagnostic::Report;
use crate::settings::files::{Files, SMALL_LIMIT, refuse_for_parameter};
use crate::settings::value::aws::{ParameterLabel, ResponsePlanArn};
use crate::settings::value::mail::Sender;
use crate::settings::value::tag::{TagKey, TagPrefix};
use crate::settings::value::text::{Currency, FilePath, WebAddress};
use crate::settings::value::{Map, Placed};

/// What can be switched on.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields, rename = "features")]
pub struct Features {
    /// Run the functions on ARM processors.
    #[schemars(with = "Option<Placed<bool>>", extend("default" = false))]
    pub with_arm_architecture: bool,
    /// Who receives the monthly reports of costs. Needs `with_origin_email_recipient`.
    #[schemars(with = "Option<Vec<Placed<Email>>>")]
    pub with_cost_email_recipients: Vec<Email>,
    /// Currencies other than USD in which charges are summed up as well.
    #[schemars(with = "Option<Vec<Placed<Currency>>>")]
    pub with_cost_extra_currencies: Vec<Currency>,
    /// The tag that tells the cost center of an account. Left out, costs are not reported.
    #[schemars(with = "Option<Placed<TagKey>>")]
    pub with_cost_management_tag: Option<TagKey>,
    /// CSV files with accounts, one a row; paths are relative to the settings file. A later file wins.
    #[schemars(with = "Option<Vec<Placed<FilePath>>>", length(max = 100))]
    pub with_csv_files: Vec<FilePath>,
    /// Who receives mails on alerts: builds that fail, budgets that are spent.
    #[schemars(with = "Option<Vec<Placed<Email>>>")]
    pub with_email_subscriptions_on_alerts: Vec<Email>,
    /// Documents for account holders, by label; paths are relative to the settings file or to the current
    /// directory.
    #[schemars(with = "Option<Map<ParameterLabel, FilePath>>")]
    pub with_end_user_documents: BTreeMap<Text, Document>,
    /// A webhook of Microsoft Teams that receives alerts.
    #[schemars(with = "Option<Placed<WebAddress>>")]
    pub with_microsoft_webhook_on_alerts: Option<WebAddress>,
    /// Who mails come from; Amazon SES must have verified the address.
    #[schemars(with = "Option<Placed<Sender>>")]
    pub with_origin_email_recipient: Option<Sender>,
    /// The response plan of Incident Manager that incidents are opened with.
    #[schemars(with = "Option<Placed<ResponsePlanArn>>")]
    pub with_response_plan_arn: Option<ResponsePlanArn>,
    /// What the tags of the state and of the holder start with.
    #[schemars(with = "Option<Placed<TagPrefix>>", extend("default" = Features::TAG_PREFIX))]
    pub with_tag_prefix: TagPrefix,
}

/// A document for account holders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Where it was found.
    pub path: std::path::PathBuf,
    /// What it says.
    pub text: Text,
}

impl Features {
    const TAG_PREFIX: &'static str = "account-";

    /// The features, and the places of the CSV files: rows are read later.
    pub(crate) fn read(mut section: Section<'_, '_>, files: &Files) -> (Self, Vec<Placed<FilePath>>) {
        let arm = section.optional("with_arm_architecture");
        let cost_recipients = section.list::<Email>("with_cost_email_recipients");
        let currencies = section.list("with_cost_extra_currencies");
        let cost_tag = section.optional("with_cost_management_tag");
        let csv_files = csv_files(&mut section);
        let alert_recipients = section.list("with_email_subscriptions_on_alerts");
        let documents = section.map::<ParameterLabel, FilePath>("with_end_user_documents");
        let webhook = section.optional::<WebAddress>("with_microsoft_webhook_on_alerts");
        let sender = section.optional("with_origin_email_recipient");
        let plan = section.optional::<ResponsePlanArn>("with_response_plan_arn");
        let prefix = section.optional("with_tag_prefix");

        if let (Some(recipients), None) = (&cost_recipients, &sender)
            && !recipients.value.is_empty()
        {
            let doubt = recipients.doubt("no mail about costs will be sent", "nobody is named to send it");
            section.report().push(doubt.help("name a sender in with_origin_email_recipient"));
        }
        refuse_crowd(cost_recipients.as_ref(), section.report());
        if cost_tag.is_none() {
            warn_of_no_costs(cost_recipients.as_ref(), section.report());
            warn_of_no_costs(currencies.as_ref(), section.report());
        }
        warn_of_retired_webhook(webhook.as_ref(), section.report());
        let documents = documents
            .into_iter()
            .filter_map(|(label, path)| {
                let found = files.find(&path, SMALL_LIMIT, section.report())?;
                refuse_for_parameter(&path, &found, section.report())?;
                Some((label.value.to_text(), Document { path: found.path, text: found.text.into() }))
            })
            .collect();
        section.close();

        let features = Self {
            with_arm_architecture: arm.is_some_and(|arm| arm.value),
            with_cost_email_recipients: values(cost_recipients),
            with_cost_extra_currencies: values(currencies),
            with_cost_management_tag: cost_tag.map(|tag| tag.value),
            with_csv_files: csv_files.iter().map(|file: &Placed<FilePath>| file.value.clone()).collect(),
            with_email_subscriptions_on_alerts: values(alert_recipients),
            with_end_user_documents: documents,
            with_microsoft_webhook_on_alerts: webhook.map(|webhook| webhook.value),
            with_origin_email_recipient: sender.map(|sender| sender.value),
            with_response_plan_arn: plan.map(|plan| plan.value).filter(|plan| !plan.as_str().is_empty()),
            with_tag_prefix: prefix
                .map_or_else(|| TagPrefix::built_in(Self::TAG_PREFIX), |prefix| prefix.value),
        };
        (features, csv_files)
    }
}

/// The names of the CSV files; a hundred of them, each with a million rows, must be enough.
fn csv_files(section: &mut Section<'_, '_>) -> Vec<Placed<FilePath>> {
    const MOST: usize = 100;
    let Some(list) = section.list("with_csv_files") else { return Vec::new() };
    if list.value.len() > MOST {
        let fault = list.fault(format!("there are more than {MOST} CSV files"), "");
        section.report().push(fault);
        return Vec::new();
    }
    list.value
}

fn values<T>(list: Option<Placed<Vec<Placed<T>>>>) -> Vec<T> {
    list.into_iter().flat_map(|list| list.value).map(|placed| placed.value).collect()
}

/// A mail of Amazon SES has 50 recipients at most: <https://docs.aws.amazon.com/ses/latest/dg/quotas.html>.
fn refuse_crowd(recipients: Option<&Placed<Vec<Placed<Email>>>>, report: &mut Report) {
    const MOST: usize = 50;
    if let Some(recipients) = recipients.filter(|recipients| recipients.value.len() > MOST) {
        let message =
            format!("{} recipients are more than the {MOST} that Amazon SES takes", recipients.value.len());
        report.push(recipients.fault(message, "").help("write to a distribution list"));
    }
}

/// What costs are summed up by is not known, so they are not.
fn warn_of_no_costs<T>(wanted: Option<&Placed<Vec<Placed<T>>>>, report: &mut Report) {
    if let Some(wanted) = wanted.filter(|wanted| !wanted.value.is_empty()) {
        let doubt = wanted.doubt("costs will not be reported", "this has no effect");
        report.push(doubt.help("name the tag that tells the cost center in with_cost_management_tag"));
    }
}

/// Microsoft has retired the webhooks of Office 365 connectors:
/// <https://devblogs.microsoft.com/microsoft365dev/retirement-of-office-365-connectors-within-microsoft-teams/>.
fn warn_of_retired_webhook(webhook: Option<&Placed<WebAddress>>, report: &mut Report) {
    if let Some(webhook) = webhook
        && webhook.value.host().ends_with(".webhook.office.com")
    {
        let doubt =
            webhook.doubt("Microsoft has retired the connectors of Office 365", "nothing may arrive here");
        report.push(doubt.help("make a webhook with the app Workflows in Teams"));
    }
}
