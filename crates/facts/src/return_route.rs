//! The return route from this machine to the client: routes, routing rules, the next hop, the
//! interface.

use std::net::IpAddr;

use sshmend_lossless::CommandOutput;
use sshmend_packet_filter::in_network_text;

use crate::Facts;
use crate::route::OWN;

/// The route of a packet to the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    pub source: Option<IpAddr>,
    pub interface: Option<String>,
    /// The router that it goes to first.
    pub via: Option<IpAddr>,
}

/// A route or routing rule by which this machine sends nothing to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedRoute {
    /// The command that shows it.
    pub source: String,
    /// The line that shows it.
    pub text: String,
    /// The command that removes it.
    pub removal: Option<String>,
}

/// Routes and rules that end a packet (ip-route(8), TYPE).
const ENDS: [&str; 3] = ["blackhole", "unreachable", "prohibit"];

const NEIGHBOURS: [&str; 3] = ["ip", "neigh", "show"];
const LINKS: [&str; 4] = ["ip", "-o", "link", "show"];

/// The sysctl that makes an interface drop packets whose answer would leave by another one: 1 drops
/// them (rp_filter in ip-sysctl.rst).
fn path_filter(interface: &str) -> String {
    format!("/proc/sys/net/ipv4/conf/{interface}/rp_filter")
}

/// Routing rules may test the source address, if this machine has only one.
fn get(client: IpAddr, from: Option<IpAddr>) -> Vec<String> {
    let mut words = ["ip", "route", "get"].map(str::to_owned).to_vec();
    words.push(client.to_string());
    words.extend(
        from.into_iter()
            .flat_map(|from| ["from".to_owned(), from.to_string()]),
    );
    words
}

/// Like [`get`], for a packet of sshd: routing rules may test the protocol and the port.
fn get_tcp(client: IpAddr, from: Option<IpAddr>, port: Option<u16>) -> Vec<String> {
    let mut words = get(client, from);
    words.extend(["ipproto", "tcp", "sport"].map(str::to_owned));
    words.push(port.unwrap_or(22).to_string());
    words
}

