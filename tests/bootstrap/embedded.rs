//! The rules of CloudWatch's embedded metric format.
//!
//! From the specification and its JSON schema:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use serde_json::Value;

/// What is wrong with a line, by the specification; nothing when it is fine.
pub fn problems(line: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |fine: bool, problem: String| {
        if !fine {
            problems.push(problem);
        }
    };
    let aws = &line["_aws"];
    check(aws["Timestamp"].is_u64(), format!("Timestamp: {}", aws["Timestamp"]));
    let directives = aws["CloudWatchMetrics"].as_array().cloned().unwrap_or_default();
    check(!directives.is_empty(), "no directive".to_owned());
    for directive in directives {
        let namespace = directive["Namespace"].as_str().unwrap_or_default();
        check((1..=1024).contains(&namespace.len()), format!("Namespace: {namespace}"));
        let sets = directive["Dimensions"].as_array().cloned().unwrap_or_default();
        check(!sets.is_empty(), "no set of dimensions".to_owned());
        for set in sets {
            let set = set.as_array().cloned().unwrap_or_default();
            check((1..=30).contains(&set.len()), format!("{} dimensions", set.len()));
            for name in set {
                let name = name.as_str().unwrap_or_default().to_owned();
                check((1..=250).contains(&name.len()), format!("dimension `{name}`"));
                let value = line[&name].as_str().unwrap_or_default();
                let printable = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
                let fine = (1..=1024).contains(&value.len()) && printable && !value.starts_with(':');
                check(fine && !value.trim().is_empty(), format!("{name}: {}", line[&name]));
            }
        }
        let metrics = directive["Metrics"].as_array().cloned().unwrap_or_default();
        check((1..=100).contains(&metrics.len()), format!("{} metrics", metrics.len()));
        for metric in metrics {
            let name = metric["Name"].as_str().unwrap_or_default();
            check((1..=1024).contains(&name.len()), format!("metric `{name}`"));
            check(UNITS.contains(&metric["Unit"].as_str().unwrap_or_default()), format!("unit of {name}"));
            check(line[name].is_number(), format!("{name}: {}", line[name]));
        }
    }
    problems
}

/// Those of <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html> that are used.
const UNITS: [&str; 4] = ["Count", "Count/Second", "Milliseconds", "None"];
