//! The listening sockets, as `ss` shows them.

use std::net::IpAddr;

use crate::Facts;
use crate::known::{Known, Unchecked};

const SS: [&str; 2] = ["ss", "-Hltnp"];

/// The files that tell inetd and xinetd which program serves a port.
const INETD: &str = "/etc/inetd.conf";
const XINETD: &str = "/etc/xinetd.d";

/// A socket that listens for TCP connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// Connections that wait to be accepted.
    pub waiting: u64,
    /// The limit of the accept queue.
    pub(crate) backlog: u64,
    /// The address; `None` for both families, `::` for IPv6 alone: ss writes `*` and `[::]`.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: u16,
    /// The interface that it is bound to.
    pub device: Option<String>,
    /// Name and id of each process that holds it; empty without the privilege to see them.
    pub holders: Vec<(String, u32)>,
    /// The line, for evidence.
    pub line: String,
}

/// The addresses on which sshd should listen according to its configuration.
pub struct Meant {
    ports: Vec<u16>,
    /// `None` for every address.
    addresses: Option<Vec<IpAddr>>,
}

impl Meant {
    /// Whether a socket holds an address and port intended for sshd.
    pub fn is_held_by(&self, socket: &Socket) -> bool {
        let meets = |own: &IpAddr| {
            own.is_unspecified()
                || socket
                    .address
                    .is_none_or(|held| held.is_unspecified() || held == *own)
        };
        let at_address = || {
            self.addresses
                .as_ref()
                .is_none_or(|own| own.iter().any(meets))
        };
        self.ports.contains(&socket.port) && at_address()
    }
}

impl Facts<'_> {
    /// All sockets that listen.
    pub fn sockets(&self) -> Known<Vec<Socket>> {
        let output = self.run(&SS)?;
        if !output.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Unchecked::new(SS.join(" "), said));
        }
        Ok(output.text().lines().filter_map(socket).collect())
    }

    /// The sockets on which sshd listens, directly or through a socket unit or another program.
    pub fn ssh_sockets(&self) -> Known<Vec<Socket>> {
        let pids: Vec<u32> = self
            .listeners()?
            .into_iter()
            .map(|listener| listener.pid)
            .collect();
        let manager = self.manager().ok();
        let unit = manager
            .as_ref()
            .and_then(|manager| manager.socket())
            .filter(|unit| unit.active());
        let handed_over = |socket: &Socket| unit.is_some_and(|unit| unit.listens_on(socket.port));
        let mut sockets = self.sockets()?;
        sockets.retain(|socket| {
            let held = |(name, pid): &(String, u32)| {
                name == "sshd" || pids.contains(pid) || (name == "systemd" && handed_over(socket))
            };
            socket.holders.iter().any(held)
        });
        if sockets.is_empty() {
            sockets.extend(self.starter());
        }
        Ok(sockets)
    }

    /// The socket of a program that starts sshd for each connection to its port: inetd, xinetd, tcpserver, socat.
    pub fn starter(&self) -> Option<Socket> {
        let starts = |socket: &Socket| {
            let by_its_line = || socket.holders.iter().any(|(_, pid)| self.names_sshd(*pid));
            !socket.is_of_sshd() && (by_its_line() || socket.is_of_inetd() && self.serves_sshd())
        };
        let meant = self.meant();
        self.sockets()
            .ok()?
            .into_iter()
            .find(|socket| meant.is_held_by(socket) && starts(socket))
    }

    /// Whether the command line of a process names sshd as the program to start.
    fn names_sshd(&self, pid: u32) -> bool {
        let is_sshd =
            |word: &str| word == "sshd" || word.ends_with("/sshd") || word.contains("sshd -i");
        let line = self.text(format!("/proc/{pid}/cmdline")).ok().flatten();
        line.is_some_and(|line| line.split('\0').skip(1).any(is_sshd))
    }

    /// Whether a line of inetd's or xinetd's configuration names sshd.
    fn serves_sshd(&self) -> bool {
        let services = self
            .names(XINETD)
            .unwrap_or_default()
            .into_iter()
            .map(|name| format!("{XINETD}/{name}"));
        let names = |line: &str| !line.trim_start().starts_with('#') && line.contains("sshd");
        services.chain([INETD.to_owned()]).any(|path| {
            let text = self.text(path).ok().flatten();
            text.is_some_and(|text| text.lines().any(names))
        })
    }

    /// The addresses on which the configuration makes sshd listen.
    pub fn meant(&self) -> Meant {
        Meant {
            ports: self.configured_ports(),
            addresses: self.listen_addresses(),
        }
    }

    /// The addresses that lines of the configuration name for listening; `None` if there are none.
    fn listen_addresses(&self) -> Option<Vec<IpAddr>> {
        let setting = self
            .global()
            .ok()?
            .get("listenaddress")
            .filter(|setting| setting.origin.is_some())?;
        let address = |value: &String| {
            value
                .rsplit_once(':')?
                .0
                .trim_matches(['[', ']'])
                .parse()
                .ok()
        };
        setting.values.iter().map(address).collect()
    }

    /// The addresses on which sshd is configured to listen, if this machine has none of them.
    pub fn foreign_addresses(&self) -> Option<Vec<String>> {
        let named = self.listen_addresses()?;
        let foreign =
            |address: &IpAddr| !address.is_unspecified() && self.has_address(*address) == Ok(false);
        (!named.is_empty() && named.iter().all(foreign))
            .then(|| named.iter().map(IpAddr::to_string).collect())
    }

    /// The addresses on which sshd listens, if this machine has none of them.
    pub fn lost_addresses(&self, sockets: &[Socket]) -> Option<Vec<String>> {
        let lost = |socket: &Socket| {
            socket.address.filter(|address| {
                !address.is_unspecified()
                    && !address.is_loopback()
                    && self.has_address(*address) == Ok(false)
            })
        };
        let all: Option<Vec<String>> = sockets
            .iter()
            .map(|socket| lost(socket).map(|address| address.to_string()))
            .collect();
        all.filter(|addresses| !addresses.is_empty())
    }

    /// The addresses of this machine, of one family, that a client may dial and on which none of these sockets takes connections.
    pub fn unserved_addresses(&self, sockets: &[Socket], v6: bool) -> Vec<IpAddr> {
        let takes = |address: IpAddr| {
            sockets.iter().any(|socket| {
                socket.serves(v6)
                    && socket
                        .address
                        .is_none_or(|own| own.is_unspecified() || own == address)
            })
        };
        let mut unserved = self.global_addresses();
        unserved.retain(|address| address.is_ipv6() == v6 && !takes(*address));
        unserved
    }

    /// The sockets of other programs that can be reached from outside, and may lead to sshd.
    pub fn outside_holders(&self) -> Vec<Socket> {
        let own = self.ssh_sockets().unwrap_or_default();
        let mut sockets = self.sockets().unwrap_or_default();
        sockets.retain(|socket| !socket.is_inside() && !own.contains(socket));
        sockets
    }

    /// The ports on which sshd listens; those of the configuration if no socket is known.
    pub fn ports(&self) -> Vec<u16> {
        let sockets = self.ssh_sockets().unwrap_or_default();
        let mut ports: Vec<u16> = sockets.iter().map(|socket| socket.port).collect();
        ports.sort_unstable();
        ports.dedup();
        if ports.is_empty() {
            self.configured_ports()
        } else {
            ports
        }
    }
}

