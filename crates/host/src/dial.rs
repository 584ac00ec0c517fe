//! Opens one TCP connection and observes it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use sshmend_lossless::{Dial, DialEnd, Dialled};

use crate::failure::reason;

/// Longer than TCP wrappers keep a client waiting before they close.
const PATIENCE: Duration = Duration::from_secs(8);

/// More than any greeting: a peer that sends this much is not an SSH server.
const MAX_BYTES: usize = 65536;

struct Watch<'a> {
    dial: &'a Dial,
    started: Instant,
    connected: Instant,
    said: bool,
    received: Vec<(Duration, Vec<u8>)>,
}

/// Opens the connection, sends the text that follows the server's first line, and reads until the
/// answer is complete.
///
/// A server that waits for the client to speak first is not an SSH server; it is sent the text
/// after [`PATIENCE`].
///
/// The answer is complete when a line that begins with `SSH-` has arrived and, if something was
/// sent, a reply to it.
pub(crate) fn dial(dial: &Dial) -> Dialled {
    let started = Instant::now();
    match TcpStream::connect_timeout(&dial.to, dial.deadline.max(Duration::from_millis(1))) {
        Err(error) => {
            // Without an IPv6 address there is no route. There always is an IPv4 address: in that
            // case no local port is free.
            let end = if error.kind() == io::ErrorKind::ConnectionReset {
                DialEnd::Refused
            } else if error.kind() == io::ErrorKind::AddrNotAvailable && dial.to.is_ipv6() {
                DialEnd::Unreachable
            } else {
                end_of(&error)
            };
            Dialled {
                connected_after: None,
                received: Vec::new(),
                end,
                ended_after: started.elapsed(),
            }
        }
        Ok(stream) => {
            let connected = Instant::now();
            let mut watch = Watch {
                dial,
                started,
                connected,
                said: false,
                received: Vec::new(),
            };
            let end = watch.until_the_end(&stream);
            drop(stream.shutdown(Shutdown::Both));
            let connected_after = Some(connected.duration_since(started));
            Dialled {
                connected_after,
                received: watch.received,
                end,
                ended_after: started.elapsed(),
            }
        }
    }
}

fn end_of(error: &io::Error) -> DialEnd {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => DialEnd::Refused,
        // With its interface down the address is unreachable as well.
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown => DialEnd::Unreachable,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => DialEnd::Reset,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => DialEnd::Silence,
        _ => DialEnd::Failed(reason(error)),
    }
}

impl Watch<'_> {
    fn until_the_end(&mut self, stream: &TcpStream) -> DialEnd {
        loop {
            match self.next(stream) {
                Ok(true) => {}
                Ok(false) => return DialEnd::Closed,
                Err(error) => return end_of(&error),
            }
            match self.is_enough(stream) {
                Ok(false) => {}
                Ok(true) => return DialEnd::Enough,
                Err(error) => return end_of(&error),
            }
        }
    }

    /// False if the peer has closed the connection.
    fn next(&mut self, mut stream: &TcpStream) -> io::Result<bool> {
        let mut piece = [0; 4096];
        let left = self.left()?;
        let waits = !self.said && !self.dial.say.is_empty() && left > PATIENCE;
        stream.set_read_timeout(Some(if waits { PATIENCE } else { left }))?;
        let length = match stream.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            Err(error) if waits && end_of(&error) == DialEnd::Silence => {
                return self.say(stream).map(|()| true);
            }
            other => other?,
        };
        if length > 0 {
            self.received.push((
                self.connected.elapsed(),
                piece.iter().take(length).copied().collect(),
            ));
        }
        Ok(length > 0)
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.dial.deadline.saturating_sub(self.started.elapsed());
        if left.is_zero() {
            Err(Errno::ETIMEDOUT.into())
        } else {
            Ok(left)
        }
    }

    fn is_enough(&mut self, stream: &TcpStream) -> io::Result<bool> {
        let bytes: Vec<u8> = self
            .received
            .iter()
            .flat_map(|(_, piece)| piece.iter().copied())
            .collect();
        if bytes.len() > MAX_BYTES {
            return Ok(true);
        }
        if self.said {
            return Ok(answered(&bytes));
        }
        if self.dial.say.is_empty() {
            return Ok(greeted(&bytes));
        }
        if bytes.contains(&b'\n') {
            self.say(stream)?;
        }
        Ok(false)
    }

    fn say(&mut self, mut stream: &TcpStream) -> io::Result<()> {
        self.said = true;
        stream.set_write_timeout(Some(self.left()?))?;
        stream.write_all(&self.dial.say)
    }
}

/// Whether something follows the version of an SSH server; from any other server all output is
/// wanted.
fn answered(bytes: &[u8]) -> bool {
    let mut lines = bytes
        .split_inclusive(|&byte| byte == b'\n')
        .skip_while(|line| !line.starts_with(b"SSH-"));
    lines.next().is_some_and(|version| version.ends_with(b"\n")) && lines.next().is_some()
}

/// A server may send other lines before its version (RFC 4253, 4.2).
fn greeted(bytes: &[u8]) -> bool {
    bytes
        .split_inclusive(|&byte| byte == b'\n')
        .any(|line| line.starts_with(b"SSH-") && line.ends_with(b"\n"))
}

#[cfg(test)]
mod tests {
    use std::io;

    use sshmend_lossless::DialEnd;

    use super::end_of;

    #[test]
    fn a_missing_route_is_reported_as_unreachable() {
        const ENETDOWN: i32 = 100;
        const ENETUNREACH: i32 = 101;
        const EHOSTUNREACH: i32 = 113;
        for errno in [ENETDOWN, ENETUNREACH, EHOSTUNREACH] {
            let error = io::Error::from_raw_os_error(errno);
            assert_eq!(end_of(&error), DialEnd::Unreachable, "{error}");
        }
    }
}
