//! What the environment of a function says: which function it is, and where everything is.

use state_machine::{AccountId, Text};
use tracing::level_filters::LevelFilter;

use super::log;
use crate::aws::{Baseline, Deployment};
use crate::cloud::aws::baseline::{Architecture, Blueprint};
use crate::cloud::aws::connect::Roles;
use crate::event::{Handler, Trust};
use crate::settings::Names;

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

/// Something in the environment that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// A variable is missing or empty.
    #[error("the variable {0} is not set")]
    Missing(&'static str),
    /// A variable holds something that it must not hold.
    #[error("the variable {name} is `{value}`: {problem}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// All that is wrong with an environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct EnvironmentErrors(pub Vec<EnvironmentError>);

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
        let mut reader = Reader { variable, errors: Vec::new() };
        for name in OF_LAMBDA {
            reader.required(name);
        }
        let handler = reader.parsed::<Handler>("_HANDLER");
        let names = reader.names();
        let automation_account = reader.parsed::<AccountId>("AUTOMATION_ACCOUNT");
        let management = reader.management();
        let region = reader.optional("AUTOMATION_REGION").or_else(|| reader.required("AWS_REGION"));
        let member_role = reader.required("ROLE_NAME_TO_MANAGE_CODEBUILD");
        let table = reader.required("JOURNAL_TABLE");
        let bus = reader.required("EVENT_BUS_ARN");
        let wake_up_queue = reader.required("WAKE_UP_QUEUE_URL");
        let session_tags = reader.or("SESSION_TAGS", false);
        let level = reader.level();
        let baseline = || {
            let (environment, automation_account) = (names.as_ref()?.environment(), automation_account?);
            let (region, bus) = (region.as_ref()?, bus.as_ref()?);
            Some((Text::clone(environment), automation_account, Text::clone(region), Text::clone(bus)))
        };
        let baseline = reader.baseline(baseline());
        let tag_prefix = reader.optional("TAG_PREFIX").unwrap_or_else(|| "account-".into());
        let cost_center_key = reader.optional("COST_MANAGEMENT_TAG");
        let external_id = reader.optional("EXTERNAL_ID");
        let read = || {
            let (handler, names, region, member_role) = (handler?, names?, region?, member_role?);
            let environment = Text::clone(names.environment());
            let management = management?;
            let roles = Roles {
                environment: Text::clone(&environment),
                function: handler.name().into(),
                region: Text::clone(&region),
                management: Some(management.clone()),
                member: Text::clone(&member_role),
                external_id,
                session_tags,
            };
            let trust = Trust {
                environment,
                automation_account: automation_account?,
                management_account: management.1,
            };
            let deployment = Deployment {
                trust,
                names,
                region,
                state_key: format!("{tag_prefix}state").into(),
                cost_center_key,
                table: table?,
                bus: bus?,
                wake_up_queue: wake_up_queue?,
                member_role,
                baseline: baseline?,
            };
            Some(Self { handler, deployment, roles, level })
        };
        read().filter(|_| reader.errors.is_empty()).ok_or(EnvironmentErrors(reader.errors))
    }
}

struct Reader<V> {
    variable: V,
    errors: Vec<EnvironmentError>,
}

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    fn optional(&self, name: &'static str) -> Option<Text> {
        (self.variable)(name).filter(|value| !value.is_empty()).map(Text::from)
    }

    fn required(&mut self, name: &'static str) -> Option<Text> {
        let value = self.optional(name);
        if value.is_none() {
            self.errors.push(EnvironmentError::Missing(name));
        }
        value
    }

    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        let value = self.required(name)?;
        value.parse().map_err(|error: T::Err| self.invalid(name, &value, &error)).ok()
    }

    fn invalid(&mut self, name: &'static str, value: &str, problem: &impl ToString) {
        let problem = problem.to_string();
        self.errors.push(EnvironmentError::Invalid { name, value: value.to_owned(), problem });
    }

    /// What the variable says, or this when it says nothing.
    fn or<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, name: &'static str, other: T) -> T {
        let Some(value) = self.optional(name) else { return other };
        match value.parse() {
            Ok(value) => value,
            Err(error) => {
                self.invalid(name, &value, &error);
                other
            }
        }
    }

    fn names(&mut self) -> Option<Names> {
        const NAME: &str = "ENVIRONMENT_IDENTIFIER";
        let value = self.required(NAME)?;
        let names = Names::new(&value);
        if names.is_none() {
            self.invalid(NAME, &value, &"no environment can be called so");
        }
        names
    }

    /// The management role, and the account that it is of: `arn:aws:iam::444455556666:role/…`.
    fn management(&mut self) -> Option<(Text, AccountId)> {
        const NAME: &str = "ROLE_ARN_TO_MANAGE_ACCOUNTS";
        let role = self.required(NAME)?;
        let account = role.split(':').nth(4).and_then(|account| account.parse().ok());
        if account.is_none() {
            self.invalid(NAME, &role, &"it is not the ARN of a role");
        }
        Some((role, account?))
    }

    fn baseline(&mut self, place: Option<(Text, AccountId, Text, Text)>) -> Option<Baseline> {
        let Some(organization) = self.optional("ORGANIZATION_ID") else { return Some(Baseline::StackSet) };
        let architecture = match self.optional("BUILD_ARCHITECTURE").as_deref() {
            None | Some("x86") => Architecture::X86,
            Some("arm") => Architecture::Arm,
            Some(other) => {
                self.invalid("BUILD_ARCHITECTURE", other, &"it is neither x86 nor arm");
                Architecture::X86
            }
        };
        let policies = self.optional("BUILD_POLICY_ARNS");
        let timeout_minutes = self.or("BUILD_TIMEOUT_MINUTES", 480);
        let log_retention_days = self.or("BUILD_LOG_RETENTION_DAYS", 90);
        let (environment, automation_account, automation_region, bus) = place?;
        Some(Baseline::Ours(Blueprint {
            environment,
            automation_account,
            automation_region,
            bus,
            organization,
            architecture,
            timeout_minutes,
            log_retention_days,
            additional_policies: policies
                .iter()
                .flat_map(|policies| policies.split(','))
                .map(|policy| policy.trim().into())
                .collect(),
        }))
    }

    fn level(&mut self) -> LevelFilter {
        for name in ["AWS_LAMBDA_LOG_LEVEL", "VERBOSITY"] {
            let Some(word) = self.optional(name) else { continue };
            match log::level(&word) {
                Some(level) => return level,
                None => self.invalid(name, &word, &"it is no level; INFO and DEBUG are"),
            }
        }
        LevelFilter::INFO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
