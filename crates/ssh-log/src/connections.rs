//! Relates the lines of one connection to each other.
//!
//! sshd writes several lines for a connection, and those that name the cause often name no address
//! (`error: no more sessions`, `kex_exchange_identification: …`). Lines of the same process belong
//! together; so do lines with the same address and port, because another process writes after the
//! login than before it.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use jiff::Timestamp;

use crate::cache::Cache;
use crate::cause::CauseName;
use crate::event::{Account, Event, Peer, Source, Stage};
use crate::kind::Kind;
use crate::mixer::Mixer;
use crate::program::Program;

/// Remembers the latest connections of a log: a few thousand, whatever its length.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    processes: Cache<Connection>,
    /// Address and port of each login.
    logins: Cache<()>,
    /// Address and port of each attempt to log in, for logs without process numbers.
    attempts: Cache<()>,
    /// The latest ban that fail2ban announced: it logs the ban before the failure of its action.
    ban: Option<Ban>,
    nameless: Vec<Nameless>,
    keys: NearbyKeys,
}

/// The latest complaints about host keys in a log without process numbers.
#[derive(Debug, Clone, Copy, Default)]
struct NearbyKeys {
    /// The line about permissions that are too wide.
    modes: Option<u64>,
    /// The line about a key that could not be loaded.
    lacking: Option<u64>,
}

/// What is known of the connection that a process serves, in one line of the processor's cache.
#[derive(Debug, Clone, Default)]
#[repr(align(64))]
struct Connection {
    source: Option<Source>,
    /// When its last line was written, in seconds since 1970.
    seen: Option<i64>,
    attempted: bool,
    accepted: bool,
    ended: bool,
    /// A host key has permissions that are too wide.
    key_modes: bool,
    /// A host key could not be loaded.
    lacks_key: bool,
    cause: Option<CauseName>,
    unattributed: bool,
}

#[derive(Debug, Clone)]
struct Ban {
    pid: Option<u32>,
    cause: CauseName,
    source: Source,
}

/// A line without address in a log without process numbers (`sshd -E`): a line soon after it may
/// complete it.
#[derive(Debug, Clone, Copy)]
struct Nameless {
    cause: CauseName,
    line_number: u64,
}

/// A process number may be reused after this time.
const STALE_SECONDS: i64 = 15 * 60;
/// The largest distance between lines of one connection in a log without process numbers.
const NEARBY_LINES: u64 = 16;
/// The largest distance of complaints about host keys from the end of the start that they belong
/// to.
const KEY_LINES: u64 = 64;

impl Connections {
    pub(crate) fn new() -> Self {
        Self {
            processes: Cache::new(),
            logins: Cache::new(),
            attempts: Cache::new(),
            ban: None,
            nameless: Vec::new(),
            keys: NearbyKeys::default(),
        }
    }

    /// Completes an event from earlier lines, and remembers it.
    pub(crate) fn complete(&mut self, event: &mut Event<'_>, keys: Keys) {
        if event.program == Program::Fail2ban {
            event.account = self.ban(event);
            return;
        }
        if !event.program.is_server() || is_of_listener(event.kind) {
            event.account = alone(event);
            return;
        }
        match keys.process {
            Some(process) => self.complete_by_process(process, keys.source, event),
            None => self.complete_nearby(keys.source, event),
        }
    }

    /// A ban counts when it is announced, and no longer if its action fails.
    fn ban(&mut self, event: &mut Event<'_>) -> Account {
        match (event.kind, event.cause, &event.source) {
            (Kind::Banned, Some(cause), Some(source)) => {
                self.ban = Some(Ban {
                    pid: event.pid,
                    cause,
                    source: source.clone(),
                });
            }
            (Kind::BanFailed, ..) => {
                if let Some(ban) = self.ban.take().filter(|ban| ban.pid == event.pid) {
                    event.source = Some(ban.source);
                    return Account::Withdraws(ban.cause);
                }
            }
            _ => {}
        }
        alone(event)
    }

    fn complete_by_process(&mut self, process: u64, source: Option<u64>, event: &mut Event<'_>) {
        let logged_in = source.is_some_and(|source| self.logins.contains(source));
        let connection = self.processes.entry(process);
        if connection.is_over_for(event) {
            *connection = Connection::default();
        }
        connection.accepted |= logged_in;
        let has_port = event.source.as_ref().is_some_and(|at| at.port.is_some());
        event.is_untold_attempt = !connection.attempted && gives_up(event);
        connection.learn(event);
        event.settle_stage(connection.accepted);
        connection.explain(event);
        event.account = connection.account(event);
        if event.kind == Kind::Accepted {
            // With its port the source of the connection is that of the event.
            let login = source.filter(|_| has_port).or_else(|| {
                let at = connection.source.as_ref()?;
                Some(Host::new(event.host).source(at))
            });
            self.remember_login(login);
        } else if let Some(pid) = child_of(event) {
            let connection = Connection {
                accepted: true,
                ..connection.clone()
            };
            *self.processes.entry(Host::new(event.host).process(pid)) = connection;
        }
    }

