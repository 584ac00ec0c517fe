//! Evidence for causes after the identification: keys, login, session.

use super::super::Certainty::{self, Certain, Likely, Possible};
use super::super::words::Symptom;
use super::claim::{Claims, When, claims};
use crate::cause::CauseName;

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

pub(super) const CLAIMS: &[Claims] = &[
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
    claims(
        Symptom::SessionLimit,
        When::Always,
        &[(
            CauseName::ClientParallelism,
            Likely,
            "the device has a limit for all sessions together: sessions that nobody closes count too",
        )],
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
        Symptom::HostKeyAsked,
        When::Rejected,
        &[(
            CauseName::HostKeyUnknown,
            Certain,
            "ssh asked whether to trust the key, and was not told yes",
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
            "MaxSessions of the server limits the shared connection (ControlMaster)",
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
        Symptom::ForwardingFailed,
        When::Always,
        &[(
            CauseName::ClientConfigInvalid,
            Likely,
            "a port or socket that is to be forwarded cannot be opened: mostly an earlier ssh still holds it",
        )],
    ),
    claims(
        Symptom::ForwardingForbidden,
        When::Always,
        &[(
            CauseName::ForwardingRefused,
            Certain,
            "the server says that it may not forward: AllowTcpForwarding, DisableForwarding, PermitListen, PermitOpen or an option of the key",
        )],
    ),
    claims(
        Symptom::RemoteForwardingFailed,
        When::Always,
        &[(
            CauseName::ForwardingRefused,
            Likely,
            "the server did not open the port or socket that `-R` asked for: another program holds it there, or sshd does not allow it",
        )],
    ),
    claims(
        Symptom::NoTerminal,
        When::Always,
        &[(
            CauseName::UserNotAllowed,
            Possible,
            "the server gives it no terminal: PermitTTY, `no-pty` or `restrict` before the key, or /dev/pts is full or missing",
        )],
    ),
    claims(
        Symptom::SubsystemFailed,
        When::Always,
        &[(
            CauseName::UserNotAllowed,
            Possible,
            "the server has no sftp for this account, or its program does not start",
        )],
    ),
    claims(
        Symptom::KeyUnreadable,
        When::Always,
        &[(
            CauseName::ClientConfigInvalid,
            Likely,
            "ssh cannot use the private key: the file is cut, changed or not a private key",
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
