//! Schedules, deadlines and holds that cannot do what was meant.

use chrono::TimeDelta;
use state_machine::Timestamp;

use super::{Node, Whole};
use crate::diagnostic::{Diagnostic, Report};
use crate::schedule::Schedule;
use crate::settings::section::{Attempts, Deadline};
use crate::settings::value::period::{Until, spoken};
use crate::settings::yaml::Kind;

pub(super) fn check(whole: &Whole<'_>, report: &mut Report) {
    check_schedule(whole, report);
    check_tasks(whole, report);
    check_claim(whole, report);
    check_holds(whole, report);
}

/// Without a schedule the system runs, and never maintains anything: too quiet to leave unsaid.
fn check_schedule(whole: &Whole<'_>, report: &mut Report) {
    let Some(automation) = &whole.file.automation else { return };
    let Some(schedule) = &automation.maintenance_window_expression else {
        let written = whole.root.find(&["automation", "maintenance_window_expression"]);
        if written.is_none_or(Node::is_null) {
            let place = whole.root.key_span("automation").unwrap_or(0..0);
            let doubt = Diagnostic::warning("no maintenance window will ever open")
                .at(whole.source, place, "maintenance_window_expression is missing here")
                .help("write, for example: maintenance_window_expression: \"cron(0 18 ? * SAT *)\"");
            report.push(doubt);
        }
        return;
    };
    let Some(node) = whole.root.find(&["automation", "maintenance_window_expression"]) else { return };
    let at = |finding: Diagnostic, label: &str| finding.at(whole.source, node.span.clone(), label);
    let beginning = Timestamp::default();
    let Some(first) = schedule.next_after(beginning, beginning) else {
        let fault = at(Diagnostic::error("this schedule never comes: the calendar has no such day"), "");
        report.push(fault.help("a schedule that is met: cron(0 18 ? * SAT *), each Saturday at 18:00 UTC"));
        return;
    };
    if let Some(now) = whole.now
        && schedule.next_after(now, now).is_none()
    {
        let last = last_before(schedule, first, now);
        let doubt = at(
            Diagnostic::warning("no maintenance window will open again"),
            &format!("the last one was on {}", last.to_utc().format("%Y-%m-%d %H:%M UTC")),
        );
        report.push(doubt.help("write * for the year, or one that is to come"));
        return;
    }
    check_distance(whole, schedule, node, report);
}

/// The last run of a schedule that has ended. Halves the time in which it must lie, since a schedule may have
/// run every minute.
fn last_before(schedule: &Schedule, first: Timestamp, now: Timestamp) -> Timestamp {
    let (mut last, mut end) = (first, now.as_millis());
    while end - last.as_millis() > 1 {
        let middle = last.as_millis() + (end - last.as_millis()) / 2;
        let Ok(instant) = Timestamp::from_millis(middle) else { break };
        match schedule.next_after(instant, first) {
            Some(later) => last = later,
            None => end = middle,
        }
    }
    last
}

/// A window that is open when the next one is due keeps the next one from opening.
fn check_distance(whole: &Whole<'_>, schedule: &Schedule, node: &Node, report: &mut Report) {
    /// Enough runs to meet every day of a week, and every length of a month.
    const LOOKED_AT: usize = 60;
    let start = whole.now.unwrap_or_default();
    let runs =
        std::iter::successors(schedule.next_after(start, start), |run| schedule.next_after(*run, start));
    let runs: Vec<Timestamp> = runs.take(LOOKED_AT).collect();
    let Some(shortest) = runs.windows(2).map(|pair| pair[1].since(pair[0])).min() else { return };
    let longest = whole.file.maintenance.longest;
    if shortest < longest {
        let message =
            format!("windows are {} apart, and one may stay open for {}", spoken(shortest), spoken(longest));
        let doubt = Diagnostic::warning(message).at(
            whole.source,
            node.span.clone(),
            "a window that is still open keeps the next one from opening",
        );
        let doubt = match whole.root.find(&["maintenance", "longest"]) {
            Some(longest) => doubt.because_of(whole.source, longest.span.clone(), "open for so long"),
            None => doubt,
        };
        report
            .push(doubt.help(format!("write `longest: {}` under `maintenance`, or less", spoken(shortest))));
    }
}

