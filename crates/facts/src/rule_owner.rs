//! The owner of a packet filter rule, by the owner's own list. The names of its chains alone prove
//! nothing, because rules are added to chains of ufw and firewalld by hand, and stay behind when a
//! program is removed.

use sshmend_packet_filter::{Block, Owner};

use crate::Facts;

/// Whether ufw is switched on.
const UFW_CONF: &str = "/etc/ufw/ufw.conf";

/// The files of ufw, by the beginning of the chains for which they have rules.
const UFW: [(&str, &str); 6] = [
    ("ufw-user-", "/etc/ufw/user.rules"),
    ("ufw6-user-", "/etc/ufw/user6.rules"),
    ("ufw-before-", "/etc/ufw/before.rules"),
    ("ufw6-before-", "/etc/ufw/before6.rules"),
    ("ufw-after-", "/etc/ufw/after.rules"),
    ("ufw6-after-", "/etc/ufw/after6.rules"),
];

/// The files from which rules are loaded at each boot if no program writes them:
/// netfilter-persistent, the services iptables and nftables.
const LOADED: [&str; 6] = [
    "/etc/iptables/rules.v4",
    "/etc/iptables/rules.v6",
    "/etc/sysconfig/iptables",
    "/etc/sysconfig/ip6tables",
    "/etc/nftables.conf",
    "/etc/sysconfig/nftables.conf",
];

/// The rules that firewalld has in effect now, which may be more than its files.
const ZONES: [&str; 2] = ["firewall-cmd", "--list-all-zones"];
const DIRECT: [&str; 3] = ["firewall-cmd", "--direct", "--get-all-rules"];

/// The options of iptables that distinguish two rules.
const SIGNIFICANT: [&str; 9] = [
    "-A",
    "-s",
    "-d",
    "-i",
    "-p",
    "--dport",
    "--dports",
    "--ctstate",
    "-j",
];

/// The entry for a rule in its owner's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// It is listed.
    Here(ListLine),
    /// The owner reports it as its own, or created the chain for itself.
    Made,
    /// It is not listed: someone else has added it, or the owner is gone.
    No,
    /// The list cannot be read.
    Unknown,
}

/// A line of the list of an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListLine {
    /// The file, or the command that shows it.
    pub source: String,
    /// The line of the file.
    pub line: Option<usize>,
    /// The text of the entry.
    pub text: String,
}

impl ListLine {
    fn of_file(path: &str, at: usize, text: &str) -> Listed {
        Listed::Here(Self {
            source: path.to_owned(),
            line: Some(at + 1),
            text: text.trim().to_owned(),
        })
    }
}

impl Facts<'_> {
    /// Looks a rule up in the list of the program that it appears to belong to.
    pub fn listed(&self, block: &Block) -> Listed {
        if self.is_gone(block.owner) {
            return Listed::No;
        }
        match block.owner {
            Owner::Ufw => self.listed_by_ufw(block),
            Owner::Firewalld => self.listed_by_firewalld(block),
            Owner::Unknown => self.loaded_from(block),
            // Bans are queried where they are judged.
            Owner::Fail2ban | Owner::Sshguard | Owner::Crowdsec | Owner::Csf => Listed::Made,
        }
    }

    fn listed_by_ufw(&self, block: &Block) -> Listed {
        let chain = block.seen.place.rsplit(' ').next().unwrap_or_default();
        let file = UFW.iter().find(|(start, _)| chain.starts_with(start));
        let is_log = chain.contains("-logging");
        if let Some((_, file)) = file.filter(|_| !block.seen.is_policy() && !is_log) {
            // nft prints rules of iptables in its own syntax, which no line of the file has.
            if block.seen.source.starts_with("nft") {
                return Listed::Unknown;
            }
            return self.line_like(file, &block.seen.text);
        }
        // A policy, or a chain that ufw makes while it starts.
        let Ok(text) = self.text(UFW_CONF) else {
            return Listed::Unknown;
        };
        let text = text.unwrap_or_default();
        let enabled = text.lines().enumerate().find_map(|(at, line)| {
            let value = line.trim().strip_prefix("ENABLED=")?;
            let value = value.trim_matches('"');
            Some((at, line, value.eq_ignore_ascii_case("yes")))
        });
        match enabled {
            Some((at, line, true)) => ListLine::of_file(UFW_CONF, at, line),
            _ => Listed::No,
        }
    }

    /// firewalld writes every rule of its tables; a rule that names an address belongs to a zone, a
    /// rule or a set that it shows.
    fn listed_by_firewalld(&self, block: &Block) -> Listed {
        let text = &block.seen.text;
        let words = text.split([' ', ',']);
        let named = |word: &&str| {
            let address = word.split('/').next().unwrap_or_default();
            address.parse::<std::net::IpAddr>().is_ok()
        };
        let Some(address) = words.into_iter().find(named) else {
            return Listed::Made;
        };
        let address = address
            .strip_suffix("/32")
            .or_else(|| address.strip_suffix("/128"))
            .unwrap_or(address);
        let shown = [self.run_as_root(&ZONES), self.run_as_root(&DIRECT)];
        let mut unknown = false;
        for (output, command) in shown.into_iter().zip([&ZONES[..], &DIRECT[..]]) {
            let Some(output) = output.ok().filter(|output| output.success()) else {
                unknown = true;
                continue;
            };
            let text = output.text();
            let has = |line: &&str| {
                let mut words = line.split([' ', '"', ',']);
                words.any(|word| word.split('/').next() == address.split('/').next())
            };
            if let Some(line) = text.lines().find(has) {
                return Listed::Here(ListLine {
                    source: command.join(" "),
                    line: None,
                    text: line.trim().to_owned(),
                });
            }
        }
        if unknown { Listed::Unknown } else { Listed::No }
    }

    /// The file from which a rule that belongs to no program is loaded at each boot.
    fn loaded_from(&self, block: &Block) -> Listed {
        let nft = block.seen.source.starts_with("nft");
        for path in LOADED.iter().filter(|path| path.contains("nft") == nft) {
            if let found @ Listed::Here(..) = self.line_like(path, &block.seen.text) {
                return found;
            }
        }
        Listed::No
    }

    /// The line of a file that says the same as a rule which is in force.
    fn line_like(&self, path: &str, rule: &str) -> Listed {
        let Ok(text) = self.text(path) else {
            return Listed::Unknown;
        };
        let text = text.unwrap_or_default();
        let mut lines = text.lines().enumerate();
        let found = lines.find(|(_, line)| is_same_rule(line.trim(), rule));
        found.map_or(Listed::No, |(at, line)| ListLine::of_file(path, at, line))
    }
}

