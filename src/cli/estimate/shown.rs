//! What is printed: lines of the bill, and on what they rest.

use rust_decimal::Decimal;
use serde::Serialize;

use super::history::History;
use crate::cli::{Cell, Context, Failure, Format, Table, Tone};
use crate::estimate::bill::{Bill, Line};
use crate::estimate::prices::{Found, PriceList};
use crate::estimate::scenario::Scenario;
use crate::settings::Settings;

/// The answer, for programs. Numbers with places are texts: a program that reads them as binary fractions does so on its own
/// account.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    currency: &'a str,
    /// Whether the free tier was subtracted. It never is: it is the account's, and may be used by others.
    free_tier_subtracted: bool,
    prices: Prices<'a>,
    scenario: &'a Scenario,
    /// What the journal told, where it was asked.
    measured: Option<&'a History>,
    #[serde(flatten)]
    bill: &'a Bill,
}

#[derive(Debug, Serialize)]
struct Prices<'a> {
    region: &'a str,
    read: &'a str,
}

/// What was estimated, and on what it rests.
#[derive(Clone, Copy, Debug)]
pub struct Estimated<'a> {
    pub scenario: &'a Scenario,
    pub bill: &'a Bill,
    pub prices: &'a PriceList,
    /// What the journal told, where it was asked.
    pub history: Option<&'a History>,
    /// Whether somebody said for how many accounts.
    pub is_said: bool,
    pub settings: &'a Settings,
}

/// Prints it.
///
/// # Errors
/// When standard output cannot be written.
pub fn print(estimated: Estimated<'_>, context: &Context) -> Result<(), Failure> {
    let Estimated { scenario, bill, prices, history, .. } = estimated;
    let answer = Answer {
        currency: &prices.currency,
        free_tier_subtracted: false,
        prices: Prices { region: &prices.region, read: &prices.read },
        scenario,
        measured: history,
        bill,
    };
    let with_sums = context.screen().format() == Format::Table;
    context.screen().rows(&table(bill, &prices.currency, with_sums), &answer)?;
    for note in notes(estimated) {
        context.screen().note(&note);
    }
    Ok(())
}

/// Lines, and for people the sum of each service.
fn table(bill: &Bill, currency: &str, with_sums: bool) -> Table {
    let amount = if currency == "USD" { "USD a month" } else { "a month" };
    let headings = ["service", "what", "account", "quantity", "unit", "price", "per", amount];
    let mut table = Table::new(headings).right([3, 5, 6, 7]);
    let mut last = None;
    for line in &bill.lines {
        if with_sums && last != Some(&line.service) {
            last = Some(&line.service);
            let sum = bill.services.get(&line.service).copied().unwrap_or_default();
            table.row(sum_row(&line.service, sum));
        }
        table.row(row(line, with_sums));
    }
    if with_sums {
        table.row(sum_row("all", bill.total));
    }
    table
}

fn sum_row(service: &str, sum: Decimal) -> Vec<Cell> {
    let empty = || Cell::from("");
    let sum = Cell::toned(sum.to_string(), Tone::Good);
    vec![service.into(), empty(), empty(), empty(), empty(), empty(), empty(), sum]
}

fn row(line: &Line, is_below_its_sum: bool) -> Vec<Cell> {
    let service = if is_below_its_sum { "" } else { &line.service };
    vec![
        service.into(),
        line.what.into(),
        line.account.as_str().into(),
        line.quantity.to_string().into(),
        line.unit.clone().into(),
        line.price.to_string().into(),
        line.per.to_string().into(),
        Cell::toned(line.amount.to_string(), Tone::Faint),
    ]
}

/// On what it rests, for people.
fn notes(estimated: Estimated<'_>) -> Vec<String> {
    let Estimated { scenario, bill, prices, history, is_said, settings } = estimated;
    let windows = scenario.windows.round_dp(2).normalize();
    let mut notes = vec![format!(
        "{} accounts, {} that join, {windows} maintenance windows in a month; {} minutes to prepare, {} to purge, {} ms for a call",
        scenario.accounts,
        scenario.joining,
        scenario.prepare_minutes.round_dp(2).normalize(),
        scenario.purge_minutes.round_dp(2).normalize(),
        scenario.call_milliseconds.normalize(),
    )];
    if let Some(history) = history {
        notes.push(format!(
            "measured in the journal of {} of {} accounts: {} preparations, {} purges",
            history.read, history.accounts, history.prepare.ended, history.purge.ended
        ));
    }
    let secondary = bill.lines.iter().filter(|line| line.price_from == Found::Secondary).count();
    notes.push(format!(
        "prices of {}, read {}, {secondary} of {} lines from secondary sources: look at the pages of AWS before you rely on them",
        prices.region,
        prices.read,
        bill.lines.len()
    ));
    let region = settings.automation().region.as_str();
    if region != prices.region {
        notes.push(format!(
            "the system runs in {region}, whose prices may differ: --prices FILE takes others"
        ));
    }
    notes.push("the free tier is not subtracted; tax and support are not in it".to_owned());
    if !is_said && history.is_none() && settings.units().next().is_some() {
        notes.push("only accounts that the settings name are counted; their units hold others: --accounts N says how many".to_owned());
    }
    if scenario.windows.is_zero() {
        notes.push(
            "the settings name no maintenance window, so nothing is purged: --windows says how many"
                .to_owned(),
        );
    }
    notes
}
