//! What `spa estimate` counts as standing in the automation account stands in its template.

use spa::estimate::deployment;

use crate::template::Template;

#[test]
fn what_is_estimated_is_what_is_deployed() {
    let template = Template::automation();
    let number = |kind: &str| u32::try_from(template.all(kind).len()).unwrap();
    assert_eq!(number("AWS::Lambda::EventSourceMapping"), deployment::POLLED_QUEUES);
    assert_eq!(number("AWS::CloudWatch::Dashboard"), deployment::DASHBOARDS);
    assert_eq!(number("AWS::Lambda::Function"), deployment::FUNCTIONS);
    for (name, function) in template.all("AWS::Lambda::Function") {
        assert_eq!(function["MemorySize"], deployment::MEMORY_MEGABYTES, "{name}");
    }
    let metrics = template.all("AWS::CloudWatch::Alarm").into_iter().map(|(_, alarm)| {
        let of_several = alarm["Metrics"].as_array();
        of_several.map_or(1, |metrics| metrics.iter().filter(|one| !one["MetricStat"].is_null()).count())
    });
    assert_eq!(u32::try_from(metrics.sum::<usize>()).unwrap(), deployment::ALARM_METRICS);
    assert_eq!(template.one("JournalTable")["BillingMode"], "PAY_PER_REQUEST");
    for (parameter, says) in [
        ("WakeUpEvery", format!("rate({} minutes)", deployment::WAKE_UP_MINUTES)),
        ("LogRetentionDays", deployment::LOG_DAYS.to_string()),
        ("BuildLogRetentionDays", deployment::LOG_DAYS.to_string()),
    ] {
        assert_eq!(template.default_of(parameter), says, "{parameter}");
    }
}
