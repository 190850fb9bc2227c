//! A year of 10,000 accounts in memory: 52 weekly windows, under 60 s on one core and under 1 GiB.
//!
//! `cargo bench --bench year` runs it; `-- --accounts NUMBER` changes the size.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints, and fails by panicking")]

mod support;

use std::process::ExitCode;

use support::{figures, measured, mebibytes, number, peak_memory, scenario, settings};

const DAYS: u32 = 52 * 7;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let place = words.iter().position(|word| word == "--accounts");
    let accounts = place.and_then(|place| words.get(place + 1)?.parse().ok()).unwrap_or(10_000);
    let (simulated, took) = measured(&settings(), &scenario(accounts, DAYS));
    let (cycles, records) = figures(&simulated);
    let memory = peak_memory();
    println!("accounts             {}", number(accounts as u64));
    println!("cycles               {}", number(cycles));
    println!("records              {}", number(records));
    println!("elapsed              {:.1} s", took.elapsed.as_secs_f64());
    println!("time on one core     {:.1} s (at most 60 s)", took.processor.as_secs_f64());
    println!("most memory          {} MiB (at most 1,024 MiB)", mebibytes(memory));
    println!("bytes of records     {}", number(simulated.world.kept().record_bytes() as u64));
    let good = took.processor.as_secs_f64() < 60.0 && memory < 1 << 30;
    if accounts == 10_000 && !good { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
