//! Reads one section of a settings file.
//!
//! Whoever reads a section asks for its keys one by one; [`Section::close`] then reports the keys that
//! nobody asked for. So the known keys are those that are read, and cannot be anything else.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use crate::diagnostic::{Diagnostic, Report, SourceId};
use crate::settings::value::text::Feature;
use crate::settings::value::{Placed, Problem, Scalar, Value, near, shown};
use crate::settings::yaml::{Key, Kind, Node, Pair};

/// A map whose keys are known. A section that is left out reads like an empty one.
pub(crate) struct Section<'n, 'r> {
    /// Where it stands among the sections, such as `accounts[].preparation`. The file itself is empty.
    path: Cow<'static, str>,
    source: SourceId,
    /// Its key, or the section itself when it has none.
    span: Range<usize>,
    pairs: &'n [Pair],
    /// Something else stands here, and was reported: then nothing is missing.
    broken: bool,
    asked: Vec<&'static str>,
    report: &'r mut Report,
}

impl<'n, 'r> Section<'n, 'r> {
    /// Opens a section; anything but a map is reported, and reads like an empty one.
    pub(crate) fn open(
        path: impl Into<Cow<'static, str>>,
        source: SourceId,
        node: &'n Node,
        report: &'r mut Report,
    ) -> Self {
        let path = path.into();
        let (pairs, broken) = match &node.kind {
            Kind::Mapping(pairs) => (pairs.as_slice(), false),
            Kind::Sequence(_) | Kind::Scalar { .. } => {
                let fault = unexpected("a map of keys and values", source, node);
                report.push(meant_instead(&path, node).into_iter().fold(fault, Diagnostic::help));
                (&[][..], true)
            }
        };
        Self { path, source, span: node.span.clone(), pairs, broken, asked: Vec::new(), report }
    }

    /// Where findings go.
    pub(crate) fn report(&mut self) -> &mut Report {
        self.report
    }

    /// Where the section stands.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// What stands under a key. A key without a value says the same as no key.
    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'n Rc<Node>> {
        self.asked.push(key);
        let pair = self.pairs.iter().find(|pair| &*pair.key.text == key)?;
        Some(&pair.value).filter(|value| !value.is_null())
    }

    /// The value of a key.
    pub(crate) fn optional<T: Value>(&mut self, key: &'static str) -> Option<Placed<T>> {
        let node = self.value(key)?;
        scalar(self.source, node, self.report)
    }

    /// The value of a key that must be there. `why` says what cannot go on without it.
    pub(crate) fn required<T: Value>(&mut self, key: &'static str, why: &str) -> Option<Placed<T>> {
        if let Some(node) = self.value(key) {
            return scalar(self.source, node, self.report);
        }
        if !self.broken {
            let whole = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
            let fault = Diagnostic::error(format!("{whole} is missing"))
                .at(self.source, self.place_of(key), format!("expected {}", T::EXPECTED))
                .help(why);
            self.report.push(fault);
        }
        None
    }

    /// Where a key stands, or else the section that it is missing from.
    fn place_of(&self, key: &str) -> Range<usize> {
        let pair = self.pairs.iter().find(|pair| &*pair.key.text == key);
        pair.map_or(self.span(), |pair| pair.key.span.clone())
    }

    /// The values of a list under a key.
    pub(crate) fn list<T: Value>(&mut self, key: &'static str) -> Option<Placed<Vec<Placed<T>>>> {
        let node = self.value(key)?;
        let items = items(self.source, node, self.report)?;
        let values = items.iter().filter_map(|item| scalar(self.source, item, self.report)).collect();
        Some(Placed { value: values, source: self.source, span: node.span.clone() })
    }

    /// The members of a list under a key, whatever they are.
    pub(crate) fn members(&mut self, key: &'static str) -> &'n [Rc<Node>] {
        self.value(key).and_then(|node| items(self.source, node, self.report)).unwrap_or_default()
    }

    /// The pairs of a map under a key, whose keys are up to the user.
    pub(crate) fn map<K: Value, V: Value>(&mut self, key: &'static str) -> Vec<(Placed<K>, Placed<V>)> {
        let Some(node) = self.value(key) else { return Vec::new() };
        let Kind::Mapping(pairs) = &node.kind else {
            self.report.push(unexpected("a map of keys and values", self.source, node));
            return Vec::new();
        };
        let read = |pair: &Pair| {
            let key = parse(self.source, &pair.key.text, pair.key.quoted, &pair.key.span, self.report);
            let value = scalar(self.source, &pair.value, self.report);
            key.zip(value)
        };
        pairs.iter().filter_map(read).collect()
    }

    /// Opens a section that stands in this one, unless it is left out.
    pub(crate) fn optional_section(&mut self, key: &'static str) -> Option<Section<'n, '_>> {
        let present = self.pairs.iter().any(|pair| &*pair.key.text == key && !pair.value.is_null());
        if !present {
            self.asked.push(key);
            return None;
        }
        Some(self.section(key))
    }

    /// Opens a section that stands in this one.
    pub(crate) fn section(&mut self, key: &'static str) -> Section<'n, '_> {
        let path =
            if self.path.is_empty() { Cow::Borrowed(key) } else { format!("{}.{key}", self.path).into() };
        let span = self.place_of(key);
        match self.value(key) {
            Some(node) => Section { span, ..Section::open(path, self.source, node, self.report) },
            None => Section {
                path,
                source: self.source,
                span,
                pairs: &[],
                broken: self.broken,
                asked: Vec::new(),
                report: self.report,
            },
        }
    }

    /// Ends the section: reports every key that was not asked for.
    pub(crate) fn close(self) {
        #[cfg(test)]
        asked::note(&self.path, &self.asked);
        for pair in self.pairs {
            if !self.asked.contains(&&*pair.key.text) {
                let fault = || unknown_key(&self.path, self.source, &pair.key, &self.asked);
                self.report.push_error_with(fault);
            }
        }
    }
}

