//! What benchmarks share: settings, a scenario, and what the process took.

#![allow(dead_code, reason = "each benchmark is a program of its own and uses some of it")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use spa::cloud::local::faults::Faults;
use spa::journal::Journal as _;
use spa::settings::Settings;
use spa::simulation::run::run_or_die;
use spa::simulation::{Scenario, Simulated, simulate};
use state_machine::AccountId;

/// The one of the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Four units; windows on Saturdays, wide enough for everybody: with the usual brakes, 50 accounts at a time,
/// ten thousand do not have their turn in two days. Everything else is as by default.
const SETTINGS: &str = "
automation:
  account_id: '123456789012'
  region: eu-west-1
  maintenance_window_expression: cron(0 18 ? * SAT *)
worker:
  preparation_buildspec_template_file: buildspecs/prepare.yaml
  purge_buildspec_template_file: buildspecs/purge.yaml
maintenance: { accounts_in_flight: 1000, first_wave: 20 }
defaults:
  account_tags: { managed-by: SPA }
  preparation: { feature: enabled }
  purge: { feature: enabled }
organizational_units:
  - identifier: ou-ab12-11112222
  - identifier: ou-ab12-33334444
  - identifier: ou-ab12-55556666
  - identifier: ou-ab12-77778888
";

/// The settings of the benchmarks.
pub fn settings() -> Arc<Settings> {
    let loaded = spa::settings::load_text("settings.yaml", SETTINGS, Path::new(env!("CARGO_MANIFEST_DIR")));
    Arc::new(loaded.settings.expect("the settings of the benchmarks are good"))
}

/// So many accounts and days, without faults, with nobody who watches.
pub fn scenario(accounts: usize, days: u32) -> Scenario {
    Scenario {
        accounts,
        days,
        seed: 1,
        faults: Faults::none(),
        start: "2027-01-04T00:00:00Z".parse().expect("an instant"),
        organization: None,
        adopt: false,
        watched: false,
    }
}

/// What a run took.
pub struct Took {
    pub elapsed: Duration,
    pub processor: Duration,
}

/// Simulates, and measures it.
pub fn measured(settings: &Arc<Settings>, scenario: &Scenario) -> (Simulated, Took) {
    let (began, used) = (Instant::now(), processor());
    let simulated = simulate(settings, scenario, &mut |_| true).expect("a simulation");
    (simulated, Took { elapsed: began.elapsed(), processor: processor().saturating_sub(used) })
}

/// Cycles that went all the way, and records, of all accounts.
pub fn figures(simulated: &Simulated) -> (u64, u64) {
    let (mut cycles, mut records) = (0, 0);
    let mut after: Option<AccountId> = None;
    loop {
        let heads = run_or_die(simulated.world.kept().heads(after, 1_000)).expect("at once").expect("heads");
        let Some(last) = heads.last() else { return (cycles, records) };
        after = Some(last.id());
        cycles += heads.iter().map(|head| u64::from(head.cycles())).sum::<u64>();
        records += heads.iter().map(|head| head.version().number()).sum::<u64>();
    }
}

/// The most memory that this process ever held, in bytes.
pub fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes =
        line.and_then(|line| line.trim().strip_suffix("kB")).and_then(|text| text.trim().parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

/// Time on a processor so far: what a busy machine does not add to.
fn processor() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// With a comma between thousands.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

/// Mebibytes.
pub const fn mebibytes(bytes: u64) -> u64 {
    bytes / 1024 / 1024
}
