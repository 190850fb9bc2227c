//! `spa deploy` through the real program: against CloudFormation, S3, Parameter Store and the rest as others have written
//! them. What moto lacks for it stands in `tests/peers/moto_cloudformation.py`.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../peers/mod.rs"]
mod peers;

#[path = "../aws_commands/company.rs"]
mod company;

mod bad_input;
mod deploying;
mod interrupted;
mod pipeline;
mod site;
