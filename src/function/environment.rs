//! What the environment of a function says: which function it is, and where everything is.

use state_machine::{AccountId, Text};
use tracing::level_filters::LevelFilter;

use super::log;
use crate::event::{Handler, Trust};

/// What the environment of a function says. Names that the predecessor's functions have are the same here.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Which function this is: `_HANDLER`, which Lambda sets to the function's handler name.
    pub handler: Handler,
    /// `ENVIRONMENT_IDENTIFIER`, `AUTOMATION_ACCOUNT`, and the account of `ROLE_ARN_TO_MANAGE_ACCOUNTS`.
    pub trust: Trust,
    /// `AUTOMATION_REGION`, or the region that the function runs in.
    pub region: Text,
    /// `TAG_PREFIX`: what the keys of our tags begin with, `account-` when it is not said.
    pub tag_prefix: Text,
    /// `COST_MANAGEMENT_TAG`: the tag that names the cost center.
    pub cost_center_key: Option<Text>,
    /// `ROLE_ARN_TO_MANAGE_ACCOUNTS`: the role in the management account.
    pub management_role: Text,
    /// `ROLE_NAME_TO_MANAGE_CODEBUILD`: the role in member accounts.
    pub member_role: Text,
    /// `EXTERNAL_ID`: what the role in member accounts wants to hear.
    pub external_id: Option<Text>,
    /// `JOURNAL_TABLE`: the table that holds the journal.
    pub table: Text,
    /// `EVENT_BUS_ARN`: the bus that announcements go to.
    pub bus: Text,
    /// `WAKE_UP_QUEUE_URL`: the queue that wake-ups go through.
    pub wake_up_queue: Text,
    /// `AWS_LAMBDA_LOG_LEVEL`, else `VERBOSITY`.
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
        let environment = reader.required("ENVIRONMENT_IDENTIFIER");
        let automation_account = reader.parsed::<AccountId>("AUTOMATION_ACCOUNT");
        let management_role = reader.required(MANAGEMENT_ROLE);
        let management_account = management_role.as_deref().and_then(|role| reader.account_of(role));
        let region = reader.optional("AUTOMATION_REGION").or_else(|| reader.required("AWS_REGION"));
        let member_role = reader.required("ROLE_NAME_TO_MANAGE_CODEBUILD");
        let table = reader.required("JOURNAL_TABLE");
        let bus = reader.required("EVENT_BUS_ARN");
        let wake_up_queue = reader.required("WAKE_UP_QUEUE_URL");
        let level = reader.level();
        let tag_prefix = reader.optional("TAG_PREFIX").unwrap_or_else(|| "account-".into());
        let cost_center_key = reader.optional("COST_MANAGEMENT_TAG");
        let external_id = reader.optional("EXTERNAL_ID");
        let read = || {
            Some(Self {
                handler: handler?,
                trust: Trust {
                    environment: environment?,
                    automation_account: automation_account?,
                    management_account: management_account?,
                },
                region: region?,
                tag_prefix,
                cost_center_key,
                management_role: management_role?,
                member_role: member_role?,
                external_id,
                table: table?,
                bus: bus?,
                wake_up_queue: wake_up_queue?,
                level,
            })
        };
        read().filter(|_| reader.errors.is_empty()).ok_or(EnvironmentErrors(reader.errors))
    }

    /// The key of the tag that holds the state.
    pub fn state_key(&self) -> Text {
        format!("{}state", self.tag_prefix).into()
    }

    /// The key of the tag that names the holder.
    pub fn holder_key(&self) -> Text {
        format!("{}holder", self.tag_prefix).into()
    }
}

const MANAGEMENT_ROLE: &str = "ROLE_ARN_TO_MANAGE_ACCOUNTS";

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

    /// The account that a role is of: `arn:aws:iam::444455556666:role/…`.
    fn account_of(&mut self, role: &str) -> Option<AccountId> {
        let account = role.split(':').nth(4).and_then(|account| account.parse().ok());
        if account.is_none() {
            self.invalid(MANAGEMENT_ROLE, role, &"it is not the ARN of a role");
        }
        account
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
        assert_eq!(environment.handler, Handler::OnReconcile);
        assert_eq!(environment.trust.management_account.to_string(), "444455556666");
        assert_eq!(&*environment.region, "eu-west-1");
        assert_eq!(
            (&*environment.state_key(), &*environment.holder_key()),
            ("account-state", "account-holder")
        );
        assert_eq!(environment.level, LevelFilter::INFO);
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
        ];
        let told = read(&wrong).unwrap_err();
        for name in wrong.map(|(name, _)| name) {
            assert!(told.contains(name), "{name} in {told}");
        }
    }
}
