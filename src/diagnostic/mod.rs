//! What is wrong in a file that a person wrote, and where.
//!
//! - `source`: the files, and places in them
//! - `finding`: one fault or doubt, with the places it is about
//! - `report`: all of them, in the order of the files, as data for programs
//! - `render`: the same for people, with the line, a caret and what was probably meant
//!
//! Nothing here knows what the files are about; [`crate::settings`] is the first user.

mod finding;
mod render;
mod report;
mod source;

pub use finding::{Diagnostic, Label, Severity};
pub use report::{PRINTED, RelatedView, Report, ReportView, View};
pub use source::{Place, SourceId, Sources};
