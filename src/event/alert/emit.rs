//! Writing what SNS would put into the queue for alerts.

use serde::Serialize;
use state_machine::{Timestamp, TriggerId};

use super::{ALERT_TOPIC, Alert};
use crate::event::Event;
use crate::event::emit::json;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Notification<'a> {
    r#type: &'static str,
    message_id: TriggerId,
    topic_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    message: &'a str,
    timestamp: Timestamp,
    signature_version: &'static str,
    signature: &'static str,
    #[serde(rename = "SigningCertURL")]
    signing_certificate: String,
    #[serde(rename = "UnsubscribeURL")]
    unsubscribe: String,
}

pub(in crate::event) fn write(event: &Event, body: &Alert) -> String {
    let envelope = &event.envelope;
    let region = &envelope.region;
    match body {
        Alert::Text { text } => text.to_string(),
        Alert::Notification { subject, message } => json(&Notification {
            r#type: "Notification",
            message_id: envelope.id,
            topic_arn: format!("arn:aws:sns:{region}:{}:{ALERT_TOPIC}", envelope.account),
            subject: subject.as_deref(),
            message,
            timestamp: envelope.time,
            signature_version: "1",
            signature: "EXAMPLE",
            signing_certificate: format!(
                "https://sns.{region}.amazonaws.com/SimpleNotificationService-0.pem"
            ),
            unsubscribe: format!("https://sns.{region}.amazonaws.com/?Action=Unsubscribe"),
        }),
    }
}
