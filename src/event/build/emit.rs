//! Writing what CodeBuild would tell.

use serde::Serialize;

use super::{BuildEvent, BuildStatus};
use crate::event::Event;
use crate::event::emit::{Form, render, wordy};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Detail<'a> {
    build_status: &'static str,
    project_name: &'a str,
    build_id: &'a str,
    current_phase: &'static str,
    current_phase_context: &'static str,
    version: &'static str,
    additional_information: AdditionalInformation<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct AdditionalInformation<'a> {
    build_start_time: String,
    build_complete: bool,
    initiator: &'static str,
    timeout_in_minutes: f64,
    logs: Logs<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Logs<'a> {
    group_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deep_link: Option<&'a str>,
}

pub(in crate::event) fn write(event: &Event, body: &BuildEvent, form: Form) -> String {
    let envelope = &event.envelope;
    let arn = format!("arn:aws:codebuild:{}:{}:build/{}", envelope.region, envelope.account, body.build);
    let resources = [arn];
    let complete = body.status != BuildStatus::InProgress;
    let detail = Detail {
        build_status: body.status.as_str(),
        project_name: body.build.project(),
        build_id: &resources[0],
        current_phase: if complete { "COMPLETED" } else { "SUBMITTED" },
        current_phase_context: "[]",
        version: "1",
        additional_information: AdditionalInformation {
            build_start_time: wordy(envelope.time),
            build_complete: complete,
            initiator: "spa",
            timeout_in_minutes: 480.0,
            logs: Logs {
                group_name: format!("/aws/codebuild/{}", body.build.project()),
                deep_link: body.log.as_deref(),
            },
        },
    };
    render(event, &resources, &detail, form)
}
