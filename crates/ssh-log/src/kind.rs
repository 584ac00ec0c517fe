//! The events that log lines report.

macro_rules! kinds {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal,)+) => {
        /// The event that a log line reports, in the wording of any version.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])+ $variant,)+ }

        impl Kind {
            /// All kinds, in the order of their declaration.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)+];

            /// The stable name of this kind for machine-readable output.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)+ }
            }
        }
    };
}

kinds! {
    /// The listener opened a port.
    Listening = "listening",
    /// The listener ended by a signal.
    Stopped = "stopped",
    /// The listener was asked to restart (SIGHUP).
    Restarted = "restarted",
    /// The listener could not bind a port.
    BindFailed = "bind-failed",
    /// A host key cannot be used; the others may be sufficient.
    HostKeyUnusable = "host-key-unusable",
    /// sshd or one of its helpers cannot work; the cause is the reason.
    Broken = "broken",
    /// The listener could not accept a connection or start a process for it.
    ListenerFault = "listener-fault",
    /// A process of sshd was killed by a signal or ended irregularly.
    Crashed = "crashed",
    /// The listener dropped a connection: too many are unauthenticated.
    Dropped = "dropped",
    /// The listener begins to drop connections.
    ThrottlingBegan = "throttling-began",
    /// The listener keeps dropping connections, and reports their number so far.
    ThrottlingGoesOn = "throttling",
    /// The listener stops dropping connections, and reports their total number.
    ThrottlingEnded = "throttling-ended",
    /// The listener reports the number of drops that it did not log.
    DropsCounted = "drops-counted",
    /// The listener dropped a connection of a penalised source.
    DroppedPenalised = "dropped-penalised",
    /// The listener recorded a penalty for a source.
    Penalty = "penalty",
    /// The time for logging in expired.
    GraceTimeout = "grace-timeout",

    /// The listener accepted a connection.
    Connected = "connected",
    /// The client disconnected without having sent anything.
    NoIdentification = "no-identification",
    /// The client speaks another protocol.
    BadProtocol = "bad-protocol",
    /// The client is a known scanner or prober.
    Probed = "probed",
    /// The two sides have no algorithm in common.
    NegotiationFailed = "negotiation-failed",
    /// A packet was damaged or is not one.
    PacketCorrupt = "packet-corrupt",
    /// The peer closed the connection.
    Closed = "closed",
    /// The peer reset the connection.
    Reset = "reset",
    /// Reading from or writing to the peer failed.
    ConnectionError = "connection-error",
    /// The peer disconnected with a reason.
    ReceivedDisconnect = "received-disconnect",
    /// The connection ended after such a message.
    Disconnected = "disconnected",
    /// The server ended the connection with a reason.
    Disconnecting = "disconnecting",
    /// The connection carried IP options.
    IpOptions = "ip-options",

    /// A login succeeded.
    Accepted = "accepted",
    /// One attempt to authenticate failed.
    AuthFailed = "auth-failed",
    /// Authentication is in progress.
    AuthProgress = "auth-progress",
    /// The user does not exist, or may not log in.
    InvalidUser = "invalid-user",
    /// A rule of sshd refuses the user.
    UserDenied = "user-denied",
    /// Root is refused.
    RootRefused = "root-refused",
    /// PAM refused the password or another credential.
    PamFailure = "pam-failure",
    /// PAM refused the account.
    PamDenied = "pam-denied",
    /// A key file or a home directory has permissions that are too wide.
    StrictModes = "strict-modes",
    /// A key is in the file of revoked keys, or that file cannot be read, which makes sshd refuse
    /// every key.
    KeyRevoked = "key-revoked",
    /// A key or certificate was not accepted, or a list of keys could not be used.
    KeyRefused = "key-refused",
    /// sshd could not complete a login.
    LoginFault = "login-fault",
    /// sshd ended a connection for a reason that no rule covers.
    Ended = "ended",
    /// A session could not be set up.
    SessionFault = "session-fault",
    /// The chroot directory is not acceptable.
    ChrootRefused = "chroot-refused",
    /// More attempts than MaxAuthTries.
    TooManyFailures = "too-many-failures",
    /// RefuseConnection applied.
    RefusedByMatch = "refused-by-match",
    /// The client's name does not resolve back to its address.
    ReverseMapping = "reverse-mapping",

    /// A session was opened.
    SessionOpened = "session-opened",
    /// A session was closed.
    SessionClosed = "session-closed",
    /// A process was forked for the session.
    SessionChild = "session-child",
    /// A channel was refused: MaxSessions.
    NoMoreSessions = "no-more-sessions",
    /// A request to forward was refused: a setting, or an option of the key, does not allow it.
    ForwardingDenied = "forwarding-denied",
    /// A port or socket that a client asked for could not be opened.
    ForwardingFault = "forwarding-fault",
    /// The client stopped answering: ClientAlive.
    ClientAliveTimeout = "client-alive-timeout",

    /// TCP wrappers refused the client.
    WrapperRefused = "wrapper-refused",
    /// hosts.allow or hosts.deny has a fault.
    WrapperFault = "wrapper-fault",

    /// A tool banned a source.
    Banned = "banned",
    /// An announced ban was not carried out.
    BanFailed = "ban-failed",
    /// A tool lifted a ban.
    Unbanned = "unbanned",
    /// A tool saw an attack of a source that is already banned.
    AlreadyBanned = "already-banned",
    /// A tool deliberately ignored a source.
    BanIgnored = "ban-ignored",
    /// A tool counted a failure.
    FailureCounted = "failure-counted",
    /// A banning tool itself has a fault.
    BanToolFault = "ban-tool-fault",

    /// The connection tracking table is full.
    ConntrackFull = "conntrack-full",
    /// Connection requests exceed the queue of a listening port.
    ListenQueue = "listen-queue",
    /// The kernel killed a process for lack of memory.
    OomKill = "oom-kill",
    /// The kernel refused a new process.
    ForkRejected = "fork-rejected",
    /// The kernel has no free file structures.
    FileTableFull = "file-table-full",
    /// The packet filter logged a packet that it blocked.
    PacketBlocked = "packet-blocked",
    /// SELinux, AppArmor or a missing capability denied something to sshd.
    AccessDenied = "access-denied",

    /// systemd closed the socket: activated too often.
    TriggerLimit = "trigger-limit",
    /// A socket unit or super-server dropped a connection over its limit.
    SocketLimit = "socket-limit",
    /// A unit of sshd failed.
    UnitFailed = "unit-failed",
    /// A unit of sshd was started or stopped.
    UnitChanged = "unit-changed",

    /// A known line that does not concern a failure.
    Noted = "noted",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_kinds_are_distinct() {
        let mut names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
    }
}
