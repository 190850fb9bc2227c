//! One invocation, from its payload to what Lambda is answered; over any world.

use state_machine::{Text, Timestamp, TriggerId};

use super::answer::{Answer, FunctionError, answer};
use super::deadline;
use super::metrics::{self, Metric};
use crate::cloud::Clock as _;
use crate::event::{Chore, Handler, Trust};
use crate::handler::{Dispatched, Handlers};
use crate::lifecycle::{Lifecycle, LifecycleError, World, advance_window};

/// A function: one handler over a world.
#[derive(Debug)]
pub struct Function<'w, W> {
    world: &'w W,
    handler: Handler,
    trust: Trust,
    state_key: Text,
}

/// What a function is invoked with.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// Lambda's name for it. An event that Lambda tries again has the same one.
    pub request_id: &'a str,
    /// When Lambda ends it.
    pub deadline: Timestamp,
    /// The event, the batch, or what a person wrote.
    pub payload: &'a [u8],
}

/// What came of an invocation.
#[derive(Debug)]
pub struct Invoked {
    /// What Lambda is told.
    pub answer: Result<Answer, FunctionError>,
    /// What is counted.
    pub metrics: Vec<Metric>,
}

impl<'w, W: World> Function<'w, W> {
    /// The function that this handler is.
    pub const fn new(world: &'w W, handler: Handler, trust: Trust, state_key: Text) -> Self {
        Self { world, handler, trust, state_key }
    }

    /// Does what the function is for.
    pub async fn invoke(&self, invocation: Invocation<'_>) -> Invoked {
        let Invocation { request_id, deadline, payload } = invocation;
        let last = deadline::last_begin(self.world.clock().now(), deadline);
        let lifecycle = || Lifecycle::new(self.world).until(last);
        let delivery = Some(TriggerId::from_text(request_id));
        let handlers = Handlers::new(lifecycle(), self.trust.clone(), Text::clone(&self.state_key))
            .as_function(self.handler, delivery);
        let dispatched = match self.dispatch(&lifecycle(), &handlers, payload).await {
            Ok(dispatched) => dispatched,
            Err(error) => return Invoked { answer: Err(error.into()), metrics: Vec::new() },
        };
        tell(&dispatched);
        let metrics = metrics::of(&dispatched);
        Invoked { answer: answer(dispatched), metrics }
    }

    async fn dispatch(
        &self,
        lifecycle: &Lifecycle<'w, W>,
        handlers: &Handlers<'w, W>,
        payload: &[u8],
    ) -> Result<Dispatched, LifecycleError> {
        // Whether to compare is said by the schedule that fires; by hand it is always done.
        let dispatched = handlers.dispatch(payload, false).await?;
        // The first wave of a window goes at once. Nobody waits for it here: it has been opened, and the reconciler goes
        // on. Only these two let accounts in: they have listed the organization, so that nobody has to ask for each
        // account what it is.
        if self.handler.chore() == Some(Chore::Window)
            && lifecycle.may_begin()
            && let Err(error) = advance_window(lifecycle).await
        {
            tracing::warn!(%error, "the window is looked after later");
        }
        Ok(dispatched)
    }
}

/// One line for what came of an event, and one for each message of a batch.
///
/// What a refusal says may repeat what an outsider wrote, so only its code is told; the rest stands in the journal.
fn tell(dispatched: &Dispatched) {
    match dispatched {
        Dispatched::Handled { handler: _, account, outcome } => {
            tracing::info!(%account, %outcome, "handled");
        }
        Dispatched::AccountWoken { account, outcome } => tracing::info!(%account, %outcome, "woken"),
        Dispatched::Refused(refusal) if refusal.is_foreign() => {
            tracing::info!(code = refusal.code(), "left alone: it is none of our business");
        }
        Dispatched::Refused(refusal) => {
            tracing::warn!(code = refusal.code(), "refused; the fleet's journal has the beginning of it");
        }
        Dispatched::NotMine(handler) => {
            tracing::warn!(%handler, "left alone: it is for another function; check the rules");
        }
        Dispatched::Noted { account, .. } => {
            let account = account.map(|account| account.to_string());
            tracing::info!(account, "noted");
        }
        Dispatched::Batch(answers) => {
            for answered in answers {
                let _span = tracing::info_span!("message", messageId = &*answered.id).entered();
                match &answered.outcome {
                    Ok(dispatched) => tell(dispatched),
                    Err(error) => tracing::warn!(%error, "to be delivered again"),
                }
            }
        }
        Dispatched::WindowOpened(_)
        | Dispatched::Woken(_)
        | Dispatched::Reconciled { .. }
        | Dispatched::NotRouted(_)
        | Dispatched::Invoked(_) => tracing::info!(outcome = %dispatched, "done"),
    }
}
