//! What every build finds in its environment, beside what the settings say.
//!
//! The names are those of the Python predecessor: buildspecs that people wrote for it go on working.

use state_machine::{AccountId, Profile, TaskKind, Text};

use super::partition::partition;

/// The topic in every managed account that its budgets alert.
const ALERT_TOPIC: &str = "SpaAlertTopic";

/// The names of [`variables`], of all tasks.
pub const NAMES: &[&str] = &["ENVIRONMENT_IDENTIFIER", "EVENT_BUS_ARN", "BUDGET_EMAIL", "TOPIC_ARN"];

/// Where a build is started from, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The name of this deployment.
    pub environment: &'a str,
    /// The account in which this system runs.
    pub automation_account: AccountId,
    /// The region in which it runs; builds run there too.
    pub region: &'a str,
    /// The key of the tag that names the holder.
    pub holder_key: &'a str,
}

/// The variables of a build. The settings may say something else for each of them.
pub fn variables(
    around: &Surroundings<'_>,
    account: AccountId,
    profile: &Profile,
    task: TaskKind,
) -> Vec<(Text, Text)> {
    let partition = partition(around.region);
    let bus =
        format!("arn:{partition}:events:{}:{}:event-bus/default", around.region, around.automation_account);
    let mut variables = vec![
        (Text::from("ENVIRONMENT_IDENTIFIER"), Text::from(around.environment)),
        (Text::from("EVENT_BUS_ARN"), Text::from(bus)),
    ];
    match task {
        TaskKind::Preparation => {
            let topic = format!("arn:{partition}:sns:{}:{account}:{ALERT_TOPIC}", around.region);
            let holder = profile.tags.get(around.holder_key).filter(|holder| !holder.is_empty());
            variables.push(("BUDGET_EMAIL".into(), Text::clone(holder.unwrap_or(&profile.email))));
            variables.push(("TOPIC_ARN".into(), topic.into()));
        }
        TaskKind::Purge => {}
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(region: &str) -> Surroundings<'_> {
        Surroundings {
            environment: "SpaDemo",
            automation_account: AccountId::from_number(123_456_789_012).unwrap(),
            region,
            holder_key: "account-holder",
        }
    }

    #[test]
    fn alerts_go_to_the_holder_or_else_to_the_root_user() {
        let account = AccountId::from_number(111_122_223_333).unwrap();
        let mut profile = Profile { email: "root@example.com".into(), ..Profile::default() };
        let email = |profile: &Profile| {
            let variables = variables(&around("eu-west-1"), account, profile, TaskKind::Preparation);
            variables.into_iter().find(|(name, _)| &**name == "BUDGET_EMAIL").unwrap().1
        };
        assert_eq!(&*email(&profile), "root@example.com");
        profile.tags.insert("account-holder", "");
        assert_eq!(&*email(&profile), "root@example.com");
        profile.tags.insert("account-holder", "alice@example.com");
        assert_eq!(&*email(&profile), "alice@example.com");
    }

    #[test]
    fn the_names_are_those_of_all_tasks() {
        let account = AccountId::from_number(111_122_223_333).unwrap();
        let named: std::collections::BTreeSet<Text> = [TaskKind::Preparation, TaskKind::Purge]
            .into_iter()
            .flat_map(|task| variables(&around("eu-west-1"), account, &Profile::default(), task))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(named, NAMES.iter().copied().map(Text::from).collect());
    }

    #[test]
    fn names_of_resources_belong_to_the_partition_of_the_region() {
        let account = AccountId::from_number(111_122_223_333).unwrap();
        for (region, bus) in [
            ("eu-west-1", "arn:aws:events:eu-west-1:123456789012:event-bus/default"),
            ("cn-north-1", "arn:aws-cn:events:cn-north-1:123456789012:event-bus/default"),
            ("us-gov-east-1", "arn:aws-us-gov:events:us-gov-east-1:123456789012:event-bus/default"),
            ("us-east-1", "arn:aws:events:us-east-1:123456789012:event-bus/default"),
        ] {
            let variables = variables(&around(region), account, &Profile::default(), TaskKind::Purge);
            assert_eq!(&*variables[1].1, bus);
            assert_eq!(variables.len(), 2, "a purge mails nobody");
        }
    }
}
