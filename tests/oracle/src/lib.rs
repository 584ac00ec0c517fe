//! Our models against the real programs: each format on recorded trees and on random ones.
//!
//! Every module offers the same two entry points: `corpus(dir)` compares with the recorded output
//! of the real programs, `random(cases, seed)` makes inputs and runs the programs of this machine.
//! Both return a [`Report`].

mod corpus;
mod daemon;
pub mod fail2ban;
pub mod hosts_access;
pub mod known_hosts;
pub mod logs;
mod report;
pub mod sshd_config;

pub use corpus::{Item, items};
pub use report::Report;
