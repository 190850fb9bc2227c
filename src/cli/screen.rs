//! Where output goes: data to standard output, everything else to standard error.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use serde::Serialize;

use super::table::{self, Table};
use super::{Exit, Failure};

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

/// What a person sees, or a program reads.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    format: Format,
}

impl Screen {
    /// A screen in this format. Colour is for terminals only, and for those who did not refuse it.
    pub fn new(format: Format, no_color: bool) -> Self {
        if no_color {
            anstream::ColorChoice::Never.write_global();
        }
        Self { format }
    }

    /// The format of data.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Whether standard error may show colour.
    pub fn colors_notes(&self) -> bool {
        anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
    }

    /// Whether standard output may show colour.
    pub fn colors_data(&self) -> bool {
        anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
    }

    /// Whether a person sits at both ends, so that somebody can be asked.
    pub fn is_interactive(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Prints text as data, with a line end behind it.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        let mut out = anstream::stdout().lock();
        written(writeln!(out, "{text}").and_then(|()| out.flush()))
    }

    /// Prints a value as JSON, whatever the format.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|error| Failure::of(Exit::Failed, &error))?;
        self.text(&text)
    }

    /// Prints rows: a table for people, CSV of the same rows, or `value` as JSON.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn rows(&self, rows: &Table, value: &impl Serialize) -> Result<(), Failure> {
        match self.format {
            Format::Table => self.text(&rows.render(table::terminal_width())),
            Format::Json => self.json(value),
            Format::Csv => {
                let mut out = io::stdout().lock();
                written(out.write_all(rows.csv().as_bytes()).and_then(|()| out.flush()))
            }
        }
    }

    /// Asks the person at the terminal. Where there is none, nobody can have agreed.
    ///
    /// # Errors
    /// When the person does not agree, or nobody can be asked.
    pub fn confirm(&self, what: &str) -> Result<(), Failure> {
        if !self.is_interactive() {
            let message = format!("{what}: this needs a confirmation, and there is no terminal to ask");
            return Err(Failure::new(Exit::Refused, message)
                .help("--dry-run shows which accounts; --yes asks nobody"));
        }
        match self.typed(&format!("{what}. Go on? [y/N]"))?.as_str() {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(Failure::new(Exit::Refused, "not confirmed; nothing was done")),
        }
    }

    /// What the person at the terminal types, without blanks around it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn typed(&self, question: &str) -> Result<String, Failure> {
        let mut err = anstream::stderr();
        let asked = write!(err, "{question} ").and_then(|()| err.flush());
        let mut line = String::new();
        match asked.and_then(|()| io::stdin().lock().read_line(&mut line)) {
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(Failure::of(Exit::Failed, &error)),
        }
    }

    /// Tells a person something that is no data.
    pub fn note(&self, text: &str) {
        // Nobody can be told that standard error is closed.
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    }

    /// Tells a person that something is doubtful.
    pub fn warn(&self, text: &str) {
        let style = Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()));
        self.note(&format!("{style}warning{style:#}: {text}"));
    }

    /// Tells a person why a command could not do what it was asked.
    pub fn fail(&self, failure: &Failure) {
        if failure.message().is_empty() {
            return;
        }
        let error = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        let help = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
        self.note(&format!("{error}error{error:#}: {}", failure.message()));
        for cause in failure.causes() {
            self.note(&format!("  because: {cause}"));
        }
        for advice in failure.advice() {
            self.note(&format!("  {help}help{help:#}: {advice}"));
        }
    }
}

/// What came of writing data. Whoever reads may stop reading: that is no error, and no reason to go on.
///
/// # Errors
/// When it could not be written, or nobody reads any more.
pub(super) fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::closed()),
        Err(error) => Err(Failure::of(Exit::Failed, &error)),
    }
}
