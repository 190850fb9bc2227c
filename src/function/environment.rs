//! What the environment of a function says: which function it is, and where everything is.

use tracing::level_filters::LevelFilter;

use super::log;
use crate::aws::Deployment;
use crate::aws::variables::{EnvironmentErrors, Reader};
use crate::cloud::aws::connect::Roles;
use crate::event::Handler;

/// What the environment of a function says. Names that the predecessor's functions have are the same here.
///
/// | variable | says |
/// | --- | --- |
/// | `_HANDLER` | which function this is; Lambda sets it to the function's handler name |
/// | `ENVIRONMENT_IDENTIFIER` | the name of the deployment |
/// | `AUTOMATION_ACCOUNT` | the account that it runs in |
/// | `AUTOMATION_REGION` | the region; left out, the one that the function runs in |
/// | `ROLE_ARN_TO_MANAGE_ACCOUNTS` | the role in the management account, which tells that account, too |
/// | `ROLE_NAME_TO_MANAGE_CODEBUILD` | the role in member accounts |
/// | `EXTERNAL_ID`, `SESSION_TAGS` | what the trust policies of both ask for; left out, nothing |
/// | `TAG_PREFIX` | what the keys of our tags begin with; left out, `account-` |
/// | `COST_MANAGEMENT_TAG` | the tag that names the cost center; left out, `cost-center` |
/// | `JOURNAL_TABLE` | the table that holds the journal |
/// | `EVENT_BUS_ARN` | the bus that announcements go to |
/// | `WAKE_UP_QUEUE_URL` | the queue that wake-ups go through |
/// | `ORGANIZATION_ID` | the organization, for the baseline of member accounts; left out, a `StackSet` deploys that |
/// | `BUILD_ARCHITECTURE` | `x86` or `arm`; left out, `x86` |
/// | `BUILD_TIMEOUT_MINUTES`, `BUILD_LOG_RETENTION_DAYS` | left out, 480 and 90 |
/// | `BUILD_POLICY_ARNS` | policies that widen what builds may do, parted by commas; left out, none |
/// | `AWS_LAMBDA_LOG_LEVEL`, else `VERBOSITY` | how much is logged; left out, `INFO` |
#[derive(Clone, Debug)]
pub struct Environment {
    /// Which function this is.
    pub handler: Handler,
    /// Where everything is.
    pub deployment: Deployment,
    /// As whom it acts.
    pub roles: Roles,
    /// How much is logged.
    pub level: LevelFilter,
}

/// What Lambda itself sets, and its runtime does not start without:
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>.
const OF_LAMBDA: [&str; 3] =
    ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"];

impl Environment {
    /// Reads the environment; `variable` tells what a variable holds.
    ///
    /// # Errors
    /// With everything that is wrong, not only the first.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentErrors> {
        let mut reader = Reader::new(variable);
        for name in OF_LAMBDA {
            reader.required(name);
        }
        let handler = reader.parsed::<Handler>("_HANDLER");
        let deployment = reader.deployment(handler.map_or("", Handler::name));
        let level = level(&mut reader);
        match (handler, deployment) {
            (Some(handler), Some((deployment, roles))) if reader.is_content() => {
                Ok(Self { handler, deployment, roles, level })
            }
            _ => Err(reader.into_errors()),
        }
    }
}

