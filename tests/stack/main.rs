//! The whole chain for once: `bootstrap` deployed as Lambda functions, with rules, queues and table, into AWS as other
//! people have built it (MiniStack). Events go onto the bus, and what comes of them is read from the journal's table.
//!
//! What MiniStack cannot do, and what therefore is not shown here:
//!
//! - CloudTrail, AWS Organizations and CodeBuild put no events on a bus, and nobody else may put events of `aws.*`; no
//!   bus hands events to the bus of another account. So the samples of such events are put on the bus of the automation
//!   account as they would arrive there. From there on they go their way: rule, queue, mapping, function. Our own
//!   events go over the bus from where the functions put them.
//! - Schedules do not fire.
//! - It has one owner of everything: no policy is asked, no role refuses anybody, and functions may do what they like.
//! - `GetResources` knows no accounts of an organization, so the reconciler's comparison of all accounts stays with moto
//!   (`tests/aws`), and so does the baseline of member accounts: the build projects are made by the test.
//! - Builds end well the moment they are started.
#![cfg(feature = "aws")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod chain;
mod deployment;
#[path = "../fixtures/events/mod.rs"]
mod fixtures;
#[path = "../peers/founding.rs"]
mod founding;
#[path = "../peers/ministack.rs"]
mod ministack;
#[path = "../peers/peer.rs"]
mod peer;
mod poison;
mod rules;
mod template;
mod trouble;
mod wait;
