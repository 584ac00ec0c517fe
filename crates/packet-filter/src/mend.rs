//! The commands that allow a client, or remove a rule, through the program that owns the rule.

use std::net::IpAddr;

use crate::block::Block;
use crate::owner::Owner;
use crate::packet::in_network_text;
use crate::verdict::How;

/// The files of ufw whose rules precede those of its own command.
const BEFORE: [(&str, &str); 2] = [
    ("ufw-before", "/etc/ufw/before.rules"),
    ("ufw6-before", "/etc/ufw/before6.rules"),
];

/// The chains that firewalld makes of a zone, by the ends of their names.
const PARTS: [&str; 5] = ["_pre", "_log", "_deny", "_allow", "_post"];

impl Block {
    /// The commands that allow the client, or everyone, to reach a port, in order.
    #[must_use]
    pub fn admission(&self, port: u16, client: Option<IpAddr>) -> Vec<String> {
        match self.owner {
            Owner::Ufw => self.by_ufw(port, client),
            Owner::Firewalld => self.by_firewalld(port, client),
            _ if self.how == How::Diverted => self.removal(client).into_iter().collect(),
            _ if self.is_nft() => self.by_nft(port, client),
            _ => self.by_iptables(port, client),
        }
    }

    fn is_nft(&self) -> bool {
        self.seen.source.starts_with("nft")
    }

    fn by_ufw(&self, port: u16, client: Option<IpAddr>) -> Vec<String> {
        let chain = self.seen.place.rsplit(' ').next().unwrap_or_default();
        let before = BEFORE
            .iter()
            .find(|(start, _)| chain.starts_with(start) && !self.seen.is_policy());
        if let Some((start, file)) = before {
            let chain = if self.step.is_reply() {
                "output"
            } else {
                "input"
            };
            let rule = format!(
                "-A {start}-{chain} {} -j ACCEPT",
                self.iptables_match(port, client)
            );
            return vec![
                format!(
                    "let it in before that rule: write `{rule}` below the line `# End required lines` of {file}"
                ),
                "and apply it: `ufw reload`".to_owned(),
            ];
        }
        let from = client.map_or_else(|| "any".to_owned(), |client| client.to_string());
        vec![format!(
            "let it in through ufw: `ufw prepend allow proto tcp from {from} to any port {port}`"
        )]
    }

    fn by_firewalld(&self, port: u16, client: Option<IpAddr>) -> Vec<String> {
        if self.seen.place.contains("firewalld_policy_drop") {
            return vec!["end the panic mode of firewalld: `firewall-cmd --panic-off`".to_owned()];
        }
        let zone = self
            .zone()
            .map_or_else(String::new, |zone| format!("--zone={zone} "));
        let what = match client {
            Some(client) => {
                let family = if client.is_ipv6() { "ipv6" } else { "ipv4" };
                format!(
                    "--add-rich-rule='rule priority=-100 family={family} source address={client} port port={port} \
                     protocol=tcp accept'"
                )
            }
            None => format!("--add-port={port}/tcp"),
        };
        vec![
            format!("let it in through firewalld: `firewall-cmd --permanent {zone}{what}`"),
            "and apply it: `firewall-cmd --reload`".to_owned(),
        ]
    }

    /// The last zone that the packet came through: by `filter_IN_public_deny`, or `IN_public_deny` of iptables.
    fn zone(&self) -> Option<&str> {
        self.through.iter().rev().find_map(|chain| {
            let name = chain.rsplit(' ').next()?;
            let zone = name
                .strip_prefix("filter_")
                .unwrap_or(name)
                .strip_prefix("IN_")?;
            let zone = PARTS
                .iter()
                .find_map(|part| zone.strip_suffix(part))
                .unwrap_or(zone);
            (!zone.starts_with("policy_")).then_some(zone)
        })
    }

