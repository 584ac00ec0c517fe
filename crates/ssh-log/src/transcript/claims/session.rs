//! Evidence for causes after the identification: keys, login, session.

use super::claim::{Claims, claims};

pub(super) const CLAIMS: &[Claims] = claims! {
    Denied, Hop {
        Certain ProxyFailed "the jump host refuses the login"
    }
    TooManyFailures | Mismatch, Hop {
        Likely ProxyFailed "the jump host ends the connection"
    }
    HostKeyChanged | HostKeyRevoked | HostKeyUnknown | HostKeyRejected, Hop {
        Likely ProxyFailed "it is the host key of the jump host"
    }
    SessionLimit, Always {
        Likely ClientParallelism
            "the device limits the total number of sessions, including those left open"
    }
    CryptoPolicy, Always {
        Likely AlgorithmMismatch
            "the crypto policy of this machine forbids what the server uses, such as SHA-1 signatures"
        Possible LibraryMismatch "the cryptographic library of this machine may not match ssh"
    }
    BadSignature, Always {
        Possible AlgorithmMismatch
            "the server implements this signature algorithm differently: try another host key algorithm"
        Possible MiddleboxReset "something on the path may change what is sent"
    }
    KeyTooShort, Always {
        Likely AlgorithmMismatch
            "the RSA key of the server is shorter than this client accepts (RequiredRSASize)"
    }
    GroupRefused, Always {
        Likely AlgorithmMismatch
            "the server offers a Diffie-Hellman group of a size that this client refuses"
    }
    Mismatch, Always {
        Certain AlgorithmMismatch "no algorithm is common to both sides"
    }
    HostKeyChanged, Always {
        Certain HostKeyChanged "a different key is known"
    }
    HostKeyOfAddress, Rejected {
        Certain HostKeyChanged "another key is known for its address"
    }
    HostKeyRevoked, Always {
        Certain HostKeyChanged "its key is revoked on this machine"
    }
    HostKeyCertificate, Rejected {
        Certain HostKeyUnknown "its host certificate is not valid, and its key alone is not known"
    }
    HostKeyRejected, Untold {
        Likely HostKeyUnknown "ssh says only this if it may not ask about an unknown key"
        Likely HostKeyChanged "lines above this one would say that another key is known"
    }
    HostKeyUnknown, Always {
        Certain HostKeyUnknown "no key of the server is known"
    }
    HostKeyAsked, Rejected {
        Certain HostKeyUnknown "ssh asked whether to trust the key, and was not told yes"
    }
    HostKeyAsked, Asked {
        Possible HostKeyUnknown "ssh asks whether to trust the key, and goes on once it is told yes"
    }
    TooManyFailures, Always {
        Certain MaxAuthTries
            "the server ends the connection after MaxAuthTries attempts; each key is one"
    }
    Denied, Own {
        Possible UserNotAllowed "the server refused the login: the key, the password or the user"
    }
    SignatureRefused, Always {
        Likely AlgorithmMismatch
            "the key is RSA, and one side does not accept the signatures that the other can make: OpenSSH 8.8 and later disables SHA-1 (ssh-rsa)"
    }
    AccountRefused, Always {
        Likely UserNotAllowed
            "the server says so: the account is expired, locked or may not have a shell"
    }
    TailnetRefused, Always {
        Certain TailscaleSsh
            "the server says so: Tailscale answers there, not sshd, and its policy requires a check or does not allow this login"
    }
    Booting, Always {
        Likely StillBooting
            "the server says so: while it starts or shuts down, pam_nologin lets only root in"
    }
    SessionRefused, Always {
        Likely MaxSessions "MaxSessions of the server limits the shared connection (ControlMaster)"
    }
    SessionFailed, Always {
        Likely ProcessLimit
            "after the login sshd cannot start a process: the limit of the account or of the unit"
    }
    ForwardingFailed, Always {
        Likely ClientConfigInvalid
            "a port or socket that is to be forwarded cannot be opened: usually an earlier ssh still holds it"
    }
    ForwardingForbidden, Always {
        Certain ForwardingRefused
            "the server says that forwarding is not allowed: AllowTcpForwarding, DisableForwarding, PermitListen, PermitOpen or an option of the key"
    }
    RemoteForwardingFailed, Always {
        Likely ForwardingRefused
            "the server did not open the port or socket that `-R` asked for: another program holds it there, or sshd does not allow it"
    }
    NoTerminal, Always {
        Possible UserNotAllowed
            "the server does not allocate a terminal: PermitTTY, `no-pty` or `restrict` before the key, or /dev/pts is full or missing"
    }
    SubsystemFailed, Always {
        Possible UserNotAllowed
            "the server does not offer sftp to this account, or the sftp server does not start"
    }
    KeyUnreadable, Always {
        Likely ClientConfigInvalid
            "ssh cannot use the private key: the file is truncated, damaged or not a private key"
    }
    KeyIgnored, Always {
        Likely ClientConfigInvalid
            "ssh does not use a private key that others may read: `chmod 600` it"
    }
    Damaged, Always {
        Possible MiddleboxReset
            "packets do not arrive as they were sent: something on the path changes them"
    }
    MultiplexStale, Always {
        Certain MultiplexStale "the control socket is left over from a connection that is gone"
    }
    LostSession, LoggedIn {
        Possible NatIdleTimeout "a device on the path may have forgotten an idle connection"
        Possible ClientAliveTimeout "the server may have given up on the client"
    }
};
