//! The programs whose lines are read.

use memchr::memrchr;

/// The program that wrote a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// `sshd`: the listener; up to 9.7 the connections too.
    Sshd,
    /// `sshd-session`, from 9.8 on: one process for each connection.
    SshdSession,
    /// `sshd-auth`, from 10.0 on: the unprivileged process before the login.
    SshdAuth,
    /// A line without any prefix, as `sshd -E FILE` writes it.
    Bare,
    /// `dropbear`, the small SSH server of OpenWrt and of initial RAM disks.
    Dropbear,
    /// Another server of SSH: tinysshd, or the module of ProFTPD.
    OtherServer,
    /// `tailscaled`, which serves SSH itself if configured to.
    Tailscaled,
    /// The kernel.
    Kernel,
    /// The audit daemon or the audit lines of the kernel.
    Audit,
    /// systemd.
    Systemd,
    /// xinetd, or inetd.
    Xinetd,
    /// fail2ban, through syslog or in its own log file.
    Fail2ban,
    /// sshguard.
    Sshguard,
    /// DenyHosts.
    DenyHosts,
    /// CrowdSec.
    CrowdSec,
    /// blacklistd of FreeBSD and NetBSD, to which sshd reports.
    Blacklistd,
    /// lfd, the login failure daemon of csf.
    Lfd,
    /// Any other program: its lines are counted and skipped.
    Other,
}

/// Programs by the name they log under, in lower case.
const NAMES: &[(&str, Program)] = &[
    ("sshd", Program::Sshd),
    ("sshd-session", Program::SshdSession),
    ("sshd-auth", Program::SshdAuth),
    ("in.sshd", Program::Sshd),
    ("sshd.pam", Program::Sshd),
    // A module of PAM under its own name; it also serves sudo and login.
    ("pam_duo", Program::Sshd),
    ("sshd.exe", Program::Sshd),
    ("sshd-session.exe", Program::SshdSession),
    ("sshd-auth.exe", Program::SshdAuth),
    ("dropbear", Program::Dropbear),
    ("tinysshd", Program::OtherServer),
    ("mod_sftp", Program::OtherServer),
    ("tailscaled", Program::Tailscaled),
    ("kernel", Program::Kernel),
    ("audit", Program::Audit),
    ("auditd", Program::Audit),
    ("systemd", Program::Systemd),
    // systemd itself, before it has executed the program.
    ("(sshd)", Program::Systemd),
    ("xinetd", Program::Xinetd),
    ("inetd", Program::Xinetd),
    ("fail2ban", Program::Fail2ban),
    ("fail2ban-server", Program::Fail2ban),
    ("sshguard", Program::Sshguard),
    ("sshg-blocker", Program::Sshguard),
    ("denyhosts", Program::DenyHosts),
    ("crowdsec", Program::CrowdSec),
    ("blacklistd", Program::Blacklistd),
    ("blocklistd", Program::Blacklistd),
    ("lfd", Program::Lfd),
];

impl Program {
    /// The program of a syslog tag, a process name or a unit name (`ssh.service`, `journalctl -o with-unit`).
    pub(crate) fn named(tag: &[u8]) -> Self {
        if tag == b"sshd" {
            return Self::Sshd;
        }
        // `mod_sftp/1.0.0`: the module names its version.
        let tag = if tag.starts_with(b"mod_sftp/") {
            &tag[..b"mod_sftp".len()]
        } else {
            tag
        };
        let name = memrchr(b'/', tag).map_or(tag, |at| &tag[at + 1..]);
        // `sshd(pam_unix)`: the module logs under the name of the program.
        let module = name.iter().position(|&b| b == b'(').filter(|&at| at > 0);
        let name = module.map_or(name, |at| &name[..at]);
        let known = NAMES
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
        match known {
            Some(&(_, program)) => program,
            None if name.starts_with(b"fail2ban.") => Self::Fail2ban,
            None if is_ssh_unit(name) => Self::Sshd,
            None => Self::Other,
        }
    }

    /// The name of a known program, in lower case.
    pub(crate) fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, program)| *program == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether this program serves SSH and logs under its own name.
    pub(crate) fn is_ssh_server(self) -> bool {
        matches!(
            self,
            Self::Sshd
                | Self::SshdSession
                | Self::SshdAuth
                | Self::Dropbear
                | Self::OtherServer
                | Self::Tailscaled
        )
    }

    /// Whether its lines are about connections of clients, one process for each.
    pub(crate) fn is_server(self) -> bool {
        self.is_ssh_server() || self == Self::Bare
    }

    /// Whether this is sshd in any of its parts.
    pub fn is_sshd(self) -> bool {
        matches!(
            self,
            Self::Sshd | Self::SshdSession | Self::SshdAuth | Self::Bare
        )
    }
}

/// Whether a unit belongs to sshd: `ssh.service`, `sshd@1-2.service`, `sshd.socket`.
pub(crate) fn is_ssh_unit(unit: &[u8]) -> bool {
    let Some(rest) = unit.strip_prefix(b"ssh") else {
        return false;
    };
    let rest = rest.strip_prefix(b"d").unwrap_or(rest);
    let rest = rest.strip_prefix(b"-unix-local").unwrap_or(rest);
    match rest {
        [b'@', instance @ ..] => instance.ends_with(b".service"),
        _ => rest == b".service" || rest == b".socket",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_tags_of_all_origins_are_recognised() {
        let cases: &[(&str, Program)] = &[
            ("sshd", Program::Sshd),
            ("/usr/sbin/sshd", Program::Sshd),
            ("sshd(pam_unix)", Program::Sshd),
            ("in.sshd", Program::Sshd),
            ("sshd.pam", Program::Sshd),
            // A module of PAM under its own name; it also serves sudo and login.
            ("pam_duo", Program::Sshd),
            ("(sshd)", Program::Systemd),
            ("ssh@3-192.0.2.1:22-192.0.2.7:5512.service", Program::Sshd),
            ("ssh.socket", Program::Sshd),
            ("fail2ban.actions", Program::Fail2ban),
            ("mod_sftp/1.0.0", Program::OtherServer),
            ("DenyHosts", Program::DenyHosts),
            ("sshd-keygen", Program::Other),
            ("ssh-agent.service", Program::Other),
            ("xsshd", Program::Other),
            ("CRON", Program::Other),
        ];
        for (tag, program) in cases {
            assert_eq!(Program::named(tag.as_bytes()), *program, "{tag}");
        }
    }
}
