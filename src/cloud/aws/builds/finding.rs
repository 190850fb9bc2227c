//! CodeBuild's words for how far a build is.

use aws_sdk_codebuild::types::StatusType;
use state_machine::{BuildFinding, BuildOutcome, Unreadable};

/// What a status means. One that is not known here says nothing: the build is looked up again.
pub(super) fn of(status: Option<&StatusType>) -> BuildFinding {
    match status {
        Some(StatusType::InProgress) => BuildFinding::InProgress,
        Some(StatusType::Succeeded) => BuildFinding::Ended(BuildOutcome::Succeeded),
        Some(StatusType::Failed) => BuildFinding::Ended(BuildOutcome::Failed),
        Some(StatusType::Stopped) => BuildFinding::Ended(BuildOutcome::Stopped),
        Some(StatusType::TimedOut) => BuildFinding::Ended(BuildOutcome::TimedOut),
        Some(StatusType::Fault) => BuildFinding::Ended(BuildOutcome::Fault),
        Some(other) => {
            tracing::warn!(status = other.as_str(), "CodeBuild has a word for it that is not known here");
            BuildFinding::Unreadable(Unreadable::Failed)
        }
        None => BuildFinding::Unreadable(Unreadable::Failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_codebuild_has_a_meaning() {
        let meanings = [
            ("FAILED", BuildFinding::Ended(BuildOutcome::Failed)),
            ("FAULT", BuildFinding::Ended(BuildOutcome::Fault)),
            ("IN_PROGRESS", BuildFinding::InProgress),
            ("STOPPED", BuildFinding::Ended(BuildOutcome::Stopped)),
            ("SUCCEEDED", BuildFinding::Ended(BuildOutcome::Succeeded)),
            ("TIMED_OUT", BuildFinding::Ended(BuildOutcome::TimedOut)),
        ];
        // The SDK lists what AWS's model has: a new word fails here.
        assert_eq!(StatusType::values(), meanings.map(|(status, _)| status));
        for (status, meaning) in meanings {
            assert_eq!(of(Some(&StatusType::from(status))), meaning);
        }
        assert_eq!(of(Some(&StatusType::from("PAUSED"))), BuildFinding::Unreadable(Unreadable::Failed));
        assert_eq!(of(None), BuildFinding::Unreadable(Unreadable::Failed));
    }
}
