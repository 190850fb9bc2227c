//! The tree against another reader of YAML, and the places in it against the text.

use proptest::prelude::*;
use serde_yaml::Value;

use super::{Kind, Node, parse};
use crate::diagnostic::Report;

fn tree(text: &str) -> (Option<std::rc::Rc<Node>>, Report) {
    let mut report = Report::new();
    let source = report.add_source("test.yaml", text);
    (parse(source, text, &mut report), report)
}

/// The tree as the other reader would hold it. Unquoted scalars are handed to it one by one, so that what is
/// compared is the structure and the text, and not how a number is kept.
fn as_value(node: &Node) -> Value {
    match &node.kind {
        Kind::Scalar { text, quoted: true } => Value::String(text.to_string()),
        // Text of several lines is text, and would be folded once more.
        Kind::Scalar { text, quoted: false } if text.contains('\n') => Value::String(text.to_string()),
        Kind::Scalar { text, quoted: false } => {
            serde_yaml::from_str(text).unwrap_or_else(|_| Value::String(text.to_string()))
        }
        Kind::Sequence(items) => Value::Sequence(items.iter().map(|item| as_value(item)).collect()),
        Kind::Mapping(pairs) => pairs
            .iter()
            .map(|pair| (Value::String(pair.key.text.to_string()), as_value(&pair.value)))
            .collect::<serde_yaml::Mapping>()
            .into(),
    }
}

/// What settings are made of: maps, lists, and scalars of every kind.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-zA-Zé0-9_./@:+-]{0,12}",
        "[ -~é\n\t]{0,30}",
        "(true|yes|No|off|null|~|0x1f|1e3|012345678901|500\\.0|\\.inf|2026-12-31|- a|a: b|#x|<<|&a|\\*a|!x|%x|@|`|'|\")",
    ];
    let scalar = prop_oneof![
        4 => text.prop_map(Value::String),
        1 => any::<i64>().prop_map(Value::from),
        1 => (-1e6..1e6).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    scalar.prop_recursive(4, 40, 6, |inner| {
        let map = proptest::collection::btree_map("[a-zA-Z_][a-zA-Z0-9_: é-]{0,10}", inner.clone(), 0..6);
        prop_oneof![
            proptest::collection::vec(inner, 0..6).prop_map(Value::Sequence),
            map.prop_map(|map| {
                let pairs = map.into_iter().map(|(key, value)| (Value::String(key), value));
                Value::Mapping(pairs.collect())
            }),
        ]
    })
}

/// The same value in flow style, which is written quite differently.
fn flow(value: &Value) -> String {
    match value {
        Value::Sequence(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Mapping(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{}: {}", flow(key), flow(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => serde_json::Value::from(text.as_str()).to_string(),
        scalar => serde_yaml::to_string(scalar).unwrap().trim_end().to_owned(),
    }
}

/// Every scalar that stands in the text as it is stands where the tree says.
fn check_places(node: &Node, text: &str) -> Result<(), TestCaseError> {
    let written = text.get(node.span.clone()).unwrap_or("outside");
    match &node.kind {
        Kind::Scalar { text: content, quoted: false } if !content.contains([' ', '\n']) => {
            prop_assert!(content.is_empty() || written == &**content, "{written:?} {content:?}");
        }
        Kind::Scalar { .. } => prop_assert_eq!(written, written.trim_end()),
        Kind::Sequence(items) => {
            for item in items {
                prop_assert!(item.span.start >= node.span.start && item.span.end <= node.span.end);
                check_places(item, text)?;
            }
        }
        Kind::Mapping(pairs) => {
            for pair in pairs {
                prop_assert!(pair.key.span.start >= node.span.start && pair.value.span.end <= node.span.end);
                let key = text.get(pair.key.span.clone()).unwrap_or("outside");
                prop_assert!(key.trim_matches(['"', '\'']) == &*pair.key.text, "{key:?} {:?}", pair.key.text);
                check_places(&pair.value, text)?;
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn two_readers_see_the_same_in_block_style(value in value()) {
        let text = format!("# é\n{}", serde_yaml::to_string(&value).unwrap());
        let (node, report) = tree(&text);
        let node = node.ok_or_else(|| TestCaseError::fail(format!("{text}\n{}", report.render(false))))?;
        let other: Value = serde_yaml::from_str(&text).unwrap();
        prop_assert_eq!(as_value(&node), other, "{}", text);
        check_places(&node, &text)?;
    }

    #[test]
    fn two_readers_see_the_same_in_flow_style(value in value()) {
        let text = flow(&value);
        let (node, report) = tree(&text);
        let node = node.ok_or_else(|| TestCaseError::fail(format!("{text}\n{}", report.render(false))))?;
        let other: Value = serde_yaml::from_str(&text).unwrap();
        prop_assert_eq!(as_value(&node), other, "{}", text);
        check_places(&node, &text)?;
    }

    #[test]
    fn whatever_both_readers_take_means_the_same(text in "([a-c]: |- |[a-c]|\\[|\\]|, |\n|\n  |\"|'|1|~| #x|\\||>){0,25}") {
        // The two differ on a block scalar that the file ends in without a line break: one adds it.
        let text = text + "\n";
        let (node, report) = tree(&text);
        let other: Result<Value, _> = serde_yaml::from_str(&text);
        if let (Some(node), Ok(other), false) = (node, other, report.has_errors()) {
            prop_assert_eq!(as_value(&node), other, "{:?}", text);
        }
    }
}

#[test]
fn text_is_kept_as_it_was_written() {
    let (node, _) = tree("{a: 500.0, b: 012345678901, c: 0x1F, d: yes, e: '1', f: \"\\u00e9\", g: !!str 2}");
    let Kind::Mapping(pairs) = &node.unwrap().kind else { panic!("no map") };
    let read: Vec<_> = pairs
        .iter()
        .map(|pair| match &pair.value.kind {
            Kind::Scalar { text, quoted } => (text.to_string(), *quoted),
            _ => panic!("no scalar"),
        })
        .collect();
    let expected = [
        ("500.0", false),
        ("012345678901", false),
        ("0x1F", false),
        ("yes", false),
        ("1", true),
        ("é", true),
        ("2", true),
    ];
    assert_eq!(read, expected.map(|(text, quoted)| (text.to_owned(), quoted)));
}
