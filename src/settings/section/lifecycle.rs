//! `lifecycle`: how often and how patiently things are tried.

use std::num::NonZeroU8;

use chrono::TimeDelta;
use schemars::JsonSchema;
use state_machine::{Pauses, Retries, Times};

use super::Section;
use crate::settings::value::number::Whole;
use crate::settings::value::period::{Period, spoken};
use crate::settings::value::{Placed, Value};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

type Attempts = Whole<1, 20>;
type Pause = Period<1, { 30 * DAY }>;
type QuarantinePause = Period<MINUTE, { 365 * DAY }>;
type Claim = Period<30, HOUR>;
type Patience = Period<1, HOUR>;
type Often = Period<MINUTE, DAY>;
type Hold = Period<HOUR, { 3650 * DAY }>;

/// How often and how patiently things are tried. Change it when you have seen why.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields, rename = "lifecycle")]
pub struct Lifecycle {
    /// How often a side effect (setting a tag, starting a build) is tried before the account goes into
    /// quarantine.
    #[schemars(with = "Option<Placed<Attempts>>", extend("default" = 6))]
    pub effect_attempts: NonZeroU8,
    /// How long to wait after the first failure of a side effect, the second, and so on. The last one repeats.
    #[schemars(with = "Option<Vec<Placed<Pause>>>", length(min = 1, max = 20), extend("default" = ["10s", "30s", "2m", "10m", "30m"]))]
    pub effect_pauses: Pauses,
    /// How long an account in quarantine waits for its next try: the first time, the second, and so on.
    #[schemars(with = "Option<Vec<Placed<QuarantinePause>>>", length(min = 1, max = 20), extend("default" = ["1h", "1d", "7d"]))]
    pub quarantine_pauses: Pauses,
    /// How long whoever decided on a side effect may take to carry it out; after that anybody may. It must be
    /// longer than any function runs.
    #[schemars(with = "Option<Placed<Claim>>", extend("default" = "2m"))]
    pub claim: TimeDelta,
    /// How long the event of an own tag change is waited for before somebody looks.
    #[schemars(with = "Option<Placed<Patience>>", extend("default" = "5m"))]
    pub event_patience: TimeDelta,
    /// How long after an own tag change a reading that shows another value is not believed: AWS Organizations
    /// is eventually consistent.
    #[schemars(with = "Option<Placed<Patience>>", extend("default" = "30s"))]
    pub settle: TimeDelta,
    /// How old a look at an account may be when a side effect that deletes nothing relies on it. A purge
    /// always looks again.
    #[schemars(with = "Option<Placed<Patience>>", extend("default" = "2m"))]
    pub fresh: TimeDelta,
    /// How old status, name and units of an account may be when a side effect that deletes nothing relies on them.
    /// Events tell of changes, and the comparison of all accounts finds those whose event was lost. A purge reads
    /// them again.
    #[schemars(with = "Option<Placed<Patience>>", extend("default" = "1h"))]
    pub described: TimeDelta,
    /// How often a build that runs is looked up.
    #[schemars(with = "Option<Placed<Often>>", extend("default" = "10m"))]
    pub look_up_every: TimeDelta,
    /// How often what is due or overdue is woken.
    #[schemars(with = "Option<Placed<Often>>", extend("default" = "10m"))]
    pub reconcile_every: TimeDelta,
    /// How often every account is compared with its tags and builds. Not more often than `reconcile_every`.
    #[schemars(with = "Option<Placed<Often>>", extend("default" = "1h"))]
    pub compare_every: TimeDelta,
    /// The longest hold that may be asked for by command. Holds in this file may be longer.
    #[schemars(with = "Option<Placed<Hold>>", extend("default" = "90d"))]
    pub longest_hold: TimeDelta,
}

