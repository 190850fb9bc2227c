//! What a cycle takes: `measured.csv`, which `tests/aws_cycle/steady.rs` counts on the wire, and compares.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use thiserror::Error;

const COUNTED: &str = include_str!("measured.csv");

/// When something was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Accounts join.
    OnBoarding,
    /// A maintenance window.
    Maintenance,
    /// The reconciler wakes what is due in a fleet that rests.
    Reconcile,
    /// The reconciler compares a fleet that rests.
    Compare,
}

/// What was counted, by phase.
#[derive(Clone, Debug)]
pub struct Measured(BTreeMap<(Phase, &'static str), Decimal>);

/// The file is not what the tests write.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {0} of src/estimate/measured.csv is not what the tests write")]
pub struct InvalidCounts(usize);

impl Measured {
    /// What the tests counted.
    ///
    /// # Errors
    /// Never, as long as the tests pass.
    pub fn ours() -> Result<Self, InvalidCounts> {
        let lines = COUNTED.lines().enumerate().skip(1);
        let rows = lines.map(|(place, line)| row(line).ok_or(InvalidCounts(place + 1)));
        Ok(Self(rows.collect::<Result<_, _>>()?))
    }

    /// What was counted in all; zero where nothing was.
    pub fn all(&self, phase: Phase, what: &str) -> Decimal {
        let found = self.0.iter().find(|((of, name), _)| *of == phase && *name == what);
        found.map_or(Decimal::ZERO, |(_, number)| *number)
    }

    /// What was counted for each account.
    pub fn each(&self, phase: Phase, what: &str) -> Decimal {
        self.all(phase, what).checked_div(self.all(phase, "accounts")).unwrap_or_default()
    }

    /// How often functions ran for each account, but for those that a schedule wakes.
    pub fn invocations(&self, phase: Phase) -> Decimal {
        let functions = self.0.iter().filter(|((of, what), _)| {
            *of == phase && what.starts_with("invocations of ") && !what.ends_with(" on-reconcile")
        });
        let all: Decimal = functions.map(|(_, number)| *number).sum();
        all.checked_div(self.all(phase, "accounts")).unwrap_or_default()
    }
}

fn row(line: &'static str) -> Option<((Phase, &'static str), Decimal)> {
    let (phase, rest) = line.split_once(',')?;
    let (what, number) = rest.split_once(',')?;
    let phase = match phase {
        "on-boarding" => Phase::OnBoarding,
        "maintenance" => Phase::Maintenance,
        "SpaOnReconcile" => Phase::Reconcile,
        "SpaOnCompare" => Phase::Compare,
        _ => return None,
    };
    Some(((phase, what), Decimal::from_str_exact(number).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_charged_for_was_counted() {
        let measured = Measured::ours().unwrap();
        for phase in [Phase::OnBoarding, Phase::Maintenance] {
            for what in ["calls", "write units", "half read units", "events of ours", "messages of queues"] {
                assert!(measured.each(phase, what) > Decimal::ONE, "{phase:?} {what}");
            }
            assert!(measured.invocations(phase) > Decimal::ONE);
        }
        assert_eq!(measured.each(Phase::Maintenance, "preparations"), Decimal::ONE);
        assert_eq!(measured.each(Phase::Maintenance, "purges"), Decimal::ONE);
        assert_eq!(measured.all(Phase::Compare, "no such thing"), Decimal::ZERO);
    }
}
