//! The causes: one file each, and the one list of all of them.

mod address_conflict;
mod address_family;
mod algorithm_mismatch;
mod ban_not_lifted;
mod banned_by_other;
mod child_crash;
pub(crate) mod claimed;
mod client_alive_timeout;
mod client_config_invalid;
mod client_parallelism;
mod client_vanished;
mod conntrack_full;
mod dead_backend;
mod disk_full;
mod evidence_hidden;
mod fail2ban_banned;
mod file_descriptor_limit;
mod file_owned_by;
mod firewall_rejects;
mod health_check_penalised;
pub(crate) mod heard;
mod host_key_changed;
mod host_key_unknown;
mod host_keys_missing;
mod host_keys_permissions;
mod host_unreachable;
mod hosts_access_denied;
mod hosts_access_option_invalid;
mod hosts_deny_malformed;
mod hosts_deny_owned;
mod hosts_remedy;
mod ip_options;
mod library_mismatch;
mod libwrap_not_linked;
mod listen_queue_overflow;
mod listener_hung;
mod listens_elsewhere;
mod login_grace_time;
mod mandatory_access_denied;
mod max_auth_tries;
mod max_sessions;
mod max_startups;
mod middlebox_reset;
mod mtu_black_hole;
mod multiplex_stale;
mod name_not_resolved;
mod nat_idle_timeout;
mod never_started;
mod not_an_ssh_client;
mod out_of_memory;
mod per_source_max_startups;
mod per_source_penalty;
mod port_in_use;
mod privsep_directory;
mod privsep_user_missing;
mod process_limit;
mod proxy_failed;
mod refuse_connection;
mod refused_account;
mod refused_keys;
mod replied;
mod reverse_dns_slow;
mod service_start_failure;
mod setting_shadowed;
mod socket_connection_limit;
mod socket_trigger_limit;
mod sshd_config_invalid;
mod sshd_helper_missing;
mod sshd_not_running;
mod sshd_stale_after_upgrade;
mod still_booting;
mod too_many_keys;
mod user_lists;
mod user_not_allowed;
mod wrong_service;

use crate::verdict::Cause;

/// Every cause; within one gate, what explains another stands before it.
pub const CAUSES: &[Cause] = &[
    file_owned_by::CAUSE,
    evidence_hidden::CAUSE,
    client_config_invalid::CAUSE,
    multiplex_stale::CAUSE,
    name_not_resolved::CAUSE,
    proxy_failed::CAUSE,
    host_unreachable::CAUSE,
    address_conflict::CAUSE,
    ban_not_lifted::CAUSE,
    fail2ban_banned::CAUSE,
    banned_by_other::CAUSE,
    firewall_rejects::CAUSE,
    conntrack_full::CAUSE,
    listen_queue_overflow::CAUSE,
    still_booting::CAUSE,
    library_mismatch::CAUSE,
    sshd_config_invalid::CAUSE,
    host_keys_permissions::CAUSE,
    host_keys_missing::CAUSE,
    privsep_user_missing::CAUSE,
    privsep_directory::CAUSE,
    mandatory_access_denied::CAUSE,
    port_in_use::CAUSE,
    socket_trigger_limit::CAUSE,
    listener_hung::CAUSE,
    file_descriptor_limit::CAUSE,
    sshd_not_running::CAUSE,
    address_family::CAUSE,
    dead_backend::CAUSE,
    socket_connection_limit::CAUSE,
    per_source_max_startups::CAUSE,
    max_startups::CAUSE,
    client_parallelism::CAUSE,
    per_source_penalty::CAUSE,
    health_check_penalised::CAUSE,
    setting_shadowed::CAUSE,
    service_start_failure::CAUSE,
    process_limit::CAUSE,
    sshd_helper_missing::CAUSE,
    sshd_stale_after_upgrade::CAUSE,
    out_of_memory::CAUSE,
    child_crash::CAUSE,
    ip_options::CAUSE,
    hosts_deny_malformed::CAUSE,
    hosts_access_option_invalid::CAUSE,
    hosts_deny_owned::CAUSE,
    hosts_access_denied::CAUSE,
    libwrap_not_linked::CAUSE,
    reverse_dns_slow::CAUSE,
    wrong_service::CAUSE,
    not_an_ssh_client::CAUSE,
    algorithm_mismatch::CAUSE,
    mtu_black_hole::CAUSE,
    middlebox_reset::CAUSE,
    client_vanished::CAUSE,
    host_key_changed::CAUSE,
    host_key_unknown::CAUSE,
    login_grace_time::CAUSE,
    refuse_connection::CAUSE,
    user_not_allowed::CAUSE,
    too_many_keys::CAUSE,
    max_auth_tries::CAUSE,
    disk_full::CAUSE,
    client_alive_timeout::CAUSE,
    max_sessions::CAUSE,
    nat_idle_timeout::CAUSE,
];

/// The cause of this name.
pub fn cause(name: &str) -> Option<&'static Cause> {
    CAUSES.iter().find(|cause| cause.name == name)
}
