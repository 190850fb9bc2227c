//! Answers that moto never gives: pages that are empty or go round, paths, fields that AWS has retired, words that
//! nobody knows yet.

use std::sync::Arc;

use serde_json::{Value, json};
use spa::cloud::Organization as _;
use spa::cloud::aws::governor::Governor;
use spa::cloud::aws::organization::Organization;
use state_machine::{AccountId, Look, Reading, State, Status, Unreadable};

use super::company::{Stopped, look};
use crate::{block_on, wire};

const ALICE: &str = "111122223333";
const BOB: &str = "444455556666";
const UNIT: &str = "ou-ab12-11112222";

fn organization(answer: impl Fn(&str, &Value) -> Value + Send + Sync + 'static) -> Organization {
    let config = wire::config(answer);
    Organization::new(
        aws_sdk_organizations::Client::new(&config),
        aws_sdk_resourcegroupstagging::Client::new(&config),
        Governor::default(),
        Arc::<Stopped>::default(),
        "account-state".into(),
    )
}

fn account(id: &str, more: &Value) -> Value {
    let mut account = json!({"Id": id, "Name": "n", "Email": "e@example.com"});
    account.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    account
}

fn path(id: &str) -> Value {
    json!({"State": "ACTIVE", "Paths": [format!("o-a1b2c3d4e5/r-ab12/{UNIT}/{id}/")]})
}

fn tagged(id: &str, state: &str) -> Value {
    let arn = format!("arn:aws:organizations::210987654321:account/o-a1b2c3d4e5/{id}");
    json!({"ResourceARN": arn, "Tags": [{"Key": "account-state", "Value": state}]})
}

fn alice() -> AccountId {
    ALICE.parse().unwrap()
}

#[test]
fn pages_may_be_empty_and_have_more_after_them() {
    let organization = organization(|operation, request| match operation {
        "ListAccounts" => match request["NextToken"].as_str() {
            None => json!({"Accounts": [], "NextToken": "a"}),
            Some("a") => json!({"Accounts": [account(ALICE, &path(ALICE))], "NextToken": "b"}),
            Some("b") => json!({"Accounts": [], "NextToken": "c"}),
            Some(_) => json!({"Accounts": [account(BOB, &path(BOB))]}),
        },
        "GetResources" => match request["PaginationToken"].as_str() {
            None => json!({"ResourceTagMappingList": [], "PaginationToken": "x"}),
            // The tagging API ends with an empty token.
            Some(_) => json!({"ResourceTagMappingList": [tagged(BOB, "released")], "PaginationToken": ""}),
        },
        "DescribeAccount" => json!({"Account": account(ALICE, &json!({"State": "ACTIVE"}))}),
        "ListTagsForResource" => match request["NextToken"].as_str() {
            None => json!({"Tags": [], "NextToken": "t"}),
            Some(_) => json!({"Tags": [{"Key": "account-state", "Value": "expired"}]}),
        },
        "ListParents" => match request["NextToken"].as_str() {
            None => json!({"Parents": [], "NextToken": "p"}),
            Some(_) => json!({"Parents": [{"Id": "r-ab12", "Type": "ROOT"}]}),
        },
        other => panic!("nobody asks for {other}"),
    });
    block_on(async {
        let listed = organization.list().await.unwrap();
        let found: Vec<_> =
            listed.iter().map(|listed| (listed.account.to_string(), listed.reading.clone())).collect();
        let expected =
            [(ALICE.to_owned(), Reading::Untagged), (BOB.to_owned(), Reading::Known(State::Released))];
        assert_eq!(found, expected, "whoever never had a tag is listed as well");
        assert_eq!(listed[0].profile.units[0].as_str(), UNIT, "the path tells it: nobody walked the tree");
        let Look::Seen(seen) = look(&organization, alice()).await else { panic!() };
        assert_eq!(seen.reading, Reading::Known(State::Expired));
        assert!(seen.profile.units.is_empty());
    });
}

