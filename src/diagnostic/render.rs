//! A report for people, in the layout that rustc made familiar.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

use super::{Diagnostic, Label, PRINTED, Report, Severity, SourceId, Sources};

/// Lines that stand this close together are shown as one piece.
const NEAR: usize = 4;

/// A line of more bytes is cut before it is rendered, or a file that is one line would take minutes.
/// Shorter ones are cut by the renderer to the width of a terminal.
const LONG_LINE: usize = 10_000;

/// How many bytes of such a line are kept on either side of what is wrong.
const AROUND: usize = 100;

/// The whole report: the first findings, the number of the rest, and the sum.
pub(super) fn report(report: &Report, color: bool) -> String {
    if report.is_empty() {
        return String::new();
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for finding in report.diagnostics().iter().take(PRINTED) {
        text.push_str(&renderer.render(&[group(finding, report.sources())]));
        text.push_str("\n\n");
    }
    let rest = (report.errors() + report.warnings()).saturating_sub(PRINTED);
    if rest > 0 {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "… and {rest} more\n");
    }
    let _ = writeln!(text, "{}", report.summary());
    text
}

fn group<'a>(finding: &'a Diagnostic, sources: &'a Sources) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(&finding.message));
    for piece in pieces(finding, sources) {
        group = match piece.snippet(sources) {
            Some((Some(origin), snippet)) => group.element(origin).element(snippet),
            Some((None, snippet)) => group.element(snippet),
            None => group.element(Origin::path(&**sources.name(piece.source))),
        };
    }
    for help in &finding.help {
        // A help may quote the file, and a file may hold the control sequences of a terminal.
        let lines: Vec<_> = help.lines().map(normalize_untrusted_str).collect();
        group = group.element(Level::HELP.message(lines.join("\n")));
    }
    group
}

/// Neighbouring lines of one file, and what is said about them.
struct Piece<'a> {
    source: SourceId,
    lines: Range<usize>,
    labels: Vec<&'a Label>,
}

fn pieces<'a>(finding: &'a Diagnostic, sources: &Sources) -> Vec<Piece<'a>> {
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    let primary_first = [true, false]
        .into_iter()
        .flat_map(|primary| finding.labels.iter().filter(move |l| l.primary == primary));
    for label in primary_first {
        let line = sources.line_of(label.source, label.span.start);
        let near = |piece: &&mut Piece<'_>| {
            piece.source == label.source && line + NEAR >= piece.lines.start && line < piece.lines.end + NEAR
        };
        if let Some(piece) = pieces.iter_mut().find(near) {
            piece.lines = piece.lines.start.min(line)..piece.lines.end.max(line + 1);
            piece.labels.push(label);
        } else {
            pieces.push(Piece { source: label.source, lines: line..line + 1, labels: vec![label] });
        }
    }
    pieces
}

impl<'a> Piece<'a> {
    /// The lines with their labels; nothing when the file could not be read. Where lines are cut, the
    /// renderer cannot know the column, and the place stands before them.
    fn snippet(&self, sources: &'a Sources) -> Option<(Option<Origin<'a>>, Snippet<'a, Annotation<'a>>)> {
        let text = sources.text(self.source)?;
        let first = self.labels.first()?;
        let name = &**sources.name(self.source);
        let whole = self.whole_lines(sources);
        let window = self.window(sources);
        let inside = |offset: usize| offset.clamp(window.start, window.end) - window.start;
        let annotations = self.labels.iter().map(|label| {
            let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let span = on_one_line(label, sources);
            let said = Some(label.text.as_str()).filter(|said| !said.is_empty());
            kind.span(inside(span.start)..inside(span.end)).label(said)
        });
        let snippet = Snippet::source(text.get(window.clone())?)
            .line_start(self.lines.start + 1)
            .annotations(annotations.collect::<Vec<_>>());
        if window == whole {
            return Some((None, snippet.path(Some(name))));
        }
        let place = sources.place(self.source, first.span.start)?;
        let origin = Origin::path(name).line(place.line as usize).char_column(place.column as usize);
        Some((Some(origin), snippet))
    }

    fn whole_lines(&self, sources: &Sources) -> Range<usize> {
        let start = sources.line_span(self.source, self.lines.start).start;
        start..sources.line_span(self.source, self.lines.end - 1).end
    }

    /// The bytes to show: whole lines, or the surroundings in lines that are too long.
    fn window(&self, sources: &Sources) -> Range<usize> {
        let whole = self.whole_lines(sources);
        if whole.len() <= LONG_LINE {
            return whole;
        }
        let text = sources.text(self.source).map_or("", |text| text);
        let spans = self.labels.iter().map(|label| on_one_line(label, sources));
        let low = spans.clone().map(|span| span.start).min().unwrap_or(whole.start).saturating_sub(AROUND);
        let high = spans.map(|span| span.end.min(span.start + AROUND)).max().unwrap_or(whole.end) + AROUND;
        text.ceil_char_boundary(low.max(whole.start))..text.floor_char_boundary(high.min(whole.end))
    }
}

/// What a label covers of the line on which it starts. A whole list or map would be shown otherwise.
fn on_one_line(label: &Label, sources: &Sources) -> Range<usize> {
    let line = sources.line_span(label.source, sources.line_of(label.source, label.span.start));
    let start = label.span.start.min(line.end);
    start..label.span.end.clamp(start, line.end.max(start))
}
