use crate::verdict::{Cause, Gate, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "nat-idle-timeout",
    title: "a router forgets connections that stand idle",
    gate: Gate::Established,
    explain: "\
NAT routers and stateful firewalls forget a connection that carries nothing for some minutes. The next packet is
dropped or answered with a reset: `client_loop: send disconnect: Broken pipe`, `Read from remote host … Connection
reset by peer`, always after a pause.

**Suspected** when a session dies after standing idle, and works again at once.

**Mended** by a sign of life: `ServerAliveInterval 60` in `~/.ssh/config`, or `sshmend fix sshd-config
ClientAliveInterval=60` on the server.

**It is not** possible before the login.",
    server: silent,
    client: silent,
};
