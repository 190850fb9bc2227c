//! The traits of [`crate::cloud`], on AWS.
//!
//! | module | is |
//! | --- | --- |
//! | [`artifacts`] | S3: the bucket that is deployed from |
//! | [`baseline`] | CloudFormation: what must stand in a member account |
//! | [`builds`] | CodeBuild in the member accounts |
//! | [`bus`] | EventBridge: what we announce |
//! | [`call`] | how every call is made: through the governor, with its failure told as one of ours |
//! | [`caller`] | as whom this process acts |
//! | [`clock`] | the time of the machine |
//! | [`connect`] | one HTTP client, and a ready configuration for each identity |
//! | [`credentials`] | the roles, and what is done when one refuses |
//! | `failure` | what a failed call means for what was to be done |
//! | [`governor`] | how fast calls may follow one another |
//! | [`inspect`] | what is deployed, looked at and never changed |
//! | [`members`] | how calls reach a member account |
//! | [`organization`] | AWS Organizations, and its tags |
//! | `pages` | answers that come in pages |
//! | [`parameters`] | the settings, in Parameter Store |
//! | [`stacks`] | CloudFormation: the stacks of a deployment |
//! | [`wake_ups`] | SQS: calls that come back later |

pub mod artifacts;
pub mod baseline;
pub mod builds;
pub mod bus;
pub mod call;
pub mod caller;
pub mod clock;
pub mod connect;
pub mod credentials;
mod failure;
pub mod governor;
pub mod inspect;
pub mod members;
pub mod organization;
mod pages;
pub mod parameters;
pub mod stacks;
pub mod wake_ups;
#[cfg(test)]
mod wire;
