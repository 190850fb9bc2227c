//! From the parser's events to the tree.
//!
//! The events come one by one and the open lists and maps stand on a stack of ours, so the depth of a file
//! is limited by [`MAX_DEPTH`] and not by the stack of the process, neither here nor when a tree is dropped.
//! What an alias stands for counts as if it were written out, so a few lines cannot stand for billions.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use state_machine::Text;

use super::{Key, Kind, Node, Pair, Plain};
use crate::diagnostic::{Diagnostic, Report, SourceId};
use crate::settings::value::shown;

/// How deep lists and maps may stand in one another. The settings need 5.
const MAX_DEPTH: usize = 32;

/// How many values a file may hold, those that aliases stand for included.
const MAX_NODES: usize = 1_000_000;

/// Reads the one document of a file.
///
/// Duplicate keys do not stop it: they are reported, the first one counts, and reading goes on. Anything that
/// leaves the structure unknown gives nothing.
pub(crate) fn parse(source: SourceId, text: &str, report: &mut Report) -> Option<Rc<Node>> {
    let mut builder = Builder::new(source, text, report);
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let step = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => {
                let at = builder.offset(error.marker().index());
                Err(builder.not_yaml(at..at, error.info()).into())
            }
        };
        if let Err(fault) = step {
            builder.report.push(*fault);
            return None;
        }
    }
    builder.root
}

/// Why the rest of the file cannot be read. Boxed: it is rare, and large.
type Stop = Box<Diagnostic>;

struct Builder<'a> {
    source: SourceId,
    text: &'a str,
    /// The byte of each character; nothing when they are the same, as in a file that is all ASCII.
    bytes: Option<Vec<u32>>,
    report: &'a mut Report,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchor>,
    nodes: usize,
    documents: usize,
    root: Option<Rc<Node>>,
}

/// A list or a map that has not ended.
struct Open {
    start: usize,
    end: usize,
    anchor: usize,
    /// How many levels the values in it reach below it.
    height: usize,
    /// How many values stand in it.
    weight: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Rc<Node>>),
    Mapping { pairs: Vec<Pair>, places: HashMap<Text, Range<usize>>, merges: Vec<Pair>, key: Option<Key> },
}

/// A value with a name (`&name`); nothing in it while it has not ended.
struct Anchor {
    node: Option<Rc<Node>>,
    height: usize,
    weight: usize,
}

impl<'a> Builder<'a> {
    fn new(source: SourceId, text: &'a str, report: &'a mut Report) -> Self {
        let bytes = (!text.is_ascii())
            .then(|| text.char_indices().map(|(byte, _)| u32::try_from(byte).unwrap_or(u32::MAX)).collect());
        Self {
            source,
            text,
            bytes,
            report,
            open: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            documents: 0,
            root: None,
        }
    }

    /// The parser counts characters.
    fn offset(&self, character: usize) -> usize {
        let byte = match &self.bytes {
            None => character,
            Some(bytes) => bytes.get(character).map_or(self.text.len(), |byte| *byte as usize),
        };
        byte.min(self.text.len())
    }

    fn span(&self, span: Span) -> Range<usize> {
        let start = self.offset(span.start.index());
        start..self.offset(span.end.index()).max(start)
    }

    fn stop(&self, message: impl Into<String>, span: Range<usize>, text: &str) -> Diagnostic {
        Diagnostic::error(message).at(self.source, span, text)
    }

    fn not_yaml(&self, span: Range<usize>, info: &str) -> Diagnostic {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let fault = self.stop("this is not YAML", span.clone(), info);
        if line.trim_start_matches(' ').starts_with('\t')
            || self.text.get(span.start..).is_some_and(|rest| rest.starts_with('\t'))
        {
            return fault.help("YAML is indented with spaces; a tab may not stand there");
        }
        if info.contains("mapping values are not allowed") {
            return fault.help("a text with `: ` in it is written in quotes");
        }
        fault
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        let span = self.span(span);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => self.document(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                let as_text = self.tag(tag.as_deref(), &span)?;
                let quoted = as_text || style != ScalarStyle::Plain;
                let kind = Kind::Scalar { text: text.as_ref().into(), quoted };
                // The span of a block scalar reaches over the blank lines and comments that follow.
                let written = self.text.get(span.clone()).unwrap_or_default().trim_end().len();
                let end = span.start + written;
                self.count(1, &span)?;
                let node = Rc::new(Node { span: span.start..end, kind });
                self.name(anchor, &node, 0, 1);
                self.add(node, 0, 1)
            }
            Event::SequenceStart(anchor, tag) => {
                self.tag(tag.as_deref(), &span)?;
                self.begin(Content::Sequence(Vec::new()), anchor, span)
            }
            Event::MappingStart(anchor, tag) => {
                self.tag(tag.as_deref(), &span)?;
                let content = Content::Mapping {
                    pairs: Vec::new(),
                    places: HashMap::new(),
                    merges: Vec::new(),
                    key: None,
                };
                self.begin(content, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
        }
    }

    fn document(&mut self, span: Range<usize>) -> Result<(), Stop> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        let fault = self.stop("the file holds several documents", span, "another one starts here");
        Err(fault.help("settings are one document: remove the line `---`, or the other documents").into())
    }

    /// Whether a tag makes the value text. Other tags have no meaning here, and might have one elsewhere.
    fn tag(&self, tag: Option<&Tag>, span: &Range<usize>) -> Result<bool, Stop> {
        match tag {
            None => Ok(false),
            Some(tag)
                if tag.is_yaml_core_schema() && matches!(tag.suffix.as_str(), "str" | "map" | "seq") =>
            {
                Ok(tag.suffix == "str")
            }
            Some(tag) => {
                let message = format!("the YAML tag {} means nothing here", shown(&tag.to_string()));
                Err(self.stop(message, span.clone(), "leave the tag out").into())
            }
        }
    }

