//! The time to evaluate one client: `cargo bench -p sshmend-hosts-access`.

#[path = "../../lossless/benches/stopwatch/mod.rs"]
mod stopwatch;

use std::net::{IpAddr, Ipv4Addr};

use sshmend_hosts_access::{Access, Client, Tables};
use sshmend_lossless::fixture::snapshot;

use stopwatch::measure;

fn main() {
    for rules in [100, 10_000] {
        let rule = |number| format!("sshd: {}\n", address(number));
        let deny: String = (0..rules).map(rule).collect();
        let machine = snapshot(&format!(
            "//- /etc/hosts.allow\nsshd: 192.0.2.0/24\n//- /etc/hosts.deny\n{deny}"
        ));
        let client = Client::new(IpAddr::V4(address(rules - 1)));
        let access = || Tables::read(&machine).evaluate(&client).access;
        assert_eq!(access(), Access::Denied);
        measure(
            &format!("the last of {rules} rules denies"),
            deny.len(),
            access,
        );
    }
}

/// The address in the rule with this number.
fn address(number: usize) -> Ipv4Addr {
    let first = u32::from(Ipv4Addr::new(10, 0, 0, 0));
    Ipv4Addr::from(first + u32::try_from(number).unwrap_or_default())
}
