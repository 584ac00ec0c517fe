//! OpenSSH releases, as far as their reading of `sshd_config` differs.

use std::fmt;

/// A release of portable OpenSSH; ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// The 9 of `OpenSSH_9.2p1`.
    pub major: u16,
    /// The 2 of `OpenSSH_9.2p1`.
    pub minor: u16,
    /// The 1 of `OpenSSH_9.2p1`; 0 if it is missing.
    pub portable: u16,
    /// True for the packages of Debian and its descendants, whose patches add keywords.
    pub debian: bool,
}

impl Release {
    /// The newest release whose rules are known here: what an unknown release is read as.
    pub const NEWEST: Self = Self::new(10, 5);

    /// Since before the first release that is distinguished.
    pub(crate) const ALWAYS: Self = Self::new(0, 0);

    /// The releases that differ in relevant rules: an unknown release is tried as each of them.
    pub(crate) const PANEL: [Self; 10] = [
        Self::new(7, 4),
        Self::new(8, 0),
        Self::new(8, 4),
        Self::new(8, 7),
        Self::new(9, 2),
        Self::new(9, 5),
        Self::new(10, 0),
        Self::new(10, 1),
        Self::new(10, 3),
        Self::NEWEST,
    ];

    /// The oldest release in general use: what only later ones know is refused if the release is unknown.
    pub(crate) const OLDEST: Self = Self::new(8, 0);

    /// The releases of the panel that are in general use.
    pub(crate) fn in_general_use() -> impl Iterator<Item = Self> {
        Self::PANEL
            .into_iter()
            .filter(|release| *release >= Self::OLDEST)
    }

    /// The release `major.minor`.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self {
            major,
            minor,
            portable: 0,
            debian: false,
        }
    }

    /// Parses a version banner (`OpenSSH_9.2p1 Debian-2+deb12u10`), the output of `sshd -V`, or a
    /// package version (`1:9.2p1-2+deb12u10`, `8.0p1-25.el8_10`); `None` if it contains no release.
    pub fn parse(text: &str) -> Option<Self> {
        let banner = text.split_once("OpenSSH_").map(|(_, rest)| rest);
        let epoch = text
            .split_once(':')
            .filter(|(epoch, _)| is_number(epoch))
            .map(|(_, rest)| rest);
        let debian = epoch.is_some()
            || ["Debian", "Ubuntu", "Raspbian"]
                .iter()
                .any(|name| text.contains(name));
        let text = banner.or(epoch).unwrap_or(text);
        let (major, rest) = number(text)?;
        let (minor, rest) = number(rest.strip_prefix('.')?)?;
        let portable = rest
            .strip_prefix('p')
            .and_then(number)
            .map_or(0, |(portable, _)| portable);
        Some(Self {
            major,
            minor,
            portable,
            debian,
        })
    }

    /// True for this release and all later ones.
    pub(crate) const fn since(self, major: u16, minor: u16) -> bool {
        self.major > major || (self.major == major && self.minor >= minor)
    }

    /// The text that `Match version` is compared with (`SSH_RELEASE`).
    pub(crate) fn banner(self) -> String {
        format!(
            "OpenSSH_{}.{}p{}",
            self.major,
            self.minor,
            self.portable.max(1)
        )
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenSSH {}.{}", self.major, self.minor)
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn number(text: &str) -> Option<(u16, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banners_and_package_versions_name_the_same_release() {
        let cases = [
            (
                "OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.20",
                Some((9, 2, 1, true)),
            ),
            (
                "unknown option -- V\nOpenSSH_8.4p1 Debian-5+deb11u3",
                Some((8, 4, 1, true)),
            ),
            ("OpenSSH_8.9p1 Ubuntu-3ubuntu0.13", Some((8, 9, 1, true))),
            ("1:9.2p1-2+deb12u10", Some((9, 2, 1, true))),
            ("8.0p1-25.el8_10", Some((8, 0, 1, false))),
            ("10.0p2", Some((10, 0, 2, false))),
            ("OpenSSH_for_Windows_9.5p1", None),
            ("10", None),
            ("", None),
            ("OpenSSH_99999999999.1", None),
        ];
        for (text, expected) in cases {
            let found = Release::parse(text).map(|r| (r.major, r.minor, r.portable, r.debian));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn release_10_is_newer_than_release_9() {
        assert!(Release::new(9, 9) < Release::new(10, 0));
        assert!(Release::parse("10.0p2").expect("a release") < Release::new(10, 1));
        assert!(Release::new(10, 0).since(9, 8) && !Release::new(10, 0).since(10, 1));
    }
}
