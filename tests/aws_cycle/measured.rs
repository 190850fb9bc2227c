//! What a life takes of the services that charge for it: `src/estimate/measured.csv`, which `spa estimate` counts with.
//!
//! `UPDATE_GOLDENS=1 cargo test --features aws --test aws_cycle steady` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use spa::event::Handler;

use crate::company::TABLE;
use crate::life::Life;
use crate::wire::Call;

/// What is counted, by phase and by what it is.
#[derive(Default)]
pub struct Measured(BTreeMap<(&'static str, String), u64>);

/// DynamoDB counts writes by the started kilobyte, and reads by four of them
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html>).
const WRITTEN: u64 = 1_024;
const READ: u64 = 4_096;

/// Routed by the code, and not deployed yet.
const LATER: [Handler; 1] = [Handler::OnActivity];

impl Measured {
    /// Counts these calls and invocations of a phase in which so many accounts went through something.
    pub fn count(&mut self, phase: &'static str, accounts: usize, life: &mut Life<'_>, calls: &[Call]) {
        self.add(phase, "accounts", u64::try_from(accounts).unwrap());
        for (handler, times) in std::mem::take(&mut life.functions.invocations) {
            if LATER.contains(&handler) {
                continue;
            }
            self.add(phase, &format!("invocations of {handler}"), u64::from(times));
            if is_fed_by_a_queue(handler) {
                self.add(phase, "messages of queues", u64::from(times));
            }
        }
        for call in calls {
            self.add(phase, "calls", 1);
            self.one(phase, call);
        }
    }

    fn one(&mut self, phase: &'static str, call: &Call) {
        let sent = &call.sent;
        match (call.service.as_str(), call.operation.as_str()) {
            ("dynamodb", "TransactWriteItems") => {
                for item in sent["TransactItems"].as_array().unwrap() {
                    let bytes = size(&item["Put"]["Item"]);
                    // A transaction costs twice; an index is written beside it, once.
                    let units = bytes.div_ceil(WRITTEN).max(1);
                    self.add(phase, "write units", 2 * units);
                    let put = &item["Put"]["Item"];
                    if !put["day"].is_null() {
                        self.add(phase, "write units", units);
                        // The record stands in the table, and whole in the index by day.
                        self.add(phase, "bytes kept", 2 * bytes);
                    }
                    if !put["wake"].is_null() {
                        // One that goes, and one that comes.
                        self.add(phase, "write units", 2);
                    }
                }
            }
            ("dynamodb", "PutItem") => {
                self.add(phase, "write units", size(&sent["Item"]).div_ceil(WRITTEN).max(1));
            }
            ("dynamodb", "GetItem" | "Query") => {
                let bytes = size(&call.answer["Item"]) + size(&call.answer["Items"]);
                let units = bytes.div_ceil(READ).max(1);
                // Half as much where it may be a moment old. Counted in halves, so that nothing is rounded.
                let halves = if sent["ConsistentRead"] == true { 2 * units } else { units };
                self.add(phase, "half read units", halves);
            }
            ("dynamodb", "BatchGetItem") => {
                let found = call.answer["Responses"].as_object().unwrap().values();
                let is_consistent = sent["RequestItems"][TABLE]["ConsistentRead"] == true;
                for item in found.flat_map(|items| items.as_array().unwrap()) {
                    let units = size(item).div_ceil(READ).max(1);
                    self.add(phase, "half read units", if is_consistent { 2 * units } else { units });
                }
            }
            ("events", "PutEvents") => {
                let entries = sent["Entries"].as_array().unwrap().len();
                self.add(phase, "events of ours", u64::try_from(entries).unwrap());
            }
            ("ssm", _) => self.add(phase, "reads of parameters", 1),
            ("organizations", "TagResource" | "UntagResource") => {
                self.add(phase, "events from other accounts", 1);
            }
            ("codebuild", "StartBuild") => {
                self.add(phase, "events from other accounts", 1);
                let purges = sent["projectName"].as_str().unwrap().contains("Purge");
                self.add(phase, if purges { "purges" } else { "preparations" }, 1);
            }
            _ => {}
        }
    }

    fn add(&mut self, phase: &'static str, what: &str, number: u64) {
        *self.0.entry((phase, what.to_owned())).or_default() += number;
    }

    fn csv(&self) -> String {
        let mut text = String::from("phase,what,number\n");
        for ((phase, what), number) in &self.0 {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{phase},{what},{number}");
        }
        text
    }

    /// The file says the same.
    pub fn is_what_stands_in_the_file(&self) {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/estimate/measured.csv");
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(path, self.csv()).unwrap();
        }
        let stands = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(stands, self.csv(), "UPDATE_GOLDENS=1 writes {path} anew");
    }
}

/// Whether what wakes this function waits in a queue: `infra/automation-account.yaml`.
fn is_fed_by_a_queue(handler: Handler) -> bool {
    !matches!(handler, Handler::OnMaintenanceWindow | Handler::OnReconcile | Handler::OnAccountEvent)
}

/// About how many bytes items have: their names and values as JSON, which is somewhat more than DynamoDB counts.
fn size(items: &Value) -> u64 {
    if items.is_null() { 0 } else { u64::try_from(items.to_string().len()).unwrap() }
}
