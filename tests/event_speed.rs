//! How long an event takes from the sender to the choice of its function.
//!
//! A simulation of a year sends millions of them. For figures that mean something:
//! `cargo test --release --test event_speed -- --nocapture`

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "fixtures/events/mod.rs"]
mod fixtures;

use std::hint::black_box;
use std::time::{Duration, Instant};

use fixtures::{STATE_KEY, text, trust};
use spa::event::*;

/// The events of one cycle of maintenance, as often as each occurs in it.
const CYCLE: [(&str, u32); 9] = [
    ("organizations-tag-expired", 1),
    ("organizations-tag-released", 2),
    ("codebuild-purge-succeeded", 2),
    ("codebuild-preparation-succeeded", 2),
    ("spa-account-ExpiredAccount", 1),
    ("spa-account-PurgedAccount", 2),
    ("spa-account-PreparedAccount", 2),
    ("spa-account-ReleasedAccount", 1),
    ("spa-activity-SuccessfulMaintenanceEvent", 1),
];

/// Nanoseconds for one call, the best of several rounds: what disturbs a round makes it longer, never shorter.
fn nanoseconds(rounds: u32, mut call: impl FnMut()) -> u128 {
    let calls = if cfg!(debug_assertions) { 100 } else { 20_000 };
    let round = |_| {
        let begin = Instant::now();
        for _ in 0..calls {
            call();
        }
        begin.elapsed()
    };
    (0..rounds).map(round).min().unwrap_or(Duration::MAX).as_nanos() / calls
}

#[test]
fn an_event_takes_microseconds() {
    let trust = trust();
    println!(
        "{:42} {:>6} {:>6} {:>6} {:>6} {:>6}",
        "ns per event", "bytes", "build", "decode", "route", "all"
    );
    let (mut sum, mut number) = (0, 0);
    for (name, times) in CYCLE {
        let event = decode(&text(name), &trust).unwrap();
        let json = emit::event(&event, &trust);
        let build = nanoseconds(7, || drop(black_box(emit::event(black_box(&event), &trust))));
        let decoding = nanoseconds(7, || drop(black_box(decode(black_box(&json), &trust))));
        let routing = nanoseconds(7, || drop(black_box(route(black_box(&event), STATE_KEY))));
        let all = nanoseconds(7, || {
            let json = emit::event(black_box(&event), &trust);
            let decoded = decode(&json, &trust).unwrap();
            drop(black_box(route(&decoded, STATE_KEY)));
        });
        println!("{name:42} {:6} {build:6} {decoding:6} {routing:6} {all:6}", json.len());
        sum += all * u128::from(times);
        number += u128::from(times);
    }
    let mean = sum / number;
    println!("mean of a cycle: {mean} ns");
    // Three times the budget, so that a busy machine breaks nothing and a quadratic mistake does.
    if !cfg!(debug_assertions) {
        assert!(mean < 9_000, "{mean} ns");
    }
}
