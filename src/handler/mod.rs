//! From an event to what is done about it: decode, route, hand over to the lifecycle.
//!
//! On AWS each [`Handler`] is a Lambda function; on one machine they are called one
//! after another. Both go through [`Handlers::dispatch`].

mod dispatched;
mod trigger;

pub use dispatched::{Answered, Dispatched, Uninvoked, Wakened};

use state_machine::{AccountId, Actor, Cause, FleetFact, Occasion, Origin, Text, TriggerId, Version};

use crate::cloud::Clock as _;
use crate::event::{
    self, Body, Chore, Delivery, Envelope, Event, Excerpt, Handler, Invocation, Message, Refusal, Route,
    Schedule, Trust, WakeUp, receive, route,
};
use crate::journal::Journal as _;
use crate::lifecycle::{Lifecycle, LifecycleError, World, advance_window, compare, open_window, wake_due};

/// How many accounts the reconciler wakes in one run. The rest is found by the next one.
const WAKES: usize = 1_000;

/// Among how many of the fleet's latest records a refusal is looked for, before it is recorded. A message is
/// delivered again within minutes.
const REMEMBERED: u32 = 64;

/// How often a lost race for the fleet's journal is run again.
const RACES: u32 = 16;

/// Whom an event is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// The function, or why there is none.
    pub what: String,
    /// The account that it is about.
    pub account: Option<AccountId>,
}

/// All handlers, over one lifecycle.
#[derive(Debug)]
pub struct Handlers<'w, W> {
    lifecycle: Lifecycle<'w, W>,
    trust: Trust,
    state_key: Text,
    only: Option<Handler>,
    delivery: Option<TriggerId>,
}

impl<'w, W: World> Handlers<'w, W> {
    /// Handlers that believe this, and that read the state from this tag.
    pub const fn new(lifecycle: Lifecycle<'w, W>, trust: Trust, state_key: Text) -> Self {
        Self { lifecycle, trust, state_key, only: None, delivery: None }
    }

    /// The same, in a function that is this handler and no other: events for others are left alone, and the
    /// input of a person is for this one. `delivery` names what the function was invoked with; whoever delivers
    /// it again uses the same name.
    pub fn as_function(self, handler: Handler, delivery: Option<TriggerId>) -> Self {
        Self { only: Some(handler), delivery, ..self }
    }

    /// Handles what a function was invoked with: one event as EventBridge delivers it, a batch of SQS messages,
    /// or the input of a person, which says nothing about what is to be done. `compares` asks the reconciler for its long way, as
    /// [`Schedule::Compare`] does: every account of the organization, not only what is due.
    ///
    /// # Errors
    /// When the journal failed, or others were faster too often: deliver the event again.
    pub async fn dispatch(&self, payload: &[u8], compares: bool) -> Result<Dispatched, LifecycleError> {
        match receive(payload, &self.trust) {
            Ok(Delivery::Event(event)) => self.handle(&event, compares).await,
            Ok(Delivery::Batch(messages)) => Ok(self.batch(messages, compares).await),
            Ok(Delivery::Invocation(input)) => match self.only {
                // Lambda does not tell a function who invoked it; CloudTrail does.
                Some(handler) => self.invoke(handler, input, Actor::Unknown).await,
                None => Ok(Dispatched::Invoked(Uninvoked::NoFunction)),
            },
            Err(refusal) => self.refuse(refusal, payload, self.delivery).await,
        }
    }

    /// Handles messages one by one: what is wrong with one of them spoils none of the others.
    async fn batch(&self, messages: Vec<Message>, compares: bool) -> Dispatched {
        let mut answers = Vec::with_capacity(messages.len());
        for Message { id, outcome, excerpt } in messages {
            if !self.lifecycle.may_begin() {
                answers.push(Answered { id, outcome: Err("the time was up before it".to_owned()) });
                continue;
            }
            let handled = match outcome {
                Ok(event) => self.handle(&event, compares).await,
                Err(refusal) => {
                    let excerpt = excerpt.as_ref().map_or("", Excerpt::as_str);
                    let delivery = (!id.is_empty()).then(|| TriggerId::from_text(&id));
                    self.refuse(refusal, excerpt.as_bytes(), delivery).await
                }
            };
            answers.push(Answered { id, outcome: handled.map_err(|error| error.to_string()) });
        }
        Dispatched::Batch(answers)
    }

