//! What symptoms prove and exclude.

use super::Certainty::{self, Certain, Likely, Possible};
use super::words::Symptom;
use super::{Exclusion, Reached};
use crate::cause::CauseName;

/// Causes that a symptom speaks for, in the order in which they are worth looking at: name, certainty, reason.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claims {
    pub(super) symptom: Symptom,
    pub(super) when: When,
    pub(super) causes: &'static [(CauseName, Certainty, &'static str)],
}

/// Under what circumstances a symptom speaks for a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Always,
    /// Over TCP, or through a jump host that let the client in.
    Direct,
    /// Not of a jump host.
    Own,
    /// Of a jump host: what is said comes from the client that should carry the connection.
    Hop,
    /// Through a proxy command, before the server's identification, whatever else is said.
    Piped,
    /// The same, unless it is a jump host that let the client in.
    Carried,
    /// Where nothing says more.
    Untold,
    /// Where ssh refused the host key in the end.
    Rejected,
    /// Over TCP, before the server's identification.
    Unidentified,
    /// The same, where a text that the server may have sent is not shown.
    Unseen,
    /// The same, where it would be shown.
    Seen,
    /// Behind the server's identification, before the connection is encrypted.
    Exchanging,
    /// Between the client's key and the server's reply.
    Replying,
    /// Encrypted, but not logged in.
    LoggingIn,
    /// Logged in.
    LoggedIn,
    /// Through a proxy command, before the server's identification.
    Proxied,
    /// By a client that gets no word when no algorithm is common to both sides.
    Wordless,
    /// The address is one that a proxy or a VPN makes up.
    Fake,
}

const fn claims(
    symptom: Symptom,
    when: When,
    causes: &'static [(CauseName, Certainty, &'static str)],
) -> Claims {
    Claims {
        symptom,
        when,
        causes,
    }
}

const PROXY_SAYS: &[(CauseName, Certainty, &str)] =
    &[(CauseName::ProxyFailed, Certain, "the proxy says so itself")];
const PIPE_ENDED: &[(CauseName, Certainty, &str)] = &[(
    CauseName::ProxyFailed,
    Likely,
    "the connection is a pipe to the proxy, and the pipe ended before the server spoke",
)];
const HOP: &[(CauseName, Certainty, &str)] = &[(
    CauseName::ProxyFailed,
    Likely,
    "it is the jump host that ends the connection",
)];
const HOP_KEY: &[(CauseName, Certainty, &str)] = &[(
    CauseName::ProxyFailed,
    Likely,
    "it is the host key of the jump host",
)];
const REVOKED: &[(CauseName, Certainty, &str)] = &[(
    CauseName::HostKeyChanged,
    Certain,
    "the key that it shows is revoked here",
)];
const OTHER_TEXT: &[(CauseName, Certainty, &str)] = &[(
    CauseName::ProxyFailed,
    Likely,
    "the proxy answers with a text instead of the server's identification",
)];
const UNSEEN: &[(CauseName, Certainty, &str)] = &[
    (
        CauseName::MaxStartups,
        Possible,
        "sshd closes; what it says then (from 8.2 on) is not shown here",
    ),
    (
        CauseName::PerSourcePenalty,
        Possible,
        "sshd from 9.8 on closes; what it says then is not shown here",
    ),
];
const SEEN: &[(CauseName, Certainty, &str)] = &[(
    CauseName::MaxStartups,
    Possible,
    "sshd up to 8.1 closes without a word, later ones would have said so",
)];

const MADE_UP: &[(CauseName, Certainty, &str)] = &[
    (
        CauseName::ProxyFailed,
        Possible,
        "an address of 198.18.0.0/15 is made up by a proxy or VPN of this machine, which closes",
    ),
    (
        CauseName::MiddleboxReset,
        Possible,
        "the proxy or VPN may forbid this port",
    ),
];
const WORDLESS: &[(CauseName, Certainty, &str)] = &[(
    CauseName::AlgorithmMismatch,
    Possible,
    "this library shows a closed connection also where no algorithm is common",
)];

