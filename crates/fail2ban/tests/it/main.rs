//! Tests of the crate from outside: reading, problems, changes, and the laws.

mod changes;
mod common;
mod laws;
mod many;
mod mend;
mod merged;
mod owners;
mod problems;
