//! CodeBuild on one machine.

use chrono::TimeDelta;
use state_machine::{
    AccountId, BuildFinding, BuildId, BuildOutcome, Effect, Failure, FailureKind, TaskKind, Timestamp, Token,
    Unreadable, Warrant,
};

use crate::cloud::{BuildOrder, Builds};

use super::calls::Call;
use super::faults::Fault;
use super::state::end;
use super::{Build, Course, LocalCloud, Member, Seconds, State, failure, message, store_failed};

/// For how long CodeBuild knows a token again.
/// <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html>
const TOKEN_LIFE: TimeDelta = TimeDelta::minutes(5);

/// A build that has just ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedBuild {
    /// Where it ran.
    pub account: AccountId,
    /// The build.
    pub build: Build,
}

impl Builds for LocalCloud {
    async fn start(&self, warrant: Warrant, order: &BuildOrder) -> Result<BuildId, Failure> {
        self.step().await;
        let started = self
            .change(|state| self.start_build(state, &warrant, order))
            .map_err(|error| store_failed(&error))?;
        self.step().await;
        started
    }

    async fn find(
        &self,
        account: AccountId,
        kind: TaskKind,
        token: Token,
    ) -> Result<Option<BuildId>, Unreadable> {
        let found = self.change(|state| {
            for call in [Call::ListBuildsForProject, Call::BatchGetBuilds] {
                self.read_build(state, call)?;
            }
            let builds = state.member(account).map_or(&[][..], |member| &member.builds);
            let found = builds.iter().find(|build| build.kind == kind && build.token == Some(token));
            Ok(found.map(|build| build.id.clone()))
        });
        found.map_err(|error| {
            store_failed(&error);
            Unreadable::Failed
        })?
    }

    async fn look_up(&self, account: AccountId, build: &BuildId) -> BuildFinding {
        let found = self.change(|state| {
            if let Err(cause) = self.read_build(state, Call::BatchGetBuilds) {
                return BuildFinding::Unreadable(cause);
            }
            let builds = state.member(account).map_or(&[][..], |member| &member.builds);
            match builds.iter().find(|known| known.id == *build) {
                None => BuildFinding::NotFound,
                Some(Build { ended: Some(_), will, .. }) => BuildFinding::Ended(*will),
                Some(Build { ended: None, .. }) => BuildFinding::InProgress,
            }
        });
        found.unwrap_or_else(|error| {
            store_failed(&error);
            BuildFinding::Unreadable(Unreadable::Failed)
        })
    }
}

impl LocalCloud {
    fn read_build(&self, state: &mut State, call: Call) -> Result<(), Unreadable> {
        match self.course(state, call, false) {
            Course::Normal => Ok(()),
            Course::Refused(FailureKind::Throttled) => Err(Unreadable::Throttled),
            Course::Refused(_) | Course::Unanswered => Err(Unreadable::Failed),
        }
    }

    fn start_build(
        &self,
        state: &mut State,
        warrant: &Warrant,
        order: &BuildOrder,
    ) -> Result<BuildId, Failure> {
        let (account, token, now) = (warrant.account(), warrant.token(), self.time());
        let Effect::StartBuild { task, .. } = warrant.effect() else {
            return Err(failure(FailureKind::Rejected, "this warrant is not for a build"));
        };
        if order.buildspec.is_empty() {
            return Err(failure(FailureKind::Rejected, "YAML_FILE_ERROR: the buildspec is empty"));
        }
        let course = self.course(state, Call::StartBuild, true);
        if let Course::Refused(kind) = course {
            return Err(failure(kind, message(kind)));
        }
        let limited = state.strikes(Fault::Limit);
        let Some(member) = state.member(account) else {
            return Err(failure(FailureKind::Missing, "the role cannot be assumed: no such account"));
        };
        if member.baseline.is_none() {
            return Err(failure(
                FailureKind::Missing,
                format!("Project cannot be found: {}", task.project()),
            ));
        }
        let known = member.builds.iter().find(|build| build.token == Some(token));
        if let Some(known) = known
            && now.since(known.queued) < TOKEN_LIFE
        {
            return Ok(known.id.clone());
        }
        if limited || member.concurrency == 0 || project_is_busy(member, *task) {
            let kind = FailureKind::LimitReached;
            return Err(failure(kind, message(kind)));
        }
        self.watch(warrant, member);
        let id = begin(state, account, *task, Some(token), now);
        if let (Some(watcher), Some(member)) = (&self.watcher, state.member(account)) {
            watcher.build_started(account, member, token, order, now);
        }
        match course {
            Course::Unanswered => Err(failure(FailureKind::Unavailable, message(FailureKind::Unavailable))),
            Course::Normal | Course::Refused(_) => Ok(id),
        }
    }

