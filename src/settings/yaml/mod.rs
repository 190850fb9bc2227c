//! YAML as a tree that knows where everything stands.
//!
//! - [`node`]: the tree; a scalar keeps the text that was written, so that `500.0` stays `500.0`
//! - [`tree`]: from the parser's events to the tree, within limits
//! - [`plain`]: what an unquoted scalar is: nothing, a boolean, a number, or text
//! - [`mod@write`]: back to YAML, to show what to write instead

mod node;
mod plain;
#[cfg(test)]
mod tests;
mod tree;
mod write;

pub(crate) use node::{Key, Kind, Node, Pair, describe};
pub(crate) use plain::{Plain, boolean};
pub(crate) use tree::parse;
pub(crate) use write::write;
