//! How fast calls may follow one another.

use std::sync::Arc;

/// Lets calls pass. One for the process; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Governor {
    #[expect(dead_code, reason = "the state of the lanes stands here")]
    state: Arc<()>,
}

/// What shares one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// AWS Organizations, and its tags.
    Organizations,
    /// Security Token Service.
    Sts,
    /// Parameter Store.
    Parameters,
    /// CodeBuild.
    Builds,
    /// Cost Explorer.
    Costs,
    /// Everything else: it has room for more than this program will ever ask.
    Other,
}
