//! Properties of a destination that follow from its address or name.

use std::net::IpAddr;

use super::facts::Facts;

/// A provider of Git hosting: the user does not administer its servers, which also answer on port
/// 443 under another name.
pub(super) struct Provider {
    host: &'static str,
    /// The host for SSH on port 443.
    pub(super) alternative: &'static str,
}

const PROVIDERS: &[Provider] = &[
    Provider {
        host: "github.com",
        alternative: "ssh.github.com",
    },
    Provider {
        host: "gitlab.com",
        alternative: "altssh.gitlab.com",
    },
    Provider {
        host: "bitbucket.org",
        alternative: "altssh.bitbucket.org",
    },
];

/// The provider that an attempt was meant to reach.
pub(super) fn provider(facts: &Facts) -> Option<&'static Provider> {
    of_name(facts.host.as_deref()?)
}

/// The provider of a host.
pub(super) fn of_name(host: &str) -> Option<&'static Provider> {
    let host = host.to_ascii_lowercase();
    PROVIDERS
        .iter()
        .find(|provider| host == provider.host || host == provider.alternative)
}

/// Whether the port of this machine is forwarded: by ssh -L, kubectl, iproxy, a container or a virtual machine.
pub(super) fn is_forwarded(facts: &Facts) -> bool {
    let local = |text: &str| {
        text == "localhost"
            || text
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    };
    [&facts.host, &facts.address]
        .into_iter()
        .flatten()
        .any(|text| local(text))
}

/// Whether a port other than 22 was reached, which is often forwarded by a router or a container.
pub(super) fn has_other_port(facts: &Facts) -> bool {
    facts.port.is_some_and(|port| port != 22)
}

/// Whether a port is where another protocol is answered, by IANA's registry or by custom. 443 is not among them: many serve
/// SSH there, for it is let pass where 22 is not.
pub(super) fn is_of_another_protocol(port: u16) -> bool {
    const PORTS: [u16; 38] = [
        21, 23, 25, 53, 80, 88, 110, 111, 135, 139, 143, 389, 445, 465, 587, 636, 873, 990, 993,
        995, 1433, 1521, 2049, 2375, 2376, 3128, 3306, 3389, 5432, 5900, 5985, 6379, 6443, 8080,
        8443, 9100, 9200, 27017,
    ];
    PORTS.contains(&port)
}

/// Whether the address is in 198.18.0.0/15: proxies and VPNs answer for names with such addresses
/// (fake-ip).
pub(super) fn is_fake(facts: &Facts) -> bool {
    let fake = |text: &String| matches!(text.parse(), Ok(IpAddr::V4(address)) if matches!(address.octets(), [198, 18 | 19, ..]));
    [&facts.host, &facts.address]
        .into_iter()
        .flatten()
        .any(fake)
}
