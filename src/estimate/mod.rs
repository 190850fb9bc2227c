//! What it costs to run the system for a month: quantities that were measured, times prices that stand in a file.
//!
//! | module | holds |
//! | --- | --- |
//! | [`prices`] | unit prices, read from a file with their sources |
//! | [`measured`] | what a cycle takes, as the tests count it on the wire |
//! | [`deployment`] | what stands in an account whether anything happens or not, as the templates have it |
//! | [`scenario`] | accounts, windows, minutes of builds, and what is assumed beside |
//! | [`usage`] | how much of what is used in a month |
//! | [`bill`] | usage times prices |
//!
//! All amounts are decimal. Money is never a binary fraction.

pub mod bill;
pub mod deployment;
pub mod measured;
pub mod prices;
pub mod scenario;
pub mod usage;
