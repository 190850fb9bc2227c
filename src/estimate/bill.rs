//! Usage times prices.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use super::prices::{Charge, Found, PriceList};
use super::usage::{Payer, Usage};

/// What a month costs.
#[derive(Clone, Debug, Serialize)]
pub struct Bill {
    /// Each thing that is charged for, by service.
    pub lines: Vec<Line>,
    /// What each service costs: the sum of its lines.
    pub services: BTreeMap<String, Decimal>,
    /// The sum of all lines.
    pub total: Decimal,
}

/// Something that is charged for.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// The service.
    pub service: String,
    /// What it is used for.
    pub what: &'static str,
    /// Whose bill it is on.
    pub account: Payer,
    /// How much is used.
    pub quantity: Decimal,
    /// In what.
    pub unit: String,
    /// So much money…
    pub price: Decimal,
    /// … for so many.
    pub per: Decimal,
    /// What the price is of, as the list names it.
    pub key: Charge,
    /// How the price was found.
    pub price_from: Found,
    /// What it costs, in whole cents.
    pub amount: Decimal,
}

impl Bill {
    /// What this usage costs. Each line is rounded to the cent, and sums are those of the rounded lines.
    pub fn of(usage: &[Usage], prices: &PriceList) -> Self {
        let mut lines: Vec<Line> = usage.iter().filter_map(|usage| line(usage, prices)).collect();
        lines.sort_by(|one, other| one.service.cmp(&other.service));
        let mut services: BTreeMap<String, Decimal> = BTreeMap::new();
        for line in &lines {
            *services.entry(line.service.clone()).or_default() += line.amount;
        }
        let total = lines.iter().map(|line| line.amount).sum();
        Self { lines, services, total }
    }
}

fn line(usage: &Usage, prices: &PriceList) -> Option<Line> {
    let price = prices.of(usage.charge)?;
    let amount = usage.quantity * price.price / price.per;
    let mut amount = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    amount.rescale(2);
    Some(Line {
        service: price.service.clone(),
        what: usage.what,
        account: usage.account,
        quantity: usage.quantity.round_dp(3).normalize(),
        unit: price.unit.clone(),
        price: price.price,
        per: price.per,
        key: price.key,
        price_from: price.from,
        amount,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::estimate::measured::Measured;
    use crate::estimate::scenario::{HOURS, Scenario};
    use crate::estimate::usage;

    prop_compose! {
        fn scenarios()(
            accounts in 1..1_000_000_u32,
            joining in 0..10_000_u32,
            windows in 0..2_000_u32,
            minutes in (0..480_u32, 0..480_u32),
            milliseconds in 0..10_000_u32,
            advanced in 0..100_u32,
        ) -> Scenario {
            Scenario {
                accounts,
                joining,
                windows: Decimal::new(windows.into(), 2),
                prepare_minutes: Decimal::new(minutes.0.into(), 1),
                purge_minutes: minutes.1.into(),
                call_milliseconds: milliseconds.into(),
                log_bytes: 2_000.into(),
                build_log_kilobytes: 100.into(),
                months: 12,
                reconciles: 4_383.into(),
                compares: HOURS,
                advanced_parameters: advanced,
            }
        }
    }

    fn bill(scenario: &Scenario) -> Bill {
        Bill::of(&usage::of(scenario, &Measured::ours().unwrap()), &PriceList::ours().unwrap())
    }

    proptest! {
        /// More of anything never costs less, line by line.
        #[test]
        fn more_never_costs_less(scenario in scenarios(), more in 1..5_000_u32, which in 0..6) {
            let mut larger = scenario.clone();
            match which {
                0 => larger.accounts += more,
                1 => larger.joining += more,
                2 => larger.windows += Decimal::new(more.into(), 2),
                3 => larger.prepare_minutes += Decimal::from(more),
                4 => larger.call_milliseconds += Decimal::from(more),
                _ => larger.advanced_parameters += more,
            }
            let (less, more) = (bill(&scenario), bill(&larger));
            for (one, other) in less.lines.iter().zip(&more.lines) {
                prop_assert_eq!((&one.service, one.what), (&other.service, other.what));
                prop_assert!(one.amount <= other.amount, "{:?} {:?}", one, other);
            }
            prop_assert!(less.total <= more.total);
        }

        /// What is printed adds up, to the cent.
        #[test]
        fn sums_are_those_of_the_lines(scenario in scenarios()) {
            let bill = bill(&scenario);
            prop_assert_eq!(bill.lines.iter().map(|line| line.amount).sum::<Decimal>(), bill.total);
            prop_assert_eq!(bill.services.values().sum::<Decimal>(), bill.total);
            for line in &bill.lines {
                prop_assert!(line.amount.scale() == 2 && !line.amount.is_sign_negative());
                let of_service = bill.lines.iter().filter(|other| other.service == line.service);
                prop_assert_eq!(of_service.map(|line| line.amount).sum::<Decimal>(), bill.services[&line.service]);
            }
        }

        /// Twice as many accounts never cost more than twice as much, but for the rounding: what stands for all is shared.
        #[test]
        fn what_stands_for_all_is_shared(scenario in scenarios()) {
            let twice = Scenario { accounts: scenario.accounts * 2, joining: scenario.joining * 2, ..scenario.clone() };
            let cents = Decimal::new(i64::try_from(Charge::ALL.len()).unwrap(), 2);
            prop_assert!(bill(&twice).total <= bill(&scenario).total * Decimal::TWO + cents);
        }
    }

    #[test]
    fn a_fleet_of_a_hundred_is_dear_for_its_builds() {
        let mut scenario = Scenario {
            accounts: 100,
            joining: 0,
            windows: 4.into(),
            prepare_minutes: 5.into(),
            purge_minutes: 10.into(),
            call_milliseconds: 50.into(),
            log_bytes: 2_000.into(),
            build_log_kilobytes: 100.into(),
            months: 12,
            reconciles: 4_383.into(),
            compares: HOURS,
            advanced_parameters: 0,
        };
        // 100 accounts, 4 windows, 15 minutes, half a cent.
        assert_eq!(bill(&scenario).services["CodeBuild"].to_string(), "30.00");
        // Begun minutes are charged.
        scenario.prepare_minutes = Decimal::new(41, 1);
        assert_eq!(bill(&scenario).services["CodeBuild"].to_string(), "30.00");
        scenario.accounts = 0;
        assert_eq!(bill(&scenario).services["CodeBuild"].to_string(), "0.00");
    }
}