fn level<V: Fn(&str) -> Option<String>>(reader: &mut Reader<V>) -> LevelFilter {
    for name in ["AWS_LAMBDA_LOG_LEVEL", "VERBOSITY"] {
        let Some(word) = reader.optional(name) else { continue };
        match log::level(&word) {
            Some(level) => return level,
            None => reader.invalid(name, &word, &"it is no level; INFO and DEBUG are"),
        }
    }
    LevelFilter::INFO
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Baseline;
    use crate::cloud::aws::baseline::Architecture;

    const COMPLETE: &[(&str, &str)] = &[
        ("AWS_LAMBDA_FUNCTION_NAME", "SpaOnReconcile"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("_HANDLER", "on-reconcile"),
        ("ENVIRONMENT_IDENTIFIER", "Spa"),
        ("AUTOMATION_ACCOUNT", "111122223333"),
        ("ROLE_ARN_TO_MANAGE_ACCOUNTS", "arn:aws-cn:iam::444455556666:role/Spa"),
        ("AWS_REGION", "eu-west-1"),
        ("ROLE_NAME_TO_MANAGE_CODEBUILD", "SpaMember"),
        ("JOURNAL_TABLE", "SpaJournal"),
        ("EVENT_BUS_ARN", "arn:aws:events:eu-west-1:111122223333:event-bus/default"),
        ("WAKE_UP_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/111122223333/SpaWakeUps"),
    ];

    fn read(changed: &[(&str, &str)]) -> Result<Environment, String> {
        let find = |variables: &[(&str, &str)], name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let variable = |name: &str| find(changed, name).or_else(|| find(COMPLETE, name));
        Environment::read(variable).map_err(|errors| errors.to_string())
    }

    #[test]
    fn an_environment_tells_which_function_it_is_and_for_whom() {
        let environment = read(&[]).unwrap();
        let deployment = &environment.deployment;
        assert_eq!(environment.handler, Handler::OnReconcile);
        assert_eq!(deployment.trust.management_account.to_string(), "444455556666");
        assert_eq!((&*deployment.region, &*deployment.state_key), ("eu-west-1", "account-state"));
        assert!(matches!(deployment.baseline, Baseline::StackSet));
        assert_eq!(environment.roles.function, "on-reconcile".into());
        assert_eq!(environment.level, LevelFilter::INFO);
        let ours =
            [("ORGANIZATION_ID", "o-ab12cd34ef"), ("BUILD_ARCHITECTURE", "arm"), ("TAG_PREFIX", "spa-")];
        let deployment = read(&ours).unwrap().deployment;
        assert_eq!(&*deployment.state_key, "spa-state");
        match deployment.baseline {
            Baseline::Ours(blueprint) => {
                assert_eq!(blueprint.architecture, Architecture::Arm);
                assert_eq!((blueprint.timeout_minutes, blueprint.log_retention_days), (480, 90));
                assert!(blueprint.additional_policies.is_empty());
            }
            Baseline::StackSet => panic!("an organization is named"),
        }
        let levels = [
            (&[("VERBOSITY", "DEBUG")][..], LevelFilter::DEBUG),
            (&[("VERBOSITY", "CRITICAL")], LevelFilter::ERROR),
            (&[("VERBOSITY", "DEBUG"), ("AWS_LAMBDA_LOG_LEVEL", "WARN")], LevelFilter::WARN),
        ];
        for (variables, level) in levels {
            assert_eq!(read(variables).unwrap().level, level);
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let unknown = read(&[("_HANDLER", "bootstrap")]).unwrap_err();
        assert_eq!(
            unknown,
            "the variable _HANDLER is `bootstrap`: `bootstrap` is no function of this system; they are named \
             like on-vanilla-account"
        );
        let wrong = [
            ("JOURNAL_TABLE", ""),
            ("AUTOMATION_ACCOUNT", "1234"),
            ("ROLE_ARN_TO_MANAGE_ACCOUNTS", "SpaAccountsManagementRole"),
            ("VERBOSITY", "LOUD"),
            ("ORGANIZATION_ID", "o-ab12cd34ef"),
            ("BUILD_ARCHITECTURE", "mips"),
            ("BUILD_TIMEOUT_MINUTES", "soon"),
        ];
        let told = read(&wrong).unwrap_err();
        for name in wrong.map(|(name, _)| name).into_iter().filter(|name| *name != "ORGANIZATION_ID") {
            assert!(told.contains(name), "{name} in {told}");
        }
    }
}
