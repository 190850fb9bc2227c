//! `spa account history`: every record with its cause.

use std::collections::VecDeque;

use clap::Args;
use serde::Serialize;
use state_machine::{AccountId, Record, Timestamp};

use crate::cli::place::Place;
use crate::cli::{Context, Exit, Failure, Table, time};

/// Which records.
#[derive(Debug, Args)]
pub struct Options {
    /// The account: twelve digits.
    #[arg(value_name = "ACCOUNT")]
    account: AccountId,
    /// Only what was recorded at this instant (2026-11-21T18:00:00Z) or day (2026-11-21), or later.
    #[arg(long, value_name = "INSTANT", value_parser = time::instant)]
    since: Option<Timestamp>,
    /// Only the last so many of them.
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

/// A record, and what it says in words.
#[derive(Debug, Serialize)]
struct Told {
    text: String,
    #[serde(flatten)]
    record: Record,
}

/// Prints records, oldest first.
pub fn run<P: Place>(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let place = P::open(context)?;
    place.head(options.account)?;
    let limit = options.limit.unwrap_or(usize::MAX);
    let mut records: VecDeque<Record> = VecDeque::new();
    let mut dropped = 0_u64;
    place.records(options.account, |record| {
        if options.since.is_none_or(|since| record.at >= since) {
            records.push_back(record);
        }
        if records.len() > limit {
            records.pop_front();
            dropped += 1;
        }
        true
    })?;
    let mut table = Table::new(["version", "at", "from", "by", "what", "owes"]).right([0]);
    let mut told = Vec::new();
    for record in records {
        let owes: Vec<String> = record.owes.iter().map(|owes| owes.intent.to_string()).collect();
        let text = record.fact.to_string();
        table.row([
            record.version.to_string().into(),
            time::shown(record.at).into(),
            record.cause.origin.to_string().into(),
            record.cause.by.to_string().into(),
            text.clone().into(),
            owes.join("; ").into(),
        ]);
        told.push(Told { text, record });
    }
    context.screen().rows(&table, &told)?;
    if dropped > 0 {
        context.screen().note(&format!("{dropped} earlier records are not shown"));
    }
    Ok(Exit::Success)
}
