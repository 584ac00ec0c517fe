//! The results of our own connections: how the server's end behaves before login.
//!
//! From 9.8 on, each connection that ends without an attempt to log in earns its address a second
//! of penalty, and it counts for fail2ban in its strict modes: so there are few of them, and the
//! caller waits for [`dial_pause`] between them.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use sshmend_lossless::{Dial, DialEnd, Dialled, Request};

use crate::Facts;

/// The pause that the caller keeps before the next connection, once one did not work: what holds a client off often
/// counts for some seconds.
pub const DIAL_PAUSE: Duration = Duration::from_secs(5);

/// The pause while all connections work: by then the second of penalty that sshd imposes for a
/// connection without a login is over, so that penalties do not add up.
pub const DIAL_PAUSE_WORKING: Duration = Duration::from_secs(1);

/// The most connections to make, for all addresses together.
///
/// One of them is left to the real client.
pub const DIAL_LIMIT: usize = 6;

/// The most of them to make ourselves.
const TRIES: usize = DIAL_LIMIT - 1;

/// libwrap keeps a client waiting for five seconds; a name server for ten or more.
const DEADLINE: Duration = Duration::from_secs(15);

/// Our identification (RFC 4253, 4.2); the server answers with its list of algorithms.
const IDENTIFICATION: &[u8] = b"SSH-2.0-sshmend_probe\r\n";

/// The time that libwrap waits before it closes (`clean_exit`, `sleep(5)`), with some tolerance.
const WRAPPERS_PAUSE: std::ops::Range<Duration> =
    Duration::from_millis(4_500)..Duration::from_millis(7_000);

/// A slow line and a busy machine take less than this to close.
const AT_ONCE: Duration = Duration::from_secs(2);

/// The behaviour of the server's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The port is closed, or a packet filter rejects.
    Refused,
    /// There is no route to it.
    Unreachable,
    /// The TCP handshake was not answered.
    Unanswered,
    /// A line that the listener writes when it drops a connection.
    Dropped(String),
    /// An identification of SSH 1 alone.
    OldProtocol(String),
    /// Other text, and no SSH.
    OtherText(String),
    /// Closed or reset after the pause of libwrap, without sending anything.
    ClosedAfterPause,
    /// Closed or reset at once, without sending anything.
    ClosedAtOnce {
        /// Whether by a reset and not in order.
        reset: bool,
    },
    /// Closed or reset after a longer silence of this many seconds, without sending anything.
    ClosedLate(u64),
    /// The connection is open, and nothing arrives.
    Silent,
    /// An SSH identification came, and then the end.
    ClosedAfterBanner {
        /// The identification string that came before.
        banner: String,
        /// Whether by a reset and not in order.
        reset: bool,
    },
    /// An SSH identification came, but no list of algorithms.
    SilentAfterBanner(String),
    /// The key exchange began: the server works up to that point.
    Works(String),
    /// The operating system reports another error.
    Failed(String),
}

/// The results of our own connections to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// The number of connections.
    pub made: usize,
    /// Those that came as far as the key exchange.
    pub worked: usize,
}

/// An address with everything that connections to it showed, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The address.
    pub to: SocketAddr,
    /// The result of each connection, in order.
    pub replies: Vec<Reply>,
}

/// One connection to the first address of each family. Further ones follow one by one up to the
/// limit, as long as the first answer of an address may be random: then one connection that works
/// says nothing about the next.
fn next_dials(tried: &[Tried]) -> impl Iterator<Item = Dial> {
    let made: usize = tried.iter().map(|at| at.replies.len()).sum();
    let mut open: Vec<&Tried> = tried
        .iter()
        .filter(|at| at.replies.first().is_none_or(Reply::is_by_chance))
        .collect();
    // The addresses take turns.
    open.sort_by_key(|at| at.replies.len());
    open.into_iter()
        .take(TRIES.saturating_sub(made))
        .map(|at| dial(at.to, at.replies.len()))
}

