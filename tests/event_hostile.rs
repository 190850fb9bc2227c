//! Input that wants to do harm: none makes the decoder panic, hang, or repeat more than a few words of it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "fixtures/events/mod.rs"]
mod fixtures;

use std::time::Instant;

use fixtures::{STATE_KEY, text, trust, value};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use spa::event::*;

/// Reads the input in every way that there is, and checks what every refusal promises.
fn read(input: &[u8]) -> Result<Delivery, Refusal> {
    for item in read_events(input) {
        if let Err(refusal) = item.outcome {
            check(&refusal);
        }
    }
    if let Ok(text) = std::str::from_utf8(input) {
        match decode(text, &trust()) {
            Ok(event) => drop(route(&event, STATE_KEY)),
            Err(refusal) => check(&refusal),
        }
    }
    let delivery = receive(input, &trust());
    match &delivery {
        Ok(Delivery::Batch(messages)) => {
            for message in messages {
                assert_eq!(message.excerpt.is_some(), message.outcome.is_err());
                match &message.outcome {
                    Ok(event) => drop(route(event, STATE_KEY)),
                    Err(refusal) => check(refusal),
                }
            }
        }
        Ok(Delivery::Event(_) | Delivery::Invocation(_)) => {}
        Err(refusal) => check(refusal),
    }
    delivery
}

fn check(refusal: &Refusal) {
    let message = refusal.to_string();
    assert!(message.chars().count() < 700, "{message}");
    assert!(!message.contains(char::is_control), "{message:?}");
    let code = refusal.code();
    assert!(code.chars().all(|c| c == '-' || c.is_ascii_lowercase() || c == '8'), "{code}");
    let classes = [refusal.is_malformed(), refusal.is_foreign(), refusal.is_hostile()];
    assert_eq!(classes.iter().filter(|&&class| class).count(), 1, "{code}");
}

fn code(input: &[u8]) -> &'static str {
    read(input).map_or_else(|refusal| refusal.code(), |_| "taken")
}

#[test]
fn what_is_no_json() {
    let cases: [(&[u8], &str); 20] = [
        (b"", "not-json"),
        (b" \n ", "not-json"),
        (b"{", "not-json"),
        (b"{\"id\"", "not-json"),
        (b"{\"id\": \"1\",}", "not-json"),
        (b"{} {}", "not-json"),
        (b"{}}", "not-json"),
        (b"{'id': 1}", "not-json"),
        (b"nul", "not-json"),
        (b"{\"id\": NaN}", "not-json"),
        (b"{\"id\": \"\x00\"}", "not-json"),
        (b"{\"id\": \"a\nb\"}", "not-json"),
        (b"{\"id\": \"\\ud800\"}", "not-json"),
        (b"{\"id\": \"\\x\"}", "not-json"),
        (b"\xef\xbb\xbf{}", "not-json"),
        (b"\xff\xfe{\x00}\x00", "not-utf-8"),
        (b"{\"id\": \"\xc3\x28\"}", "not-utf-8"),
        (b"{\"id\": \"\xed\xa0\x80\"}", "not-utf-8"),
        (b"\x1f\x8b\x08\x00", "not-utf-8"),
        (b"<html></html>", "not-json"),
    ];
    for (input, expected) in cases {
        assert_eq!(code(input), expected, "{:?}", String::from_utf8_lossy(input));
    }
}

