//! `automation`: the account in which the system runs, and when maintenance is.

use schemars::JsonSchema;
use state_machine::tags::TAGS_PER_ACCOUNT;
use state_machine::{AccountId, Protection, Tags, Text};

use super::{Limits, Section};
use crate::diagnostic::Report;
use crate::schedule::Schedule;
use crate::settings::value::aws::{ExternalId, Region, RoleArn, RoleName};
use crate::settings::value::tag::{TagKey, TagValue};
use crate::settings::value::text::{Statement, Verbosity};
use crate::settings::value::{Map, Placed, Problem, Scalar, Value};

/// The account in which the system runs, and when maintenance is.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields, rename = "automation")]
pub struct Automation {
    /// The account in which the system runs. It is protected: nothing is ever prepared or purged in it.
    #[schemars(with = "Placed<AccountId>")]
    pub account_id: AccountId,
    /// The region in which the system runs.
    #[schemars(with = "Placed<Region>")]
    pub region: Region,
    /// The account that owns the organization. It is protected, like the automation account. Left out, it is
    /// taken from `role_arn_to_manage_accounts`.
    #[schemars(with = "Option<Placed<AccountId>>")]
    pub management_account_id: Option<AccountId>,
    /// Markdown that stands on top of the dashboard.
    #[schemars(with = "Option<Placed<Statement>>", extend("default" = Automation::BANNER))]
    pub cockpit_markdown_text: Text,
    /// When accounts are purged and prepared: a schedule expression of EventBridge, in UTC. Left out, no
    /// maintenance window ever opens.
    #[schemars(with = "Option<Placed<Schedule>>")]
    pub maintenance_window_expression: Option<Schedule>,
    /// The role in the management account that reads and tags accounts. Left out, functions act as themselves.
    #[schemars(with = "Option<Placed<RoleArn>>")]
    pub role_arn_to_manage_accounts: Option<RoleArn>,
    /// The role in every managed account that sets up and starts builds.
    #[schemars(with = "Option<Placed<RoleName>>", extend("default" = Automation::ROLE))]
    pub role_name_to_manage_codebuild: RoleName,
    /// What the trust policies of these roles ask for, as `sts:ExternalId`. Left out, nothing is said.
    #[schemars(with = "Option<Placed<ExternalId>>")]
    pub external_id: Option<ExternalId>,
    /// Whether sessions carry the environment, the account and the function as tags. The trust policies must then
    /// allow `sts:TagSession`, or they refuse the whole session.
    #[schemars(with = "Option<Placed<bool>>", extend("default" = false))]
    pub session_tags: bool,
    /// How fast AWS is called.
    #[schemars(with = "Option<Limits>")]
    pub limits: Limits,
    /// Tags on the resources of the system itself.
    #[schemars(with = "Option<Map<TagKey, TagValue>>")]
    pub tags: Tags,
    /// How much the functions write to their logs.
    #[schemars(with = "Option<Placed<Verbosity>>", extend("default" = "INFO"))]
    pub verbosity: Verbosity,
}

impl Automation {
    const BANNER: &'static str = "# Sustainable Personal Accounts";
    const ROLE: &'static str = "AWSControlTowerExecution";

