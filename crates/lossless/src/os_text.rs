//! File names as bytes, also on platforms where names are not bytes: there a log, a transcript or a
//! copy of a configuration is read, not a running system.

use std::ffi::OsString;

/// The name with these bytes; on platforms where names are not bytes, invalid UTF-8 is replaced.
#[cfg(unix)]
pub fn os_text(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

/// The name with these bytes; on platforms where names are not bytes, invalid UTF-8 is replaced.
#[cfg(not(unix))]
pub fn os_text(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}
