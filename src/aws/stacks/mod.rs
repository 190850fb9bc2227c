//! The stacks of a deployment: what each is called, where it stands, and what its template is filled in with. All of it
//! follows from settings.yaml; nothing is edited by hand.
//!
//! | stack, for the environment `Spa` | template | stands in |
//! | --- | --- | --- |
//! | `SpaArtifacts` | artifacts.yaml | the automation account |
//! | `SpaManagement` | management-account.yaml | the management account, where AWS Organizations tells its events |
//! | `Spa` | automation-account.yaml | the automation account |
//! | `SpaSignIns` | signin-stackset.yaml | the management account, in us-east-1 |
//!
//! They are made in this order, and taken away the other way round. [`template`] reads what a template says of itself.

pub mod template;

use std::collections::BTreeMap;

use state_machine::{AccountId, Text, UnitId};

use crate::cloud::partition::home;
use crate::settings::{ExternalId, RolePattern, Settings, TagKey, Verbosity};

/// Which stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The bucket that everything else is deployed from.
    Artifacts,
    /// What must stand in the account that owns the organization.
    Management,
    /// Functions, rules, queues, the journal.
    Automation,
    /// What tells of sign-ins that are recorded in us-east-1.
    SignIns,
}

/// A stack as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Which one.
    pub part: Part,
    /// What it is called.
    pub name: String,
    /// The account that it stands in.
    pub account: AccountId,
    /// The region that it stands in.
    pub region: Text,
    /// Where its template lies in the repository.
    pub file: &'static str,
    /// Its template.
    pub template: &'static str,
    /// What the template is filled in with. What is not named here has the template's default.
    pub parameters: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What the settings alone do not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// The region in which the system runs.
    pub region: Text,
    /// The organization.
    pub organization: Text,
    /// The account that owns it.
    pub owner: AccountId,
}

/// The bucket that an environment is deployed from. Names of buckets are unique in the world; up to 63 characters:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
pub fn bucket(settings: &Settings, around: &Around) -> String {
    let environment = settings.environment_identifier().as_str().to_ascii_lowercase();
    format!("{environment}-{}-{}", settings.automation().account_id, around.region)
}

/// The stacks that these settings ask for, in the order in which they are made. `code` is where the program lies in the
/// bucket.
///
/// # Errors
/// The name of a setting that has to be there.
pub fn wanted(settings: &Settings, around: &Around, code: &str) -> Result<Vec<Stack>, &'static str> {
    let external_id = settings.automation().external_id.as_ref().ok_or("automation.external_id")?;
    let mut stacks = vec![
        artifacts(settings, around),
        management(settings, around, external_id),
        automation(settings, around, external_id, code),
    ];
    stacks.extend(sign_ins(settings, around));
    Ok(stacks)
}

/// The names and places of all stacks that a deployment of these settings may have left, whatever else they say.
pub fn left_behind(settings: &Settings, around: &Around) -> Vec<Stack> {
    let nothing = ExternalId::built_in("none");
    let external_id = settings.automation().external_id.as_ref().unwrap_or(&nothing);
    vec![
        artifacts(settings, around),
        management(settings, around, external_id),
        automation(settings, around, external_id, ""),
        sign_in_stack(settings, around),
    ]
}

fn artifacts(settings: &Settings, around: &Around) -> Stack {
    let parameters = [("Environment", environment(settings)), ("BucketName", bucket(settings, around))];
    stack(settings, Part::Artifacts, settings.automation().account_id, &around.region, parameters)
}

fn management(settings: &Settings, around: &Around, external_id: &ExternalId) -> Stack {
    let automation = settings.automation();
    let operators: Vec<&str> = settings.deployment().operators.iter().map(RolePattern::as_str).collect();
    let parameters = [
        ("AutomationAccount", automation.account_id.to_string()),
        ("AutomationRegion", around.region.to_string()),
        ("Environment", environment(settings)),
        ("ExternalId", external_id.to_string()),
        ("MemberRoleName", automation.role_name_to_manage_codebuild.to_string()),
        ("OperatorArns", operators.join(",")),
        ("SessionTags", automation.session_tags.to_string()),
    ];
    stack(settings, Part::Management, around.owner, home(&around.region), parameters)
}

