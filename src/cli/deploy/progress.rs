//! Waiting for CloudFormation, and telling what it does.

use std::time::{Duration, Instant};

use super::desk::Desk;
use crate::aws::stacks::Stack;
use crate::cli::interrupt::Interrupt;
use crate::cli::place::Place as _;
use crate::cli::{Context, Exit, Failure};
use crate::cloud::aws::stacks::Stacks;
use crate::cloud::aws::stacks::standing::{Condition, Event, Standing};

/// The longest that is waited for one stack. The table with its indexes takes minutes; nothing of ours takes longer.
const LONGEST: Duration = Duration::from_hours(1);
/// Between two looks at first, and at last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));
/// How soon Ctrl-C is noticed.
const SLICE: Duration = Duration::from_millis(200);

/// How waiting ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The stack rests; nothing, when it is gone.
    Rests(Option<Standing>, Vec<Event>),
    /// Somebody asked for an end. CloudFormation goes on.
    Interrupted,
}

/// One stack that is watched.
pub(super) struct Watch<'a> {
    desk: &'a Desk,
    stacks: &'a Stacks,
    stack: &'a Stack,
    interrupt: &'a Interrupt,
    context: &'a Context,
    /// The last event that was told.
    told: Option<String>,
    done: usize,
}

impl<'a> Watch<'a> {
    /// Watches a stack from now on: what happened before is not told.
    ///
    /// # Errors
    /// When its events cannot be read.
    pub(super) fn begin(
        desk: &'a Desk,
        stacks: &'a Stacks,
        stack: &'a Stack,
        interrupt: &'a Interrupt,
        context: &'a Context,
    ) -> Result<Self, Failure> {
        let what = format!("the events of {} cannot be read", stack.name);
        let before = desk.done(&what, stacks.events(&stack.name, None))?;
        let told = before.last().map(|event| event.identifier.clone());
        Ok(Self { desk, stacks, stack, interrupt, context, told, done: 0 })
    }

    /// Waits until the stack rests. `arn`: what it is called when it is gone.
    ///
    /// # Errors
    /// When it cannot be looked at, or takes longer than an hour.
    pub(super) fn wait(&mut self, arn: Option<&str>) -> Result<Ended, Failure> {
        let begun = Instant::now();
        let name = &self.stack.name;
        let mut pause = PAUSES.0;
        let mut causes = Vec::new();
        loop {
            let what = format!("the stack {name} cannot be looked at");
            let standing = self.desk.done(&what, self.stacks.look(name))?;
            causes.extend(self.tell(arn.unwrap_or(name))?);
            let moves = standing.as_ref().map(Standing::condition) == Some(Condition::Moving);
            if !moves {
                return Ok(Ended::Rests(standing, causes));
            }
            if begun.elapsed() > LONGEST {
                let message = format!("{name} is still being changed after an hour; CloudFormation goes on");
                return Err(Failure::new(Exit::Unavailable, message).help("the same command again waits on"));
            }
            let next = Instant::now() + pause;
            while Instant::now() < next {
                if self.interrupt.is_asked() {
                    return Ok(Ended::Interrupted);
                }
                self.desk.place.done(async { tokio::time::sleep(SLICE).await })?;
            }
            pause = (pause * 3 / 2).min(PAUSES.1);
        }
    }

    /// Tells what happened since, and answers what went wrong.
    fn tell(&mut self, stack: &str) -> Result<Vec<Event>, Failure> {
        let what = format!("the events of {} cannot be read", self.stack.name);
        let events = self.desk.done(&what, self.stacks.events(stack, self.told.as_deref()))?;
        if let Some(last) = events.last() {
            self.told = Some(last.identifier.clone());
        }
        let ended = |event: &&Event| !event.status.ends_with("_IN_PROGRESS");
        for event in events.iter().filter(ended) {
            self.done += 1;
            let Event { resource, kind, status, reason, .. } = event;
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let line = format!("{} [{}] {status} {resource} ({kind}){reason}", self.stack.name, self.done);
            self.context.screen().note(&line);
        }
        Ok(events.into_iter().filter(Event::is_cause).collect())
    }
}

/// A stack that did not become what it should.
pub(super) fn failed(stack: &Stack, status: &str, causes: &[Event]) -> Failure {
    let message = format!("{} did not come to be: it is {status}", stack.name);
    let failure = Failure::new(Exit::Failed, message);
    let failure = match causes.first() {
        Some(Event { resource, kind, reason, .. }) => {
            let reason = reason.as_deref().unwrap_or("no reason is told");
            failure.help(format!("the cause is {resource} ({kind}): {reason}"))
        }
        None => failure.help(format!(
            "`aws cloudformation describe-stack-events --stack-name {} --region {}` tells why",
            stack.name, stack.region
        )),
    };
    failure.help("what stood before stands again; when the cause is gone, the same command goes on")
}

/// What is told when somebody pressed Ctrl-C while CloudFormation works.
pub(super) fn goes_on(stack: &Stack, context: &Context) -> Exit {
    let Stack { name, region, .. } = stack;
    context.screen().warn(&format!(
        "stopped; CloudFormation goes on with {name} in {region}. The same command again waits for it and does the rest"
    ));
    Exit::Interrupted
}
