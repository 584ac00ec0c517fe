//! The single list of causes by name, from which all other lists of causes are derived.

/// Passes the list of all causes to the macro `$then`: by gate, each with its folder, one `module Variant "name"` a line.
///
/// A gate is the place at which a connection meets the cause; the gates are in that order, and
/// within one gate a cause precedes those it explains. `crates/diagnose` derives its modules, the
/// causes and their pages from this list. A name is a contract: it never changes.
#[macro_export]
macro_rules! each_cause {
    ($then:ident) => {
        $then! {
            client Client {
                file_owned_by FileOwnedBy "file-owned-by",
                evidence_hidden EvidenceHidden "evidence-hidden",
                client_config_invalid ClientConfigInvalid "client-config-invalid",
                multiplex_stale MultiplexStale "multiplex-stale",
                name_not_resolved NameNotResolved "name-not-resolved",
                proxy_failed ProxyFailed "proxy-failed",
            }
            network Network {
                host_unreachable HostUnreachable "host-unreachable",
                address_conflict AddressConflict "address-conflict",
            }
            firewall Firewall {
                ban_not_lifted BanNotLifted "ban-not-lifted",
                fail2ban_banned Fail2banBanned "fail2ban-banned",
                banned_by_other BannedByOther "banned-by-other",
                firewall_rejects FirewallRejects "firewall-rejects",
            }
            kernel Kernel {
                conntrack_full ConntrackFull "conntrack-full",
                listen_queue_overflow ListenQueueOverflow "listen-queue-overflow",
            }
            listener Listener {
                still_booting StillBooting "still-booting",
                library_mismatch LibraryMismatch "library-mismatch",
                sshd_config_invalid SshdConfigInvalid "sshd-config-invalid",
                host_keys_permissions HostKeysPermissions "host-keys-permissions",
                host_keys_missing HostKeysMissing "host-keys-missing",
                privsep_user_missing PrivsepUserMissing "privsep-user-missing",
                privsep_directory PrivsepDirectory "privsep-directory",
                mandatory_access_denied MandatoryAccessDenied "mandatory-access-denied",
                port_in_use PortInUse "port-in-use",
                socket_trigger_limit SocketTriggerLimit "socket-trigger-limit",
                listener_hung ListenerHung "listener-hung",
                file_descriptor_limit FileDescriptorLimit "file-descriptor-limit",
                sshd_not_running SshdNotRunning "sshd-not-running",
                address_family AddressFamily "address-family",
                dead_backend DeadBackend "dead-backend",
            }
            accept Accept {
                socket_connection_limit SocketConnectionLimit "socket-connection-limit",
                per_source_max_startups PerSourceMaxStartups "per-source-max-startups",
                max_startups MaxStartups "max-startups",
                client_parallelism ClientParallelism "client-parallelism",
                per_source_penalty PerSourcePenalty "per-source-penalty",
                health_check_penalised HealthCheckPenalised "health-check-penalised",
                setting_shadowed SettingShadowed "setting-shadowed",
            }
            session Session {
                service_start_failure ServiceStartFailure "service-start-failure",
                process_limit ProcessLimit "process-limit",
                sshd_helper_missing SshdHelperMissing "sshd-helper-missing",
                sshd_stale_after_upgrade SshdStaleAfterUpgrade "sshd-stale-after-upgrade",
                out_of_memory OutOfMemory "out-of-memory",
                child_crash ChildCrash "child-crash",
                ip_options IpOptions "ip-options",
            }
            wrappers Wrappers {
                hosts_deny_malformed HostsDenyMalformed "hosts-deny-malformed",
                hosts_access_option_invalid HostsAccessOptionInvalid "hosts-access-option-invalid",
                hosts_deny_owned HostsDenyOwned "hosts-deny-owned",
                hosts_access_denied HostsAccessDenied "hosts-access-denied",
                libwrap_not_linked LibwrapNotLinked "libwrap-not-linked",
                reverse_dns_slow ReverseDnsSlow "reverse-dns-slow",
            }
            exchange Exchange {
                wrong_service WrongService "wrong-service",
                not_an_ssh_client NotAnSshClient "not-an-ssh-client",
                algorithm_mismatch AlgorithmMismatch "algorithm-mismatch",
                mtu_black_hole MtuBlackHole "mtu-black-hole",
                middlebox_reset MiddleboxReset "middlebox-reset",
                client_vanished ClientVanished "client-vanished",
            }
            host_key HostKey {
                host_key_changed HostKeyChanged "host-key-changed",
                host_key_unknown HostKeyUnknown "host-key-unknown",
            }
            authentication Authentication {
                tailscale_ssh TailscaleSsh "tailscale-ssh",
                login_grace_time LoginGraceTime "login-grace-time",
                refuse_connection RefuseConnection "refuse-connection",
                user_not_allowed UserNotAllowed "user-not-allowed",
                too_many_keys TooManyKeys "too-many-keys",
                max_auth_tries MaxAuthTries "max-auth-tries",
                disk_full DiskFull "disk-full",
            }
            established Established {
                client_alive_timeout ClientAliveTimeout "client-alive-timeout",
                max_sessions MaxSessions "max-sessions",
                forwarding_refused ForwardingRefused "forwarding-refused",
                nat_idle_timeout NatIdleTimeout "nat-idle-timeout",
            }
        }
    };
}

macro_rules! names {
    ($($folder:ident $gate:ident { $($module:ident $variant:ident $text:literal,)+ })+) => {
        /// The name of a cause. A name that does not exist does not compile.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum CauseName {
            $($(
                #[doc = concat!("`", $text, "`: see `docs/causes/", $text, ".md`.")]
                $variant,
            )+)+
        }

        impl CauseName {
            /// All names, in the order of the list.
            pub const ALL: &[Self] = &[$($(Self::$variant,)+)+];

            /// The name as written in commands, JSON and documentation.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$variant => $text,)+)+
                }
            }
        }

        #[cfg(test)]
        const MODULES: &[&str] = &[$($(stringify!($module),)+)+];
    };
}

each_cause!(names);

/// Names sort as their texts do, so that sorted output does not change with the list.
impl Ord for CauseName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // A log usually mentions few causes: skip comparing the texts of equal ones.
        if self == other {
            return std::cmp::Ordering::Equal;
        }
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for CauseName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for CauseName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_variant_and_name_of_a_cause_agree() {
        for (name, module) in CauseName::ALL.iter().zip(MODULES) {
            assert_eq!(name.as_str(), module.replace('_', "-"));
            assert_eq!(format!("{name:?}").to_lowercase(), module.replace('_', ""));
        }
    }
}
