//! The facts about this machine, its sshd, its network, its logs and the client: one accessor for
//! each, three answers.
//!
//! This crate touches no machine. [`Facts`] turns a [`Snapshot`](sshmend_lossless::Snapshot) into
//! typed facts; a lookup that has no answer yet is recorded by the snapshot and answered by `host`,
//! and the judge is run again until none is missing. A fact is known, known to be absent, or
//! [`Unchecked`] with the reason; what could not be read is never taken for absent.
//!
//! This crate draws no conclusions: `sshmend-diagnose` does. Begin with `facts.rs`, and with
//! `fixture.rs`, in which a machine is a text for tests.

mod account;
mod client_line;
mod config;
mod config_test;
mod daemon;
mod door;
mod facts;
mod fail2ban;
mod firewall;
pub mod fixture;
mod force;
mod forwards;
mod host_keys;
mod installed;
mod kernel;
mod key_list;
mod keys;
mod known;
mod log;
mod log_file;
mod log_source;
mod look;
mod manager;
mod methods;
mod moment;
mod named_files;
mod package;
mod pam;
mod private_keys;
mod probe;
mod process;
mod question;
mod reply;
mod return_route;
mod rival;
mod route;
mod rule_owner;
mod service;
mod shadow;
mod socket;
mod sshd;
mod start;
mod unread;
mod waiting;
mod wrappers;

pub use account::{ACCESS, Account};
pub use config_test::{Complaint, ConfigTest, TestOutput, does_not_start};
pub use daemon::{Daemon, SPLIT};
pub use door::{Door, Holder, Lead};
pub use facts::Facts;
pub use fail2ban::{Ban, finds_no_fail2ban};
pub use force::Force;
pub use host_keys::HostKeyFile;
pub use kernel::{FullDisk, Usage};
pub use key_list::{ForeignForm, KeyLine};
pub use known::{Known, Unchecked};
pub use log_file::{LogFile, LogLine, LogScope};
pub use log_source::disk_logs;
pub use look::Memory;
pub use manager::{MARKER, Manager, Supervisor, Unit};
pub use methods::NoMethod;
pub use named_files::{Harm, NamedFile};
pub use package::package_version;
pub use pam::{FOLDER as PAM_FOLDER, OTHER, PamLine};
pub use private_keys::KeyFault;
pub use probe::opens_connection;
pub use process::{Listener, Startups};
pub use question::{Question, Server, Target, Vantage};
pub use reply::{
    Connections, DIAL_LIMIT, DIAL_PAUSE, DIAL_PAUSE_WORKING, Reply, Tried, dial_pause,
};
pub use return_route::BlockedRoute;
pub use rival::Rival;
pub use route::{Proxy, Route, UnknownKey};
pub use rule_owner::{ListLine, Listed};
pub use service::{RestartReason, Service, UnitState};
pub use shadow::Shadow;
pub use socket::{Meant, Socket};
pub use sshd::Sshd;
pub use sshmend_ssh_log::CauseName;
pub use start::{CONFINING, KILLING, Start};
pub use unread::{Reader, UnreadFile};
pub use waiting::Waiting;
pub use wrappers::{Lookup, wrapper_tables};
