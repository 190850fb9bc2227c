//! The program of the functions, as a file that is deployed under a name made of its content.

use std::path::{Path, PathBuf};

use crate::cli::{Exit, Failure};
use crate::cloud::aws::artifacts::digest;

/// Where `cargo xtask package` puts it.
const BUILT: &str = "target/package/bootstrap.zip";

/// What Lambda takes, unpacked, in bytes; no package is larger than what is in it:
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const LARGEST: usize = 262_144_000;

/// The parameter of the template that names the program in the bucket.
pub(super) const PARAMETER: &str = "CodeKey";

/// What the functions shall run.
#[derive(Debug)]
pub(super) struct Package {
    /// What it is called in the bucket.
    pub key: String,
    /// Itself, and the file that it was read from. Nothing: the one that is deployed stays.
    pub file: Option<(PathBuf, Vec<u8>)>,
}

impl Package {
    /// The package that somebody names, else the one that was built here, else the one that is deployed.
    ///
    /// # Errors
    /// When there is none, or it cannot be a package.
    pub(super) fn find(named: Option<&Path>, deployed: Option<&str>) -> Result<Self, Failure> {
        let built = Path::new(BUILT);
        let file = named.or_else(|| built.exists().then_some(built));
        match (file, deployed) {
            (Some(file), _) => Self::read(file),
            (None, Some(key)) => Ok(Self { key: key.to_owned(), file: None }),
            (None, None) => {
                let message = "there is no program to deploy yet";
                Err(Failure::new(Exit::NotFound, message)
                    .help(format!("`cargo xtask package` builds {BUILT}; --package FILE names another one")))
            }
        }
    }

    fn read(file: &Path) -> Result<Self, Failure> {
        let shown = file.display();
        let content = std::fs::read(file).map_err(|error| {
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            let exit = if missing { Exit::NotFound } else { Exit::Input };
            Failure::of(exit, &error).about(&format!("the package {shown} cannot be read"))
        })?;
        if let Some(problem) = problem(&content) {
            return Err(Failure::new(Exit::Input, format!("{shown} is no package of functions: {problem}"))
                .help("`cargo xtask package` builds one"));
        }
        let key = format!("functions/{}.zip", digest(&content));
        Ok(Self { key, file: Some((file.to_path_buf(), content)) })
    }
}

/// What keeps this from being a package. The name of a file stands in it as it is:
/// <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, 4.3.7.
fn problem(content: &[u8]) -> Option<&'static str> {
    const NAME: &[u8] = b"bootstrap";
    if !content.starts_with(b"PK\x03\x04") {
        return Some("it is no ZIP file");
    }
    if content.len() > LARGEST {
        return Some("Lambda takes 250 MiB");
    }
    let named = content.windows(NAME.len()).any(|window| window == NAME);
    (!named).then_some("there is no file `bootstrap` in it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_package_is_refused() {
        for (content, expected) in [
            (&b""[..], Some("it is no ZIP file")),
            (b"#!/bin/sh", Some("it is no ZIP file")),
            (b"PK\x03\x04....index.js", Some("there is no file `bootstrap` in it")),
            (b"PK\x03\x04....bootstrap", None),
        ] {
            assert_eq!(problem(content), expected);
        }
    }
}
