//! The traits of [`crate::cloud`], on AWS.
//!
//! | module | is |
//! | --- | --- |
//! | [`call`] | how every call is made: through the governor, with its failure told as one of ours |
//! | [`clock`] | the time of the machine |
//! | [`governor`] | how fast calls may follow one another |
//! | [`organization`] | AWS Organizations, and its tags |
//! | `pages` | answers that come in pages |

pub mod call;
pub mod clock;
pub mod governor;
pub mod organization;
mod pages;
