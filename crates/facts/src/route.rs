//! The route that ssh would take to a destination: the output of `ssh -G`.

use std::net::IpAddr;
use std::path::Path;

use sshmend_known_hosts::{ClientConfig, NoContent, Target as KnownHosts, UnreadFile};
use sshmend_lossless::{NotRun, Unread};

use crate::Facts;
use crate::known::{Known, Unchecked};
use crate::question::Target;

/// A destination as ssh understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The host name or address that ssh connects to.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The account.
    pub user: String,
    /// The proxy or jump host, if any.
    pub proxy: Proxy,
    /// Whether only the keys that the configuration names are offered.
    pub(crate) identities_only: bool,
    /// `IdentityAgent`: `SSH_AUTH_SOCK`, `none` or a socket.
    pub agent: String,
    /// `HostKeyAlias`: the name of the key instead of that of the host.
    pub alias: Option<String>,
    /// The treatment of an unknown host key.
    pub unknown_key: UnknownKey,
    /// Whether ssh may not ask anything.
    pub batch: bool,
    /// Whether ssh makes the socket of a shared connection.
    pub(crate) master: bool,
    /// The socket of a shared connection, if one is configured.
    pub control_path: Option<String>,
}

/// The action of ssh for an unknown host key (`StrictHostKeyChecking`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownKey {
    /// ssh refuses (`StrictHostKeyChecking yes`).
    Refused,
    /// ssh asks the user.
    Asked,
    /// ssh accepts and notes it.
    Taken,
}

/// The means by which the connection reaches the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proxy {
    /// None.
    Direct,
    /// The first jump host, and the whole list as written.
    Jump(String, String),
    /// The command that carries the connection.
    Command(String),
}

pub(crate) const OWN: [&str; 4] = ["ip", "-o", "address", "show"];

fn with_options(target: &Target, words: &[&str], destination: &str) -> Vec<String> {
    let words = words.iter().map(|&word| word.to_owned());
    let end = ["--".to_owned(), destination.to_owned()];
    std::iter::once("ssh".to_owned())
        .chain(target.options.iter().cloned())
        .chain(words)
        .chain(end)
        .collect()
}

fn show(target: &Target) -> Vec<String> {
    with_options(target, &["-G"], &target.destination)
}

/// A jump host is looked up with the same files, but without the options that are for the destination. It is written as
/// `[USER@]HOST[:PORT]` or as an URI (ssh_config(5), ProxyJump).
fn show_hop(target: &Target, hop: &str) -> Vec<String> {
    let mut options: Vec<String> = target
        .options
        .iter()
        .skip_while(|word| *word != "-F")
        .take(2)
        .cloned()
        .collect();
    let hop = hop.strip_prefix("ssh://").unwrap_or(hop);
    let (destination, port) = match hop.rsplit_once(':') {
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => (host, Some(port)),
        _ => (hop, None),
    };
    options.extend(
        port.into_iter()
            .flat_map(|port| ["-p".to_owned(), port.to_owned()]),
    );
    let destination = destination.replace(['[', ']'], "");
    with_options(
        &Target {
            destination: destination.clone(),
            options,
        },
        &["-G"],
        &destination,
    )
}

fn check(target: &Target) -> Vec<String> {
    with_options(target, &["-O", "check"], &target.destination)
}

