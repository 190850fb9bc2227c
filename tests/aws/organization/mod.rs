//! AWS Organizations and its tags.
//!
//! - `company`: an organization in moto
//! - `exchange`: answers that moto never gives, word by word

mod company;
mod exchange;

use std::collections::BTreeMap;
use std::sync::Arc;

use spa::cloud::{Known, Organization as _};
use state_machine::{
    AccountId, Decision, Evidence, FailureKind, Intent, Look, Reading, Scope, Seen, State, Status, Trigger,
    Unreadable, authorise, decide,
};

use crate::block_on;
pub(crate) use company::Stopped;
use company::{Company, at, policy};

fn seen(look: Look) -> Seen {
    match look {
        Look::Seen(seen) => *seen,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_look_tells_state_tags_and_all_units_around() {
    block_on(async {
        let company = Company::found().await;
        let (outer, inner) = (company.unit("r", "people").await, "trainees");
        let inner = company.unit(outer.as_str(), inner).await;
        let account =
            company.account("alice", &[("account-state", "released"), ("cost-center", "a b")]).await;
        company.put(account, &inner).await;
        let seen = seen(company.look(account).await);
        assert_eq!(seen.at, at(0));
        assert_eq!((seen.status, &seen.reading), (Status::Active, &Reading::Known(State::Released)));
        assert_eq!(*seen.profile.units, [inner.clone(), outer.clone()]);
        assert_eq!((&*seen.profile.name, &*seen.profile.email), ("alice", "alice@example.com"));
        let tags: Vec<_> = seen.profile.tags.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(tags, [("cost-center", "a b")], "the state is no tag beside the others");
    });
}

#[test]
fn what_the_state_tag_says_is_told_apart() {
    block_on(async {
        let company = Company::found().await;
        for (name, tags, reading) in [
            ("bare", &[][..], Reading::Untagged),
            ("other", &[("account-holder", "x@example.com")], Reading::Untagged),
            ("odd", &[("account-state", "Released")], Reading::Unrecognised("Released".into())),
        ] {
            let account = company.account(name, tags).await;
            assert_eq!(seen(company.look(account).await).reading, reading, "{name}");
        }
    });
}

#[test]
fn an_account_in_the_root_stands_in_no_unit() {
    block_on(async {
        let company = Company::found().await;
        let account = company.account("alice", &[]).await;
        assert!(seen(company.look(account).await).profile.units.is_empty());
    });
}

#[test]
fn a_closed_account_is_not_active_and_an_unknown_one_is_not_found() {
    block_on(async {
        let company = Company::found().await;
        let account = company.account("alice", &[]).await;
        company.organizations.close_account().account_id(account.to_string()).send().await.unwrap();
        assert_eq!(seen(company.look(account).await).status, Status::Suspended);
        let nobody = AccountId::from_number(1).unwrap();
        assert_eq!(company.look(nobody).await, Look::NotFound);
    });
}

#[test]
fn units_above_the_nearest_are_remembered_for_an_hour_and_the_nearest_never() {
    block_on(async {
        let company = Company::found().await;
        let outer = company.unit("r", "people").await;
        let inner = company.unit(outer.as_str(), "trainees").await;
        let other = company.unit(outer.as_str(), "others").await;
        let account = company.account("alice", &[]).await;
        company.put(account, &inner).await;
        let parents = async |minutes, expected: usize| {
            company.clock.set(minutes);
            let before = company.count("organizations:ListParents");
            let units = seen(company.look(account).await).profile.units.clone();
            assert_eq!(company.count("organizations:ListParents") - before, expected, "{minutes}");
            units
        };
        parents(0, 3).await;
        parents(59, 1).await;
        company.put(account, &other).await;
        assert_eq!(*parents(59, 2).await, [other, outer], "a move is seen at once");
        parents(121, 3).await;
        // A clock that jumped back: what was remembered then is not of now.
        parents(30, 3).await;
    });
}

#[test]
fn a_look_that_fails_in_any_part_is_unreadable_and_says_why() {
    block_on(async {
        let company = Company::found().await;
        let unit = company.unit("r", "people").await;
        let account = company.account("alice", &[("account-state", "released")]).await;
        company.put(account, &unit).await;
        for operation in ["DescribeAccount", "ListTagsForResource", "ListParents"] {
            for (status, code, expected) in [
                (400, "AccessDeniedException", Unreadable::Denied),
                (400, "AWSOrganizationsNotInUseException", Unreadable::Failed),
            ] {
                company.guest.refuse(operation, 1, status, code);
                assert_eq!(company.look(account).await, Look::Unreadable(expected), "{operation} {code}");
            }
        }
        // Each refusal was used up: now there is nothing in the way.
        assert!(matches!(company.look(account).await, Look::Seen(_)));
    });
}

#[test]
fn a_throttled_look_expires_nobody() {
    block_on(async {
        let company = Company::found().await;
        let account = company.account("alice", &[("account-state", "expired")]).await;
        for code in ["TooManyRequestsException", "ThrottlingException"] {
            for operation in ["DescribeAccount", "ListTagsForResource"] {
                company.guest.refuse(operation, 1, 400, code);
                let look = company.look(account).await;
                assert_eq!(look, Look::Unreadable(Unreadable::Throttled), "{operation} {code}");
            }
            company.guest.refuse("ListAccounts", 1, 400, code);
            assert_eq!(company.adapter.list().await.err(), Some(Unreadable::Throttled), "{code}");
        }
    });
}

#[test]
fn a_listing_shows_of_every_account_what_a_look_shows() {
    block_on(async {
        let company = Company::found().await;
        let outer = company.unit("r", "people").await;
        let inner = company.unit(outer.as_str(), "trainees").await;
        for number in 0..25 {
            let state: &[_] = match number % 3 {
                0 => &[],
                1 => &[("account-state", "released"), ("cost-center", "x")],
                _ => &[("account-state", "vanilla")],
            };
            let account = company.account(&format!("person-{number}"), state).await;
            match number % 4 {
                0 => {}
                1 => company.put(account, &outer).await,
                _ => company.put(account, &inner).await,
            }
        }
        let listed = company.adapter.list().await.unwrap();
        // The management account is one of them.
        assert_eq!(listed.len(), 26);
        for listed in &listed {
            let seen = seen(company.look(listed.account).await);
            assert_eq!((listed.status, &listed.reading), (seen.status, &seen.reading), "{}", listed.account);
            assert_eq!(listed.profile, seen.profile, "{}", listed.account);
        }
        let shared = listed.iter().filter(|listed| listed.profile.units.len() == 2);
        let places: std::collections::BTreeSet<_> = shared.map(|one| one.profile.units.as_ptr()).collect();
        assert_eq!(places.len(), 1, "accounts of a unit share its list");
    });
}

#[test]
fn calls_of_a_listing_grow_with_pages_and_units() {
    block_on(async {
        let company = Company::found().await;
        let outer = company.unit("r", "people").await;
        let inner = company.unit(outer.as_str(), "trainees").await;
        let mut accounts = 1;
        for (more, expected) in [
            (
                3,
                [
                    ("tag:GetResources", 1),
                    ("organizations:ListAccounts", 1),
                    ("organizations:ListAccountsForParent", 3),
                ],
            ),
            (
                38,
                [
                    ("tag:GetResources", 1),
                    ("organizations:ListAccounts", 3),
                    ("organizations:ListAccountsForParent", 5),
                ],
            ),
        ] {
            for number in 0..more {
                let account =
                    company.account(&format!("{more}-{number}"), &[("account-state", "released")]).await;
                company.put(account, &inner).await;
                accounts += 1;
            }
            let before = company.calls();
            assert_eq!(company.adapter.list().await.unwrap().len(), accounts);
            let mut calls = BTreeMap::new();
            for call in company.calls().split_off(before.len()) {
                *calls.entry(call).or_insert(0) += 1;
            }
            for (call, times) in expected {
                assert_eq!(calls.remove(call), Some(times), "{accounts} accounts: {call}");
            }
            assert_eq!(calls.remove("organizations:ListOrganizationalUnitsForParent"), Some(3));
            assert_eq!(calls.remove("organizations:ListRoots"), Some(1));
            assert!(calls.is_empty(), "{calls:?}");
        }
    });
}

/// Where accounts tell their paths, nobody asks for units, and everything is seen as the walk sees it.
#[test]
fn paths_spare_the_walk_and_tell_the_same() {
    block_on(async {
        let company = Company::telling_paths().await;
        let outer = company.unit("r", "people").await;
        let inner = company.unit(outer.as_str(), "trainees").await;
        for number in 0..21 {
            let account =
                company.account(&format!("person-{number}"), &[("account-state", "released")]).await;
            company.put(account, if number % 2 == 0 { &outer } else { &inner }).await;
        }
        let before = company.calls().len();
        let told = company.adapter.list().await.unwrap();
        let mut calls = company.calls().split_off(before);
        calls.sort();
        assert_eq!(
            calls,
            ["organizations:ListAccounts", "organizations:ListAccounts", "tag:GetResources"],
            "22 accounts are two pages of one listing, and one of the other"
        );
        let before = company.calls().len();
        let look = seen(company.look(told[1].account).await);
        assert_eq!(company.calls().split_off(before).len(), 2, "what it is, and its tags");
        assert_eq!(look.profile, told[1].profile);

        company.guest.describe_without_paths();
        let walked = company.adapter.list().await.unwrap();
        assert_eq!(told.len(), walked.len());
        for (told, walked) in told.iter().zip(&walked) {
            assert_eq!((told.account, &told.profile), (walked.account, &walked.profile));
        }
    });
}

#[test]
fn an_incomplete_listing_is_no_listing() {
    block_on(async {
        let company = Company::found().await;
        let unit = company.unit("r", "people").await;
        for number in 0..21 {
            let account =
                company.account(&format!("person-{number}"), &[("account-state", "released")]).await;
            company.put(account, &unit).await;
        }
        for operation in [
            "GetResources",
            "ListAccounts",
            "ListRoots",
            "ListAccountsForParent",
            "ListOrganizationalUnitsForParent",
        ] {
            // More than once: a call of the listing before, which was given up on its way, may take one of them.
            company.guest.refuse(operation, 9, 400, "AccessDeniedException");
            assert_eq!(company.adapter.list().await.err(), Some(Unreadable::Denied), "{operation}");
            company.guest.refuse_nothing();
        }
        assert_eq!(company.adapter.list().await.unwrap().len(), 22);
    });
}

#[test]
fn all_tags_are_set_in_one_call_after_others_were_taken_away() {
    block_on(async {
        let company = Company::found().await;
        let account = company.account("alice", &[("account-state", "vanilla"), ("Owner", "x")]).await;
        let before = company.calls().len();
        company.adapter.write_tags(company.warrant(account).await).await.unwrap();
        let mut calls = company.calls().split_off(before);
        calls.retain(|call| call.contains("agResource"));
        assert_eq!(calls, ["organizations:UntagResource", "organizations:TagResource"]);
        let seen = seen(company.look(account).await);
        assert_eq!(seen.reading, Reading::Known(State::Assigned));
        let tags: Vec<_> = seen.profile.tags.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(tags, [("account-holder", "alice@example.com"), ("managed-by", "SPA")]);
    });
}

#[test]
fn a_write_that_is_refused_is_told_with_its_kind() {
    block_on(async {
        let company = Company::found().await;
        let account = company.account("alice", &[("account-state", "vanilla"), ("Owner", "x")]).await;
        for (operation, code, kind) in [
            ("UntagResource", "AccessDeniedException", FailureKind::Denied),
            ("TagResource", "AccessDeniedException", FailureKind::Denied),
            ("TagResource", "TargetNotFoundException", FailureKind::Missing),
        ] {
            let warrant = company.warrant(account).await;
            company.guest.refuse(operation, 1, 400, code);
            let failure = company.adapter.write_tags(warrant).await.unwrap_err();
            assert_eq!(failure.kind, kind, "{operation} {code}: {}", failure.message);
        }
    });
}

impl Company {
    /// The warrant to on-board an account, as the lifecycle comes by it: it was seen without a state before.
    async fn warrant(&self, account: AccountId) -> state_machine::Warrant {
        let look = self.look(account).await;
        let before = Seen { reading: Reading::Untagged, ..seen(look.clone()) };
        let (mut head, policy) = (Arc::new(state_machine::Account::unseen(account)), policy());
        for (look, minute) in [(Look::Seen(Box::new(before)), 1), (look.clone(), 2)] {
            let evidence = Evidence::look(look);
            match decide(&head, &policy, &Trigger::DIFFERENCE, &evidence, at(minute)) {
                Decision::Append { account, .. } => head = account,
                other => panic!("{other:?}"),
            }
        }
        let owed = head.owed().iter().rev().find(|owed| matches!(owed.intent, Intent::WriteTags(_)));
        let owed = owed.unwrap_or_else(|| panic!("{head:?}"));
        authorise(&head, &policy, owed, Some(&look), at(2)).unwrap()
    }
}

#[test]
fn of_an_account_that_is_known_only_the_tags_are_read() {
    block_on(async {
        let company = Company::found().await;
        let account = company.account("alice", &[("account-state", "released")]).await;
        let head = state_machine::Account::unseen(account);
        let read = async |scope, since: i64, expected: &[&str]| {
            let before = company.calls().len();
            let known = Known { head: &head, since: at(since) };
            let look = company.adapter.look(account, scope, known).await;
            assert_eq!(seen(look).reading, Reading::Known(State::Released), "{scope:?} {since}");
            let mut calls = company.calls().split_off(before);
            calls.sort();
            assert_eq!(calls, expected, "{scope:?} {since}");
        };
        let tags = &["organizations:ListTagsForResource"][..];
        let whole = &[
            "organizations:DescribeAccount",
            "organizations:ListParents",
            "organizations:ListTagsForResource",
        ];
        read(Scope::Tags, 0, whole).await;
        company.adapter.list().await.unwrap();
        read(Scope::Tags, 0, tags).await;
        read(Scope::Index, 0, &["tag:GetResources"]).await;
        read(Scope::Whole, 0, whole).await;
        read(Scope::Tags, 1, whole).await;
    });
}
