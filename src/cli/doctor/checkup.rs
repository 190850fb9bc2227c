//! What was looked at, and what came of it.

use serde::Serialize;

use crate::cli::Failure;

/// What came of a look at one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is as it must be.
    Good,
    /// It works, and somebody may want to look.
    Warning,
    /// It is not as it must be.
    Bad,
    /// Nobody knows: it could not be looked at, or it makes no sense to.
    NotLookedAt,
}

impl Outcome {
    /// A stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
            Self::NotLookedAt => "not looked at",
        }
    }

    /// Whether what rests on it can be looked at.
    const fn carries(self) -> bool {
        matches!(self, Self::Good | Self::Warning)
    }
}

/// What `--fix` can do about something: see `aws/fix.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg(feature = "aws")]
pub enum Fix {
    /// Switch point-in-time recovery of the table on.
    Recovery,
    /// Protect the table from being deleted.
    DeletionProtection,
}

/// What was found, without its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    outcome: Outcome,
    evidence: String,
    remedy: Option<String>,
    #[cfg(feature = "aws")]
    fixes: Vec<Fix>,
}

impl Finding {
    fn new(outcome: Outcome, evidence: String, remedy: Option<String>) -> Self {
        Self {
            outcome,
            evidence,
            remedy,
            #[cfg(feature = "aws")]
            fixes: Vec::new(),
        }
    }

    /// It is as it must be.
    pub fn good(evidence: impl Into<String>) -> Self {
        Self::new(Outcome::Good, evidence.into(), None)
    }

    /// It works, and somebody may want to look.
    pub fn warning(evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Outcome::Warning, evidence.into(), Some(remedy.into()))
    }

    /// It is not as it must be.
    pub fn bad(evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Outcome::Bad, evidence.into(), Some(remedy.into()))
    }

    /// It could not be looked at.
    pub fn unseen(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Outcome::NotLookedAt, why.into(), Some(remedy.into()))
    }

    /// What a failure tells: its message, what led to it, and what to do.
    pub fn of(failure: &Failure, make: impl FnOnce(String, String) -> Self) -> Self {
        let mut evidence = failure.message().to_owned();
        for cause in failure.causes() {
            evidence.push_str(": ");
            evidence.push_str(cause);
        }
        let advice = failure.advice();
        let remedy = if advice.is_empty() { "try again".to_owned() } else { advice.join("; ") };
        make(evidence, remedy)
    }

    /// The same, with one more thing that helps.
    #[cfg(feature = "aws")]
    #[must_use]
    pub fn and_help(mut self, more: &str) -> Self {
        self.remedy = Some(match self.remedy {
            Some(remedy) => format!("{remedy}; {more}"),
            None => more.to_owned(),
        });
        self
    }

    /// The same, and `--fix` can do this about it.
    #[cfg(feature = "aws")]
    #[must_use]
    pub fn and_fix(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }

    /// What came of it.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// What was seen, in a line.
    pub fn evidence(&self) -> &str {
        &self.evidence
    }

    /// What to do about it, where something is to be done.
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }
}

/// One thing that was to be looked at.
#[derive(Clone, Debug)]
pub struct Check {
    /// A stable word.
    pub name: &'static str,
    /// What was found.
    pub finding: Finding,
}

/// Everything that is to be looked at, in order: what something rests on stands before it.
#[derive(Debug, Default)]
pub struct Checkup {
    checks: Vec<Check>,
}

impl Checkup {
    /// Looks at something, where what it rests on is there.
    pub async fn look(
        &mut self,
        name: &'static str,
        rests_on: &[&'static str],
        look: impl Future<Output = Finding>,
    ) {
        if let Some(missing) = self.missing(rests_on) {
            self.leave(name, missing);
        } else {
            // What the SDK leads to is large.
            let finding = Box::pin(look).await;
            self.found(name, finding);
        }
    }

    /// Leaves something out, because what it rests on is not there.
    pub fn leave(&mut self, name: &'static str, missing: &str) {
        let evidence = format!("because `{missing}` is not as it must be");
        self.found(name, Finding::new(Outcome::NotLookedAt, evidence, None));
    }

    /// Says what was found without waiting for anything.
    pub fn found(&mut self, name: &'static str, finding: Finding) {
        self.checks.push(Check { name, finding });
    }

    /// The first of these that is not as it must be, or was not even looked at.
    fn missing(&self, names: &[&'static str]) -> Option<&'static str> {
        let carries = |name: &str| {
            self.checks.iter().any(|check| check.name == name && check.finding.outcome.carries())
        };
        names.iter().copied().find(|name| !carries(name))
    }

    /// Whether this was found to be as it must be, more or less.
    pub fn carries(&self, name: &'static str) -> bool {
        self.missing(&[name]).is_none()
    }

    /// What `--fix` can do about what was found.
    #[cfg(feature = "aws")]
    pub fn fixes(&self) -> Vec<Fix> {
        self.checks.iter().flat_map(|check| check.finding.fixes.iter().copied()).collect()
    }

    /// What was looked at, in order.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rests_on_something_bad_is_not_looked_at() {
        let mut checkup = Checkup::default();
        checkup.found("ground", Finding::warning("it shakes", "sit down"));
        checkup.found("wall", Finding::bad("it leans", "pull it down"));
        let mut looked = false;
        let looks = Box::pin(async {
            checkup.look("floor", &["ground"], async { Finding::good("it is there") }).await;
            let roof = async {
                looked = true;
                Finding::good("it is there")
            };
            checkup.look("roof", &["ground", "wall"], roof).await;
        });
        crate::local::run_or_die(looks).unwrap();
        let outcomes: Vec<Outcome> = checkup.checks().iter().map(|check| check.finding.outcome()).collect();
        assert_eq!(outcomes, [Outcome::Warning, Outcome::Bad, Outcome::Good, Outcome::NotLookedAt]);
        assert!(!looked);
        assert_eq!(checkup.checks()[3].finding.evidence(), "because `wall` is not as it must be");
        assert!(!checkup.carries("roof"), "what rests on the roof is not looked at either");
    }
}