#[test]
fn what_is_json_and_no_event() {
    let cases = [
        ("null", "invalid-field"),
        ("true", "invalid-field"),
        ("5", "invalid-field"),
        ("\"{}\"", "invalid-field"),
        ("[]", "invalid-field"),
        ("[{}]", "invalid-field"),
        ("[\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", null, null, null, null]", "invalid-field"),
        ("{\"Records\": 5}", "invalid-field"),
        ("{\"Records\": {}}", "invalid-field"),
        ("{\"Records\": null}", "unknown-shape"),
        ("{\"Records\": [], \"source\": \"x\"}", "invalid-field"),
        ("{\"source\": \"x\"}", "missing-field"),
        ("{\"source\": null, \"detail\": null}", "unknown-shape"),
        ("{\"detail\": {}}", "missing-field"),
        ("{\"requestContext\": {\"http\": {\"method\": \"GET\"}}}", "unknown-shape"),
        ("{\"Records\": []}", "taken"),
    ];
    for (input, expected) in cases {
        assert_eq!(code(input.as_bytes()), expected, "{input}");
    }
}

#[test]
fn strange_values_where_nobody_looks_do_no_harm() {
    let strange = [
        "1e999",
        "-1e-999",
        "123456789012345678901234567890123456789012345678901234567890",
        "\"\\ud800\"",
        "\"\\udfff\\ud800\"",
        "\"\\u0000\"",
        "\"\u{202e}\u{0}\"",
        "{\"a\": 1, \"a\": 2}",
    ];
    for name in ["organizations-tag-expired", "codebuild-purge-failed", "spa-account-PurgedAccount"] {
        let text = text(name);
        let good = decode(&text, &trust()).unwrap();
        for strange in strange.into_iter().filter(|strange| !strange.contains('\0')) {
            let changed = text.replacen('{', &format!("{{\"strange\": {strange},"), 1);
            assert_eq!(decode(&changed, &trust()).as_ref(), Ok(&good), "{name} {strange}");
            let changed =
                text.replacen("\"detail\": {", &format!("\"detail\": {{\"strange\": {strange},"), 1);
            assert_eq!(decode(&changed, &trust()).as_ref(), Ok(&good), "{name} {strange}");
        }
    }
    // Where somebody looks, they are told.
    for (strange, expected) in [("1e999", "not-json"), ("\"\\ud800\"", "not-json"), ("{}", "invalid-field")] {
        let text = text("spa-account-PurgedAccount").replace("\"777788889999\"", strange);
        assert_eq!(code(text.as_bytes()), expected, "{strange}");
    }
}

#[test]
fn text_may_hold_everything_that_json_can_say() {
    let mut event = value("spa-account-PurgeReport");
    let message = "\u{0}\u{1b}[2J\u{202e}\u{fffd}😀\"\\\n";
    event["detail"]["Message"] = message.into();
    let event = decode(&event.to_string(), &trust()).unwrap();
    assert!(matches!(
        event.body,
        Body::Own(OwnEvent { news: News::Account(AccountEvent { message: Some(found), .. }), .. })
            if &*found == message
    ));
}

#[test]
fn nesting_is_no_danger() {
    let depth = 200_000;
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let nested = format!("{}1{}", open.repeat(depth / open.len()), close.repeat(depth / open.len()));
        // As a value that nobody reads it is passed over.
        for name in ["organizations-tag-expired", "codebuild-purge-failed", "spa-account-PurgedAccount"] {
            let text = text(name).replacen("\"detail\": {", &format!("\"detail\": {{\"deep\": {nested},"), 1);
            assert!(decode(&text, &trust()).is_ok(), "{name} {open}");
        }
        // As a value that somebody reads, as the whole, or cut off, it is refused.
        for input in [
            nested.clone(),
            open.repeat(depth / open.len()),
            format!("{{\"source\": {nested}}}"),
            format!("{{\"detail\": {nested}}}"),
            format!("{{\"Records\": {nested}}}"),
            format!("{{\"Records\": [{nested}]}}"),
            format!("{{\"date\": {nested}}}"),
            text("organizations-tag-expired").replace("\"alice@example.com\"", &nested),
            text("spa-activity-ConsoleLoginEvent").replace("1795197600.25", &nested),
        ] {
            let outcome = read(input.as_bytes());
            let refused = match &outcome {
                Ok(Delivery::Batch(messages)) => messages.iter().all(|message| message.outcome.is_err()),
                Ok(_) => false,
                Err(_) => true,
            };
            assert!(refused, "{open} {outcome:?}");
        }
    }
}

