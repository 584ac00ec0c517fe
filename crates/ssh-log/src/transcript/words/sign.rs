//! The meaning of a message, and where it counts.

use crate::transcript::{Reached, Software};

/// The meaning of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Sign {
    /// The implementation; the detail is its version.
    Version(Software),
    /// The connection reached this stage.
    Reached(Reached),
    /// The attempt to connect: its fields name host, address and port.
    Connecting,
    /// The peer that a message is about, at any stage: its fields name host, address and port.
    Whom,
    /// The command that made the connection: the detail is the text after `ssh`.
    Typed,
    /// The proxy command.
    Proxy,
    /// The peer is `UNKNOWN port 65535`: there is a proxy, and this happened to its pipe.
    Pipe(Symptom),
    /// The server's identification.
    Server,
    /// The host to which the client authenticates: fields name host and port.
    Destination,
    /// The method of key exchange that both sides agreed on.
    Method,
    /// The server ended the connection with a message of its own, which is the detail.
    Goodbye,
    /// A key is offered.
    KeyOffered,
    /// Text that the server sent instead of an identification.
    ServerText,
    /// The host key is refused; the field host is the name under which known_hosts lists the
    /// server.
    KnownAs(Symptom),
    /// A line of the warning around a failure: it counts if the line that reports the failure is
    /// missing.
    Around(Symptom),
    /// A failure.
    Symptom(Symptom),
    /// A failure in the words of the operating system or of OpenSSH's `ssherr.c`, which are the
    /// detail.
    Failed(Phase),
    /// A failure in the words of a library: all its possible meanings, and the stage that the
    /// connection had reached.
    Library(&'static [Symptom], Reached),
    /// A Git server greets the user who logged in, and says that it offers no shell.
    Greeting,
    /// The name of an implementation.
    Name,
    /// A shell or a program that may carry the connection reports an error: it counts if the
    /// connection then fails.
    Aside,
    /// A message of sshd itself.
    OfServer,
    /// A failure that only `ssh -v` prints.
    Verbose(Symptom),
}

/// The failure that the client saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Symptom {
    ConfigInvalid,
    /// The program does not match the libraries that it finds.
    LibraryMismatch,
    NameUnknown,
    Refused,
    Unreachable,
    NoRoute,
    HostDown,
    NetworkDown,
    /// There is no free local address or port to connect from.
    NoAddress,
    /// This machine itself forbids the connection.
    Forbidden,
    ConnectReset,
    ConnectFailed,
    ConnectTimeout,
    ProxyError,
    /// A port forwarder cannot reach its destination.
    ForwardError,
    BehindRefused,
    BehindUnreachable,
    BehindName,
    BehindForbidden,
    TextStartups,
    TextNotAllowed,
    TextTooMany,
    TextOther,
    NotSsh,
    NotSshBytes,
    /// The client speaks another protocol, and says that the server speaks SSH.
    OtherProtocol,
    BannerTimeout,
    /// The server ended the connection with a message of its own.
    Goodbye,
    Closed,
    Reset,
    /// The connection was established, and then sent data was not acknowledged.
    Unanswered,
    /// The connection was established, and then the route to the host was lost.
    RouteLost,
    /// The connection was established, and then refused.
    RefusedLate,
    /// The operating system of the client ended the connection.
    Aborted,
    Mismatch,
    /// The cryptographic library does not support what was agreed on.
    CryptoPolicy,
    BadSignature,
    KeyTooShort,
    GroupRefused,
    HostKeyChanged,
    /// The same, for the entry of the address.
    HostKeyOfAddress,
    HostKeyRevoked,
    /// Its certificate is not valid.
    HostKeyCertificate,
    HostKeyUnknown,
    /// ssh asks whether to trust an unknown key.
    HostKeyAsked,
    /// Without the reason.
    HostKeyRejected,
    TooManyFailures,
    Denied,
    /// The signature algorithms of the key are not allowed.
    SignatureRefused,
    /// The server reports that the account may not log in.
    AccountRefused,
    /// The server reports that it has not started, or is about to stop.
    Booting,
    /// Tailscale answers instead of sshd, and its policy refuses the login.
    TailnetRefused,
    SessionRefused,
    /// The login succeeded, and the server says that it takes no more sessions.
    SessionLimit,
    /// The login succeeded, and the command could not be started.
    SessionFailed,
    /// The login succeeded, and the client could not open a port or socket that was to be forwarded.
    ForwardingFailed,
    /// The login succeeded, and the server did not open a port or socket that was to be forwarded.
    RemoteForwardingFailed,
    /// The login succeeded, and the server says that a setting forbids to forward.
    ForwardingForbidden,
    /// The login succeeded, and the server did not provide a terminal.
    NoTerminal,
    /// The login succeeded, and sftp could not be started.
    SubsystemFailed,
    /// A private key is not used because others may read it.
    KeyIgnored,
    /// A private key cannot be read or is damaged.
    KeyUnreadable,
    /// A packet does not arrive unchanged.
    Damaged,
    MultiplexStale,
    LostSession,
    /// No further output although the connection is established.
    Stalled,
}

/// The context in which a message counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Scope {
    /// Anywhere: no other program prints it.
    Anywhere,
    /// As a message of `ssh -v`.
    Debug,
    /// In the output of the implementation, recognised by its own messages before or around it.
    Named,
    /// Like [`Scope::Named`], and also if it names port 22.
    Port,
    /// As a whole line, if no line near it is more specific.
    Alone,
}

/// A pattern with its meaning and the context in which it counts.
pub(super) type Row = (&'static str, Sign, Scope);

/// A family of messages with the implementation that they show.
pub(super) type Family = (Option<Software>, &'static [Row]);

/// The client's activity when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Phase {
    /// It connects.
    Connect,
    /// It reads the server's identification.
    Identification,
    /// The same; OpenSSH's own words are possible too.
    Banner,
    /// It exchanges keys, or is past that.
    Exchange,
    /// PuTTY does not report it: the stage reached decides.
    Any,
}
