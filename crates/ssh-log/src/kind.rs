//! What a log line reports.

macro_rules! kinds {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal,)+) => {
        /// What a log line reports, whatever the version that worded it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])+ $variant,)+ }

        impl Kind {
            /// All kinds, in the order of their declaration.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)+];

            /// The stable name of this kind, as it stands in machine-readable output.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)+ }
            }
        }
    };
}

kinds! {
    /// The listener opened a port.
    Listening = "listening",
    /// The listener ended on a signal.
    Stopped = "stopped",
    /// The listener was asked to start again (SIGHUP).
    Restarted = "restarted",
    /// The listener could not bind a port.
    BindFailed = "bind-failed",
    /// A host key cannot be used; the others may do.
    HostKeyUnusable = "host-key-unusable",
    /// sshd or one of its helpers cannot work; the cause says why.
    Broken = "broken",
    /// The listener could not take a connection or start a process for it.
    ListenerFault = "listener-fault",
    /// A process of sshd died of a signal or without ending in order.
    Crashed = "crashed",
    /// The listener dropped a connection: too many that are not logged in yet.
    Dropped = "dropped",
    /// The listener begins to drop connections.
    ThrottlingBegan = "throttling-began",
    /// The listener goes on dropping connections, and says how many it was so far.
    ThrottlingGoesOn = "throttling",
    /// The listener ends dropping connections, and says how many it was in all.
    ThrottlingEnded = "throttling-ended",
    /// The listener says how many drops it did not log.
    DropsCounted = "drops-counted",
    /// The listener dropped a connection of a penalised source.
    DroppedPenalised = "dropped-penalised",
    /// The listener recorded a penalty for a source.
    Penalty = "penalty",
    /// The time for logging in ran out.
    GraceTimeout = "grace-timeout",

    /// A connection was accepted by the listener.
    Connected = "connected",
    /// The client sent nothing before it hung up.
    NoIdentification = "no-identification",
    /// The client speaks another protocol.
    BadProtocol = "bad-protocol",
    /// The client is a known scanner or prober.
    Probed = "probed",
    /// No algorithm is common to both sides.
    NegotiationFailed = "negotiation-failed",
    /// A packet was damaged or is none.
    PacketCorrupt = "packet-corrupt",
    /// The peer closed the connection.
    Closed = "closed",
    /// The peer reset the connection.
    Reset = "reset",
    /// Reading from or writing to the peer failed.
    ConnectionError = "connection-error",
    /// The peer said goodbye with a reason.
    ReceivedDisconnect = "received-disconnect",
    /// The connection ended after such a goodbye.
    Disconnected = "disconnected",
    /// The server ended the connection with a reason.
    Disconnecting = "disconnecting",
    /// The connection carried IP options.
    IpOptions = "ip-options",

    /// A login succeeded.
    Accepted = "accepted",
    /// One attempt to authenticate failed.
    AuthFailed = "auth-failed",
    /// Authentication is under way.
    AuthProgress = "auth-progress",
    /// The user does not exist, or may not log in.
    InvalidUser = "invalid-user",
    /// The user is refused by a rule of sshd.
    UserDenied = "user-denied",
    /// Root is refused.
    RootRefused = "root-refused",
    /// PAM refused the password or the like.
    PamFailure = "pam-failure",
    /// PAM refused the account.
    PamDenied = "pam-denied",
    /// A key file or a home directory has too wide permissions.
    StrictModes = "strict-modes",
    /// A key is in the file of revoked keys, or that file cannot be read, which refuses every key.
    KeyRevoked = "key-revoked",
    /// A key or certificate was not taken, or a list of keys could not be used.
    KeyRefused = "key-refused",
    /// sshd could not go through with a login.
    LoginFault = "login-fault",
    /// sshd ended a connection for a reason that no rule knows.
    Ended = "ended",
    /// A session could not be set up.
    SessionFault = "session-fault",
    /// The chroot directory is not acceptable.
    ChrootRefused = "chroot-refused",
    /// More attempts than MaxAuthTries.
    TooManyFailures = "too-many-failures",
    /// RefuseConnection applied.
    RefusedByMatch = "refused-by-match",
    /// The name of the client does not lead back to its address.
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
    /// The client no longer answered: ClientAlive.
    ClientAliveTimeout = "client-alive-timeout",

    /// TCP wrappers refused the client.
    WrapperRefused = "wrapper-refused",
    /// hosts.allow or hosts.deny has a fault.
    WrapperFault = "wrapper-fault",

    /// A tool banned a source.
    Banned = "banned",
    /// A ban that a tool announced was not carried out.
    BanFailed = "ban-failed",
    /// A tool lifted a ban.
    Unbanned = "unbanned",
    /// A tool saw an attack but has banned the source already.
    AlreadyBanned = "already-banned",
    /// A tool left a source alone on purpose.
    BanIgnored = "ban-ignored",
    /// A tool counted a failure.
    FailureCounted = "failure-counted",
    /// A banning tool itself has a fault.
    BanToolFault = "ban-tool-fault",

    /// The connection tracking table is full.
    ConntrackFull = "conntrack-full",
    /// Connection requests exceed the queue of a listening port.
    ListenQueue = "listen-queue",
    /// The kernel killed a process for memory.
    OomKill = "oom-kill",
    /// The kernel refused a new process.
    ForkRejected = "fork-rejected",
    /// The kernel has no more file structures.
    FileTableFull = "file-table-full",
    /// The packet filter logged a packet that it stopped.
    PacketBlocked = "packet-blocked",
    /// SELinux, AppArmor or a capability that is missing denied something to sshd.
    AccessDenied = "access-denied",

    /// systemd closed the socket: activated too often.
    TriggerLimit = "trigger-limit",
    /// A socket unit or super-server dropped a connection over its limit.
    SocketLimit = "socket-limit",
    /// A unit of sshd failed.
    UnitFailed = "unit-failed",
    /// A unit of sshd was started or stopped.
    UnitChanged = "unit-changed",

    /// A known line that says nothing about a failure.
    Noted = "noted",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
    }
}
