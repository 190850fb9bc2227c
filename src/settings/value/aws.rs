//! Names that AWS gives, or takes.

use super::text::text_value;
use super::{Problem, shown};

text_value! {
    /// A region of AWS.
    pub Region, "a region such as eu-west-1", {
        "type": "string", "pattern": "^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$", "examples": ["eu-west-1"],
    }
}

impl Region {
    fn check(text: &str) -> Result<(), Problem> {
        let parts: Vec<_> = text.split('-').collect();
        let letters = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
        let good = match parts.as_slice() {
            [area, words @ .., number] => {
                letters(area)
                    && (2..=4).contains(&area.len())
                    && !words.is_empty()
                    && words.iter().all(|word| letters(word))
                    && (1..=2).contains(&number.len())
                    && number.bytes().all(|byte| byte.is_ascii_digit())
            }
            _ => false,
        };
        if good {
            return Ok(());
        }
        let problem = Problem::new(format!("{} is not a region: they look like eu-west-1", shown(text)));
        // An availability zone, or capital letters.
        let lower = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        let zone = lower.trim_end_matches(|c: char| c.is_ascii_lowercase());
        Err(
            match [lower.as_str(), zone]
                .into_iter()
                .find(|other| *other != text && Self::check(other).is_ok())
            {
                Some(meant) => problem.help(format!("write {meant}")),
                None => problem,
            },
        )
    }
}

text_value! {
    /// The full name (ARN) of a role.
    pub RoleArn, "the ARN of a role", {
        "type": "string",
        "pattern": "^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$",
        "examples": ["arn:aws:iam::111122223333:role/SpaAccountsManagementRole"],
    }
}

impl RoleArn {
    fn check(text: &str) -> Result<(), Problem> {
        let role = |name: &str| {
            name.strip_prefix("role/").is_some_and(|name| {
                (1..=512).contains(&name.len()) && name.bytes().all(|byte| role_byte(byte) || byte == b'/')
            })
        };
        match arn(text) {
            Some(["iam", "", account, name]) if account_digits(account) && role(name) => Ok(()),
            _ => Err(Problem::new(format!(
                "{} is not the ARN of a role: they look like arn:aws:iam::111122223333:role/Name",
                shown(text)
            ))),
        }
    }

    /// The account that the role lives in.
    pub fn account(&self) -> Option<state_machine::AccountId> {
        let [_, _, account, _] = arn(&self.0)?;
        account.parse().ok()
    }
}

text_value! {
    /// The name of a role.
    pub RoleName, "the name of a role", {
        "type": "string", "pattern": "^[A-Za-z0-9+=,.@_-]{1,64}$", "examples": ["AWSControlTowerExecution"],
    }
}

impl RoleName {
    fn check(text: &str) -> Result<(), Problem> {
        if (1..=64).contains(&text.len()) && text.bytes().all(role_byte) {
            return Ok(());
        }
        let problem = Problem::new(format!("{} is not the name of a role", shown(text)));
        Err(match text.rsplit_once('/') {
            Some((path, name)) if path.starts_with("arn:") => {
                problem.help(format!("write {name}, without the ARN"))
            }
            _ => problem.help("up to 64 letters, digits and + = , . @ _ -"),
        })
    }
}

text_value! {
    /// Roles, by the full name (ARN) of one, in which a `*` stands for anything.
    pub RolePattern, "the ARN of a role, maybe with `*` in it", {
        "type": "string",
        "pattern": "^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=.@*/-]+$",
        "examples": ["arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Operators_*"],
    }
}

impl RolePattern {
    fn check(text: &str) -> Result<(), Problem> {
        // A comma would end the pattern where it is handed to CloudFormation.
        let good = |byte: u8| byte != b',' && (role_byte(byte) || b"*/".contains(&byte));
        match arn(text) {
            Some(["iam", "", account, role])
                if account_digits(account)
                    && role
                        .strip_prefix("role/")
                        .is_some_and(|name| !name.is_empty() && name.bytes().all(good)) =>
            {
                Ok(())
            }
            _ => Err(Problem::new(format!(
                "{} is not the ARN of a role: they look like arn:aws:iam::111122223333:role/name",
                shown(text)
            ))),
        }
    }
}

text_value! {
    /// What a role asks for from whoever assumes it out of another account.
    pub ExternalId, "an external identifier", {
        "type": "string", "pattern": "^[A-Za-z0-9_+=,.@:/-]{2,1224}$", "examples": ["spa-2f9c1e"],
    }
}

impl ExternalId {
    /// As STS takes it: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
    fn check(text: &str) -> Result<(), Problem> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte);
        if (2..=1224).contains(&text.len()) && text.bytes().all(good) {
            return Ok(());
        }
        Err(Problem::new(
            "this is not an external identifier: 2 to 1224 letters, digits and _ + = , . @ : / -",
        ))
    }
}

text_value! {
    /// The full name (ARN) of a response plan of Incident Manager.
    pub ResponsePlanArn, "the ARN of a response plan", {
        "type": "string",
        "pattern": "^(arn:aws[a-z-]*:ssm-incidents::[0-9]{12}:response-plan/.+)?$",
        "examples": ["arn:aws:ssm-incidents::111122223333:response-plan/spa"],
    }
}

