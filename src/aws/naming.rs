//! What a deployment calls its parts: the one place that says so.
//!
//! A deployment of settings.yaml is made with these names, and the functions are told them in their environment. The
//! command line is told nothing, so it takes them from here. Whoever has named a part otherwise sets the variable
//! that the functions know it by ([`super::variables`]), for the command line as well.
//!
//! | variable | left out, for the environment `Spa` |
//! | --- | --- |
//! | `JOURNAL_TABLE` | the table `SpaJournal` |
//! | `WAKE_UP_QUEUE_URL` | the queue `SpaWakeUps` |
//! | `EVENT_BUS_ARN` | the bus `default` |
//! | `ROLE_ARN_TO_MANAGE_ACCOUNTS` | what the settings say, else the role `SpaManagement` of `management_account_id` |
//! | all others | what the settings say |
//!
//! Table, queue and bus stand in the automation account, in the region of the settings.

use state_machine::Text;

use crate::cloud::partition::{domain, partition};
use crate::event::Handler;
use crate::settings::{ExternalId, Settings, TagKey};

/// The variables that tell a function where everything is, as the settings and the names above have it. A variable
/// that nothing is said of is left out.
pub fn variables(settings: &Settings, region: &str) -> Vec<(&'static str, Text)> {
    let automation = settings.automation();
    let environment = settings.environment_identifier().to_text();
    let account = automation.account_id;
    let (partition, domain) = (partition(region), domain(region));
    let management = match (&automation.role_arn_to_manage_accounts, automation.management_account_id) {
        (Some(role), _) => Some(role.to_text()),
        (None, Some(owner)) => {
            Some(format!("arn:{partition}:iam::{owner}:role/{environment}Management").into())
        }
        (None, None) => None,
    };
    let said = [
        ("ENVIRONMENT_IDENTIFIER", Some(Text::clone(&environment))),
        ("AUTOMATION_ACCOUNT", Some(account.to_string().into())),
        ("AUTOMATION_REGION", Some(region.into())),
        ("ROLE_ARN_TO_MANAGE_ACCOUNTS", management),
        ("ROLE_NAME_TO_MANAGE_CODEBUILD", Some(automation.role_name_to_manage_codebuild.to_text())),
        ("EXTERNAL_ID", automation.external_id.as_ref().map(ExternalId::to_text)),
        ("SESSION_TAGS", Some(automation.session_tags.to_string().into())),
        ("TAG_PREFIX", Some(settings.features().with_tag_prefix.to_text())),
        ("COST_MANAGEMENT_TAG", settings.features().with_cost_management_tag.as_ref().map(TagKey::to_text)),
        ("JOURNAL_TABLE", Some(format!("{environment}Journal").into())),
        (
            "EVENT_BUS_ARN",
            Some(format!("arn:{partition}:events:{region}:{account}:event-bus/default").into()),
        ),
        (
            "WAKE_UP_QUEUE_URL",
            Some(format!("https://sqs.{region}.{domain}/{account}/{environment}WakeUps").into()),
        ),
    ];
    said.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Whether a deployment of this environment calls a queue so that keeps what was given up: of the wake-ups, or of a
/// function.
pub fn is_for_dead_letters(environment: &str, queue: &str) -> bool {
    let whose = queue.strip_prefix(environment).and_then(|rest| rest.strip_suffix("DeadLetters"));
    whose.is_some_and(|whose| {
        whose == "WakeUps" || Handler::ALL.iter().any(|handler| in_one_word(handler.name()) == whose)
    })
}

/// `on-wake-up` as it stands in names of AWS: `OnWakeUp`.
fn in_one_word(name: &str) -> String {
    let capital = |part: &str| {
        let (first, rest) = part.split_at_checked(1).unwrap_or((part, ""));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::variables::Reader;
    use crate::settings::load_text;

    fn settings(automation: &str) -> Settings {
        let text = format!(
            "
environment_identifier: Spa
automation: {{ account_id: '111122223333', region: eu-west-1{automation} }}
worker:
  preparation_buildspec_template_file: buildspecs/prepare.yaml
  purge_buildspec_template_file: buildspecs/purge.yaml
"
        );
        let home = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let loaded = load_text("settings.yaml", &text, home);
        loaded.settings.unwrap_or_else(|| panic!("{}", loaded.report.render(false)))
    }

    fn told(settings: &Settings, region: &str) -> Vec<(&'static str, String)> {
        variables(settings, region).into_iter().map(|(name, value)| (name, value.to_string())).collect()
    }

    #[test]
    fn a_deployment_is_found_by_its_settings_alone() {
        let settings = settings(", management_account_id: '444455556666', external_id: 'a-secret-of-us'");
        let told = told(&settings, "eu-west-1");
        let expected = [
            ("ENVIRONMENT_IDENTIFIER", "Spa"),
            ("AUTOMATION_ACCOUNT", "111122223333"),
            ("AUTOMATION_REGION", "eu-west-1"),
            ("ROLE_ARN_TO_MANAGE_ACCOUNTS", "arn:aws:iam::444455556666:role/SpaManagement"),
            ("ROLE_NAME_TO_MANAGE_CODEBUILD", "AWSControlTowerExecution"),
            ("EXTERNAL_ID", "a-secret-of-us"),
            ("SESSION_TAGS", "false"),
            ("TAG_PREFIX", "account-"),
            ("JOURNAL_TABLE", "SpaJournal"),
            ("EVENT_BUS_ARN", "arn:aws:events:eu-west-1:111122223333:event-bus/default"),
            ("WAKE_UP_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/111122223333/SpaWakeUps"),
        ];
        assert_eq!(told, expected.map(|(name, value)| (name, value.to_owned())));
        let mut reader = Reader::new(|name: &str| {
            told.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        });
        let (deployment, roles) = reader.deployment("cli").unwrap();
        assert_eq!(deployment.trust.management_account.to_string(), "444455556666");
        assert_eq!(roles.external_id.as_deref(), Some("a-secret-of-us"));
        assert!(reader.is_content());
    }

    #[test]
    fn the_template_calls_its_queues_so() {
        let template = include_str!("../../infra/automation-account.yaml");
        let names =
            template.lines().filter_map(|line| line.trim().strip_prefix("QueueName: !Sub ${Environment}"));
        let mut dead = 0;
        for name in names {
            let is_dead = name.ends_with("DeadLetters");
            assert_eq!(is_for_dead_letters("Spa", &format!("Spa{name}")), is_dead, "{name}");
            assert!(!is_for_dead_letters("Spa", &format!("SpaTest{name}")), "another environment's: {name}");
            dead += usize::from(is_dead);
        }
        assert!(dead > 5, "{dead}");
    }

    #[test]
    fn names_follow_the_partition() {
        let told = told(&settings(", management_account_id: '444455556666'"), "cn-north-1");
        for (name, value) in told {
            match name {
                "ROLE_ARN_TO_MANAGE_ACCOUNTS" | "EVENT_BUS_ARN" => {
                    assert!(value.starts_with("arn:aws-cn:"), "{value}");
                }
                "WAKE_UP_QUEUE_URL" => {
                    assert!(value.starts_with("https://sqs.cn-north-1.amazonaws.com.cn/"), "{value}");
                }
                _ => {}
            }
        }
    }

    #[test]
    fn an_owner_that_nobody_named_is_not_guessed() {
        let told = told(&settings(""), "eu-west-1");
        assert!(told.iter().all(|(name, _)| *name != "ROLE_ARN_TO_MANAGE_ACCOUNTS"));
    }
}
