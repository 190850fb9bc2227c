//! Reading JSON without copying it, and telling where it is wrong.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::event::Refusal;
use crate::event::refusal::said;

/// Text that stays in the input, unless an escape in it forces a copy.
///
/// `Option<Cow<str>>` would always copy: serde borrows into a `Cow` only where it is the whole field.
#[derive(Debug)]
pub(in crate::event) struct Borrowed<'a>(Cow<'a, str>);

impl Deref for Borrowed<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Borrowed<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text))
            }
        }

        deserializer.deserialize_str(Visitor).map(Self)
    }
}

/// A part of an input, with where it stands there.
#[derive(Clone, Copy, Debug)]
pub(in crate::event) struct Part<'a> {
    whole: &'a str,
    text: &'a str,
    /// The members that lead to it, the outermost first; empty ones do not count.
    steps: [&'static str; 2],
}

impl<'a> Part<'a> {
    /// The whole input.
    pub(in crate::event) const fn whole(text: &'a str) -> Self {
        Self { whole: text, text, steps: [""; 2] }
    }

    /// A member of this part.
    pub(in crate::event) fn member(self, raw: &'a RawValue, name: &'static str) -> Self {
        let steps = if self.steps[0].is_empty() { [name, ""] } else { [self.steps[0], name] };
        Self { text: raw.get(), steps, ..self }
    }

    /// Where the part stands: `$` is the whole input.
    fn path(self) -> String {
        let steps = self.steps.iter().filter(|step| !step.is_empty());
        steps.fold("$".to_owned(), |path, step| path + "." + step)
    }

    /// The value of a member that must be there.
    pub(in crate::event) fn required<T>(self, value: Option<T>, name: &str) -> Result<T, Refusal> {
        value.ok_or_else(|| Refusal::missing(&format!("{}.{name}", self.path())))
    }

    /// The value of a member that must read as something.
    pub(in crate::event) fn typed<T>(self, text: &str, name: &str) -> Result<T, Refusal>
    where
        T: FromStr<Err: fmt::Display>,
    {
        text.parse().map_err(|error| self.invalid(name, &error))
    }

    /// The refusal of a member for what it holds.
    pub(in crate::event) fn invalid(self, name: &str, problem: &impl fmt::Display) -> Refusal {
        Refusal::invalid(&format!("{}.{name}", self.path()), problem)
    }

    /// Reads the part.
    pub(in crate::event) fn parse<T: Deserialize<'a>>(self) -> Result<T, Refusal> {
        serde_json::from_str(self.text).map_err(|error| self.explain::<T>(&error))
    }

    /// Reads the part, which must be an object: serde would also fill a structure from a list.
    pub(in crate::event) fn object<T: Deserialize<'a>>(self) -> Result<T, Refusal> {
        if self.is_list() {
            return Err(Refusal::invalid(&self.path(), &"invalid type: list, expected an object"));
        }
        self.parse()
    }

    /// Reads the part, which must be an object, for a caller that has another answer when it cannot be read.
    pub(in crate::event) fn peek<T: Deserialize<'a>>(self) -> Option<T> {
        if self.is_list() { None } else { serde_json::from_str(self.text).ok() }
    }

    fn is_list(self) -> bool {
        self.text.trim_start().starts_with('[')
    }

    /// What is wrong. The part is read again for it, this time with the path written down: good input does
    /// not pay for that.
    #[cold]
    fn explain<T: Deserialize<'a>>(self, error: &serde_json::Error) -> Refusal {
        if error.classify() != Category::Data {
            let (line, column) = self.place(error.line(), error.column());
            return Refusal::NotJson { path: "$".to_owned(), line, column, problem: problem(error) };
        }
        let mut deserializer = serde_json::Deserializer::from_str(self.text);
        match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Ok(_) => Refusal::invalid(&self.path(), &problem(error)),
            Err(error) => {
                let inside = error.path().to_string();
                let problem = problem(error.inner());
                let path = match inside.as_str() {
                    "." => self.path(),
                    _ if inside.starts_with('[') => format!("{}{inside}", self.path()),
                    _ => format!("{}.{inside}", self.path()),
                };
                match missing(&problem) {
                    Some(field) => Refusal::missing(&format!("{}.{field}", said(&path))),
                    None => Refusal::invalid(&said(&path), &problem),
                }
            }
        }
    }

    /// A line and a column of this part, counted in the whole input.
    fn place(self, line: usize, column: usize) -> (usize, usize) {
        let start = self.text.as_ptr().addr().saturating_sub(self.whole.as_ptr().addr());
        let before = self.whole.get(..start).unwrap_or_default();
        let lines = before.bytes().filter(|&byte| byte == b'\n').count();
        let last = before.rfind('\n').map_or(before.len(), |newline| before.len() - newline - 1);
        (lines + line, if line <= 1 { last + column } else { column })
    }
}

/// What `serde_json` says, without the place: that is told apart.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    said(&text[..end])
}

/// The field that serde says is missing.
fn missing(problem: &str) -> Option<&str> {
    problem.strip_prefix("missing field `")?.strip_suffix('`')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(expecting = "an object")]
    #[expect(dead_code, reason = "only whether it can be read is looked at")]
    struct Sample<'a> {
        #[serde(borrow)]
        name: Borrowed<'a>,
        #[serde(borrow)]
        list: Vec<Entry<'a>>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read is looked at")]
    struct Entry<'a> {
        #[serde(borrow)]
        key: Borrowed<'a>,
    }

    #[test]
    fn text_is_borrowed_where_nothing_is_escaped() {
        let part = Part::whole(r#"["plain", "tab\t"]"#);
        let [plain, escaped] = part.parse::<[Borrowed<'_>; 2]>().unwrap();
        assert!(matches!(plain.0, Cow::Borrowed("plain")));
        assert!(matches!(escaped.0, Cow::Owned(text) if text == "tab\t"));
    }

    #[test]
    fn faults_are_told_with_their_path() {
        let cases = [
            (r#"{"name": "x"}"#, "$.list is missing"),
            (r#"{"name": 5, "list": []}"#, "$.name cannot be read: invalid type: integer `5`, expected text"),
            (r#"{"name": "x", "list": [{"key": "a"}, {}]}"#, "$.list[1].key is missing"),
            (r#"{"name": "x", "name": "y", "list": []}"#, "$ cannot be read: duplicate field `name`"),
            ("[]", "$ cannot be read: invalid type: list, expected an object"),
            ("5", "$ cannot be read: invalid type: integer `5`, expected an object"),
            ("{\n \"name\": \"x\"", "it is no JSON at line 2, column 12 of $: EOF while parsing an object"),
        ];
        for (text, message) in cases {
            assert_eq!(Part::whole(text).object::<Sample<'_>>().unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn a_fault_inside_a_member_is_placed_in_the_whole() {
        #[derive(Deserialize)]
        struct Outer<'a> {
            #[serde(borrow)]
            detail: &'a RawValue,
        }
        let text = "{\n  \"detail\": {\n \"name\": \"\\ud800\"\n}\n}";
        let outer = Part::whole(text).parse::<Outer<'_>>().unwrap();
        let part = Part::whole(text).member(outer.detail, "detail");
        match part.parse::<Sample<'_>>().unwrap_err() {
            Refusal::NotJson { line, column, .. } => assert_eq!((line, column), (3, 17)),
            other => panic!("{other:?}"),
        }
    }
}
