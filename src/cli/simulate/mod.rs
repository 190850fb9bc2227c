//! `spa simulate`: an organization lives through weeks in seconds, and everything that can go wrong does.

mod again;
mod bar;
mod text;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use state_machine::{AccountId, Timestamp};

use crate::cloud::local::faults::{Fault, Faults, InvalidFaults, Rate};
use crate::local::found::{Export, read_export};
use crate::settings::Settings;
use crate::simulation::report::{Smallest, Timeline};
use crate::simulation::{Breach, Report, Scenario, Simulated, shrink, simulate, simulate_many};

use self::bar::Bar;
use super::interrupt::Interrupt;
use super::{Context, Exit, Failure, Format, time};

/// What is simulated.
#[derive(Debug, Args)]
pub struct Options {
    /// How many accounts are drawn, and spread over the units of the settings.
    #[arg(long, value_name = "NUMBER", default_value_t = 200, conflicts_with = "organization",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    accounts: u32,
    /// How many days pass.
    #[arg(long, value_name = "NUMBER", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_660))]
    days: u32,
    /// Where chance starts from: the same seed gives the same report, to the byte.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Many seeds one after the other, both ends included; only rules that broke are reported.
    #[arg(long, value_name = "A..B", value_parser = seeds, conflicts_with_all = ["seed", "timeline"])]
    seeds: Option<RangeInclusive<u64>>,
    /// What goes wrong: none, light, heavy, or one kind by its rate, such as loss=0.02 or build=5%. Several add
    /// up, from left to right.
    #[arg(long, value_name = "FAULTS", default_value = "light", value_parser = faults, verbatim_doc_comment,
          long_help = faults_help())]
    faults: Vec<String>,
    /// The share of builds that fail: the same as --faults build=RATE after all others.
    #[arg(long, value_name = "RATE")]
    failing_builds: Option<Rate>,
    /// The first instant, or the day at whose beginning.
    #[arg(long, value_name = "INSTANT", default_value = "2027-01-04T00:00:00Z", value_parser = time::instant)]
    start: Timestamp,
    /// A real organization to rehearse on: the JSON of `aws organizations list-accounts`, tags and units added
    /// or not.
    #[arg(long, value_name = "FILE")]
    organization: Option<PathBuf>,
    /// Adopts every account that carries a state at the start.
    #[arg(long)]
    adopt: bool,
    /// Shows every record of one account, with what led to it.
    #[arg(long, value_name = "ACCOUNT")]
    timeline: Option<AccountId>,
}

fn faults(text: &str) -> Result<String, InvalidFaults> {
    Faults::none().switch(text).map(|_| text.to_owned())
}

fn faults_help() -> String {
    let kinds: Vec<String> = Fault::ALL
        .iter()
        .map(|kind| {
            let rate = |faults: Faults| faults.rate(*kind).share();
            format!("  {kind:<9}{:<8}{:<8}{}", rate(Faults::light()), rate(Faults::heavy()), kind.meaning())
        })
        .collect();
    format!(
        "What goes wrong: none, light, heavy, or one kind by its rate, such as loss=0.02 or build=5%. Several add \
         up, from left to right.\n\n  kind     light   heavy\n{}\n",
        kinds.join("\n")
    )
}

fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let wrong = || format!("`{text}` is no range of seeds; write it like 1..1000");
    let (first, last) = text.split_once("..").ok_or_else(wrong)?;
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong());
    let seeds = number(first)?..=number(last)?;
    if seeds.is_empty() {
        Err(format!("`{text}` holds no seed: the first is above the last"))
    } else {
        Ok(seeds)
    }
}

/// Simulates, and reports.
///
/// # Errors
/// When settings or organization cannot be used, or standard output cannot be written. A broken rule is no
/// error: it is what was looked for.
pub fn run(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let rows = options.timeline.is_some() || options.seeds.is_some();
    if context.screen().format() == Format::Csv && !rows {
        let failure = Failure::new(Exit::Usage, "a report has several tables, and CSV holds one");
        return Err(
            failure.help("--output json gives all of it; --timeline ACCOUNT gives rows for --output csv")
        );
    }
    let settings = context.settings()?;
    let scenario = options.scenario(context, &settings)?;
    let interrupt = Interrupt::listen()?;
    let job = Job { options, context, settings, interrupt };
    match &options.seeds {
        Some(seeds) => job.many(&scenario, seeds.clone()),
        None => job.one(&scenario),
    }
}

impl Options {
    fn scenario(&self, context: &Context, settings: &Settings) -> Result<Scenario, Failure> {
        let mut faults = Faults::none();
        for text in &self.faults {
            faults = faults.switch(text).map_err(|error| Failure::of(Exit::Usage, &error))?;
        }
        if let Some(rate) = self.failing_builds {
            faults = faults.with(Fault::Build, rate);
        }
        let organization = match &self.organization {
            Some(path) => {
                let export = read_export(path)?;
                self.tell(context, path, &export, settings);
                Some(Arc::new(export))
            }
            None => None,
        };
        Ok(Scenario {
            accounts: usize::try_from(self.accounts).unwrap_or(usize::MAX),
            days: self.days,
            seed: self.seed,
            faults,
            start: self.start,
            organization,
            adopt: self.adopt,
            watched: true,
        })
    }

