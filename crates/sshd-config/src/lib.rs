//! What `sshd_config` means, release by release, and how to change it.
mod address;
mod connection;
mod criteria;
mod effective;
mod keyword;
mod line;
mod listen;
mod logical;
mod overrides;
mod pattern;
mod problem;
mod refuse;
mod release;
mod store;
mod table;
mod tree;
mod value;
mod walk;
mod words;

pub use connection::{BadConnection, Connection};
pub use effective::{Effective, Scope, Setting, Shadowed, Why};
pub use overrides::Override;
pub use problem::{Problem, Verdict};
pub use release::Release;
pub use tree::{COMMAND_LINE, MatchOverride, Tree, wants};