impl Facts<'_> {
    /// The route to the destination.
    pub fn route(&self) -> Known<Route> {
        let target = self
            .question
            .target()
            .ok_or_else(|| Unchecked::new("destination", "none is asked about"))?;
        let argv = show(target);
        let output = match self.run(&argv) {
            Err(_) if self.has_no_ssh(&argv) => return Ok(without_ssh(target)),
            said => said?,
        };
        let said = || {
            Unchecked::new(
                argv.join(" "),
                String::from_utf8_lossy(&output.stderr).trim(),
            )
        };
        if !output.success() {
            return Err(said());
        }
        ClientConfig::parse(output.text())
            .map(|config| route(&config))
            .map_err(|_| said())
    }

    /// Whether ssh was asked, and there is none.
    fn has_no_ssh(&self, argv: &[String]) -> bool {
        !self.question.offline && matches!(self.snapshot.command(argv), Some(Err(NotRun::Missing)))
    }

    /// The settings of ssh that are in force for the destination.
    pub(crate) fn client_config(&self) -> Option<ClientConfig> {
        let output = self.run(&show(self.question.target()?)).ok()?;
        ClientConfig::parse(output.text()).ok()
    }

    /// The names that ssh looks up in known_hosts, and the files.
    fn known_hosts(&self) -> Option<KnownHosts> {
        Some(KnownHosts::of(&self.client_config()?))
    }

    /// The known_hosts files of ssh that this user cannot read, so that no key in them counts, with
    /// the reason.
    pub fn unread_known_hosts(&self) -> Vec<UnreadFile> {
        let mut unread = self
            .known_hosts()
            .map(|files| files.read(self.snapshot).unread)
            .unwrap_or_default();
        unread.retain(|file| file.why != NoContent::Unread(Unread::NotAsked));
        unread
    }

    /// The error of ssh about its own configuration; `None` if it accepts it.
    pub fn refused_configuration(&self) -> Known<Option<String>> {
        let Some(target) = self.question.target() else {
            return Ok(None);
        };
        let output = self.run(&show(target))?;
        Ok((!output.success()).then(|| String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }

    /// The evidence that ssh never finishes reading its own configuration; `None` if it does, or if
    /// that is unknown.
    pub fn endless_configuration(&self) -> Option<String> {
        let read = self.run(&show(self.question.target()?));
        read.err().as_ref().and_then(silence)
    }

    /// The host and port to which ssh resolves the destination, if they differ from its name.
    pub fn led_elsewhere(&self) -> Option<String> {
        let route = self.route().ok()?;
        let plain = without_ssh(self.question.target()?);
        let same = route.host.eq_ignore_ascii_case(&plain.host) && route.port == plain.port;
        (route.proxy == Proxy::Direct && !same)
            .then(|| format!("hostname {}, port {}", route.host, route.port))
    }

    /// The reason why the socket of a shared connection cannot be created, which ends ssh after the
    /// login (mux.c, misc.c).
    pub fn impossible_socket(&self) -> Option<String> {
        let route = self.route().ok()?;
        let path = route.control_path.as_ref()?;
        let longest = if route.master {
            SOCKET_PATH - SOCKET_SUFFIX
        } else {
            SOCKET_PATH
        };
        if path.len() > longest {
            return Some(format!(
                "ControlPath has {} bytes, but at most {longest} are possible: {path}",
                path.len()
            ));
        }
        let folder = Path::new(path).parent().filter(|_| route.master)?;
        let missing = matches!(self.meta(folder), Ok(None));
        missing.then(|| {
            format!(
                "the directory of ControlPath does not exist: {}",
                folder.display()
            )
        })
    }

    /// The host and port of the first connection: the destination, else the first jump host; `None`
    /// for a proxy command.
    pub fn first_hop(&self) -> Option<(String, u16)> {
        let target = self.question.target()?;
        let own = self.route().ok()?;
        match &own.proxy {
            Proxy::Direct => Some((own.host, own.port)),
            Proxy::Command(_) => None,
            Proxy::Jump(first, _) => {
                let output = self.run(&show_hop(target, first)).ok()?;
                let hop = route(&ClientConfig::parse(output.text()).ok()?);
                (hop.proxy == Proxy::Direct).then_some((hop.host, hop.port))
            }
        }
    }

    /// The jump host that would be reached through itself, with the message of ssh about it.
    pub fn jump_loop(&self) -> Option<(String, String)> {
        let (target, route) = (self.question.target()?, self.route().ok()?);
        let Proxy::Jump(first, _) = &route.proxy else {
            return None;
        };
        let argv = show_hop(target, first);
        let output = self.run(&argv).ok()?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if !output.success() {
            return said
                .contains("jumphost loop")
                .then(|| (first.clone(), said));
        }
        let host = |hop: &str| {
            let name = hop.rsplit_once('@').map_or(hop, |(_, name)| name);
            name.split(':').next().unwrap_or_default().to_owned()
        };
        let Proxy::Jump(next, _) = self::route(&ClientConfig::parse(output.text()).ok()?).proxy
        else {
            return None;
        };
        (host(&next) == host(first)).then(|| (first.clone(), format!("proxyjump {next}")))
    }

    /// The addresses of the first hop, in the order of the resolver.
    pub fn addresses(&self) -> Known<Vec<IpAddr>> {
        let (host, _) = self
            .first_hop()
            .ok_or_else(|| Unchecked::new("addresses", "the way goes through a command"))?;
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        match self.snapshot.resolved(&host) {
            Some(Ok(addresses)) => Ok(addresses.to_vec()),
            Some(Err(reason)) => Err(Unchecked::new(format!("addresses of {host}"), reason)),
            None => Err(Unchecked::new(
                format!("addresses of {host}"),
                "were not looked up",
            )),
        }
    }

    /// Whether the destination is this machine itself.
    pub fn is_this_machine(&self) -> bool {
        let own = |address: &IpAddr| self.has_address(*address).unwrap_or(false);
        self.addresses()
            .is_ok_and(|addresses| addresses.iter().any(own))
    }

    /// The addresses of this machine, except link-local ones; empty if they are unknown.
    pub(crate) fn own_addresses(&self) -> Vec<IpAddr> {
        let text = self.run(&OWN).map(sshmend_lossless::CommandOutput::text);
        let text = text.unwrap_or_default();
        let of_line = |line: &str| {
            let mut words = line.split_whitespace();
            let address = words.find(|word| matches!(*word, "inet" | "inet6"));
            address.and_then(|_| words.next()?.split('/').next()?.parse().ok())
        };
        text.lines()
            .filter(|line| !line.contains("scope link"))
            .filter_map(of_line)
            .collect()
    }

    /// Whether an address belongs to this machine.
    pub(crate) fn has_address(&self, address: IpAddr) -> Known<bool> {
        let (own, text) = (self.run(&OWN)?.text(), address.to_string());
        Ok(own
            .split_whitespace()
            .any(|word| word.split('/').next() == Some(text.as_str())))
    }

    /// The addresses of this machine that others may dial: those that `ip` calls global, on an interface that leads outside.
    pub(crate) fn global_addresses(&self) -> Vec<IpAddr> {
        let text = self.run(&OWN).map(sshmend_lossless::CommandOutput::text);
        // `2: eth0    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0`
        let address = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, interface, "inet" | "inet6", address, ..] = words.as_slice() else {
                return None;
            };
            let is_global = words.windows(2).any(|pair| pair == ["scope", "global"]);
            (*interface != "lo" && is_global)
                .then(|| address.split('/').next()?.parse().ok())
                .flatten()
        };
        text.unwrap_or_default()
            .lines()
            .filter_map(address)
            .collect()
    }

    /// The error of a shared connection's socket that exists but is dead.
    pub fn dead_master(&self) -> Option<String> {
        let route = self.route().ok()?;
        self.meta(route.control_path.as_ref()?).ok()??;
        match self.run(&check(self.question.target()?)) {
            Ok(output) if output.success() => None,
            Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(unchecked) => silence(&unchecked),
        }
    }
}

