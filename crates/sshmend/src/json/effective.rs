//! `sshmend.effective/1`: the models as data.

use serde::{Serialize, Serializer};
use sshmend_sshd_config::ShadowedLines;

use super::failure::Trouble;
use super::origin::Origin;

/// `sshmend.effective/1`: the effective configuration of one format.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Effective {
    /// Always `sshmend.effective/1`.
    pub schema: &'static str,
    /// The format and the result.
    #[serde(flatten)]
    pub format: Format,
    /// The error, if some of it is unknown.
    pub error: Option<Trouble>,
}

/// One of the four formats.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(tag = "format", rename_all = "kebab-case")]
pub enum Format {
    /// Settings of sshd.
    SshdConfig {
        /// The release whose rules were applied; null if unknown.
        release: Option<String>,
        /// The settings, in the order of their names.
        values: Vec<Value>,
        /// Lines that sshd would reject or warn about.
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
        /// Files whose content is not known.
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
        /// The rule that decides; null if none matches.
        origin: Option<Origin>,
        /// Why.
        reason: String,
        /// Whether this sshd reads the tables at all; null if that is not known.
        linked: Option<bool>,
    },
    /// The jails of fail2ban.
    Fail2ban {
        /// The jails, in the order of their names.
        jails: Vec<Jail>,
        /// Settings that fail2ban would reject or misread.
        problems: Vec<Problem>,
        /// Files and folders that could not be read: their effect on fail2ban is unknown, and no
        /// jail is shown.
        unread: Vec<Unread>,
    },
}

/// One setting of sshd.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Value {
    /// The keyword in lower case.
    pub key: String,
    /// The value as `sshd -T` prints it; several values are joined by line feeds. Null if unknown.
    pub value: Option<String>,
    /// The reason why the value is unknown; null if it is known.
    pub unknown: Option<String>,
    /// The line that decides it; null for the default.
    pub origin: Option<Origin>,
    /// The lines that lost.
    #[serde(serialize_with = "one_by_one")]
    #[schemars(with = "Vec<Shadowed>")]
    pub shadowed: ShadowedLines,
}

/// There may be millions of lines: they are never held in memory together.
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
    /// The value it would have set.
    pub value: String,
}

/// A problem in a file.
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
    /// The names looked up by ssh that the line contains.
    pub names: Vec<String>,
    /// Whether the line matches only by `*` and `?`, and so serves other hosts too.
    pub wildcard: bool,
    /// Whether the line is for the host without its port: ssh accepts a key by it and never
    /// refuses.
    pub without_port: bool,
}

/// A line of known_hosts that names the host and does not count.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Skipped {
    /// The file.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The reason why ssh does not count it.
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
    /// The line that decides the list; null if nothing sets it.
    pub origin: Option<Origin>,
    /// Whether the machine's own addresses are never banned; its origin is null for fail2ban's own default.
    pub ignoreself: JailSetting,
    /// The program that fail2ban calls to decide whether to ignore an address; null if none is set.
    pub ignorecommand: Option<JailSetting>,
    /// The caching of its answers; null if nothing sets it.
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
    /// Wraps a result.
    pub(crate) fn new(format: Format, error: Option<Trouble>) -> Self {
        Self {
            schema: "sshmend.effective/1",
            format,
            error,
        }
    }
}