impl Lifecycle {
    pub(crate) fn read(mut section: Section<'_, '_>) -> Option<Self> {
        let attempts = section.optional::<Attempts>("effect_attempts");
        let effect_pauses = pauses::<Pause>(&mut section, "effect_pauses", |pause| pause.0);
        let quarantine_pauses = pauses::<QuarantinePause>(&mut section, "quarantine_pauses", |pause| pause.0);
        let claim = section.optional::<Claim>("claim");
        let event_patience = section.optional::<Patience>("event_patience");
        let settle = section.optional::<Patience>("settle");
        let fresh = section.optional::<Patience>("fresh");
        let described = section.optional::<Patience>("described");
        let look_up_every = section.optional::<Often>("look_up_every");
        let reconcile_every = section.optional::<Often>("reconcile_every");
        let compare_every = section.optional::<Often>("compare_every");
        let longest_hold = section.optional::<Hold>("longest_hold");

        let reconcile = reconcile_every.as_ref().map_or(TimeDelta::minutes(10), |period| period.value.0);
        let compare = compare_every
            .as_ref()
            .map_or_else(|| reconcile.max(TimeDelta::hours(1)), |period| period.value.0);
        if let Some(every) = compare_every.filter(|_| compare < reconcile) {
            let fault = every
                .fault("accounts cannot be compared more often than they are woken", "more often")
                .help(format!("reconcile_every is {}", spoken(reconcile)));
            section.report().push(fault);
        }
        let patience = event_patience.as_ref().map_or(TimeDelta::minutes(5), |period| period.value.0);
        let settling =
            settle.as_ref().map_or_else(|| patience.min(TimeDelta::seconds(30)), |period| period.value.0);
        if let Some(settle) = settle.filter(|_| settling > patience) {
            let fault = settle
                .fault("whoever looks would not believe what they see", "longer than the event is waited for")
                .help(format!("event_patience is {}", spoken(patience)));
            section.report().push(fault);
        }
        section.close();
        Some(Self {
            effect_attempts: NonZeroU8::new(
                u8::try_from(attempts.map_or(6, |attempts| attempts.value.0)).ok()?,
            )?,
            effect_pauses: effect_pauses
                .map_or_else(|| pauses_of_seconds(&[10, 30, 120, 600, 1800]), |pauses| Some(pauses.value))?,
            quarantine_pauses: quarantine_pauses
                .map_or_else(|| pauses_of_seconds(&[3600, 86_400, 604_800]), |pauses| Some(pauses.value))?,
            claim: claim.map_or(TimeDelta::minutes(2), |period| period.value.0),
            event_patience: patience,
            settle: settling,
            fresh: fresh.map_or(TimeDelta::minutes(2), |period| period.value.0),
            described: described.map_or(TimeDelta::hours(1), |period| period.value.0),
            look_up_every: look_up_every.map_or(TimeDelta::minutes(10), |period| period.value.0),
            reconcile_every: reconcile,
            compare_every: compare,
            longest_hold: longest_hold.map_or(TimeDelta::days(90), |period| period.value.0),
        })
    }

    /// How side effects are repeated, as the state machine takes it.
    pub fn effects(&self) -> Retries {
        Retries { attempts: self.effect_attempts, pauses: self.effect_pauses.clone() }
    }

    /// The times as the state machine takes them.
    pub fn times(&self, grace: TimeDelta) -> Times {
        Times {
            claim: self.claim,
            event: self.event_patience,
            settle: self.settle,
            fresh: self.fresh,
            described: self.described,
            look_up: self.look_up_every,
            grace,
        }
    }
}

/// The pauses under a key; an empty list, or one that is too long, is reported.
pub(crate) fn pauses<T: Value>(
    section: &mut Section<'_, '_>,
    key: &'static str,
    length: fn(T) -> TimeDelta,
) -> Option<Placed<Pauses>> {
    let faults = section.report().errors();
    let list = section.list::<T>(key)?;
    let fine = section.report().errors() == faults;
    if fine && !(1..=20).contains(&list.value.len()) {
        let fault = list.fault("there must be 1 to 20 pauses", format!("{} here", list.value.len()));
        section.report().push(fault);
    }
    let pauses = Pauses::new(list.value.into_iter().map(|pause| length(pause.value)).collect::<Vec<_>>())?;
    Some(Placed { value: pauses, source: list.source, span: list.span })
}

/// Pauses of so many seconds.
pub(crate) fn pauses_of_seconds(pauses: &[i64]) -> Option<Pauses> {
    Pauses::new(pauses.iter().map(|pause| TimeDelta::seconds(*pause)).collect::<Vec<_>>())
}