    /// The holder starts a build of one of our projects.
    pub fn start_foreign_build(&self, state: &mut State, account: AccountId, kind: TaskKind) {
        let now = self.time();
        if state.member(account).is_some_and(|member| !project_is_busy(member, kind)) {
            begin(state, account, kind, None, now);
        }
    }

    /// Ends the builds whose time has come; the events of it are on their way.
    pub fn end_builds(&self, state: &mut State) -> Vec<EndedBuild> {
        let now = self.time();
        let mut ended = Vec::new();
        while let Some(&(at, account, number)) = state.ends.first()
            && at <= now
        {
            state.ends.pop_first();
            let Some(member) = state.member_mut(account) else { continue };
            let Some(build) = member.builds.iter_mut().find(|build| build.number == number) else { continue };
            if end(account, build).is_none_or(|(ends, ..)| ends > at) {
                // Somebody made it longer meanwhile: its new end stands in the queue too.
                continue;
            }
            build.ended = Some(at);
            let build = build.clone();
            if let Some(watcher) = &self.watcher {
                watcher.build_ended(account, &build);
            }
            self.emit_build(state, account, &build, at);
            begin_next(state, account, at);
            ended.push(EndedBuild { account, build });
        }
        ended
    }
}

/// The project lets one build run at a time, and refuses others.
fn project_is_busy(member: &Member, kind: TaskKind) -> bool {
    member.running().any(|build| build.kind == kind)
}

fn begin(
    state: &mut State,
    account: AccountId,
    kind: TaskKind,
    token: Option<Token>,
    now: Timestamp,
) -> BuildId {
    let number = state.draw_serial();
    // Drawn in this order, always: the same seed gives the same run.
    let runs = match kind {
        TaskKind::Preparation => state.seconds(120, 420),
        TaskKind::Purge => state.seconds(300, 1_200),
    };
    let waits = state.seconds(5, 60);
    let will = if state.strikes(Fault::Build) {
        let ways = [
            BuildOutcome::Failed,
            BuildOutcome::Failed,
            BuildOutcome::Stopped,
            BuildOutcome::TimedOut,
            BuildOutcome::Fault,
        ];
        ways[state.pick(ways.len())]
    } else {
        BuildOutcome::Succeeded
    };
    let runs = if will == BuildOutcome::TimedOut { Seconds(8 * 3_600) } else { runs };
    let id = build_id(kind, number);
    let room = state
        .member(account)
        .is_some_and(|member| member.running().count() < usize::from(member.concurrency.max(1)));
    let started = room.then(|| now + waits.into());
    let build = Build { number, id: id.clone(), kind, token, queued: now, started, runs, will, ended: None };
    state.add_build(account, build);
    id
}

/// The next build that waits in the account begins to run.
fn begin_next(state: &mut State, account: AccountId, now: Timestamp) {
    let waits = state.seconds(5, 60);
    let Some(member) = state.member_mut(account) else { return };
    let waiting = member.builds.iter_mut().find(|build| build.ended.is_none() && build.started.is_none());
    if let Some(build) = waiting {
        build.started = Some(now + waits.into());
        let ends = end(account, build);
        state.ends.extend(ends);
    }
}

/// CodeBuild names a build by its project and a UUID; here, the UUID is made of its number.
fn build_id(kind: TaskKind, number: u64) -> BuildId {
    let uuid = uuid::Uuid::from_u64_pair(0x5041_0000_0000_4000, 0x8000_0000_0000_0000 | number);
    BuildId::of_task(kind, uuid)
}