fn items<'n>(source: SourceId, node: &'n Node, report: &mut Report) -> Option<&'n [Rc<Node>]> {
    match &node.kind {
        Kind::Sequence(items) => Some(items),
        Kind::Mapping(_) => {
            report.push(unexpected("a list", source, node).help("start each member with a hyphen: `- …`"));
            None
        }
        Kind::Scalar { text, .. } => {
            let written = if text.contains('\n') { "…".into() } else { shown(text) };
            let written = written.trim_matches('`');
            report.push(
                unexpected("a list", source, node)
                    .help(format!("write [{written}], or `- {written}` on a line of its own")),
            );
            None
        }
    }
}

fn scalar<T: Value>(source: SourceId, node: &Node, report: &mut Report) -> Option<Placed<T>> {
    let Kind::Scalar { text, quoted } = &node.kind else {
        report.push(unexpected(T::EXPECTED, source, node));
        return None;
    };
    parse(source, text, *quoted, &node.span, report)
}

fn parse<T: Value>(
    source: SourceId,
    text: &str,
    quoted: bool,
    span: &Range<usize>,
    report: &mut Report,
) -> Option<Placed<T>> {
    let parsed: Result<T, Problem> = T::parse(Scalar { text, quoted });
    match parsed {
        Ok(value) => Some(Placed { value, source, span: span.clone() }),
        Err(problem) => {
            let fault = problem.at(text, source, span, report);
            report.push(fault);
            None
        }
    }
}

/// Something of another kind stands here.
fn unexpected(expected: &str, source: SourceId, node: &Node) -> Diagnostic {
    let message = format!("expected {expected}, found {}", node.describe());
    Diagnostic::error(message).at(source, node.span.clone(), "")
}

/// What was probably meant by a scalar where a section should stand.
fn meant_instead(path: &str, node: &Node) -> Option<String> {
    let Kind::Scalar { text, .. } = &node.kind else { return None };
    let is_task = matches!(path.rsplit('.').next(), Some("preparation" | "purge"));
    match Feature::parse(Scalar { text, quoted: true }) {
        Ok(_) if is_task => Some(format!("write `feature: {text}` on the next line")),
        _ if path.ends_with("[]") && text.chars().count() < 40 => {
            Some(format!("write `- identifier: \"{text}\"`"))
        }
        _ => None,
    }
}

fn unknown_key(path: &str, source: SourceId, key: &Key, known: &[&'static str]) -> Diagnostic {
    let within = if path.is_empty() { String::new() } else { format!(" in {path}") };
    let message = format!("unknown key {}{within}", shown(&key.text));
    let fault = Diagnostic::error(message).at(source, key.span.clone(), "");
    let quoted = |keys: &[&str]| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    match near(&key.text, known).as_slice() {
        [] => {
            let elsewhere = crate::settings::schema::sections_with(&key.text);
            let fault = match elsewhere.as_slice() {
                [] => fault,
                sections => {
                    fault.help(format!("{} belongs into {}", shown(&key.text), sections.join(" or ")))
                }
            };
            fault.help(format!("known here: {}", quoted(known)))
        }
        [meant] => fault.help(format!("did you mean `{meant}`?")),
        several => fault.help(format!("did you mean one of {}?", quoted(several))),
    }
}

/// What was asked for in each section, for the test that compares it with the schema.
#[cfg(test)]
pub(crate) mod asked {
    use std::cell::RefCell;
    use std::collections::{BTreeMap, BTreeSet};

    type Asked = BTreeMap<String, BTreeSet<String>>;

    thread_local!(static ASKED: RefCell<Asked> = RefCell::default());

    pub(crate) fn note(path: &str, keys: &[&str]) {
        let keys = keys.iter().map(|key| (*key).to_owned());
        ASKED.with_borrow_mut(|asked| asked.entry(path.to_owned()).or_default().extend(keys));
    }

    pub(crate) fn take() -> Asked {
        ASKED.take()
    }
}
