//! Reading what EventBridge tells about its schedules.

use state_machine::AccountId;

use super::{DETAIL_TYPE, ENDINGS, Schedule};
use crate::event::arn::Arn;
use crate::event::decode::{Borrowed, Part};
use crate::event::refusal::said;
use crate::event::{Claim, Refusal, Trust};

/// Reads the member `resources` of an event that `sender` sent: it holds the ARN of the rule.
///
/// A holder can make a rule of any name in their account and forward what it sends, so only rules of the
/// automation account count.
pub(in crate::event) fn decode(
    resources: Part<'_>,
    detail_type: &str,
    sender: AccountId,
    trust: &Trust,
) -> Result<Schedule, Refusal> {
    if detail_type != DETAIL_TYPE {
        return Err(Refusal::UnknownDetailType {
            from: "aws.events".to_owned(),
            detail_type: said(detail_type),
        });
    }
    let [text]: [Borrowed<'_>; 1] = resources.parse()?;
    let arn = Arn::parse(&text).filter(|arn| arn.service == "events");
    let named = arn.and_then(|arn| arn.resource.strip_prefix("rule/").map(|rule| (arn.account, rule)));
    let Some((account, rule)) = named else {
        let problem = format_args!("`{}` is not the ARN of a rule", said(&text));
        return Err(Refusal::invalid("$.resources[0]", &problem));
    };
    if sender != trust.automation_account || account.parse() != Ok(sender) {
        return Err(Refusal::forged(Claim::Schedule, sender));
    }
    for (ending, schedule) in ENDINGS {
        match rule.strip_suffix(ending) {
            Some(environment) if environment == &*trust.environment => return Ok(schedule),
            Some(environment) => {
                return Err(Refusal::OtherEnvironment { environment: said(environment) });
            }
            None => {}
        }
    }
    Ok(Schedule::Other(rule.into()))
}
