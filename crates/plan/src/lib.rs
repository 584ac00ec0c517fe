//! Wishes to one immutable [`Plan`]: what changes, what that changes in effect, who judges it, what is reloaded.
//!
//! A plan is computed once from a [`Snapshot`](sshmend_lossless::Snapshot). The preview shows it, the JSON prints it and
//! the transaction commits it; nothing recomputes it between showing and doing. Nothing here touches a machine.

mod check;
mod diff;
mod known_hosts;
mod lockout;
mod plan;

pub use check::{Check, Expect, Proof};
pub use diff::unified;
pub use known_hosts::{KnownHostsWish, known_hosts};
pub use lockout::Lockout;
pub use plan::{Effect, Notice, Plan, Refusal};
