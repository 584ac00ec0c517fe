//! The bans in effect, of the running fail2ban and of CrowdSec.

use std::net::IpAddr;

use serde_json::Value as Json;
use sshmend_fail2ban::{Config, Ignored, Network};
use sshmend_lossless::{CommandOutput, Origin};
use sshmend_packet_filter::in_network_text;

use crate::Facts;
use crate::known::{Known, Unchecked};

const STATUS: [&str; 2] = ["fail2ban-client", "status"];
/// Since 0.10.6; older ones are asked jail by jail.
pub(crate) const BANNED: [&str; 2] = ["fail2ban-client", "banned"];

pub(crate) const DIRECTORY: &str = "/etc/fail2ban";

/// An address or network that a jail bans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// The jail that banned it.
    pub jail: String,
    /// The address or network.
    pub address: String,
}

fn jail_status(jail: &str) -> [&str; 3] {
    ["fail2ban-client", "status", jail]
}

fn decisions(client: IpAddr) -> [String; 7] {
    [
        "cscli",
        "decisions",
        "list",
        "-o",
        "json",
        "--ip",
        &client.to_string(),
    ]
    .map(str::to_owned)
}

impl Facts<'_> {
    /// All bans of fail2ban; empty if it is not running.
    pub fn bans(&self) -> Known<Vec<Ban>> {
        let banned = self.run_as_root(&BANNED);
        if let Ok(output) = &banned {
            if output.success() {
                return Ok(bans(&output.text()));
            }
        }
        if !self.question.privileged || self.question.offline {
            banned?;
        }
        let lists = self.jails_to_ask().into_iter().filter_map(|jail| {
            let text = self.run(&jail_status(&jail)).ok()?.text();
            let list = text
                .lines()
                .find_map(|line| line.split_once("Banned IP list:"))?
                .1
                .to_owned();
            Some(
                list.split_whitespace()
                    .map(|ip| Ban {
                        jail: jail.clone(),
                        address: ip.to_owned(),
                    })
                    .collect::<Vec<_>>(),
            )
        });
        Ok(lists.flatten().collect())
    }

    /// The word, and its line, by which the configuration of a jail exempts an address.
    pub fn spared(&self, jail: &str, client: IpAddr) -> Known<Option<(String, Option<Origin>)>> {
        let config = self.fail2ban_config()?;
        Ok(
            match config
                .jail(jail)
                .map(|jail| jail.ignored(Network::from(client)))
            {
                Some(Ignored::Yes { word, origin }) => Some((word, origin)),
                _ => None,
            },
        )
    }

    /// The commands that the actions of a jail run to ban an address, with `<ip>` for it; empty if
    /// the configuration is unknown.
    pub fn jail_bans_by(&self, jail: &str) -> Vec<String> {
        let config = self.fail2ban_config();
        config
            .ok()
            .and_then(|config| config.jail(jail).map(|jail| jail.bans_by.clone()))
            .unwrap_or_default()
    }

    fn fail2ban_config(&self) -> Known<Config<'_>> {
        let config = Config::read(self.snapshot, DIRECTORY.as_ref(), None);
        match config.unread().first_key_value() {
            Some((path, why)) => Err(Unchecked::new(
                "the configuration of fail2ban",
                format!("{}: {why}", path.display()),
            )),
            None => Ok(config),
        }
    }

    /// Whether a rule, a route or TCP wrappers reject the client; true if the rules cannot be seen.
    pub fn is_turned_away(&self, client: IpAddr) -> bool {
        let by_rule = self.blocks().map_or(true, |blocks| !blocks.is_empty());
        by_rule || self.way_refused().is_some() || self.wrappers(client).origin.is_some()
    }

    /// Whether fail2ban runs.
    pub fn fail2ban_runs(&self) -> bool {
        let banned = self.run_as_root(&BANNED);
        banned.is_ok_and(CommandOutput::success) || self.fail2ban_status().is_some()
    }

    /// What an old release says of itself. It is asked for nothing more than it has to be: each answer takes the start of a
    /// Python.
    fn fail2ban_status(&self) -> Option<&CommandOutput> {
        let banned = self.run_as_root(&BANNED).ok()?;
        if banned.success() || finds_no_fail2ban(banned) {
            return None;
        }
        let status = self.run_as_root(&STATUS).ok()?;
        status.success().then_some(status)
    }

    /// The jails that must be queried one by one for their bans.
    fn jails_to_ask(&self) -> Vec<String> {
        let Some(status) = self.fail2ban_status() else {
            return Vec::new();
        };
        let text = status.text();
        let list = text
            .lines()
            .find_map(|line| line.split_once("Jail list:"))
            .map_or("", |(_, list)| list);
        list.split([',', ' ', '\t'])
            .filter(|jail| !jail.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The decisions of CrowdSec about the client, one line each; empty if it is not installed.
    pub fn crowdsec_decisions(&self, client: IpAddr) -> Known<Vec<String>> {
        let Ok(output) = self.run_as_root(&decisions(client)) else {
            return Ok(Vec::new());
        };
        let json: Json = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let alerts = json.as_array().cloned().unwrap_or_default();
        let decisions = alerts
            .iter()
            .filter_map(|alert| alert["decisions"].as_array())
            .flatten();
        let field =
            |decision: &Json, key: &str| decision[key].as_str().unwrap_or_default().to_owned();
        Ok(decisions
            .filter(|decision| decision["type"] == "ban")
            .map(|decision| {
                ["value", "type", "scenario", "duration"]
                    .map(|key| field(decision, key))
                    .join(" ")
            })
            .collect())
    }
}

/// Whether fail2ban-client says that there is no server (`__logSocketError` in its fail2banclient.py).
pub fn finds_no_fail2ban(answer: &CommandOutput) -> bool {
    let said = [answer.stdout.as_slice(), answer.stderr.as_slice()].concat();
    !answer.success() && String::from_utf8_lossy(&said).contains("Is fail2ban running?")
}

impl Ban {
    /// Whether it covers an address.
    pub fn covers(&self, client: IpAddr) -> bool {
        in_network_text(client, &self.address) == Some(true)
    }
}

/// Parses `[{'sshd': ['198.51.100.7']}, {'recidive': []}]`: a word before a colon is a jail, others
/// are addresses.
pub(crate) fn bans(text: &str) -> Vec<Ban> {
    let (mut bans, mut jail) = (Vec::new(), "");
    let mut parts = text.split(['\'', '"']).skip(1);
    while let (Some(word), Some(after)) = (parts.next(), parts.next()) {
        if after.trim_start().starts_with(':') {
            jail = word;
        } else {
            bans.push(Ban {
                jail: jail.to_owned(),
                address: word.to_owned(),
            });
        }
    }
    bans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_bans_is_read_by_jail() {
        let text = "[{'sshd': ['198.51.100.7', '2001:db8::/64']}, {'recidive': []}, {'x-y': ['203.0.113.9']}]\n";
        let found: Vec<String> = bans(text)
            .iter()
            .map(|ban| format!("{} {}", ban.jail, ban.address))
            .collect();
        assert_eq!(
            found,
            ["sshd 198.51.100.7", "sshd 2001:db8::/64", "x-y 203.0.113.9"]
        );
        assert_eq!(bans("[]"), []);
        assert_eq!(bans("['"), []);
    }

    #[test]
    fn a_ban_of_a_network_covers_its_addresses() {
        let ban = |address: &str| Ban {
            jail: String::new(),
            address: address.to_owned(),
        };
        let client = "2001:db8::7".parse().expect("an address");
        assert!(ban("2001:db8::/64").covers(client));
        assert!(!ban("2001:db9::/64").covers(client));
        assert!(!ban("\u{1b}[0m").covers(client));
    }
}
