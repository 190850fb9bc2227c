//! Sustainable Personal Accounts.
//!
//! A company gives each of its engineers a personal AWS account; this keeps those accounts prepared, purged
//! and accounted for. ARCHITECTURE.md is the map.

pub mod schedule;
