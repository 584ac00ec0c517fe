//! A section of work that no signal from a person or a lost session interrupts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

const HELD: [i32; 3] = [SIGHUP, SIGINT, SIGTERM];

/// While it exists, SIGHUP, SIGINT and SIGTERM are held back; the first that arrived takes effect
/// when it is dropped.
///
/// Programs started meanwhile are interrupted as usual: it uses a handler, which they do not
/// inherit, instead of a signal mask, which they would.
#[derive(Debug)]
pub struct Uninterrupted {
    over: Arc<AtomicBool>,
    came: Arc<AtomicUsize>,
}

impl Uninterrupted {
    /// Begins it. If a handler cannot be installed, that signal ends the process as usual.
    pub fn begin() -> Self {
        let (over, came) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        for signal in HELD {
            let number = usize::try_from(signal).unwrap_or_default();
            drop(flag::register_conditional_default(
                signal,
                Arc::clone(&over),
            ));
            drop(flag::register_usize(signal, Arc::clone(&came), number));
        }
        Self { over, came }
    }
}

impl Drop for Uninterrupted {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Ok(signal @ 1..) = i32::try_from(self.came.load(Ordering::SeqCst)) {
            drop(low_level::emulate_default_handler(signal));
        }
    }
}
