//! Roles that are assumed, kept, renewed, and refused, as the wire shows it.

use aws_sdk_sts::Client;

use super::*;
use crate::cloud::aws::connect::{Connections, Roles};
use crate::cloud::aws::wire::{Answer, Sent, Wire};
use crate::settings::Limits;

const MANAGER: &str = "arn:aws:iam::210987654321:role/Manager";

fn roles() -> Roles {
    Roles {
        environment: "SpaDemo".into(),
        function: "on-expired-account".into(),
        region: "eu-west-1".into(),
        management: Some((MANAGER.into(), account(210_987_654_321))),
        member: "Member".into(),
        external_id: Some("spa-2f9c1e".into()),
        session_tags: true,
    }
}

fn account(number: u64) -> AccountId {
    AccountId::from_number(number).unwrap()
}

/// Credentials whose key tells which role they are of.
fn session(sent: &Sent, expires: &str) -> Answer {
    let key = if sent.body.contains("Manager") { "MANAGER" } else { "MEMBER" };
    Answer::Says(
        200,
        format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
             <SessionToken>token</SessionToken><Expiration>{expires}</Expiration>\
             </Credentials></AssumeRoleResult></AssumeRoleResponse>"
        ),
    )
}

fn identity() -> Answer {
    let body = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                <GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult>\
                </GetCallerIdentityResponse>";
    Answer::Says(200, body.to_owned())
}

fn refusal(status: u16, code: &str) -> Answer {
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>"
    );
    Answer::Says(status, body)
}

/// Hands out sessions that end then.
fn sessions(expires: &'static str) -> Wire {
    Wire::new(move |sent, _| if sent.operation == "AssumeRole" { session(sent, expires) } else { identity() })
}

const FAR: &str = "2199-01-01T00:00:00Z";
/// It ends before it begins, and so at every look.
const ENDED: &str = "2001-01-01T00:00:00Z";

fn connections(wire: &Wire, roles: Roles) -> Connections {
    Connections::from(wire.config(), roles, Governor::jumping(Limits::default()))
}

async fn who(connections: &Connections, number: u64) -> Result<(), CallError> {
    let client = Client::new(&connections.member(account(number)));
    let request = || client.get_caller_identity().send();
    let governor = connections.governor();
    governor.call(Lane::Other, "sts:GetCallerIdentity", None, request).await.map(|_| ())
}

#[tokio::test]
async fn a_role_is_assumed_out_of_the_other_one_in_the_region() {
    let wire = sessions(FAR);
    who(&connections(&wire, roles()), 111_122_223_333).await.unwrap();
    let sent = wire.sent();
    let keys: Vec<_> = sent.iter().map(|sent| (sent.operation.as_str(), sent.key.as_str())).collect();
    assert_eq!(keys, [("AssumeRole", "OWN"), ("AssumeRole", "MANAGER"), ("GetCallerIdentity", "MEMBER")]);
    assert!(sent.iter().all(|sent| sent.uri == "https://sts.eu-west-1.amazonaws.com/"), "{sent:?}");
    for said in [
        "RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2FMember&",
        "RoleSessionName=spa-on-expired-account-111122223333&",
        "DurationSeconds=3600&",
        "ExternalId=spa-2f9c1e",
        "Tags.member.1.Key=environment&Tags.member.1.Value=SpaDemo&",
        "Tags.member.2.Key=account&Tags.member.2.Value=111122223333&",
        "Tags.member.3.Key=function&Tags.member.3.Value=on-expired-account&",
    ] {
        assert!(sent[1].body.contains(said), "{said} in {}", sent[1].body);
    }
    assert!(sent[0].body.contains("RoleSessionName=spa-on-expired-account-210987654321&"));
}

