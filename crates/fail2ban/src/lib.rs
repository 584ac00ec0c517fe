//! What fail2ban's jail configuration means, and how to change it.
//!
//! [`wants`] names the files to capture; [`Config::read`] merges them as fail2ban does and says what every jail ignores,
//! which line decided it, and what is wrong.

mod address;
mod change;
mod config;
mod document;
mod draft;
mod ends;
mod explain;
mod ignore;
mod interpolate;
mod item;
mod jail;
mod jail_reader;
mod layers;
mod list_edit;
mod mend;
mod merged;
mod options;
mod place;
mod problem;
mod proof;
mod python;
mod reading;
mod release;
mod repair;
mod session;
mod settle;
mod spec;
mod traced;
mod unignore;
mod until;
mod wreckage;

pub use address::{Address, AddressError, Parsed};
pub use change::{Edited, Note, Refusal};
pub use config::{Config, wants};
pub use ends::Expired;
pub use ignore::Wish;
pub use item::{Item, Network};
pub use jail::{Ignored, Jail, Loss, Setting, Shadowed, Word};
pub use problem::{Consequence, Mend, Problem};
pub use release::Release;
