//! What fail2ban's jail configuration means, and how to change it.
//!
//! [`wants`] names the files to capture; [`Config::read`] merges them as fail2ban does and says what every jail ignores,
//! which line decided it, and what is wrong.

mod config;
mod document;
mod explain;
mod interpolate;
mod item;
mod jail;
mod layers;
mod mend;
mod merged;
mod problem;
mod python;
mod reading;
mod release;
mod spec;
mod traced;
mod wreckage;

pub use config::{Config, wants};
pub use item::{Item, Network};
pub use jail::{Ignored, Jail, Loss, Setting, Shadowed, Word};
pub use problem::{Consequence, Mend, Problem};
pub use release::Release;
