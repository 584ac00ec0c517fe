//! The keys that the server offers, and which of them are those that were expected.

use std::path::Path;

use sshmend_known_hosts::{HostKey, NoContent, OfferedKeys, Target};
use sshmend_lossless::{FileImage, Snapshot, quoted};

use super::wish::KnownHostsWish;
use crate::plan::Refusal;

/// The keys that the server offers.
pub(super) enum Offered {
    /// It was asked, and offers these; never empty.
    Keys(OfferedKeys),
    /// It was asked and gave none; with the reason if a program reported one.
    Nothing(Option<String>),
    /// It was not asked: why, and what to do about it.
    NotAsked(&'static str, &'static str),
}

impl Offered {
    /// The offered keys; `None` while the request is unanswered.
    pub(super) fn read(
        snapshot: &Snapshot,
        wish: &KnownHostsWish,
        target: &Target,
    ) -> Option<Self> {
        if !wish.live {
            return Some(Self::NotAsked(
                "no connection is made below --root",
                "pin the key on the running machine",
            ));
        }
        if wish.offline {
            return Some(Self::NotAsked("--offline", "leave out --offline"));
        }
        let Some(argv) = target.keyscan() else {
            return Some(Self::NotAsked(
                "ssh reaches it through a proxy",
                "pin the key on a machine that reaches it directly",
            ));
        };
        Some(match snapshot.command(&argv)? {
            Err(reason) => Self::Nothing(Some(format!("ssh-keyscan: {reason}"))),
            Ok(output) => {
                let offer = OfferedKeys::parse(&output.stdout);
                if offer.keys.is_empty() {
                    Self::Nothing(complaint(&output.stderr))
                } else {
                    Self::Keys(offer)
                }
            }
        })
    }

    /// The keys; empty if it was not asked or gave none.
    pub(super) fn keys(&self) -> Vec<HostKey> {
        match self {
            Self::Keys(offer) => offer.host_keys(),
            Self::Nothing(_) | Self::NotAsked(..) => Vec::new(),
        }
    }

    /// Each key by itself if there are several, for comparison by eye.
    pub(super) fn each(&self) -> Vec<String> {
        match self.keys().as_slice() {
            [] | [_] => Vec::new(),
            several => several
                .iter()
                .map(|key| described(std::slice::from_ref(key)))
                .collect(),
        }
    }

    /// A description in one sentence.
    pub(super) fn told(&self, target: &Target) -> String {
        let (host, port) = (&target.host, target.port);
        match self {
            Self::Keys(offer) => format!(
                "{host} port {port} was asked and now offers {}; compare with what `ssh-keygen -l -f KEY.pub` prints on \
                 the server's own console, then pin it with --expect-fingerprint",
                match offer.host_keys().as_slice() {
                    [only] => described(std::slice::from_ref(only)),
                    several => format!("{} keys", several.len()),
                }
            ),
            Self::Nothing(why) => {
                let why = why
                    .as_ref()
                    .map(|why| format!(" ({why})"))
                    .unwrap_or_default();
                format!("{host} port {port} was asked for its keys and returned none{why}")
            }
            Self::NotAsked(why, _) => {
                format!("{host} port {port} was not asked for its keys: {why}")
            }
        }
    }
}

/// The last thing that ssh-keyscan complained of; its `#` lines only repeat the server's identification.
fn complaint(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    text.lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
}

/// The keys that are both expected and offered.
pub(super) fn verified(
    snapshot: &Snapshot,
    wish: &KnownHostsWish,
    target: &Target,
    offered: &Offered,
) -> Result<Vec<HostKey>, Refusal> {
    let mut expected = wish.expected.clone();
    if let Some(path) = &wish.key_file {
        expected.extend(keys_in(snapshot, path)?.iter().map(HostKey::fingerprint));
    }
    let offer = match offered {
        Offered::Keys(offer) => offer,
        Offered::Nothing(_) => {
            let hint = format!(
                "find out first why it does not answer: sshmend diagnose {}",
                named(wish)
            );
            return Err(Refusal::refused(offered.told(target), hint));
        }
        Offered::NotAsked(_, hint) => return Err(Refusal::refused(offered.told(target), *hint)),
    };
    let keys = offer.matching(&expected);
    if keys.is_empty() {
        let reason = format!(
            "{} offers {}, none of which is expected",
            target.host,
            described(&offer.host_keys())
        );
        return Err(Refusal::refused(
            reason,
            "do not connect before someone at the server's console explains it",
        ));
    }
    Ok(keys)
}

/// The destination as a word of a command line.
fn named(wish: &KnownHostsWish) -> String {
    let host = &wish.destination.host;
    match wish.destination.port {
        None => quoted(host),
        Some(port) if host.contains(':') => quoted(&format!("[{host}]:{port}")),
        Some(port) => quoted(&format!("{host}:{port}")),
    }
}

fn keys_in(snapshot: &Snapshot, path: &Path) -> Result<Vec<HostKey>, Refusal> {
    let offer = OfferedKeys::parse(&image(snapshot, path)?.bytes);
    if let Some((line, problem)) = offer.problems.first() {
        return Err(Refusal::Refused {
            reason: format!("{}:{line}: {problem}", path.display()),
            hint: problem.hint().map(str::to_owned),
        });
    }
    Ok(offer.host_keys())
}

/// A file that was named by hand.
pub(super) fn image<'s>(snapshot: &'s Snapshot, path: &Path) -> Result<&'s FileImage, Refusal> {
    let why = match snapshot.read(path) {
        Ok(Some(image)) => return Ok(image),
        Ok(None) => NoContent::NotThere,
        Err(why) => {
            let hint = why.hint().unwrap_or("name another file");
            return Err(Refusal::refused(format!("{}: {why}", path.display()), hint));
        }
    };
    Err(Refusal::refused(
        format!("{}: {why}", path.display()),
        why.hint(),
    ))
}

fn described(keys: &[HostKey]) -> String {
    let keys = keys
        .iter()
        .map(|key| format!("{} {}", key.key_type().name(), key.fingerprint()));
    keys.collect::<Vec<_>>().join(", ")
}