    fn complete_nearby(&mut self, source: Option<u64>, event: &mut Event<'_>) {
        let logged_in = source.is_some_and(|source| self.logins.contains(source));
        event.settle_stage(logged_in);
        let has_port = event.source.as_ref().is_some_and(|at| at.port.is_some());
        let attempt = source.filter(|_| has_port);
        let attempted = attempt.is_some_and(|attempt| self.attempts.contains(attempt));
        event.is_untold_attempt = !attempted && gives_up(event);
        if let Some(attempt) = attempt.filter(|_| is_attempt(event.kind)) {
            self.attempts.entry(attempt);
        }
        if event.kind == Kind::HostKeyUnusable {
            self.keys.lacking = Some(event.line_number);
        }
        if event.cause == Some(CauseName::HostKeysPermissions) {
            self.keys.modes = Some(event.line_number);
        }
        let is_near = |at: Option<u64>| at.is_some_and(|at| at + KEY_LINES >= event.line_number);
        Connection {
            attempted,
            key_modes: is_near(self.keys.modes),
            lacks_key: is_near(self.keys.lacking),
            ..Connection::default()
        }
        .explain(event);
        self.remember_login(source.filter(|_| event.kind == Kind::Accepted));
        event.account = alone(event);
        let Some(cause) = event.cause else { return };
        self.nameless
            .retain(|nameless| nameless.line_number + NEARBY_LINES >= event.line_number);
        if event.source.is_none() {
            self.nameless.push(Nameless {
                cause,
                line_number: event.line_number,
            });
        } else if let Some(at) = self
            .nameless
            .iter()
            .position(|nameless| nameless.cause == cause)
        {
            self.nameless.remove(at);
            event.account = Account::Attributes(cause);
        }
    }

    fn remember_login(&mut self, source: Option<u64>) {
        if let Some(source) = source {
            self.logins.entry(source);
        }
    }
}

impl Connection {
    /// Whether the event belongs to a later connection of a process with the same number.
    fn is_over_for(&self, event: &Event<'_>) -> bool {
        let elsewhere = match (&self.source, &event.source) {
            (Some(ours), Some(theirs)) => {
                ours.port.is_some() && theirs.port.is_some() && ours != theirs
            }
            _ => false,
        };
        let stale = match (self.seen, event.time) {
            (Some(seen), Some(time)) => !self.accepted && time.as_second() - seen > STALE_SECONDS,
            _ => false,
        };
        let begins = matches!(event.kind, Kind::NoIdentification | Kind::BadProtocol)
            && event.source.is_none();
        event.kind == Kind::Connected || elsewhere || stale || (self.ended && begins)
    }

    fn learn(&mut self, event: &mut Event<'_>) {
        match &mut event.source {
            Some(source) => {
                if source.port.is_none()
                    && self
                        .source
                        .as_ref()
                        .is_some_and(|known| known.peer == source.peer)
                {
                    source.port = self.source.as_ref().and_then(|known| known.port);
                }
                if self.source.as_ref() != Some(source) {
                    self.source = Some(source.clone());
                }
            }
            None => event.source.clone_from(&self.source),
        }
        self.seen = event.time.map(Timestamp::as_second).or(self.seen);
        self.accepted |= event.kind == Kind::Accepted;
        self.attempted |= is_attempt(event.kind);
        self.ended |= is_end(event.kind);
        self.key_modes |= event.cause == Some(CauseName::HostKeysPermissions);
        self.lacks_key |= event.kind == Kind::HostKeyUnusable;
    }

    /// Removes the cause from an event that is only a consequence of earlier ones: a connection
    /// that ends for a reason is closed too, and a client that tried to log in did not vanish.
    fn explain(&self, event: &mut Event<'_>) {
        let other = self.cause.is_some() && self.cause != event.cause;
        let after = event.stage == Stage::AfterLogin;
        let before = event.stage == Stage::BeforeLogin;
        let follows = match event.cause {
            Some(CauseName::ClientVanished) => {
                let untold = event.kind == Kind::ConnectionError && !before;
                self.attempted || event.user.is_some() || other || after || untold
            }
            Some(CauseName::NotAnSshClient) => after,
            Some(CauseName::SshdNotRunning) => other,
            // A user's own ChrootDirectory fails with the same message.
            Some(CauseName::PrivsepDirectory) => event.kind == Kind::ChrootRefused && !before,
            // One unusable key may be harmless: what counts is whether any is left.
            Some(CauseName::HostKeysPermissions) => true,
            _ => false,
        };
        if follows {
            event.cause = None;
        } else if self.has_no_key(event) {
            event.cause = Some(if self.key_modes {
                CauseName::HostKeysPermissions
            } else {
                CauseName::HostKeysMissing
            });
        }
    }