/// Whether a line of a file is the rule that the kernel shows, which prints more: modules, masks,
/// defaults.
fn is_same_rule(line: &str, rule: &str) -> bool {
    if line.is_empty() || line.starts_with('#') {
        return false;
    }
    // nftables shows a rule as it was written, but for the counts.
    if !line.starts_with("-A ") {
        let bare = |text: &str| -> Vec<String> {
            let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            if let Some(at) = words.iter().position(|word| word == "packets") {
                words.drain(at..(at + 4).min(words.len()));
            }
            words.retain(|word| word != "counter");
            words
        };
        return bare(line) == bare(rule);
    }
    SIGNIFICANT
        .iter()
        .all(|option| value(line, option) == value(rule, option))
}

/// The value of an option of a rule of iptables, without the mask of a single address.
fn value<'a>(rule: &'a str, option: &str) -> Option<&'a str> {
    let mut words = rule.split_whitespace().skip_while(|word| *word != option);
    let value = words.nth(1)?;
    let bare = value
        .strip_suffix("/32")
        .or_else(|| value.strip_suffix("/128"));
    Some(bare.unwrap_or(value)).filter(|value| !["0.0.0.0/0", "::/0"].contains(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_file_is_found_for_every_spelling_of_the_kernel() {
        let same = [
            (
                "-A ufw-user-input -p tcp --dport 2022 -s 198.51.100.40 -j DROP",
                "-A ufw-user-input -s 198.51.100.40/32 -p tcp -m tcp --dport 2022 -j DROP",
            ),
            (
                "-A ufw-user-input -p tcp --dport 22 -m conntrack --ctstate NEW -m recent --update --seconds 30 --hitcount 6 -j ufw-user-limit",
                "-A ufw-user-input -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --update --seconds 30 --hitcount 6 --name DEFAULT --mask 255.255.255.255 --rsource -j ufw-user-limit",
            ),
            (
                "    ip saddr 198.51.100.40 drop",
                "ip saddr 198.51.100.40 drop",
            ),
            (
                "ip saddr 198.51.100.40 counter drop",
                "ip saddr 198.51.100.40 counter packets 3 bytes 180 drop",
            ),
        ];
        for (line, rule) in same {
            assert!(is_same_rule(line.trim(), rule), "{line}");
        }
        let other = [
            (
                "-A ufw-user-input -s 198.51.100.41 -j DROP",
                "-A ufw-user-input -s 198.51.100.40/32 -j DROP",
            ),
            (
                "-A ufw-user-input -j DROP",
                "-A ufw-user-input -s 198.51.100.40/32 -j DROP",
            ),
            (
                "# ip saddr 198.51.100.40 drop",
                "ip saddr 198.51.100.40 drop",
            ),
            ("", "ip saddr 198.51.100.40 drop"),
        ];
        for (line, rule) in other {
            assert!(!is_same_rule(line, rule), "{line}");
        }
    }
}
