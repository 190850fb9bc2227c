//! The traits of [`crate::cloud`], on AWS.
//!
//! | module | is |
//! | --- | --- |
//! | [`call`] | how every call is made: through the governor, with its failure told as one of ours |
//! | [`clock`] | the time of the machine |
//! | [`connect`] | one HTTP client, and a ready configuration for each identity |
//! | [`credentials`] | the roles, and what is done when one refuses |
//! | `failure` | what a failed call means for what was to be done |
//! | [`governor`] | how fast calls may follow one another |
//! | [`organization`] | AWS Organizations, and its tags |
//! | `pages` | answers that come in pages |
//! | [`parameters`] | the settings, in Parameter Store |

pub mod call;
pub mod clock;
pub mod connect;
pub mod credentials;
mod failure;
pub mod governor;
pub mod organization;
mod pages;
pub mod parameters;
#[cfg(test)]
mod wire;
