//! The effect of the steps after a change on those who must not lose access, beside that of the
//! files.

use std::net::IpAddr;

use sshmend_fail2ban::Network;
use sshmend_lossless::Step;

use crate::lockout::Lockout;
use crate::person::Person;

/// A person connected by SSH cannot return once sshd is stopped or lacks something it needs, or
/// their address is banned.
pub fn steps_lockout(steps: &[Step], person: &Person) -> Lockout {
    let addresses: Vec<IpAddr> = person.addr.iter().chain(&person.keep).copied().collect();
    let why = steps.iter().find_map(|step| match step {
        Step::Ban(jail, banned) => {
            addresses
                .iter()
                .find(|&&addr| is_in(addr, banned))
                .map(|addr| {
                    let also = if person.addr == Some(*addr) {
                        String::new()
                    } else {
                        format!(" (--keep {addr})")
                    };
                    format!("jail {jail} had banned {banned}, and would ban it again{also}")
                })
        }
        step if step.ends_service() && (person.is_remote() || !addresses.is_empty()) => {
            Some(format!("{} is part of what was before", step.title()))
        }
        _ => None,
    });
    match why {
        Some(why) => Lockout::Loses { why, origin: None },
        None => Lockout::Keeps,
    }
}

/// Whether an address is the banned one, however it is spelt, or belongs to the banned network.
fn is_in(addr: IpAddr, banned: &str) -> bool {
    let (text, prefix) = banned.split_once('/').unwrap_or((banned, "128"));
    let network = text.parse().ok().zip(prefix.parse().ok());
    network
        .is_some_and(|(network, prefix)| Network::new(network, prefix).covers(Network::from(addr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lockout(banned: &str, person: &Person) -> Lockout {
        let ban = Step::Ban("sshd".to_owned(), banned.to_owned());
        steps_lockout(&[Step::ReloadFail2ban, ban], person)
    }

    #[test]
    fn a_ban_that_covers_the_persons_address_is_a_lockout_in_every_spelling() {
        let person = |addr: &str| Person {
            addr: addr.parse().ok(),
            keep: vec!["203.0.113.4".parse().expect("an address")],
            ..Person::default()
        };
        for (addr, banned) in [
            ("192.0.2.9", "192.0.2.9"),
            ("192.0.2.9", "192.0.2.0/24"),
            ("::ffff:192.0.2.9", "192.0.2.9"),
            ("2001:db8::9", "2001:DB8:0:0::9"),
            ("2001:db8::9", "2001:db8::/64"),
            ("", "203.0.113.0/24"),
        ] {
            let found = lockout(banned, &person(addr));
            assert!(matches!(found, Lockout::Loses { .. }), "{addr} {banned}");
        }
        for (addr, banned) in [
            ("192.0.2.9", "192.0.2.90"),
            ("192.0.2.9", "192.0.3.0/24"),
            ("2001:db8::9", "2001:db8:0:1::/64"),
            ("192.0.2.9", "bad.example"),
        ] {
            let found = lockout(banned, &person(addr));
            assert!(matches!(found, Lockout::Keeps), "{addr} {banned}");
        }
    }

    #[test]
    fn stopping_sshd_is_a_lockout_for_kept_addresses() {
        let stop = [Step::Systemctl(
            sshmend_lossless::UnitVerb::Stop,
            vec!["ssh.service".to_owned()],
        )];
        let console = Person::default();
        assert!(matches!(steps_lockout(&stop, &console), Lockout::Keeps));
        let kept = Person {
            keep: vec!["203.0.113.4".parse().expect("an address")],
            ..console
        };
        assert!(matches!(steps_lockout(&stop, &kept), Lockout::Loses { .. }));
        let unknown = Person::new(None, Some("UNKNOWN 65535 UNKNOWN 65535"));
        assert!(matches!(
            steps_lockout(&stop, &unknown),
            Lockout::Loses { .. }
        ));
    }
}