/// All claims.
pub(super) const CLAIMS: &[Claims] = &[
    claims(
        Symptom::ConfigInvalid,
        When::Always,
        &[(
            CauseName::ClientConfigInvalid,
            Certain,
            "ssh refuses its configuration",
        )],
    ),
    claims(
        Symptom::NameUnknown,
        When::Own,
        &[(
            CauseName::NameNotResolved,
            Certain,
            "the name has no address here",
        )],
    ),
    claims(
        Symptom::NameUnknown,
        When::Hop,
        &[
            (
                CauseName::ProxyFailed,
                Certain,
                "the name of the jump host has no address here",
            ),
            (
                CauseName::NameNotResolved,
                Likely,
                "it is the name of the jump host",
            ),
        ],
    ),
    claims(
        Symptom::Denied,
        When::Hop,
        &[(
            CauseName::ProxyFailed,
            Certain,
            "the jump host refuses the login",
        )],
    ),
    claims(Symptom::TooManyFailures, When::Hop, HOP),
    claims(Symptom::Mismatch, When::Hop, HOP),
    claims(Symptom::HostKeyChanged, When::Hop, HOP_KEY),
    claims(Symptom::HostKeyRevoked, When::Hop, HOP_KEY),
    claims(Symptom::HostKeyUnknown, When::Hop, HOP_KEY),
    claims(Symptom::HostKeyRejected, When::Hop, HOP_KEY),
    claims(Symptom::ProxyError, When::Piped, PROXY_SAYS),
    claims(Symptom::Refused, When::Proxied, PROXY_SAYS),
    claims(Symptom::NoRoute, When::Proxied, PROXY_SAYS),
    claims(Symptom::ConnectTimeout, When::Proxied, PROXY_SAYS),
    claims(Symptom::Closed, When::Proxied, PIPE_ENDED),
    claims(Symptom::Reset, When::Proxied, PIPE_ENDED),
    claims(
        Symptom::BannerTimeout,
        When::Proxied,
        &[(
            CauseName::ProxyFailed,
            Likely,
            "the proxy runs but brings nothing",
        )],
    ),
    claims(
        Symptom::BehindRefused,
        When::Always,
        &[
            (
                CauseName::SshdNotRunning,
                Possible,
                "the jump host works; the host behind it refuses the connection",
            ),
            (
                CauseName::FirewallRejects,
                Possible,
                "the jump host works; a firewall behind it may refuse the connection",
            ),
        ],
    ),
    claims(
        Symptom::BehindUnreachable,
        When::Always,
        &[
            (
                CauseName::HostUnreachable,
                Possible,
                "the jump host works; the host behind it does not answer it",
            ),
            (
                CauseName::FirewallRejects,
                Possible,
                "the jump host works; a firewall behind it may drop the packets",
            ),
        ],
    ),
    claims(
        Symptom::BehindName,
        When::Always,
        &[
            (
                CauseName::ProxyFailed,
                Certain,
                "the jump host does not know the name of the host behind it",
            ),
            (
                CauseName::NameNotResolved,
                Likely,
                "the name has no address on the jump host",
            ),
        ],
    ),
    claims(
        Symptom::TextStartups,
        When::Always,
        &[
            (
                CauseName::MaxStartups,
                Likely,
                "sshd 8.2 to 9.7 says this for MaxStartups and for PerSourceMaxStartups",
            ),
            (
                CauseName::PerSourceMaxStartups,
                Possible,
                "the text is the same; only the server's log tells them apart",
            ),
        ],
    ),
    claims(
        Symptom::TextNotAllowed,
        When::Always,
        &[
            (
                CauseName::PerSourcePenalty,
                Likely,
                "sshd from 9.8 on says this to a penalised source; penalties are on by default",
            ),
            (
                CauseName::MaxStartups,
                Likely,
                "sshd from 9.8 on says this when MaxStartups is exceeded",
            ),
            (
                CauseName::PerSourceMaxStartups,
                Possible,
                "the text is the same; only the server's log tells them apart",
            ),
        ],
    ),
    claims(Symptom::TextOther, When::Carried, OTHER_TEXT),
    claims(Symptom::NotSsh, When::Carried, OTHER_TEXT),
    claims(Symptom::NotSshBytes, When::Carried, OTHER_TEXT),
    claims(
        Symptom::NotSsh,
        When::Direct,
        &[(
            CauseName::WrongService,
            Certain,
            "what answers on this port is not SSH",
        )],
    ),
    claims(
        Symptom::NotSsh,
        When::Carried,
        &[(
            CauseName::WrongService,
            Likely,
            "or what answers behind it is not SSH",
        )],
    ),
    claims(
        Symptom::NotSshBytes,
        When::Direct,
        &[(
            CauseName::WrongService,
            Likely,
            "what answers does not speak as SSH does",
        )],
    ),
    claims(
        Symptom::TextOther,
        When::Always,
        &[
            (
                CauseName::HostsAccessDenied,
                Possible,
                "a `twist` or `banners` rule of hosts.deny may send a text and close",
            ),
            (
                CauseName::BannedByOther,
                Possible,
                "the device or provider may refuse this client by a rule of its own",
            ),
            (
                CauseName::WrongService,
                Possible,
                "what answers on this port may not be SSH: read the text",
            ),
        ],
    ),
    claims(
        Symptom::BannerTimeout,
        When::Unidentified,
        &[
            (
                CauseName::ListenerHung,
                Possible,
                "the kernel accepts connections for a process that is stopped or waits",
            ),
            (
                CauseName::HostsAccessDenied,
                Possible,
                "libwrap is silent for 5 seconds, longer than a short ConnectTimeout",
            ),
            (
                CauseName::FileDescriptorLimit,
                Possible,
                "a listener without free descriptors leaves connections waiting",
            ),
            (
                CauseName::ReverseDnsSlow,
                Possible,
                "libwrap looks names up before the banner",
            ),
            (
                CauseName::ConntrackFull,
                Possible,
                "packets of new connections are dropped",
            ),
        ],
    ),
    claims(Symptom::Closed, When::Fake, MADE_UP),
    claims(Symptom::Reset, When::Fake, MADE_UP),
    claims(Symptom::Closed, When::Unseen, UNSEEN),
    claims(Symptom::Closed, When::Seen, SEEN),
    claims(
        Symptom::Closed,
        When::Unidentified,
        &[
            (
                CauseName::HostsAccessDenied,
                Possible,
                "libwrap closes without a word, after 5 seconds of silence",
            ),
            (
                CauseName::DeadBackend,
                Possible,
                "a port forwarder or load balancer accepts, then finds nobody behind it",
            ),
            (
                CauseName::SocketConnectionLimit,
                Possible,
                "systemd or xinetd closes connections over their limit",
            ),
            (
                CauseName::SshdConfigInvalid,
                Possible,
                "sshd up to 9.7 reads its configuration for every connection",
            ),
            (
                CauseName::HostKeysMissing,
                Possible,
                "sshd up to 9.7 reads its host keys for every connection",
            ),
            (
                CauseName::ProcessLimit,
                Possible,
                "a listener that cannot fork closes",
            ),
        ],
    ),
    claims(Symptom::Reset, When::Unseen, UNSEEN),
    claims(Symptom::Reset, When::Seen, SEEN),
    claims(
        Symptom::Reset,
        When::Unidentified,
        &[
            (
                CauseName::HostsAccessDenied,
                Possible,
                "libwrap closes after 5 seconds; unread data make that a reset",
            ),
            (
                CauseName::HostKeysMissing,
                Possible,
                "sshd up to 9.7 reads its host keys for every connection",
            ),
            (
                CauseName::PrivsepDirectory,
                Possible,
                "sshd up to 9.7 checks its directory for every connection",
            ),
            (
                CauseName::SshdConfigInvalid,
                Possible,
                "sshd up to 9.7 reads its configuration for every connection",
            ),
            (
                CauseName::DeadBackend,
                Possible,
                "a port forwarder or load balancer accepts, then finds nobody behind it",
            ),
            (
                CauseName::ListenQueueOverflow,
                Possible,
                "with tcp_abort_on_overflow a full queue answers with a reset",
            ),
            (
                CauseName::MiddleboxReset,
                Possible,
                "a device on the path may send the reset",
            ),
        ],
    ),
    claims(
        Symptom::Refused,
        When::Unidentified,
        &[
            (
                CauseName::SshdNotRunning,
                Possible,
                "nothing listens on this port",
            ),
            (
                CauseName::Fail2banBanned,
                Possible,
                "the default ban of fail2ban answers like a closed port",
            ),
            (
                CauseName::FirewallRejects,
                Possible,
                "a firewall that rejects answers like a closed port",
            ),
            (
                CauseName::SocketTriggerLimit,
                Possible,
                "systemd closes a socket that is activated too often",
            ),
        ],
    ),
    claims(
        Symptom::NoRoute,
        When::Unidentified,
        &[
            (
                CauseName::FirewallRejects,
                Possible,
                "a firewall that rejects with host-prohibited, as firewalld does",
            ),
            (
                CauseName::HostUnreachable,
                Possible,
                "no machine answers for this address",
            ),
        ],
    ),
    claims(
        Symptom::Unreachable,
        When::Unidentified,
        &[(
            CauseName::HostUnreachable,
            Certain,
            "this machine has no route",
        )],
    ),
    claims(
        Symptom::HostDown,
        When::Always,
        &[(
            CauseName::HostUnreachable,
            Likely,
            "the host is on a network of this machine and does not answer to its address",
        )],
    ),
    claims(
        Symptom::NetworkDown,
        When::Always,
        &[(
            CauseName::HostUnreachable,
            Likely,
            "the network interface that leads there is down on this machine",
        )],
    ),
    claims(
        Symptom::NoAddress,
        When::Always,
        &[
            (
                CauseName::HostUnreachable,
                Possible,
                "this machine has no address of that kind, such as IPv6, to connect from",
            ),
            (
                CauseName::ClientConfigInvalid,
                Possible,
                "BindAddress or BindInterface names an address that is not here",
            ),
            (
                CauseName::ClientParallelism,
                Possible,
                "every local port to this destination may be in use",
            ),
        ],
    ),
    claims(
        Symptom::Forbidden,
        When::Always,
        &[
            (
                CauseName::FirewallRejects,
                Possible,
                "a packet filter or a policy of this machine itself forbids the connection",
            ),
            (
                CauseName::MandatoryAccessDenied,
                Possible,
                "a sandbox or SELinux may forbid it to this program",
            ),
        ],
    ),
    claims(
        Symptom::ConnectReset,
        When::Always,
        &[
            (
                CauseName::MiddleboxReset,
                Possible,
                "a device on the path may send the reset",
            ),
            (
                CauseName::FirewallRejects,
                Possible,
                "a firewall may reject with a reset",
            ),
            (
                CauseName::ListenQueueOverflow,
                Possible,
                "with tcp_abort_on_overflow a full queue answers with a reset",
            ),
        ],
    ),
    claims(
        Symptom::ConnectFailed,
        When::Always,
        &[
            (
                CauseName::HostUnreachable,
                Possible,
                "the operating system could not connect: read its words",
            ),
            (
                CauseName::SshdNotRunning,
                Possible,
                "the words may say that the connection was refused",
            ),
            (
                CauseName::FirewallRejects,
                Possible,
                "the words may say that a firewall refused it or that nobody answered",
            ),
        ],
    ),
    claims(
        Symptom::Unanswered,
        When::Exchanging,
        &[(
            CauseName::MtuBlackHole,
            Possible,
            "large packets of the key exchange may get lost on the path",
        )],
    ),
    claims(
        Symptom::Unanswered,
        When::Always,
        &[
            (
                CauseName::FirewallRejects,
                Possible,
                "a firewall lets the handshake pass and drops what follows",
            ),
            (
                CauseName::MiddleboxReset,
                Possible,
                "a device on the path may answer in place of the host, or lose the connection",
            ),
            (
                CauseName::HostUnreachable,
                Possible,
                "the host or the way to it went away after the connection was established",
            ),
            (
                CauseName::ConntrackFull,
                Possible,
                "packets of connections that are not tracked are dropped",
            ),
        ],
    ),
    claims(
        Symptom::RouteLost,
        When::Always,
        &[
            (
                CauseName::HostUnreachable,
                Possible,
                "the host or the way to it went away after the connection was established",
            ),
            (
                CauseName::FirewallRejects,
                Possible,
                "a firewall may reject what follows the handshake",
            ),
        ],
    ),
    claims(
        Symptom::RefusedLate,
        When::Always,
        &[
            (
                CauseName::DeadBackend,
                Possible,
                "what accepted the connection finds nobody behind it",
            ),
            (
                CauseName::FirewallRejects,
                Possible,
                "a firewall may reject what follows the handshake",
            ),
        ],
    ),
    claims(
        Symptom::Aborted,
        When::Always,
        &[
            (
                CauseName::MiddleboxReset,
                Possible,
                "a VPN, a virus scanner or a firewall of this machine may have ended it",
            ),
            (
                CauseName::HostUnreachable,
                Possible,
                "the network of this machine may have changed or gone",
            ),
        ],
    ),
    claims(
        Symptom::LibraryMismatch,
        When::Always,
        &[(
            CauseName::LibraryMismatch,
            Certain,
            "the ssh of this client does not fit the libraries that it finds",
        )],
    ),
    claims(
        Symptom::ForwardError,
        When::Always,
        &[(
            CauseName::DeadBackend,
            Likely,
            "the port forwarder says that it reaches nobody",
        )],
    ),
    claims(
        Symptom::BehindForbidden,
        When::Always,
        &[(
            CauseName::ProxyFailed,
            Certain,
            "the jump host does not forward: AllowTcpForwarding, PermitOpen or DisableForwarding",
        )],
    ),
    claims(
        Symptom::TextTooMany,
        When::Always,
        &[
            (
                CauseName::MaxStartups,
                Likely,
                "the server says that it takes no more connections",
            ),
            (
                CauseName::PerSourceMaxStartups,
                Possible,
                "its limit may be one for each address",
            ),
        ],
    ),
    claims(
        Symptom::CryptoPolicy,
        When::Always,
        &[
            (
                CauseName::AlgorithmMismatch,
                Likely,
                "the crypto policy of this machine forbids what the server uses, such as SHA-1 signatures",
            ),
            (
                CauseName::LibraryMismatch,
                Possible,
                "the cryptographic library of this machine may not fit ssh",
            ),
        ],
    ),
    claims(
        Symptom::BadSignature,
        When::Always,
        &[
            (
                CauseName::AlgorithmMismatch,
                Possible,
                "the server signs with this algorithm in another way: try another host key algorithm",
            ),
            (
                CauseName::MiddleboxReset,
                Possible,
                "something on the path may change what is sent",
            ),
        ],
    ),
    claims(
        Symptom::KeyTooShort,
        When::Always,
        &[(
            CauseName::AlgorithmMismatch,
            Likely,
            "the RSA key of the server is shorter than this client accepts (RequiredRSASize)",
        )],
    ),
    claims(
        Symptom::GroupRefused,
        When::Always,
        &[(
            CauseName::AlgorithmMismatch,
            Likely,
            "the server offers a Diffie-Hellman group of a size that this client refuses",
        )],
    ),
    claims(
        Symptom::ConnectTimeout,
        When::Unidentified,
        &[
            (CauseName::HostUnreachable, Possible, "no machine answers"),
            (
                CauseName::FirewallRejects,
                Possible,
                "a firewall drops the packets",
            ),
            (
                CauseName::BannedByOther,
                Possible,
                "a ban may drop the packets",
            ),
            (
                CauseName::ConntrackFull,
                Possible,
                "packets of new connections are dropped",
            ),
        ],
    ),
    claims(
        Symptom::Mismatch,
        When::Always,
        &[(
            CauseName::AlgorithmMismatch,
            Certain,
            "no algorithm is common to both sides",
        )],
    ),
    claims(
        Symptom::HostKeyChanged,
        When::Always,
        &[(
            CauseName::HostKeyChanged,
            Certain,
            "another key than this is known",
        )],
    ),
    claims(
        Symptom::HostKeyOfAddress,
        When::Rejected,
        &[(
            CauseName::HostKeyChanged,
            Certain,
            "another key is known for its address",
        )],
    ),
    claims(Symptom::HostKeyRevoked, When::Always, REVOKED),
    claims(
        Symptom::HostKeyCertificate,
        When::Rejected,
        &[(
            CauseName::HostKeyUnknown,
            Certain,
            "its host certificate does not hold, and its key alone is not known",
        )],
    ),
    claims(
        Symptom::HostKeyRejected,
        When::Untold,
        &[
            (
                CauseName::HostKeyUnknown,
                Likely,
                "ssh says no more than this where it may not ask about an unknown key",
            ),
            (
                CauseName::HostKeyChanged,
                Likely,
                "lines above this one would say that another key is known",
            ),
        ],
    ),
    claims(
        Symptom::HostKeyUnknown,
        When::Always,
        &[(
            CauseName::HostKeyUnknown,
            Certain,
            "no key of the server is known",
        )],
    ),
    claims(
        Symptom::TooManyFailures,
        When::Always,
        &[(
            CauseName::MaxAuthTries,
            Certain,
            "the server ends the connection after MaxAuthTries attempts; each key is one",
        )],
    ),
    claims(Symptom::Closed, When::Wordless, WORDLESS),
    claims(
        Symptom::Closed,
        When::Replying,
        &[(
            CauseName::MtuBlackHole,
            Possible,
            "the server may have given up: large packets of the key exchange get lost",
        )],
    ),
    claims(
        Symptom::Closed,
        When::Exchanging,
        &[
            (
                CauseName::HostKeysPermissions,
                Possible,
                "sshd on Windows ends when the rights of its files are not as it wants",
            ),
            (
                CauseName::ChildCrash,
                Possible,
                "the process of the connection may have died",
            ),
            (
                CauseName::PrivsepDirectory,
                Possible,
                "sshd from 9.8 on needs its directory here",
            ),
            (
                CauseName::MiddleboxReset,
                Possible,
                "a device on the path may have ended the connection",
            ),
        ],
    ),
    claims(
        Symptom::Reset,
        When::Exchanging,
        &[
            (
                CauseName::HostKeysPermissions,
                Possible,
                "sshd on Windows ends when the rights of its files are not as it wants",
            ),
            (
                CauseName::MiddleboxReset,
                Possible,
                "a device on the path may send the reset",
            ),
            (
                CauseName::ChildCrash,
                Possible,
                "the process of the connection may have died",
            ),
            (
                CauseName::PrivsepDirectory,
                Possible,
                "sshd from 9.8 on needs its directory here",
            ),
        ],
    ),
    claims(
        Symptom::Stalled,
        When::Exchanging,
        &[(
            CauseName::MtuBlackHole,
            Likely,
            "small packets arrive, the large ones of the key exchange do not",
        )],
    ),
    claims(
        Symptom::Closed,
        When::LoggingIn,
        &[
            (
                CauseName::RefuseConnection,
                Possible,
                "RefuseConnection acts here (from 9.9 on)",
            ),
            (
                CauseName::UserNotAllowed,
                Possible,
                "PAM may refuse the account here",
            ),
            (
                CauseName::LoginGraceTime,
                Possible,
                "the time for logging in may have run out",
            ),
        ],
    ),
    claims(
        Symptom::Reset,
        When::LoggingIn,
        &[(
            CauseName::ChildCrash,
            Possible,
            "the process of the connection may have died",
        )],
    ),
    claims(
        Symptom::Denied,
        When::Own,
        &[(
            CauseName::UserNotAllowed,
            Possible,
            "the login was reached and refused: the key, the password or the user",
        )],
    ),
    claims(
        Symptom::SignatureRefused,
        When::Always,
        &[(
            CauseName::AlgorithmMismatch,
            Likely,
            "the key is RSA, and one side allows no signature that the other can make: SHA-1 (ssh-rsa) is off from OpenSSH 8.8 on",
        )],
    ),
    claims(
        Symptom::AccountRefused,
        When::Always,
        &[(
            CauseName::UserNotAllowed,
            Likely,
            "the server says so: the account is expired, locked or may not have a shell",
        )],
    ),
    claims(
        Symptom::TailnetRefused,
        When::Always,
        &[(
            CauseName::TailscaleSsh,
            Certain,
            "the server says so: Tailscale answers there, not sshd, and its policy wants more or allows less",
        )],
    ),
    claims(
        Symptom::Booting,
        When::Always,
        &[(
            CauseName::StillBooting,
            Likely,
            "the server says so: until it has started, and once it stops, pam_nologin lets only root in",
        )],
    ),
    claims(
        Symptom::SessionRefused,
        When::Always,
        &[(
            CauseName::MaxSessions,
            Likely,
            "the shared connection has as many sessions as MaxSessions allows",
        )],
    ),
    claims(
        Symptom::SessionFailed,
        When::Always,
        &[(
            CauseName::ProcessLimit,
            Likely,
            "after the login sshd can start no process: the limit of the account or of the unit",
        )],
    ),
    claims(
        Symptom::KeyIgnored,
        When::Always,
        &[(
            CauseName::ClientConfigInvalid,
            Likely,
            "ssh does not use a private key that others may read: `chmod 600` it",
        )],
    ),
    claims(
        Symptom::Damaged,
        When::Always,
        &[(
            CauseName::MiddleboxReset,
            Possible,
            "packets do not arrive as they were sent: something on the path changes them",
        )],
    ),
    claims(
        Symptom::MultiplexStale,
        When::Always,
        &[(
            CauseName::MultiplexStale,
            Certain,
            "the control socket is left over from a connection that is gone",
        )],
    ),
    claims(
        Symptom::LostSession,
        When::LoggedIn,
        &[
            (
                CauseName::NatIdleTimeout,
                Possible,
                "a device on the path may have forgotten an idle connection",
            ),
            (
                CauseName::ClientAliveTimeout,
                Possible,
                "the server may have given the client up",
            ),
        ],
    ),
];

