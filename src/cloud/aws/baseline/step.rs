//! What is to be done with the stack in an account: pure, and decided from one read.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use state_machine::{Text, Timestamp};

use super::stack::{Condition, Stack};
use super::wanted::Blueprint;

/// So often somebody looks behind the stack: whether its resources are still what was put there. A cycle takes less than
/// that, so it is asked once a cycle, and the next cycle sees the answer.
const LOOK_BEHIND: TimeDelta = TimeDelta::hours(20);

/// A baseline that was put there or changed so lately is not put there anew for drift: should AWS see drift where there
/// is none, this keeps it from going round in circles.
const REST: TimeDelta = TimeDelta::hours(12);

/// An update that failed is tried again after this time; until then its reason is told.
const AFTER_FAILURE: TimeDelta = TimeDelta::hours(1);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing: it stands as it should.
    Done,
    /// It stands as it should, judging by what it says of itself: look behind it.
    LookBehind {
        /// Ask whether its resources were changed, and do not wait for the answer.
        resources: bool,
        /// Read its template: nobody has since the stack was changed.
        template: bool,
    },
    /// Put it there.
    Create,
    /// Bring it up to date.
    Update,
    /// Take it away because its resources were changed by hand; the next call puts it there anew.
    Replace,
    /// Take away what could not be made, and tell why. The next call puts it there.
    RemoveNotMade,
    /// Take away what nobody can change any more.
    RemoveBroken,
    /// Take it away, and leave behind what cannot be.
    Abandon,
    /// Tell why the update failed.
    TellFailure,
    /// Somebody is at it; come back.
    Wait,
    /// A person made a change set, and must execute it or delete the stack.
    WaitForReview,
    /// Nobody knows what this is.
    Puzzled,
}

/// The words by which a stack is known again whose template was read: the content that was wanted, and when the stack was
/// last changed. Whoever changes its template changes the time with it.
pub(super) fn mark(stack: &Stack, wanted: &Blueprint) -> Option<Text> {
    stack.changed.map(|changed| Text::from(format!("{} of {changed}", wanted.hash())))
}

/// What is to be done with this stack, so that it becomes what `wanted` says. `known` is the [`mark`] of the stack whose
/// template was read last.
pub(super) fn next(stack: Option<&Stack>, wanted: &Blueprint, known: Option<&Text>, now: Timestamp) -> Step {
    let Some(stack) = stack else { return Step::Create };
    match stack.condition {
        Condition::Gone => Step::Create,
        Condition::Standing => standing(stack, wanted, known, now).unwrap_or(Step::Update),
        // What was updated stands already, and an update would be refused.
        Condition::CleaningUp => standing(stack, wanted, known, now).unwrap_or(Step::Wait),
        Condition::NotUpdated => standing(stack, wanted, known, now).unwrap_or_else(|| {
            if is_younger(stack.changed, AFTER_FAILURE, now) { Step::TellFailure } else { Step::Update }
        }),
        Condition::Moving => Step::Wait,
        Condition::NotMade => Step::RemoveNotMade,
        Condition::Broken => Step::RemoveBroken,
        Condition::NotRemoved => Step::Abandon,
        Condition::Reviewed => Step::WaitForReview,
        Condition::Unknown => Step::Puzzled,
    }
}

/// `None` when it stands, but not as it should.
fn standing(stack: &Stack, wanted: &Blueprint, known: Option<&Text>, now: Timestamp) -> Option<Step> {
    if !is_wanted(stack, wanted) {
        return None;
    }
    if stack.drifted && stack.checked > stack.changed && !is_younger(stack.changed, REST, now) {
        return Some(Step::Replace);
    }
    let resources = !is_younger(stack.checked, LOOK_BEHIND, now);
    let template = known.is_none() || known != mark(stack, wanted).as_ref();
    Some(if resources || template { Step::LookBehind { resources, template } } else { Step::Done })
}

fn is_wanted(stack: &Stack, wanted: &Blueprint) -> bool {
    let parameters: BTreeMap<String, String> =
        wanted.parameters().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    stack.hash.as_ref() == Some(&wanted.hash()) && stack.parameters == parameters
}