/// The pause before the next connection, depending on the result of the last one.
pub fn dial_pause(last: &Dialled) -> Duration {
    match reply(last) {
        Reply::Works(_) => DIAL_PAUSE_WORKING,
        _ => DIAL_PAUSE,
    }
}

/// Each attempt needs its own key: its number is added to the time limit.
fn dial(to: SocketAddr, number: usize) -> Dial {
    let deadline = DEADLINE + Duration::from_millis(u64::try_from(number).unwrap_or(0));
    Dial {
        to,
        say: IDENTIFICATION.to_vec(),
        deadline,
    }
}

impl Facts<'_> {
    /// The results of our own connections, for the first address of each family.
    pub fn tried(&self) -> Vec<Tried> {
        let tried = self.first_addresses().into_iter().map(|to| Tried {
            to,
            replies: self.replies(to),
        });
        let mut tried: Vec<Tried> = tried.collect();
        for dial in next_dials(&tried) {
            self.look_for(Request::Dial(dial));
        }
        tried.retain(|tried| !tried.replies.is_empty());
        tried
    }

    /// The results of our own connections; `None` if none was made.
    pub fn connections(&self) -> Option<Connections> {
        let replies: Vec<Reply> = self.tried().into_iter().flat_map(|at| at.replies).collect();
        let worked = |reply: &&Reply| matches!(reply, Reply::Works(_));
        (!replies.is_empty()).then(|| Connections {
            made: replies.len(),
            worked: replies.iter().filter(worked).count(),
        })
    }

    fn first_addresses(&self) -> Vec<SocketAddr> {
        let addresses = self.addresses().unwrap_or_default();
        let Some((_, port)) = self.first_hop() else {
            return Vec::new();
        };
        let first = |family: fn(&IpAddr) -> bool| addresses.iter().copied().find(family);
        let both = [first(IpAddr::is_ipv6), first(IpAddr::is_ipv4)];
        both.into_iter()
            .flatten()
            .map(|address| SocketAddr::new(address, port))
            .collect()
    }

    fn replies(&self, to: SocketAddr) -> Vec<Reply> {
        (0..TRIES)
            .flat_map(|number| self.snapshot.dialled(&dial(to, number)))
            .map(Reply::of)
            .collect()
    }
}

fn reply(dialled: &Dialled) -> Reply {
    let Some(connected) = dialled.connected_after else {
        return match &dialled.end {
            DialEnd::Refused | DialEnd::Reset => Reply::Refused,
            DialEnd::Unreachable => Reply::Unreachable,
            DialEnd::Silence => Reply::Unanswered,
            DialEnd::Failed(why) => Reply::Failed(why.clone()),
            DialEnd::Closed | DialEnd::Enough => {
                Reply::Failed("closed before it was established".to_owned())
            }
        };
    };
    let bytes = dialled.bytes();
    let lines = String::from_utf8_lossy(&bytes);
    let reset = dialled.end == DialEnd::Reset;
    match lines.lines().find(|line| line.starts_with("SSH-")) {
        Some(banner) if !banner.starts_with("SSH-2.") && !banner.starts_with("SSH-1.99-") => {
            Reply::OldProtocol(banner.to_owned())
        }
        Some(banner) => after_banner(banner, &bytes, dialled),
        None if bytes.is_empty() => wordless(
            dialled.ended_after.saturating_sub(connected),
            &dialled.end,
            reset,
        ),
        None => text(lines.lines().next().unwrap_or_default()),
    }
}

fn wordless(stood: Duration, end: &DialEnd, reset: bool) -> Reply {
    match end {
        DialEnd::Silence => Reply::Silent,
        DialEnd::Failed(why) => Reply::Failed(why.clone()),
        _ if WRAPPERS_PAUSE.contains(&stood) => Reply::ClosedAfterPause,
        _ if stood < AT_ONCE => Reply::ClosedAtOnce { reset },
        _ => Reply::ClosedLate(stood.as_secs()),
    }
}

