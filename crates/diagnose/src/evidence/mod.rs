//! Helpers shared by causes: evidence from the log, from a client's messages and from our own
//! connections, and rules of TCP wrappers.

pub(crate) mod log;
pub(crate) mod probe;
pub(crate) mod transcript;
pub(crate) mod wrappers;
