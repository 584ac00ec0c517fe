//! What clients, their libraries and what carries their connections print: one table for each family.

mod errors;
mod java;
mod libraries;
mod managed;
mod native;
mod openssh;
pub(super) mod plain;
mod programs;
mod proxies;
mod putty;
mod python;
mod row;
mod server;
mod terminals;
mod testers;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Reached, Software};
use crate::template::Template;

pub(super) use errors::{Phase, failure};

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// The implementation; the detail is its version.
    Version(Software),
    /// The connection came so far.
    Reached(Reached),
    /// The attempt to connect: its fields name host, address and port.
    Connecting,
    /// Whom a message is about, whatever the stage: its fields name host, address and port.
    Whom,
    /// The command that made the connection: the detail is what stands behind `ssh`.
    Typed,
    /// The proxy command.
    Proxy,
    /// The peer is `UNKNOWN port 65535`: there is a proxy, and this happened to its pipe.
    Pipe(Symptom),
    /// The server's identification.
    Server,
    /// Whom the client authenticates to: fields name host and port.
    Destination,
    /// The method of key exchange that both sides agreed on.
    Method,
    /// The server ended the connection with words of its own, which are the detail.
    Goodbye,
    /// A key is offered.
    KeyOffered,
    /// Text that the server sent instead of an identification.
    ServerText,
    /// The host key is refused; the field host is the name by which known_hosts knows the server.
    KnownAs(Symptom),
    /// Something went wrong.
    Symptom(Symptom),
    /// Something went wrong, in words of the operating system or of OpenSSH's `ssherr.c`, which are the detail.
    Failed(Phase),
    /// Something went wrong, in words of a library: all that they may mean, and how far the connection had come.
    Library(&'static [Symptom], Reached),
    /// A server of Git greets who logged in, and tells that it has no shell for anybody.
    Greeting,
    /// The name of an implementation.
    Name,
    /// A shell or a program that may carry the connection complains: that counts where the connection then fails.
    Aside,
    /// A message of sshd itself.
    OfServer,
    /// Something that goes wrong, as `ssh -v` alone tells it.
    Verbose(Symptom),
}

/// What the client saw go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Symptom {
    ConfigInvalid,
    /// The program does not fit the libraries that it finds.
    LibraryMismatch,
    NameUnknown,
    Refused,
    Unreachable,
    NoRoute,
    HostDown,
    NetworkDown,
    /// There is no address or port to connect from.
    NoAddress,
    /// This machine itself forbids the connection.
    Forbidden,
    ConnectReset,
    ConnectFailed,
    ConnectTimeout,
    ProxyError,
    /// What forwards the port reaches nobody behind it.
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
    /// The server ended the connection with words of its own.
    Goodbye,
    Closed,
    Reset,
    /// The connection stood, and then nobody acknowledged what was sent.
    Unanswered,
    /// The connection stood, and then the way to the host was gone.
    RouteLost,
    /// The connection stood, and then it was refused.
    RefusedLate,
    /// The operating system of the client ended the connection.
    Aborted,
    Mismatch,
    /// The cryptographic library does not do what was agreed on.
    CryptoPolicy,
    BadSignature,
    KeyTooShort,
    GroupRefused,
    HostKeyChanged,
    /// The same, of the entry for the address.
    HostKeyOfAddress,
    HostKeyRevoked,
    /// Its certificate is not valid.
    HostKeyCertificate,
    HostKeyUnknown,
    /// ssh asks whether to trust a key that is not known.
    HostKeyAsked,
    /// Without the reason.
    HostKeyRejected,
    TooManyFailures,
    Denied,
    /// The signatures that the key can make are not allowed.
    SignatureRefused,
    /// The server says that the account may not log in.
    AccountRefused,
    /// The server says that it has not started, or is about to stop.
    Booting,
    /// Tailscale answers in the place of sshd, and its policy refuses.
    TailnetRefused,
    SessionRefused,
    /// The login succeeded, and the server says that it takes no more sessions.
    SessionLimit,
    /// The login succeeded, and what was to run then could not be started.
    SessionFailed,
    /// The login succeeded, and the client could not open a port or socket that was to be forwarded.
    ForwardingFailed,
    /// The login succeeded, and the server did not open a port or socket that was to be forwarded.
    RemoteForwardingFailed,
    /// The login succeeded, and the server says that a setting forbids to forward.
    ForwardingForbidden,
    /// The login succeeded, and the server gave no terminal.
    NoTerminal,
    /// The login succeeded, and sftp could not be started.
    SubsystemFailed,
    /// A private key is not used, for others may read it.
    KeyIgnored,
    /// A private key cannot be read or is damaged.
    KeyUnreadable,
    /// A packet does not arrive as it was sent.
    Damaged,
    MultiplexStale,
    LostSession,
    /// Nothing more is printed although the connection stands.
    Stalled,
}

