//! EventBridge: what we announce.

use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use state_machine::{Failure, FailureKind, Text};

use super::call::CallError;
use super::governor::{Governor, Lane};
use crate::event::{OwnEvent, Trust, emit};

/// How many events one call takes.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
const ENTRIES: usize = 10;

/// How many bytes all events of one call may have together.
///
/// 1 MB since January 2026
/// (<https://aws.amazon.com/blogs/compute/more-room-to-build-serverless-services-now-support-payloads-up-to-1-mb>),
/// 256 KB before, and some pages of AWS still say so. Ours have a few hundred, so the older limit costs nothing.
const BYTES: usize = 256 * 1024;

/// How long to wait before what EventBridge did not take is put again, each time. The rest of the patience stands in
/// the journal: what is not announced stays owed.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];

/// The bus of the automation account.
#[derive(Clone, Debug)]
pub struct Bus {
    client: Client,
    governor: Governor,
    trust: Trust,
    name: Text,
}

impl Bus {
    /// The bus of this name or ARN, in the account and region of the client.
    pub const fn new(client: Client, governor: Governor, trust: Trust, name: Text) -> Self {
        Self { client, governor, trust, name }
    }

    /// Puts these entries in one call; the answers are in their order.
    async fn put_once(
        &self,
        entries: Vec<PutEventsRequestEntry>,
    ) -> Result<Vec<PutEventsResultEntry>, CallError> {
        let request = self.client.put_events().set_entries(Some(entries));
        let put = self.governor.call(Lane::Other, "events:PutEvents", None, || request.clone().send());
        Ok(put.await?.entries.unwrap_or_default())
    }

    /// Puts the events of one batch, and those again that EventBridge did not take. Fills in the answers.
    async fn put_batch(&self, entries: &[PutEventsRequestEntry], batch: &[usize], answers: &mut [Answer]) {
        let mut left = batch.to_vec();
        let mut pauses = PAUSES.into_iter();
        loop {
            let asked = left.iter().filter_map(|place| entries.get(*place).cloned()).collect();
            match self.put_once(asked).await {
                Ok(told) => {
                    let mut told = told.into_iter();
                    for place in &left {
                        if let Some(answer) = answers.get_mut(*place) {
                            *answer = meaning(told.next());
                        }
                    }
                }
                // The governor has repeated it as long as that made sense.
                Err(error) => {
                    for place in left {
                        if let Some(answer) = answers.get_mut(place) {
                            *answer = Err(error.failure());
                        }
                    }
                    return;
                }
            }
            left.retain(|place| answers.get(*place).is_some_and(worth_another_try));
            let Some(pause) = pauses.next().filter(|_| !left.is_empty()) else { return };
            tokio::time::sleep(pause).await;
        }
    }
}

type Answer = Result<(), Failure>;

impl crate::cloud::Bus for Bus {
    async fn put(&self, events: Vec<OwnEvent>) -> Vec<Answer> {
        let entries: Vec<emit::Entry> = events.iter().map(|event| emit::entry(event, &self.trust)).collect();
        let sizes: Vec<usize> = entries.iter().map(size).collect();
        let requests: Vec<_> = entries
            .into_iter()
            .map(|entry| {
                PutEventsRequestEntry::builder()
                    .event_bus_name(&*self.name)
                    .source(entry.source)
                    .detail_type(entry.detail_type)
                    .detail(entry.detail)
                    .build()
            })
            .collect();
        // Overwritten by what becomes of each; what stands in no batch is too large for any.
        let mut answers: Vec<Answer> = sizes
            .iter()
            .map(|size| {
                let message =
                    format!("events:PutEvents: the event has {size} bytes, and {BYTES} may be sent");
                Err(Failure { kind: FailureKind::Rejected, message: message.into() })
            })
            .collect();
        for batch in batches(&sizes) {
            self.put_batch(&requests, &batch, &mut answers).await;
        }
        answers
    }
}

/// Counted as EventBridge does:
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html>.
fn size(entry: &emit::Entry) -> usize {
    entry.source.len() + entry.detail_type.len() + entry.detail.len()
}

/// Which events go together, by their places. One that is larger than all may be together stands in no batch.
fn batches(sizes: &[usize]) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for (place, size) in sizes.iter().copied().enumerate().filter(|(_, size)| *size <= BYTES) {
        match batches.last_mut() {
            Some(batch) if batch.len() < ENTRIES && bytes + size <= BYTES => batch.push(place),
            Some(_) | None => {
                batches.push(vec![place]);
                bytes = 0;
            }
        }
        bytes += size;
    }
    batches
}

/// What EventBridge's answer says of one event.
fn meaning(told: Option<PutEventsResultEntry>) -> Answer {
    let Some(told) = told else {
        let message = "events:PutEvents: there are fewer answers than events";
        return Err(Failure { kind: FailureKind::Unavailable, message: message.into() });
    };
    let Some(code) = told.error_code else { return Ok(()) };
    let kind = kind(&code);
    let message = told.error_message.unwrap_or_default();
    Err(Failure { kind, message: format!("events:PutEvents: {code}: {message}").into() })
}

/// Error codes of single events. AWS lists no more than examples, so what is not known may have been a passing fault.
fn kind(code: &str) -> FailureKind {
    match code {
        "ThrottlingException" | "LimitExceededException" | "RequestLimitExceeded" => FailureKind::Throttled,
        "AccessDenied"
        | "AccessDeniedException"
        | "NotAuthorizedForSource"
        | "NotAuthorizedForDetailType"
        | "OperationDisabledException" => FailureKind::Denied,
        "ResourceNotFoundException" => FailureKind::Missing,
        "InvalidArgument"
        | "InvalidParameter"
        | "MalformedDetail"
        | "RedactionFailure"
        | "InvalidAccountIdException"
        | "ValidationException" => FailureKind::Rejected,
        _ => FailureKind::Unavailable,
    }
}

fn worth_another_try(answer: &Answer) -> bool {
    match answer {
        Ok(()) => false,
        Err(failure) => match failure.kind {
            FailureKind::Throttled | FailureKind::Busy | FailureKind::Unavailable => true,
            FailureKind::LimitReached
            | FailureKind::Unreadable
            | FailureKind::Denied
            | FailureKind::Missing
            | FailureKind::Rejected => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_to_both_limits_and_to_the_order() {
        let third = BYTES / 3;
        let cases: [(&[usize], &[&[usize]]); 6] = [
            (&[], &[]),
            (&[1; 10], &[&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]),
            (&[1; 11], &[&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], &[10]]),
            (&[third, third, third, third], &[&[0, 1, 2], &[3]]),
            (&[BYTES, 1, BYTES], &[&[0], &[1], &[2]]),
            (&[1, BYTES + 1, 2], &[&[0, 2]]),
        ];
        for (sizes, expected) in cases {
            assert_eq!(batches(sizes), expected, "{sizes:?}");
        }
    }
}
