//! A deployment on AWS: journal, organization, builds and the rest, put together.

mod world;

pub use world::{AwsWorld, Baseline, Deployment};
