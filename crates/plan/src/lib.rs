//! From wishes to one immutable [`Plan`]: the edits, their effects, the checks, the reloads.
//!
//! A plan is computed once from a [`Snapshot`](sshmend_lossless::Snapshot). The preview shows it, the JSON prints it and
//! the transaction commits it; nothing recomputes it between showing and doing. Nothing here touches a machine.
//!
//! Begin with `wish.rs`, what can be asked for, and `wish/planned.rs`, which planner answers it;
//! `plan.rs` is the result.

mod access;
mod check;
mod configuration;
mod context;
mod diff;
mod distinct;
mod fail2ban;
mod handshake;
mod host_keys;
mod hosts_access;
mod join;
mod known_hosts;
mod list_notices;
mod lockout;
mod log_level;
mod negative;
mod person;
mod plan;
mod privsep_directory;
mod reload;
mod service;
mod sshd_config;
mod when;
mod wish;

pub use access::{lockout_between, protect_files, steps_lockout};
pub use check::{Check, Expect, Proof};
pub use configuration::{Configuration, sshd_meant};
pub use context::{Context, Ends, Owner, Randomness};
pub use diff::unified;
pub use fail2ban::{DIRECTORY, fail2ban_release};
pub use handshake::{key_exchange, why_no_handshake};
pub use host_keys::{KeyKind, KeyPair};
pub use hosts_access::OFFER;
pub use known_hosts::KnownHostsWish;
pub use lockout::Lockout;
pub use negative::{NEGATIVES, Negative, negative};
pub use person::Person;
pub use plan::{Effect, ForPolicy, Notice, Plan, Refusal, spelled};
pub use reload::{listen_addresses, reload_sshd, restart_sshd};
pub use when::When;
pub use wish::{KnownHostsOf, Mended, SshdSource, Wish};
