//! Wishes to one immutable [`Plan`]: what changes, what that changes in effect, who judges it, what is reloaded.
//!
//! A plan is computed once from a [`Snapshot`](sshmend_lossless::Snapshot). The preview shows it, the JSON prints it and
//! the transaction commits it; nothing recomputes it between showing and doing. Nothing here touches a machine.

mod access;
mod check;
mod diff;
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

pub use access::{Keeper, SshdChange, steps_lockout};
pub use check::{Check, Expect, Proof};
pub use diff::unified;
pub use fail2ban::{
    DIRECTORY, Fail2banWish, fail2ban, fail2ban_mend, fail2ban_release, fail2ban_retire,
    fail2ban_unignore,
};
pub use handshake::{handshake, handshakes_from, key_exchange, why_no_handshake};
pub use host_keys::{HostKeysWish, KeyKind, KeyPair, host_keys};
pub use hosts_access::{
    HostsAccessOrder, HostsAccessWish, OFFER, hosts_access, hosts_access_lockout,
};
pub use known_hosts::{KnownHostsWish, known_hosts};
pub use lockout::Lockout;
pub use log_level::{ForAWhile, log_level};
pub use negative::{NEGATIVES, Negative, negative};
pub use person::Person;
pub use plan::{Effect, ForPolicy, Notice, Plan, Refusal, spelled};
pub use privsep_directory::{PrivsepWish, privsep_directory};
pub use reload::{listen_addresses, reload_sshd, restart_sshd};
pub use service::{ServiceWish, service, without_unit_lines};
pub use sshd_config::{SshdConfigWish, sshd_config};
pub use when::When;
pub use wish::{KnownHostsOf, Mended, SshdSource, Wish};
