//! The server's identification: the implementation and its release exclude causes that they cannot
//! have.

use crate::cause::CauseName;

/// The implementation of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// OpenSSH on a Unix, with major and minor version.
    OpenSsh(u32, u32),
    /// Microsoft's build of OpenSSH.
    Windows,
    /// Another implementation.
    Other,
    /// It did not identify itself, or not in a known form.
    Unknown,
}

/// Parses the software of an identification: `OpenSSH_9.2p1 Debian-2`.
pub(super) fn server(software: Option<&str>) -> Server {
    let Some(software) = software
        .map(str::trim)
        .filter(|software| !software.is_empty())
    else {
        return Server::Unknown;
    };
    let software = software.strip_prefix("SSH-2.0-").unwrap_or(software);
    if software.starts_with("OpenSSH_for_Windows") {
        return Server::Windows;
    }
    let Some(version) = software.strip_prefix("OpenSSH_") else {
        return Server::Other;
    };
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Server::OpenSsh(major, minor),
        _ => Server::Unknown,
    }
}

/// The release from which on sshd can end a connection in this way after its identification.
const SINCE: &[(CauseName, (u32, u32))] = &[
    (CauseName::PrivsepDirectory, (9, 8)),
    (CauseName::RefuseConnection, (9, 9)),
];

/// Causes that only sshd on Windows has.
const OF_WINDOWS: &[CauseName] = &[CauseName::HostKeysPermissions];

impl Server {
    /// Whether the server can have a cause that acts after its identification.
    pub(super) fn can_have(self, cause: CauseName) -> bool {
        let since = SINCE
            .iter()
            .find(|(name, _)| *name == cause)
            .map(|(_, release)| *release);
        let windows = OF_WINDOWS.contains(&cause);
        match self {
            Self::Unknown => !windows,
            Self::OpenSsh(major, minor) => {
                !windows && since.is_none_or(|release| (major, minor) >= release)
            }
            Self::Windows => since.is_none(),
            Self::Other => !windows && since.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_later_releases_are_excluded_by_the_identification() {
        let can = |software| server(Some(software)).can_have(CauseName::PrivsepDirectory);
        assert!(
            can("OpenSSH_9.9p2 Ubuntu")
                && can("OpenSSH_10.0")
                && server(None).can_have(CauseName::PrivsepDirectory)
        );
        assert!(
            !can("OpenSSH_8.4p1")
                && !can("OpenSSH_for_Windows_9.8")
                && !can("dropbear_2024.85")
                && !can("AWS_SFTP_1.1")
        );
    }
}
