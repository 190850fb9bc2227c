//! The peers that tests of the AWS part lean on: isolated from each other, and wrong when they are asked to be.

#![cfg(feature = "aws")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod peers;

use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use peers::founding::block_on;

#[test]
fn each_guest_has_an_account_of_its_own() {
    let (one, other) = (peers::guest(), peers::guest());
    block_on(async {
        for guest in [&one, &other] {
            let identity = aws_sdk_sts::Client::new(&guest.config()).get_caller_identity().send().await;
            assert_eq!(identity.unwrap().account(), Some(guest.account()));
        }
        let queues = [&one, &other].map(|guest| aws_sdk_sqs::Client::new(&guest.config()));
        queues[0].create_queue().queue_name("work").send().await.unwrap();
        assert_eq!(queues[0].list_queues().send().await.unwrap().queue_urls().len(), 1);
        assert_eq!(queues[1].list_queues().send().await.unwrap().queue_urls().len(), 0);
    });
    assert_eq!(other.calls(), ["sts:GetCallerIdentity", "sqs:ListQueues"]);
}

#[test]
fn an_account_is_refused_what_its_test_wants_refused() {
    let (one, other) = (peers::guest(), peers::guest());
    one.refuse("ListQueues", 1, 400, "AccessDeniedException");
    one.refuse("GetCallerIdentity", 1, 403, "ExpiredToken");
    block_on(async {
        let queues = aws_sdk_sqs::Client::new(&one.config());
        let refused = queues.list_queues().send().await.unwrap_err();
        assert_eq!(refused.code(), Some("AccessDeniedException"), "in JSON");
        queues.list_queues().send().await.unwrap();
        let refused = aws_sdk_sts::Client::new(&one.config()).get_caller_identity().send().await.unwrap_err();
        assert_eq!(refused.code(), Some("ExpiredToken"), "in XML");
        aws_sdk_sqs::Client::new(&other.config()).list_queues().send().await.unwrap();
    });
}

#[test]
fn a_call_whose_answer_is_lost_was_served_all_the_same() {
    let guest = peers::guest();
    guest.lose_answers("CreateQueue", 1);
    block_on(async {
        let queues = aws_sdk_sqs::Client::new(&guest.config());
        let lost = queues.create_queue().queue_name("work").send().await.unwrap_err();
        assert!(lost.as_service_error().is_none(), "{lost:?}");
        assert_eq!(queues.list_queues().send().await.unwrap().queue_urls().len(), 1);
    });
    assert_eq!(guest.calls(), ["sqs:CreateQueue", "sqs:ListQueues"]);
}

#[test]
fn what_aws_would_not_take_is_refused_and_fails_its_test() {
    use aws_sdk_ssm::types::ParameterType;
    let guest = peers::guest();
    block_on(async {
        let parameters = aws_sdk_ssm::Client::new(&guest.config());
        let request = parameters.put_parameter().name("n".repeat(2049)).value("v");
        let refused = request.r#type(ParameterType::from("Sting")).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("ValidationException"));
        let (enumeration, length) =
            ("Type: 'Sting' is none of String, StringList, SecureString", "Name: has a length of 2049");
        let message = refused.message().unwrap();
        assert!(message.contains(enumeration) && message.contains(length), "{message}");
        let violations = guest.violations();
        assert_eq!(violations.len(), 2, "{violations:#?}");
        assert!(violations.iter().any(|it| it.contains(enumeration)), "{violations:#?}");
        // A form, with what is too short, and not like a role.
        let refused = aws_sdk_sts::Client::new(&guest.config()).assume_role().role_arn("role");
        refused.role_session_name("a session").send().await.unwrap_err();
    });
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(guest))).unwrap_err();
    let failed = failed.downcast_ref::<String>().unwrap();
    let expected = [
        "sts:AssumeRole: Invalid length for parameter RoleArn, value: 4, valid min length: 20",
        "sts:AssumeRole: RoleSessionName: 'a session' is not like",
    ];
    assert!(expected.iter().all(|part| failed.contains(part)), "{failed}");
}

#[test]
fn a_peer_ends_with_its_owner() {
    let moto = peers::Moto::start();
    let endpoint = moto.endpoint().to_owned();
    drop(moto);
    let address = endpoint.trim_start_matches("http://");
    assert!(std::net::TcpStream::connect(address).is_err());
}
