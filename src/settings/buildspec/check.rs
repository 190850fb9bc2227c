//! What is wrong with a buildspec, or doubtful, before anybody runs it.

use std::collections::BTreeSet;

use super::downloads::{self, Care};
use super::place::Lines;
use super::script::{Command, MAX_LENGTH, Script, Shell};
use super::shell::{self, Reading};
use super::syntax::{self, Verdict};
use crate::diagnostic::{Diagnostic, Report, SourceId};
use crate::settings::value::nearest;

/// Variables that are there whoever starts the build, beside those that start with one of [`ALWAYS`].
/// <https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html>
const USUAL: &[&str] = &[
    "CI",
    "COLUMNS",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "HOME",
    "HOSTNAME",
    "HOSTTYPE",
    "IFS",
    "LANG",
    "LINENO",
    "LINES",
    "LOGNAME",
    "MACHTYPE",
    "OLDPWD",
    "OPTARG",
    "OPTERR",
    "OPTIND",
    "OSTYPE",
    "PATH",
    "PIPESTATUS",
    "PPID",
    "PWD",
    "RANDOM",
    "REPLY",
    "SECONDS",
    "SHELL",
    "SHELLOPTS",
    "SHLVL",
    "SRANDOM",
    "TERM",
    "TMPDIR",
    "UID",
    "USER",
];
const ALWAYS: &[&str] = &["AWS_", "CODEBUILD_", "BASH", "LC_"];

/// Whether everything could be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// It was.
    AtAll,
    /// The shell in it was not, for this reason.
    NotAtShell(String),
}

/// Looks at a buildspec without running anything of it. `provided` are the variables that a build finds in its
/// environment, beside those of CodeBuild.
pub fn check(source: SourceId, text: &str, provided: &BTreeSet<String>, report: &mut Report) -> Looked {
    line_ends(source, text, report);
    length(source, text, report);
    let Some(script) = Script::read(source, text, report) else {
        return Looked::NotAtShell("what would run is not known".to_owned());
    };
    if script.shell == Shell::Windows {
        return Looked::NotAtShell("it is a shell of Windows".to_owned());
    }
    let commands: Vec<(&Command, Reading)> =
        script.commands().map(|command| (command, shell::read(&command.text))).collect();
    let mut about = About { source, file: text, report };
    about.variables(&script, &commands, provided);
    let care = Care::of(commands.iter().map(|(_, reading)| reading));
    for (command, reading) in &commands {
        about.downloads(command, reading, care);
    }
    for (command, reading) in &commands {
        if let Err(because) = about.syntax(command, reading, script.shell) {
            return Looked::NotAtShell(because);
        }
    }
    Looked::AtAll
}

/// YAML takes the line ends of Windows for line ends (<https://yaml.org/spec/1.2.2/#54-line-break-characters>), so the
/// commands reach the shell without them.
fn line_ends(source: SourceId, text: &str, report: &mut Report) {
    let windows = text.matches("\r\n").count();
    if windows > 0 {
        let at = text.find('\r').unwrap_or(0);
        let message = format!("{windows} lines end as on Windows, with CR LF");
        let warning = Diagnostic::warning(message).at(source, at..at, "the first one ends here");
        let warning = warning.help(
            "YAML drops the CR, so CodeBuild should run it all the same; a checksum of the file differs, and so does what \
             other programs read from it",
        );
        report.push(
            warning.help(
                "`sed -i 's/\\r$//' FILE` repairs it; `*.yaml text eol=lf` in .gitattributes keeps it so",
            ),
        );
    }
    let alone = text.match_indices('\r').find(|(at, _)| !text[at + 1..].starts_with('\n'));
    if let Some((at, _)) = alone {
        let fault = Diagnostic::error("a CR without LF stands in the file").at(source, at..at, "");
        report.push(fault.help("`tr -d '\\r' < FILE > REPAIRED` takes all of them away"));
    }
}

fn length(source: SourceId, text: &str, report: &mut Report) {
    let length = text.chars().count();
    if length > MAX_LENGTH {
        let message = format!("the buildspec has {length} characters, and CodeBuild takes {MAX_LENGTH}");
        report.push(Diagnostic::error(message).at(source, 0..0, ""));
    }
}

struct About<'a> {
    source: SourceId,
    file: &'a str,
    report: &'a mut Report,
}

impl About<'_> {
    /// Variables in capitals that nothing provides. Those in small letters are between the commands.
    fn variables(&mut self, script: &Script, commands: &[(&Command, Reading)], provided: &BTreeSet<String>) {
        let mut known: BTreeSet<&str> =
            USUAL.iter().copied().chain(provided.iter().map(String::as_str)).collect();
        known.extend(script.variables.iter().map(|(name, _)| &**name));
        known.extend(script.fetched.iter().map(|name| &**name));
        known.extend(commands.iter().flat_map(|(_, reading)| &reading.set).map(String::as_str));
        // Where a default is given once, whoever wrote it knows the name.
        let named = commands.iter().flat_map(|(_, reading)| &reading.named);
        known.extend(named.filter(|named| named.has_default).map(|named| named.name.as_str()));
        let words: Vec<&str> = known.iter().copied().collect();
        let mut told = BTreeSet::new();
        for (command, reading) in commands {
            let lines = Lines::of(command, self.file);
            for named in &reading.named {
                let name = named.name.as_str();
                let in_capitals = !name.bytes().any(|byte| byte.is_ascii_lowercase());
                let usual = ALWAYS.iter().any(|start| name.starts_with(start));
                if !in_capitals || usual || known.contains(name) || !told.insert(name.to_owned()) {
                    continue;
                }
                let message = format!("nothing provides the variable {name}");
                let warning = Diagnostic::warning(message).at(
                    self.source,
                    lines.place(named.span.clone()),
                    "empty, as far as is known",
                );
                self.report.push(match nearest(name, &words) {
                    Some(meant) => warning.help(format!("did you mean {meant}?")),
                    None => warning.help(format!(
                        "the settings can say it (`variables`), so can `env.variables`; `${{{name}:-}}` says that it may be empty"
                    )),
                });
            }
        }
    }

    fn downloads(&mut self, command: &Command, reading: &Reading, care: Care) {
        let lines = Lines::of(command, self.file);
        for unpinned in downloads::find(reading, care) {
            let warning =
                Diagnostic::warning(unpinned.message).at(self.source, lines.place(unpinned.span), "");
            self.report.push(warning.help(unpinned.help));
        }
    }

    /// What bash says of a command and of the scripts in it; of several faults the first.
    fn syntax(&mut self, command: &Command, reading: &Reading, shell: Shell) -> Result<(), String> {
        let inner =
            reading.inner.iter().filter_map(|span| Some((span.start, command.text.get(span.clone())?)));
        for (start, text) in std::iter::once((0, &*command.text)).chain(inner) {
            // A shell that is called by its name is asked as itself.
            let shell = if start == 0 { shell } else { Shell::Bash };
            match syntax::ask(text, shell) {
                Verdict::Fine => {}
                Verdict::NotLooked(because) => return Err(because),
                Verdict::Fault { line, message } => {
                    let before = command.text.get(..start).unwrap_or_default().matches('\n').count();
                    let span = Lines::of(command, self.file).line(before + line);
                    let fault = Diagnostic::error(format!("this is no shell: {message}"));
                    self.report.push(fault.at(self.source, span, ""));
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
