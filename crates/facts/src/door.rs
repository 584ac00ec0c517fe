//! The port in question: its owner, and where it leads.

use std::net::IpAddr;

use crate::Facts;
use crate::socket::Socket;

/// The configuration of programs that forward a port: the program, the option that names its file,
/// the usual files.
const CONFIGURED: [(&str, &str, &[&str]); 3] = [
    ("haproxy", "-f", &["/etc/haproxy/haproxy.cfg"]),
    (
        "rinetd",
        "-c",
        &["/etc/rinetd.conf", "/etc/rinetd/rinetd.conf"],
    ),
    ("sslh", "-F", &["/etc/sslh/sslh.cfg", "/etc/sslh.cfg"]),
];

/// The owner of the port in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// A listener of sshd, directly or through its socket unit.
    Sshd,
    /// No process on this machine: a rule of the packet filter may still redirect it.
    Nobody,
    /// A session of sshd: a logged-in user has the port forwarded (`ssh -R`).
    Tunnel(Socket),
    /// Another program.
    Other(Holder),
}

/// A program other than sshd that holds a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its socket.
    pub socket: Socket,
    /// Its name.
    pub name: String,
    /// Its process.
    pub pid: u32,
    /// Its destinations, according to its command line or its file.
    pub leads: Vec<Lead>,
}

/// A destination to which a port is forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// The host as written.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The source: a command line or a file.
    pub source: String,
}

