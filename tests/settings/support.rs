//! What the tests of settings share.

use std::path::{Path, PathBuf};

use spa::settings::{Loaded, Settings, load_text};

/// Where the fixtures stand.
pub(crate) fn fixtures() -> PathBuf {
    Path::new("tests/fixtures/settings").to_owned()
}

/// The sections that must be there, in block style, so that a test may append others.
pub(crate) const BASE: &str = "\
automation:
  account_id: '999988887777'
  region: eu-west-1
  maintenance_window_expression: cron(0 18 ? * SAT *)
worker:
  preparation_buildspec_template_file: buildspecs/prepare.yaml
  purge_buildspec_template_file: buildspecs/purge.yaml
";

/// Loads the base and what is appended to it.
pub(crate) fn load(appended: &str) -> Loaded {
    load_text("settings.yaml", &format!("{BASE}{appended}"), &fixtures())
}

/// The settings of the base and what is appended to it.
pub(crate) fn settings(appended: &str) -> Settings {
    let loaded = load(appended);
    match loaded.settings {
        Some(settings) => settings,
        None => panic!("{appended}\n{}", loaded.report.render(false)),
    }
}

/// The messages of everything that is wrong with the base and what is appended to it.
pub(crate) fn messages(appended: &str) -> Vec<String> {
    load(appended).report.diagnostics().iter().map(|finding| finding.message.clone()).collect()
}

/// Compares with a file; with `UPDATE_GOLDENS=1` in the environment, writes the file instead.
pub(crate) fn assert_golden(file: &Path, actual: &str) {
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(file, actual).unwrap();
    }
    let expected = std::fs::read_to_string(file).unwrap_or_default();
    assert!(expected == actual, "{} differs; UPDATE_GOLDENS=1 rewrites it:\n{actual}", file.display());
}

/// A folder of its own that is removed at the end of the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("spa-settings-{name}-{}", std::process::id()));
        std::fs::create_dir_all(path.join("buildspecs")).unwrap();
        for file in ["prepare.yaml", "purge.yaml"] {
            std::fs::copy(fixtures().join("buildspecs").join(file), path.join("buildspecs").join(file))
                .unwrap();
        }
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
