//! What shall stand in every managed account.

use state_machine::{AccountId, Text};
use uuid::Uuid;

/// The template, as it lies in the repository.
pub const TEMPLATE: &str = include_str!("../../../../infra/member-account.yaml");

/// The parameter that says whether the alert topic is made or was there before. It differs from account to account.
pub(super) const TOPIC_HANDLING: &str = "AlertTopicHandling";

/// Name space of content hashes.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b0c_36c1_7d6a_5a4e_9d0f_ba5e_1130_2026);

/// The processors that builds run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Architecture {
    /// x86, 64 bits.
    #[default]
    X86,
    /// ARM, 64 bits; not in every region.
    Arm,
}

/// What the template is filled in with: the same for all accounts of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blueprint {
    /// The name of the deployment.
    pub environment: Text,
    /// The account in which this system runs.
    pub automation_account: AccountId,
    /// The region in which it runs.
    pub automation_region: Text,
    /// The ARN of its event bus.
    pub bus: Text,
    /// The organization.
    pub organization: Text,
    /// The processors that builds run on.
    pub architecture: Architecture,
    /// After so many minutes a build is stopped, 5 to 480.
    pub timeout_minutes: u16,
    /// For so many days the logs of builds are kept; CloudWatch Logs takes certain numbers only.
    pub log_retention_days: u16,
    /// ARNs of managed policies that widen what builds may do; none is right for the buildspecs that come with spa.
    pub additional_policies: Vec<Text>,
}

impl Blueprint {
    /// The parameters of the template, in the order of their names.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let architecture = match self.architecture {
            Architecture::X86 => "x86",
            Architecture::Arm => "arm",
        };
        let policies: Vec<&str> = self.additional_policies.iter().map(|arn| &**arn).collect();
        vec![
            ("AdditionalPolicyArns", policies.join(",")),
            ("Architecture", architecture.to_owned()),
            ("AutomationAccount", self.automation_account.to_string()),
            ("AutomationRegion", self.automation_region.to_string()),
            ("Environment", self.environment.to_string()),
            ("EventBusArn", self.bus.to_string()),
            ("LogRetentionDays", self.log_retention_days.to_string()),
            ("OrganizationId", self.organization.to_string()),
            ("TimeoutMinutes", self.timeout_minutes.to_string()),
        ]
    }

    /// What the stack's tag says when it was made from this template with these parameters. It saves a comparison, and
    /// proves nothing: the holder can set tags.
    pub fn hash(&self) -> String {
        let mut content = vec![TEMPLATE.to_owned()];
        content.extend(self.parameters().into_iter().map(|(name, value)| format!("{name}={value}")));
        Uuid::new_v5(&NAMESPACE, content.join("\n").as_bytes()).to_string()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A blueprint for tests.
    pub(in super::super) fn blueprint() -> Blueprint {
        Blueprint {
            environment: "Spa".into(),
            automation_account: AccountId::from_number(123_456_789_012).unwrap(),
            automation_region: "eu-west-1".into(),
            bus: "arn:aws:events:eu-west-1:123456789012:event-bus/default".into(),
            organization: "o-abcdefghij".into(),
            architecture: Architecture::X86,
            timeout_minutes: 480,
            log_retention_days: 90,
            additional_policies: Vec::new(),
        }
    }

    #[test]
    fn every_parameter_of_the_template_is_given_and_changes_the_hash() {
        let blueprint = blueprint();
        let section =
            TEMPLATE.split("\nParameters:\n").nth(1).unwrap().split("\nConditions:\n").next().unwrap();
        let declared = section.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
        let mut declared: Vec<&str> = declared.filter(|name| !name.starts_with(' ')).collect();
        declared.retain(|name| *name != TOPIC_HANDLING);
        declared.sort_unstable();
        let given: Vec<&str> = blueprint.parameters().into_iter().map(|(name, _)| name).collect();
        assert_eq!(given, declared);
        assert!(TEMPLATE.contains(TOPIC_HANDLING));
        let edits: [fn(&mut Blueprint); 4] = [
            |blueprint| blueprint.environment = "Other".into(),
            |blueprint| blueprint.architecture = Architecture::Arm,
            |blueprint| blueprint.timeout_minutes = 60,
            |blueprint| blueprint.additional_policies.push("arn:aws:iam::aws:policy/ReadOnlyAccess".into()),
        ];
        for edit in edits {
            let mut changed = blueprint.clone();
            edit(&mut changed);
            assert_ne!(changed.hash(), blueprint.hash(), "{changed:?}");
        }
        // CloudFormation takes a template of this size in a request:
        // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
        assert!(TEMPLATE.len() <= 51_200);
    }
}
