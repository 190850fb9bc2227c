//! Cost grows with the number of accounts: 1,000, 10,000 and 100,000 of them through a week.
//!
//! `cargo bench --bench growth` runs it.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints, and fails by panicking")]

mod support;

use support::{figures, measured, number, scenario, settings};

/// On-boarding, and one window.
const DAYS: u32 = 8;

fn main() {
    println!("accounts    records      time on one core    per account and day    against 1,000");
    let mut first = None;
    for accounts in [1_000_u32, 10_000, 100_000] {
        let (simulated, took) = measured(&settings(), &scenario(accounts as usize, DAYS));
        let (_, records) = figures(&simulated);
        let each = took.processor.as_secs_f64() * 1e6 / f64::from(accounts) / f64::from(DAYS);
        let first = *first.get_or_insert(each);
        println!(
            "{:>8}    {:>9}    {:>14.2} s    {each:>16.1} µs    {:>11.2} ×",
            number(accounts.into()),
            number(records),
            took.processor.as_secs_f64(),
            each / first,
        );
    }
}
