//! `spa buildspec run`: runs a buildspec on this machine, in CodeBuild's order and environment.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use state_machine::{AccountId, TaskKind, UnitId};

use crate::diagnostic::{Report, SourceId};
use crate::settings::{self, Script, Settings, Shell, Unreadable, check_variable_name};

use super::super::interrupt::Interrupt;
use super::super::{Cell, Context, Exit, Failure, Table, Tone};
use super::environment::{self, Said};
use super::phases::{self, Outcome, Went};
use super::shell::Build;

/// What is to be run, and with what.
#[derive(Debug, Args)]
pub struct Options {
    /// The buildspec.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A variable of the build. It counts more than what the account and the buildspec say.
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,
    /// Sets the variables that spa sets for this account, by the settings.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<AccountId>,
    /// With --account: the unit that holds it; several times: the nearest first.
    #[arg(long = "unit", value_name = "OU", requires = "account")]
    units: Vec<UnitId>,
    /// With --account: which build it is, where the settings name another file.
    #[arg(long, value_name = "TASK", value_enum, requires = "account")]
    task: Option<Task>,
    /// Does not ask for a confirmation.
    #[arg(long, short)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Task {
    Preparation,
    Purge,
}

impl From<Task> for TaskKind {
    fn from(task: Task) -> Self {
        match task {
            Task::Preparation => Self::Preparation,
            Task::Purge => Self::Purge,
        }
    }
}

/// How the build went, for programs.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    file: String,
    succeeded: bool,
    phases: Vec<PhaseView<'a>>,
}

#[derive(Debug, Serialize)]
struct PhaseView<'a> {
    phase: &'static str,
    outcome: &'static str,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<FailedView<'a>>,
}

#[derive(Debug, Serialize)]
struct FailedView<'a> {
    command: &'a str,
    line: u32,
    status: i32,
}

/// Runs a buildspec. What it writes goes to standard error; how its phases went is the data.
///
/// # Errors
/// When it cannot be run, or somebody has to agree and does not.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let screen = context.screen();
    let (script, report, source) = script(&options.file, context)?;
    let (account, project) = match options.account {
        Some(account) => {
            let settings = context.settings()?;
            let task = task(options, &settings)?;
            (environment::of_account(&settings, account, task, &options.units), task.project())
        }
        None => (Vec::new(), "local"),
    };
    let said = Said { script: &script, account, named: &options.variables };
    let variables = said.variables();
    if let Some(missing) = script.fetched.iter().find(|name| !variables.contains_key(&***name)) {
        let message =
            format!("{missing} comes from Systems Manager or Secrets Manager, which nobody asks here");
        return Err(Failure::new(Exit::Usage, message).help(format!("--variable {missing}=VALUE says it")));
    }
    let named = options.variables.iter().any(|(name, _)| name == "PURGE_MODE");
    if variables.get("PURGE_MODE") == Some(&"--force") && !named && !options.yes {
        screen.confirm("the variables of the build say PURGE_MODE=--force: this deletes, with the credentials of this shell")?;
    }
    let interrupt = Interrupt::listen()?;
    let mut build = Build::new(script.shell, script.one_shell_each, &interrupt, screen)?;
    let environment = environment::whole(&variables, project, &build.source());
    build.set_environment(environment);
    let Some(went) = phases::all(&script, &mut build)? else {
        drop(build);
        return Err(Failure::new(Exit::Interrupted, "stopped; what the build had started was ended"));
    };
    drop(build);
    let line = |at| report.sources().place(source, at).map_or(0, |place| place.line);
    let answer = Answer {
        file: options.file.display().to_string(),
        succeeded: went.iter().all(|phase| phase.outcome == Outcome::Succeeded),
        phases: went.iter().map(|phase| view(phase, line)).collect(),
    };
    screen.rows(&rows(&answer), &answer)?;
    Ok(if answer.succeeded { Exit::Success } else { Exit::Found })
}

/// The buildspec, with the places in it. Faults are told; doubts are for `check`.
fn script(path: &Path, context: &Context) -> Result<(Script, Report, SourceId), Failure> {
    let name = path.display();
    let text = settings::read_buildspec(path).map_err(|error| {
        let exit = if matches!(error, Unreadable::Missing) { Exit::NotFound } else { Exit::Input };
        Failure::of(exit, &error).about(&format!("{name} cannot be read"))
    })?;
    let mut report = Report::new();
    let source = report.add_source(name.to_string(), text.as_str());
    let script = Script::read(source, &text, &mut report);
    let Some(script) = script else {
        context.screen().note(report.render(context.screen().colors_notes()).trim_end());
        return Err(Failure::new(Exit::Input, format!("{name} is not a buildspec")));
    };
    if script.shell == Shell::Windows {
        return Err(Failure::new(
            Exit::Input,
            format!("{name} is for a shell of Windows, which is not run here"),
        ));
    }
    Ok((script, report, source))
}

/// Which build a file is, by the settings.
fn task(options: &Options, settings: &Settings) -> Result<TaskKind, Failure> {
    if let Some(task) = options.task {
        return Ok(task.into());
    }
    let worker = settings.worker();
    // A file that cannot be found under its name is no file of the settings.
    let real = |path: &Path| path.canonicalize().ok();
    let is = |path: &Path| real(path).is_some_and(|path| real(&options.file) == Some(path));
    match (
        is(worker.preparation_buildspec_template_file.path()),
        is(worker.purge_buildspec_template_file.path()),
    ) {
        (true, false) => Ok(TaskKind::Preparation),
        (false, true) => Ok(TaskKind::Purge),
        (true, true) | (false, false) => {
            let message = format!("the settings do not tell which build {} is", options.file.display());
            Err(Failure::new(Exit::Usage, message).help("--task preparation or --task purge says it"))
        }
    }
}

/// `NAME=VALUE`; the value is whatever stands behind the first sign.
fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has no `=`; write NAME=VALUE")?;
    check_variable_name(name)?;
    Ok((name.to_owned(), value.to_owned()))
}

fn view(went: &Went, line: impl Fn(usize) -> u32) -> PhaseView<'_> {
    let (outcome, failed) = match &went.outcome {
        Outcome::Succeeded => ("succeeded", None),
        Outcome::LeftOut => ("left out", None),
        Outcome::Failed { command, status } => {
            let failed =
                FailedView { command: &command.text, line: line(command.span.start), status: *status };
            ("failed", Some(failed))
        }
    };
    PhaseView { phase: went.name.as_str(), outcome, seconds: went.took.as_secs_f64(), failed }
}

fn rows(answer: &Answer<'_>) -> Table {
    let mut table = Table::new(["phase", "outcome", "seconds", "what failed"]).right([2]);
    for phase in &answer.phases {
        let tone = if phase.failed.is_some() { Tone::Bad } else { Tone::Plain };
        let failed = phase.failed.as_ref().map_or_else(String::new, |failed| {
            format!("status {} of the command at {}:{}", failed.status, answer.file, failed.line)
        });
        table.row([
            phase.phase.into(),
            Cell::toned(phase.outcome, tone),
            format!("{:.1}", phase.seconds).into(),
            failed.into(),
        ]);
    }
    table
}