impl ResponsePlanArn {
    fn check(text: &str) -> Result<(), Problem> {
        match arn(text) {
            // The predecessor's default is the empty text; it stands for none.
            _ if text.is_empty() => Ok(()),
            Some(["ssm-incidents", "", account, plan])
                if account_digits(account)
                    && plan.strip_prefix("response-plan/").is_some_and(|plan| !plan.is_empty()) =>
            {
                Ok(())
            }
            _ => Err(Problem::new(format!(
                "{} is not the ARN of a response plan: they look like \
                 arn:aws:ssm-incidents::111122223333:response-plan/name",
                shown(text)
            ))),
        }
    }
}

text_value! {
    /// The name of a table of DynamoDB, without the environment before it.
    pub TableName, "the name of a table", {
        "type": "string", "pattern": "^[A-Za-z0-9_.-]{1,222}$", "examples": ["ActivitiesTable"],
    }
}

impl TableName {
    fn check(text: &str) -> Result<(), Problem> {
        // DynamoDB takes 255 characters; up to 33 of them are the environment and a hyphen.
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if (1..=222).contains(&text.len()) && text.bytes().all(good) {
            return Ok(());
        }
        Err(Problem::new(format!(
            "{} is not the name of a table: up to 222 letters, digits and _ . -",
            shown(text)
        )))
    }
}

text_value! {
    /// What the keys of reports in S3 start with.
    pub KeyPrefix, "the start of keys in S3", {
        "type": "string", "pattern": "^[A-Za-z0-9!_.*'()-][A-Za-z0-9!_.*'()/-]{0,255}$", "examples": ["SpaReports/Costs"],
    }
}

impl KeyPrefix {
    /// The characters that S3 calls safe: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>.
    fn check(text: &str) -> Result<(), Problem> {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"!_.*'()-/".contains(&byte);
        if !text.starts_with('/') && (1..=256).contains(&text.len()) && text.bytes().all(safe) {
            return Ok(());
        }
        let problem = Problem::new(format!("{} cannot start a key in S3", shown(text)));
        Err(match text.strip_prefix('/') {
            Some(rest) if Self::check(rest).is_ok() => problem.help(format!("write {rest}")),
            _ => problem.help("letters, digits and ! - _ . * ' ( ) can, and / but not first"),
        })
    }
}

text_value! {
    /// The last part of the name of a parameter of Systems Manager.
    pub(crate) ParameterLabel, "the label of a document", {
        "type": "string", "pattern": "^[A-Za-z0-9_.-]{1,128}$", "examples": ["TermsOfUse"],
    }
}

impl ParameterLabel {
    fn check(text: &str) -> Result<(), Problem> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if (1..=128).contains(&text.len()) && text.bytes().all(good) {
            return Ok(());
        }
        Err(Problem::new(format!("{} cannot label a document: letters, digits and _ . - can", shown(text))))
    }
}

/// Service, region, account and resource of an ARN.
fn arn(text: &str) -> Option<[&str; 4]> {
    let mut parts = text.splitn(6, ':');
    let partition = parts.next().filter(|first| *first == "arn").and(parts.next())?;
    let known = partition.strip_prefix("aws")?.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let rest = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    known.then_some(rest)
}

fn account_digits(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn role_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::value::{Scalar, Value};

    fn accepts<T: Value>(text: &str) -> bool {
        T::parse(Scalar { text, quoted: true }).is_ok()
    }

    #[test]
    fn regions_look_like_regions() {
        for good in ["eu-west-1", "us-gov-west-1", "ap-southeast-12", "eusc-de-east-1", "us-iso-east-1"] {
            assert!(accepts::<Region>(good), "{good}");
        }
        for bad in
            ["", "eu-west", "eu-west-1a", "EU-WEST-1", "eu_west_1", "Ireland", "-1", "eu--1", "eu-west-123"]
        {
            assert!(!accepts::<Region>(bad), "{bad}");
        }
        for (written, meant) in
            [("eu-west-1a", "eu-west-1"), ("EU-WEST-1", "eu-west-1"), ("eu_west_1", "eu-west-1")]
        {
            assert_eq!(Region::check(written).unwrap_err().help, [format!("write {meant}")]);
        }
    }

    #[test]
    fn arns_name_the_right_thing() {
        let role = "arn:aws:iam::111122223333:role/path/Name";
        assert!(accepts::<RoleArn>(role));
        assert!(accepts::<RoleArn>("arn:aws-cn:iam::111122223333:role/Name"));
        let parsed = RoleArn::parse(Scalar { text: role, quoted: true }).unwrap();
        assert_eq!(parsed.account().unwrap().to_string(), "111122223333");
        for bad in [
            "",
            "Name",
            "arn:aws:iam::11112222333:role/Name",
            "arn:aws:iam::111122223333:user/Name",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:sts::111122223333:role/Name",
            "arn:gcp:iam::111122223333:role/Name",
            "arn:aws:iam:eu-west-1:111122223333:role/Name",
        ] {
            assert!(!accepts::<RoleArn>(bad), "{bad}");
        }
        assert!(accepts::<ResponsePlanArn>(""));
        assert!(accepts::<ResponsePlanArn>("arn:aws:ssm-incidents::111122223333:response-plan/spa"));
        assert!(!accepts::<ResponsePlanArn>("arn:aws:ssm-incidents::111122223333:response-plan/"));
    }
}
