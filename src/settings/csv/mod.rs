//! CSV files with accounts: one account a row, one tag or variable a column.
//!
//! - [`record`]: lines into cells that know where they stand
//! - [`heading`]: what the columns mean
//! - [`rows`]: what the rows say
//!
//! A cell is checked by the same rule as a value in YAML. An empty cell says nothing, so the account inherits.

mod heading;
mod record;
mod rows;

pub(crate) use heading::Column;
pub(crate) use rows::{MOST_ROWS, Row, Table, read};