const fn exclusion(causes: &'static [CauseName], reason: &'static str) -> Exclusion {
    Exclusion { causes, reason }
}

/// What a stage excludes: the stages from the first to the second, both included.
pub(super) const EXCLUSIONS: &[(Reached, Reached, Exclusion)] = &[
    (
        Reached::Nothing,
        Reached::Connected,
        exclusion(
            &[
                CauseName::MaxSessions,
                CauseName::MaxAuthTries,
                CauseName::ClientAliveTimeout,
                CauseName::UserNotAllowed,
                CauseName::TooManyKeys,
            ],
            "they act on users and sessions, and the server has not even identified itself",
        ),
    ),
    (
        Reached::Nothing,
        Reached::Connected,
        exclusion(
            &[
                CauseName::HostKeyChanged,
                CauseName::HostKeyUnknown,
                CauseName::AlgorithmMismatch,
                CauseName::MtuBlackHole,
            ],
            "keys and algorithms are exchanged behind the identification",
        ),
    ),
    (
        Reached::Connected,
        Reached::LoggedIn,
        exclusion(
            &[CauseName::NameNotResolved, CauseName::HostUnreachable],
            "a connection was established",
        ),
    ),
    (
        Reached::Identified,
        Reached::LoggedIn,
        exclusion(
            &[
                CauseName::MaxStartups,
                CauseName::PerSourceMaxStartups,
                CauseName::PerSourcePenalty,
                CauseName::HostsAccessDenied,
                CauseName::HostsDenyMalformed,
                CauseName::SocketConnectionLimit,
                CauseName::SshdNotRunning,
                CauseName::WrongService,
                CauseName::DeadBackend,
            ],
            "they act before the identification, and the server has sent it",
        ),
    ),
    (
        Reached::Encrypted,
        Reached::LoggedIn,
        exclusion(
            &[CauseName::AlgorithmMismatch, CauseName::HostKeyChanged],
            "the key exchange is complete",
        ),
    ),
];

/// What a connection that was never established excludes.
pub(super) const UNCONNECTED: Exclusion = exclusion(
    &[
        CauseName::MaxStartups,
        CauseName::PerSourceMaxStartups,
        CauseName::PerSourcePenalty,
        CauseName::HostsAccessDenied,
        CauseName::HostsDenyMalformed,
    ],
    "sshd refuses only connections that are established",
);

/// What an established connection that ends at once excludes.
pub(super) const CONNECTED: Exclusion = exclusion(
    &[CauseName::Fail2banBanned, CauseName::FirewallRejects],
    "a default ban or a rule that rejects lets no connection be established",
);

/// What silence of the server excludes where `ssh -v` would show its text.
pub(super) const SILENT: Exclusion = exclusion(
    &[CauseName::PerSourcePenalty],
    "sshd says `Not allowed at this time` before it closes, and -v would show it",
);
