//! Evidence for causes until the connection is established, including messages of a proxy.

use super::super::Certainty::{self, Certain, Likely, Possible};
use super::super::words::Symptom;
use super::claim::{Claims, When, claims};
use crate::cause::CauseName;

const PROXY_SAYS: &[(CauseName, Certainty, &str)] =
    &[(CauseName::ProxyFailed, Certain, "the proxy says so itself")];

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
    claims(Symptom::ProxyError, When::Piped, PROXY_SAYS),
    claims(Symptom::Refused, When::Proxied, PROXY_SAYS),
    claims(Symptom::NoRoute, When::Proxied, PROXY_SAYS),
    claims(Symptom::ConnectTimeout, When::Proxied, PROXY_SAYS),
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
];
