//! `sshmend.effective/1`: the models, laid open.

use serde::{Serialize, Serializer};
use sshmend_sshd_config::ShadowedLines;

use super::Origin;
use super::failure::Trouble;

/// `sshmend.effective/1`: what is in force, for one format.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Effective {
    /// Always `sshmend.effective/1`.
    pub schema: &'static str,
    /// The format and what was found.
    #[serde(flatten)]
    pub format: Format,
    /// The error, where some of it is not known.
    pub error: Option<Trouble>,
}

/// One of the four formats.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(tag = "format", rename_all = "kebab-case")]
pub enum Format {
    /// Settings of sshd.
    SshdConfig {
        /// The release whose rules were applied; null when it is not known.
        release: Option<String>,
        /// The settings, in the order of their names.
        values: Vec<Value>,
        /// What sshd would refuse or complain of.
        problems: Vec<Problem>,
    },
    /// Entries of known_hosts for one host.
    KnownHosts {
        /// The name that was looked up first.
        host: String,
        /// The entries, in the order in which ssh reads them.
        entries: Vec<Entry>,
        /// The lines that name the host and that ssh skips, in the same order.
        skipped: Vec<Skipped>,
        /// The files of which it is not known what they hold.
        unread: Vec<Unread>,
    },
    /// The answer of TCP wrappers for one client.
    HostsAccess {
        /// The client's address.
        client: String,
        /// The wrapped program.
        daemon: String,
        /// `granted`, `denied` or `unknown`.
        access: &'static str,
        /// The rule that decides; null when none matches.
        origin: Option<Origin>,
        /// Why.
        reason: String,
        /// Whether this sshd reads the tables at all; null when it cannot be known.
        linked: Option<bool>,
    },
    /// The jails of fail2ban.
    Fail2ban {
        /// The jails, in the order of their names.
        jails: Vec<Jail>,
        /// What fail2ban would refuse or misread.
        problems: Vec<Problem>,
        /// Files and folders that could not be read: what fail2ban makes of them is not known, and no jail is shown.
        unread: Vec<Unread>,
    },
}

/// One setting of sshd.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Value {
    /// The keyword in lower case.
    pub key: String,
    /// The value as `sshd -T` prints it; several values are joined by line feeds. Null where it is not known.
    pub value: Option<String>,
    /// Why the value is not known; null where it is.
    pub unknown: Option<String>,
    /// The line that decides it; null for the default.
    pub origin: Option<Origin>,
    /// The lines that lost.
    #[serde(serialize_with = "one_by_one")]
    #[schemars(with = "Vec<Shadowed>")]
    pub shadowed: ShadowedLines,
}

/// There may be millions of lines: they are never held all at once.
fn one_by_one<S: Serializer>(lines: &ShadowedLines, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(lines.iter().map(|lost| Shadowed {
        path: lost.origin.path.display().to_string(),
        line: lost.origin.line,
        value: lost.value,
    }))
}

/// A line that lost.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Shadowed {
    /// The file.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What it would have set.
    pub value: String,
}

/// Something that is wrong with a file.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Problem {
    /// The file.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// Whether the program stops because of it.
    pub fatal: bool,
}

/// One entry of known_hosts.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Entry {
    /// The file.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// `@cert-authority`, `@revoked`, or null.
    pub marker: Option<&'static str>,
    /// The key type.
    #[serde(rename = "type")]
    pub key_type: String,
    /// The fingerprint, `SHA256:…`.
    pub fingerprint: String,
    /// Whether the name is hashed in the file.
    pub hashed: bool,
    /// The names that ssh looks up and the line holds.
    pub names: Vec<String>,
    /// Whether the line matches by `*` and `?` alone, and so serves other hosts too.
    pub wildcard: bool,
    /// Whether the line is that of the host without its port: ssh accepts by it and never refuses.
    pub without_port: bool,
}

/// A line of known_hosts that names the host and does not count.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Skipped {
    /// The file.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// Why ssh does not count it.
    pub reason: String,
}

/// A file that could not be read.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Unread {
    /// The file.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// One jail.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Jail {
    /// Its name.
    pub name: String,
    /// Whether fail2ban starts it.
    pub enabled: bool,
    /// The addresses, networks and names that it never bans.
    pub ignoreip: Vec<String>,
    /// The line that decides the list; null when nothing sets it.
    pub origin: Option<Origin>,
    /// Whether the machine's own addresses are never banned; its origin is null for fail2ban's own default.
    pub ignoreself: JailSetting,
    /// The program that fail2ban asks whether to ignore an address; null when none is set.
    pub ignorecommand: Option<JailSetting>,
    /// How its answers are kept; null when nothing sets it.
    pub ignorecache: Option<JailSetting>,
}

/// One setting of a jail.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct JailSetting {
    /// The value.
    pub value: String,
    /// The line that decides it.
    pub origin: Option<Origin>,
}

impl Effective {
    /// Wraps what was found.
    pub(crate) fn new(format: Format, error: Option<Trouble>) -> Self {
        Self {
            schema: "sshmend.effective/1",
            format,
            error,
        }
    }
}
