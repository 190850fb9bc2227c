//! `worker`: what builds do in managed accounts.

use schemars::JsonSchema;

use super::Section;
use crate::settings::buildspec::Buildspec;
use crate::settings::files::{Files, SMALL_LIMIT, refuse_for_build};
use crate::settings::value::Placed;
use crate::settings::value::text::FilePath;

/// What builds do in managed accounts. Paths are relative to the settings file, or else to the current
/// directory.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields, rename = "worker")]
pub struct Worker {
    /// The buildspec of the preparation of an account.
    #[schemars(with = "Placed<FilePath>")]
    pub preparation_buildspec_template_file: Buildspec,
    /// The buildspec of the purge of an account.
    #[schemars(with = "Placed<FilePath>")]
    pub purge_buildspec_template_file: Buildspec,
}

impl Worker {
    /// Both buildspecs; one, where both tasks have the same.
    pub fn buildspecs(&self) -> impl Iterator<Item = &Buildspec> {
        let (preparation, purge) =
            (&self.preparation_buildspec_template_file, &self.purge_buildspec_template_file);
        std::iter::once(preparation).chain(Some(purge).filter(|purge| purge.path != preparation.path))
    }

    pub(crate) fn read(mut section: Section<'_, '_>, files: &Files) -> Option<Self> {
        let preparation = buildspec(&mut section, "preparation_buildspec_template_file", files);
        let purge = buildspec(&mut section, "purge_buildspec_template_file", files);
        section.close();
        Some(Self {
            preparation_buildspec_template_file: preparation?,
            purge_buildspec_template_file: purge?,
        })
    }
}

fn buildspec(section: &mut Section<'_, '_>, key: &'static str, files: &Files) -> Option<Buildspec> {
    let path = section.required::<FilePath>(key, "a build does what this file says")?;
    let found = files.find(&path, SMALL_LIMIT, section.report())?;
    refuse_for_build(&path, &found, section.report())?;
    match Buildspec::parse(found.path, found.text) {
        Ok(buildspec) => Some(buildspec),
        Err(error) => {
            section.report().push(path.fault(error.to_string(), "this file"));
            None
        }
    }
}
