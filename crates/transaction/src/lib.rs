//! Changes several files as one: journaled before the first rename, undone as a whole, explained afterwards.
//!
//! A change passes through witness types, each of which only the previous one can create:
//! [`Captured`] (what was seen and what is wanted), [`Prepared`] (journaled, nothing changed yet),
//! [`Committed`] (every file is new). Then it is done, waits for confirmation, or is rolled back.
//! The journal is sufficient to restore every file, also after a power failure in the middle.
//!
//! The state directory:
//!
//! ```text
//! lock                          taken by one process at a time, never deleted
//! open/<id>                     marks those that may have something ahead of them
//! transactions/<id>/            the id sorts by time
//!   forgotten                   where a person gave it up
//!   transaction.toml            who, when, why, and per file path, mode, owner, extended attributes and digest
//!   before/0 …  after/0 …       the bytes, by the number of the file in transaction.toml
//! policies/<digest>.toml        what a policy wanted when it was applied last
//! ```
//!
//! This crate knows no file format and touches no machine itself: it does everything through a [`Disk`].
//!
//! Begin with `captured.rs`, `prepare.rs`, `write.rs` and `commit.rs`, in this order.

mod apply;
mod captured;
mod commit;
mod disk;
mod edits;
mod error;
mod escape;
mod id;
mod journal;
mod open;
mod policies;
mod prepare;
mod prune;
mod record;
mod recover;
mod restore;
mod roll_back;
mod store;
mod temporary;
mod write;

pub use captured::{Captured, SameTarget};
pub use commit::{Committed, Prepared};
pub use disk::Disk;
pub use error::{
    Cause, CommitError, ConfirmError, Damaged, Difference, Edited, Files, JournalError,
    PrepareError, RecoverError, RollBackError, Stale,
};
pub use id::{Id, NotAnId};
pub use journal::{Journal, Past, Versions};
pub use policies::Wanted;
pub use record::{
    Back, FileRecord, FollowUp, ForPolicy, Image, Intent, Record, State, StepRecord, Who, sha256,
};
pub use recover::{Prove, Recovered};
pub use restore::Way;
pub use store::Store;
pub use temporary::Today;
