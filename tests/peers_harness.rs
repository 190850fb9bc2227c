//! The peers that tests of the AWS part lean on: isolated from each other, and wrong when they are asked to be.

#![cfg(feature = "aws")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod peers;

use aws_sdk_sqs::error::ProvideErrorMetadata as _;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

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
fn a_peer_ends_with_its_owner() {
    let moto = peers::Moto::start();
    let endpoint = moto.endpoint().to_owned();
    drop(moto);
    let address = endpoint.trim_start_matches("http://");
    assert!(std::net::TcpStream::connect(address).is_err());
}
