//! Where a deployment is, and as whom it is reached: told by the variables of an environment.
//!
//! A function of the deployment finds them in its own environment. The command line derives them from settings.yaml,
//! by the same names that a deployment is made with: [`super::naming`].

use state_machine::{AccountId, Text};

use super::{Baseline, Deployment};
use crate::cloud::aws::baseline::{Architecture, Blueprint};
use crate::cloud::aws::connect::Roles;
use crate::event::Trust;
use crate::settings::Names;

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

/// Reads variables one by one, and gathers what is wrong with them.
#[derive(Debug)]
pub struct Reader<V> {
    variable: V,
    errors: Vec<EnvironmentError>,
}

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    /// A reader of what `variable` tells of each name.
    pub const fn new(variable: V) -> Self {
        Self { variable, errors: Vec::new() }
    }

    /// What was wrong so far.
    pub fn into_errors(self) -> EnvironmentErrors {
        EnvironmentErrors(self.errors)
    }

    /// Whether nothing was wrong so far.
    pub const fn is_content(&self) -> bool {
        self.errors.is_empty()
    }

    /// Where the deployment is, and as whom `function` reaches it; `None` when something is wrong with that.
    pub fn deployment(&mut self, function: &str) -> Option<(Deployment, Roles)> {
        let names = self.names();
        let automation_account = self.parsed::<AccountId>("AUTOMATION_ACCOUNT");
        let management = self.management();
        let region = self.optional("AUTOMATION_REGION").or_else(|| self.required("AWS_REGION"));
        let member_role = self.required("ROLE_NAME_TO_MANAGE_CODEBUILD");
        let table = self.required("JOURNAL_TABLE");
        let bus = self.required("EVENT_BUS_ARN");
        let wake_up_queue = self.required("WAKE_UP_QUEUE_URL");
        let session_tags = self.or("SESSION_TAGS", false);
        let baseline = || {
            let (environment, automation_account) = (names.as_ref()?.environment(), automation_account?);
            let (region, bus) = (region.as_ref()?, bus.as_ref()?);
            Some((Text::clone(environment), automation_account, Text::clone(region), Text::clone(bus)))
        };
        let baseline = self.baseline(baseline());
        let tag_prefix = self.optional("TAG_PREFIX").unwrap_or_else(|| "account-".into());
        let cost_center_key = self.optional("COST_MANAGEMENT_TAG");
        let external_id = self.optional("EXTERNAL_ID");
        let (names, region, member_role, management) = (names?, region?, member_role?, management?);
        let environment = Text::clone(names.environment());
        let trust = Trust {
            environment: Text::clone(&environment),
            automation_account: automation_account?,
            management_account: management.1,
        };
        let roles = Roles {
            environment,
            function: function.into(),
            region: Text::clone(&region),
            management: Some(management),
            member: Text::clone(&member_role),
            external_id,
            session_tags,
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
        Some((deployment, roles))
    }

    /// What a variable says; `None` when it is not set, or empty.
    pub fn optional(&self, name: &'static str) -> Option<Text> {
        (self.variable)(name).filter(|value| !value.is_empty()).map(Text::from)
    }

    /// What a variable says that must be there.
    pub fn required(&mut self, name: &'static str) -> Option<Text> {
        let value = self.optional(name);
        if value.is_none() {
            self.errors.push(EnvironmentError::Missing(name));
        }
        value
    }

    /// The same, read as a value.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        let value = self.required(name)?;
        value.parse().map_err(|error: T::Err| self.invalid(name, &value, &error)).ok()
    }

    /// Notes what is wrong with what a variable says.
    pub fn invalid(&mut self, name: &'static str, value: &str, problem: &impl ToString) {
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
}