impl Lead {
    /// `HOST:PORT`, with brackets around an address of IPv6.
    pub fn text(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl Facts<'_> {
    /// The port of this machine that is in question.
    pub fn asked_port(&self) -> Option<u16> {
        self.question.asked_server()?.port
    }

    /// The ports to which clients connect: the one in question, else those of sshd.
    pub(crate) fn dialled_ports(&self) -> Vec<u16> {
        self.asked_port()
            .map_or_else(|| self.ports(), |port| vec![port])
    }

    /// The owner of the port in question; `None` if there is none, or if it cannot be seen.
    pub fn door(&self) -> Option<Door> {
        let port = self.asked_port()?;
        if !self.question.privileged {
            return None;
        }
        let sockets = self.sockets().ok()?;
        let own = self.ssh_sockets().ok()?;
        let listeners = self.listeners().ok()?;
        let is_listener = |pid: u32| listeners.iter().any(|listener| listener.pid == pid);
        let Some(socket) = sockets.into_iter().find(|socket| socket.port == port) else {
            return Some(Door::Nobody);
        };
        let (name, pid) = socket.holders.first().cloned()?;
        if name.starts_with("sshd") && !socket.holders.iter().any(|(_, pid)| is_listener(*pid)) {
            return Some(Door::Tunnel(socket));
        }
        if own.contains(&socket) || is_listener(pid) {
            return Some(Door::Sshd);
        }
        let leads = self.leads(&name, pid, port);
        Some(Door::Other(Holder {
            socket,
            name,
            pid,
            leads,
        }))
    }

    /// Whether a program on this machine is between its clients and sshd, so that sshd does not see
    /// their addresses.
    pub fn is_behind_another(&self) -> bool {
        matches!(self.door(), Some(Door::Tunnel(_) | Door::Other(_)))
    }

    /// Whether something listens at the destination of a port; `None` if that is not on this
    /// machine.
    pub fn answers_at(&self, lead: &Lead) -> Option<bool> {
        let address: IpAddr = if lead.host == "localhost" {
            IpAddr::from([127, 0, 0, 1])
        } else {
            lead.host.parse().ok()?
        };
        if !address.is_loopback() && self.has_address(address) != Ok(true) {
            return None;
        }
        let takes = |socket: &Socket| {
            socket.port == lead.port
                && socket.address.is_none_or(|held| {
                    held.is_unspecified() || held == address || lead.host == "localhost"
                })
        };
        Some(self.sockets().ok()?.iter().any(takes))
    }

    /// Whether a process holds the port in question.
    pub(crate) fn holds_asked_port(&self, pid: u32) -> bool {
        self.asked_port().is_some_and(|port| {
            self.holders_of(port)
                .iter()
                .any(|(_, holder)| *holder == pid)
        })
    }

    fn holders_of(&self, port: u16) -> Vec<(String, u32)> {
        let sockets = self.sockets().unwrap_or_default();
        let of_port = sockets.into_iter().filter(|socket| socket.port == port);
        of_port.flat_map(|socket| socket.holders).collect()
    }

    fn words_of(&self, pid: u32) -> Vec<String> {
        let line = self.text(command_line(pid)).ok().flatten();
        let line = line.unwrap_or_default();
        let words = line.trim_end_matches(['\0', '\n']).split('\0');
        words.map(str::to_owned).collect()
    }

    fn files_of(&self, name: &str, pid: u32) -> Vec<String> {
        let Some((_, option, usual)) = CONFIGURED.iter().find(|(program, ..)| *program == name)
        else {
            return Vec::new();
        };
        let words = self.words_of(pid);
        let mut files: Vec<String> = words
            .iter()
            .enumerate()
            .filter_map(|(at, word)| match word.strip_prefix(option)? {
                "" => words.get(at + 1).cloned(),
                file => Some(file.trim_start_matches('=').to_owned()),
            })
            .filter(|path| path.starts_with('/'))
            .collect();
        if files.is_empty() {
            files.extend(usual.iter().map(|path| (*path).to_owned()));
        }
        files
    }

    /// The destinations from the command line, else from the program's file.
    fn leads(&self, name: &str, pid: u32, port: u16) -> Vec<Lead> {
        let words = self.words_of(pid);
        let source = command_line(pid);
        let mut leads = from_words(&words, port, &source);
        if leads.is_empty() {
            for path in self.files_of(name, pid) {
                let text = self.text(&path).ok().flatten().unwrap_or_default();
                leads.extend(from_file(name, &text, port, &path));
            }
        }
        leads
    }
}

fn command_line(pid: u32) -> String {
    format!("/proc/{pid}/cmdline")
}

/// Parses the destination in a command line: `--ssh 127.0.0.1:22` of sslh, `TCP:HOST:PORT` of
/// socat, `-container-ip A -container-port P` of docker-proxy, `HOST PORT` or `HOST:PORT` as words
/// of others.
fn from_words(words: &[String], own: u16, source: &str) -> Vec<Lead> {
    let option = |name: &str| {
        let at = words
            .iter()
            .position(|word| word.trim_start_matches('-') == name)?;
        words.get(at + 1)
    };
    let lead = |host: &str, port: u16| Lead {
        host: host.to_owned(),
        port,
        source: source.to_owned(),
    };
    if let (Some(host), Some(port)) = (option("container-ip"), option("container-port")) {
        return port
            .parse()
            .map(|port| lead(host, port))
            .into_iter()
            .collect();
    }
    // sslh forwards each protocol to a place of its own: only SSH matters here.
    if let Some((host, port)) = option("ssh").and_then(|word| place(word)) {
        return vec![lead(host, port)];
    }
    let mut leads = Vec::new();
    for (at, word) in words.iter().enumerate().skip(1) {
        let word = word.split(',').next().unwrap_or_default();
        let upper = word.to_ascii_uppercase();
        if upper.contains("LISTEN") {
            continue;
        }
        let address = ["TCP:", "TCP4:", "TCP6:"]
            .iter()
            .find_map(|kind| upper.starts_with(kind).then(|| &word[kind.len()..]));
        if let Some((host, port)) = place(address.unwrap_or(word)) {
            let listens =
                words[at - 1].contains("listen") || words[at - 1] == "-p" || words[at - 1] == "-l";
            if !(listens || port == own && is_any(host)) {
                leads.push(lead(host, port));
            }
        } else if let (true, Some(port)) = (
            word.parse::<IpAddr>()
                .is_ok_and(|address| !address.is_unspecified())
                || word == "localhost",
            words.get(at + 1).and_then(|next| next.parse().ok()),
        ) {
            leads.push(lead(word, port));
        }
    }
    leads
}

fn is_any(host: &str) -> bool {
    host == "*"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_unspecified())
}

/// Reads `HOST:PORT`, `[ADDRESS]:PORT`.
fn place(word: &str) -> Option<(&str, u16)> {
    let (host, port) = word.rsplit_once(':')?;
    let host = host.trim_matches(['[', ']']);
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:*".contains(c);
    (!host.is_empty() && host.chars().all(plain))
        .then(|| port.parse().ok())
        .flatten()
        .map(|port| (host, port))
}

/// Parses the destination of this port in the file of a program.
fn from_file(name: &str, text: &str, own: u16, source: &str) -> Vec<Lead> {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    let found: Vec<(String, u16)> = match name {
        "haproxy" => haproxy(lines, own),
        "rinetd" => lines.filter_map(|line| rinetd(line, own)).collect(),
        "sslh" => sslh(text),
        _ => Vec::new(),
    };
    let lead = |(host, port)| Lead {
        host,
        port,
        source: source.to_owned(),
    };
    found.into_iter().map(lead).collect()
}