    /// The input of a person, when this is one.
    pub fn invocation(&self, payload: &[u8]) -> Option<Invocation> {
        match receive(payload, &self.trust) {
            Ok(Delivery::Invocation(input)) => Some(input),
            Ok(Delivery::Event(_) | Delivery::Batch(_)) | Err(_) => None,
        }
    }

    /// Whom events are for, one by one. Nothing is done.
    pub fn addressees(&self, payload: &[u8], function: Option<Handler>) -> Vec<Addressee> {
        let nobody = |what: String| Addressee { what, account: None };
        match (receive(payload, &self.trust), function) {
            (Ok(Delivery::Event(event)), _) => vec![self.addressee(&event)],
            (Ok(Delivery::Batch(messages)), _) => messages
                .iter()
                .map(|message| match &message.outcome {
                    Ok(event) => self.addressee(event),
                    Err(refusal) => nobody(refusal.to_string()),
                })
                .collect(),
            (Ok(Delivery::Invocation(_)), Some(function)) => vec![nobody(function.name().to_owned())],
            (Ok(Delivery::Invocation(_)), None) => vec![nobody(Uninvoked::NoFunction.to_string())],
            (Err(refusal), _) => vec![nobody(refusal.to_string())],
        }
    }

    fn addressee(&self, event: &Event) -> Addressee {
        match route(event, &self.state_key) {
            Route::To(handler) => Addressee { what: handler.name().to_owned(), account: event.account() },
            Route::Nowhere(why) => Addressee { what: why.to_string(), account: None },
        }
    }

    /// Handles the input of a person who invoked this function.
    ///
    /// # Errors
    /// When the journal failed, or others were faster too often: invoke it again.
    pub async fn invoke(
        &self,
        handler: Handler,
        input: Invocation,
        by: Actor,
    ) -> Result<Dispatched, LifecycleError> {
        if input != Invocation::Plain {
            return Ok(Dispatched::Invoked(Uninvoked::TakesNoDate(handler)));
        }
        match handler.chore() {
            Some(Chore::Window) => {
                let occasion = Occasion::Command { reason: "the function was invoked by hand".into() };
                Ok(Dispatched::WindowOpened(open_window(&self.lifecycle, &occasion, by, None).await?))
            }
            Some(Chore::WakeUp) => Ok(Dispatched::Woken(self.wake_due().await?)),
            Some(Chore::Reconcile) => self.reconcile(true).await,
            None => Ok(Dispatched::Invoked(Uninvoked::NeedsEvent(handler))),
        }
    }

    /// Handles one event that was decoded.
    ///
    /// # Errors
    /// When the journal failed, or others were faster too often: deliver the event again.
    pub async fn handle(&self, event: &Event, compares: bool) -> Result<Dispatched, LifecycleError> {
        let handler = match route(event, &self.state_key) {
            Route::To(handler) => handler,
            Route::Nowhere(why) => return Ok(Dispatched::NotRouted(why)),
        };
        if self.only.is_some_and(|only| only != handler) {
            return Ok(Dispatched::NotMine(handler));
        }
        if let Some((account, trigger)) = trigger::of_event(event, &self.state_key) {
            let outcome = self.lifecycle.handle(account, &trigger).await?.outcome;
            return Ok(Dispatched::Handled { handler, account, outcome });
        }
        if let Body::WakeUp(WakeUp { account, .. }) = event.body {
            let outcome = self.lifecycle.wake(account).await?.outcome;
            return Ok(Dispatched::AccountWoken { account, outcome });
        }
        match handler.chore() {
            Some(Chore::Window) => {
                let Envelope { id, time: fired, .. } = event.envelope;
                let occasion = &Occasion::Schedule { fired };
                let opened = open_window(&self.lifecycle, occasion, Actor::Aws, Some(id)).await?;
                Ok(Dispatched::WindowOpened(opened))
            }
            Some(Chore::WakeUp) => Ok(Dispatched::Woken(self.wake_due().await?)),
            Some(Chore::Reconcile) => {
                self.reconcile(compares || event.body == Body::Schedule(Schedule::Compare)).await
            }
            None => {
                let news = match &event.body {
                    Body::Own(own) => Some(Box::new(own.news.clone())),
                    Body::Organization(_)
                    | Body::Build(_)
                    | Body::SignIn(_)
                    | Body::Alert(_)
                    | Body::Schedule(_)
                    | Body::WakeUp(_) => None,
                };
                Ok(Dispatched::Noted { handler, account: event.account(), news })
            }
        }
    }

