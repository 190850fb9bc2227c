//! Samples that were tampered with, member by member: never a panic, and never a word about somebody else.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "fixtures/events/mod.rs"]
mod fixtures;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fixtures::{STATE_KEY, account, names, text, trust, value};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use spa::event::*;

/// The account of somebody who holds one, and may send any JSON from there.
const HOLDER: &str = "222233334444";

/// What came of an event: its own word, or that of its refusal.
fn outcome(text: &str) -> &'static str {
    match decode(text, &trust()) {
        Ok(event) => {
            drop(route(&event, STATE_KEY));
            "taken"
        }
        Err(refusal) => {
            assert!(refusal.to_string().chars().count() < 700, "{refusal}");
            refusal.code()
        }
    }
}

/// The samples that are events by themselves, and not batches or inputs of a person.
fn events() -> &'static [(String, Value)] {
    static EVENTS: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
        let all = names().into_iter().map(|name| (name.clone(), value(&name)));
        all.filter(|(_, sample)| sample.get("detail").is_some()).collect()
    });
    assert!(EVENTS.len() > 25, "{}", EVENTS.len());
    &EVENTS
}

/// Every object inside a value, by its pointer, with the names of its members.
fn objects(value: &Value) -> Vec<(String, Vec<String>)> {
    fn collect(value: &Value, path: &str, found: &mut Vec<(String, Vec<String>)>) {
        match value {
            Value::Array(elements) => {
                for (number, element) in elements.iter().enumerate() {
                    collect(element, &format!("{path}/{number}"), found);
                }
            }
            Value::Object(members) => {
                found.push((path.to_owned(), members.keys().cloned().collect()));
                for (name, member) in members {
                    collect(member, &format!("{path}/{name}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found
}

/// Tries each member of each sample in turn, changed; tells how often each outcome was met.
fn each_member(change: impl Fn(&mut serde_json::Map<String, Value>, &str)) -> BTreeMap<&'static str, u32> {
    let mut met = BTreeMap::new();
    for (_, sample) in events() {
        for (pointer, members) in objects(sample) {
            for member in members {
                let mut changed = sample.clone();
                change(changed.pointer_mut(&pointer).unwrap().as_object_mut().unwrap(), &member);
                *met.entry(outcome(&changed.to_string())).or_insert(0) += 1;
            }
        }
    }
    met
}

#[test]
fn a_member_that_is_left_out_is_missed_or_was_not_needed() {
    let met = each_member(|object, member| drop(object.remove(member)));
    assert!(met["missing-field"] > 100 && met["taken"] > 100, "{met:?}");
    assert!(!met.contains_key("not-json"), "{met:?}");
}

#[test]
fn the_case_of_names_counts() {
    let capital = |object: &mut serde_json::Map<String, Value>, member: &str| {
        let value = object.remove(member).unwrap();
        object.insert(member.to_uppercase(), value);
    };
    // A name in another case is another name, so it is as if the member were left out.
    assert_eq!(each_member(capital), each_member(|object, member| drop(object.remove(member))));
}

#[test]
fn a_member_that_nobody_knows_changes_nothing() {
    let more = each_member(|object, member| drop(object.insert(format!("{member}2"), json!([{ "a": 1 }]))));
    let same = each_member(|_, _| ());
    assert_eq!(more, same);
}

#[test]
fn a_member_that_stands_there_twice_is_refused_wherever_it_is_read() {
    for (name, sample) in events() {
        let text = sample.to_string();
        if outcome(&text) != "taken" {
            continue;
        }
        for member in ["id", "account", "source", "detail-type", "time", "region", "detail"] {
            let again = format!("{{\"{member}\":{},{}", sample[member], &text[1..]);
            assert_eq!(outcome(&again), "invalid-field", "{name} {member}");
        }
    }
}

#[test]
fn half_an_event_is_no_event() {
    for (name, _) in events() {
        let text = text(name);
        let whole = text.trim_end().len();
        for end in (0..whole).filter(|end| text.is_char_boundary(*end)) {
            assert_eq!(outcome(&text[..end]), "not-json", "{name} up to {end}");
        }
    }
}

#[test]
fn marks_and_nulls_around_an_event_make_it_none() {
    let event = text("organizations-tag-expired");
    for (before, after) in [("\u{feff}", ""), ("\0", ""), ("", "\0"), ("", "\u{feff}"), ("", "{}")] {
        let code = outcome(&format!("{before}{event}{after}"));
        assert_eq!(code, "not-json", "{before:?} {after:?}");
    }
}

#[test]
fn numbers_of_any_size_are_only_numbers() {
    for number in ["1e400", "-1e400", "123456789012345678901234567890", "0.1e-999999999", "-0", "1E+5"] {
        for (name, sample) in events() {
            for (pointer, members) in objects(sample) {
                let Some(member) = members.first() else { continue };
                let mut changed = sample.clone();
                changed.pointer_mut(&pointer).unwrap()[member] = json!("@number@");
                let text = changed.to_string().replace("\"@number@\"", number);
                assert!(!outcome(&text).is_empty(), "{name} {pointer}/{member}");
            }
        }
    }
}

#[test]
fn a_holder_may_speak_of_its_own_account() {
    let mut taken = Vec::new();
    for (name, sample) in events() {
        let mut event: Value =
            serde_json::from_str(&sample.to_string().replace("777788889999", HOLDER)).unwrap();
        event["account"] = json!(HOLDER);
        if outcome(&event.to_string()) == "taken" {
            taken.push(name.as_str());
        }
    }
    // Else the property below would say nothing.
    let expected = [
        "codebuild-other-project",
        "codebuild-preparation-failed",
        "codebuild-preparation-succeeded",
        "codebuild-purge-failed",
        "codebuild-purge-succeeded",
        "signin-assumed-role",
        "signin-iam-user",
        "signin-root",
        "spa-account-PreparationReport",
        "spa-account-PurgeReport",
    ];
    assert_eq!(taken, expected);
}

/// A change of a JSON value: in which of its places, and what stands there afterwards.
fn change() -> impl Strategy<Value = (Index, Value)> {
    let words = select(vec![
        "111122223333",
        "444455556666",
        "777788889999",
        "aws.organizations",
        "organizations.amazonaws.com",
        "SustainablePersonalAccounts",
        "aws.codebuild",
        "aws.signin",
        "aws.events",
        "TagResource",
        "MoveAccount",
        "ReleasedAccount",
        "PurgeReport",
        "CodeBuild Build State Change",
        "Spa",
        "expired",
        "account-state",
        "arn:aws:codebuild:eu-west-1:777788889999:build/SpaProjectForAccountPurge:1",
        "arn:aws:events:eu-west-1:111122223333:rule/SpaMaintenanceWindow",
    ]);
    let value = prop_oneof![
        6 => words.prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<u64>().prop_map(Value::from),
        1 => ".{0,12}".prop_map(Value::from),
        1 => Just(json!([])),
        1 => Just(json!({})),
    ];
    (any::<Index>(), value)
}

fn places(value: &Value) -> Vec<String> {
    let objects = objects(value).into_iter();
    objects
        .flat_map(|(path, members)| members.into_iter().map(move |name| format!("{path}/{name}")))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// What cannot be forged is the account on the envelope. Whatever else a holder writes, and whatever it
    /// copies from a real event, it speaks of that account alone.
    #[test]
    fn a_holder_speaks_of_nobody_else(
        sample in any::<Index>(),
        changes in proptest::collection::vec(change(), 0..6),
        other in any::<Index>(),
        graft in any::<bool>(),
        own in any::<bool>(),
    ) {
        let events = events();
        let mut event = sample.get(events).1.clone();
        if graft {
            // The envelope of one event around the detail of another.
            event["detail"] = other.get(events).1["detail"].clone();
        }
        if own {
            // Half of them begin as what a holder may say.
            event = serde_json::from_str(&event.to_string().replace("777788889999", HOLDER)).unwrap();
        }
        for (place, value) in changes {
            let places = places(&event);
            *event.pointer_mut(place.get(&places).as_str()).unwrap() = value;
            if !event.is_object() {
                break;
            }
        }
        event["account"] = json!(HOLDER);
        if let Ok(event) = decode(&event.to_string(), &trust()) {
            prop_assert_eq!(event.envelope.account, account(HOLDER));
            prop_assert_eq!(event.account(), Some(account(HOLDER)), "{:?}", event);
            // Neither the organization, nor schedules, nor what this system says about itself.
            match &event.body {
                Body::Build(_) | Body::SignIn(_) => {}
                Body::Own(OwnEvent { news: News::Account(report), .. }) => {
                    let label = report.label;
                    let is_report = matches!(label, AccountLabel::PreparationReport | AccountLabel::PurgeReport);
                    prop_assert!(is_report, "{label:?}");
                }
                body => prop_assert!(false, "{:?}", body),
            }
        }
    }

    /// An event that really came is taken, or refused with a word for the reason, whatever happened to it.
    #[test]
    fn samples_with_changed_members_are_answered(
        sample in any::<Index>(),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        let mut event = sample.get(events()).1.clone();
        for (place, value) in changes {
            let places = places(&event);
            if places.is_empty() {
                break;
            }
            *event.pointer_mut(place.get(&places).as_str()).unwrap() = value;
        }
        prop_assert!(!outcome(&event.to_string()).is_empty());
    }
}
