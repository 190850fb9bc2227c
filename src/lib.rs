//! Sustainable Personal Accounts.
//!
//! A company gives each of its engineers a personal AWS account; this keeps those accounts prepared, purged
//! and accounted for. ARCHITECTURE.md is the map.

#[cfg(feature = "aws")]
pub mod aws;
pub mod cli;
pub mod cloud;
pub mod diagnostic;
pub mod estimate;
pub mod event;
#[cfg(feature = "aws")]
pub mod function;
pub mod handler;
pub mod journal;
pub mod lifecycle;
pub mod local;
pub mod schedule;
pub mod settings;
pub mod simulation;
pub mod store;
