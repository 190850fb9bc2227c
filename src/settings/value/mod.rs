//! What may stand in one place of the settings: the rule, the type that it makes, and its JSON Schema,
//! side by side. A value in YAML and a cell in CSV go through the same rule.
//!
//! - [`rule`]: what a rule is, and how it says no
//! - [`mod@near`]: what was probably meant
//! - [`identifier`], [`tag`], [`variable`], [`number`], [`period`], [`mail`], [`aws`], [`text`]: the rules

pub(crate) mod aws;
pub(crate) mod identifier;
pub(crate) mod mail;
mod near;
pub(crate) mod number;
pub(crate) mod period;
mod rule;
pub(crate) mod tag;
pub(crate) mod text;
pub(crate) mod variable;

pub(crate) use near::{alike, near, nearest};
pub(crate) use rule::{Map, Placed, Problem, Scalar, Value, shown};
