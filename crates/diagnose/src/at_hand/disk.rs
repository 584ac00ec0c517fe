//! The commands of a step on a mounted disk: pasted as they are, they would act on the machine that
//! repairs it.

use sshmend_lossless::quoted;

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
const OF_FILES: [&str; 23] = [
    "awk",
    "cat",
    "chattr",
    "chgrp",
    "chmod",
    "chown",
    "cp",
    "du",
    "echo",
    "find",
    "grep",
    "install",
    "ldd",
    "ln",
    "ls",
    "mkdir",
    "mv",
    "printf",
    "rm",
    "sed",
    "ssh-keygen",
    "stat",
    "touch",
];

/// Programs that find files by themselves, and therefore need the disk as their root folder.
const OF_SYSTEM: [&str; 24] = [
    "adduser",
    "apt",
    "apt-get",
    "chage",
    "chsh",
    "dnf",
    "dpkg",
    "dpkg-reconfigure",
    "faillock",
    "getent",
    "gpasswd",
    "ldconfig",
    "mkhomedir_helper",
    "pam_tally2",
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
const OF_RUNNING: [&str; 31] = [
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
    "loginctl",
    "lsns",
    "lsof",
    "mount",
    "nft",
    "ping",
    "ps",
    "rc-service",
    "restorecon",
    "semanage",
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
        // Another machine, and what a program printed, are not on the disk.
        ["sshmend", "diagnose", of, ..] if !["--client", "--user"].contains(of) => {
            OnDisk::Now(command.to_owned())
        }
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

/// A command line whose absolute paths lead to the disk. Its words are quoted for a shell as far as
/// they have to be, so that only the folder before them still needs quotes.
fn with_root(command: &str, root: &str) -> String {
    let folder = quoted(root);
    let words = command.split(' ').map(|word| {
        let path = word.trim_start_matches(['\'', '"', '>']);
        if !is_path(path) {
            return word.to_owned();
        }
        let quote = &word[..word.len() - path.len()];
        let path = if path == "/" { "" } else { path };
        if folder == root {
            format!("{quote}{root}{path}")
        } else {
            // One word for a shell: `'/a b''/etc/x y'`.
            let (redirection, quote) = quote.split_at(quote.rfind('>').map_or(0, |at| at + 1));
            format!("{redirection}{folder}{quote}{path}")
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a word is a path on the disk: not an expression (`'/^Port/d'`), nor a file of the kernel.
fn is_path(word: &str) -> bool {
    let of_kernel = ["/dev/", "/proc/", "/sys/"];
    let Some(rest) = word.strip_prefix('/') else {
        return false;
    };
    let is_expression = rest.contains(['(', '[', '^', '$', '|', '\\']);
    !is_expression && !of_kernel.iter().any(|folder| word.starts_with(folder))
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
            ("grep -n x /etc/pam.d/*", "grep -n x /mnt/etc/pam.d/*"),
            ("echo a >> /var/lib/b", "echo a >> /mnt/var/lib/b"),
            ("chage -l bob", "chroot /mnt chage -l bob"),
            ("ls /etc/x 2>/dev/null", "ls /mnt/etc/x 2>/dev/null"),
            ("ls /etc/x > /dev/null", "ls /mnt/etc/x > /dev/null"),
            (
                "sed -i -E '/(^|[^0-9])7$/d' /etc/hosts.deny",
                "sed -i -E '/(^|[^0-9])7$/d' /mnt/etc/hosts.deny",
            ),
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
            (
                "sshmend diagnose --client 192.0.2.7",
                "sshmend diagnose --client 192.0.2.7 --root /mnt",
            ),
            (
                "sshmend diagnose DESTINATION",
                "sshmend diagnose DESTINATION",
            ),
            ("sshd", "sshd"),
            ("systemd-sysusers", "chroot /mnt systemd-sysusers"),
            ("Port 22", "Port 22"),
        ]);
        for (asked, expected) in [
            ("rm /etc/nologin", "rm '/a b'/etc/nologin"),
            ("rm '/etc/x y'", "rm '/a b''/etc/x y'"),
            ("printf x >/etc/y", "printf x >'/a b'/etc/y"),
        ] {
            assert_eq!(
                command(asked, "/a b"),
                OnDisk::Now(expected.to_owned()),
                "{asked}"
            );
        }
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