#[test]
fn size_is_limited() {
    let padded = |name: &str, size: usize| {
        let text = text(name);
        let padding = " ".repeat(size - text.len());
        text + &padding
    };
    let event = "organizations-tag-expired";
    assert_eq!(code(padded(event, EVENT_LIMIT).as_bytes()), "taken");
    let refusal = Refusal::TooLarge { size: EVENT_LIMIT + 1, limit: EVENT_LIMIT };
    assert_eq!(decode(&padded(event, EVENT_LIMIT + 1), &trust()), Err(refusal.clone()));
    assert_eq!(receive(padded(event, EVENT_LIMIT + 1).as_bytes(), &trust()), Err(refusal));

    let batch = "sqs-budget-alert";
    assert_eq!(code(padded(batch, DELIVERY_LIMIT).as_bytes()), "taken");
    let refusal = Refusal::TooLarge { size: DELIVERY_LIMIT + 1, limit: DELIVERY_LIMIT };
    assert_eq!(receive(padded(batch, DELIVERY_LIMIT + 1).as_bytes(), &trust()), Err(refusal));

    let records = |number: usize| format!("{{\"Records\": [{}5]}}", "5,".repeat(number - 1));
    assert_eq!(code(records(10_000).as_bytes()), "taken");
    let refusal = receive(records(10_001).as_bytes(), &trust()).unwrap_err();
    let message = "$.Records cannot be read: 10001 messages are more than Lambda delivers at once";
    assert_eq!(refusal.to_string(), message);
}

#[test]
fn long_words_are_cut_short() {
    let long = "x\u{1b}".repeat(100_000);
    let pointers = [
        ("organizations-tag-expired", "/source"),
        ("organizations-tag-expired", "/detail-type"),
        ("organizations-tag-expired", "/account"),
        ("organizations-tag-expired", "/time"),
        ("organizations-tag-expired", "/detail/eventSource"),
        ("organizations-tag-expired", "/detail/eventName"),
        ("organizations-tag-expired", "/detail/recipientAccountId"),
        ("organizations-tag-expired", "/detail/requestParameters/resourceId"),
        ("organizations-tag-expired", "/detail/requestParameters/tags"),
        ("organizations-move-account", "/detail/requestParameters/accountId"),
        ("organizations-move-account", "/detail/requestParameters/sourceParentId"),
        ("organizations-create-account-result", "/detail/serviceEventDetails/createAccountStatus/state"),
        ("codebuild-purge-failed", "/detail/build-id"),
        ("codebuild-purge-failed", "/detail/build-status"),
        ("codebuild-purge-failed", "/detail/project-name"),
        ("signin-root", "/detail/userIdentity/type"),
        ("signin-root", "/detail/recipientAccountId"),
        ("signin-assumed-role", "/detail/userIdentity/arn"),
        ("schedule", "/resources/0"),
        ("spa-account-PurgedAccount", "/detail/Environment"),
        ("spa-account-PurgedAccount", "/detail/Account"),
        ("spa-exception-GenericException", "/detail/ContentType"),
        ("spa-exception-GenericException", "/detail/Payload/account"),
        ("spa-activity-ConsoleLoginEvent", "/detail/Payload/begin"),
    ];
    for (name, pointer) in pointers {
        let mut value = value(name);
        *value.pointer_mut(pointer).unwrap() = long.as_str().into();
        assert!(read(value.to_string().as_bytes()).is_err(), "{name} {pointer}");
    }
    let mut key = value("spa-activity-ConsoleLoginEvent");
    key["detail"]["Payload"][&long] = Value::Null;
    assert_eq!(code(key.to_string().as_bytes()), "taken");
    let twice = format!("{{\"{0}\": \"1\", \"{0}\": \"2\",", "k".repeat(1000));
    let twice =
        text("spa-activity-ConsoleLoginEvent").replace("\"Payload\": {", &format!("\"Payload\": {twice}"));
    assert_eq!(code(twice.as_bytes()), "invalid-field");
}

