//! The traits of [`crate::cloud`], on AWS.
//!
//! | module | is |
//! | --- | --- |
//! | [`call`] | how every call is made: through the governor, with its failure told as one of ours |
//! | [`governor`] | how fast calls may follow one another |

pub mod call;
pub mod governor;