    /// Whether it ends because no host key could be loaded. sshd also reports "No supported key
    /// exchange algorithms" for keys that HostKeyAlgorithms leaves out; only if the files are at
    /// fault has it complained about them before.
    fn has_no_key(&self, event: &Event<'_>) -> bool {
        let no_algorithm =
            event.kind == Kind::Broken && event.cause == Some(CauseName::AlgorithmMismatch);
        event.cause == Some(CauseName::HostKeysMissing) || no_algorithm && self.lacks_key
    }

    fn account(&mut self, event: &Event<'_>) -> Account {
        let fresh = event.cause.is_some() && event.cause != self.cause;
        if fresh {
            self.cause = event.cause;
            self.unattributed = self.source.is_none();
            return Account::Fresh;
        }
        match self.cause {
            Some(cause) if self.unattributed && self.source.is_some() => {
                self.unattributed = false;
                Account::Attributes(cause)
            }
            _ => Account::Again,
        }
    }
}

impl Event<'_> {
    fn settle_stage(&mut self, accepted: bool) {
        if self.stage == Stage::Unknown {
            self.stage = if accepted && self.kind != Kind::Accepted {
                Stage::AfterLogin
            } else if is_attempt(self.kind) {
                Stage::BeforeLogin
            } else {
                Stage::Unknown
            };
        }
    }
}

/// The account of a line that belongs to no connection.
fn alone(event: &Event<'_>) -> Account {
    let summary = matches!(
        event.kind,
        Kind::ThrottlingBegan
            | Kind::ThrottlingGoesOn
            | Kind::ThrottlingEnded
            | Kind::DropsCounted
            | Kind::Penalty
            | Kind::AlreadyBanned
    );
    if event.cause.is_some() && !summary {
        Account::Fresh
    } else {
        Account::Again
    }
}

/// Whether the listener writes such lines, about other processes' connections or about itself.
fn is_of_listener(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Listening
            | Kind::Stopped
            | Kind::Restarted
            | Kind::ListenerFault
            | Kind::Dropped
            | Kind::ThrottlingBegan
            | Kind::ThrottlingGoesOn
            | Kind::ThrottlingEnded
            | Kind::DropsCounted
            | Kind::DroppedPenalised
            | Kind::Penalty
    )
}

fn is_attempt(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::AuthFailed
            | Kind::AuthProgress
            | Kind::InvalidUser
            | Kind::UserDenied
            | Kind::RootRefused
            | Kind::PamFailure
            | Kind::PamDenied
            | Kind::StrictModes
            | Kind::KeyRevoked
            | Kind::KeyRefused
            | Kind::LoginFault
            | Kind::TooManyFailures
            | Kind::RefusedByMatch
    )
}

/// Whether the client disconnects after it has sent a user name.
fn gives_up(event: &Event<'_>) -> bool {
    let ends = matches!(event.kind, Kind::Closed | Kind::Reset | Kind::Disconnected);
    ends && event.user.is_some() && event.stage == Stage::BeforeLogin
}

fn is_end(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Closed
            | Kind::Reset
            | Kind::Disconnected
            | Kind::GraceTimeout
            | Kind::WrapperRefused
            | Kind::Probed
    )
}

/// The keys that relate a line to others of its connection, computed before its turn.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Keys {
    process: Option<u64>,
    source: Option<u64>,
}

impl Keys {
    #[inline]
    pub(crate) fn of(host: Host, process: Option<u32>, source: Option<&Source>) -> Self {
        Self {
            process: process.map(|pid| host.process(pid)),
            source: source.map(|at| host.source(at)),
        }
    }
}

fn child_of(event: &Event<'_>) -> Option<u32> {
    event
        .number
        .filter(|_| event.kind == Kind::SessionChild)
        .and_then(|number| u32::try_from(number).ok())
}

/// What all keys of a machine begin with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host(Mixer);

impl Host {
    pub(crate) fn new(name: &[u8]) -> Self {
        let mut hasher = Mixer::default();
        name.hash(&mut hasher);
        Self(hasher)
    }

    /// The key of a process. Most connections get the next number, which is remembered in the next place: the processor has
    /// that one at hand, where it would wait for any other.
    fn process(self, pid: u32) -> u64 {
        self.0.finish().wrapping_add(pid.into())
    }

    /// The key of an address and a port.
    fn source(self, source: &Source) -> u64 {
        match source.peer {
            // The most frequent kind: as one number it is mixed once, not once for each part.
            Peer::Address(IpAddr::V4(address)) => {
                let port = source.port.map_or(1 << 16, u64::from);
                self.key(&(u64::from(address.to_bits()) << 17 | port))
            }
            _ => self.key(source),
        }
    }

    fn key(self, of: &impl Hash) -> u64 {
        let Self(mut hasher) = self;
        of.hash(&mut hasher);
        hasher.finish()
    }
}