    async fn wake_due(&self) -> Result<Wakened, LifecycleError> {
        let woken = wake_due(&self.lifecycle, WAKES).await?;
        Ok(Wakened { failed: woken.failed.len(), left: woken.left })
    }

    /// The reconciler: what is due, the window that runs, and on its long way everything that differs.
    async fn reconcile(&self, compares: bool) -> Result<Dispatched, LifecycleError> {
        let woken = self.wake_due().await?;
        let window = advance_window(&self.lifecycle).await?;
        let comparison = if compares { Some(compare(&self.lifecycle).await?) } else { None };
        Ok(Dispatched::Reconciled { woken, compared: comparison, window })
    }

    /// What cannot be read, or is forged, is recorded. What is merely not ours is not. What is delivered again
    /// under the same name shortly afterwards is not recorded twice.
    ///
    /// # Errors
    /// When the journal failed, or others were faster too often.
    pub async fn refuse(
        &self,
        refusal: Refusal,
        payload: &[u8],
        delivery: Option<TriggerId>,
    ) -> Result<Dispatched, LifecycleError> {
        if refusal.is_foreign() {
            return Ok(Dispatched::Refused(refusal));
        }
        let world = self.lifecycle.world();
        let cause = Cause { origin: Origin::Outside, by: Actor::Unknown, trigger: delivery };
        for _ in 0..RACES {
            let fleet = world.journal().fleet().await?;
            if delivery.is_some() {
                let before = Version::new(fleet.version().number().saturating_sub(REMEMBERED.into()));
                let limit = usize::try_from(REMEMBERED).unwrap_or(usize::MAX);
                let latest = world.journal().fleet_history(before, limit).await?;
                if latest.iter().any(|record| is_refusal(&record.fact) && record.cause.trigger == delivery) {
                    return Ok(Dispatched::Refused(refusal));
                }
            }
            let fact = FleetFact::EventRefused {
                code: refusal.code().into(),
                message: refusal.to_string().into(),
                excerpt: Excerpt::of(payload).as_str().into(),
            };
            let advance = fleet.refuse_event(&cause, fact, world.clock().now());
            let appended = world.journal().append_fleet(fleet.version(), &advance.records, &advance.fleet);
            match appended.await {
                Ok(()) => return Ok(Dispatched::Refused(refusal)),
                Err(crate::journal::AppendError::Conflict { .. }) => {}
                Err(crate::journal::AppendError::Failed(error)) => return Err(error.into()),
            }
        }
        Err(LifecycleError::FleetContended { times: RACES })
    }
}

const fn is_refusal(fact: &FleetFact) -> bool {
    matches!(fact, FleetFact::EventRefused { .. })
}

/// Who did something, as the lifecycle takes it.
fn actor(actor: &event::Actor) -> Actor {
    match actor {
        event::Actor::Principal(name) => Actor::Principal(Text::clone(name)),
        event::Actor::Service(_) => Actor::Aws,
        event::Actor::Unnamed => Actor::Unknown,
    }
}
