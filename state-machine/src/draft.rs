//! A decision in the making: records that build on one another.

use std::borrow::Cow;

use crate::{Account, Actor, Cause, Fact, Intent, Owes, Policy, Record, Timestamp, Trigger};

/// Collects records. Each is folded in at once, so that what follows is decided on what it means.
pub(crate) struct Draft<'a> {
    /// What the settings say.
    pub(crate) policy: &'a Policy,
    /// The instant of the decision.
    pub(crate) now: Timestamp,
    /// The head with every record so far. Most decisions record nothing, or ask for a look first: the head is
    /// copied with the first record.
    pub(crate) account: Cow<'a, Account>,
    records: Vec<Record>,
    cause: Cause,
    looked: bool,
    described: Option<Timestamp>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(account: &'a Account, policy: &'a Policy, trigger: &Trigger, now: Timestamp) -> Self {
        let cause = Cause { origin: trigger.origin(), by: trigger.by.clone(), trigger: trigger.id };
        Self {
            policy,
            now,
            account: Cow::Borrowed(account),
            records: Vec::new(),
            cause,
            looked: false,
            described: None,
        }
    }

    /// From here on, records rest on a fresh look; status, name and units were read at that instant.
    pub(crate) fn looked(&mut self, described: Timestamp) {
        self.looked = true;
        self.described = Some(described).filter(|described| *described < self.now);
    }

    /// Records what `step` records as somebody else's doing.
    pub(crate) fn attributed_to<T>(&mut self, by: Actor, step: impl FnOnce(&mut Self) -> T) -> T {
        let actor = std::mem::replace(&mut self.cause.by, by);
        let outcome = step(self);
        self.cause.by = actor;
        outcome
    }

    /// Records a fact that makes us owe nothing.
    pub(crate) fn record(&mut self, fact: Fact) {
        self.record_owing(fact, []);
    }

    /// Records a fact, and side effects that are due at once.
    pub(crate) fn record_owing<const N: usize>(&mut self, fact: Fact, intents: [Intent; N]) {
        let not_before = self.now;
        self.push(fact, intents.map(|intent| Owes { intent, not_before }).into());
    }

    /// Records a fact, and a side effect that is due later.
    pub(crate) fn record_owing_later(&mut self, fact: Fact, intent: Intent, not_before: Timestamp) {
        self.push(fact, vec![Owes { intent, not_before }]);
    }

    fn push(&mut self, fact: Fact, owes: Vec<Owes>) {
        let claims = !owes.is_empty() || matches!(fact, Fact::Claimed { .. });
        let record = Record {
            version: self.account.version.next(),
            at: self.now,
            cause: self.cause.clone(),
            looked: self.looked,
            described: self.described,
            claim: claims.then(|| self.now + self.policy.times.claim),
            fact,
            owes,
        };
        self.account.to_mut().fold(&record);
        self.records.push(record);
    }

    /// Whether anything was recorded.
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The records, and the head that they make.
    pub(crate) fn finish(self) -> (Vec<Record>, Account) {
        (self.records, self.account.into_owned())
    }
}