    /// What a file leaves open, and what is done about it.
    fn tell(&self, context: &Context, path: &std::path::Path, export: &Export, settings: &Settings) {
        let screen = context.screen();
        let path = path.display();
        let spread = export.spread(settings).count();
        if spread > 0 {
            screen.warn(&format!(
                "{path} does not tell in which units accounts stand; {spread} of its {} accounts are spread over the \
                 {} units of the settings. A `ParentId` beside each `Id`, as `aws organizations list-parents` \
                 prints it, tells where they really stand",
                export.accounts.len(),
                settings.units().count(),
            ));
        }
        for doubt in export.doubts(settings) {
            screen.warn(&format!("{path}: {doubt}"));
        }
        let with_state = export.with_state(settings);
        if !export.tells_tags {
            screen.warn(&format!(
                "{path} does not tell tags, so every managed account is on-boarded as a new one. `Tags` beside each \
                 `Id`, as `aws organizations list-tags-for-resource` prints them, tell what they really carry"
            ));
        } else if with_state > 0 && !self.adopt {
            screen.warn(&format!(
                "{with_state} accounts of {path} carry a state already: they are left alone until they are adopted \
                 (--adopt adopts them at the start)"
            ));
        }
    }
}

/// One call of the command.
struct Job<'a> {
    options: &'a Options,
    context: &'a Context,
    settings: Arc<Settings>,
    interrupt: Interrupt,
}

impl Job<'_> {
    fn one(&self, scenario: &Scenario) -> Result<Exit, Failure> {
        let bar = Bar::days(scenario.days);
        let simulated = simulate(&self.settings, scenario, &mut |progress| {
            bar.day(&progress);
            !self.interrupt.is_asked()
        });
        bar.end();
        let simulated = simulated?;
        let mut report = Report::of(&simulated, &self.settings, self.again(scenario));
        let breach = simulated.breach();
        if let Some(breach) = &breach {
            report.smallest = Some(self.smallest(scenario, breach)?);
        }
        report.timeline = self.timeline(&simulated, &report)?;
        self.print(&report)?;
        Ok(match breach {
            Some(_) => Exit::Found,
            None if simulated.interrupted => {
                self.context.screen().note("interrupted: the report ends where the simulation did");
                Exit::Interrupted
            }
            None => Exit::Success,
        })
    }

    fn timeline(&self, simulated: &Simulated, report: &Report) -> Result<Option<Timeline>, Failure> {
        let Some(account) = self.options.timeline else { return Ok(None) };
        let is_there = simulated.world.cloud().change(|state| state.member(account).is_some())?;
        if !is_there {
            let failure =
                Failure::new(Exit::NotFound, format!("there is no account {account} in this organization"));
            return Err(match report.journal.busiest {
                Some(busiest) => failure.help(format!("the account with the most records is {busiest}")),
                None => failure,
            });
        }
        Ok(Some(Timeline::of_account(simulated, account)?))
    }

    /// Looks for a smaller scenario that breaks the same rule.
    fn smallest(&self, scenario: &Scenario, breach: &Breach) -> Result<Smallest, Failure> {
        let bar = Bar::search();
        let goes_on = || !self.interrupt.is_asked();
        let found = shrink(
            scenario,
            breach,
            &mut |runs| {
                bar.tried(runs);
                goes_on()
            },
            &mut |smaller| {
                let simulated = simulate(&self.settings, smaller, &mut |_| goes_on())?;
                Ok::<_, Failure>(simulated.breach())
            },
        );
        bar.end();
        let found = found?;
        let simulated = simulate(&self.settings, &found.scenario, &mut |_| true)?;
        let breach = simulated.breach().unwrap_or_else(|| breach.clone());
        Ok(Smallest {
            accounts: found
                .scenario
                .organization
                .as_ref()
                .map_or(found.scenario.accounts, |file| file.accounts.len()),
            days: found.scenario.days,
            seed: found.scenario.seed,
            faults: found.scenario.faults.switches(),
            tried: found.runs,
            again: self.again(&found.scenario),
            trace: Timeline::of_breach(&simulated, &breach)?,
            breach,
        })
    }

    fn print(&self, report: &Report) -> Result<(), Failure> {
        let screen = self.context.screen();
        match (screen.format(), &report.timeline) {
            (Format::Json, _) => screen.json(report),
            (Format::Table, _) | (Format::Csv, None) => screen.text(&text::report(report)),
            (Format::Csv, Some(timeline)) => screen.rows(&text::records(&timeline.records), timeline),
        }
    }

    fn many(&self, scenario: &Scenario, seeds: RangeInclusive<u64>) -> Result<Exit, Failure> {
        let bar = Bar::seeds(seeds.end().saturating_sub(*seeds.start()).saturating_add(1));
        let found = simulate_many(&self.settings, scenario, seeds, &|runs| {
            bar.tried(u32::try_from(runs).unwrap_or(u32::MAX));
            !self.interrupt.is_asked()
        });
        bar.end();
        let many = found?;
        let screen = self.context.screen();
        let commands: Vec<String> = many
            .broken
            .iter()
            .map(|broken| self.again(&Scenario { seed: broken.seed, ..scenario.clone() }))
            .collect();
        match screen.format() {
            Format::Json => screen.json(&text::ManyView::of(&many, &commands))?,
            Format::Csv => screen.rows(&text::broken_seeds(&many, &commands), &many)?,
            Format::Table => screen.text(&text::many(&many, &commands))?,
        }
        Ok(match (many.broken.is_empty(), many.interrupted) {
            (false, _) => Exit::Found,
            (true, true) => Exit::Interrupted,
            (true, false) => Exit::Success,
        })
    }

    /// The command that repeats a scenario.
    fn again(&self, scenario: &Scenario) -> String {
        let organization = self.options.organization.as_deref();
        again::command(scenario, self.context.settings_path(), organization)
    }
}
