//! The one crate that touches the machine: files, programs, the network, the environment and the clock.
//!
//! A [`Machine`] answers the [`Request`](sshmend_lossless::Request)s of the pure crates into a
//! [`Snapshot`](sshmend_lossless::Snapshot), and replaces files in two steps ([`Machine::stage`],
//! [`Staged::publish`]), so that several can be prepared before the first one changes. It knows no
//! file format and decides nothing.
//!
//! A machine is either the running one ([`Machine::live`]) or a disk mounted below a directory
//! ([`Machine::below`]). For a mounted disk every path, even an absolute symbolic link on it, is
//! resolved inside the directory, and none of its programs is run.
//!
//! Begin with `machine.rs`, which answers requests, and with `stage.rs`, which replaces files.
//!
//! ```no_run
//! use sshmend_host::Machine;
//! use sshmend_lossless::Snapshot;
//! use std::path::Path;
//!
//! let machine = Machine::live();
//! let names = machine.look(&mut Snapshot::default(), |seen| {
//!     seen.names(Path::new("/etc/ssh")).map(|names| names.map_or(0, <[_]>::len))
//! });
//! # drop(names);
//! ```

mod account;
mod attributes;
mod become_user;
mod boot;
mod compare;
mod detach;
mod dial;
mod directory;
mod durable;
mod environment;
mod failure;
mod interrupt;
mod journal;
mod lock;
mod look;
mod machine;
mod name_service;
mod overlay;
mod path;
mod programs;
mod random;
mod rehearse;
mod run;
mod scratch;
mod second_name;
mod sift;
mod stage;
mod stream;
mod terminal;
mod trust;
mod unrehearsed;
mod walk;

pub use account::{Account, own};
pub use become_user::{BecomeError, become_user};
pub use boot::boot;
pub use compare::{Care, Compared};
pub use detach::{detach, leave_session};
pub use durable::{Unsynced, sync_all};
pub use environment::{Environment, Sudo, keep_own_rights, now, pause, zone};
pub use failure::{FileError, Why};
pub use interrupt::Uninterrupted;
pub use lock::{Lock, LockError};
pub use machine::Machine;
pub use random::random;
pub use rehearse::Rehearsed;
pub use run::{RunError, Runner, may_run};
pub use scratch::{remove_leftovers, written_by};
pub use second_name::{LONG, may_keep_inode};
pub use stage::{Change, Staged, Staging, Warning, make_durable};
pub use stream::ProgramOutput;
pub use terminal::{Terminal, only_prints, page};
pub use unrehearsed::RehearsalUnavailable;
