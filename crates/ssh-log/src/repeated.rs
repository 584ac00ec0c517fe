//! What a line most often repeats from the one before: the machine, and the peer of the connection.

use std::net::Ipv4Addr;

use crate::connections::Host;
use crate::event::{Peer, ipv4};
use crate::start::Short;

/// The latest machine and the latest peer, with what was derived from their names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Repeated {
    host: Option<(Short, Host)>,
    address: Option<(Short, Ipv4Addr)>,
}

impl Repeated {
    /// The machine of this name.
    #[inline]
    pub(crate) fn host(&mut self, name: &[u8]) -> Host {
        let host = remembered(&mut self.host, name, |name| Some(Host::new(name)));
        host.unwrap_or_else(|| Host::new(name))
    }

    /// The peer that this text names, if it does.
    #[inline]
    pub(crate) fn peer(&mut self, text: &[u8]) -> Option<Peer> {
        match remembered(&mut self.address, text, ipv4) {
            Some(address) => Some(Peer::Address(address.into())),
            None => Peer::read(text),
        }
    }
}

/// What a short text means.
#[inline]
fn remembered<T: Copy>(
    latest: &mut Option<(Short, T)>,
    text: &[u8],
    read: impl Fn(&[u8]) -> Option<T>,
) -> Option<T> {
    let short = Short::new(text)?;
    match latest {
        Some((known, meaning)) if *known == short => Some(*meaning),
        _ => {
            let meaning = read(text)?;
            *latest = Some((short, meaning));
            Some(meaning)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_would_be_read() {
        let mut random = fastrand::Rng::with_seed(6);
        let mut repeated = Repeated::default();
        let texts: [&[u8]; 12] = [
            b"192.0.2.7",
            b"192.0.2.17",
            b"1.2.3.4",
            b"1.2.3",
            b"10.0.0.1",
            b"255.255.255.255",
            b"2001:db8::1",
            b"::ffff:192.0.2.7",
            b"gw.example.net",
            b"a-longer-name.example.net",
            b"UNKNOWN",
            b"",
        ];
        for _ in 0..5_000 {
            let text = texts[random.usize(..texts.len())];
            for _ in 0..random.usize(1..3) {
                assert_eq!(
                    repeated.peer(text),
                    Peer::read(text),
                    "{}",
                    text.escape_ascii()
                );
                let (one, other) = (repeated.host(text), Host::new(text));
                assert_eq!(
                    format!("{one:?}"),
                    format!("{other:?}"),
                    "{}",
                    text.escape_ascii()
                );
            }
        }
    }
}
