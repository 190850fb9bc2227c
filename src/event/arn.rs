//! Amazon Resource Names.

/// The parts of `arn:partition:service:region:account:resource`.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>. Region and account may be
/// empty, the resource may contain more colons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arn<'a> {
    pub(super) service: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// The parts of `text`, when it has the shape.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let _partition = parts.next()?;
        let service = parts.next()?;
        let region = parts.next()?;
        let account = parts.next()?;
        let resource = parts.next()?;
        Some(Self { service, region, account, resource })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_keeps_its_colons() {
        let arn = Arn::parse("arn:aws:codebuild:eu-west-1:777788889999:build/Project:0a1b").unwrap();
        assert_eq!(arn.service, "codebuild");
        assert_eq!(arn.region, "eu-west-1");
        assert_eq!(arn.account, "777788889999");
        assert_eq!(arn.resource, "build/Project:0a1b");
    }

    #[test]
    fn other_text_is_no_arn() {
        for text in ["", "arn", "arn:aws:sns:eu-west-1:777788889999", "ARN:a:b:c:d:e", "x:arn:a:b:c:d:e"] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
