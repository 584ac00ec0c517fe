//! Evidence for causes in how the server answers, or does not.

use super::claim::{Claims, claims};

pub(super) const CLAIMS: &[Claims] = claims! {
    Closed | Reset | BannerTimeout, Misdirected {
        Possible WrongService
            "this is the port of another protocol, whose server does not answer to SSH"
    }
    Closed | Reset, Proxied {
        Likely ProxyFailed
            "the connection is a pipe to the proxy, and the pipe ended before the server spoke"
    }
    OtherProtocol, Always {
        Certain NotAnSshClient
            "the client itself says that it speaks another protocol than the server"
    }
    BannerTimeout, Proxied {
        Likely ProxyFailed "the proxy runs but brings nothing"
    }
    TextStartups, Always {
        Likely MaxStartups "sshd 8.2 to 9.7 says this for MaxStartups and for PerSourceMaxStartups"
        Possible PerSourceMaxStartups "the text is the same; only the server's log tells them apart"
    }
    TextNotAllowed, Always {
        Likely PerSourcePenalty
            "sshd from 9.8 on says this to a penalised source; penalties are on by default"
        Likely MaxStartups "sshd from 9.8 on says this when MaxStartups is exceeded"
        Possible PerSourceMaxStartups "the text is the same; only the server's log tells them apart"
    }
    TextOther | NotSsh | NotSshBytes, Carried {
        Likely ProxyFailed "the proxy answers with a text instead of the server's identification"
    }
    NotSsh, Direct {
        Certain WrongService "what answers on this port is not SSH"
    }
    NotSsh, Carried {
        Likely WrongService "or what answers behind it is not SSH"
    }
    NotSshBytes, Direct {
        Likely WrongService "what answers does not speak as SSH does"
    }
    TextOther, Always {
        Possible HostsAccessDenied
            "a `twist` or `banners` rule of hosts.deny may send a text and close"
        Possible BannedByOther "the device or provider may refuse this client by a rule of its own"
        Possible WrongService "what answers on this port may not be SSH: read the text"
    }
    BannerTimeout, Unidentified {
        Possible ListenerHung
            "the kernel accepts connections for a process that is stopped or waits"
        Possible HostsAccessDenied
            "libwrap is silent for 5 seconds, longer than a short ConnectTimeout"
        Possible FileDescriptorLimit
            "a listener without free descriptors leaves connections waiting"
        Possible ReverseDnsSlow "libwrap looks names up before the banner"
        Possible ConntrackFull "packets of new connections are dropped"
    }
    Closed | Reset, Fake {
        Possible ProxyFailed
            "an address of 198.18.0.0/15 is made up by a proxy or VPN of this machine, which closes"
        Possible MiddleboxReset "the proxy or VPN may forbid this port"
    }
    Closed | Reset, Unseen {
        Possible MaxStartups "sshd closes; what it says then (from 8.2 on) is not shown here"
        Possible PerSourcePenalty "sshd from 9.8 on closes; what it says then is not shown here"
    }
    Closed | Reset, Seen {
        Possible MaxStartups "sshd up to 8.1 closes without a word, later ones would have said so"
    }
    Closed, Unidentified {
        Possible HostsAccessDenied "libwrap closes without a word, after 5 seconds of silence"
        Possible DeadBackend
            "a port forwarder or load balancer accepts, then finds nobody behind it"
        Possible SocketConnectionLimit "systemd or xinetd closes connections over their limit"
        Possible SshdConfigInvalid "sshd up to 9.7 reads its configuration for every connection"
        Possible HostKeysMissing "sshd up to 9.7 reads its host keys for every connection"
        Possible ProcessLimit "a listener that cannot fork closes"
    }
    Reset, Unidentified {
        Possible HostsAccessDenied "libwrap closes after 5 seconds; unread data make that a reset"
        Possible HostKeysMissing "sshd up to 9.7 reads its host keys for every connection"
        Possible PrivsepDirectory "sshd up to 9.7 checks its directory for every connection"
        Possible SshdConfigInvalid "sshd up to 9.7 reads its configuration for every connection"
        Possible DeadBackend
            "a port forwarder or load balancer accepts, then finds nobody behind it"
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
            "the host or the way to it went away after the connection was established"
        Possible ConntrackFull "packets of connections that are not tracked are dropped"
    }
    RouteLost, Always {
        Possible HostUnreachable
            "the host or the way to it went away after the connection was established"
        Possible FirewallRejects "a firewall may reject what follows the handshake"
    }
    RefusedLate, Always {
        Possible DeadBackend "what accepted the connection finds nobody behind it"
        Possible FirewallRejects "a firewall may reject what follows the handshake"
    }
    Aborted, Always {
        Possible MiddleboxReset
            "a VPN, a virus scanner or a firewall of this machine may have ended it"
        Possible HostUnreachable "the network of this machine may have changed or gone"
    }
    TextTooMany, Always {
        Likely MaxStartups "the server says that it takes no more connections"
        Possible PerSourceMaxStartups "its limit may be one for each address"
    }
    Goodbye, Always {
        Possible BannedByOther "the server may refuse by a rule of its own: read its words"
    }
    Closed, Wordless {
        Possible AlgorithmMismatch
            "this library shows a closed connection also where no algorithm is common"
    }
    Closed, Replying {
        Possible MtuBlackHole
            "the server may have given up: large packets of the key exchange get lost"
    }
    Closed, Exchanging {
        Possible HostKeysPermissions
            "sshd on Windows ends when the rights of its files are not as it wants"
        Possible ChildCrash "the process of the connection may have died"
        Possible PrivsepDirectory "sshd from 9.8 on needs its directory here"
        Possible MiddleboxReset "a device on the path may have ended the connection"
    }
    Reset, Exchanging {
        Possible HostKeysPermissions
            "sshd on Windows ends when the rights of its files are not as it wants"
        Possible MiddleboxReset "a device on the path may send the reset"
        Possible ChildCrash "the process of the connection may have died"
        Possible PrivsepDirectory "sshd from 9.8 on needs its directory here"
    }
    Stalled, Exchanging {
        Likely MtuBlackHole "small packets arrive, the large ones of the key exchange do not"
    }
    Closed, LoggingIn {
        Possible RefuseConnection "RefuseConnection acts here (from 9.9 on)"
        Possible UserNotAllowed "PAM may refuse the account here"
        Possible LoginGraceTime "the time for logging in may have run out"
    }
    Reset, LoggingIn {
        Possible ChildCrash "the process of the connection may have died"
    }
};
