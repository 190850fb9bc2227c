//! `maintenance`: the brakes of a maintenance window.

use chrono::TimeDelta;
use schemars::JsonSchema;
use state_machine::Brakes;

use super::Section;
use crate::settings::value::Placed;
use crate::settings::value::number::Whole;
use crate::settings::value::period::Period;

type Count = Whole<1, 100_000>;
type Percent = Whole<0, 100>;
type Window = Period<60, { 7 * 86_400 }>;
type Grace = Period<0, { 365 * 86_400 }>;

/// What keeps a maintenance window from doing harm to many accounts at once.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields, rename = "maintenance")]
pub struct Maintenance {
    /// At most so many accounts are in maintenance at the same time.
    #[schemars(with = "Option<Placed<Count>>", extend("default" = 100))]
    pub accounts_in_flight: u32,
    /// So many accounts go first. The rest follows when all of them are back without unusual failures.
    #[schemars(with = "Option<Placed<Count>>", extend("default" = 10))]
    pub first_wave: u32,
    /// How many accounts in a hundred usually meet a build that fails. When clearly more do, the window stops.
    #[schemars(with = "Option<Placed<Percent>>", extend("default" = 5))]
    pub usual_failures_percent: u8,
    /// Fewer failures than this never stop a window, however small it is.
    #[schemars(with = "Option<Placed<Count>>", extend("default" = 3))]
    pub least_failures: u32,
    /// After so long, a window lets no more account in; those that are left wait for the next one.
    #[schemars(with = "Option<Placed<Window>>", extend("default" = "24h"))]
    pub longest: TimeDelta,
    /// For so long after it came under management, an account is left out of windows.
    #[schemars(with = "Option<Placed<Grace>>", extend("default" = "1d"))]
    pub grace: TimeDelta,
}

impl Maintenance {
    pub(crate) fn read(mut section: Section<'_, '_>) -> Self {
        let in_flight = section.optional::<Count>("accounts_in_flight");
        let first_wave = section.optional::<Count>("first_wave");
        let percent = section.optional::<Percent>("usual_failures_percent");
        let least = section.optional::<Count>("least_failures");
        let longest = section.optional::<Window>("longest");
        let grace = section.optional::<Grace>("grace");

        let most = in_flight.as_ref().map_or(100, |accounts| accounts.value.0);
        if let Some(wave) = first_wave.as_ref().filter(|wave| wave.value.0 > most) {
            let message =
                format!("a first wave of {} accounts is more than may be in maintenance", wave.value.0);
            let fault = wave.fault(message, format!("accounts_in_flight is {most}"));
            section.report().push(fault);
        }
        section.close();
        Self {
            accounts_in_flight: most,
            // A small limit alone shall not be a fault: the built-in wave shrinks with it.
            first_wave: first_wave.map_or(10.min(most), |wave| wave.value.0),
            usual_failures_percent: percent.map_or(5, |percent| u8::try_from(percent.value.0).unwrap_or(100)),
            least_failures: least.map_or(3, |least| least.value.0),
            longest: longest.map_or(TimeDelta::hours(24), |longest| longest.value.0),
            grace: grace.map_or(TimeDelta::days(1), |grace| grace.value.0),
        }
    }

    /// The brakes as the state machine takes them.
    pub fn brakes(&self) -> Brakes {
        Brakes {
            in_flight: self.accounts_in_flight,
            first_wave: self.first_wave,
            usual_failures_percent: self.usual_failures_percent,
            least_failures: self.least_failures,
            longest_seconds: u32::try_from(self.longest.num_seconds()).unwrap_or(u32::MAX),
        }
    }
}
