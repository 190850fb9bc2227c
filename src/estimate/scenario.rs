//! For what a month is estimated.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::Serialize;
use state_machine::Timestamp;

use crate::schedule::Schedule;
use crate::settings::{Settings, Tier};

use super::deployment;

/// The mean month of our calendar, in hours: a year of 365.25 days has twelve.
pub const HOURS: Decimal = Decimal::from_parts(7_305, 0, 0, false, 1);

/// After so many days the calendar begins anew with the same weekday, leap years included; that is 336 months.
const ROUND: i64 = 28 * 365 + 7;
const MONTHS_OF_ROUND: u32 = 28 * 12;

/// More windows are not counted one by one.
const MOST_WINDOWS: u32 = 20_000;

/// For what a month is estimated. What is not said is assumed, and told with the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scenario {
    /// Accounts that are looked after.
    pub accounts: u32,
    /// Accounts that join in a month.
    pub joining: u32,
    /// Maintenance windows in a month. Each takes every account once.
    pub windows: Decimal,
    /// Minutes of a build that prepares. CodeBuild charges begun minutes.
    pub prepare_minutes: Decimal,
    /// Minutes of a build that purges.
    pub purge_minutes: Decimal,
    /// Milliseconds of a function for each call to AWS, its own work included.
    pub call_milliseconds: Decimal,
    /// Bytes that an invocation writes into the logs, Lambda's own lines included.
    pub log_bytes: Decimal,
    /// Kilobytes that a build writes into the logs of its account.
    pub build_log_kilobytes: Decimal,
    /// The journal is estimated as it is after so many months: records are kept for ever.
    pub months: u32,
    /// How often what is due is woken in a month.
    pub reconciles: Decimal,
    /// How often all accounts are compared in a month.
    pub compares: Decimal,
    /// Parameters that AWS charges for: those of more than 4 KB.
    pub advanced_parameters: u32,
}

impl Scenario {
    /// So many accounts, with these settings from this instant on. Builds take what people report of such builds:
    /// 5 minutes to prepare, 10 to purge.
    pub fn of(settings: &Settings, accounts: u32, now: Timestamp) -> Self {
        let lifecycle = settings.lifecycle();
        let advanced = settings.parameters().values().filter(|kept| kept.tier == Tier::Advanced).count();
        Self {
            accounts,
            joining: 0,
            windows: settings.schedule().map_or(Decimal::ZERO, |schedule| windows(schedule, now)),
            prepare_minutes: Decimal::from(5),
            purge_minutes: Decimal::from(10),
            call_milliseconds: Decimal::from(50),
            log_bytes: Decimal::from(2_000),
            build_log_kilobytes: Decimal::from(100),
            months: 12,
            reconciles: times(lifecycle.reconcile_every),
            compares: times(lifecycle.compare_every),
            advanced_parameters: u32::try_from(advanced).unwrap_or(u32::MAX),
        }
    }

    /// How often the schedule of wake-ups fires in a month.
    pub fn wake_ups(&self) -> Decimal {
        times(TimeDelta::minutes(i64::from(deployment::WAKE_UP_MINUTES)))
    }
}

/// Minutes that were begun: so `CodeBuild` charges a build.
pub fn rounded_up(ran: TimeDelta) -> i64 {
    let seconds = ran.num_seconds().max(1);
    seconds / 60 + i64::from(seconds % 60 != 0)
}

/// How often something happens in a month that happens so often.
fn times(every: TimeDelta) -> Decimal {
    let month = HOURS * Decimal::from(3_600);
    month.checked_div(Decimal::from(every.num_seconds())).unwrap_or_default()
}

/// How many windows a schedule opens in a mean month. A schedule that ends within a round of the calendar names years, and
/// counts for its next twelve months.
fn windows(schedule: &Schedule, now: Timestamp) -> Decimal {
    let end = now + TimeDelta::days(ROUND);
    let year = now + TimeDelta::days(365);
    let (mut count, mut within_a_year, mut last) = (0_u32, 0_u32, now);
    loop {
        let Some(next) = schedule.next_after(last, now) else {
            return Decimal::from(within_a_year) / Decimal::from(12);
        };
        if next > end {
            return Decimal::from(count) / Decimal::from(MONTHS_OF_ROUND);
        }
        count += 1;
        within_a_year += u32::from(next <= year);
        last = next;
        if count == MOST_WINDOWS {
            let hours = Decimal::from(next.since(now).num_seconds()) / Decimal::from(3_600);
            return (Decimal::from(count) * HOURS).checked_div(hours).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_a_month(schedule: &str) -> String {
        let now = "2026-11-21T18:00:00Z".parse().unwrap();
        windows(&schedule.parse().unwrap(), now).round_dp(4).normalize().to_string()
    }

    #[test]
    fn windows_are_those_of_a_mean_month_whatever_day_it_is() {
        for (schedule, expected) in [
            ("cron(0 18 ? * SAT *)", "4.3482"),
            ("rate(7 days)", "4.3482"),
            ("cron(0 3 * * ? *)", "30.4375"),
            ("cron(0 3 1 * ? *)", "1"),
            ("cron(0 3 31 * ? *)", "0.5833"),
            ("rate(1 hour)", "730.5"),
            ("rate(1 minute)", "43830"),
            // The first of each month of the coming year.
            ("cron(0 3 1 * ? 2027)", "0.9167"),
            ("cron(0 3 1 1 ? 2020)", "0"),
        ] {
            assert_eq!(in_a_month(schedule), expected, "{schedule}");
        }
    }

    #[test]
    fn a_month_has_730_and_a_half_hours() {
        assert_eq!(HOURS.to_string(), "730.5");
        assert_eq!(times(TimeDelta::minutes(10)), Decimal::from(4_383));
    }
}
