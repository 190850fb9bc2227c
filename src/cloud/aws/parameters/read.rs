//! The calls.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use aws_sdk_ssm::types::Parameter;
use state_machine::{AccountId, Text};

use super::memory::{Held, Memory};
use super::{NoSettings, Parameters};
use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::Lane;
use crate::cloud::aws::pages::Pages;
use crate::settings::{Settings, Subject, Values, assemble};

const GET_PARAMETERS: &str = "ssm:GetParameters";
const GET_PARAMETERS_BY_PATH: &str = "ssm:GetParametersByPath";

/// How many parameters one call gives:
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html>.
const MOST: usize = 10;

impl Parameters {
    /// The settings that these parameters make, those that are not there left out.
    pub(super) async fn settings(
        &self,
        account: Option<AccountId>,
        names: &[Text],
    ) -> Result<Arc<Settings>, NoSettings> {
        let values = self.values(account, names).await?;
        if let Some(known) = self.remembering(|memory| memory.assembled(&values)) {
            self.governor.limit(&known.automation().limits);
            return Ok(known);
        }
        let settings = Arc::new(self.assemble(&values)?);
        self.remembering(|memory| memory.keep(values, Arc::clone(&settings)));
        Ok(settings)
    }

    /// All settings of the environment.
    pub(super) async fn whole(&self) -> Result<Settings, NoSettings> {
        let (mut values, mut pages, mut token) = (Values::new(), Pages::default(), None);
        loop {
            let request = self
                .client
                .get_parameters_by_path()
                .path(self.place.names.path())
                .recursive(true)
                .max_results(10)
                .set_next_token(token);
            let call = || request.clone().send();
            let answer = self.governor.call(Lane::Parameters, GET_PARAMETERS_BY_PATH, None, call).await?;
            for parameter in answer.parameters() {
                let (name, value) = content(GET_PARAMETERS_BY_PATH, parameter)?;
                values.insert(name, value);
            }
            token = pages.next(GET_PARAMETERS_BY_PATH, answer.next_token)?;
            if token.is_none() {
                return self.assemble(&values);
            }
        }
    }

    fn assemble(&self, values: &Values) -> Result<Settings, NoSettings> {
        let loaded = assemble(&self.place.names, values);
        // How fast AWS may be called stands in what was just called for.
        if let Some(settings) = &loaded.settings {
            self.governor.limit(&settings.automation().limits);
        }
        loaded.settings.ok_or_else(|| {
            let findings: Vec<_> =
                loaded.report.diagnostics().iter().map(|finding| finding.message.as_str()).collect();
            NoSettings::Faulty {
                environment: Text::clone(self.place.names.environment()),
                findings: findings.join("; "),
            }
        })
    }

    /// What stands in these parameters, of those that are there.
    async fn values(&self, account: Option<AccountId>, names: &[Text]) -> Result<Values, CallError> {
        let now = self.clock.now();
        let mut values = Values::new();
        let mut unknown = Vec::new();
        let own = account.map(|account| (account, self.place.names.of_subject(&Subject::Account(account))));
        let general = self.place.names.of_subject(&Subject::General);
        self.remembering(|memory| {
            for name in names {
                if let Some((account, own)) = &own
                    && name == own
                    && memory.speaks_not_of(*account, &general, now)
                {
                    continue;
                }
                match memory.get(name, now) {
                    Some(Held::Value(value)) => {
                        values.insert(Text::clone(name), value);
                    }
                    Some(Held::NotThere) => {}
                    None => unknown.push(Text::clone(name)),
                }
            }
        });
        for asked in unknown.chunks(MOST) {
            // A call takes ten names, whoever needs them: units that others stand in are read again on the way.
            let others = self.remembering(|memory| {
                let shared =
                    |name: &str| !matches!(self.place.names.subject(name), Some(Subject::Account(_)));
                memory.outdated(now, MOST - asked.len(), |name| shared(name) && !names.contains(name))
            });
            let asked: Vec<Text> = asked.iter().cloned().chain(others).collect();
            let found = self.get(account, &asked).await?;
            values.extend(found.into_iter().filter(|(name, _)| names.contains(name)));
        }
        Ok(values)
    }

    /// Asks for at most ten parameters, and remembers what they hold, and which are not there.
    async fn get(&self, account: Option<AccountId>, names: &[Text]) -> Result<Values, CallError> {
        let now = self.clock.now();
        let asked = names.iter().map(ToString::to_string).collect();
        let request = self.client.get_parameters().set_names(Some(asked));
        let call = || request.clone().send();
        let answer = self.governor.call(Lane::Parameters, GET_PARAMETERS, account, call).await?;
        let mut values = Values::new();
        for parameter in answer.parameters() {
            let (name, value) = content(GET_PARAMETERS, parameter)?;
            values.insert(name, value);
        }
        // What is not there is said to be not there. What is not spoken of is not known.
        let missing: BTreeSet<&str> = answer.invalid_parameters().iter().map(String::as_str).collect();
        let silent = names.iter().find(|name| !values.contains_key(*name) && !missing.contains(&***name));
        if let Some(name) = silent {
            return Err(CallError::odd(GET_PARAMETERS, format!("nothing is said of {name}")));
        }
        self.remembering(|memory| {
            for name in names {
                let held = values.get(name).map_or(Held::NotThere, |value| Held::Value(Text::clone(value)));
                memory.put(Text::clone(name), held, now);
            }
        });
        Ok(values)
    }

    fn remembering<T>(&self, what: impl FnOnce(&mut Memory) -> T) -> T {
        what(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn content(operation: &'static str, parameter: &Parameter) -> Result<(Text, Text), CallError> {
    match (parameter.name(), parameter.value()) {
        (Some(name), Some(value)) => Ok((name.into(), value.into())),
        (name, _) => Err(CallError::odd(operation, format!("the parameter {name:?} has no value"))),
    }
}
