//! SIGINT, SIGTERM and SIGHUP, kept until everything is torn down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::sys::signal::{SigSet, Signal};

use crate::error::{LabError, trying};

/// Whether one of the signals has come.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Blocks the signals in this thread, and so in every later thread and child, and waits for them in a thread.
    pub(crate) fn watch() -> Result<Self, LabError> {
        let signals: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]
            .into_iter()
            .collect();
        trying("sigprocmask", signals.thread_block().map_err(Into::into))?;
        let came = Self(Arc::default());
        let flag = came.clone();
        thread::spawn(move || {
            if signals.wait().is_ok() {
                flag.0.store(true, Ordering::SeqCst);
            }
        });
        Ok(came)
    }

    /// Whether to stop.
    pub(crate) fn came(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
