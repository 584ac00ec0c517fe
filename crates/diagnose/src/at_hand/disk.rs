//! The commands of a step on a mounted disk: pasted as they are, they would act on the machine that
//! repairs it.

use crate::quote::quoted;

/// What a command becomes on a mounted disk.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OnDisk {
    /// It works on the disk. Words that are not a command stay as they are.
    Now(String),
    /// It needs the machine running.
    Later,
    /// There is nothing to do.
    Nothing,
}

/// Programs that only read or write the files that they are given.
const OF_FILES: [&str; 20] = [
    "cat", "chattr", "chgrp", "chmod", "chown", "cp", "du", "find", "grep", "install", "ldd", "ln",
    "ls", "mkdir", "mv", "printf", "rm", "sed", "stat", "touch",
];

/// Programs that find files by themselves, and therefore need the disk as their root folder.
const OF_SYSTEM: [&str; 18] = [
    "adduser",
    "apt",
    "apt-get",
    "dnf",
    "dpkg",
    "dpkg-reconfigure",
    "getent",
    "ldconfig",
    "passwd",
    "rc-update",
    "rpm",
    "sshd",
    "systemd-sysusers",
    "update-crypto-policies",
    "update-rc.d",
    "useradd",
    "usermod",
    "yum",
];

/// Programs that ask or tell the kernel or a running daemon.
const OF_RUNNING: [&str; 28] = [
    "ausearch",
    "conntrack",
    "cscli",
    "csf",
    "dmesg",
    "docker",
    "fail2ban-client",
    "ip",
    "journalctl",
    "kill",
    "lsof",
    "mount",
    "nft",
    "ping",
    "ps",
    "rc-service",
    "restorecon",
    "service",
    "ss",
    "sv",
    "sysctl",
    "systemctl",
    "systemd-cgls",
    "tailscale",
    "tcpdump",
    "time",
    "tracepath",
    "uptime",
];

/// The words of sshmend's own commands that work below `--root`.
const OF_SSHMEND: [&str; 3] = ["diagnose", "fix", "show"];

/// Repairs of the running machine alone.
const NOT_OF_DISKS: [&str; 2] = ["service", "log-level"];

/// One command, for the disk that is mounted at `root`.
pub(super) fn command(command: &str, root: &str) -> OnDisk {
    let root = root.trim_end_matches('/');
    let plain = command.strip_prefix("sudo ").unwrap_or(command);
    let words: Vec<&str> = plain.split(' ').collect();
    let program = words[0].rsplit('/').next().unwrap_or_default();
    match words.as_slice() {
        ["sshmend", "fix", what, ..] if NOT_OF_DISKS.contains(what) => OnDisk::Later,
        ["sshmend", what, ..] if OF_SSHMEND.contains(what) => {
            OnDisk::Now(format!("{command} --root {}", quoted(root)))
        }
        ["systemctl", "daemon-reload"] => OnDisk::Nothing,
        ["systemctl", "enable" | "disable" | "mask" | "unmask", ..] => OnDisk::Now(format!(
            "systemctl --root={} {}",
            quoted(root),
            words[1..].join(" ").replace("--now ", "")
        )),
        [_, _, ..] if OF_FILES.contains(&program) => OnDisk::Now(with_root(plain, root)),
        // One word alone is the name of the account.
        ["sshd"] => OnDisk::Now(command.to_owned()),
        [_, ..] if OF_SYSTEM.contains(&program) => {
            OnDisk::Now(format!("chroot {} {plain}", quoted(root)))
        }
        [_, _, ..] if OF_RUNNING.contains(&program) => OnDisk::Later,
        _ => OnDisk::Now(command.to_owned()),
    }
}

/// A command line whose absolute paths lead to the disk.
fn with_root(command: &str, root: &str) -> String {
    let words = command.split(' ').map(|word| {
        let path = word.trim_start_matches(['\'', '"', '>']);
        let before = &word[..word.len() - path.len()];
        if !path.starts_with('/') {
            return word.to_owned();
        }
        let path = if path == "/" { "" } else { path };
        if before.contains(['\'', '"']) {
            // The path is quoted as a whole, so that the folder before it needs no quotes either.
            return format!("{before}{root}{path}");
        }
        format!("{before}{}", quoted(&format!("{root}{path}")))
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cases: &[(&str, &str)]) {
        for (asked, expected) in cases {
            assert_eq!(
                command(asked, "/mnt/"),
                OnDisk::Now((*expected).to_owned()),
                "{asked}"
            );
        }
    }

    #[test]
    fn commands_lead_to_the_disk_and_not_to_this_machine() {
        check(&[
            ("rm /etc/nologin", "rm /mnt/etc/nologin"),
            ("sudo chmod a+r '/etc/a b'", "chmod a+r '/mnt/etc/a b'"),
            ("mv /etc/x /etc/x.broken", "mv /mnt/etc/x /mnt/etc/x.broken"),
            (
                "printf 'a b' > /etc/y.conf",
                "printf 'a b' > /mnt/etc/y.conf",
            ),
            ("du -xh / | sort -h", "du -xh /mnt | sort -h"),
            ("passwd bob", "chroot /mnt passwd bob"),
            ("/usr/sbin/sshd -t", "chroot /mnt /usr/sbin/sshd -t"),
            (
                "systemctl enable --now ssh.service",
                "systemctl --root=/mnt enable ssh.service",
            ),
            (
                "sudo sshmend fix sshd-config Port=22",
                "sudo sshmend fix sshd-config Port=22 --root /mnt",
            ),
            ("sshd", "sshd"),
            ("systemd-sysusers", "chroot /mnt systemd-sysusers"),
            ("Port 22", "Port 22"),
        ]);
        assert_eq!(
            command("rm /etc/nologin", "/a b"),
            OnDisk::Now("rm '/a b/etc/nologin'".to_owned())
        );
    }

    #[test]
    fn what_needs_the_machine_running_is_for_later() {
        for asked in [
            "ss -tn",
            "kill 7",
            "systemctl restart ssh",
            "sysctl -w a=1",
            "sshmend fix service",
        ] {
            assert_eq!(command(asked, "/mnt"), OnDisk::Later, "{asked}");
        }
        assert_eq!(command("systemctl daemon-reload", "/mnt"), OnDisk::Nothing);
    }
}
