//! The table is the one that the journal's code reads and writes, and the dashboard shows metrics that there are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::template::Template;

/// What the table is made of. It is behind the feature `aws`, and read as text so that this test is not.
const TABLE: &str = include_str!("../../src/journal/dynamodb/table.rs");
const METRICS: &str = include_str!("../../src/function/metrics.rs");

/// The constants of the code that are texts: `pub const STREAM: &str = "stream";`
fn texts() -> BTreeMap<&'static str, &'static str> {
    let constants = TABLE.lines().filter_map(|line| line.strip_prefix("pub const ")?.split_once(": &str = "));
    let constants = constants.map(|(name, value)| (name, value.trim_end_matches(';').trim_matches('"')));
    constants.collect()
}

/// The indexes of the code, as the template says them:
/// `pub const DUE: Index = Index { name: "due", partition: "kind", sort: "wake", whole: false };`
fn indexes() -> Vec<Value> {
    let texts = texts();
    let indexes =
        TABLE.lines().filter_map(|line| line.split_once(": Index = Index { ")?.1.strip_suffix(" };"));
    let indexes = indexes.map(|members| {
        let members: BTreeMap<&str, &str> =
            members.split(", ").map(|member| member.split_once(": ").unwrap()).collect();
        let text = |name: &str| {
            let said = members[name];
            said.strip_prefix('"').map_or_else(|| texts[said], |said| said.trim_end_matches('"'))
        };
        let projection = if members["whole"] == "true" { "ALL" } else { "KEYS_ONLY" };
        json!({
            "IndexName": text("name"),
            "KeySchema": keys(text("partition"), text("sort")),
            "Projection": { "ProjectionType": projection },
        })
    });
    indexes.collect()
}

fn keys(partition: &str, sort: &str) -> Value {
    json!([
        { "AttributeName": partition, "KeyType": "HASH" },
        { "AttributeName": sort, "KeyType": "RANGE" },
    ])
}

#[test]
fn the_table_is_the_one_of_the_code() {
    let template = Template::automation();
    let table = template.one("JournalTable");
    let texts = texts();
    assert_eq!(table["KeySchema"], keys(texts["STREAM"], texts["ITEM"]));
    let indexes = indexes();
    assert_eq!(indexes.len(), 3);
    assert_eq!(table["GlobalSecondaryIndexes"], Value::Array(indexes));
    let schemas = table["GlobalSecondaryIndexes"].as_array().unwrap().iter().chain([table]);
    let used: BTreeSet<&str> = schemas
        .flat_map(|part| part["KeySchema"].as_array().unwrap())
        .map(|key| key["AttributeName"].as_str().unwrap())
        .collect();
    let defined = table["AttributeDefinitions"].as_array().unwrap();
    assert!(defined.iter().all(|attribute| attribute["AttributeType"] == "S"));
    let defined = defined.iter().map(|attribute| attribute["AttributeName"].as_str().unwrap());
    assert_eq!(defined.collect::<BTreeSet<_>>(), used);
}

#[test]
fn facts_are_not_lost_by_mistake() {
    let template = Template::automation();
    let table = template.one("JournalTable");
    assert_eq!(table["DeletionProtectionEnabled"], true);
    assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(table["SSESpecification"]["SSEEnabled"], true);
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
    assert!(table["TimeToLiveSpecification"].is_null(), "facts are kept for ever");
    assert_eq!(template.one("ReportBucket")["VersioningConfiguration"]["Status"], "Enabled");
    for name in ["JournalTable", "ReportBucket"] {
        assert!(template.is_retained(name), "{name} goes with its stack");
    }
}

#[test]
fn the_dashboard_shows_metrics_that_there_are() {
    let template = Template::automation();
    let body = template.one("Dashboard")["DashboardBody"].as_str().unwrap();
    let board: Value = serde_json::from_str(body).unwrap();
    assert!(board["widgets"].as_array().unwrap().len() > 5);
    let namespace = "SustainablePersonalAccount";
    assert!(METRICS.contains(&format!("\"{namespace}\"")));
    let searches = body.split("SEARCH('{").skip(1).filter_map(|search| search.strip_prefix(namespace));
    let mut shown = BTreeSet::new();
    for search in searches {
        let (dimensions, rest) = search.split_once("} MetricName=").unwrap();
        let name = rest.split(' ').next().unwrap();
        assert!(METRICS.contains(&format!("\"{name}\"")), "there is no metric {name}");
        for dimension in dimensions.split(',').filter(|dimension| !dimension.is_empty()) {
            assert!(METRICS.contains(&format!("\"{dimension}\"")), "no metric is told by {dimension}");
        }
        shown.insert(name);
    }
    assert!(shown.len() > 2, "{shown:?}");
    for (name, _) in template.all("AWS::SQS::Queue") {
        assert!(body.contains(&format!("\"{name}.QueueName\"")), "{name} is not shown");
    }
}
