//! Writing the parameters, for people: what stands there, what stood there, and what is to stand there.
//!
//! Parameter Store has no compare-and-set for what is overwritten. What it has is used: a parameter that is made is
//! refused where there is one, and each write tells the number of its version.

use std::collections::BTreeMap;

use aws_sdk_ssm as ssm;
use aws_sdk_ssm::primitives::DateTime;
use aws_sdk_ssm::types::{ParameterStringFilter, ParameterTier, ParameterType, Tag};
use state_machine::{Text, Timestamp};

use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::{Governor, Lane};
use crate::cloud::aws::pages::Pages;
use crate::settings::{Names, Parameter, Tier};

const DELETE_PARAMETERS: &str = "ssm:DeleteParameters";
const DESCRIBE_PARAMETERS: &str = "ssm:DescribeParameters";
const GET_PARAMETER_HISTORY: &str = "ssm:GetParameterHistory";
const GET_PARAMETERS_BY_PATH: &str = "ssm:GetParametersByPath";
const PUT_PARAMETER: &str = "ssm:PutParameter";

/// How many parameters are described, or deleted, with one call here.
pub const TOGETHER: usize = 10;

/// The parameters of one environment, for whoever writes them. Nothing is remembered.
#[derive(Clone, Debug)]
pub struct Keeper {
    client: ssm::Client,
    governor: Governor,
    names: Names,
}

/// What stands in a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its value.
    pub value: Text,
    /// The number of the version: one more with each write.
    pub version: i64,
    /// When it was written.
    pub at: Option<Timestamp>,
}

/// What AWS tells of a parameter beside its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The number of the version.
    pub version: i64,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// Who wrote it (ARN).
    pub by: Text,
    /// Its tier. It is never made a cheaper one.
    pub tier: Tier,
}

/// A version of a parameter. AWS keeps the last hundred, and none of a parameter that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// What it held.
    pub value: Text,
    /// Everything else.
    pub described: Described,
}

impl Keeper {
    /// The parameters behind this client, which acts in the account and region of the system.
    pub const fn new(client: ssm::Client, governor: Governor, names: Names) -> Self {
        Self { client, governor, names }
    }

    /// How they are called.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// All that stands below the path of the environment, by name: ten with each call.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn standing(&self) -> Result<BTreeMap<Text, Standing>, CallError> {
        let (mut all, mut pages, mut token) = (BTreeMap::new(), Pages::default(), None);
        loop {
            let request = self.client.get_parameters_by_path().path(self.names.path()).recursive(true);
            let request = request.max_results(10).set_next_token(token);
            let call = || request.clone().send();
            let answer = self.governor.call(Lane::Parameters, GET_PARAMETERS_BY_PATH, None, call).await?;
            for parameter in answer.parameters() {
                let (Some(name), Some(value)) = (parameter.name(), parameter.value()) else {
                    let what = format!("the parameter {:?} has no value", parameter.name());
                    return Err(CallError::odd(GET_PARAMETERS_BY_PATH, what));
                };
                let (value, at) = (value.into(), instant(parameter.last_modified_date()));
                all.insert(name.into(), Standing { value, version: parameter.version(), at });
            }
            token = pages.next(GET_PARAMETERS_BY_PATH, answer.next_token)?;
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    /// What is told of these parameters, at most [`TOGETHER`]; those that are not there are left out.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn described(&self, names: &[Text]) -> Result<BTreeMap<Text, Described>, CallError> {
        let names = names.iter().map(ToString::to_string).collect();
        self.describe(filter("Name", "Equals", names)?).await
    }

