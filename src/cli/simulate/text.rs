//! A report as people read it.

use anstyle::Style;
use serde::Serialize;

use crate::cli::table::terminal_width;
use crate::cli::{Cell, Table, Tone};
use crate::simulation::report::{Line, Report, RuleLine, Smallest, Timeline, UnitLine};
use crate::simulation::{Many, Rule};

/// The whole report.
pub(super) fn report(report: &Report) -> String {
    let mut text = Text::default();
    scenario(&mut text, report);
    text.table(
        "Units",
        &units(report),
        "times: half of the cycles took no longer (95 in 100 took no longer)",
    );
    windows(&mut text, report);
    if !report.faults.is_empty() || report.deaths + report.dead_letters > 0 {
        faults(&mut text, report);
    }
    text.table("Calls", &calls(report), "");
    builds(&mut text, report);
    journal(&mut text, report);
    text.table("Rules", &rules(&report.rules), "");
    if let Some(timeline) = &report.timeline {
        history(&mut text, timeline, "Timeline");
    }
    if let Some(smallest) = &report.smallest {
        broken(&mut text, report, smallest);
    }
    text.line(format!("again: {}", report.again));
    text.finish()
}

/// Paragraphs, with a blank line between them.
#[derive(Default)]
struct Text(Vec<String>);

impl Text {
    fn line(&mut self, line: impl Into<String>) {
        self.0.push(line.into());
    }

    fn table(&mut self, title: &str, table: &Table, note: &str) {
        let bold = Style::new().bold();
        let mut paragraph = format!("{bold}{title}{bold:#}");
        if !note.is_empty() {
            paragraph = format!("{paragraph}  {note}");
        }
        self.0.push(format!("{paragraph}\n{}", table.render(terminal_width())));
    }

    fn finish(self) -> String {
        self.0.join("\n\n")
    }
}

fn scenario(text: &mut Text, report: &Report) {
    let (scenario, accounts) = (&report.scenario, &report.accounts);
    let mut line = format!(
        "{} accounts, {} days from {}, seed {}, {} faults",
        number(accounts.all as u64),
        scenario.days,
        scenario.start,
        scenario.seed,
        match scenario.faults {
            "none" => "no",
            name => name,
        }
    );
    if scenario.adopted {
        line.push_str(", accounts with a state adopted");
    }
    if scenario.interrupted {
        line = format!("{line}; interrupted at {}", scenario.end);
    }
    let places = [
        (accounts.released, "released"),
        (accounts.under_way, "under way"),
        (accounts.quarantined, "in quarantine"),
        (accounts.held, "held"),
        (accounts.awaiting_adoption, "waiting to be adopted"),
        (accounts.not_active, "not in use"),
        (accounts.outside, "not managed, or protected"),
    ];
    let places = places.into_iter().filter(|(accounts, _)| *accounts > 0);
    let places: Vec<String> =
        places.map(|(accounts, place)| format!("{} {place}", number(accounts as u64))).collect();
    let when = match (scenario.interrupted, &report.breach) {
        (false, None) => "in the end, after three more days without faults and windows",
        (true, _) | (_, Some(_)) => "in the end",
    };
    text.line(format!("{line}\n{when}: {}", places.join(", ")));
}

fn units(report: &Report) -> Table {
    let headings = [
        "unit",
        "accounts",
        "cycles",
        "interrupted",
        "on-boarding",
        "maintenance",
        "failed builds",
        "quarantines",
        "holds",
        "name",
    ];
    let mut table = Table::new(headings).right([1, 2, 3, 4, 5, 6, 7, 8]);
    for line in &report.units {
        let unit = line.unit.as_ref().map_or("(no unit)", |unit| unit.as_str());
        table.row(unit_cells(unit, line));
    }
    if report.units.len() > 1 {
        table.row(unit_cells("all", &report.total));
    }
    table
}

fn unit_cells(unit: &str, line: &UnitLine) -> [Cell; 10] {
    let took = |median: u32, p95: u32| match (median, p95) {
        (0, 0) => Cell::toned("-", Tone::Faint),
        (median, p95) => format!("{} ({})", duration(median), duration(p95)).into(),
    };
    let doubtful = |times: u64| toned(times, if times > 0 { Tone::Doubtful } else { Tone::Plain });
    [
        unit.into(),
        number(line.accounts as u64).into(),
        number(line.cycles).into(),
        number(line.interrupted).into(),
        took(line.on_boarding_median, line.on_boarding_p95),
        took(line.maintenance_median, line.maintenance_p95),
        number(line.failures).into(),
        doubtful(line.quarantines),
        number(line.holds).into(),
        line.name.as_deref().unwrap_or_default().into(),
    ]
}