fn list(client: IpAddr, what: &'static str) -> Vec<&'static str> {
    let family = if client.is_ipv6() { "-6" } else { "-4" };
    let all: &[&str] = if what == "route" {
        &["table", "all"]
    } else {
        &[]
    };
    ["ip", family, what, "show"]
        .into_iter()
        .chain(all.iter().copied())
        .collect()
}

impl Facts<'_> {
    /// The route of a packet to the client; `None` if there is none, or if no particular client is
    /// in question.
    pub fn way_back(&self) -> Option<Way> {
        self.way_to(self.question.client_address()?)
    }

    /// The route of a packet to an address; `None` if there is none.
    pub fn way_to(&self, address: IpAddr) -> Option<Way> {
        let output = self
            .run(&get(address, None))
            .ok()
            .filter(|output| output.success())?;
        let text = output.text();
        let words: Vec<&str> = text.split_whitespace().collect();
        let after = |key: &str| {
            words
                .iter()
                .skip_while(|word| **word != key)
                .nth(1)
                .copied()
        };
        let address = |key: &str| after(key).and_then(|word| word.parse().ok());
        Some(Way {
            source: address("src"),
            interface: after("dev").map(str::to_owned),
            via: address("via"),
        })
    }

    fn own_end(&self) -> Option<IpAddr> {
        self.way_back()?.source
    }

    /// The kernel's error if there is no route to the client, with the command that asked.
    fn no_way(&self) -> Option<(String, String)> {
        let client = self.question.client_address()?;
        [None, self.own_end()].into_iter().find_map(|from| {
            let ended = |argv: Vec<String>| {
                let output = self.run(&argv).ok()?;
                let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                // Any other error concerns the command: an old `ip` does not know routes by
                // protocol.
                let known = output.success() || said.contains("RTNETLINK");
                known.then(|| (!output.success()).then(|| (argv.join(" "), said)))
            };
            let of_sshd = ended(get_tcp(client, from, self.dialled_ports().first().copied()));
            of_sshd.or_else(|| ended(get(client, from))).flatten()
        })
    }

    /// The reason why this machine sends nothing to the client: the routing rule or the route, else
    /// the kernel's error.
    pub fn way_refused(&self) -> Option<BlockedRoute> {
        let client = self.question.client_address()?;
        let (source, text) = self.no_way()?;
        let listed = |what| {
            self.run(&list(client, what))
                .map(CommandOutput::text)
                .unwrap_or_default()
        };
        let (rules, routes) = (listed("rule"), listed("route"));
        let own = self.own_end();
        let rule = rules.lines().find(|line| ends_by_rule(line, client, own));
        let routes = routes
            .lines()
            .filter_map(|line| Some((ends_by_route(line, client)?, line)));
        let route = routes.max_by_key(|(bits, _)| *bits).map(|(_, line)| line);
        let found = rule
            .map(|line| ("rule", line))
            .or(route.map(|line| ("route", line)));
        let Some((what, line)) = found else {
            return Some(BlockedRoute {
                source,
                text,
                removal: None,
            });
        };
        let removal = Some(removal(client, what, line));
        Some(BlockedRoute {
            source: list(client, what).join(" "),
            text: line.trim().to_owned(),
            removal,
        })
    }

    /// The command that deletes the route to the client, if it is a separate route: neither the
    /// default route nor the one for an interface's own network.
    pub fn own_route(&self) -> Option<String> {
        let client = self.question.client_address()?;
        let interface = self.way_back()?.interface?;
        let text = self.run(&list(client, "route")).ok()?.text();
        let by_it =
            |line: &&str| line.contains(&format!(" dev {interface} ")) && !line.contains(" table ");
        let routes = text
            .lines()
            .filter(by_it)
            .filter_map(|line| Some((prefix_of(line, client)?, line)));
        let (_, line) = routes.max_by_key(|(bits, _)| *bits)?;
        (!line.starts_with("default") && !line.contains(" proto kernel"))
            .then(|| removal(client, "route", line))
    }

    /// The next hop on the route to the client, if it does not answer with its hardware address.
    pub fn silent_neighbour(&self) -> Option<(IpAddr, String)> {
        let hop = self.way_back()?.via.or(self.question.client_address())?;
        let text = self.run(&NEIGHBOURS).ok()?.text();
        let of_hop =
            |line: &&str| line.split(' ').next().and_then(|word| word.parse().ok()) == Some(hop);
        let line = text
            .lines()
            .filter(of_hop)
            .find(|line| line.contains("FAILED") || line.contains("INCOMPLETE"))?;
        Some((hop, line.trim().to_owned()))
    }

    /// The line of the next hop on the return route to the client, if its hardware address is
    /// entered statically and so not resolved.
    pub fn fixed_neighbour(&self) -> Option<(IpAddr, String)> {
        let hop = self.way_back()?.via.or(self.question.client_address())?;
        let text = self.run(&NEIGHBOURS).ok()?.text();
        let is_fixed = |line: &&str| {
            line.split(' ').next().and_then(|word| word.parse().ok()) == Some(hop)
                && line.split(' ').any(|word| word == "PERMANENT")
        };
        let line = text.lines().find(is_fixed)?;
        Some((hop, line.trim().to_owned()))
    }

    /// The interfaces with an address of IPv4 that do not lead to the client.
    fn other_interfaces(&self) -> Vec<String> {
        let way = self.way_back().and_then(|way| way.interface);
        let text = self.run(&OWN).map(CommandOutput::text).unwrap_or_default();
        let inet = text
            .lines()
            .filter(|line| line.split_whitespace().nth(2) == Some("inet"));
        let names = inet.filter_map(|line| line.split_whitespace().nth(1));
        let mut names: Vec<String> = names
            .filter(|name| *name != "lo" && way.as_deref() != Some(*name))
            .map(str::to_owned)
            .collect();
        names.dedup();
        names
    }

    /// An interface that drops packets of the client if they arrive by it, because the return route
    /// uses another one; with the lines that show it. `None` if there is none, or if nothing was
    /// dropped so far.
    pub fn strict_interface(&self) -> Option<(String, [(String, String); 2])> {
        self.question.client_address().filter(IpAddr::is_ipv4)?;
        let dropped = self
            .tcp_counter("IPReversePathFilter")
            .ok()
            .flatten()
            .filter(|&count| count > 0)?;
        let is_strict = |interface: &str| {
            let values = [interface, "all"].map(|name| {
                self.text(path_filter(name))
                    .ok()
                    .flatten()
                    .unwrap_or_default()
            });
            // The greater of the two counts.
            values
                .iter()
                .filter_map(|value| value.trim().parse::<u32>().ok())
                .max()
                == Some(1)
        };
        let interface = self
            .other_interfaces()
            .into_iter()
            .find(|interface| is_strict(interface))?;
        let counted = (
            "/proc/net/netstat".to_owned(),
            format!("IPReversePathFilter {dropped}"),
        );
        let shown = [
            (
                path_filter(&interface),
                "1, of this one or of all".to_owned(),
            ),
            counted,
        ];
        Some((interface, shown))
    }

    /// The interface on the route to the client, if it is down or has no carrier.
    pub fn dead_interface(&self) -> Option<(String, String)> {
        let interface = self.way_back()?.interface?;
        let text = self.run(&LINKS).ok()?.text();
        let of_it = |line: &&str| {
            line.split(": ")
                .nth(1)
                .and_then(|name| name.split('@').next())
                == Some(&interface)
        };
        let line = text.lines().find(of_it)?;
        let flags = line.split_once('<')?.1.split_once('>')?.0;
        let has = |flag| flags.split(',').any(|other| other == flag);
        let dead = has("NO-CARRIER") || !has("UP");
        dead.then(|| {
            (
                interface,
                line.split(" mtu ").next().unwrap_or(line).to_owned(),
            )
        })
    }
}

