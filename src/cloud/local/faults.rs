//! What goes wrong, and how often.

use std::fmt;
use std::str::FromStr;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How often something happens: so many times in a million. Whole numbers, so that a seed gives the same run
/// on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(u32);

impl Rate {
    /// Never.
    pub const NEVER: Self = Self(0);

    /// So many times in a million; at most always.
    pub const fn per_million(times: u32) -> Self {
        Self(if times > 1_000_000 { 1_000_000 } else { times })
    }

    /// The share of times at which it happens, between 0 and 1.
    pub fn share(self) -> f64 {
        f64::from(self.0) / 1_000_000.0
    }

    /// Whether it happens this time.
    pub fn draw(self, random: &mut ChaCha8Rng) -> bool {
        self.0 > 0 && random.random_range(0..1_000_000) < self.0
    }

    /// The rate over one of so many parts of a time, when this one is over the whole.
    pub const fn divided_by(self, parts: u32) -> Self {
        Self(self.0 / if parts == 0 { 1 } else { parts })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:04} %", self.0 / 10_000, self.0 % 10_000)
    }
}

/// The text is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a rate; write a share between 0 and 1, such as 0.02, or a percentage, such as 2%")]
pub struct InvalidRate(String);

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidRate(text.to_owned());
        let (number, whole) = match text.strip_suffix('%') {
            Some(percentage) => (percentage, 100.0),
            None => (text, 1.0),
        };
        let share = number.trim().parse::<f64>().map_err(|_| invalid())? / whole;
        if !(0.0..=1.0).contains(&share) {
            return Err(invalid());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and a million"
        )]
        Ok(Self((share * 1_000_000.0).round() as u32))
    }
}

