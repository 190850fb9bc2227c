//! settings.yaml: read, checked as a whole, and resolved for each account.
//!
//! - `load`: from a file to [`Settings`], or to everything that is wrong with it
//! - `whole`: whether the parts fit together
//! - `resolve`: what counts for one account, and where each value comes from
//! - `explain`: the same, with what it counts instead of
//! - `schema`: the same rules for editors
//! - `section`: what each section may hold
//! - `kept`: the same settings in parameters of Systems Manager, and back
//! - `value`: what may stand in one place
//! - `csv`: files with accounts, one a row
//! - `yaml`: the tree that knows where everything stands
//!
//! # What wins
//!
//! Built-in values, then `defaults`, then the listed units around the account from the outermost to the
//! innermost, then the account under `accounts`, then rows of CSV files in the order of the files. Tags and
//! variables are merged key by key; lists and everything else are replaced as a whole.

mod buildspec;
mod checked;
mod csv;
mod explain;
mod file;
mod files;
mod kept;
mod load;
mod origin;
mod resolve;
mod schema;
mod section;
pub(crate) mod value;
mod whole;
mod yaml;

pub use buildspec::{
    Buildspec, Command as BuildCommand, InvalidBuildspec, Looked, OnFailure, Phase, PhaseName, Script, Shell,
    check as check_buildspec, read as read_buildspec,
};
pub use checked::Settings;
pub use explain::{Explained, Explanation, Overruled};
pub use files::Unreadable;
pub(crate) use files::read as read_text;
pub use kept::{
    Difference, Names, OwnAccounts, Parameter, Step, Subject, Tier, Values, assemble, retold, untold,
};
pub use load::{Loaded, load, load_at, load_text};
pub use origin::{Origin, Sourced};
pub use resolve::{Entry, Resolved, ResolvedTask};
pub use schema::json_schema;
pub use section::{
    Automation, Deployment, Document, Features, Lifecycle, Limits, Maintenance, Metering, Rate, Reporting,
    Worker,
};
pub use value::aws::{
    ExternalId, KeyPrefix, Region, ResponsePlanArn, RoleArn, RoleName, RolePattern, TableName,
};
pub use value::identifier::EnvironmentIdentifier;
pub use value::mail::Sender;
pub use value::tag::{TagKey, TagPrefix};
pub use value::text::{Currency, FilePath, MailTemplate, Verbosity, WebAddress};
pub use value::variable::check_variable_name;
