//! What `ssh` itself says on its way: the transcript that was pasted, or that of a try of our own.

use sshmend_lossless::Request;
use sshmend_ssh_log::transcript::{self, Transcript};

use super::Facts;
use super::reply::Reply;
use super::route::Proxy;
use crate::ask::Ask;
use crate::question::{Target, Vantage};

/// A try of the real client that asks nobody, changes nothing and never logs in: it stops where the user would have to
/// prove who they are, and takes no key that is not known.
const TRY: [&str; 21] = [
    "timeout",
    "25",
    "ssh",
    "-v",
    "-o",
    "BatchMode=yes",
    "-o",
    "ConnectTimeout=15",
    "-o",
    "PreferredAuthentications=none",
    "-o",
    "StrictHostKeyChecking=yes",
    "-o",
    "UpdateHostKeys=no",
    "-o",
    "ControlPath=none",
    "-o",
    "PermitLocalCommand=no",
    "-o",
    "ClearAllForwardings=yes",
    "-T",
];

/// Whether answering a request opens a connection to the server, so that the caller keeps
/// [`DIAL_PAUSE`](crate::DIAL_PAUSE) before it.
pub fn opens_connection(request: &Request) -> bool {
    match request {
        Request::Dial(_) => true,
        Request::Run(argv) => argv.iter().map(String::as_str).take(TRY.len()).eq(TRY),
        _ => false,
    }
}

/// The real client is tried once where our own connections went well, or cannot be made.
pub(super) fn ask(ask: &mut Ask<'_>) {
    let facts = ask.facts;
    let (Some(target), Ok(route)) = (facts.question.target(), facts.route()) else { return };
    let behind = matches!(route.proxy, Proxy::Command(_));
    let works = |reply: &Reply| matches!(reply, Reply::Works(_) | Reply::SilentAfterBanner(_));
    if behind || facts.tried().iter().any(|tried| tried.replies.iter().any(works)) {
        ask.run(&attempt(target));
    }
}

fn attempt(target: &Target) -> Vec<String> {
    let end = ["--".to_owned(), target.destination.clone(), "exit".to_owned()];
    TRY.iter().map(|&word| word.to_owned()).chain(target.options.iter().cloned()).chain(end).collect()
}

impl Facts<'_> {
    /// What the client printed, understood; with the name of where it was printed.
    pub(crate) fn transcript(&self) -> Option<&(String, Transcript)> {
        self.cache.transcript.get_or_init(|| self.read_transcript()).as_ref()
    }

    /// The name and port by which known_hosts knows the destination: `HOST`, or `[HOST]:PORT`.
    pub(crate) fn known_as(&self) -> Option<String> {
        let printed =
            self.transcript().and_then(|(_, transcript)| Some((transcript.destination.clone()?, transcript.port)));
        let (host, port) = match self.route() {
            Ok(route) => (route.host, Some(route.port)),
            Err(_) => printed?,
        };
        Some(port.filter(|port| *port != 22).map_or_else(|| host.clone(), |port| format!("[{host}]:{port}")))
    }

    fn read_transcript(&self) -> Option<(String, Transcript)> {
        match &self.question.vantage {
            Vantage::Transcript(text) => Some(("transcript".to_owned(), transcript::read(text))),
            Vantage::Client(target) => {
                let output = self.run(&attempt(target)).ok()?;
                let command = format!("ssh -v {}", target.destination);
                Some((command, transcript::read(&output.stderr)))
            }
            Vantage::Server(_) => None,
        }
    }
}
