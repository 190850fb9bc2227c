//! Ctrl-C: the first one asks for an end, the second one ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Exit, Failure};

/// Whether somebody has asked for an end.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system does not let a process listen.
    pub fn listen() -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::of(Exit::Failed, &error);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let asked = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&asked);
        // The thread ends with the process: nobody waits for it.
        std::thread::Builder::new()
            .name("ctrl-c".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    while tokio::signal::ctrl_c().await.is_ok() {
                        if tell.swap(true, Ordering::SeqCst) {
                            std::process::exit(Exit::Interrupted.code().into());
                        }
                    }
                });
            })
            .map_err(failed)?;
        Ok(Self(asked))
    }

    /// Whether somebody has asked for an end.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
