//! Which of all accounts are meant: filters of the table, and of gestures to many.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use state_machine::{Account, Hold, Reading, Standing, State, Timestamp, UnitId};

use crate::cloud::Listed;
use crate::settings::Settings;

use super::{place, trouble};

/// Accounts that fit all of these.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which accounts")]
pub struct Filter {
    /// In this state; may be given several times.
    #[arg(long, value_name = "STATE", value_enum)]
    state: Vec<StateName>,
    /// In this organizational unit, or in one below it.
    #[arg(long, value_name = "UNIT")]
    unit: Option<UnitId>,
    /// In the hands of this holder; a part of the address is enough.
    #[arg(long, value_name = "HOLDER", value_parser = part)]
    holder: Option<String>,
    /// That do not go on by themselves.
    #[arg(long)]
    stuck: bool,
    /// That are held, by an operator or by the settings.
    #[arg(long)]
    held: bool,
    /// In quarantine.
    #[arg(long)]
    quarantined: bool,
}

/// What the tag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StateName {
    /// Asked to be on-boarded.
    Vanilla,
    /// Being prepared.
    Assigned,
    /// In the hands of its holder.
    Released,
    /// Being purged.
    Expired,
    /// Without a state tag.
    Untagged,
    /// With a state tag that says something else.
    Unrecognised,
}

/// Part of an address. Nothing is part of each of them: a variable that a script left empty must not select
/// every account.
fn part(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it must say something; without --holder, every holder fits".to_owned()),
        part => Ok(part.to_owned()),
    }
}

impl StateName {
    fn is(self, reading: &Reading) -> bool {
        match self {
            Self::Vanilla => *reading == Reading::Known(State::Vanilla),
            Self::Assigned => *reading == Reading::Known(State::Assigned),
            Self::Released => *reading == Reading::Known(State::Released),
            Self::Expired => *reading == Reading::Known(State::Expired),
            Self::Untagged => *reading == Reading::Untagged,
            Self::Unrecognised => matches!(reading, Reading::Unrecognised(_)),
        }
    }
}

impl Filter {
    /// The unit that is asked for.
    pub const fn unit(&self) -> Option<&UnitId> {
        self.unit.as_ref()
    }

    /// Whether nothing is asked for: every account fits.
    pub const fn is_empty(&self) -> bool {
        let Self { state, unit, holder, stuck, held, quarantined } = self;
        state.is_empty() && unit.is_none() && holder.is_none() && !*stuck && !*held && !*quarantined
    }
}

/// A filter at one time, with settings where there are any.
#[derive(Debug)]
pub struct Sieve<'a> {
    filter: &'a Filter,
    settings: Option<&'a Arc<Settings>>,
    now: Timestamp,
}

impl<'a> Sieve<'a> {
    /// The filter at this time.
    pub const fn new(filter: &'a Filter, settings: Option<&'a Arc<Settings>>, now: Timestamp) -> Self {
        Self { filter, settings, now }
    }

    /// Whether the account fits.
    pub fn takes(&self, account: &Account) -> bool {
        let Filter { state, unit, holder, stuck, held, quarantined } = self.filter;
        let in_state = || state.is_empty() || state.iter().any(|state| state.is(&account.tag().reading));
        let in_unit = || unit.as_ref().is_none_or(|unit| account.profile().units.contains(unit));
        let of_holder = || {
            let Some(wanted) = holder else { return true };
            let key = place::holder_key(self.settings);
            let wanted = wanted.to_lowercase();
            account.holder(key).is_some_and(|holder| holder.to_lowercase().contains(&wanted))
        };
        in_state()
            && in_unit()
            && of_holder()
            && (!stuck || trouble::stuck(account, self.now).is_some())
            && (!held || self.hold(account).is_some())
            && (!quarantined || account.quarantine().is_some())
    }

    /// Whether an account of the organization fits of which nothing was ever recorded.
    pub fn takes_unseen(&self, member: &Listed) -> bool {
        let Filter { state, unit, holder, stuck, held, quarantined } = self.filter;
        let key = place::holder_key(self.settings);
        let is_of = |wanted: &String| {
            let holder = member.profile.tags.get(key);
            holder.is_some_and(|holder| holder.to_lowercase().contains(&wanted.to_lowercase()))
        };
        !stuck
            && !quarantined
            && (state.is_empty() || state.iter().any(|state| state.is(&member.reading)))
            && unit.as_ref().is_none_or(|unit| member.profile.units.contains(unit))
            && holder.as_ref().is_none_or(is_of)
            && (!held || self.hold_of_unseen(member).is_some())
    }

    /// The hold of the settings on an account of which nothing was ever recorded.
    pub fn hold_of_unseen(&self, member: &Listed) -> Option<Hold> {
        let resolved = self.settings?.resolve(member.account, &member.profile.units);
        let policy = resolved.policy();
        policy.hold_at(None, self.now).filter(|_| policy.standing == Standing::Managed).cloned()
    }

    /// The hold that counts now: of the one in the journal and the one in the settings, the later one.
    pub fn hold(&self, account: &Account) -> Option<Hold> {
        match self.settings {
            Some(settings) => {
                let resolved = settings.resolve(account.id(), &account.profile().units);
                resolved.policy().hold_at(account.hold(), self.now).cloned()
            }
            None => account.hold().filter(|hold| hold.until > self.now).cloned(),
        }
    }
}
