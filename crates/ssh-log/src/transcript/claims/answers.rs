//! Evidence for causes in how the server answers, or does not.

use super::claim::{Claims, claims};

pub(super) const CLAIMS: &[Claims] = claims! {
    Closed | Reset | BannerTimeout, Misdirected {
        Possible WrongService
            "this port belongs to another protocol, whose server does not answer SSH"
    }
    Closed | Reset, Proxied {
        Likely ProxyFailed
            "the connection is a pipe to the proxy, which closed it before the server sent anything"
    }
    OtherProtocol, Always {
        Certain NotAnSshClient
            "the client reports that it speaks a different protocol from the server"
    }
    BannerTimeout, Proxied {
        Likely ProxyFailed "the proxy runs but delivers no data"
    }
    TextStartups, Always {
        Likely MaxStartups "sshd 8.2 to 9.7 sends this for MaxStartups and for PerSourceMaxStartups"
        Possible PerSourceMaxStartups "the text is the same; only the server's log tells them apart"
    }
    TextNotAllowed, Always {
        Likely PerSourcePenalty
            "sshd 9.8 and later sends this to a penalised source; penalties are on by default"
        Likely MaxStartups "sshd 9.8 and later sends this when MaxStartups is exceeded"
        Possible PerSourceMaxStartups "the text is the same; only the server's log tells them apart"
    }
    TextOther | NotSsh | NotSshBytes, Carried {
        Likely ProxyFailed "the proxy answers with a text instead of the server's identification"
    }
    NotSsh, Direct {
        Certain WrongService "the service on this port is not SSH"
    }
    NotSsh, Carried {
        Likely WrongService "or the service behind the proxy is not SSH"
    }
    NotSshBytes, Direct {
        Likely WrongService "the service on this port does not speak the SSH protocol"
    }
    TextOther, Always {
        Possible HostsAccessDenied
            "a `twist` or `banners` rule of hosts.deny may send a text and close"
        Possible BannedByOther "the device or provider may block this client by a rule of its own"
        Possible WrongService "the service on this port may not be SSH: read the text"
    }
    BannerTimeout, Unidentified {
        Possible ListenerHung
            "the kernel accepts connections for a process that is stopped or hangs"
        Possible HostsAccessDenied
            "libwrap is silent for 5 seconds, longer than a short ConnectTimeout"
        Possible FileDescriptorLimit
            "a listener that has run out of file descriptors leaves connections waiting"
        Possible ReverseDnsSlow "libwrap looks up names before the banner"
        Possible ConntrackFull "packets of new connections are dropped"
    }
    Closed | Reset, Fake {
        Possible ProxyFailed
            "a proxy or VPN of this machine invents addresses in 198.18.0.0/15, and closes the connection"
        Possible MiddleboxReset "the proxy or VPN may block this port"
    }
    Closed | Reset, Unseen {
        Possible MaxStartups
            "sshd closes the connection; its message (8.2 and later) is not shown here"
        Possible PerSourcePenalty
            "sshd 9.8 and later closes the connection; its message is not shown here"
    }
    Closed | Reset, Seen {
        Possible MaxStartups
            "sshd up to 8.1 closes the connection silently; later releases send a message"
    }
    Closed, Unidentified {
        Possible HostsAccessDenied "libwrap closes the connection silently, after 5 seconds"
        Possible DeadBackend
            "a port forwarder or load balancer accepts, then cannot reach its backend"
        Possible SocketConnectionLimit "systemd or xinetd closes connections over their limit"
        Possible SshdConfigInvalid "sshd up to 9.7 reads its configuration for every connection"
        Possible HostKeysMissing "sshd up to 9.7 reads its host keys for every connection"
        Possible ProcessLimit "a listener that cannot fork closes the connection"
    }
    Reset, Unidentified {
        Possible HostsAccessDenied
            "libwrap closes after 5 seconds; unread data turns that into a reset"
        Possible HostKeysMissing "sshd up to 9.7 reads its host keys for every connection"
        Possible PrivsepDirectory "sshd up to 9.7 checks its directory for every connection"
        Possible SshdConfigInvalid "sshd up to 9.7 reads its configuration for every connection"
        Possible DeadBackend
            "a port forwarder or load balancer accepts, then cannot reach its backend"
        Possible ListenQueueOverflow "with tcp_abort_on_overflow a full queue answers with a reset"
        Possible MiddleboxReset "a device on the path may send the reset"
    }
    Unanswered, Answered {
        Possible MtuBlackHole "large packets of the key exchange may get lost on the path"
    }
    Unanswered, Always {
        Possible FirewallRejects "a firewall lets the handshake pass and drops what follows"
        Possible MiddleboxReset
            "a device on the path may answer in place of the host, or lose the connection"
        Possible HostUnreachable
            "the host or the route to it was lost after the connection was established"
        Possible ConntrackFull "packets of connections that are not tracked are dropped"
    }
    RouteLost, Always {
        Possible HostUnreachable
            "the host or the route to it was lost after the connection was established"
        Possible FirewallRejects "a firewall may reject what follows the handshake"
    }
    RefusedLate, Always {
        Possible DeadBackend "whatever accepted the connection cannot reach its backend"
        Possible FirewallRejects "a firewall may reject what follows the handshake"
    }
    Aborted, Always {
        Possible MiddleboxReset
            "a VPN, a virus scanner or a firewall of this machine may have ended it"
        Possible HostUnreachable "the network of this machine may have changed or gone"
    }
    TextTooMany, Always {
        Likely MaxStartups "the server says that it accepts no more connections"
        Possible PerSourceMaxStartups "the limit may apply to each address"
    }
    Goodbye, Always {
        Possible BannedByOther "the server may refuse by a rule of its own: read its message"
    }
    Closed, Wordless {
        Possible AlgorithmMismatch
            "this library also reports a closed connection if no algorithm is common to both sides"
    }
    Closed, Replying {
        Possible MtuBlackHole
            "the server may have given up: large packets of the key exchange get lost"
    }
    Closed, Exchanging {
        Possible HostKeysPermissions
            "sshd on Windows exits if the permissions of its files are wrong"
        Possible ChildCrash "the process of the connection may have died"
        Possible PrivsepDirectory "sshd 9.8 and later needs its directory at this stage"
        Possible MiddleboxReset "a device on the path may have ended the connection"
    }
    Reset, Exchanging {
        Possible HostKeysPermissions
            "sshd on Windows exits if the permissions of its files are wrong"
        Possible MiddleboxReset "a device on the path may send the reset"
        Possible ChildCrash "the process of the connection may have died"
        Possible PrivsepDirectory "sshd 9.8 and later needs its directory at this stage"
    }
    Stalled, Exchanging {
        Likely MtuBlackHole "small packets arrive, the large ones of the key exchange do not"
    }
    Closed, LoggingIn {
        Possible RefuseConnection "RefuseConnection takes effect at this stage (9.9 and later)"
        Possible UserNotAllowed "PAM may refuse the account at this stage"
        Possible LoginGraceTime "LoginGraceTime may have run out"
    }
    Reset, LoggingIn {
        Possible ChildCrash "the process of the connection may have died"
    }
};
