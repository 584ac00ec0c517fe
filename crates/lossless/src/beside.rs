//! Work beside other work, as far as the system has a thread left.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// Work that was begun beside other work.
#[derive(Debug)]
pub enum Beside<'scope, T> {
    /// A thread works on it.
    Running(ScopedJoinHandle<'scope, T>),
    /// There was no thread for it, and it is done.
    Done(T),
}

/// Does some work in a thread of `scope`. A machine on which a limit of processes is reached gives
/// no thread, and that may be the very reason why its connections end: then the work is done at
/// once, by the caller.
pub fn beside<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl Fn() -> T + Send + Sync + 'scope,
) -> Beside<'scope, T> {
    let work = Arc::new(work);
    let theirs = Arc::clone(&work);
    match Builder::new().spawn_scoped(scope, move || theirs()) {
        Ok(thread) => Beside::Running(thread),
        Err(_) => Beside::Done(work()),
    }
}

impl<T> Beside<'_, T> {
    /// What it found. A panic of its thread goes on in this one.
    pub fn join(self) -> T {
        match self {
            Self::Running(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Self::Done(found) => found,
        }
    }
}
