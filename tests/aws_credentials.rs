//! The chain of roles against an AWS that nobody here wrote: who one is in each account, and what happens when a role
//! refuses.

#![cfg(feature = "aws")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod peers;

use std::process::Command;

use aws_config::SdkConfig;
use peers::Guest;
use peers::founding::block_on;
use spa::cloud::aws::call::CallError;
use spa::cloud::aws::connect::{Connections, Roles};
use spa::cloud::aws::governor::{Governor, Lane};
use state_machine::{AccountId, FailureKind};

fn roles(manager: Option<&Guest>) -> Roles {
    let manager = manager.map(|guest| {
        let arn = format!("arn:aws:iam::{}:role/Manager", guest.account());
        (arn.into(), guest.account().parse().unwrap())
    });
    Roles {
        environment: "SpaDemo".into(),
        function: "on-expired-account".into(),
        region: peers::REGION.into(),
        management: manager,
        member: "AWSControlTowerExecution".into(),
        external_id: Some("spa-2f9c1e".into()),
        session_tags: true,
    }
}

/// Who AWS takes us for.
async fn arn(configuration: &SdkConfig, governor: &Governor) -> Result<String, CallError> {
    let client = aws_sdk_sts::Client::new(configuration);
    let request = || client.get_caller_identity().send();
    let identity = governor.call(Lane::Sts, "sts:GetCallerIdentity", None, request).await?;
    Ok(identity.arn().unwrap().to_owned())
}

#[test]
fn each_account_is_entered_through_the_management_role() {
    let (own, manager, members) = (peers::guest(), peers::guest(), [(); 3].map(|()| peers::guest()));
    let governor = Governor::default();
    let connections = Connections::from(own.config(), roles(Some(&manager)), governor.clone());
    block_on(async {
        let account = own.account();
        assert_eq!(
            arn(&connections.own(), &governor).await.unwrap(),
            format!("arn:aws:sts::{account}:user/moto")
        );
        let account = manager.account();
        assert_eq!(
            arn(&connections.management(), &governor).await.unwrap(),
            format!("arn:aws:sts::{account}:assumed-role/Manager/spa-on-expired-account-{account}")
        );
        for _ in 0..2 {
            for member in &members {
                let account = member.account();
                let configuration = connections.member(account.parse().unwrap());
                assert_eq!(
                    arn(&configuration, &governor).await.unwrap(),
                    format!(
                        "arn:aws:sts::{account}:assumed-role/AWSControlTowerExecution/\
                         spa-on-expired-account-{account}"
                    )
                );
            }
        }
    });
    let assumed = |guest: &Guest| guest.calls().iter().filter(|call| *call == "sts:AssumeRole").count();
    assert_eq!(assumed(&manager), 3, "once for each account");
    assert_eq!(governor.calls()["sts:AssumeRole"], u64::try_from(assumed(&own)).unwrap() + 3);
}

#[test]
fn a_role_that_refuses_is_an_answer_and_no_loop() {
    let (own, manager, member) = (peers::guest(), peers::guest(), peers::guest());
    manager.refuse("AssumeRole", 100, 403, "AccessDenied");
    let governor = Governor::default();
    let connections = Connections::from(own.config(), roles(Some(&manager)), governor.clone());
    let account: AccountId = member.account().parse().unwrap();
    block_on(async {
        for _ in 0..4 {
            let error = arn(&connections.member(account), &governor).await.unwrap_err();
            assert_eq!(error.kind, FailureKind::Denied);
            assert!(error.is("AccessDenied"));
            let role = format!("cannot act as arn:aws:iam::{account}:role/AWSControlTowerExecution");
            assert!(error.message.starts_with(&role), "{error}");
        }
    });
    assert_eq!(manager.calls(), ["sts:AssumeRole"]);
    assert!(member.calls().is_empty());
    assert_eq!(governor.calls().get("sts:GetCallerIdentity"), None);
}

#[test]
fn a_management_role_that_refuses_is_named_whatever_needed_it() {
    let (own, manager) = (peers::guest(), peers::guest());
    own.refuse("AssumeRole", 100, 403, "AccessDenied");
    let governor = Governor::default();
    let connections = Connections::from(own.config(), roles(Some(&manager)), governor.clone());
    block_on(async {
        for configuration in
            [connections.management(), connections.member(manager.account().parse().unwrap())]
        {
            let error = arn(&configuration, &governor).await.unwrap_err();
            assert_eq!(error.kind, FailureKind::Denied);
            assert!(error.message.contains(":role/Manager: "), "{error}");
        }
    });
    assert_eq!(own.calls(), ["sts:AssumeRole"]);
}

#[test]
fn throttling_by_the_peer_slows_down_and_is_overcome() {
    let own = peers::guest();
    own.refuse("GetCallerIdentity", 2, 400, "Throttling");
    let governor = Governor::default();
    let connections = Connections::from(own.config(), roles(None), governor.clone());
    block_on(arn(&connections.own(), &governor)).unwrap();
    let seen = governor.snapshot();
    assert_eq!((seen[0].throttled, seen[0].calls["sts:GetCallerIdentity"]), (2, 3));
    assert_eq!(own.calls().len(), 3, "what is counted is what arrived");
}

#[test]
fn nobody_at_the_other_end_means_that_nothing_was_sent() {
    let own = peers::guest();
    // A port on which nobody listens any more.
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let configuration = own.config().into_builder().endpoint_url(format!("http://{gone}")).build();
    let governor = Governor::default();
    let error = block_on(arn(&configuration, &governor)).unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (FailureKind::Unreadable, None), "{error}");
    assert!(governor.calls().is_empty());
}

/// The SDK reads its environment when it is asked to, and this process must not change its own: so this test begins
/// itself once more, with an environment that says where AWS is and who one is.
#[test]
fn the_environment_tells_where_aws_is_and_who_one_is() {
    const INNER: &str = "SPA_TEST_IN_AN_ENVIRONMENT_OF_ITS_OWN";
    if std::env::var_os(INNER).is_some() {
        let governor = Governor::default();
        block_on(async {
            let connections = Connections::open(roles(None), governor.clone()).await;
            arn(&connections.own(), &governor).await.unwrap();
        });
        return;
    }
    let own = peers::guest();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_environment_tells_where_aws_is_and_who_one_is"])
        .env(INNER, "1")
        .env("AWS_ENDPOINT_URL", peers::moto().endpoint())
        .env("AWS_ACCESS_KEY_ID", own.account())
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(own.calls(), ["sts:GetCallerIdentity"]);
}
