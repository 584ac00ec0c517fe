//! The crate from outside: answers, problems, edits and who they touch.

mod changes;
mod common;
mod evaluate;
mod laws;
mod linkage;
mod mend;
mod permit;
mod problems;
mod unknown;
mod wanted;
