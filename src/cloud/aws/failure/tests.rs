//! What codes, texts and broken connections mean.

use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;

use super::*;

type Failed = SdkError<aws_sdk_organizations::Error, HttpResponse>;

fn answer(status: u16, code: Option<&str>, message: &str) -> SdkError<Generic, HttpResponse> {
    let mut metadata = ErrorMetadata::builder().message(message);
    if let Some(code) = code {
        metadata = metadata.code(code);
    }
    let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
    response.headers_mut().insert("x-amzn-requestid", "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE");
    SdkError::service_error(Generic(metadata.build()), response)
}

/// An error of a service, as the SDK makes them.
#[derive(Debug, thiserror::Error)]
#[error("service error")]
struct Generic(ErrorMetadata);

impl ProvideErrorMetadata for Generic {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

const IN_PROGRESS: &str = "AWS Organizations can't complete your request because another request is already in progress. Try again later.";
const RATE: &str = "You have sent too many requests in too short a period of time.";

#[test]
fn codes_mean_what_their_pages_say() {
    use FailureKind::{Busy, Denied, LimitReached, Missing, Rejected, Throttled, Unavailable, Unreadable};
    for (operation, status, code, message, kind) in [
        ("organizations:ListAccounts", 400, "TooManyRequestsException", RATE, Throttled),
        ("organizations:TagResource", 400, "TooManyRequestsException", IN_PROGRESS, Busy),
        ("organizations:TagResource", 400, "ConcurrentModificationException", "", Busy),
        ("organizations:TagResource", 400, "TargetNotFoundException", "", Missing),
        ("organizations:TagResource", 400, "ConstraintViolationException", "too many tags", Rejected),
        ("organizations:TagResource", 400, "TagPolicyViolationException", "", Rejected),
        ("organizations:DescribeAccount", 400, "AccountNotFoundException", "", Missing),
        ("organizations:DescribeAccount", 400, "AWSOrganizationsNotInUseException", "", Missing),
        ("organizations:DescribeAccount", 400, "FinalizingOrganizationException", "", Busy),
        ("organizations:DescribeAccount", 400, "AccessDeniedException", "", Denied),
        ("organizations:DescribeAccount", 500, "ServiceException", "", Unavailable),
        ("tag:GetResources", 400, "ThrottledException", "", Throttled),
        ("tag:GetResources", 500, "InternalServiceException", "", Unavailable),
        ("sts:AssumeRole", 403, "AccessDenied", "", Denied),
        ("sts:AssumeRole", 403, "InvalidClientTokenId", "", Denied),
        ("sts:AssumeRole", 403, "ExpiredToken", "", Denied),
        ("sts:AssumeRole", 403, "RegionDisabledException", "", Denied),
        ("sts:AssumeRole", 400, "PackedPolicyTooLarge", "", Rejected),
        ("sts:AssumeRole", 400, "Throttling", "Rate exceeded", Throttled),
        ("ssm:GetParameters", 400, "ParameterNotFound", "", Missing),
        ("ssm:GetParameters", 400, "ThrottlingException", "", Throttled),
        ("codebuild:StartBuild", 400, "AccountLimitExceededException", "", LimitReached),
        ("codebuild:StartBuild", 400, "ResourceNotFoundException", "", Missing),
        ("codebuild:StartBuild", 400, "InvalidInputException", "", Rejected),
        ("codebuild:StartBuild", 400, "AccessDeniedException", "", Denied),
        ("ce:GetCostAndUsage", 400, "LimitExceededException", "", Throttled),
        ("cloudformation:DescribeStacks", 400, "ValidationError", "Stack with id x does not exist", Missing),
        ("cloudformation:UpdateStack", 400, "ValidationError", "is in UPDATE_IN_PROGRESS state", Busy),
        ("cloudformation:UpdateStack", 400, "ValidationError", "Template format error", Rejected),
        ("dynamodb:GetItem", 400, "ProvisionedThroughputExceededException", "", Throttled),
        ("dynamodb:GetItem", 400, "ResourceNotFoundException", "", Missing),
        (
            "dynamodb:TransactWriteItems",
            400,
            "TransactionCanceledException",
            "reasons [ConditionalCheckFailed, None]",
            Rejected,
        ),
        ("dynamodb:TransactWriteItems", 400, "TransactionCanceledException", "[TransactionConflict]", Busy),
        ("dynamodb:TransactWriteItems", 400, "TransactionCanceledException", "[ThrottlingError]", Throttled),
        ("sqs:SendMessage", 400, "AWS.SimpleQueueService.NonExistentQueue", "", Missing),
        ("events:PutEvents", 500, "InternalFailure", "", Unavailable),
        ("ec2:DescribeRegions", 403, "UnauthorizedOperation", "", Denied),
        ("ec2:DescribeRegions", 503, "RequestLimitExceeded", "", Throttled),
        ("s3:GetObject", 503, "SlowDown", "", Throttled),
        // A clock that jumped is no refusal.
        ("sts:AssumeRole", 403, "SignatureDoesNotMatch", "Signature expired: 2026…", Unreadable),
        ("sts:AssumeRole", 403, "SignatureDoesNotMatch", "The request signature we calculated…", Denied),
        ("s3:GetObject", 403, "RequestTimeTooSkewed", "", Unreadable),
        // What nobody knows is judged by its status.
        ("x:Y", 400, "NewException", "", Rejected),
        ("x:Y", 403, "NewException", "", Denied),
        ("x:Y", 404, "NewException", "", Missing),
        ("x:Y", 429, "NewException", "", Throttled),
        ("x:Y", 500, "NewException", "", Unavailable),
        ("x:Y", 503, "NewException", "", Unavailable),
    ] {
        let told = told(operation, &answer(status, Some(code), message));
        assert_eq!(told.error.kind, kind, "{operation} {code} {message}");
        assert!(told.sent);
        assert!(told.error.is(code));
        assert_eq!(told.error.request_id.as_deref(), Some("7a62c49f-347e-4fc4-9331-6e8eEXAMPLE"));
    }
}

#[test]
fn an_answer_without_a_code_is_judged_by_its_status() {
    for (status, kind) in
        [(503, FailureKind::Unavailable), (403, FailureKind::Denied), (413, FailureKind::Rejected)]
    {
        let told = told("x:Y", &answer(status, None, ""));
        assert_eq!((told.error.kind, told.error.code), (kind, None));
        assert!(!told.error.message.is_empty());
    }
}

#[test]
fn what_never_left_is_certain_and_what_may_have_arrived_is_not() {
    let refused = || io::Error::new(io::ErrorKind::ConnectionRefused, "refused");
    let reset = || io::Error::new(io::ErrorKind::ConnectionReset, "reset");
    let response = || HttpResponse::new(StatusCode::try_from(200).unwrap(), SdkBody::empty());
    for (error, kind, sent) in [
        (Failed::construction_failure("no region"), FailureKind::Rejected, false),
        (Failed::dispatch_failure(ConnectorError::io(refused().into())), FailureKind::Unreadable, false),
        (
            // The io::Error in an io::Error, whose own source skips it.
            Failed::dispatch_failure(ConnectorError::io(io::Error::other(refused()).into())),
            FailureKind::Unreadable,
            false,
        ),
        (
            Failed::dispatch_failure(ConnectorError::other(
                aws_credential_types::provider::error::CredentialsError::not_loaded("none").into(),
                None,
            )),
            FailureKind::Denied,
            false,
        ),
        (Failed::dispatch_failure(ConnectorError::io(reset().into())), FailureKind::Unavailable, true),
        (Failed::dispatch_failure(ConnectorError::timeout("slow".into())), FailureKind::Unavailable, true),
        (Failed::timeout_error("slow"), FailureKind::Unavailable, true),
        (Failed::response_error("not JSON", response()), FailureKind::Unavailable, true),
    ] {
        let told = told("organizations:TagResource", &error);
        assert_eq!((told.error.kind, told.sent), (kind, sent), "{error:?}");
        assert_eq!((told.error.code, told.error.request_id), (None, None));
        assert_eq!(kind.is_uncertain(), sent, "{error:?}");
    }
}

#[test]
fn a_role_that_refuses_is_named_and_the_call_was_not_sent() {
    let why = |kind| CallError {
        operation: "sts:AssumeRole",
        kind,
        code: Some("AccessDenied".into()),
        message: "not authorized to perform: sts:AssumeRole".into(),
        request_id: None,
    };
    for (of_sts, of_the_call) in [
        (FailureKind::Denied, FailureKind::Denied),
        (FailureKind::Throttled, FailureKind::Throttled),
        (FailureKind::Unavailable, FailureKind::Unreadable),
    ] {
        let role = "arn:aws:iam::111122223333:role/Member".into();
        let refused = RoleRefused { role, why: why(of_sts) };
        let error = aws_credential_types::provider::error::CredentialsError::provider_error(refused);
        let told = told(
            "codebuild:StartBuild",
            &Failed::dispatch_failure(ConnectorError::other(error.into(), None)),
        );
        assert_eq!((told.error.kind, told.sent), (of_the_call, false));
        assert_eq!(
            told.error.to_string(),
            "codebuild:StartBuild: cannot act as arn:aws:iam::111122223333:role/Member: \
             not authorized to perform: sts:AssumeRole (AccessDenied)"
        );
    }
}

#[test]
fn messages_are_short_and_hold_no_secrets() {
    for (code, message, kept) in [
        (None, "two\n  lines", "two lines"),
        (None, "the key AKIAIOSFODNN7EXAMPLE is gone", "the key … is gone"),
        (None, "id=ASIAIOSFODNN7EXAMPLE,", "…"),
        (None, "in ASIA it is night", "in ASIA it is night"),
        (
            Some("SignatureDoesNotMatch"),
            "The request signature we calculated does not match.\nThe Canonical String was 'POST\nx-amz-security-token:abc'",
            "The request signature we calculated does not match",
        ),
    ] {
        assert_eq!(harmless(code, message), kept);
    }
    let encoded = format!("Encoded authorization failure message: {}", "x".repeat(400));
    assert_eq!(harmless(None, &encoded), "Encoded authorization failure message: …");
    let long = harmless(None, &"wörter ".repeat(200));
    assert_eq!(long.chars().count(), LONGEST);
    assert!(long.ends_with('…'));
}
