//! Which part of AWS something stands in: names of resources and some endpoints depend on it.

/// The part of AWS that a region belongs to.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>.
pub fn partition(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("eusc") => "aws-eusc",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        Some("us") if region.starts_with("us-iso-") => "aws-iso",
        Some("us") if region.starts_with("us-isob-") => "aws-iso-b",
        Some("us") if region.starts_with("us-isof-") => "aws-iso-f",
        Some("eu") if region.starts_with("eu-isoe-") => "aws-iso-e",
        Some(_) | None => "aws",
    }
}

/// What the names of AWS's servers end with in the partition of a region.
///
/// See `dnsSuffix` in <https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json>.
pub fn domain(region: &str) -> &'static str {
    match partition(region) {
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        _ => "amazonaws.com",
    }
}

/// The region in which AWS Organizations, and the tags of its accounts, live in the partition of this region:
/// <https://docs.aws.amazon.com/general/latest/gr/ao.html>. Where nobody told, it is the region itself.
pub fn home(region: &str) -> &str {
    match partition(region) {
        "aws" => "us-east-1",
        "aws-cn" => "cn-northwest-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        _ => region,
    }
}
