//! Why a chore could not be done, or what it found.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// Why a chore could not be done, or what it found.
#[derive(Debug)]
pub enum Fault {
    /// The command line was not understood.
    Usage(String),
    /// Something is not as it must be: one line each.
    Found(Vec<String>),
}

impl Fault {
    /// The command line was not understood.
    pub fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    /// One thing is not as it must be.
    pub fn one(text: impl Into<String>) -> Self {
        Self::Found(vec![text.into()])
    }

    /// A file or folder could not be used.
    pub fn file(path: &Path, error: &io::Error) -> Self {
        Self::one(format!("{}: {error}", path.display()))
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Found(_) => ExitCode::FAILURE,
        }
    }
}

/// Everything is well, or here is what is not.
///
/// # Errors
/// With the lines, when there are any.
pub fn none(found: Vec<String>) -> Result<(), Fault> {
    if found.is_empty() { Ok(()) } else { Err(Fault::Found(found)) }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => formatter.write_str(text),
            Self::Found(lines) => formatter.write_str(&lines.join("\n")),
        }
    }
}