    fn by_nft(&self, port: u16, client: Option<IpAddr>) -> Vec<String> {
        let reply = self.step.is_reply();
        let (side, end) = if reply {
            ("daddr", "sport")
        } else {
            ("saddr", "dport")
        };
        let address = client.map_or_else(String::new, |client| {
            let family = if client.is_ipv6() { "ip6" } else { "ip" };
            format!("{family} {side} {client} ")
        });
        let place = &self.seen.place;
        let rule = format!("{address}tcp {end} {port} accept");
        let (what, order) = match self.seen.handle {
            Some(handle) => (
                "before that rule",
                format!("insert rule {place} handle {handle} {rule}"),
            ),
            None => (
                "before the policy decides",
                format!("add rule {place} {rule}"),
            ),
        };
        vec![
            format!("let it in {what}: `nft {order}`"),
            "keep it where the rules are loaded from at boot, such as /etc/nftables.conf"
                .to_owned(),
        ]
    }

    fn by_iptables(&self, port: u16, client: Option<IpAddr>) -> Vec<String> {
        let mut base = self.base.split(' ').skip(1);
        let (table, chain) = (
            base.next().unwrap_or("filter"),
            base.next().unwrap_or("INPUT"),
        );
        let program = self.iptables(table);
        vec![
            format!(
                "let it in before that rule: `{program} -I {chain} {} -j ACCEPT`",
                self.iptables_match(port, client)
            ),
            "keep it where the rules are loaded from at boot: `netfilter-persistent save`, or the script that writes them"
                .to_owned(),
        ]
    }

    fn iptables_match(&self, port: u16, client: Option<IpAddr>) -> String {
        let (side, end) = if self.step.is_reply() {
            ("-d", "--sport")
        } else {
            ("-s", "--dport")
        };
        let address = client.map_or_else(String::new, |client| format!("{side} {client} "));
        format!("{address}-p tcp {end} {port}")
    }

    fn iptables(&self, table: &str) -> String {
        let program = self.seen.source.trim_end_matches("-save");
        if table == "filter" {
            program.to_owned()
        } else {
            format!("{program} -t {table}")
        }
    }

    /// The command that removes the client from the set that names it, or the whole rule.
    #[must_use]
    pub fn removal(&self, client: Option<IpAddr>) -> Option<String> {
        if self.seen.is_policy() {
            return None;
        }
        let command = if self.is_nft() {
            self.removal_from_nft(client)?
        } else {
            self.removal_from_iptables(client)?
        };
        Some(format!("take it out: `{command}`"))
    }

    fn removal_from_nft(&self, client: Option<IpAddr>) -> Option<String> {
        let place = &self.seen.place;
        let set = self
            .seen
            .text
            .split(' ')
            .find_map(|word| word.strip_prefix('@'));
        match (set, client) {
            (Some(set), Some(client)) => {
                let (table, _) = place.rsplit_once(' ')?;
                Some(format!("nft delete element {table} {set} '{{ {client} }}'"))
            }
            _ => Some(format!(
                "nft delete rule {place} handle {}",
                self.seen.handle?
            )),
        }
    }

    fn removal_from_iptables(&self, client: Option<IpAddr>) -> Option<String> {
        let set = self
            .seen
            .text
            .split(' ')
            .skip_while(|word| *word != "--match-set")
            .nth(1);
        if let (Some(set), Some(client)) = (set, client) {
            return Some(format!("ipset del {set} {client}"));
        }
        let (table, _) = self.seen.place.split_once(' ')?;
        Some(format!(
            "{} -D {}",
            self.iptables(table),
            self.seen.text.strip_prefix("-A ")?
        ))
    }

    /// Whether the rule itself names an address or network.
    #[must_use]
    pub fn names(&self, network: &str) -> bool {
        let host = network.split('/').next().unwrap_or(network);
        let Ok(address) = host.parse() else {
            return false;
        };
        let is_it = |word: &str| {
            word.split('/').next() == Some(host) && in_network_text(address, word) == Some(true)
        };
        self.seen.text.split([' ', ',']).any(is_it)
    }
}
