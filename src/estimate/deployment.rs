//! What stands in the automation account whether anything happens or not: `infra/automation-account.yaml`. A test in
//! `tests/templates` compares.

/// Queues that Lambda polls for a function.
pub const POLLED_QUEUES: u32 = 7;
/// Metrics that alarms look at: an alarm is charged for each.
pub const ALARM_METRICS: u32 = 19;
/// Dashboards.
pub const DASHBOARDS: u32 = 1;
/// Functions, each acting as a role of its own.
pub const FUNCTIONS: u32 = 10;
/// Memory of each function, in megabytes.
pub const MEMORY_MEGABYTES: u32 = 256;
/// So often the schedule of wake-ups fires, in minutes.
pub const WAKE_UP_MINUTES: u32 = 5;
/// Logs of functions and of builds are kept for so many days.
pub const LOG_DAYS: u32 = 90;