#[tokio::test]
async fn what_the_settings_do_not_name_is_not_said() {
    let wire = sessions(FAR);
    let bare = Roles { management: None, external_id: None, session_tags: false, ..roles() };
    let connections = connections(&wire, bare);
    who(&connections, 111_122_223_333).await.unwrap();
    let sent = wire.sent();
    assert_eq!(sent.len(), 2, "without a management role this process asks itself");
    assert_eq!(sent[0].key, "OWN");
    assert!(!sent[0].body.contains("ExternalId") && !sent[0].body.contains("Tags"), "{}", sent[0].body);
    let client = Client::new(&connections.management());
    client.get_caller_identity().send().await.unwrap();
    assert_eq!(wire.sent()[2].key, "OWN");
    assert_eq!(wire.sent()[2].uri, "https://sts.us-east-1.amazonaws.com/");
}

#[tokio::test]
async fn sessions_are_kept_while_they_last_and_renewed_when_they_end() {
    for (expires, asked) in [(FAR, 2), (ENDED, 6)] {
        let wire = sessions(expires);
        let connections = connections(&wire, roles());
        for _ in 0..3 {
            who(&connections, 111_122_223_333).await.unwrap();
        }
        assert_eq!((wire.count("AssumeRole"), wire.count("GetCallerIdentity")), (asked, 3), "{expires}");
    }
}

#[tokio::test]
async fn a_role_that_refuses_is_told_by_name_and_left_alone_for_a_minute() {
    let wire = Wire::new(|sent, _| match sent.operation.as_str() {
        "AssumeRole" if sent.body.contains("111122223333") => refusal(403, "AccessDenied"),
        "AssumeRole" => session(sent, FAR),
        _ => identity(),
    });
    let connections = connections(&wire, roles());
    let error = who(&connections, 111_122_223_333).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "sts:GetCallerIdentity: cannot act as arn:aws:iam::111122223333:role/Member: \
         not authorized to perform: sts:AssumeRole (AccessDenied, request request-1)"
    );
    assert_eq!(error.kind, FailureKind::Denied);
    for _ in 0..5 {
        assert_eq!(who(&connections, 111_122_223_333).await.unwrap_err(), error);
    }
    assert_eq!(wire.count("AssumeRole"), 2, "the manager once, the member once");
    assert_eq!(connections.governor().calls().get("sts:GetCallerIdentity"), None, "nothing of it was sent");
    who(&connections, 444_455_556_666).await.unwrap();

    let governor = connections.governor();
    governor.sleep_until(governor.now() + REFUSED_FOR).await;
    who(&connections, 111_122_223_333).await.unwrap_err();
    assert_eq!(wire.count("AssumeRole"), 4, "asked again after a minute");
}

#[tokio::test]
async fn a_management_role_that_refuses_is_the_one_that_is_named() {
    let wire = Wire::new(|_, _| refusal(403, "AccessDenied"));
    let connections = connections(&wire, roles());
    let error = who(&connections, 111_122_223_333).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Denied);
    assert!(error.message.contains(MANAGER), "{error}");
    who(&connections, 444_455_556_666).await.unwrap_err();
    assert_eq!(wire.count("AssumeRole"), 1, "one refusal counts for every account behind it");
}

#[tokio::test]
async fn what_passes_is_not_remembered_as_a_refusal() {
    let wire = Wire::new(|sent, before| match (sent.operation.as_str(), before) {
        ("AssumeRole", 0..3) => refusal(400, "Throttling"),
        ("AssumeRole", _) => session(sent, FAR),
        _ => identity(),
    });
    let connections = connections(&wire, roles());
    let error = who(&connections, 111_122_223_333).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Throttled);
    who(&connections, 111_122_223_333).await.unwrap();
}

#[test]
fn names_of_sessions_fit_and_hold_what_aws_takes() {
    let named = |function: &str| Role { function: function.into(), ..role() }.session_name();
    assert_eq!(named("cli"), "spa-cli-111122223333");
    assert_eq!(named("two words/é"), "spa-two-words---111122223333");
    let long = named(&"function".repeat(20));
    assert_eq!(long.len(), 64);
    assert!(long.ends_with("-111122223333"), "{long}");
}

fn role() -> Role {
    Role {
        arn: "arn:aws:iam::111122223333:role/Member".into(),
        account: account(111_122_223_333),
        function: "cli".into(),
        external_id: None,
        tags: Vec::new(),
    }
}