impl Socket {
    /// Whether sshd itself has opened it.
    pub fn is_of_sshd(&self) -> bool {
        self.holders.iter().any(|(name, _)| name == "sshd")
    }

    /// Whether inetd or xinetd has opened it.
    fn is_of_inetd(&self) -> bool {
        self.holders.iter().any(|(name, _)| name.ends_with("inetd"))
    }

    /// Whether it cannot be reached from other machines.
    pub fn is_inside(&self) -> bool {
        self.address.is_some_and(|address| address.is_loopback())
            || self.device.as_deref() == Some("lo")
    }

    /// Whether it takes connections of a family.
    pub fn serves(&self, v6: bool) -> bool {
        self.address.is_none_or(|address| address.is_ipv6() == v6)
    }

    /// Whether connections are waiting to be accepted.
    pub fn overflows(&self) -> bool {
        self.waiting > self.backlog
    }
}

/// Reads `LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=700,fd=3))`.
fn socket(line: &str) -> Option<Socket> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, waiting, backlog, local, _, rest @ ..] = words.as_slice() else {
        return None;
    };
    let (address, port) = local.rsplit_once(':')?;
    let (address, device) = match address.split_once('%') {
        Some((address, device)) => (address, Some(device.trim_end_matches(']').to_owned())),
        None => (address, None),
    };
    let address = address.trim_matches(['[', ']']);
    Some(Socket {
        waiting: waiting.parse().ok()?,
        backlog: backlog.parse().ok()?,
        address: address.parse().ok(),
        port: port.parse().ok()?,
        device,
        holders: holders(&rest.join(" ")),
        line: words.join(" "),
    })
}

/// Reads `users:(("sshd",pid=700,fd=3),("systemd",pid=1,fd=50))`.
fn holders(users: &str) -> Vec<(String, u32)> {
    let holder = |part: &str| {
        let (name, rest) = part.split_once("\",pid=")?;
        let pid = rest
            .split(|c: char| !c.is_ascii_digit())
            .next()?
            .parse()
            .ok()?;
        Some((name.to_owned(), pid))
    };
    users.split("(\"").skip(1).filter_map(holder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_socket_address_is_parsed() {
        let cases = [
            ("0.0.0.0:22", Some("0.0.0.0"), None),
            ("[::]:22", Some("::"), None),
            ("*:22", None, None),
            ("*%lo:22", None, Some("lo")),
            ("127.0.0.1%lo:22", Some("127.0.0.1"), Some("lo")),
            ("[fe80::1]%eth0:22", Some("fe80::1"), Some("eth0")),
        ];
        for (local, address, device) in cases {
            let socket =
                socket(&format!("LISTEN 0      128   {local}   *:*   ")).expect("a socket");
            assert_eq!(
                socket.address,
                address.map(|text| text.parse().expect("an address")),
                "{local}"
            );
            assert_eq!(socket.port, 22, "{local}");
            assert_eq!(socket.device.as_deref(), device, "{local}");
        }
    }

    #[test]
    fn every_process_that_holds_a_socket_is_listed() {
        let line =
            r#"LISTEN 129 128 *:22 *:* users:(("sshd",pid=700,fd=3),("systemd",pid=1,fd=50))"#;
        let socket = socket(line).expect("a socket");
        assert_eq!(
            socket.holders,
            [("sshd".to_owned(), 700), ("systemd".to_owned(), 1)]
        );
        assert!(socket.overflows());
    }

    #[test]
    fn malformed_socket_lines_are_skipped() {
        for line in [
            "",
            "LISTEN",
            "LISTEN a b c d",
            "LISTEN 0 0 x:99999 y",
            "LISTEN 0 0 22 *",
        ] {
            assert_eq!(socket(line), None, "{line}");
        }
    }
}
