//! The settings as Parameter Store of Systems Manager keeps them: written from checked settings, and read back by
//! the same loader that reads files, so that a value means the same there.
//!
//! | module | holds |
//! | --- | --- |
//! | [`mod@names`] | how parameters are called |
//! | [`mod@item`] | what is said of accounts, as JSON |
//! | [`mod@hint`] | which accounts have a parameter of their own |
//! | [`mod@general`] | all sections that are about the system as a whole, as JSON |
//! | [`mod@packed`] | buildspecs that are longer than a parameter |
//! | [`mod@parameters`] | all parameters of an environment, written |
//! | [`mod@assemble`] | settings, from the parameters that speak of some accounts |
//! | [`mod@order`] | in which order they are written |
//! | [`mod@difference`] | what stands in parameters, beside what the settings give |
//!
//! Names and form are those of the predecessor, with one difference: it wrote each item merged with the defaults,
//! and then read one of them for an account. Here an account inherits from all units around it, so an item says what
//! the files say of it, and no more; defaults have a parameter of their own.

mod assemble;
mod difference;
mod general;
mod hint;
mod item;
mod names;
mod order;
mod packed;
mod parameters;

pub use assemble::{Values, assemble};
pub use difference::Difference;
pub(crate) use general::general;
pub use hint::{OwnAccounts, retold, untold};
pub(crate) use item::KeptItem;
pub use names::{Names, Subject};
pub use order::Step;
pub(crate) use packed::pack;
pub use parameters::{Parameter, Tier};

/// What a parameter holds in the standard tier, in bytes. The advanced tier holds more, and is charged for.
///
/// See <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>.
pub(crate) const STANDARD: usize = 4 * 1024;

/// What a parameter holds in the advanced tier, in bytes.
pub(crate) const ADVANCED: usize = 8 * 1024;

/// JSON as parameters hold it: indented by four, as the predecessor wrote it. Parameter Store takes two opening
/// braces for a reference to another parameter and refuses them, so the second one is written as an escape:
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    let mut json = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut json, formatter);
    // Text and numbers always become JSON, and memory always takes it.
    let _ = value.serialize(&mut serializer);
    let json = String::from_utf8(json).unwrap_or_default();
    // Outside of strings, no brace follows a brace.
    json.replace("{{", "{\\u007b")
}