/// The servers of the section that binds the port, or of the section that this one names.
fn haproxy<'t>(lines: impl Iterator<Item = &'t str>, own: u16) -> Vec<(String, u16)> {
    struct Section<'t> {
        name: &'t str,
        binds: bool,
        backend: Option<&'t str>,
        servers: Vec<(String, u16)>,
    }
    let mut sections: Vec<Section<'t>> = Vec::new();
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [
                "frontend" | "backend" | "listen" | "defaults" | "global",
                name @ ..,
            ] => {
                sections.push(Section {
                    name: name.first().copied().unwrap_or_default(),
                    binds: false,
                    backend: None,
                    servers: Vec::new(),
                });
            }
            ["bind", address, ..] => {
                let binds = address
                    .split(',')
                    .any(|one| one.rsplit(':').next() == Some(&own.to_string()));
                if let Some(section) = sections.last_mut() {
                    section.binds |= binds;
                }
            }
            ["default_backend", name] => {
                if let Some(section) = sections.last_mut() {
                    section.backend = Some(name);
                }
            }
            ["server", _, address, ..] => {
                if let (Some(section), Some((host, port))) = (sections.last_mut(), place(address)) {
                    section.servers.push((host.to_owned(), port));
                }
            }
            _ => {}
        }
    }
    let Some(front) = sections.iter().find(|section| section.binds) else {
        return Vec::new();
    };
    let behind = front.backend.and_then(|name| {
        sections
            .iter()
            .find(|section| section.name == name && !section.binds)
    });
    behind.unwrap_or(front).servers.clone()
}

/// Reads `ADDRESS PORT ADDRESS PORT`; rinetd.conf(8).
fn rinetd(line: &str, own: u16) -> Option<(String, u16)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, from, host, to, ..] = words.as_slice() else {
        return None;
    };
    let port = |word: &str| word.split('/').next()?.parse::<u16>().ok();
    (port(from) == Some(own)).then(|| Some(((*host).to_owned(), port(to)?)))?
}

/// Reads `{ name: "ssh"; host: "localhost"; port: "22"; }`.
fn sslh(text: &str) -> Vec<(String, u16)> {
    let value = |block: &str, key: &str| {
        let (_, rest) = block.split_once(&format!("{key}:"))?;
        Some(rest.split('"').nth(1)?.to_owned())
    };
    text.split('{')
        .find(|block| value(block, "name").as_deref() == Some("ssh"))
        .and_then(|block| Some((value(block, "host")?, value(block, "port")?.parse().ok()?)))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led(line: &str) -> Vec<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let leads = from_words(&words, 2200, "x");
        leads
            .iter()
            .map(|lead| format!("{}:{}", lead.host, lead.port))
            .collect()
    }

    #[test]
    fn command_lines_of_programs_that_lead_elsewhere_are_read() {
        for (line, wanted) in [
            (
                "sslh-select --listen 0.0.0.0:2200 --tls 127.0.0.1:443 --ssh localhost:22",
                vec!["localhost:22"],
            ),
            (
                "socat TCP-LISTEN:2200,fork,reuseaddr TCP:10.9.0.4:22",
                vec!["10.9.0.4:22"],
            ),
            (
                "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 2200 -container-ip 172.18.0.3 -container-port 22",
                vec!["172.18.0.3:22"],
            ),
            (
                "python3 /opt/relay 2200 127.0.0.1 2022",
                vec!["127.0.0.1:2022"],
            ),
            ("nginx: master process /usr/sbin/nginx", vec![]),
            ("gost -L tcp://:2200", vec![]),
        ] {
            assert_eq!(led(line), wanted, "{line}");
        }
    }

    #[test]
    fn files_of_programs_that_lead_elsewhere_are_read() {
        let of = |name: &str, text: &str| {
            let leads = from_file(name, text, 2200, "x");
            leads
                .iter()
                .map(|lead| format!("{}:{}", lead.host, lead.port))
                .collect::<Vec<_>>()
        };
        let proxy = "defaults\n mode tcp\nfrontend web\n bind :443\n default_backend web\nfrontend ssh\n bind *:2200\n default_backend shells\n\
            backend web\n server w 10.9.0.1:80\nbackend shells\n server a 10.9.0.4:22 check\n server b 10.9.0.5:22\n";
        assert_eq!(of("haproxy", proxy), ["10.9.0.4:22", "10.9.0.5:22"]);
        assert_eq!(
            of(
                "haproxy",
                "listen ssh\n bind :2200\n server a 127.0.0.1:22\n"
            ),
            ["127.0.0.1:22"]
        );
        assert_eq!(
            of(
                "rinetd",
                "# from to\n0.0.0.0 80 10.9.0.1 80\n0.0.0.0 2200 10.9.0.4 22\n"
            ),
            ["10.9.0.4:22"]
        );
        let sslh = "protocols: (\n { name: \"tls\"; host: \"localhost\"; port: \"443\"; },\n { name: \"ssh\"; service: \"ssh\"; host: \"localhost\"; port: \"2022\"; }\n);\n";
        assert_eq!(of("sslh", sslh), ["localhost:2022"]);
    }
}
