//! Transactions on real files: normal operation, and failure at every effect.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first surprise, also in its helpers"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the tests make and look at real files"
)]

mod common;
mod durable;
mod edited;
mod faults;
mod faults_later;
mod faulty;
mod life;
mod long;
mod stuck;
mod temporary;
