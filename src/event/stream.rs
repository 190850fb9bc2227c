//! Files of events: one object, a list of objects, or objects one after the other.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess};
use serde_json::value::RawValue;

use super::Refusal;
use super::refusal::said;

/// One object of a file, or what stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// The line on which it begins, from one.
    pub line: usize,
    /// The text of the object, for [`receive`](super::receive); or what is wrong.
    pub outcome: Result<&'a str, Refusal>,
}

/// The objects in `input`: one object, a list of objects, or objects one after the other as in JSON lines.
///
/// What cannot be read is told with its line, and the others still count. After a fault, reading goes on at the
/// next line that begins with `{`; after a fault in a list nothing more can be read.
///
/// Takes time in proportion to the length of the input, whatever stands in it.
pub fn read_events(input: &[u8]) -> Vec<Item<'_>> {
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    if let Ok(text) = std::str::from_utf8(input) {
        let mut items = Vec::new();
        if text.trim_start().starts_with('[') {
            read_list(text, &mut items);
            return items;
        }
        if read_objects(text, 1, &mut items) {
            return items;
        }
    }
    read_segments(input)
}

/// Counts lines while going forward through a text.
struct Lines<'a> {
    text: &'a str,
    counted: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    const fn new(text: &'a str, first: usize) -> Self {
        Self { text, counted: 0, line: first }
    }

    /// The line on which the byte at `offset` stands. Offsets must not go back.
    fn at(&mut self, offset: usize) -> usize {
        let passed = self.text.as_bytes().get(self.counted..offset).unwrap_or_default();
        self.line += newlines(passed);
        self.counted = offset.max(self.counted);
        self.line
    }

    /// The line on which `part` of the text begins.
    fn of(&mut self, part: &str) -> usize {
        self.at(part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr()))
    }
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.split(|&byte| byte == b'\n').count() - 1
}

fn item(line: usize, value: &RawValue) -> Item<'_> {
    let text = value.get();
    let outcome = if text.starts_with('{') {
        Ok(text)
    } else {
        Err(Refusal::invalid("$", &format_args!("`{}` is no object", said(text))))
    };
    Item { line, outcome }
}

/// A fault at the place that `error` tells, in a text whose first line has the number `first`.
fn fault(line: usize, first: usize, error: &serde_json::Error) -> Item<'static> {
    let text = error.to_string();
    let problem = &text[..text.rfind(" at line ").unwrap_or(text.len())];
    let refusal = Refusal::NotJson {
        path: "$".to_owned(),
        line: first - 1 + error.line(),
        column: error.column(),
        problem: said(problem),
    };
    Item { line, outcome: Err(refusal) }
}

/// Reads objects one after the other, up to the first fault. Tells whether there was none.
fn read_objects<'a>(text: &'a str, first: usize, items: &mut Vec<Item<'a>>) -> bool {
    let mut lines = Lines::new(text, first);
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<&'a RawValue>();
    loop {
        let rest = text.get(stream.byte_offset()..).unwrap_or_default();
        let begin = text.len() - rest.trim_start().len();
        match stream.next() {
            None => return true,
            Some(Ok(value)) => items.push(item(lines.of(value.get()), value)),
            Some(Err(error)) => {
                items.push(fault(lines.at(begin), first, &error));
                return false;
            }
        }
    }
}

/// Reads a list, up to the first fault.
fn read_list<'a>(text: &'a str, items: &mut Vec<Item<'a>>) {
    struct Elements<'v, 'a>(&'v mut Vec<Item<'a>>, Lines<'a>);

    impl<'de: 'a, 'a> DeserializeSeed<'de> for &mut Elements<'_, 'a> {
        type Value = ();

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_seq(self)
        }
    }

    impl<'de: 'a, 'a> de::Visitor<'de> for &mut Elements<'_, 'a> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
            while let Some(value) = list.next_element::<&'de RawValue>()? {
                self.0.push(item(self.1.of(value.get()), value));
            }
            Ok(())
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut elements = Elements(items, Lines::new(text, 1));
    let read = elements.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if let Err(error) = read {
        items.push(fault(error.line(), 1, &error));
    }
}

/// Reads what has a fault somewhere. It is cut before each line that begins with `{`, and each piece is read
/// on its own.
fn read_segments(input: &[u8]) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let mut line = 1;
    let mut rest = input;
    while !rest.is_empty() {
        let length = rest.windows(2).position(|pair| pair == b"\n{").map_or(rest.len(), |at| at + 1);
        let (segment, after) = rest.split_at(length);
        match std::str::from_utf8(segment) {
            Ok(text) => drop(read_objects(text.trim_end(), line, &mut items)),
            Err(error) => {
                let offset = input.len() - rest.len() + error.valid_up_to();
                items.push(Item { line, outcome: Err(Refusal::NotUtf8 { offset }) });
            }
        }
        line += newlines(segment);
        rest = after;
    }
    items
}