/// One kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// An event never arrives.
    Loss,
    /// An event arrives twice.
    Repeat,
    /// An event arrives late, by minutes to hours; others overtake it.
    Delay,
    /// A call is refused: too many requests, or another request in progress.
    Throttle,
    /// A read shows the state tag as it was before our own last write: Organizations is eventually consistent,
    /// and the tagging API even more so.
    Stale,
    /// A call gets no answer; half of the time it was done all the same.
    Outage,
    /// The process dies between two steps.
    Crash,
    /// A build fails, is stopped, times out, or meets a fault of CodeBuild.
    Build,
    /// A build is not started: no more builds may run at the same time.
    Limit,
    /// Somebody sets the state tag by hand (a day and an account).
    Hand,
    /// The holder starts a build of the same project (a day and an account).
    Foreign,
    /// The account is moved out of its unit, and back within a day (a day and an account).
    Move,
    /// The account is suspended, and reinstated within a day (a day and an account).
    Suspend,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Loss,
        Self::Repeat,
        Self::Delay,
        Self::Throttle,
        Self::Stale,
        Self::Outage,
        Self::Crash,
        Self::Build,
        Self::Limit,
        Self::Hand,
        Self::Foreign,
        Self::Move,
        Self::Suspend,
    ];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Repeat => "repeat",
            Self::Delay => "delay",
            Self::Throttle => "throttle",
            Self::Stale => "stale",
            Self::Outage => "outage",
            Self::Crash => "crash",
            Self::Build => "build",
            Self::Limit => "limit",
            Self::Hand => "hand",
            Self::Foreign => "foreign",
            Self::Move => "move",
            Self::Suspend => "suspend",
        }
    }

    /// What it does, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Loss => "an event never arrives",
            Self::Repeat => "an event arrives twice",
            Self::Delay => "an event arrives minutes to hours late",
            Self::Throttle => "a call is refused: too many requests",
            Self::Stale => "a read shows the tag as it was before",
            Self::Outage => "a call gets no answer; it may have been done",
            Self::Crash => "the process dies between two steps",
            Self::Build => "a build fails, is stopped, or times out",
            Self::Limit => "a build is refused: too many at once",
            Self::Hand => "somebody sets the state tag (a day and account)",
            Self::Foreign => "the holder starts a build (a day and account)",
            Self::Move => "the account is moved, and back (a day and account)",
            Self::Suspend => "it is suspended, and reinstated (a day and account)",
        }
    }

    /// Light faults: a good week. In times per million.
    const fn light(self) -> u32 {
        match self {
            Self::Loss | Self::Delay | Self::Throttle | Self::Stale => 5_000,
            Self::Repeat => 10_000,
            Self::Outage | Self::Crash | Self::Hand | Self::Foreign => 1_000,
            Self::Build | Self::Limit => 20_000,
            Self::Move | Self::Suspend => 300,
        }
    }

    /// Heavy faults: nothing like it was ever seen. In times per million.
    const fn heavy(self) -> u32 {
        match self {
            Self::Loss | Self::Repeat | Self::Delay | Self::Throttle | Self::Stale | Self::Limit => 100_000,
            Self::Outage | Self::Crash => 20_000,
            Self::Build => 150_000,
            Self::Hand | Self::Foreign => 30_000,
            Self::Move | Self::Suspend => 10_000,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How often each kind of fault happens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Faults(std::collections::BTreeMap<Fault, Rate>);

/// A switch that does not say what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFaults {
    /// There is no such kind.
    #[error("there is no fault `{kind}`; there are: {known}")]
    Unknown {
        /// What was given.
        kind: String,
        /// What there is.
        known: String,
    },
    /// No `kind=rate`.
    #[error("`{0}` is no fault; write none, light, heavy, or kind=rate, such as loss=0.02")]
    Shape(String),
    /// The rate is none.
    #[error(transparent)]
    Rate(#[from] InvalidRate),
}

impl Faults {
    /// Nothing goes wrong.
    pub const fn none() -> Self {
        Self(std::collections::BTreeMap::new())
    }

    /// A good week.
    pub fn light() -> Self {
        Self::each(Fault::light)
    }

    /// Nothing like it was ever seen.
    pub fn heavy() -> Self {
        Self::each(Fault::heavy)
    }

    fn each(rate: fn(Fault) -> u32) -> Self {
        Self(Fault::ALL.into_iter().map(|fault| (fault, Rate::per_million(rate(fault)))).collect())
    }

    /// The word for all of it together: `none`, `light`, `heavy`; otherwise `mixed`.
    pub fn name(&self) -> &'static str {
        let is = |other: &Self| self.kinds().eq(other.kinds());
        if is(&Self::none()) {
            "none"
        } else if is(&Self::light()) {
            "light"
        } else if is(&Self::heavy()) {
            "heavy"
        } else {
            "mixed"
        }
    }

    /// Switches that, one after another, give these faults again.
    pub fn switches(&self) -> Vec<String> {
        match self.name() {
            "mixed" => {
                let rates = self.kinds().map(|(kind, rate)| format!("{kind}={}", rate.share()));
                std::iter::once("none".to_owned()).chain(rates).collect()
            }
            name => vec![name.to_owned()],
        }
    }

    /// How often this kind happens.
    pub fn rate(&self, fault: Fault) -> Rate {
        self.0.get(&fault).copied().unwrap_or(Rate::NEVER)
    }

    /// The same faults, with another rate for one kind.
    pub fn with(mut self, fault: Fault, rate: Rate) -> Self {
        self.0.insert(fault, rate);
        self
    }

    /// Kinds that happen at all.
    pub fn kinds(&self) -> impl Iterator<Item = (Fault, Rate)> {
        self.0.iter().filter(|(_, rate)| **rate > Rate::NEVER).map(|(fault, rate)| (*fault, *rate))
    }

    /// Takes over what a switch says: `none`, `light`, `heavy`, or `kind=rate`.
    ///
    /// # Errors
    /// When the switch is none of these.
    pub fn switch(self, text: &str) -> Result<Self, InvalidFaults> {
        match text {
            "none" => return Ok(Self::none()),
            "light" => return Ok(Self::light()),
            "heavy" => return Ok(Self::heavy()),
            _ => {}
        }
        let Some((kind, rate)) = text.split_once('=') else {
            return Err(InvalidFaults::Shape(text.to_owned()));
        };
        match Fault::ALL.into_iter().find(|fault| fault.as_str() == kind) {
            Some(fault) => Ok(self.with(fault, rate.parse()?)),
            None => Err(InvalidFaults::Unknown {
                kind: kind.to_owned(),
                known: Fault::ALL.map(Fault::as_str).join(", "),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_add_up() {
        let faults = Faults::none().switch("light").unwrap().switch("loss=2%").unwrap();
        assert_eq!(faults.rate(Fault::Loss), Rate::per_million(20_000));
        assert_eq!(faults.rate(Fault::Repeat), Rate::per_million(10_000));
        assert_eq!(faults.name(), "mixed");
        let again =
            faults.switches().iter().fold(Faults::heavy(), |faults, text| faults.switch(text).unwrap());
        assert!(again.kinds().eq(faults.kinds()), "{:?}", faults.switches());
        assert_eq!(Faults::light().switches(), ["light"]);
        assert_eq!(faults.switch("none").unwrap(), Faults::none());
    }

    #[test]
    fn wrong_switches_are_refused() {
        for wrong in ["", "loss", "loss=", "loss=2", "loss=-1", "loss=x", "lost=0.1", "loss=NaN"] {
            assert!(Faults::none().switch(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rate_is_met_in_the_long_run() {
        use rand::SeedableRng as _;
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let rate: Rate = "0.1".parse().unwrap();
        let met = (0..100_000).filter(|_| rate.draw(&mut random)).count();
        assert!((9_000..11_000).contains(&met), "{met}");
        assert!((0..1000).all(|_| !Rate::NEVER.draw(&mut random)));
    }
}