    /// The section, and the accounts that it protects, with their places.
    pub(crate) fn read(mut section: Section<'_, '_>) -> (Option<Self>, Vec<Guard>) {
        let account_id: Option<Placed<AccountId>> = section.required(
            "account_id",
            "the account in which the system runs is never touched, so it must be known",
        );
        let region: Option<Placed<Region>> =
            section.required("region", "the functions, tables and builds stand in one region");
        let management_account_id = section.optional::<AccountId>("management_account_id");
        let banner = section.optional::<Statement>("cockpit_markdown_text");
        let schedule = section.optional::<Schedule>("maintenance_window_expression");
        let role_arn = section.optional::<RoleArn>("role_arn_to_manage_accounts");
        let role_name = section.optional::<RoleName>("role_name_to_manage_codebuild");
        let external_id = section.optional::<ExternalId>("external_id");
        let session_tags = section.optional::<bool>("session_tags");
        let limits = Limits::read(section.section("limits"));
        let tags = section.map::<TagKey, TagValue>("tags");
        let verbosity = section.optional::<Verbosity>("verbosity");
        refuse_many(&tags, section.report());
        warn_of_other_owner(management_account_id.as_ref(), role_arn.as_ref(), section.report());
        section.close();

        let owner = management_account_id.or_else(|| {
            let role = role_arn.as_ref()?;
            Some(role.at(role.value.account()?))
        });
        let own = account_id.as_ref().map(|account| Guard::new(account, Protection::AutomationAccount));
        let management = owner.as_ref().map(|account| Guard::new(account, Protection::ManagementAccount));
        let automation = account_id.zip(region).map(|(account, region)| Self {
            account_id: account.value,
            region: region.value,
            management_account_id: owner.map(|account| account.value),
            cockpit_markdown_text: banner
                .map_or_else(|| Self::BANNER.into(), |banner| banner.value.to_text()),
            maintenance_window_expression: schedule.map(|schedule| schedule.value),
            role_arn_to_manage_accounts: role_arn.map(|role| role.value),
            role_name_to_manage_codebuild: role_name
                .map_or_else(|| RoleName::built_in(Self::ROLE), |role| role.value),
            external_id: external_id.map(|external_id| external_id.value),
            session_tags: session_tags.is_some_and(|tags| tags.value),
            limits,
            tags: tags.into_iter().map(|(key, value)| (key.value.to_text(), value.value.to_text())).collect(),
            verbosity: verbosity.map_or_else(Verbosity::default, |verbosity| verbosity.value),
        });
        (automation, management.into_iter().chain(own).collect())
    }
}

/// AWS keeps 50 tags a resource: <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>.
fn refuse_many(tags: &[(Placed<TagKey>, Placed<TagValue>)], report: &mut Report) {
    if let Some((first_too_many, _)) = tags.get(TAGS_PER_ACCOUNT) {
        let message = format!("{} tags are more than the {TAGS_PER_ACCOUNT} that AWS keeps", tags.len());
        report.push(first_too_many.fault(message, "one too many"));
    }
}

/// The role lives in the management account, or in one that acts for it. With an account that is neither, the
/// management account would be left without protection.
fn warn_of_other_owner(
    owner: Option<&Placed<AccountId>>,
    role: Option<&Placed<RoleArn>>,
    report: &mut Report,
) {
    if let (Some(owner), Some(role)) = (owner, role)
        && role.value.account().is_some_and(|account| account != owner.value)
    {
        let doubt = owner
            .doubt("the role that manages accounts lives in another account", "the management account?")
            .because_of(role.source, role.span.clone(), "or is it this one?")
            .help("protected is the account that management_account_id names");
        report.push(doubt);
    }
}

/// An account that is never touched, and the place that says so.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(crate) account: Placed<AccountId>,
    pub(crate) protection: Protection,
}

impl Guard {
    pub(crate) fn new(account: &Placed<AccountId>, protection: Protection) -> Self {
        Self { account: account.clone(), protection }
    }
}

impl Value for Schedule {
    const EXPECTED: &'static str = "a schedule such as cron(0 18 ? * SAT *) or rate(7 days)";

    fn schema() -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^\\s*(cron|rate)\\(.+\\)\\s*$",
            "examples": ["cron(0 18 ? * SAT *)", "rate(7 days)"],
        })
    }

    fn parse(scalar: Scalar<'_>) -> Result<Self, Problem> {
        let text = scalar.as_text(Self::EXPECTED)?;
        text.parse().map_err(|error: crate::schedule::ScheduleError| {
            let problem = Problem::new(error.message).part(error.span);
            error.hint.into_iter().fold(problem, Problem::help)
        })
    }
}