    /// What is told of all parameters below the path, with a call for each page.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn all_described(&self) -> Result<BTreeMap<Text, Described>, CallError> {
        self.describe(filter("Path", "Recursive", vec![self.names.path()])?).await
    }

    async fn describe(&self, filter: ParameterStringFilter) -> Result<BTreeMap<Text, Described>, CallError> {
        let (mut all, mut pages, mut token) = (BTreeMap::new(), Pages::default(), None);
        loop {
            let request = self.client.describe_parameters().parameter_filters(filter.clone()).max_results(50);
            let request = request.set_next_token(token);
            let call = || request.clone().send();
            let answer = self.governor.call(Lane::Parameters, DESCRIBE_PARAMETERS, None, call).await?;
            for told in answer.parameters() {
                let described = Described {
                    version: told.version(),
                    at: instant(told.last_modified_date()),
                    by: told.last_modified_user().unwrap_or_default().into(),
                    tier: tier(told.tier()),
                };
                all.insert(told.name().unwrap_or_default().into(), described);
            }
            token = pages.next(DESCRIBE_PARAMETERS, answer.next_token)?;
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    /// The versions of a parameter that AWS keeps, the oldest first; `None` when there is no such parameter.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn history(&self, name: &str) -> Result<Option<Vec<Version>>, CallError> {
        let (mut all, mut pages, mut token) = (Vec::new(), Pages::default(), None);
        loop {
            let request =
                self.client.get_parameter_history().name(name).max_results(50).set_next_token(token);
            let call = || request.clone().send();
            let answer = self.governor.call(Lane::Parameters, GET_PARAMETER_HISTORY, None, call).await;
            let answer = match answer {
                Err(error) if error.is("ParameterNotFound") => return Ok(None),
                answer => answer?,
            };
            for told in answer.parameters() {
                let described = Described {
                    version: told.version(),
                    at: instant(told.last_modified_date()),
                    by: told.last_modified_user().unwrap_or_default().into(),
                    tier: tier(told.tier()),
                };
                all.push(Version { value: told.value().unwrap_or_default().into(), described });
            }
            token = pages.next(GET_PARAMETER_HISTORY, answer.next_token)?;
            if token.is_none() {
                all.sort_by_key(|version| version.described.version);
                return Ok(Some(all));
            }
        }
    }

    /// Makes a parameter, with tags that say whose it is.
    ///
    /// # Errors
    /// `ParameterAlreadyExists` when there is one; otherwise when it could not be made.
    pub async fn create(&self, name: &str, parameter: &Parameter) -> Result<(), CallError> {
        let tag = |key: &str, value: &str| {
            let tag = Tag::builder().key(key).value(value).build();
            tag.map_err(|error| CallError::odd(PUT_PARAMETER, error.to_string()))
        };
        let request = self.client.put_parameter().name(name).value(&*parameter.value);
        let request = request.r#type(ParameterType::String).tier(sdk(parameter.tier)).overwrite(false);
        let request = request
            .tags(tag("origin", "SustainablePersonalAccounts")?)
            .tags(tag("environment", self.names.environment())?);
        self.governor.call(Lane::Parameters, PUT_PARAMETER, None, || request.clone().send()).await?;
        Ok(())
    }

    /// Gives a parameter another value; tells the number of the version that this made. `stands`: its tier until now.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn overwrite(&self, name: &str, parameter: &Parameter, stands: Tier) -> Result<i64, CallError> {
        let tier = if stands == Tier::Advanced { Tier::Advanced } else { parameter.tier };
        let request = self.client.put_parameter().name(name).value(&*parameter.value);
        let request = request.r#type(ParameterType::String).tier(sdk(tier)).overwrite(true);
        let call = || request.clone().send();
        let answer = self.governor.call(Lane::Parameters, PUT_PARAMETER, None, call).await?;
        Ok(answer.version())
    }

    /// Deletes parameters, at most [`TOGETHER`]. One that is not there any more is as it should be.
    ///
    /// # Errors
    /// When they could not be deleted.
    pub async fn delete(&self, names: &[Text]) -> Result<(), CallError> {
        let names = names.iter().map(ToString::to_string).collect();
        let request = self.client.delete_parameters().set_names(Some(names));
        self.governor.call(Lane::Parameters, DELETE_PARAMETERS, None, || request.clone().send()).await?;
        Ok(())
    }
}

fn filter(key: &str, option: &str, values: Vec<String>) -> Result<ParameterStringFilter, CallError> {
    let filter = ParameterStringFilter::builder().key(key).option(option).set_values(Some(values)).build();
    filter.map_err(|error| CallError::odd(DESCRIBE_PARAMETERS, error.to_string()))
}

fn instant(told: Option<&DateTime>) -> Option<Timestamp> {
    Timestamp::from_millis(told?.to_millis().ok()?).ok()
}

const fn sdk(tier: Tier) -> ParameterTier {
    match tier {
        Tier::Standard => ParameterTier::Standard,
        Tier::Advanced => ParameterTier::Advanced,
    }
}

fn tier(told: Option<&ParameterTier>) -> Tier {
    if told == Some(&ParameterTier::Advanced) { Tier::Advanced } else { Tier::Standard }
}
