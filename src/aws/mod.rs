//! The lifecycle on AWS: its world, put together from the adapters.
//!
//! | module | holds |
//! | --- | --- |
//! | `world` | journal, organization, builds and the rest, over the connections of one process |
//! | [`variables`] | where a deployment is, as the variables of an environment tell it |
//! | [`stacks`] | the stacks of a deployment, as the settings want them |
//! | [`naming`] | what a deployment calls its parts, and so what these variables say |

pub mod naming;
pub mod stacks;
pub mod variables;
mod world;

pub use world::{AwsWorld, Baseline, Deployment};