fn is_younger(instant: Option<Timestamp>, age: TimeDelta, now: Timestamp) -> bool {
    instant.is_some_and(|instant| now.since(instant) < age)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::types::StackStatus;

    fn wanted() -> Blueprint {
        crate::cloud::aws::baseline::wanted::tests::blueprint()
    }

    fn now() -> Timestamp {
        "2026-11-20T18:00:00Z".parse().unwrap()
    }

    /// A stack that was made a month ago and looked behind an hour ago.
    fn stack(status: &str) -> Stack {
        let parameters = wanted().parameters();
        Stack {
            condition: super::super::stack::condition(&StackStatus::from(status)),
            status: status.to_owned(),
            hash: Some(wanted().hash()),
            parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            topic: None,
            changed: Some(now() - TimeDelta::days(30)),
            drifted: false,
            checked: Some(now() - TimeDelta::hours(1)),
        }
    }

    /// What was kept when the template of that stack was read.
    fn known() -> Option<Text> {
        mark(&stack("CREATE_COMPLETE"), &wanted())
    }

    fn outdated(status: &str) -> Stack {
        Stack { hash: Some("of another version".to_owned()), ..stack(status) }
    }

    #[test]
    fn a_template_that_nobody_has_read_is_read() {
        let step = Step::LookBehind { resources: false, template: true };
        let other = Text::from("of another version");
        for known in [None, Some(&other)] {
            assert_eq!(next(Some(&stack("CREATE_COMPLETE")), &wanted(), known, now()), step, "{known:?}");
        }
        let unknown = Stack { changed: None, ..stack("CREATE_COMPLETE") };
        assert_eq!(mark(&unknown, &wanted()), None);
        assert_eq!(next(Some(&unknown), &wanted(), None, now()), step);
    }

    #[test]
    fn every_status_leads_somewhere() {
        use Step::{
            Abandon, Create, Done, Puzzled, RemoveBroken, RemoveNotMade, Update, Wait, WaitForReview,
        };
        // When it is what is wanted, and when it is not.
        let cases = [
            ("CREATE_COMPLETE", Done, Update),
            ("CREATE_FAILED", RemoveNotMade, RemoveNotMade),
            ("CREATE_IN_PROGRESS", Wait, Wait),
            ("DELETE_COMPLETE", Create, Create),
            ("DELETE_FAILED", Abandon, Abandon),
            ("DELETE_IN_PROGRESS", Wait, Wait),
            ("IMPORT_COMPLETE", Done, Update),
            ("IMPORT_IN_PROGRESS", Wait, Wait),
            ("IMPORT_ROLLBACK_COMPLETE", Done, Update),
            ("IMPORT_ROLLBACK_FAILED", RemoveBroken, RemoveBroken),
            ("IMPORT_ROLLBACK_IN_PROGRESS", Wait, Wait),
            ("REVIEW_IN_PROGRESS", WaitForReview, WaitForReview),
            ("ROLLBACK_COMPLETE", RemoveNotMade, RemoveNotMade),
            ("ROLLBACK_FAILED", RemoveNotMade, RemoveNotMade),
            ("ROLLBACK_IN_PROGRESS", Wait, Wait),
            ("UPDATE_COMPLETE", Done, Update),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Done, Wait),
            ("UPDATE_FAILED", RemoveBroken, RemoveBroken),
            ("UPDATE_IN_PROGRESS", Wait, Wait),
            ("UPDATE_ROLLBACK_COMPLETE", Done, Update),
            ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Wait, Wait),
            ("UPDATE_ROLLBACK_FAILED", RemoveBroken, RemoveBroken),
            ("UPDATE_ROLLBACK_IN_PROGRESS", Wait, Wait),
            ("PONDERING", Puzzled, Puzzled),
        ];
        let listed: Vec<&str> = cases.iter().map(|(status, ..)| *status).collect();
        assert!(StackStatus::values().iter().all(|status| listed.contains(status)));
        for (status, current, old) in cases {
            let next = |stack: &Stack| next(Some(stack), &wanted(), known().as_ref(), now());
            assert_eq!(next(&stack(status)), current, "{status}, as wanted");
            assert_eq!(next(&outdated(status)), old, "{status}, out of date");
        }
        assert_eq!(next(None, &wanted(), None, now()), Create);
    }

    #[test]
    fn what_stands_is_judged_by_its_hash_its_parameters_its_drift_and_its_age() {
        let at = |hours: i64| Some(now() - TimeDelta::hours(hours));
        let resources = Step::LookBehind { resources: true, template: false };
        let template = Step::LookBehind { resources: false, template: true };
        let base = stack("UPDATE_COMPLETE");
        let other_bus = {
            let mut stack = base.clone();
            stack
                .parameters
                .insert("EventBusArn".to_owned(), "arn:aws:events:eu-west-1:1:event-bus/x".to_owned());
            stack
        };
        let drifted = Stack { drifted: true, ..base.clone() };
        let failed = outdated("UPDATE_ROLLBACK_COMPLETE");
        for (case, stack, step) in [
            ("as it should be", base.clone(), Step::Done),
            ("without a tag", Stack { hash: None, ..base.clone() }, Step::Update),
            ("with another parameter under the right tag", other_bus, Step::Update),
            ("looked behind a day ago", Stack { checked: at(24), ..base.clone() }, resources),
            ("never looked behind", Stack { checked: None, ..base.clone() }, resources),
            ("changed since the template was read", Stack { changed: at(2), ..base.clone() }, template),
            ("changed, nobody knows when", Stack { changed: None, ..base }, template),
            ("drifted", drifted.clone(), Step::Replace),
            ("drifted, seen before the last change", Stack { changed: at(0), ..drifted.clone() }, template),
            ("drifted, put there hours ago", Stack { changed: at(3), ..drifted }, template),
            ("an update that failed just now", Stack { changed: at(0), ..failed.clone() }, Step::TellFailure),
            ("an update that failed long ago", Stack { changed: at(2), ..failed }, Step::Update),
        ] {
            assert_eq!(next(Some(&stack), &wanted(), known().as_ref(), now()), step, "{case}");
        }
    }
}