/// Where a message counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Wherever it stands: no other program says it.
    Anywhere,
    /// As a message of `ssh -v`.
    Debug,
    /// In the output of the implementation, which its own words show before or around it.
    Named,
    /// As [`Scope::Named`], and where it names port 22.
    Port,
    /// As the whole of a line, where nothing near it says more.
    Alone,
}

/// A message that is known.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) template: Template,
    pub(super) sign: Sign,
    pub(super) scope: Scope,
    pub(super) software: Option<Software>,
}

/// A pattern with what it says and where it counts.
type Row = (&'static str, Sign, Scope);

/// A family of messages with the implementation that they show.
type Family = (Option<Software>, &'static [Row]);

/// All messages, found by the two bytes that they begin with.
#[derive(Debug)]
pub(super) struct Table {
    entries: Vec<Entry>,
    by_lead: HashMap<[u8; 2], Vec<usize>>,
}

/// All messages; of two that match at one place the earlier one counts.
pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let own: &[Family] = &[
        (Some(Software::PortTester), testers::ROWS),
        (Some(Software::OpenSsh), openssh::BEFORE),
        (Some(Software::OpenSsh), openssh::CONNECTING),
        (Some(Software::OpenSsh), openssh::LATER),
        (Some(Software::Putty), putty::ROWS),
        (None, openssh::SHARED),
        (None, programs::ROWS),
        (None, proxies::ROWS),
        (None, server::ROWS),
    ];
    let all = own
        .iter()
        .chain(terminals::FAMILIES)
        .chain(libraries::FAMILIES);
    Table::new(all)
});

impl Table {
    fn new<'a>(families: impl Iterator<Item = &'a Family>) -> Self {
        let mut table = Self {
            entries: Vec::new(),
            by_lead: HashMap::new(),
        };
        for &(software, rows) in families {
            for &(pattern, sign, scope) in rows {
                let template = Template::new(pattern);
                let lead = [template.lead()[0], template.lead()[1]];
                table
                    .by_lead
                    .entry(lead)
                    .or_default()
                    .push(table.entries.len());
                table.entries.push(Entry {
                    template,
                    sign,
                    scope,
                    software,
                });
            }
        }
        table
    }

    /// The messages that may begin a text.
    pub(super) fn candidates(&self, text: &[u8]) -> impl Iterator<Item = &Entry> {
        let lead = text.first_chunk::<2>();
        let found = lead
            .and_then(|lead| self.by_lead.get(lead))
            .map(Vec::as_slice)
            .unwrap_or_default();
        found
            .iter()
            .map(|&at| &self.entries[at])
            .filter(move |entry| text.starts_with(entry.template.lead()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message that begins with a field or with one letter would be looked for at each byte of a text.
    #[test]
    fn every_message_begins_with_words_of_its_own() {
        for entry in &TABLE.entries {
            assert!(entry.template.lead().len() >= 4, "{entry:?}");
        }
    }
}
