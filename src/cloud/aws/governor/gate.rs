//! The rate of one service, without clock and without callers: instants come in, decisions go out.
//!
//! The rate is that of a token bucket, and it adapts as TCP does: a little faster with every call that went well,
//! half as fast when there were too many (Chiu and Jain, "Analysis of the increase and decrease algorithms for
//! congestion avoidance in computer networks", 1989). Nothing else is possible: AWS publishes few of its rates,
//! shares them with everybody else who calls, and changes them.

use std::time::Duration;

use super::turns::{Owner, Ticket, Turns};
use crate::settings::Rate;

/// An instant: how long the governor lives.
pub(in crate::cloud::aws) type Instant = Duration;

/// How much of the rate is left after a refusal.
const LEFT: f64 = 0.5;
/// How long the unused part of a rate is kept: so many seconds of calls may go at once.
const BURST_SECONDS: f64 = 1.0;
/// A rate that went down comes back to where it began in about this many seconds of calls that go well.
const SECONDS_TO_RETURN: f64 = 30.0;
/// However far it is from there, it grows by no more than this part of itself a second: a slow service would be asked
/// too often at every other call otherwise.
const GROWTH_A_SECOND: f64 = 0.05;
/// The longest time between two calls that counts as time in which calls went well.
const LONGEST_GROWTH_SECONDS: f64 = 5.0;
/// For so long after AWS said that another request is in progress, requests that change something go one by one.
const ONE_BY_ONE: Duration = Duration::from_mins(1);
/// The first pause after such a refusal; each that follows doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest of these pauses.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How a call ended, as far as the rate is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cloud::aws) enum Outcome {
    /// It was served, or refused for a reason that has nothing to do with how many there are.
    Served,
    /// Too many requests.
    Throttled,
    /// Another request is in progress.
    Busy,
    /// Nobody knows: no answer, or nobody waited for it.
    Unknown,
}

/// A call that was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Admitted {
    /// Which caller.
    pub(super) ticket: Ticket,
    /// Whether it changes something.
    pub(super) writes: bool,
    /// Since when.
    pub(super) since: Instant,
}

/// The rate of one service, and who waits for it.
#[derive(Debug)]
pub(super) struct Gate {
    bounds: Bounds,
    /// Whether "another request is in progress" holds for everything behind this gate.
    one_at_a_time: bool,
    per_second: f64,
    tokens: f64,
    counted: Instant,
    sent: Sent,
    grown: Instant,
    slowed: Option<Instant>,
    reads: Turns,
    writes: Turns,
    last_wrote: bool,
    in_flight: u32,
    writes_in_flight: u32,
    one_by_one_until: Instant,
    next_write: Instant,
    pause: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    start: f64,
    least: f64,
    most: f64,
}

impl Bounds {
    fn of(rate: Rate) -> Self {
        let per_second = |calls: u32| f64::from(calls) / 60.0;
        Self { start: per_second(rate.start), least: per_second(rate.least), most: per_second(rate.most) }
    }
}

impl Gate {
    pub(super) fn new(rate: Rate, one_at_a_time: bool, now: Instant) -> Self {
        let bounds = Bounds::of(rate);
        Self {
            bounds,
            one_at_a_time,
            per_second: bounds.start,
            tokens: burst(bounds.start),
            counted: now,
            sent: Sent::default(),
            grown: now,
            slowed: None,
            reads: Turns::default(),
            writes: Turns::default(),
            last_wrote: false,
            in_flight: 0,
            writes_in_flight: 0,
            one_by_one_until: Instant::ZERO,
            next_write: Instant::ZERO,
            pause: FIRST_PAUSE,
        }
    }

    /// Changes its bounds. What was learnt since it began counts from the new beginning on.
    pub(super) fn limit(&mut self, rate: Rate, now: Instant) {
        self.fill(now);
        let bounds = Bounds::of(rate);
        let learnt = self.per_second - self.bounds.start;
        self.per_second = (bounds.start + learnt).clamp(bounds.least, bounds.most);
        self.tokens = self.tokens.min(burst(self.per_second));
        self.bounds = bounds;
    }

    /// Calls a second.
    pub(super) const fn per_second(&self) -> f64 {
        self.per_second
    }

    /// How many calls were let in and have not ended.
    pub(super) const fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// How many callers wait.
    pub(super) const fn waiting(&self) -> usize {
        self.reads.len() + self.writes.len()
    }