/// Reads `77: from all to 198.51.100.7 prohibit` and `77: from 192.0.2.10 to 198.51.100.0/24 prohibit`; `own` is the address that
/// this machine answers with. A rule that asks for more than both ends, such as a mark, an interface or a protocol, may be about
/// other packets: it is left alone.
fn ends_by_rule(line: &str, client: IpAddr, own: Option<IpAddr>) -> bool {
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let (from, to, action) = match words.as_slice() {
        ["from", from, action] => (*from, "all", action),
        ["from", from, "to", to, action] => (*from, *to, action),
        _ => return false,
    };
    let holds = |network: &str, end: Option<IpAddr>| {
        network == "all" || end.is_some_and(|end| in_network_text(end, network) == Some(true))
    };
    ENDS.contains(action) && holds(from, own) && holds(to, Some(client))
}

/// The prefix length of a route that discards packets to the client: `blackhole 198.51.100.0/24
/// metric 5`.
fn ends_by_route(line: &str, client: IpAddr) -> Option<u32> {
    let (kind, rest) = line.split_once(' ')?;
    if ENDS.contains(&kind) {
        prefix_of(rest, client)
    } else {
        None
    }
}

/// The length of the prefix with which a route begins, if it contains the client.
fn prefix_of(route: &str, client: IpAddr) -> Option<u32> {
    let network = route.split_whitespace().next()?;
    let bits = network
        .split_once('/')
        .map_or(Some(u128::BITS), |(_, bits)| bits.parse().ok())?;
    let meant = network == "default" || in_network_text(client, network) == Some(true);
    meant.then_some(if network == "default" { 0 } else { bits })
}

fn removal(client: IpAddr, what: &str, line: &str) -> String {
    let program = if client.is_ipv6() { "ip -6" } else { "ip" };
    let words: Vec<&str> = line.split_whitespace().collect();
    if what == "rule" {
        let (priority, rest) = line.split_once(':').unwrap_or_default();
        return format!(
            "{program} rule del {} priority {}",
            rest.trim(),
            priority.trim()
        );
    }
    let pair = |key: &str| {
        let value = words.iter().skip_while(|word| **word != key).nth(1);
        value.map_or_else(String::new, |value| format!(" {key} {value}"))
    };
    let ends = words.first().is_some_and(|word| ENDS.contains(word));
    let way = if ends {
        String::new()
    } else {
        format!("{}{}", pair("via"), pair("dev"))
    };
    let network = words[..words.len().min(if ends { 2 } else { 1 })].join(" ");
    format!(
        "{program} route del {network}{way}{}{}",
        pair("table"),
        pair("metric")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_removal_command_repeats_the_blocking_rule() {
        let client = "198.51.100.7".parse().expect("an address");
        let route = "blackhole 198.51.100.0/24 table 9 metric 5 ";
        assert_eq!(ends_by_route(route, client), Some(24));
        assert_eq!(
            removal(client, "route", route),
            "ip route del blackhole 198.51.100.0/24 table 9 metric 5"
        );
        let route = "198.51.100.0/24 via 192.0.2.77 dev eth0 ";
        assert_eq!(
            removal(client, "route", route),
            "ip route del 198.51.100.0/24 via 192.0.2.77 dev eth0"
        );
        let rule = "77:\tfrom all to 198.51.100.7 prohibit";
        assert!(ends_by_rule(rule, client, None));
        assert_eq!(
            removal(client, "rule", rule),
            "ip rule del from all to 198.51.100.7 prohibit priority 77"
        );
        let own = "192.0.2.10".parse().ok();
        let of_one = "78:\tfrom 192.0.2.0/28 to 198.51.100.0/24 unreachable";
        assert!(ends_by_rule(of_one, client, own));
        assert_eq!(
            removal(client, "rule", of_one),
            "ip rule del from 192.0.2.0/28 to 198.51.100.0/24 unreachable priority 78"
        );
        assert!(ends_by_rule("79:\tfrom 192.0.2.10 blackhole", client, own));
    }

    #[test]
    fn routes_to_other_networks_are_ignored() {
        let client = "198.51.100.7".parse().expect("an address");
        for line in [
            "",
            "default via 192.0.2.1 dev eth0",
            "blackhole 203.0.113.0/24",
            "blackhole junk/x",
            "unreachable",
        ] {
            assert_eq!(ends_by_route(line, client), None, "{line}");
        }
        for line in [
            "0:\tfrom all lookup local",
            "7:\tfrom all to 203.0.113.1 prohibit",
            "7:\tfrom 203.0.113.1 to 198.51.100.7 prohibit",
            "7:\tfrom all to 198.51.100.7 fwmark 0x1 prohibit",
            "",
        ] {
            let own = "192.0.2.10".parse().ok();
            assert!(!ends_by_rule(line, client, own), "{line}");
        }
    }
}