    fn count(&mut self, nodes: usize, span: &Range<usize>) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        let message = format!("the file holds more than {MAX_NODES} values");
        let fault = self.stop(message, span.clone(), "too many with this one");
        Err(fault.help("long lists of accounts belong into CSV files: see features.with_csv_files").into())
    }

    fn check_depth(&self, height: usize, span: &Range<usize>) -> Result<(), Stop> {
        if self.open.len() + height <= MAX_DEPTH {
            return Ok(());
        }
        let message = format!("lists and maps stand in one another more than {MAX_DEPTH} levels deep");
        Err(self.stop(message, span.clone(), "too deep").into())
    }

    fn begin(&mut self, content: Content, anchor: usize, span: Range<usize>) -> Result<(), Stop> {
        self.check_depth(1, &span)?;
        self.count(1, &span)?;
        if anchor > 0 {
            self.anchors.insert(anchor, Anchor { node: None, height: 0, weight: 0 });
        }
        self.open.push(Open { start: span.start, end: span.end, anchor, height: 0, weight: 1, content });
        Ok(())
    }

    fn end(&mut self, span: Range<usize>) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        // A bracket ends a list in one line; the end of an indented one is wherever the next thing starts.
        let bracket = self.text.get(span.clone()).is_some_and(|text| matches!(text, "]" | "}"));
        let end = if bracket { span.end } else { open.end };
        let (height, weight) = (open.height, open.weight);
        let kind = match open.content {
            Content::Sequence(items) => Kind::Sequence(items),
            Content::Mapping { mut pairs, mut places, merges, .. } => {
                for other in &merges {
                    merge(self.source, other, &mut pairs, &mut places)?;
                }
                Kind::Mapping(pairs)
            }
        };
        let node = Rc::new(Node { span: open.start..end.max(open.start), kind });
        self.name(open.anchor, &node, height + 1, weight);
        self.add(node, height + 1, weight)
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>) -> Result<(), Stop> {
        let Some(Anchor { node: Some(node), height, weight }) = self.anchors.get(&anchor) else {
            let fault = self.stop("an alias stands inside of what it stands for", span, "it would never end");
            return Err(fault.into());
        };
        let (node, height, weight) = (Rc::clone(node), *height, *weight);
        self.check_depth(height, &span)?;
        self.count(weight, &span)?;
        if let Some(open) = self.open.last_mut() {
            open.end = open.end.max(span.end);
        }
        self.add(node, height, weight)
    }

    /// Remembers a finished value under its name.
    fn name(&mut self, anchor: usize, node: &Rc<Node>, height: usize, weight: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, Anchor { node: Some(Rc::clone(node)), height, weight });
        }
    }

    /// Puts a finished value where it belongs.
    fn add(&mut self, node: Rc<Node>, height: usize, weight: usize) -> Result<(), Stop> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.height = open.height.max(height);
        open.weight = open.weight.saturating_add(weight);
        if node.span.start >= open.start {
            open.end = open.end.max(node.span.end);
        }
        match &mut open.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { pairs, places, merges, key: waiting } => match waiting.take() {
                None => *waiting = Some(self::key(self.source, &node)?),
                Some(key) if &*key.text == "<<" && !key.quoted => merges.push(Pair { key, value: node }),
                Some(key) => {
                    if let Some(first) = places.get(&key.text) {
                        let fault =
                            Diagnostic::error(format!("the key {} stands here twice", shown(&key.text)))
                                .at(self.source, key.span.clone(), "again")
                                .because_of(self.source, first.clone(), "first here");
                        self.report.push(fault);
                    } else {
                        places.insert(Text::clone(&key.text), key.span.clone());
                        pairs.push(Pair { key, value: node });
                    }
                }
            },
        }
        Ok(())
    }
}

/// A key must be text that can be written: not a list, not a map, not nothing.
fn key(source: SourceId, node: &Node) -> Result<Key, Stop> {
    match &node.kind {
        Kind::Scalar { text, quoted } if *quoted || Plain::of(text) != Plain::Null => {
            Ok(Key { text: Text::clone(text), quoted: *quoted, span: node.span.clone() })
        }
        _ => {
            let found = format!("found {}", node.describe());
            Err(Box::new(Diagnostic::error("a key is missing").at(source, node.span.clone(), found)))
        }
    }
}

/// `<<: *other` takes over the keys of another map, or of several, that do not stand here.
fn merge(
    source: SourceId,
    merge: &Pair,
    pairs: &mut Vec<Pair>,
    places: &mut HashMap<Text, Range<usize>>,
) -> Result<(), Stop> {
    let maps = match &merge.value.kind {
        Kind::Sequence(maps) => maps.as_slice(),
        _ => std::slice::from_ref(&merge.value),
    };
    for map in maps {
        let Kind::Mapping(others) = &map.kind else {
            let found = format!("found {}", map.describe());
            let fault = Diagnostic::error("`<<` takes over the keys of another map, and this is none")
                .at(source, merge.key.span.clone(), found)
                .help("write `<<: *name`, where `&name` stands before a map; or leave out `<<`");
            return Err(fault.into());
        };
        for pair in others {
            if !places.contains_key(&pair.key.text) {
                places.insert(Text::clone(&pair.key.text), pair.key.span.clone());
                pairs.push(pair.clone());
            }
        }
    }
    Ok(())
}
