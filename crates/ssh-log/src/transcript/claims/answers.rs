//! Evidence for causes in how the server answers, or does not.

use super::super::Certainty::{self, Certain, Likely, Possible};
use super::super::words::Symptom;
use super::claim::{Claims, When, claims};
use crate::cause::CauseName;

const PIPE_ENDED: &[(CauseName, Certainty, &str)] = &[(
    CauseName::ProxyFailed,
    Likely,
    "the connection is a pipe to the proxy, and the pipe ended before the server spoke",
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

const OTHER_PORT: &[(CauseName, Certainty, &str)] = &[(
    CauseName::WrongService,
    Possible,
    "this is the port of another protocol, whose server does not answer to SSH",
)];

const WORDLESS: &[(CauseName, Certainty, &str)] = &[(
    CauseName::AlgorithmMismatch,
    Possible,
    "this library shows a closed connection also where no algorithm is common",
)];

pub(super) const CLAIMS: &[Claims] = &[
    claims(Symptom::Closed, When::Misdirected, OTHER_PORT),
    claims(Symptom::Reset, When::Misdirected, OTHER_PORT),
    claims(Symptom::BannerTimeout, When::Misdirected, OTHER_PORT),
    claims(Symptom::Closed, When::Proxied, PIPE_ENDED),
    claims(Symptom::Reset, When::Proxied, PIPE_ENDED),
    claims(
        Symptom::OtherProtocol,
        When::Always,
        &[(
            CauseName::NotAnSshClient,
            Certain,
            "the client itself says that it speaks another protocol than the server",
        )],
    ),
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
        Symptom::Unanswered,
        When::Answered,
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
        Symptom::Goodbye,
        When::Always,
        &[(
            CauseName::BannedByOther,
            Possible,
            "the server may refuse by a rule of its own: read its words",
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
];
