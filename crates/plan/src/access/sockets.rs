//! The addresses on which sshd listens, and whether a person's connection reaches one of them.

use std::net::SocketAddr;

use super::view::View;

/// Whether sshd listens where they connect; also true if that is unknown.
pub(super) fn listens(view: &View<'_>) -> bool {
    let sockets: Vec<Option<SocketAddr>> = view
        .values("listenaddress")
        .iter()
        .map(|value| value.parse().ok())
        .collect();
    let wanted = match (view.keeper.server, view.keeper.addr) {
        (Some((ip, port)), _) => (ip.to_canonical(), Some(port)),
        (None, Some(addr)) => (addr.to_canonical(), None),
        (None, None) => return true,
    };
    let (ip, port) = wanted;
    // Whether this machine itself reaches sshd is nothing that a ListenAddress would have to keep.
    if view.socket || sockets.is_empty() || port.is_none() && ip.is_loopback() {
        return true;
    }
    sockets.into_iter().any(|socket| {
        let Some(socket) = socket else { return true };
        let same_family = socket.ip().is_ipv4() == ip.is_ipv4();
        match port {
            Some(port) => {
                let everywhere = socket.ip().is_unspecified() && same_family;
                socket.port() == port && (everywhere || socket.ip() == ip)
            }
            None => same_family && !socket.ip().is_loopback(),
        }
    })
}
