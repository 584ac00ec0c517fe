//! The causes: one file each, and the one list of all of them.

mod host_keys_missing;
mod host_keys_permissions;
mod library_mismatch;
mod max_startups;
mod privsep_directory;
mod privsep_user_missing;
mod sshd_config_invalid;
mod sshd_not_running;

use crate::verdict::Cause;

/// Every cause; within one gate, what explains another stands before it.
pub const CAUSES: &[Cause] = &[
    library_mismatch::CAUSE,
    sshd_config_invalid::CAUSE,
    host_keys_permissions::CAUSE,
    host_keys_missing::CAUSE,
    privsep_user_missing::CAUSE,
    privsep_directory::CAUSE,
    sshd_not_running::CAUSE,
    max_startups::CAUSE,
];

/// The cause of this name.
pub fn cause(name: &str) -> Option<&'static Cause> {
    CAUSES.iter().find(|cause| cause.name == name)
}
