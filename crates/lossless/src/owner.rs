//! The owner of a file: packages and generators, and configuration management that overwrites it.
//!
//! Every format checks here before it writes. A file that [`packaged`] or [`elsewhere`] names is
//! not written at all; one that [`managed`] names is written, and the plan first reports who
//! will overwrite it.

mod manager;

use std::path::Path;

pub use manager::{Managed, Manager, managed};

/// The owner of a file that no administrator edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packager {
    /// NixOS: the file is built from the system's configuration.
    NixOs,
    /// The same for Guix System.
    Guix,
    /// crypto-policies of the Red Hat family: chosen with `update-crypto-policies`.
    CryptoPolicies,
    /// A package of the distribution, which replaces the file with its next version.
    Distribution,
    /// A program that generates the file at boot or while it runs.
    Runtime,
    /// A link leads out of /etc to a place without a known owner.
    Elsewhere,
}

/// Folders whose files are packaged or generated; the first match decides.
const PACKAGED: [(&str, Packager); 12] = [
    ("/nix/store", Packager::NixOs),
    ("/etc/static", Packager::NixOs),
    ("/gnu/store", Packager::Guix),
    ("/usr/share/crypto-policies", Packager::CryptoPolicies),
    ("/etc/crypto-policies/back-ends", Packager::CryptoPolicies),
    ("/usr", Packager::Distribution),
    ("/lib", Packager::Distribution),
    ("/lib64", Packager::Distribution),
    ("/snap", Packager::Distribution),
    ("/run", Packager::Runtime),
    ("/var/run", Packager::Runtime),
    ("/proc", Packager::Runtime),
];

/// Below /usr, but the administrator's (FHS 4.9).
const LOCAL: &str = "/usr/local";

/// The package or generator that owns the file `target`, the path after all symbolic links; `None`
/// for an administrator's file.
pub fn packaged(target: &Path) -> Option<Packager> {
    if target.starts_with(LOCAL) {
        return None;
    }
    PACKAGED
        .iter()
        .find(|(folder, _)| target.starts_with(folder))
        .map(|&(_, packager)| packager)
}

/// The owner of `target` when a program opens it as `path`: as [`packaged`], and also any place
/// outside /etc to which a link of /etc leads.
///
/// A `path` outside /etc was named by a person, who means exactly that file.
pub fn elsewhere(path: &Path, target: &Path) -> Option<Packager> {
    let leads_out = path.starts_with("/etc") && !target.starts_with("/etc");
    packaged(target).or(leads_out.then_some(Packager::Elsewhere))
}

impl Packager {
    /// A description of the file, as a fragment that follows its path.
    pub const fn describes(self) -> &'static str {
        match self {
            Self::NixOs => "NixOS builds it from the system's configuration",
            Self::Guix => "Guix builds it from the system's declaration",
            Self::CryptoPolicies => "crypto-policies brings it",
            Self::Distribution => "a package brings it, and its next version replaces it",
            Self::Runtime => "a program generates it, and every start of the machine loses it",
            Self::Elsewhere => "it lies outside /etc, where another program or person keeps it",
        }
    }

    /// What to do instead of writing the file at `target`, which programs open as `path`.
    pub fn hint(self, path: &Path, target: &Path) -> String {
        match self {
            Self::NixOs => format!("set {} and run `nixos-rebuild switch`", nixos_option(path)),
            Self::Guix => "change the operating-system declaration and run `guix system reconfigure`".to_owned(),
            Self::CryptoPolicies => {
                "choose another policy with `update-crypto-policies --set`, or set it in a file that is read before"
                    .to_owned()
            }
            Self::Distribution => {
                let (path, target) = (path.display(), target.display());
                format!("put a copy of your own in its place: cp --remove-destination {target} {path}")
            }
            Self::Runtime => format!("change what generates {}", target.display()),
            Self::Elsewhere => format!("make the change where {} is kept", target.display()),
        }
    }
}

/// The option of NixOS that generates the file.
fn nixos_option(path: &Path) -> String {
    let name = path.strip_prefix("/etc").unwrap_or(path);
    if name.starts_with("ssh/sshd_config") {
        "services.openssh.settings".to_owned()
    } else if name.starts_with("ssh/ssh_known_hosts") {
        "programs.ssh.knownHosts".to_owned()
    } else if name.starts_with("fail2ban") {
        "services.fail2ban".to_owned()
    } else {
        format!("environment.etc.\"{}\"", name.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packaged_and_generated_files_are_known_by_their_folder() {
        let of = |path: &str| packaged(Path::new(path));
        assert_eq!(
            of("/nix/store/0abc-etc/etc/hosts.allow"),
            Some(Packager::NixOs)
        );
        assert_eq!(of("/gnu/store/0abc-sshd_config"), Some(Packager::Guix));
        assert_eq!(
            of("/usr/share/crypto-policies/FUTURE/opensshserver.txt"),
            Some(Packager::CryptoPolicies)
        );
        assert_eq!(of("/usr/etc/ssh/sshd_config"), Some(Packager::Distribution));
        assert_eq!(of("/run/generated/hosts.deny"), Some(Packager::Runtime));
        for own in [
            "/etc/hosts.allow",
            "/usr/local/etc/ssh/sshd_config",
            "/etc/ssh/sshd_config.d/10-own.conf",
        ] {
            assert_eq!(of(own), None, "{own}");
        }
        assert_eq!(
            of("/users/a/hosts.allow"),
            None,
            "a folder is not known by the beginning of its name"
        );
    }

    #[test]
    fn a_link_out_of_etc_leads_to_a_foreign_file() {
        let of = |path: &str, target: &str| elsewhere(Path::new(path), Path::new(target));
        assert_eq!(
            of("/etc/hosts.deny", "/srv/shared/hosts.deny"),
            Some(Packager::Elsewhere)
        );
        assert_eq!(
            of("/etc/hosts.deny", "/usr/share/x/hosts.deny"),
            Some(Packager::Distribution)
        );
        assert_eq!(of("/etc/hosts.deny", "/etc/tcp/hosts.deny"), None);
        assert_eq!(
            of("/srv/sshd_config", "/srv/v2/sshd_config"),
            None,
            "it was named, so it is meant"
        );
    }

    #[test]
    fn the_hint_names_the_configuration_of_the_owner() {
        let hint = |packager: Packager, path: &str| packager.hint(Path::new(path), Path::new("/x"));
        assert!(
            hint(Packager::NixOs, "/etc/ssh/sshd_config").contains("services.openssh.settings")
        );
        assert!(
            hint(Packager::NixOs, "/etc/hosts.allow").contains("environment.etc.\"hosts.allow\"")
        );
        let copy =
            "put a copy of your own in its place: cp --remove-destination /x /etc/hosts.allow";
        assert_eq!(hint(Packager::Distribution, "/etc/hosts.allow"), copy);
    }
}
