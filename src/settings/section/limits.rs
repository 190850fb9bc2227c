//! `automation.limits`: how fast AWS is called. What AWS bears is found out by asking, so these are only where that
//! begins, and between which bounds it stays.

use std::time::Duration;

use schemars::JsonSchema;

use super::Section;
use crate::settings::value::Placed;
use crate::settings::value::number::Whole;
use crate::settings::value::period::Period;

type PerMinute = Whole<1, 600_000>;
type Calls = Whole<1, 100_000>;
type Attempts = Whole<1, 5>;
type Patience = Period<1, 9>;

/// How fast AWS is called. The rates adapt to what AWS answers: they rise slowly, and are halved when there were
/// too many requests. Change this when you have seen why.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, rename = "limits")]
pub struct Limits {
    /// AWS Organizations, and its tags.
    #[schemars(with = "Option<Rate>")]
    pub organizations: Rate,
    /// Security Token Service, which hands out the roles.
    #[schemars(with = "Option<Rate>")]
    pub sts: Rate,
    /// Parameter Store.
    #[schemars(with = "Option<Rate>")]
    pub parameters: Rate,
    /// CodeBuild, in each account for itself.
    #[schemars(with = "Option<Rate>")]
    pub builds: Rate,
    /// Cost Explorer.
    #[schemars(with = "Option<Rate>")]
    pub costs: Rate,
    /// Every other service, each for itself.
    #[schemars(with = "Option<Rate>")]
    pub other: Rate,
    /// How long a call waits for its turn; after that it was throttled, and nothing was sent.
    #[schemars(with = "Option<Placed<Patience>>", extend("default" = "8s"))]
    pub patience: Duration,
    /// How many calls may wait for their turn at one service.
    #[schemars(with = "Option<Placed<Calls>>", extend("default" = 10_000))]
    pub waiting: u32,
    /// How often a call is sent, the first time included, while AWS says that there are too many requests or that
    /// another one is in progress.
    #[schemars(with = "Option<Placed<Attempts>>", extend("default" = 3))]
    pub attempts: u32,
}

/// How many calls a minute one service gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, rename = "rate")]
pub struct Rate {
    /// What a process begins with.
    #[schemars(with = "Option<Placed<PerMinute>>")]
    pub start: u32,
    /// However often AWS refuses, it is not asked less often than this.
    #[schemars(with = "Option<Placed<PerMinute>>")]
    pub least: u32,
    /// However well it goes, it is not asked more often than this.
    #[schemars(with = "Option<Placed<PerMinute>>")]
    pub most: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            organizations: Rate { start: 600, least: 12, most: 3_000 },
            sts: Rate { start: 1_800, least: 60, most: 12_000 },
            parameters: Rate { start: 1_200, least: 60, most: 6_000 },
            builds: Rate { start: 120, least: 6, most: 600 },
            costs: Rate { start: 60, least: 6, most: 300 },
            other: Rate { start: 6_000, least: 60, most: 60_000 },
            patience: Duration::from_secs(8),
            waiting: 10_000,
            attempts: 3,
        }
    }
}

impl Limits {
    pub(crate) fn read(mut section: Section<'_, '_>) -> Self {
        let built_in = Self::default();
        let limits = Self {
            organizations: Rate::read(section.section("organizations"), built_in.organizations),
            sts: Rate::read(section.section("sts"), built_in.sts),
            parameters: Rate::read(section.section("parameters"), built_in.parameters),
            builds: Rate::read(section.section("builds"), built_in.builds),
            costs: Rate::read(section.section("costs"), built_in.costs),
            other: Rate::read(section.section("other"), built_in.other),
            patience: section
                .optional::<Patience>("patience")
                .and_then(|patience| patience.value.0.to_std().ok())
                .unwrap_or(built_in.patience),
            waiting: section.optional::<Calls>("waiting").map_or(built_in.waiting, |calls| calls.value.0),
            attempts: section
                .optional::<Attempts>("attempts")
                .map_or(built_in.attempts, |attempts| attempts.value.0),
        };
        section.close();
        limits
    }
}

impl Rate {
    /// A rate of which only a part is said: what is not said follows what is, so that one number alone is no fault.
    fn read(mut section: Section<'_, '_>, built_in: Self) -> Self {
        let start = section.optional::<PerMinute>("start");
        let least = section.optional::<PerMinute>("least");
        let most = section.optional::<PerMinute>("most");
        let (low, high) = (least.as_ref().map(|rate| rate.value.0), most.as_ref().map(|rate| rate.value.0));
        if let (Some(least), Some(high)) = (&least, high)
            && least.value.0 > high
        {
            let fault = least.fault("it can never be between these two", format!("most is {high}"));
            section.report().push(fault);
        }
        if let Some(start) = &start {
            let rate = start.value.0;
            let outside = low.filter(|low| rate < *low).map(|low| format!("least is {low}"));
            let outside =
                outside.or_else(|| high.filter(|high| rate > *high).map(|high| format!("most is {high}")));
            if let Some(bound) = outside {
                let fault = start.fault("it does not begin between its bounds", bound);
                section.report().push(fault);
            }
        }
        section.close();
        let begin = start.map_or(built_in.start, |rate| rate.value.0);
        let begin = begin.max(low.unwrap_or(0)).min(high.unwrap_or(u32::MAX));
        Self {
            start: begin,
            least: low.unwrap_or(built_in.least.min(begin)),
            most: high.unwrap_or(built_in.most.max(begin)),
        }
    }
}
