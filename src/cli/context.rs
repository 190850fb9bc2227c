//! What every command is given.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::Utc;
use state_machine::Timestamp;

use crate::settings::{self, Settings};
use crate::store::{Open, Store};

use super::arguments::Common;
use super::{Exit, Failure, On, Screen};

/// What every command is given.
#[derive(Clone, Debug)]
pub struct Context {
    settings: PathBuf,
    store: PathBuf,
    screen: Screen,
    on: On,
    profile: Option<String>,
    region: Option<String>,
    /// The settings, once somebody has asked for them.
    loaded: OnceLock<Arc<Settings>>,
    /// What is doubtful in them, until it was said.
    doubts: Arc<Mutex<Option<String>>>,
}

impl Context {
    /// The context that these switches ask for. Logging begins here; `log` is what is logged when they do not
    /// say what.
    pub fn new(common: &Common, log: &str) -> Self {
        let screen = Screen::new(common.output, common.no_color);
        let log = common.log.as_deref().unwrap_or(log);
        let filter = tracing_subscriber::EnvFilter::try_new(log);
        if let Err(error) = &filter {
            screen.warn(&format!("--log {log}: {error}; only warnings are logged"));
        }
        let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
        // A second subscriber is refused: in a process that has one already, that one counts.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(screen.colors_notes())
            .try_init();
        Self {
            settings: common.settings.clone(),
            store: common.store.clone(),
            screen,
            on: common.on,
            profile: common.profile.clone(),
            region: common.region.clone(),
            loaded: OnceLock::new(),
            doubts: Arc::default(),
        }
    }

    /// Where accounts and journal are.
    pub const fn on(&self) -> On {
        self.on
    }

    /// The profile to act as on AWS, when somebody named one.
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The region in which the system runs on AWS, when somebody named one.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The settings that were loaded before.
    pub fn loaded(&self) -> Option<&Arc<Settings>> {
        self.loaded.get()
    }

    /// Where output goes.
    pub const fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Where the settings are.
    pub fn settings_path(&self) -> &Path {
        &self.settings
    }

    /// Where the store is, or will be.
    pub fn store_path(&self) -> &Path {
        &self.store
    }

    /// The settings. What is doubtful in them is said, once; what is wrong with them is a failure.
    ///
    /// # Errors
    /// When they cannot be used. Every fault was said then.
    pub fn settings(&self) -> Result<Arc<Settings>, Failure> {
        let settings = self.settings_quietly()?;
        if let Some(doubts) = self.doubts.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.screen.note(&doubts);
        }
        Ok(settings)
    }

    /// The same, for a command that only looks: what is doubtful is not its business.
    ///
    /// # Errors
    /// When they cannot be used. Every fault was said then.
    pub fn settings_quietly(&self) -> Result<Arc<Settings>, Failure> {
        if let Some(settings) = self.loaded.get() {
            return Ok(Arc::clone(settings));
        }
        let loaded = settings::load_at(&self.settings, Timestamp::from(Utc::now()));
        let told = (!loaded.report.is_empty())
            .then(|| loaded.report.render(self.screen.colors_notes()).trim_end().to_owned());
        if let Some(settings) = loaded.settings {
            *self.doubts.lock().unwrap_or_else(PoisonError::into_inner) = told;
            return Ok(Arc::clone(self.loaded.get_or_init(|| Arc::new(settings))));
        }
        if let Some(told) = told {
            self.screen.note(&told);
        }
        Err(if loaded.missing {
            let message = format!("there are no settings at {}", self.settings.display());
            Failure::new(Exit::NotFound, message).help("--settings FILE or SPA_SETTINGS names another file")
        } else {
            Failure::new(Exit::Settings, format!("{} cannot be used", self.settings.display()))
        })
    }

    /// The settings, for a command that can do with less: when they cannot be used, that is said, with what
    /// is missing then.
    pub fn settings_if_usable(&self, without: &str) -> Option<Arc<Settings>> {
        if let Some(settings) = self.loaded.get() {
            return Some(Arc::clone(settings));
        }
        let loaded = settings::load_at(&self.settings, Timestamp::from(Utc::now()));
        let path = self.settings.display();
        let Some(settings) = loaded.settings else {
            let why = if loaded.missing {
                format!("there are no settings at {path}")
            } else {
                format!("{path} cannot be used (`spa validate {path}` tells why)")
            };
            self.screen.warn(&format!("{why}: {without}"));
            return None;
        };
        Some(Arc::new(settings))
    }

    /// The store that must be there.
    ///
    /// # Errors
    /// When it is not there, or cannot be used.
    pub fn store(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.store, Open::Existing)?)
    }
}
