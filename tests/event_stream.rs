//! Files of events: what can be read is read, and what cannot is named with its line.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "fixtures/events/mod.rs"]
mod fixtures;

use std::time::Instant;

use fixtures::{text, trust};
use proptest::prelude::*;
use serde_json::json;
use spa::event::{Item, Refusal, read_events, receive};

/// The items as `line: text` or `line! reason`.
fn told(input: &[u8]) -> Vec<String> {
    let tell = |item: Item<'_>| match item.outcome {
        Ok(text) => format!("{}: {text}", item.line),
        Err(refusal) => format!("{}! {refusal}", item.line),
    };
    read_events(input).into_iter().map(tell).collect()
}

#[test]
fn one_object_a_list_or_one_after_the_other() {
    let cases: [(&str, &[&str]); 12] = [
        ("", &[]),
        (" \n\t\r\n", &[]),
        ("[]", &[]),
        ("{}", &["1: {}"]),
        ("\u{feff}{}", &["1: {}"]),
        ("\n\n  {\n  \"a\": 1\n}\n", &["3: {\n  \"a\": 1\n}"]),
        ("{\"a\":1}\n{\"b\":2}\r\n\n{\"c\":3}", &["1: {\"a\":1}", "2: {\"b\":2}", "4: {\"c\":3}"]),
        ("{\"a\":1} {\"b\":2}", &["1: {\"a\":1}", "1: {\"b\":2}"]),
        ("{\n\"a\":\n1}\n{\n\"b\":2}", &["1: {\n\"a\":\n1}", "4: {\n\"b\":2}"]),
        ("[{\"a\":1},\n {\"b\":2}\n]", &["1: {\"a\":1}", "2: {\"b\":2}"]),
        // Written without indentation, so that members begin where lines begin.
        ("{\n\"a\":\n{\n\"b\": 1\n}\n}", &["1: {\n\"a\":\n{\n\"b\": 1\n}\n}"]),
        ("  [\n{}\n]\n", &["2: {}"]),
    ];
    for (input, expected) in cases {
        assert_eq!(told(input.as_bytes()), expected, "{input:?}");
    }
}

#[test]
fn a_fault_is_named_and_the_others_still_count() {
    let no_json =
        |line, column, problem| format!("it is no JSON at line {line}, column {column} of $: {problem}");
    let expected = "expected `,` or `}`";
    let cases: [(&[u8], Vec<String>); 9] = [
        (
            b"{\"a\":1}\n{\"b\":\n{\"c\":3}\nnonsense\n{\"d\":4}",
            vec![
                "1: {\"a\":1}".into(),
                format!("2! {}", no_json(2, 5, "EOF while parsing a value")),
                "3: {\"c\":3}".into(),
                format!("4! {}", no_json(4, 2, "expected ident")),
                "5: {\"d\":4}".into(),
            ],
        ),
        (
            b"{\"a\": \"cut off\n{\"b\":2}\n",
            vec![format!("1! {}", no_json(1, 14, "EOF while parsing a string")), "2: {\"b\":2}".into()],
        ),
        (
            b"{\"a\":1}\n{\"b\":\"\xff\"}\n{\"c\":3}\n",
            vec!["1: {\"a\":1}".into(), "2! it is no UTF-8 from byte 14 on".into(), "3: {\"c\":3}".into()],
        ),
        (b"{\n  \"a\": 1\n  \"b\": 2\n}\n", vec![format!("1! {}", no_json(3, 3, expected))]),
        (
            b"{} 5 \"x\" {}",
            vec![
                "1: {}".into(),
                "1! $ cannot be read: `5` is no object".into(),
                "1! $ cannot be read: `\"x\"` is no object".into(),
                "1: {}".into(),
            ],
        ),
        (
            b"[{},\n5,\n{}]",
            vec!["1: {}".into(), "2! $ cannot be read: `5` is no object".into(), "3: {}".into()],
        ),
        (b"[{},\n{\"a\": }]", vec!["1: {}".into(), format!("2! {}", no_json(2, 7, "expected value"))]),
        (b"[{}]\n{}", vec!["1: {}".into(), format!("2! {}", no_json(2, 1, "trailing characters"))]),
        (b"\x00\x01\x02", vec![format!("1! {}", no_json(1, 1, "expected value"))]),
    ];
    for (input, expected) in cases {
        assert_eq!(told(input), expected, "{:?}", String::from_utf8_lossy(input));
    }
}

#[test]
fn every_sample_is_one_item() {
    let names = fixtures::names();
    let all: String = names.iter().map(|name| text(name) + "\n").collect();
    let list = format!("[{}]", names.iter().map(|name| text(name)).collect::<Vec<_>>().join(","));
    for input in [all, list] {
        let items = read_events(input.as_bytes());
        assert_eq!(items.len(), names.len());
        for (item, name) in items.iter().zip(&names) {
            let alone = receive(text(name).as_bytes(), &trust());
            assert_eq!(item.outcome.clone().and_then(|text| receive(text.as_bytes(), &trust())), alone);
        }
    }
}

#[test]
fn hostile_files_take_no_longer_than_their_length() {
    let many = 200_000;
    let inputs = [
        "{\"a\":\n".repeat(many),
        "[".repeat(many),
        "{\"a\":[\n".repeat(many),
        "{\n".repeat(many),
        "{\"a\":1,\n".repeat(many),
        "}\n{".repeat(many),
        "[{},".repeat(many),
        "\n".repeat(many),
    ];
    for input in inputs {
        let begin = Instant::now();
        let items = read_events(input.as_bytes());
        assert!(items.len() <= many + 1);
        // A quadratic reader takes hours for these.
        assert!(begin.elapsed().as_secs() < 20, "{} {:?}", &input[..4], begin.elapsed());
    }
}

#[test]
fn a_refusal_of_a_file_is_malformed() {
    let item = read_events(b"nonsense").remove(0);
    assert!(matches!(&item.outcome, Err(refusal @ Refusal::NotJson { .. }) if refusal.is_malformed()));
}

proptest! {
    #[test]
    fn any_bytes_are_read(input in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(read_events(&input));
    }

    #[test]
    fn anything_like_json_is_read(input in "[\\[\\]{}:,\"a1\n ]{0,60}") {
        let lines = input.split('\n').count();
        let mut last = 1;
        for item in read_events(input.as_bytes()) {
            prop_assert!(item.line >= last && item.line <= lines);
            last = item.line;
        }
    }

    #[test]
    fn good_lines_survive_bad_ones(bad in proptest::collection::vec("[a-z\\[:,\"0-9 ]{1,20}", 0..5)) {
        let mut input = String::new();
        for (number, line) in bad.iter().enumerate() {
            let good = json!({ "number": number });
            input += &[good.to_string().as_str(), line, ""].join("\n");
        }
        input += "{\"last\":true}\n";
        let good = read_events(input.as_bytes()).into_iter().filter(|item| item.outcome.is_ok()).count();
        prop_assert_eq!(good, bad.len() + 1, "{}", input);
    }
}