/// Deadlines that are noticed late, and pauses that never come.
fn check_tasks(whole: &Whole<'_>, report: &mut Report) {
    let look_up = whole.file.lifecycle.as_ref().map(|lifecycle| lifecycle.look_up_every);
    for item in whole.items() {
        for kind in ["preparation", "purge"] {
            let Some(task) = item.node.get(kind) else { continue };
            let deadline = task.get("deadline").and_then(|node| Some((node, node.read::<Deadline>()?)));
            if let (Some((node, deadline)), Some(look_up)) = (deadline, look_up)
                && deadline.0 < look_up
            {
                let message = format!(
                    "a deadline of {} is noticed after {} at the earliest",
                    spoken(deadline.0),
                    spoken(look_up)
                );
                let doubt = Diagnostic::warning(message).at(whole.source, node.span.clone(), "");
                report.push(with_cause(whole, doubt, "look_up_every", look_up));
            }
            check_pauses(whole, task, report);
        }
    }
}

/// After the last attempt nothing waits any more.
fn check_pauses(whole: &Whole<'_>, task: &Node, report: &mut Report) {
    let attempts = task.get("attempts").and_then(Node::read::<Attempts>);
    let Some(Node { kind: Kind::Sequence(pauses), .. }) = task.get("pauses") else { return };
    let Some(between) = attempts.and_then(|attempts| usize::try_from(attempts.0).ok()?.checked_sub(1)) else {
        return;
    };
    if let Some(unused) = pauses.get(between) {
        let message = match between {
            0 => "this pause never comes: there is only one attempt".to_owned(),
            1 => "this pause never comes: between 2 attempts there is only one".to_owned(),
            _ => format!("this pause never comes: between {} attempts there are {between}", between + 1),
        };
        report.push(Diagnostic::warning(message).at(whole.source, unused.span.clone(), ""));
    }
}

/// Whoever was killed in the middle of a side effect is replaced when the claim has ended and somebody looks.
fn check_claim(whole: &Whole<'_>, report: &mut Report) {
    let Some(lifecycle) = &whole.file.lifecycle else { return };
    let Some(node) = whole.root.find(&["lifecycle", "claim"]) else { return };
    if lifecycle.claim > lifecycle.reconcile_every {
        let message = format!(
            "a side effect that was interrupted is taken up after {}, and not in the {} between two looks",
            spoken(lifecycle.claim),
            spoken(lifecycle.reconcile_every)
        );
        let doubt = Diagnostic::warning(message).at(whole.source, node.span.clone(), "");
        report.push(with_cause(whole, doubt, "reconcile_every", lifecycle.reconcile_every));
    }
}

/// Points to the key under `lifecycle` that explains a doubt, or says its value when nobody wrote it.
fn with_cause(whole: &Whole<'_>, doubt: Diagnostic, key: &str, value: TimeDelta) -> Diagnostic {
    match whole.root.find(&["lifecycle", key]) {
        Some(node) => {
            doubt.because_of(whole.source, node.span.clone(), format!("{key} is {}", spoken(value)))
        }
        None => doubt.help(format!("lifecycle.{key} is {}", spoken(value))),
    }
}

/// A hold that has ended says nothing any more, and looks as if it did.
fn check_holds(whole: &Whole<'_>, report: &mut Report) {
    let Some(now) = whole.now else { return };
    for item in whole.items() {
        let Some(node) = item.node.find(&["hold", "until"]) else { continue };
        let Some(until) = node.read::<Until>() else { continue };
        if until.0 <= now {
            let ended = format!("it ended at {}", until.0.to_utc().format("%Y-%m-%d %H:%M UTC"));
            let doubt = Diagnostic::warning("this hold has ended: it leaves nothing alone any more")
                .at(whole.source, node.span.clone(), ended)
                .help("remove it, or write a day that is to come");
            report.push(doubt);
        }
    }
}
