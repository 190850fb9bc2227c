//! Lines of JSON, for CloudWatch Logs.
//!
//! Each line is one flat object: `timestamp`, `level`, `message`, which `function` and which invocation it is from
//! (`requestId`, `traceId`), and what it is about (`account`, `trigger`, `fact`, …). So Logs Insights finds all lines
//! of an account with `filter account = "…"`. At level INFO and above there are no tags, no e-mail addresses and
//! nothing of what an event says; those are in the journal.
//!
//! The names are those that Lambda itself uses:
//! <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html>.

use std::fmt;
use std::io::{self, Write as _};

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::subscriber::{self, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Writes lines to standard output from now on, at this level and above.
pub fn start(level: LevelFilter) {
    // It fails when somebody else writes lines already; then those are the lines.
    let _ = subscriber::set_global_default(lines(level, io::stdout));
}

/// Writes lines to `writer`. Others than this program are heard when they warn: what the AWS SDK tells below that
/// are whole requests.
pub fn lines<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let targets = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        // It repeats what Lambda is told, without saying of which invocation.
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF)
        .with_target("spa", level);
    tracing_subscriber::registry().with(targets).with(Lines { writer })
}

/// The level that somebody asked for: Lambda's words (`AWS_LAMBDA_LOG_LEVEL`) and those of the settings
/// (`verbosity`), which are Python's. `None` when it is neither.
pub fn level(word: &str) -> Option<LevelFilter> {
    match word.to_ascii_uppercase().as_str() {
        "TRACE" => Some(LevelFilter::TRACE),
        "DEBUG" => Some(LevelFilter::DEBUG),
        "INFO" => Some(LevelFilter::INFO),
        "WARN" | "WARNING" => Some(LevelFilter::WARN),
        "ERROR" | "FATAL" | "CRITICAL" => Some(LevelFilter::ERROR),
        _ => None,
    }
}

struct Lines<W> {
    writer: W,
}

/// What a span or an event says of itself.
#[derive(Default)]
struct Said(Map<String, Value>);

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut said = Said::default();
        attributes.record(&mut said);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(said);
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut line = Said::default();
        // From the outermost span to the innermost: what is nearest has the last word.
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(Said(said)) = span.extensions().get::<Said>() {
                line.0.extend(said.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
        }
        event.record(&mut line);
        let Said(mut line) = line;
        line.insert("timestamp".to_owned(), Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true).into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        // The lifecycle tells facts by their names, and has nothing to add.
        if !line.contains_key("message") {
            let message = line.get("fact").cloned().unwrap_or_else(|| event.metadata().target().into());
            line.insert("message".to_owned(), message);
        }
        let text = format!("{}\n", Value::Object(line));
        // In one go, so that no line is torn apart. When it cannot be written, nobody can be told either.
        let _ = self.writer.make_writer_for(event.metadata()).write_all(text.as_bytes());
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}