    /// Whether it is as new, so that nothing is lost when it is forgotten.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let rested = self.slowed.is_none_or(|slowed| now.saturating_sub(slowed) > ONE_BY_ONE);
        self.waiting() == 0 && self.in_flight == 0 && rested
    }

    /// Lines up.
    pub(super) fn join(&mut self, ticket: Ticket, owner: Owner, writes: bool) {
        if writes { self.writes.push(ticket, owner) } else { self.reads.push(ticket, owner) }
    }

    /// Does not wait any longer.
    pub(super) fn leave(&mut self, ticket: Ticket, owner: Owner) -> bool {
        self.reads.remove(ticket, owner) || self.writes.remove(ticket, owner)
    }

    /// Lets the next one in, if it may go by now.
    pub(super) fn admit(&mut self, now: Instant) -> Option<Admitted> {
        self.fill(now);
        let writes = self.next_writes(now)?;
        if self.tokens < 1.0 || (writes && now < self.next_write) {
            return None;
        }
        let ticket = if writes { self.writes.pop() } else { self.reads.pop() }?;
        self.tokens -= 1.0;
        self.sent.one(now);
        self.last_wrote = writes;
        self.in_flight += 1;
        self.writes_in_flight += u32::from(writes);
        Some(Admitted { ticket, writes, since: now })
    }

    /// Who goes next, and when. Nobody: nobody waits, or whoever waits goes when a call ends.
    pub(super) fn next(&self, now: Instant) -> Option<(Ticket, Instant)> {
        let writes = self.next_writes(now)?;
        let ticket = if writes { self.writes.first() } else { self.reads.first() }?;
        let missing = (1.0 - self.tokens).max(0.0) / self.per_second;
        // A nanosecond more than exact: rounding must never lead to a wait of nothing that lets nobody in.
        let filled = self.counted + Duration::from_secs_f64(missing) + Duration::from_nanos(1);
        let at = if self.tokens >= 1.0 { now } else { filled };
        Some((ticket, if writes { at.max(self.next_write) } else { at }))
    }

    /// A call has ended.
    pub(super) fn finish(&mut self, call: &Admitted, outcome: Outcome, now: Instant) {
        self.fill(now);
        self.in_flight = self.in_flight.saturating_sub(1);
        self.writes_in_flight = self.writes_in_flight.saturating_sub(u32::from(call.writes));
        match outcome {
            Outcome::Served => self.grow(call, now),
            Outcome::Throttled => self.slow_down(call, now),
            Outcome::Busy => self.take_turns(now),
            Outcome::Unknown => {}
        }
    }

    /// Whether the next one in is a call that writes; nothing when nobody may be let in before a call ends.
    /// Reads and writes take turns; a write that has to wait for another write holds up no read.
    fn next_writes(&self, now: Instant) -> Option<bool> {
        let held = now < self.one_by_one_until && self.writes_in_flight > 0;
        let writes = self.writes.len() > 0 && !held;
        match (self.reads.len() > 0, writes) {
            (false, false) => None,
            (true, false) => Some(false),
            (false, true) => Some(true),
            (true, true) => Some(!self.last_wrote && now >= self.next_write),
        }
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.saturating_sub(self.counted).as_secs_f64();
        self.tokens = (self.tokens + elapsed * self.per_second).min(burst(self.per_second));
        self.counted = self.counted.max(now);
    }

    /// Additive increase: with the time in which calls went well, not with their number.
    fn grow(&mut self, call: &Admitted, now: Instant) {
        let step = (self.bounds.start / SECONDS_TO_RETURN).min(self.per_second * GROWTH_A_SECOND);
        let seconds = now.saturating_sub(self.grown).as_secs_f64().min(LONGEST_GROWTH_SECONDS);
        self.per_second = (self.per_second + step * seconds).min(self.bounds.most);
        self.grown = self.grown.max(now);
        if call.writes {
            self.pause = FIRST_PAUSE;
        }
    }

    /// Multiplicative decrease, once for all calls that were under way when the first of them was refused.
    fn slow_down(&mut self, call: &Admitted, now: Instant) {
        self.grown = self.grown.max(now);
        if self.slowed.is_some_and(|slowed| call.since < slowed) {
            return;
        }
        // A rate that was never used up says nothing of what AWS bears: what was really sent does.
        let really = self.per_second.min(self.sent.per_second(now).max(1.0));
        self.per_second = (really * LEFT).max(self.bounds.least);
        self.tokens = 0.0;
        self.slowed = Some(now);
    }

    /// The organization changes one thing at a time; that says nothing of how much may be read.
    fn take_turns(&mut self, now: Instant) {
        if !self.one_at_a_time {
            return;
        }
        self.one_by_one_until = now + ONE_BY_ONE;
        self.next_write = now + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

/// How many calls may go at once. One always may, or nothing would ever go.
fn burst(per_second: f64) -> f64 {
    (per_second * BURST_SECONDS).max(1.0)
}

/// How many calls were let in, in this second and in the one before.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    second: u64,
    this: u32,
    before: u32,
}

impl Sent {
    fn one(&mut self, now: Instant) {
        self.turn(now);
        self.this += 1;
    }

    fn per_second(mut self, now: Instant) -> f64 {
        self.turn(now);
        f64::from(self.this.max(self.before))
    }

    fn turn(&mut self, now: Instant) {
        let second = now.as_secs();
        if second > self.second {
            self.before = if second == self.second + 1 { self.this } else { 0 };
            self.this = 0;
            self.second = second;
        }
    }
}

#[cfg(test)]
mod tests;
