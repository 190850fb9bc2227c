//! Reading what CodeBuild tells.

use serde::Deserialize;
use state_machine::{AccountId, BuildId};

use super::{BuildEvent, BuildStatus, DETAIL_TYPE};
use crate::event::arn::Arn;
use crate::event::decode::{Borrowed, Part};
use crate::event::refusal::said;
use crate::event::{Claim, Refusal};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "an object")]
struct Detail<'a> {
    #[serde(borrow)]
    build_status: Borrowed<'a>,
    #[serde(borrow)]
    project_name: Borrowed<'a>,
    #[serde(borrow)]
    build_id: Borrowed<'a>,
    #[serde(borrow)]
    additional_information: Option<AdditionalInformation<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct AdditionalInformation<'a> {
    #[serde(borrow)]
    logs: Option<Logs<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "an object")]
struct Logs<'a> {
    #[serde(borrow)]
    deep_link: Option<Borrowed<'a>>,
}

/// Reads the detail `part` of an event that `sender` sent.
pub(in crate::event) fn decode(
    part: Part<'_>,
    detail_type: &str,
    sender: AccountId,
) -> Result<BuildEvent, Refusal> {
    if detail_type != DETAIL_TYPE {
        return Err(Refusal::UnknownDetailType {
            from: "aws.codebuild".to_owned(),
            detail_type: said(detail_type),
        });
    }
    let detail: Detail<'_> = part.object()?;
    let build = build(part, &detail.build_id, sender)?;
    if *detail.project_name != *build.project() {
        return Err(Refusal::forged(Claim::Project(said(&detail.project_name)), sender));
    }
    let logs = detail.additional_information.and_then(|information| information.logs);
    Ok(BuildEvent {
        build,
        status: status(part, &detail.build_status)?,
        log: logs.and_then(|logs| logs.deep_link).map(|link| (*link).into()),
    })
}

/// The build that an ARN names, `arn:aws:codebuild:<region>:<account>:build/<project>:<uuid>`.
fn build(part: Part<'_>, text: &str, sender: AccountId) -> Result<BuildId, Refusal> {
    let arn = Arn::parse(text).filter(|arn| arn.service == "codebuild");
    let named = arn.and_then(|arn| arn.resource.strip_prefix("build/").map(|build| (arn.account, build)));
    let Some((account, build)) = named else {
        return Err(part.invalid("build-id", &format_args!("`{}` is not the ARN of a build", said(text))));
    };
    if account.parse() != Ok(sender) {
        return Err(Refusal::forged(Claim::Build(said(account)), sender));
    }
    part.typed(build, "build-id")
}

fn status(part: Part<'_>, text: &str) -> Result<BuildStatus, Refusal> {
    BuildStatus::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
        part.invalid("build-status", &format_args!("`{}` is no status of a build", said(text)))
    })
}
