//! Whether programs are installed, so that no step names a missing one.

use sshmend_packet_filter::Owner;

use crate::Facts;

/// The directories of system programs.
const FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"];

/// Package managers, and the command with which each updates everything.
const MANAGERS: [(&str, &str); 5] = [
    ("/usr/bin/apt-get", "apt-get update && apt-get dist-upgrade"),
    ("/usr/bin/dnf", "dnf upgrade"),
    ("/usr/bin/zypper", "zypper update"),
    ("/usr/bin/pacman", "pacman -Syu"),
    ("/sbin/apk", "apk upgrade"),
];

/// The program that changes rules of a given owner.
fn program(owner: Owner) -> Option<&'static str> {
    match owner {
        Owner::Sshguard => Some("sshguard"),
        Owner::Crowdsec => Some("cscli"),
        Owner::Csf => Some("csf"),
        Owner::Ufw => Some("ufw"),
        Owner::Firewalld => Some("firewall-cmd"),
        Owner::Fail2ban | Owner::Unknown => None,
    }
}

impl Facts<'_> {
    /// Whether the program that writes such rules is certainly not on this machine any more.
    pub fn is_gone(&self, owner: Owner) -> bool {
        let missing = |name: &str| {
            let mut folders = FOLDERS.iter();
            folders.all(|folder| self.meta(format!("{folder}/{name}")) == Ok(None))
        };
        program(owner).is_some_and(missing)
    }

    /// The package manager, such as `apt-get`, and the command that upgrades all packages; `None`
    /// if none is known.
    pub fn package_manager(&self) -> Option<(&'static str, &'static str)> {
        let there = |program: &str| matches!(self.meta(program), Ok(Some(_)));
        let (program, command) = MANAGERS.iter().find(|(program, _)| there(program))?;
        let name = program.rsplit('/').next()?;
        Some((name, command))
    }
}