#[test]
fn a_listing_that_goes_round_ends_as_unreadable() {
    let organization = organization(|operation, _| match operation {
        "ListAccounts" => json!({"Accounts": [], "NextToken": "again"}),
        _ => json!({"ResourceTagMappingList": []}),
    });
    assert_eq!(block_on(organization.list()).err(), Some(Unreadable::Failed));
}

#[test]
fn the_path_saves_the_parents_and_the_retired_status_still_counts() {
    let organization = |more: Value| {
        organization(move |operation, _| match operation {
            "DescribeAccount" => json!({"Account": account(ALICE, &more)}),
            "ListTagsForResource" => json!({"Tags": []}),
            "ListParents" => json!({"__type": "AccessDeniedException"}),
            other => panic!("nobody asks for {other}"),
        })
    };
    block_on(async {
        let Look::Seen(seen) = look(&organization(path(ALICE)), alice()).await else { panic!() };
        assert_eq!((seen.status, seen.profile.units.len()), (Status::Active, 1));
        let mut suspended = path(ALICE);
        suspended["State"] = Value::Null;
        suspended["Status"] = "SUSPENDED".into();
        let Look::Seen(seen) = look(&organization(suspended), alice()).await else { panic!() };
        assert_eq!(seen.status, Status::Suspended);
        let mut unknown = path(ALICE);
        unknown["State"] = "FROZEN".into();
        let frozen = look(&organization(unknown), alice()).await;
        assert_eq!(frozen, Look::Unreadable(Unreadable::Failed), "an unknown word is not active");
        // A path of somebody else is no path of this account: then the parents are asked, and this one is denied.
        assert_eq!(look(&organization(path(BOB)), alice()).await, Look::Unreadable(Unreadable::Denied));
    });
}

#[test]
fn an_account_that_leaves_while_it_is_read_is_not_found() {
    for missing in ["DescribeAccount", "ListTagsForResource", "ListParents"] {
        let organization = organization(move |operation, _| match operation {
            "DescribeAccount" if operation == missing => json!({"__type": "AccountNotFoundException"}),
            "ListTagsForResource" if operation == missing => json!({"__type": "TargetNotFoundException"}),
            "ListParents" if operation == missing => json!({"__type": "ChildNotFoundException"}),
            "DescribeAccount" => json!({"Account": account(ALICE, &json!({"State": "ACTIVE"}))}),
            "ListTagsForResource" => json!({"Tags": []}),
            _ => json!({"Parents": [{"Id": "r-ab12", "Type": "ROOT"}]}),
        });
        assert_eq!(block_on(look(&organization, alice())), Look::NotFound, "{missing}");
    }
}

#[test]
fn an_account_that_was_moved_while_the_tree_was_walked_is_asked_for_by_itself() {
    let organization = |parents: Value| {
        organization(move |operation, _| match operation {
            "ListAccounts" => json!({"Accounts": [account(ALICE, &json!({"State": "ACTIVE"}))]}),
            "GetResources" => json!({"ResourceTagMappingList": [tagged(ALICE, "released")]}),
            "ListRoots" => json!({"Roots": [{"Id": "r-ab12"}]}),
            "ListAccountsForParent" => json!({"Accounts": []}),
            "ListOrganizationalUnitsForParent" => json!({"OrganizationalUnits": []}),
            _ => parents.clone(),
        })
    };
    block_on(async {
        let here = json!({"Parents": [{"Id": "r-ab12", "Type": "ROOT"}]});
        assert_eq!(organization(here).list().await.unwrap().len(), 1);
        let gone = json!({"__type": "ChildNotFoundException"});
        assert_eq!(organization(gone).list().await.unwrap().len(), 0);
        let denied = json!({"__type": "AccessDeniedException"});
        assert_eq!(organization(denied).list().await.err(), Some(Unreadable::Denied));
    });
}
