//! Which configuration is for whom.

use super::*;
use crate::cloud::aws::wire::{Answer, Wire};
use crate::settings::Limits;

fn roles(region: &str) -> Roles {
    Roles {
        environment: "SpaDemo".into(),
        function: "cli".into(),
        region: region.into(),
        management: None,
        member: "Member".into(),
        external_id: None,
        session_tags: false,
    }
}

fn account(number: u64) -> AccountId {
    AccountId::from_number(number).unwrap()
}

fn connections(region: &str) -> Connections {
    let wire = Wire::new(|_, _| Answer::Never);
    let own = wire.config().into_builder().region(Region::new(region.to_owned())).build();
    Connections::from(own, roles(region), Governor::jumping(Limits::default()))
}

#[test]
fn organizations_are_asked_where_their_partition_keeps_them() {
    for (region, home) in [
        ("eu-west-1", "us-east-1"),
        ("us-gov-east-1", "us-gov-west-1"),
        ("cn-north-1", "cn-northwest-1"),
        ("us-iso-west-1", "us-iso-east-1"),
        ("eusc-de-east-1", "eusc-de-east-1"),
    ] {
        let connections = connections(region);
        assert_eq!(connections.management().region().unwrap().as_ref(), home);
        assert_eq!(connections.own().region().unwrap().as_ref(), region);
        assert_eq!(connections.member(account(1)).region().unwrap().as_ref(), region);
    }
}

#[test]
fn accounts_that_were_asked_for_last_are_kept() {
    let connections = connections("eu-west-1");
    let kept = |number| {
        let members = connections.inner.members.lock().unwrap();
        members.configurations.contains_key(&account(number))
    };
    for number in 0..MEMBERS as u64 {
        connections.member(account(number));
    }
    connections.member(account(0));
    connections.member(account(999));
    assert!(kept(0) && !kept(1) && kept(2) && kept(999));
    assert_eq!(connections.inner.members.lock().unwrap().configurations.len(), MEMBERS);
}

#[test]
fn no_time_is_longer_than_the_one_around_it() {
    assert!(CONNECT < ATTEMPT && ATTEMPT < OPERATION);
    // `MARGIN` in src/lifecycle/pay.rs.
    assert!(OPERATION < Duration::from_secs(15));
}
