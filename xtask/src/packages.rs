//! Debian packages that a chore needs.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

use crate::run;

/// The packages that the tests need, each with the reason.
pub(crate) const TESTS: &[(&str, &str)] = &[
    (
        "openssh-server",
        "sshd -T and sshd -t, the oracle of sshd_config",
    ),
    (
        "openssh-client",
        "ssh-keygen and ssh, the oracles of known_hosts",
    ),
    (
        "libwrap0-dev",
        "libwrap, the oracle of hosts.allow and hosts.deny",
    ),
    (
        "tcpd",
        "tcpdmatch, the rehearsal of hosts.allow and hosts.deny",
    ),
    ("gcc", "the test program that asks libwrap"),
    ("g++", "libFuzzer, which feeds the targets of the fuzzer"),
    ("libc6-dev", "the test program that asks libwrap"),
    (
        "fail2ban",
        "fail2ban-client -d, the oracle of fail2ban's files",
    ),
    ("python3", "fail2ban's own reader"),
    ("acl", "access control lists that a rollback has to restore"),
    ("attr", "extended attributes that a rollback has to restore"),
    ("e2fsprogs", "chattr, for files that refuse a change"),
    ("iproute2", "the lab's networks"),
    ("procps", "the lab's networks"),
    ("nftables", "the lab's router"),
    ("strace", "the faults that are put into every system call"),
    ("debootstrap", "the lab's machines"),
    ("debian-archive-keyring", "the lab's machines"),
    ("systemd-container", "the lab's machines"),
    ("binutils", "strip, for the program that the lab installs"),
    ("python3-pip", "the newest ansible-core, for the lab"),
];

/// The packages that the checks of the Ansible collection need.
pub(crate) const ANSIBLE: &[(&str, &str)] = &[
    ("ansible-core", "the collection, and its documentation"),
    ("git", "ansible-test, which asks it for the files"),
];

/// The programs that `cargo xtask bench` measures beside ours.
pub(crate) const PEERS: &[(&str, &str)] = &[
    ("ansible-core", "known_hosts and lineinfile"),
    ("augeas-tools", "augtool, which edits known_hosts as a tree"),
    ("lynis", "an audit of sshd"),
    ("ripgrep", "rg, which searches logs"),
];

const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Installs missing packages; none of their services is started.
///
/// # Errors
/// The list of packages, if this user cannot install them or apt-get fails.
pub(crate) fn install(needed: &[(&str, &str)]) -> Result<(), String> {
    let missing: Vec<_> = needed.iter().filter(|(name, _)| !installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !nix::unistd::geteuid().is_root() || !Path::new("/usr/bin/apt-get").exists() {
        let list: String = missing
            .iter()
            .map(|(name, why)| format!("\n  {name:<18} {why}"))
            .collect();
        return Err(format!(
            "these packages are missing (installing them takes root and apt-get):{list}"
        ));
    }
    let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
    println!("installing {}", names.join(" "));
    let _quiet = NoServices::arm()?;
    run::run(&mut apt(&["update", "-qq"]))?;
    let mut arguments = vec!["install", "-qq", "-y", "--no-install-recommends"];
    arguments.extend(names);
    run::run(&mut apt(&arguments))
}

fn installed(name: &str) -> bool {
    let query = Command::new("dpkg-query")
        .args(["-W", "-f=${db:Status-Status}", name])
        .output();
    query.is_ok_and(|output| output.stdout == b"installed")
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Keeps Debian's packages from starting their services, as long as it lives.
struct NoServices {
    ours: bool,
}

impl NoServices {
    fn arm() -> Result<Self, String> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o755)
            .open(POLICY);
        match file {
            Ok(mut file) => {
                file.write_all(b"#!/bin/sh\nexit 101\n")
                    .map_err(|error| format!("{POLICY}: {error}"))?;
                Ok(Self { ours: true })
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Ok(Self { ours: false })
            }
            Err(error) => Err(format!("{POLICY}: {error}")),
        }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = fs::remove_file(POLICY)
        {
            eprintln!("warning: {POLICY} stays behind: {error}");
        }
    }
}
