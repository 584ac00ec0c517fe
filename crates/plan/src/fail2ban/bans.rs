//! The bans in effect.

use std::net::IpAddr;

use sshmend_fail2ban::{Address, Network};

/// An address or network that a jail bans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ban {
    pub(super) jail: String,
    pub(super) address: String,
}

impl Ban {
    /// Whether it conflicts with the wish: the ban of an address in a wanted network, or of a
    /// network that contains the address and can be lifted only as a whole.
    pub(super) fn concerns(&self, wanted: &Address) -> bool {
        let (Address::Network(wanted), Some(banned)) = (wanted, network(&self.address)) else {
            return false;
        };
        wanted.covers(banned) || banned.covers(*wanted)
    }

    /// The number of addresses that are unbanned without having been named, in words; `None` if
    /// there are none.
    pub(super) fn also_lifted(&self, wanted: &[Address]) -> Option<String> {
        let banned = network(&self.address)?;
        let is_wanted =
            |wanted: &Address| matches!(wanted, Address::Network(wanted) if wanted.covers(banned));
        if wanted.iter().any(is_wanted) {
            return None;
        }
        let width = if banned.address().is_ipv4() { 32 } else { 128 };
        let bits = u32::from(width - banned.prefix());
        Some(1u128.checked_shl(bits).map_or_else(
            || format!("2^{bits} addresses"),
            |count| format!("{count} addresses"),
        ))
    }
}

fn network(banned: &str) -> Option<Network> {
    let (address, prefix) = banned.split_once('/').unwrap_or((banned, "128"));
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    Some(Network::new(address, prefix.parse::<u8>().ok()?.min(width)))
}

/// Reads `[{'sshd': ['192.0.2.1', '2001:db8::1']}, {'recidive': []}]`, which `fail2ban-client banned` prints.
pub(super) fn banned(text: &str) -> Vec<Ban> {
    let mut pieces = text.split('\'').skip(1);
    let (mut jail, mut found) = (String::new(), Vec::new());
    while let (Some(word), Some(behind)) = (pieces.next(), pieces.next()) {
        if behind.trim_start().starts_with(':') {
            word.clone_into(&mut jail);
        } else {
            found.push(Ban {
                jail: jail.clone(),
                address: word.to_owned(),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ban(address: &str) -> Ban {
        Ban {
            jail: "sshd".to_owned(),
            address: address.to_owned(),
        }
    }

    fn address(text: &str) -> Address {
        Address::parse(text).expect("an address").address
    }

    #[test]
    fn bans_of_networks_that_contain_the_address_are_also_lifted() {
        let wanted = address("192.0.2.1");
        let cases = [
            ("192.0.2.1", true),
            ("192.0.2.0/24", true),
            ("192.0.2.2", false),
            ("::/0", false),
            ("x/y", false),
        ];
        for (banned, expected) in cases {
            assert_eq!(ban(banned).concerns(&wanted), expected, "{banned}");
        }
    }

    #[test]
    fn addresses_admitted_by_a_lifted_ban_are_counted() {
        let lifted = |banned: &str, wanted: &str| ban(banned).also_lifted(&[address(wanted)]);
        assert_eq!(
            lifted("203.0.113.0/24", "203.0.113.9").as_deref(),
            Some("256 addresses")
        );
        assert_eq!(
            lifted("2001:db8::/48", "2001:db8::9").as_deref(),
            Some("1208925819614629174706176 addresses")
        );
        assert_eq!(lifted("203.0.113.9", "203.0.113.9"), None);
        assert_eq!(lifted("203.0.113.0/24", "203.0.112.0/20"), None);
    }

    #[test]
    fn bans_are_read_by_jail() {
        let said =
            "[{'sshd': ['192.0.2.1', '2001:db8::1']}, {'recidive': []}, {'x': ['192.0.2.1']}]\n";
        let expected = [
            ("sshd", "192.0.2.1"),
            ("sshd", "2001:db8::1"),
            ("x", "192.0.2.1"),
        ];
        let expected = expected.map(|(jail, address)| Ban {
            jail: jail.to_owned(),
            address: address.to_owned(),
        });
        assert_eq!(banned(said), expected);
        assert_eq!(banned("[{'sshd': []}]"), []);
        assert_eq!(banned(""), []);
    }
}
