//! The crate from outside: what is read, what is wrong, what is changed, and the laws.

mod changes;
mod common;
mod laws;
mod many;
mod merged;
mod owners;
mod problems;