/// The two lines of `drop_connection` (sshd.c, 8.2 to 9.7, and from 9.8 on).
fn text(line: &str) -> Reply {
    match line {
        "Exceeded MaxStartups" | "Not allowed at this time" => Reply::Dropped(line.to_owned()),
        _ => Reply::OtherText(line.to_owned()),
    }
}

fn after_banner(banner: &str, bytes: &[u8], dialled: &Dialled) -> Reply {
    let banner = banner.to_owned();
    let end = bytes
        .windows(4)
        .position(|window| window == b"SSH-")
        .unwrap_or(0);
    let rest = bytes[end..]
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(0, |feed| bytes.len() - end - feed - 1);
    match (&dialled.end, rest) {
        (_, 1..) => Reply::Works(banner),
        (DialEnd::Reset, 0) => Reply::ClosedAfterBanner {
            banner,
            reset: true,
        },
        (DialEnd::Closed, 0) => Reply::ClosedAfterBanner {
            banner,
            reset: false,
        },
        _ => Reply::SilentAfterBanner(banner),
    }
}

impl Reply {
    /// Classifies a connection, whether something was sent on it or not.
    pub fn of(dialled: &Dialled) -> Self {
        reply(dialled)
    }

    /// Whether the other end identifies itself as an SSH server of today.
    pub fn identifies(&self) -> bool {
        matches!(
            self,
            Self::Works(_) | Self::SilentAfterBanner(_) | Self::ClosedAfterBanner { .. }
        )
    }

    /// Whether sshd is working at the other end, even if it is full or refuses us; libwrap hangs up
    /// after a pause, without sending anything.
    pub fn serves(&self) -> bool {
        let refused = matches!(self, Self::ClosedAfterPause)
            || matches!(self, Self::ClosedLate(seconds) if *seconds >= WRAPPERS_PAUSE.start.as_secs());
        refused || self.identifies() || matches!(self, Self::Dropped(_))
    }

    /// Whether the next connection may end differently, because the server counts connections or
    /// several machines share the address.
    fn is_by_chance(&self) -> bool {
        matches!(
            self,
            Self::Works(_)
                | Self::Dropped(_)
                | Self::ClosedAtOnce { .. }
                | Self::ClosedAfterBanner { .. }
        )
    }

