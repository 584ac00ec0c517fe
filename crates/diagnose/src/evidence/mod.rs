//! What causes have in common: what the log, a client's words and our own connections say of one, and rules of TCP wrappers.

pub(crate) mod log;
pub(crate) mod probe;
pub(crate) mod transcript;
pub(crate) mod wrappers;
