//! The connection for which Match blocks are evaluated.

use std::net::IpAddr;

/// The properties of a connection that a Match block can test; an unknown one matches no criterion,
/// as with `sshd -C`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// The user name that the client asks for.
    pub user: Option<String>,
    /// The groups of that user.
    pub groups: Vec<String>,
    /// The client's host name (`sshd_config(5)`: only with `UseDNS yes`, else its address).
    pub host: Option<String>,
    /// The client's address.
    pub addr: Option<String>,
    /// The address that the client connected to.
    pub laddr: Option<String>,
    /// The port that the client connected to.
    pub lport: Option<u16>,
    /// The routing domain on which the connection came in.
    pub rdomain: Option<String>,
    /// True if there is no such user.
    pub invalid_user: bool,
}

/// A part of a connection specification that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot understand \"{0}\" in the connection")]
pub struct BadConnection(pub String);

impl Connection {
    /// Reads the form of `sshd -C`: `user=U,host=H,addr=A,laddr=L,lport=P,rdomain=R,invalid-user`, in any order.
    ///
    /// # Errors
    /// [`BadConnection`] with the part that has another form.
    pub fn parse(specification: &str) -> Result<Self, BadConnection> {
        let mut connection = Self::default();
        for part in specification.split(',').filter(|part| !part.is_empty()) {
            let bad = || BadConnection(part.to_owned());
            match part.split_once('=') {
                Some(("user", value)) => connection.user = Some(value.to_owned()),
                Some(("host", value)) => connection.host = Some(value.to_owned()),
                Some(("addr" | "laddr", value)) if !is_address(value) => return Err(bad()),
                Some(("addr", value)) => connection.addr = Some(value.to_owned()),
                Some(("laddr", value)) => connection.laddr = Some(value.to_owned()),
                Some(("lport", value)) => {
                    connection.lport = Some(value.parse().map_err(|_| bad())?);
                }
                Some(("rdomain", value)) => connection.rdomain = Some(value.to_owned()),
                None if part == "invalid-user" => connection.invalid_user = true,
                _ => return Err(bad()),
            }
        }
        Ok(connection)
    }
}

/// An IPv6 address may have a zone.
fn is_address(text: &str) -> bool {
    let bare = text.split_once('%').map_or(text, |(bare, _)| bare);
    bare.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_specification_is_parsed_as_by_sshd() {
        let found = Connection::parse("user=bob,addr=192.0.2.1,lport=2222").expect("well formed");
        assert_eq!(
            (found.user.as_deref(), found.lport, found.host),
            (Some("bob"), Some(2222), None)
        );
        assert!(
            Connection::parse("invalid-user")
                .expect("well formed")
                .invalid_user
        );
        for bad in [
            "bob",
            "lport=x",
            "usr=bob",
            "lport=70000",
            "addr=192.0.2.300",
            "laddr=gate",
        ] {
            assert_eq!(Connection::parse(bad), Err(BadConnection(bad.to_owned())));
        }
    }
}
