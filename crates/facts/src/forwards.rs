//! The ports of this client that ssh is to forward.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sshmend_known_hosts::ClientConfig;

use crate::{Facts, Socket};

/// A place on the client at which ssh is to listen.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    port: u16,
    /// `None` for every address or, depending on the client's settings, its own.
    address: Option<IpAddr>,
}

impl Facts<'_> {
    /// The forwarding for which the server is to listen, and without which ssh ends, as `ssh -G` prints it.
    pub fn remote_forwarding_that_ends(&self) -> Option<String> {
        let config = self.client_config().filter(ends_without_forwarding)?;
        let mut lines = config.lines();
        lines
            .find(|line| line.starts_with("remoteforward "))
            .map(str::to_owned)
    }

    /// The forwarding, as printed by `ssh -G`, for which ssh cannot listen, so that it exits after
    /// the login, with the socket that occupies the port.
    pub fn taken_forwarding(&self) -> Option<(String, Socket)> {
        let config = self.client_config().filter(ends_without_forwarding)?;
        // A shared connection may hold the port itself.
        if config.unless_none("controlpath").is_some() {
            return None;
        }
        let sockets = self.sockets().ok()?;
        config.lines().find_map(|line| {
            let (key, value) = line.split_once(' ')?;
            let place = Place::of(value).filter(|_| FORWARDS.contains(&key))?;
            let holder = place.holder(&sockets)?;
            Some((line.to_owned(), holder.clone()))
        })
    }
}

/// Whether ssh ends where a forwarding cannot be had.
fn ends_without_forwarding(config: &ClientConfig) -> bool {
    config.is_on("exitonforwardfailure") && !config.is_on("clearallforwardings")
}

const FORWARDS: [&str; 2] = ["localforward", "dynamicforward"];

impl Place {
    /// Reads `8080 [localhost]:80`, `[127.0.0.1]:8080 [localhost]:80`; `None` for a socket of the file system.
    fn of(value: &str) -> Option<Self> {
        let listen = value.split(' ').next()?;
        let (address, port) = match listen.rsplit_once(':') {
            Some((address, port)) => (address.trim_matches(['[', ']']).parse().ok(), port),
            None => (None, listen),
        };
        let port = port.parse().ok()?;
        Some(Self { port, address })
    }

    /// The socket that prevents ssh from listening there; if ssh listens for both families, one
    /// free family is enough.
    fn holder<'a>(&self, sockets: &'a [Socket]) -> Option<&'a Socket> {
        let held = |address: IpAddr| {
            sockets.iter().find(|socket| {
                let same_family = |held: IpAddr| held.is_ipv4() == address.is_ipv4();
                socket.port == self.port
                    && socket.address.is_none_or(|held| {
                        held == address || held.is_unspecified() && same_family(held)
                    })
            })
        };
        match self.address {
            Some(address) => held(address),
            None => held(Ipv6Addr::LOCALHOST.into()).and_then(|_| held(Ipv4Addr::LOCALHOST.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::machine;
    use crate::question::Question;

    #[test]
    fn a_forwarded_port_is_occupied_if_none_of_its_addresses_is_free() {
        let machine = machine(
            "//$ ss -Hltnp => 0\nLISTEN 0 128 127.0.0.1:8080 0.0.0.0:*\nLISTEN 0 128 *:9090 *:*\nLISTEN 0 5 0.0.0.0:7070 0.0.0.0:*\n",
        );
        let question = Question::server(crate::fixture::NOW);
        let sockets = Facts::new(&machine, &question)
            .sockets()
            .expect("they were asked for");
        let taken =
            |value: &str| Place::of(value).and_then(|place| place.holder(&sockets).map(|_| ()));
        for value in [
            "[127.0.0.1]:8080 [localhost]:80",
            "9090 [localhost]:90",
            "9090",
            "[::1]:9090 [::1]:90",
            "[127.0.0.1]:7070 [localhost]:70",
        ] {
            assert!(taken(value).is_some(), "{value}");
        }
        for value in [
            "8080 [localhost]:80",
            "[127.0.0.2]:8080 [localhost]:80",
            "[::1]:7070 [localhost]:70",
            "8081 [localhost]:80",
            "/run/user/1000/s [localhost]:80",
        ] {
            assert_eq!(taken(value), None, "{value}");
        }
    }
}
