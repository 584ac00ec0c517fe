//! Evidence for causes until the connection is established, including messages of a proxy.

use super::claim::{Claims, claims};

pub(super) const CLAIMS: &[Claims] = claims! {
    ConfigInvalid, Always {
        Certain ClientConfigInvalid "ssh rejects its configuration"
    }
    NameUnknown, Own {
        Certain NameNotResolved "the name does not resolve on this machine"
    }
    NameUnknown, Hop {
        Certain ProxyFailed "the name of the jump host does not resolve on this machine"
        Likely NameNotResolved "it is the name of the jump host"
    }
    ProxyError, Piped {
        Certain ProxyFailed "the proxy says so itself"
    }
    Refused | NoRoute | ConnectTimeout, Proxied {
        Certain ProxyFailed "the proxy says so itself"
    }
    BehindRefused, Always {
        Possible SshdNotRunning "the jump host works; the host behind it refuses the connection"
        Possible FirewallRejects
            "the jump host works; a firewall behind it may refuse the connection"
    }
    BehindUnreachable, Always {
        Possible HostUnreachable "the jump host works; the host behind it does not answer"
        Possible FirewallRejects "the jump host works; a firewall behind it may drop the packets"
    }
    BehindName, Always {
        Certain ProxyFailed "the jump host cannot resolve the name of the host behind it"
        Likely NameNotResolved "the name does not resolve on the jump host"
    }
    Refused, Unidentified {
        Possible SshdNotRunning "nothing listens on this port"
        Possible Fail2banBanned "the default ban of fail2ban answers like a closed port"
        Possible FirewallRejects "a firewall that rejects answers like a closed port"
        Possible SocketTriggerLimit "systemd closes a socket that is activated too often"
    }
    NoRoute, Unidentified {
        Possible FirewallRejects "a firewall that rejects with host-prohibited, as firewalld does"
        Possible HostUnreachable "no machine answers at this address"
    }
    Unreachable, Unidentified {
        Certain HostUnreachable "this machine has no route"
    }
    HostDown, Always {
        Likely HostUnreachable
            "the host is on a network of this machine and does not answer to its address"
    }
    NetworkDown, Always {
        Likely HostUnreachable "the network interface that leads there is down on this machine"
    }
    NoAddress, Always {
        Possible HostUnreachable
            "this machine has no address of that kind, such as IPv6, to connect from"
        Possible ClientConfigInvalid
            "BindAddress or BindInterface names an address that is not here"
        Possible ClientParallelism "every local port to this destination may be in use"
    }
    Forbidden, Always {
        Possible FirewallRejects
            "a packet filter or a policy of this machine itself forbids the connection"
        Possible MandatoryAccessDenied "a sandbox or SELinux may forbid it to this program"
    }
    ConnectReset, Always {
        Possible MiddleboxReset "a device on the path may send the reset"
        Possible FirewallRejects "a firewall may reject with a reset"
        Possible ListenQueueOverflow "with tcp_abort_on_overflow a full queue answers with a reset"
    }
    ConnectFailed, Always {
        Possible HostUnreachable "the operating system could not connect: read its message"
        Possible SshdNotRunning "the message may say that the connection was refused"
        Possible FirewallRejects
            "the message may say that a firewall refused it or that nobody answered"
    }
    LibraryMismatch, Always {
        Certain LibraryMismatch "the ssh program does not match the libraries that it finds"
    }
    ForwardError, Always {
        Likely DeadBackend "the port forwarder reports that it cannot reach its destination"
    }
    BehindForbidden, Always {
        Certain ProxyFailed
            "the jump host does not forward: AllowTcpForwarding, PermitOpen or DisableForwarding"
    }
    ConnectTimeout, Unidentified {
        Possible HostUnreachable "no machine answers"
        Possible FirewallRejects "a firewall drops the packets"
        Possible BannedByOther "a ban may drop the packets"
        Possible ConntrackFull "packets of new connections are dropped"
    }
};
