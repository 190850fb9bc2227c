//! A whole event: the members that every event has, then the detail, read by whoever knows its source.

use serde::Deserialize;
use serde_json::value::RawValue;
use state_machine::{AccountId, TriggerId};

use super::{Borrowed, Part};
use crate::event::refusal::said;
use crate::event::{
    Body, Claim, Envelope, Event, OWN_SOURCE, Refusal, Trust, Via, build, organization, own, schedule,
    sign_in,
};

/// The outermost object, whatever it turns out to be.
///
/// Every member is optional, because which ones are there tells what it is. The detail is only skipped over
/// here: its shape depends on the source.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "an object")]
pub(in crate::event) struct Outer<'a> {
    #[serde(borrow)]
    id: Option<Borrowed<'a>>,
    #[serde(borrow)]
    detail_type: Option<Borrowed<'a>>,
    #[serde(borrow)]
    source: Option<Borrowed<'a>>,
    #[serde(borrow)]
    account: Option<Borrowed<'a>>,
    #[serde(borrow)]
    time: Option<Borrowed<'a>>,
    #[serde(borrow)]
    region: Option<Borrowed<'a>>,
    #[serde(borrow)]
    resources: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow, rename = "Records")]
    records: Option<&'a RawValue>,
    #[serde(borrow)]
    date: Option<&'a RawValue>,
}

/// What an object is, judging by its members.
pub(in crate::event) enum Shape<'a> {
    /// An event of EventBridge.
    Event,
    /// A batch of messages: its records.
    Batch(&'a RawValue),
    /// Neither.
    Other {
        /// Whether it has a member `date`.
        dated: bool,
    },
}

impl<'a> Outer<'a> {
    pub(in crate::event) fn shape(&self) -> Result<Shape<'a>, Refusal> {
        let event = self.source.is_some() || self.detail_type.is_some() || self.detail.is_some();
        match self.records {
            Some(_) if event => {
                Err(Refusal::invalid("$.Records", &"it stands beside the members of an event"))
            }
            Some(records) => Ok(Shape::Batch(records)),
            None if event => Ok(Shape::Event),
            None => Ok(Shape::Other { dated: self.date.is_some() }),
        }
    }

    /// Reads the rest of an event.
    pub(in crate::event) fn event(self, part: Part<'a>, trust: &Trust, via: Via) -> Result<Event, Refusal> {
        let source = part.required(self.source, "source")?;
        let detail_type = part.required(self.detail_type, "detail-type")?;
        let envelope = Envelope {
            id: TriggerId::from_text(&part.required(self.id, "id")?),
            account: part.typed(&part.required(self.account, "account")?, "account")?,
            region: (*part.required(self.region, "region")?).into(),
            time: part.typed(&part.required(self.time, "time")?, "time")?,
            via,
        };
        let detail = part.member(part.required(self.detail, "detail")?, "detail");
        let body = match &*source {
            "aws.organizations" => organization::decode(detail, Some(&detail_type), envelope.account, trust)
                .map(Body::Organization),
            "aws.codebuild" => build::decode(detail, &detail_type, envelope.account).map(Body::Build),
            "aws.signin" => sign_in::decode(detail, &detail_type, envelope.account).map(Body::SignIn),
            "aws.events" => {
                let resources = part.member(part.required(self.resources, "resources")?, "resources");
                schedule::decode(resources, &detail_type, envelope.account, trust).map(Body::Schedule)
            }
            OWN_SOURCE => own::decode(detail, &detail_type, envelope.account, trust).map(Body::Own),
            other => Err(unheard(other, &detail_type, detail, envelope.account)),
        };
        body.map(|body| Event { envelope, body })
    }
}

/// The refusal of an event whose source nobody listens to.
///
/// Only services of AWS send events whose source starts with `aws.`
/// (<https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html>). So who wants to pass for one must use
/// another source, and is found out by what else the event says.
#[cold]
fn unheard(source: &str, detail_type: &str, detail: Part<'_>, sender: AccountId) -> Refusal {
    #[derive(Deserialize)]
    struct Record<'a> {
        #[serde(borrow, rename = "eventSource")]
        service: Borrowed<'a>,
    }

    let record = detail.peek::<Record<'_>>();
    let service = match record.as_ref().map(|record| &*record.service) {
        Some(organization::SERVICE) => Some(organization::SERVICE),
        Some(sign_in::SERVICE) => Some(sign_in::SERVICE),
        _ if source.starts_with("aws.") => None,
        _ if detail_type == build::DETAIL_TYPE => Some("codebuild.amazonaws.com"),
        _ if detail_type == schedule::DETAIL_TYPE => Some("events.amazonaws.com"),
        _ if sign_in::DETAIL_TYPES.contains(&detail_type) => Some(sign_in::SERVICE),
        _ => None,
    };
    match service {
        Some(service) => Refusal::forged(Claim::Service { service, from: said(source) }, sender),
        None => Refusal::UnknownSource { from: said(source) },
    }
}
