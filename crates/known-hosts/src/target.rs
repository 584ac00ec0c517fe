//! The names that `ssh` would look up for a destination, and the files.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use sshmend_lossless::Snapshot;

use crate::client_config::ClientConfig;
use crate::destination::Destination;
use crate::name::{Name, Role};

const GLOBAL: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

/// The names that `ssh` looks up for a destination, and the files in which it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The host name after `HostName` and canonicalisation, in lower case.
    pub host: String,
    /// The port.
    pub port: u16,
    /// `HostKeyAlias`, in lower case: looked up instead of the host name, without port.
    pub alias: Option<String>,
    /// `UserKnownHostsFile`; new keys go to the first.
    pub user_files: Vec<PathBuf>,
    /// `GlobalKnownHostsFile`, read after the files of the user.
    pub global_files: Vec<PathBuf>,
    /// True if the files were named by the user: a missing one is a mistake then.
    pub named_files: bool,
    /// True if the text did not show where one file name ends and the next begins.
    pub uncertain_files: bool,
    /// `CheckHostIP`: off by default from OpenSSH 8.5 on.
    pub check_host_ip: bool,
    /// True if `ProxyCommand` or `ProxyJump` leads to the host, so that its address is not known
    /// here.
    pub proxied: bool,
    /// `HashKnownHosts`: new names are hashed.
    pub hash_names: bool,
    /// `KnownHostsCommand`, whose output counts after all files.
    pub command: Option<String>,
    /// True when `NoHostAuthenticationForLocalhost` is on: on loopback no key is compared.
    pub trusts_loopback: bool,
}

impl Target {
    /// The target with this configuration, in which file names are already expanded, but not
    /// quoted.
    pub fn of(config: &ClientConfig) -> Self {
        let list = |key| file_list(config.value(key).unwrap_or_default());
        let (user_files, user_uncertain) = list("userknownhostsfile");
        let (global_files, global_uncertain) = list("globalknownhostsfile");
        Self {
            host: config.host().to_ascii_lowercase(),
            port: config.port(),
            alias: config
                .unless_none("hostkeyalias")
                .map(str::to_ascii_lowercase),
            user_files,
            global_files,
            named_files: false,
            uncertain_files: user_uncertain || global_uncertain,
            check_host_ip: config.is_on("checkhostip"),
            proxied: ["proxycommand", "proxyjump"]
                .iter()
                .any(|key| config.unless_none(key).is_some()),
            hash_names: config.is_on("hashknownhosts"),
            command: config.unless_none("knownhostscommand").map(str::to_owned),
            trusts_loopback: config.is_on("nohostauthenticationforlocalhost"),
        }
    }

    /// The same host, looked up in these files instead of those that ssh reads.
    #[must_use]
    pub fn in_files(self, files: &[PathBuf]) -> Self {
        Self {
            user_files: files.to_vec(),
            global_files: Vec::new(),
            named_files: true,
            uncertain_files: false,
            ..self
        }
    }

    /// The target for `ssh` without any configuration, for use where `ssh -G` cannot be run.
    pub fn without_config(destination: &Destination, home: &Path) -> Self {
        let user_files = ["known_hosts", "known_hosts2"].map(|name| home.join(".ssh").join(name));
        Self {
            host: destination.host.to_ascii_lowercase(),
            port: destination.port.unwrap_or(22),
            alias: None,
            user_files: user_files.into(),
            global_files: GLOBAL.map(PathBuf::from).into(),
            named_files: false,
            uncertain_files: false,
            check_host_ip: false,
            proxied: false,
            hash_names: false,
            command: None,
            trusts_loopback: false,
        }
    }

    /// All files, in the order in which `ssh` reads them.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.user_files
            .iter()
            .chain(&self.global_files)
            .map(PathBuf::as_path)
    }

    /// The names that `ssh` looks up, the deciding one first.
    pub fn names(&self, snapshot: &Snapshot) -> Vec<Name> {
        let mut names = vec![self.deciding_name()];
        if self.compares_addresses() {
            let resolved = snapshot.resolved(&self.host).and_then(Result::ok);
            let resolved = resolved.unwrap_or_default();
            if !resolved.iter().any(IpAddr::is_loopback) {
                let address = |&address| Name::address(address, self.port);
                names.extend(resolved.iter().map(address));
            }
        }
        if self.alias.is_none() && self.port != 22 {
            names.push(Name::new(&self.host, Role::WithoutPort));
        }
        names.dedup_by(|a, b| a.as_str() == b.as_str());
        names
    }

    /// The command that fetches the keys that the server offers now; `None` through a proxy, which
    /// it cannot use.
    pub fn keyscan(&self) -> Option<Vec<String>> {
        let argv = [
            "ssh-keyscan",
            "-T",
            "10",
            "-p",
            &self.port.to_string(),
            &self.host,
        ];
        (!self.proxied).then(|| argv.map(str::to_owned).into())
    }

    fn deciding_name(&self) -> Name {
        let with_port = || Name::with_port(&self.host, self.port, Role::Host);
        self.alias.as_deref().map_or_else(with_port, Name::host)
    }

    /// `CheckHostIP` has no effect through a proxy, nor for a destination that is itself an
    /// address.
    fn compares_addresses(&self) -> bool {
        self.check_host_ip && !self.proxied && self.host.parse::<IpAddr>().is_err()
    }
}

/// Splits a list of file names without quotes: a word that does not begin with `/` belongs to the
/// name before it. `/dev/null` means `none` for releases that do not have that word.
fn file_list(text: &str) -> (Vec<PathBuf>, bool) {
    let mut files: Vec<String> = Vec::new();
    let mut uncertain = false;
    for word in text
        .split(' ')
        .filter(|&word| text != "none" && !word.is_empty())
    {
        match files.last_mut() {
            Some(last) if !word.starts_with('/') => {
                *last = format!("{last} {word}");
                uncertain = true;
            }
            _ => files.push(word.to_owned()),
        }
    }
    files.retain(|file| file != "/dev/null");
    (files.into_iter().map(PathBuf::from).collect(), uncertain)
}
