//! Unit prices, with where each was read.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, de};
use thiserror::Error;

/// The prices that come with the program.
const OURS: &str = include_str!("../../prices/us-east-1.yaml");

/// What is charged for. Each has a price in every list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charge {
    /// Invocations of functions.
    LambdaRequests,
    /// Time of functions, by memory.
    LambdaTime,
    /// Minutes of builds on the smallest machine.
    CodebuildMinutes,
    /// Writes of a kilobyte.
    DynamodbWrites,
    /// Reads of four kilobytes.
    DynamodbReads,
    /// What the table holds.
    DynamodbStorage,
    /// What point-in-time recovery holds.
    DynamodbRecovery,
    /// Requests to queues.
    SqsRequests,
    /// Events that we announce.
    EventsCustom,
    /// Events that another account sends here.
    EventsCrossAccount,
    /// Parameters of more than 4 KB.
    ParametersAdvanced,
    /// Reads of such parameters.
    ParametersRead,
    /// Metrics that an alarm looks at.
    Alarms,
    /// Dashboards.
    Dashboards,
    /// Metrics of our own.
    Metrics,
    /// Logs that are written.
    LogsWritten,
    /// Logs that are kept.
    LogsKept,
    /// Traces that are recorded.
    Traces,
    /// Objects in buckets.
    S3Storage,
    /// Mails to those who subscribed.
    Mails,
    /// Requests to the key of the table.
    KmsRequests,
    /// Questions about costs.
    CostExplorer,
}

impl Charge {
    /// Everything that is charged for.
    pub const ALL: [Self; 22] = [
        Self::LambdaRequests,
        Self::LambdaTime,
        Self::CodebuildMinutes,
        Self::DynamodbWrites,
        Self::DynamodbReads,
        Self::DynamodbStorage,
        Self::DynamodbRecovery,
        Self::SqsRequests,
        Self::EventsCustom,
        Self::EventsCrossAccount,
        Self::ParametersAdvanced,
        Self::ParametersRead,
        Self::Alarms,
        Self::Dashboards,
        Self::Metrics,
        Self::LogsWritten,
        Self::LogsKept,
        Self::Traces,
        Self::S3Storage,
        Self::Mails,
        Self::KmsRequests,
        Self::CostExplorer,
    ];
}

/// How a price was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// In AWS's own documentation.
    Official,
    /// In what others write of it.
    Secondary,
}

/// What so many of something cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// What is charged for.
    pub key: Charge,
    /// The service, by the name that people know it by.
    pub service: String,
    /// So much money…
    #[serde(deserialize_with = "exact")]
    pub price: Decimal,
    /// … for so many…
    #[serde(deserialize_with = "exact")]
    pub per: Decimal,
    /// … of these.
    pub unit: String,
    /// How it was found.
    pub from: Found,
    /// The page of AWS that has the last word.
    pub page: String,
}

/// The prices of a region.
#[derive(Clone, Debug)]
pub struct PriceList {
    /// The region.
    pub region: String,
    /// The currency.
    pub currency: String,
    /// The day on which the prices were read, as the file has it.
    pub read: String,
    prices: BTreeMap<Charge, Price>,
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    region: String,
    currency: String,
    read: String,
    prices: Vec<Price>,
}

/// Why a list of prices cannot be used.
#[derive(Debug, Error)]
pub enum InvalidPrices {
    /// It is not what it should be.
    #[error("it is no list of prices: {0}")]
    Shape(#[from] serde_yaml::Error),
    /// It says nothing of something.
    #[error("it has no price of `{0}`")]
    Missing(String),
    /// It says the same twice.
    #[error("it has two prices of `{0}`")]
    Twice(String),
    /// A price is less than nothing, or for nothing.
    #[error("the price of `{0}` is below zero, or for zero units")]
    Impossible(String),
}

impl PriceList {
    /// Reads a list.
    ///
    /// # Errors
    /// When it is none, or says not of each charge once what it costs.
    pub fn read(text: &str) -> Result<Self, InvalidPrices> {
        let File { region, currency, read, prices } = serde_yaml::from_str(text)?;
        let mut by_key = BTreeMap::new();
        for price in prices {
            let name = name(price.key);
            if price.price.is_sign_negative() || price.per <= Decimal::ZERO {
                return Err(InvalidPrices::Impossible(name));
            }
            if by_key.insert(price.key, price).is_some() {
                return Err(InvalidPrices::Twice(name));
            }
        }
        match Charge::ALL.into_iter().find(|key| !by_key.contains_key(key)) {
            Some(missing) => Err(InvalidPrices::Missing(name(missing))),
            None => Ok(Self { region, currency, read, prices: by_key }),
        }
    }

    /// The prices that come with the program.
    ///
    /// # Errors
    /// Never, as long as the tests pass.
    pub fn ours() -> Result<Self, InvalidPrices> {
        Self::read(OURS)
    }

    /// The price of this; `None` never comes from [`PriceList::read`].
    pub fn of(&self, charge: Charge) -> Option<&Price> {
        self.prices.get(&charge)
    }
}

/// As the file spells it.
fn name(charge: Charge) -> String {
    let value = serde_json::to_value(charge).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// A number as it is written, quoted or not, and never the binary fraction that YAML would make of it.
fn exact<'d, D: Deserializer<'d>>(from: D) -> Result<Decimal, D::Error> {
    let text = String::deserialize(from)?;
    Decimal::from_str_exact(&text).map_err(|_| de::Error::custom(format!("`{text}` is no decimal number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_list_has_a_price_of_everything_and_a_page_for_each() {
        let ours = PriceList::ours().unwrap();
        assert_eq!((ours.region.as_str(), ours.currency.as_str()), ("us-east-1", "USD"));
        for charge in Charge::ALL {
            let price = ours.of(charge).unwrap();
            assert!(price.page.starts_with("https://aws.amazon.com/"), "{price:?}");
        }
    }

    #[test]
    fn prices_are_what_is_written() {
        let text = OURS.replace("price: \"0.0000166667\"", "price: 0.00001666670000000000000001");
        let price = PriceList::read(&text).unwrap().of(Charge::LambdaTime).unwrap().price;
        assert_eq!(price.to_string(), "0.00001666670000000000000001");
    }

    #[test]
    fn lists_that_would_give_a_wrong_sum_are_refused() {
        let row = "  - {key: mails, service: SNS, price: \"2.00\"";
        for (from, to, told) in [
            (row, "  - {key: letters, service: SNS, price: \"2.00\"", "unknown variant `letters`"),
            (row, "  - {key: alarms, service: SNS, price: \"2.00\"", "two prices of `alarms`"),
            (row, "  - {key: mails, service: SNS, price: \"2,00\"", "`2,00` is no decimal number"),
            (row, "  - {key: mails, service: SNS, price: \"-2\"", "`mails` is below zero"),
            ("per: \"100000\"", "per: \"0\"", "`mails` is below zero, or for zero units"),
            (row, "  #", "no price of `mails`"),
            ("region: us-east-1\n", "", "missing field `region`"),
        ] {
            assert!(OURS.contains(from), "{from}");
            let error = PriceList::read(&OURS.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(told), "{to}: {error}");
        }
        for text in ["", "[]", "\0", "prices: 7"] {
            assert!(PriceList::read(text).is_err(), "{text:?}");
        }
    }
}