fn automation(settings: &Settings, around: &Around, external_id: &ExternalId, code: &str) -> Stack {
    let (automation, features) = (settings.automation(), settings.features());
    let deployment = settings.deployment();
    let role = automation.role_arn_to_manage_accounts.as_ref().map(ToString::to_string);
    let window = automation.maintenance_window_expression.as_ref().map(ToString::to_string);
    let minutes = settings.lifecycle().reconcile_every.num_minutes().max(1);
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    let processors = if features.with_arm_architecture { "arm64" } else { "x86_64" };
    let reserve = if deployment.reserve_concurrency { "yes" } else { "no" };
    let cost_center = features.with_cost_management_tag.as_ref().map_or("cost-center", TagKey::as_str);
    let parameters = [
        ("AlarmEmail", deployment.alarm_email.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("Architecture", processors.to_owned()),
        ("CodeBucket", bucket(settings, around)),
        ("CodeKey", code.to_owned()),
        ("CostManagementTag", cost_center.to_owned()),
        ("Environment", environment(settings)),
        ("ExternalId", external_id.to_string()),
        ("LogLevel", if automation.verbosity == Verbosity::Debug { "DEBUG" } else { "INFO" }.to_owned()),
        ("MaintenanceWindow", window.unwrap_or_default()),
        ("ManagementAccount", around.owner.to_string()),
        ("ManagementRoleArn", role.unwrap_or_default()),
        ("MemberRoleName", automation.role_name_to_manage_codebuild.to_string()),
        ("OrganizationId", around.organization.to_string()),
        ("ReconcileEvery", format!("rate({minutes} {unit})")),
        ("ReserveConcurrency", reserve.to_owned()),
        ("Rules", if deployment.rules { "ENABLED" } else { "DISABLED" }.to_owned()),
        ("SessionTags", automation.session_tags.to_string()),
        ("TagPrefix", features.with_tag_prefix.to_string()),
    ];
    stack(settings, Part::Automation, automation.account_id, &around.region, parameters)
}

/// Where the system itself runs in us-east-1, the baseline hears of sign-ins there.
fn sign_ins(settings: &Settings, around: &Around) -> Option<Stack> {
    let wanted = !settings.deployment().sign_in_units.is_empty() && &*around.region != "us-east-1";
    wanted.then(|| sign_in_stack(settings, around))
}

fn sign_in_stack(settings: &Settings, around: &Around) -> Stack {
    let units: Vec<&str> = settings.deployment().sign_in_units.iter().map(UnitId::as_str).collect();
    let parameters = [
        ("AutomationAccount", settings.automation().account_id.to_string()),
        ("AutomationRegion", around.region.to_string()),
        ("Environment", environment(settings)),
        ("ForwarderTemplate", include_str!("../../../infra/signin-forwarder.yaml").to_owned()),
        ("Units", units.join(",")),
    ];
    stack(settings, Part::SignIns, around.owner, "us-east-1", parameters)
}

fn stack<const N: usize>(
    settings: &Settings,
    part: Part,
    account: AccountId,
    region: &str,
    parameters: [(&str, String); N],
) -> Stack {
    let (behind, file, template) = match part {
        Part::Artifacts => {
            ("Artifacts", "infra/artifacts.yaml", include_str!("../../../infra/artifacts.yaml"))
        }
        Part::Management => (
            "Management",
            "infra/management-account.yaml",
            include_str!("../../../infra/management-account.yaml"),
        ),
        Part::Automation => {
            ("", "infra/automation-account.yaml", include_str!("../../../infra/automation-account.yaml"))
        }
        Part::SignIns => {
            ("SignIns", "infra/signin-stackset.yaml", include_str!("../../../infra/signin-stackset.yaml"))
        }
    };
    let own = [("origin", "SustainablePersonalAccounts".to_owned()), ("environment", environment(settings))];
    let tags = settings.automation().tags.iter().map(|(key, value)| (key.to_string(), value.to_string()));
    Stack {
        part,
        name: format!("{}{behind}", environment(settings)),
        account,
        region: region.into(),
        file,
        template,
        parameters: parameters.map(|(name, value)| (name.to_owned(), value)).into(),
        tags: tags.chain(own.map(|(key, value)| (key.to_owned(), value))).collect(),
    }
}

fn environment(settings: &Settings) -> String {
    settings.environment_identifier().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::load_text;

    fn settings(more: &str) -> Settings {
        let text = format!(
            "
environment_identifier: Spa
automation:
  account_id: '111122223333'
  region: eu-west-1
  external_id: spa-2f9c1e
  maintenance_window_expression: cron(0 18 ? * SAT *)
worker:
  preparation_buildspec_template_file: buildspecs/prepare.yaml
  purge_buildspec_template_file: buildspecs/purge.yaml
{more}"
        );
        let home = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let loaded = load_text("settings.yaml", &text, home);
        loaded.settings.unwrap_or_else(|| panic!("{}", loaded.report.render(false)))
    }

    fn around() -> Around {
        Around {
            region: "eu-west-1".into(),
            organization: "o-abcdefghij".into(),
            owner: "444455556666".parse().unwrap(),
        }
    }

    #[test]
    fn each_template_is_filled_in_with_what_it_knows() {
        let settings = settings("deployment: { sign_in_units: [ou-ab12-11111111] }");
        let stacks = wanted(&settings, &around(), "code.zip").unwrap();
        assert_eq!(stacks.len(), 4);
        for stack in stacks {
            let known = template::defaults(stack.template).unwrap();
            for name in stack.parameters.keys() {
                assert!(known.contains_key(name), "{} knows no {name}", stack.file);
            }
            for (name, default) in known {
                let said = default.is_some() || stack.parameters.contains_key(&name);
                assert!(said, "{} needs {name}", stack.file);
            }
        }
    }

    #[test]
    fn what_settings_say_stands_in_the_parameters() {
        let more = "
features: { with_arm_architecture: true, with_cost_management_tag: cost }
lifecycle: { reconcile_every: 20m }
deployment:
  alarm_email: ops@example.com
  operators: ['arn:aws:iam::111122223333:role/Operator', 'arn:aws:iam::111122223333:role/sso/*']
  reserve_concurrency: false
  rules: disabled
";
        let stacks = wanted(&settings(more), &around(), "code.zip").unwrap();
        let [bucket, management, automation] = stacks.as_slice() else { panic!("{stacks:?}") };
        assert_eq!(bucket.parameters["BucketName"], "spa-111122223333-eu-west-1");
        assert_eq!((&*management.region, &*management.name), ("us-east-1", "SpaManagement"));
        assert_eq!(
            management.parameters["OperatorArns"],
            "arn:aws:iam::111122223333:role/Operator,arn:aws:iam::111122223333:role/sso/*"
        );
        for (name, value) in [
            ("AlarmEmail", "ops@example.com"),
            ("Architecture", "arm64"),
            ("CodeKey", "code.zip"),
            ("CostManagementTag", "cost"),
            ("MaintenanceWindow", "cron(0 18 ? * SAT *)"),
            ("ManagementAccount", "444455556666"),
            ("ReconcileEvery", "rate(20 minutes)"),
            ("ReserveConcurrency", "no"),
            ("Rules", "DISABLED"),
        ] {
            assert_eq!(automation.parameters[name], value, "{name}");
        }
    }

    #[test]
    fn the_forwarder_fits_into_a_parameter() {
        // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
        let stack = sign_in_stack(&settings(""), &around());
        assert!(stack.parameters["ForwarderTemplate"].len() <= 4_096);
    }
}