fn windows(text: &mut Text, report: &Report) {
    let (windows, tally) = (&report.windows, &report.windows.tally);
    let mut table = Table::new([
        "opened",
        "closed",
        "stopped by brakes",
        "completed",
        "after a failed build",
        "quarantined",
        "interrupted",
        "left out",
    ])
    .right([0, 1, 2, 3, 4, 5, 6, 7]);
    let figures =
        [tally.completed, tally.completed_late, tally.quarantined, tally.interrupted, tally.left_out];
    let stopped = toned(windows.stopped, if windows.stopped > 0 { Tone::Doubtful } else { Tone::Plain });
    let first = [number(windows.opened).into(), number(windows.closed).into(), stopped];
    table.row(first.into_iter().chain(figures.map(|figure| number(figure.into()).into())));
    text.table("Windows", &table, "and what became of the accounts of those that closed");
}

fn faults(text: &mut Text, report: &Report) {
    let mut table = Table::new(["fault", "rate", "struck", "what it does"]).right([1, 2]);
    for line in &report.faults {
        let rate = format!("{} %", digits(line.rate * 100.0));
        table.row([
            line.kind.as_str().into(),
            rate.into(),
            number(line.struck).into(),
            line.kind.meaning().into(),
        ]);
    }
    let note = format!(
        "processes that died: {}, dead letters: {}",
        number(report.deaths),
        number(report.dead_letters)
    );
    text.table("Faults", &table, &note);
    if report.lost.is_empty() {
        return;
    }
    let mut table =
        Table::new(["event", "lost", "repaired", "after", "overtaken", "repaired by"]).right([1, 2, 3, 4]);
    for line in &report.lost {
        let by: Vec<String> =
            line.repaired_by.iter().map(|(who, times)| format!("{who} {}", number(*times))).collect();
        let after = match line.repaired {
            0 => Cell::toned("-", Tone::Faint),
            _ => format!("{} ({})", duration(line.repair_median), duration(line.repair_p95)).into(),
        };
        table.row([
            line.kind.into(),
            number(line.lost).into(),
            number(line.repaired).into(),
            after,
            number(line.overtaken).into(),
            by.join(", ").into(),
        ]);
    }
    text.table("Lost events", &table, "overtaken: what they told changed before anybody needed it");
}

fn calls(report: &Report) -> Table {
    let headings = ["service", "operation", "calls", "per cycle", "per account and day"];
    let mut table = Table::new(headings).right([2, 3, 4]);
    let per = |value: Option<f64>| {
        value.map_or_else(|| Cell::toned("-", Tone::Faint), |value| digits(value).into())
    };
    for line in &report.calls {
        table.row([
            line.service.into(),
            line.operation.into(),
            number(line.calls).into(),
            per(line.per_cycle),
            per(line.per_account_and_day),
        ]);
    }
    table
}

fn builds(text: &mut Text, report: &Report) {
    let builds = &report.builds;
    let bold = Style::new().bold();
    text.line(format!(
        "{bold}Builds{bold:#}  {} started, {} failed, {} minutes: about ${:.2} at ${} a minute\n({}; {})",
        number(builds.started),
        number(builds.failed),
        number(builds.minutes),
        builds.estimate,
        builds.price_of_a_minute,
        builds.price_is_for,
        builds.price_page,
    ));
}

fn journal(text: &mut Text, report: &Report) {
    let journal = &report.journal;
    let bold = Style::new().bold();
    let mut line = format!("{bold}Journal{bold:#}  {} records", number(journal.records));
    if let Some(each) = journal.records_per_cycle {
        line = format!("{line}, {} a cycle", digits(each));
    }
    line = format!(
        "{line}; {} events ignored with a reason, {} refused",
        number(journal.ignored),
        number(journal.refused_events)
    );
    if let Some(busiest) = journal.busiest {
        let records = number(journal.busiest_records);
        line = format!(
            "{line}\nmost records: account {busiest} with {records}; --timeline {busiest} shows them"
        );
    }
    text.line(line);
}

fn rules(lines: &[RuleLine]) -> Table {
    let mut table = Table::new(["#", "rule", "checks", "verdict"]).right([0, 2]);
    for line in lines {
        let verdict = match (line.broken, line.checks) {
            (true, _) => Cell::toned("broken", Tone::Bad),
            (false, 0) => Cell::toned("not checked", Tone::Faint),
            (false, _) => Cell::toned("held", Tone::Good),
        };
        table.row([line.number.to_string().into(), line.rule.into(), number(line.checks).into(), verdict]);
    }
    table
}

