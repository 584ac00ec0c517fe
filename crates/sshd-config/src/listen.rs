//! The addresses that sshd would listen on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The output of `sshd -T` for ListenAddress: each address with each port, or both wildcards.
pub(crate) fn addresses(ports: &[String], addresses: &[String], family: &[String]) -> Vec<String> {
    let default = ["22".to_owned()];
    let ports = if ports.is_empty() { &default } else { ports };
    let family = family.first().map_or("any", String::as_str);
    if addresses.is_empty() {
        return ports
            .iter()
            .flat_map(|port| wildcards(port, family))
            .collect();
    }
    addresses
        .iter()
        .flat_map(|address| with_ports(address, ports))
        .collect()
}

fn wildcards(port: &str, family: &str) -> Vec<String> {
    let v6 =
        (family != "inet").then(|| shown(&IpAddr::V6(Ipv6Addr::UNSPECIFIED).to_string(), port));
    let v4 =
        (family != "inet6").then(|| shown(&IpAddr::V4(Ipv4Addr::UNSPECIFIED).to_string(), port));
    v6.into_iter().chain(v4).collect()
}

/// The address of `address` or `[address]:port`.
pub(crate) fn host(given: &str) -> &str {
    split(given).map_or(given, |(host, _)| host)
}

fn split(given: &str) -> Option<(&str, &str)> {
    given.strip_prefix('[')?.split_once("]:")
}

/// An address that names its port has only that one.
fn with_ports(address: &str, ports: &[String]) -> Vec<String> {
    match split(address) {
        Some((address, port)) => vec![shown(address, port)],
        None => ports.iter().map(|port| shown(address, port)).collect(),
    }
}

fn shown(address: &str, port: &str) -> String {
    if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(ports: &[&str], given: &[&str], family: &[&str]) -> Vec<String> {
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        addresses(&owned(ports), &owned(given), &owned(family))
    }

    #[test]
    fn every_address_without_a_port_gets_every_port() {
        assert_eq!(list(&[], &[], &[]), ["[::]:22", "0.0.0.0:22"]);
        assert_eq!(list(&["2222"], &[], &["inet"]), ["0.0.0.0:2222"]);
        assert_eq!(
            list(&["22", "80"], &["10.0.0.1", "[::1]:8"], &[]),
            ["10.0.0.1:22", "10.0.0.1:80", "[::1]:8"]
        );
    }
}
