//! Writing what EventBridge would tell about its schedules.

use serde::Serialize;

use super::Schedule;
use crate::event::emit::{Form, render};
use crate::event::{Event, Trust};

#[derive(Serialize)]
struct Detail {}

pub(in crate::event) fn write(event: &Event, body: &Schedule, trust: &Trust, form: Form) -> String {
    let envelope = &event.envelope;
    let rule = body.rule(&trust.environment);
    let arn = format!("arn:aws:events:{}:{}:rule/{rule}", envelope.region, envelope.account);
    render(event, &[arn], &Detail {}, form)
}