fn broken(text: &mut Text, report: &Report, smallest: &Smallest) {
    let Some(breach) = &report.breach else { return };
    let account =
        breach.account.map_or_else(|| "the fleet".to_owned(), |account| format!("account {account}"));
    let red = Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
    text.line(format!(
        "{red}Rule {} was broken{red:#}: {}\nat {}, {account}, seed {}: {}",
        breach.rule.number(),
        breach.rule.as_str(),
        breach.at,
        report.scenario.seed,
        breach.seen,
    ));
    let faults = smallest.faults.join(", ");
    text.line(format!(
        "the smallest of {} scenarios that break it: {} accounts, {} days, seed {}, faults: {faults}\nagain: {}\n{}",
        smallest.tried + 1,
        smallest.accounts,
        smallest.days,
        smallest.seed,
        smallest.again,
        smallest.breach.seen,
    ));
    history(text, &smallest.trace, "What led to it");
}

fn history(text: &mut Text, timeline: &Timeline, title: &str) {
    let of =
        timeline.account.map_or_else(|| "of the fleet".to_owned(), |account| format!("of account {account}"));
    let earlier = match timeline.earlier {
        0 => String::new(),
        earlier => format!(", {} earlier ones not shown", number(earlier as u64)),
    };
    let note = format!("{} records {of}{earlier}", number(timeline.records.len() as u64));
    text.table(title, &records(&timeline.records), &note);
}

/// Records, a row each.
pub(super) fn records(lines: &[Line]) -> Table {
    let mut table = Table::new(["version", "at", "because of", "by", "what", "owes"]).right([0]);
    for line in lines {
        table.row([
            line.version.to_string().into(),
            line.at.to_string().into(),
            line.origin.as_str().into(),
            line.by.as_str().into(),
            line.text.as_str().into(),
            line.owes.join("; ").into(),
        ]);
    }
    table
}

/// What many seeds showed, for programs.
#[derive(Serialize)]
pub(super) struct ManyView<'a> {
    schema: u32,
    #[serde(flatten)]
    many: &'a Many,
    rules: Vec<RuleLine>,
    /// The commands that repeat the seeds that broke a rule, in the same order.
    again: &'a [String],
}

impl<'a> ManyView<'a> {
    pub(super) fn of(many: &'a Many, again: &'a [String]) -> Self {
        Self { schema: crate::simulation::report::SCHEMA, many, rules: rule_lines(many), again }
    }
}

fn rule_lines(many: &Many) -> Vec<RuleLine> {
    let line = |rule: Rule| RuleLine {
        number: rule.number(),
        rule: rule.as_str(),
        checks: many.checks.get(&rule).copied().unwrap_or(0),
        broken: many.broken.iter().any(|broken| broken.breach.rule == rule),
    };
    Rule::ALL.map(line).into()
}

/// What many seeds showed, for people.
pub(super) fn many(many: &Many, commands: &[String]) -> String {
    let mut text = Text::default();
    let stopped = if many.interrupted { "; interrupted" } else { "" };
    let broken = match many.broken.len() {
        0 => "no rule was broken".to_owned(),
        seeds => format!("{} broke a rule", number(seeds as u64)),
    };
    text.line(format!(
        "{} simulations, {} records: {broken}{stopped}",
        number(many.runs),
        number(many.records)
    ));
    text.table("Rules", &rules(&rule_lines(many)), "");
    if !many.broken.is_empty() {
        text.table("Seeds", &broken_seeds(many, commands), "that broke a rule");
    }
    text.finish()
}

/// Seeds that broke a rule, a row each.
pub(super) fn broken_seeds(many: &Many, commands: &[String]) -> Table {
    let mut table = Table::new(["seed", "rule", "at", "account", "seen", "again"]).right([0, 1]);
    for (broken, command) in many.broken.iter().zip(commands) {
        let breach = &broken.breach;
        table.row([
            broken.seed.to_string().into(),
            breach.rule.number().to_string().into(),
            breach.at.to_string().into(),
            breach.account.map(|account| account.to_string()).unwrap_or_default().into(),
            breach.seen.as_str().into(),
            command.as_str().into(),
        ]);
    }
    table
}

fn toned(value: u64, tone: Tone) -> Cell {
    Cell::toned(number(value), tone)
}

/// With a comma between thousands.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// At most two digits behind the point.
fn digits(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A time in seconds, in the unit that people would use.
fn duration(seconds: u32) -> String {
    let seconds = f64::from(seconds);
    match seconds {
        0.0..120.0 => format!("{seconds:.0} s"),
        120.0..7_200.0 => format!("{:.1} min", seconds / 60.0),
        7_200.0..172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} d", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_like_numbers() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 0.5, 2.0, 18.196].map(digits), ["0", "0.5", "2", "18.2"]);
        assert_eq!(
            [0, 119, 120, 7_199, 7_200, 172_800].map(duration),
            ["0 s", "119 s", "2.0 min", "120.0 min", "2.0 h", "2.0 d"]
        );
    }
}
