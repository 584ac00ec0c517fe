//! The version of sshd on a mounted disk, where no program can be run: from the package database,
//! else from a string in the program.
//!
//! The sources are dpkg's `status`, apk's `installed` and pacman's directory of packages. The
//! database of rpm is binary; for it the version in the program's own bytes is used.

use sshmend_lossless::{Listed, Snapshot};

use crate::Facts;
use crate::daemon::PROGRAMS;

const DPKG: &str = "/var/lib/dpkg/status";
const APK: &str = "/lib/apk/db/installed";
const PACMAN: &str = "/var/lib/pacman/local";
const BANNER: &[u8] = b"OpenSSH_";

/// The version of an installed package, such as `1:9.2p1-2+deb12u10`, by the package database of a disk; `None` when it
/// is not known, be it that the database cannot be read.
pub fn package_version(snapshot: &Snapshot, package: &str) -> Option<String> {
    let text = |path: &str| match snapshot.read(path.as_ref()) {
        Ok(Some(image)) => Some(String::from_utf8_lossy(&image.bytes)),
        _ => None,
    };
    // A system has the database of one package manager only.
    if let Some(text) = text(DPKG) {
        return stanza(&text, &format!("Package: {package}"), "Version: ");
    }
    if let Some(text) = text(APK) {
        return stanza(&text, &format!("P:{package}"), "V:");
    }
    let names = snapshot.names(PACMAN.as_ref()).ok().flatten()?;
    let version = |listed: &Listed| {
        let name = listed.name.to_str()?;
        let version = name.strip_prefix(package)?.strip_prefix('-')?;
        let is_version = version.starts_with(|c: char| c.is_ascii_digit());
        is_version.then(|| version.to_owned())
    };
    names.iter().find_map(version)
}

impl Facts<'_> {
    /// The version text of the sshd on a mounted disk, such as `1:9.2p1-2+deb12u10` or `OpenSSH_9.9p1`.
    pub(crate) fn version_on_disk(&self) -> Option<String> {
        // The programs are read only once no database knows them.
        self.snapshot
            .once_answered(|| self.packaged())?
            .or_else(|| PROGRAMS.iter().find_map(|program| self.carried(program)))
    }

    /// Arch names the package of both ends after the project.
    fn packaged(&self) -> Option<String> {
        ["openssh-server", "openssh"]
            .iter()
            .find_map(|package| package_version(self.snapshot, package))
    }

    fn carried(&self, program: &str) -> Option<String> {
        let bytes = &self.file(program).ok()??.bytes;
        let at = bytes
            .windows(BANNER.len() + 1)
            .position(|w| w.starts_with(BANNER) && w[BANNER.len()].is_ascii_digit())?;
        let text = bytes[at..]
            .iter()
            .take(64)
            .take_while(|byte| byte.is_ascii_graphic());
        Some(text.map(|&byte| char::from(byte)).collect())
    }
}

/// A field of the paragraph that has this line; a package that was removed but not purged does not count.
fn stanza(text: &str, heading: &str, field: &str) -> Option<String> {
    let mut paragraphs = text.split("\n\n").map(|paragraph| paragraph.lines());
    let paragraph = paragraphs.find(|lines| lines.clone().any(|line| line == heading))?;
    let removed = paragraph
        .clone()
        .any(|line| line.starts_with("Status: ") && !line.ends_with(" installed"));
    let version = paragraph.clone().find_map(|line| line.strip_prefix(field));
    version.filter(|_| !removed).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use sshmend_lossless::fixture::snapshot;

    use crate::question::Question;

    use super::*;

    fn found(disk: &str) -> Option<String> {
        let question = Question {
            offline: true,
            ..Question::server(0)
        };
        let bare = "//- /var/lib/dpkg/status missing\n//- /lib/apk/db/installed missing\n//- /var/lib/pacman/local missing\n";
        Facts::new(&snapshot(&format!("{bare}{disk}")), &question).version_on_disk()
    }

    #[test]
    fn each_package_database_names_the_version() {
        let cases = [
            (
                "//- /var/lib/dpkg/status\nPackage: openssh-client\nVersion: 1:1.1\n\n\
                 Package: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2+deb12u10\n",
                Some("1:9.2p1-2+deb12u10"),
            ),
            (
                "//- /lib/apk/db/installed\nP:openssh-server\nV:9.9_p1-r2\n",
                Some("9.9_p1-r2"),
            ),
            (
                "//- /var/lib/pacman/local/openssh-10.0p1-3/desc\n",
                Some("10.0p1-3"),
            ),
            (
                "//- /usr/sbin/sshd\nELF\0OpenSSH_8.0p1\0more OpenSSH_%s\n",
                Some("OpenSSH_8.0p1"),
            ),
            ("//- /usr/sbin/sshd\nELF OpenSSH_%s\n", None),
            (
                "//- /var/lib/dpkg/status\nPackage: openssh-server\nStatus: deinstall ok config-files\nVersion: 1:9.2p1\n",
                None,
            ),
            ("//- /etc/motd\n", None),
        ];
        for (disk, expected) in cases {
            assert_eq!(found(disk).as_deref(), expected, "{disk}");
        }
    }
}