/// The reason, if it is that a program did not answer in time.
fn silence(unchecked: &Unchecked) -> Option<String> {
    let why = unchecked.reason.split_once("no answer within")?.1;
    Some(format!("no answer within{why}"))
}

/// The longest path of a socket (unix(7)), and the suffix that the master adds while it creates the
/// socket (mux.c).
const SOCKET_PATH: usize = 107;
const SOCKET_SUFFIX: usize = 17;

/// The destination as given, for use where ssh cannot be run.
fn without_ssh(target: &Target) -> Route {
    Route {
        host: target.host().to_owned(),
        port: target
            .port()
            .and_then(|port| port.parse().ok())
            .unwrap_or(22),
        user: String::new(),
        proxy: Proxy::Direct,
        identities_only: false,
        agent: "none".to_owned(),
        alias: None,
        unknown_key: UnknownKey::Asked,
        batch: false,
        master: false,
        control_path: None,
    }
}

/// The route according to the configuration of ssh.
fn route(config: &ClientConfig) -> Route {
    let proxy = match (
        config.unless_none("proxyjump"),
        config.unless_none("proxycommand"),
    ) {
        (Some(jump), _) => Proxy::Jump(
            jump.split(',').next().unwrap_or(jump).to_owned(),
            jump.to_owned(),
        ),
        (None, Some(command)) => Proxy::Command(command.to_owned()),
        (None, None) => Proxy::Direct,
    };
    let text = |key| config.value(key).unwrap_or_default().to_owned();
    Route {
        host: config.host().to_owned(),
        port: config.port(),
        user: text("user"),
        proxy,
        identities_only: config.is_on("identitiesonly"),
        alias: config.unless_none("hostkeyalias").map(str::to_owned),
        agent: text("identityagent"),
        unknown_key: match config.value("stricthostkeychecking") {
            Some("yes" | "true") => UnknownKey::Refused,
            Some("accept-new" | "no" | "off" | "false") => UnknownKey::Taken,
            _ => UnknownKey::Asked,
        },
        batch: config.is_on("batchmode"),
        master: !matches!(config.value("controlmaster"), None | Some("no" | "false")),
        control_path: config.unless_none("controlpath").map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_jump_host_is_parsed() {
        let target = Target {
            destination: "server".to_owned(),
            options: vec!["-p".to_owned(), "22".to_owned()],
        };
        let cases = [
            ("bastion", "ssh -G -- bastion"),
            ("bob@bastion:2200", "ssh -p 2200 -G -- bob@bastion"),
            ("ssh://bastion:2200", "ssh -p 2200 -G -- bastion"),
            ("[2001:db8::1]:2200", "ssh -p 2200 -G -- 2001:db8::1"),
            ("2001:db8::1", "ssh -G -- 2001:db8::1"),
        ];
        for (hop, expected) in cases {
            assert_eq!(show_hop(&target, hop).join(" "), expected);
        }
    }
}