#[test]
fn many_small_things_take_no_longer_than_their_length() {
    let tag = "{\"key\": \"k\", \"value\": \"v\"},";
    let inputs = [
        text("organizations-tag-expired")
            .replace("\"tags\": [", &format!("\"tags\": [{}", tag.repeat(30_000))),
        text("sqs-budget-alert")
            .replace("\"Records\": [", &format!("\"Records\": [{}", "{},".repeat(1_000_000))),
        format!("{{\"Records\": [{}5]}}", "5,".repeat(9_999)),
        format!("{{\"{}\": 1}}", "\\u0041".repeat(150_000)),
        format!("{{{}\"id\": 1}}", "\"a\": 1,".repeat(140_000)),
        format!("{{\"source\": \"{}\", \"detail\": {{}}}}", "é".repeat(500_000)),
    ];
    for input in inputs {
        let begin = Instant::now();
        drop(receive(input.as_bytes(), &trust()));
        assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    }
}

/// Every value inside a sample, by its pointer.
fn pointers(value: &Value) -> Vec<String> {
    fn collect(value: &Value, path: &str, found: &mut Vec<String>) {
        found.push(path.to_owned());
        match value {
            Value::Array(elements) => {
                for (number, element) in elements.iter().enumerate() {
                    collect(element, &format!("{path}/{number}"), found);
                }
            }
            Value::Object(members) => {
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

#[test]
fn every_member_may_have_every_type() {
    let values = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1.5e300),
        json!(""),
        json!("\u{0}"),
        json!("arn:aws:x:::"),
        json!("777788889999"),
        json!([]),
        json!([[]]),
        json!({}),
        json!({ "": null }),
    ];
    for name in fixtures::names() {
        let sample = value(&name);
        for pointer in pointers(&sample) {
            for replacement in &values {
                let mut changed = sample.clone();
                *changed.pointer_mut(&pointer).unwrap() = replacement.clone();
                drop(read(changed.to_string().as_bytes()));
                // The same inside the body of a message.
                let mut batch = value("sqs-organizations-tag-assigned");
                batch["Records"][0]["body"] = changed.to_string().into();
                drop(read(batch.to_string().as_bytes()));
            }
        }
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9]{11,13}|(aws|com)\\.[a-z]{1,9}|arn:aws:[a-z]{0,9}:[a-z]*:[0-9]*:.{0,9}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(
                prop_oneof![
                    any::<String>(),
                    "id|source|detail|detail-type|account|Records|body|date|Environment|eventSource"
                ],
                inner,
                0..5
            )
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes(input in proptest::collection::vec(any::<u8>(), 0..400)) {
        drop(read(&input));
    }

    #[test]
    fn any_json(value in json_value()) {
        drop(read(value.to_string().as_bytes()));
    }

    #[test]
    fn any_value_in_any_place(name in any::<Index>(), place in any::<Index>(), replacement in json_value()) {
        let mut value = value(name.get(fixtures::names().as_slice()).as_str());
        let pointer = place.get(&pointers(&value)).clone();
        *value.pointer_mut(&pointer).unwrap() = replacement;
        drop(read(value.to_string().as_bytes()));
    }

    #[test]
    fn damaged_samples(
        name in any::<Index>(),
        damages in proptest::collection::vec((any::<Index>(), any::<u8>(), 0..4_u8), 1..6),
    ) {
        let mut bytes = text(name.get(fixtures::names().as_slice()).as_str()).into_bytes();
        for (place, byte, kind) in damages {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.truncate(at),
                _ => bytes.insert(at, byte),
            }
        }
        drop(read(&bytes));
    }
}
