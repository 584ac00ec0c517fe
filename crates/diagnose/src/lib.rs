//! Facts to findings: why an SSH connection dies, said from what was seen of the machine.
//!
//! Nothing here looks at a machine. [`wants`] says what to look at, stage by stage (the process id of the listener is
//! known only once `/proc` was read); `host` answers into a [`Snapshot`](sshmend_lossless::Snapshot); and [`diagnose`]
//! concludes. `facts` turns answers into typed facts, one file an area; `causes` judges the facts, one file a cause.
//! What could not be looked at is part of the answer ([`Diagnosis::unchecked`]), never taken for its absence.

mod ask;
mod causes;
mod chance;
#[cfg(test)]
mod contract;
mod diagnosis;
mod facts;
mod finding;
#[cfg(test)]
mod hostile;
mod log_file;
mod negative;
mod paste;
mod question;
mod service;
mod sshd;
mod startups;
#[cfg(test)]
mod testing;
mod verdict;

pub use ask::wants;
pub use causes::{CAUSES, cause};
pub use diagnosis::{Connections, Diagnosis, Excluded, Read, diagnose};
pub use facts::disk_logs;
pub use facts::package::{package_version, package_wants};
pub use facts::wrappers::{wrapper_tables, wrapper_tables_wants};
pub use facts::{DIAL_LIMIT, DIAL_PAUSE, opens_connection};
pub use finding::{Certainty, Evidence, Finding, Remedy};
pub use log_file::LogFile;
pub use negative::{NEGATIVES, Negative, negative};
pub use question::{Question, Server, Target, Vantage};
pub use service::{Service, TrialToday, UnitState, WornOut, service_wants};
pub use sshd::{Sshd, sshd_wants};
pub use startups::MaxStartups;
pub use verdict::{Cause, Gate, Unchecked};
