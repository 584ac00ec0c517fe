//! What sshd's own test of its configuration (`sshd -t`) says, sorted by what it is about.

use crate::Facts;

/// The output of `sshd -t`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutput {
    /// The command line, for evidence.
    pub command: String,
    /// Whether it exited with 0.
    pub passed: bool,
    /// The lines of its standard error, each with its subject.
    pub complaints: Vec<(Complaint, String)>,
}

/// The subject of a line of sshd's standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Complaint {
    /// The configuration files.
    Config,
    /// Permissions of a host key.
    KeyPermissions,
    /// There is no usable host key.
    NoHostKeys,
    /// The directory of privilege separation.
    PrivsepDirectory,
    /// The account of privilege separation.
    PrivsepUser,
    /// Shared libraries.
    Library,
    /// Anything else.
    Other,
}

impl TestOutput {
    /// The lines about one thing.
    pub fn about(&self, what: Complaint) -> impl Iterator<Item = &str> {
        self.complaints
            .iter()
            .filter(move |(about, _)| *about == what)
            .map(|(_, line)| line.as_str())
    }
}

/// The output of `sshd -t`, sorted by subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigTest {
    /// Whether it accepts everything.
    pub passed: bool,
    /// Lines about host keys that are missing or open to others.
    pub host_keys: Vec<String>,
    /// The line about the directory of privilege separation.
    pub directory: Option<String>,
    /// All other lines.
    pub others: Vec<String>,
    /// Whether the directory is created by whatever starts sshd.
    pub directory_comes: bool,
}

impl ConfigTest {
    pub(crate) fn of(facts: &Facts<'_>, config_test: TestOutput) -> Self {
        let mut today = Self {
            passed: config_test.passed,
            directory_comes: facts.runtime_directory_comes_with_service(),
            ..Self::default()
        };
        for (about, line) in config_test.complaints {
            match about {
                Complaint::NoHostKeys | Complaint::KeyPermissions => today.host_keys.push(line),
                Complaint::PrivsepDirectory => today.directory = Some(line),
                _ => today.others.push(line),
            }
        }
        today
    }

    /// The line about the obstacle to starting sshd. A missing directory is the last thing that
    /// sshd checks: all its other messages are then warnings.
    pub fn in_the_way(&self) -> Option<&str> {
        let directory = self.directory.as_deref();
        let missing = directory.filter(|line| line.starts_with("Missing"));
        if self.passed || missing.is_some() && self.directory_comes {
            return None;
        }
        let mut lines = self.others.iter().chain(&self.host_keys);
        let line = missing.or_else(|| lines.next().map(String::as_str));
        line.or(directory)
            .or(Some("sshd -t fails without a message"))
    }

    /// The output without complaints about host keys, or about the directory.
    #[must_use]
    pub fn without(mut self, host_keys: bool, directory: bool) -> Self {
        if host_keys {
            self.host_keys.clear();
        }
        self.directory = self.directory.filter(|_| !directory);
        self.passed |=
            self.host_keys.is_empty() && self.directory.is_none() && self.others.is_empty();
        self
    }
}

/// Sorts the lines of standard error by subject; the decoration of OpenSSH's warnings is dropped.
pub(crate) fn complaints(stderr: &str) -> Vec<(Complaint, String)> {
    let lines = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('@'));
    let lines = lines.filter(|line| {
        !line.starts_with("It is required that") && !line.starts_with("This private key")
    });
    lines
        .map(|line| (classify(line), line.to_owned()))
        .collect()
}

/// Whether a program reports that it does not fit its libraries, before it does anything else.
pub fn does_not_start(said: &str) -> bool {
    const WORDS: [&str; 4] = [
        "OpenSSL version mismatch",
        "error while loading shared libraries",
        "symbol lookup error",
        "' not found (required by",
    ];
    WORDS.iter().any(|words| said.contains(words))
}

fn classify(line: &str) -> Complaint {
    const TABLE: [(&[&str], Complaint); 6] = [
        (
            &["Permissions ", " are too open"],
            Complaint::KeyPermissions,
        ),
        (&["no hostkeys available"], Complaint::NoHostKeys),
        (
            &["Missing privilege separation directory"],
            Complaint::PrivsepDirectory,
        ),
        (
            &["must be owned by root and not group or world-writable"],
            Complaint::PrivsepDirectory,
        ),
        (
            &["Privilege separation user", "does not exist"],
            Complaint::PrivsepUser,
        ),
        (&["Unable to load host key"], Complaint::NoHostKeys),
    ];
    const CONFIG: [&str; 4] = [
        " set without ",
        "bad addr or host",
        "recursive configuration includes",
        "bad address",
    ];
    let row = TABLE
        .iter()
        .find(|(parts, _)| parts.iter().all(|part| line.contains(part)));
    match row {
        Some((_, complaint)) => *complaint,
        None if does_not_start(line) => Complaint::Library,
        None if CONFIG.iter().any(|part| line.contains(part)) => Complaint::Config,
        None if line.contains(" line ")
            || line.starts_with('/')
            || line.contains("sshd_config") =>
        {
            Complaint::Config
        }
        None => Complaint::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_test_messages_are_classified_by_subject() {
        let cases = [
            (
                "/etc/ssh/sshd_config: line 123: Bad configuration option: Bogus",
                Complaint::Config,
            ),
            (
                "/etc/ssh/sshd_config line 124: Invalid MaxStartups spec.",
                Complaint::Config,
            ),
            (
                "/etc/ssh/sshd_config.d/x.conf: No such file or directory",
                Complaint::Config,
            ),
            (
                "Permissions 0644 for '/etc/ssh/ssh_host_rsa_key' are too open.",
                Complaint::KeyPermissions,
            ),
            (
                "sshd: no hostkeys available -- exiting.",
                Complaint::NoHostKeys,
            ),
            (
                "Unable to load host key: /etc/ssh/ssh_host_rsa_key",
                Complaint::NoHostKeys,
            ),
            (
                "Missing privilege separation directory: /run/sshd",
                Complaint::PrivsepDirectory,
            ),
            (
                "/run/sshd must be owned by root and not group or world-writable.",
                Complaint::PrivsepDirectory,
            ),
            (
                "Privilege separation user sshd does not exist",
                Complaint::PrivsepUser,
            ),
            (
                "OpenSSL version mismatch. Built against 30000070, you have 10101000",
                Complaint::Library,
            ),
            (
                "sshd: error while loading shared libraries: libcrypto.so.3: cannot open",
                Complaint::Library,
            ),
            (
                "AuthorizedKeysCommand set without AuthorizedKeysCommandUser",
                Complaint::Config,
            ),
            (
                "bad addr or host: 300.1.1.1 (Temporary failure in name resolution)",
                Complaint::Config,
            ),
            (
                "Too many recursive configuration includes",
                Complaint::Config,
            ),
            ("Killed", Complaint::Other),
        ];
        for (line, expected) in cases {
            assert_eq!(complaints(line), [(expected, line.to_owned())], "{line}");
        }
    }
}