    /// The observation, for evidence.
    pub fn text(&self) -> String {
        match self {
            Self::Refused => "connection refused".to_owned(),
            Self::Unreachable => "no route to the host".to_owned(),
            Self::Unanswered => "no answer to the TCP handshake".to_owned(),
            Self::Dropped(line) | Self::OtherText(line) => {
                format!("answers {line:?} instead of SSH")
            }
            Self::OldProtocol(banner) => format!("says {banner}"),
            Self::ClosedAfterPause => {
                "silence for five seconds, then closed without a message".to_owned()
            }
            Self::ClosedAtOnce { reset: true } => {
                "connected, then reset at once without a message".to_owned()
            }
            Self::ClosedAtOnce { reset: false } => {
                "connected, then closed at once without a message".to_owned()
            }
            Self::ClosedLate(seconds) => {
                format!(
                    "connected, then silence for {seconds} seconds, then closed without a message"
                )
            }
            Self::Silent => format!("connected, then silence for {} seconds", DEADLINE.as_secs()),
            Self::ClosedAfterBanner { banner, reset } => {
                format!(
                    "says {banner}, then {} the connection",
                    if *reset { "resets" } else { "closes" }
                )
            }
            Self::SilentAfterBanner(banner) => format!("says {banner}, then nothing"),
            Self::Works(banner) => format!("says {banner} and begins the key exchange"),
            Self::Failed(why) => why.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(received: &[(u64, &str)], end: DialEnd, ended: u64) -> Reply {
        let millis = Duration::from_millis;
        let received = received
            .iter()
            .map(|(at, text)| (millis(*at), text.as_bytes().to_vec()))
            .collect();
        reply(&Dialled {
            connected_after: Some(millis(1)),
            received,
            end,
            ended_after: millis(ended),
        })
    }

    #[test]
    fn server_replies_are_distinguished() {
        let banner = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";
        let ssh = || "SSH-2.0-OpenSSH_9.2p1 Debian-2".to_owned();
        let cases = [
            (after(&[], DialEnd::Closed, 5_010), Reply::ClosedAfterPause),
            (after(&[], DialEnd::Reset, 5_010), Reply::ClosedAfterPause),
            (
                after(&[], DialEnd::Reset, 3),
                Reply::ClosedAtOnce { reset: true },
            ),
            (
                after(&[], DialEnd::Closed, 3),
                Reply::ClosedAtOnce { reset: false },
            ),
            (after(&[], DialEnd::Silence, 15_000), Reply::Silent),
            (after(&[], DialEnd::Closed, 3_005), Reply::ClosedLate(3)),
            (after(&[], DialEnd::Closed, 9_005), Reply::ClosedLate(9)),
            (
                after(&[(2, "Exceeded MaxStartups\r\n")], DialEnd::Closed, 3),
                Reply::Dropped("Exceeded MaxStartups".into()),
            ),
            (
                after(&[(2, "Not allowed at this time\r\n")], DialEnd::Closed, 3),
                Reply::Dropped("Not allowed at this time".into()),
            ),
            (
                after(&[(2, "220 mail ESMTP\r\n")], DialEnd::Closed, 3),
                Reply::OtherText("220 mail ESMTP".into()),
            ),
            (
                after(&[(2, "SSH-1.5-1.2.27\n")], DialEnd::Silence, 15_000),
                Reply::OldProtocol("SSH-1.5-1.2.27".into()),
            ),
            (
                after(&[(2, banner)], DialEnd::Reset, 5),
                Reply::ClosedAfterBanner {
                    banner: ssh(),
                    reset: true,
                },
            ),
            (
                after(&[(2, banner)], DialEnd::Silence, 15_000),
                Reply::SilentAfterBanner(ssh()),
            ),
            (
                after(&[(2, banner), (4, "\0\0\u{4}")], DialEnd::Enough, 5),
                Reply::Works(ssh()),
            ),
            (
                after(
                    &[(1, "Welcome\r\n"), (2, banner), (4, "\0")],
                    DialEnd::Enough,
                    5,
                ),
                Reply::Works(ssh()),
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn an_identification_and_the_patience_of_libwrap_are_answers() {
        let cases = [
            (
                after(&[(2, "SSH-2.0-OpenSSH_9.2\r\n")], DialEnd::Enough, 3),
                true,
                true,
            ),
            (
                after(&[(2, "Not allowed at this time\r\n")], DialEnd::Closed, 3),
                false,
                true,
            ),
            (after(&[], DialEnd::Closed, 5_010), false, true),
            (after(&[], DialEnd::Closed, 7_500), false, true),
            (after(&[], DialEnd::Reset, 3), false, false),
            (after(&[], DialEnd::Silence, 8_000), false, false),
            (
                after(&[(2, "220 mail ESMTP\r\n")], DialEnd::Closed, 5_010),
                false,
                false,
            ),
        ];
        for (reply, identifies, serves) in cases {
            let found = (reply.identifies(), reply.serves());
            assert_eq!(found, (identifies, serves), "{reply:?}");
        }
    }

    #[test]
    fn connection_failures_are_distinguished() {
        let failed = |end| {
            reply(&Dialled {
                connected_after: None,
                received: vec![],
                end,
                ended_after: DEADLINE,
            })
        };
        assert_eq!(failed(DialEnd::Refused), Reply::Refused);
        assert_eq!(failed(DialEnd::Unreachable), Reply::Unreachable);
        assert_eq!(failed(DialEnd::Silence), Reply::Unanswered);
    }
}
