//! The output of `ssh` itself: a pasted transcript, or the transcript of an attempt of our own.

use sshmend_lossless::Request;
use sshmend_ssh_log::transcript::{self, Attempt, Transcript};

use crate::Facts;
use crate::question::{Target, Vantage};
use crate::reply::Reply;
use crate::route::{Proxy, Route};

/// An attempt with the real client that asks nobody, changes nothing and never logs in: it stops
/// when the user would have to authenticate, and accepts no unknown key. Without a terminal a jump
/// host cannot ask either. It ends before the caller's time limit for a program.
const TRY: [&str; 25] = [
    "setsid",
    "--wait",
    "timeout",
    "18",
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
    "RemoteCommand=none",
    "-o",
    "ClearAllForwardings=yes",
    "-T",
];

/// Whether answering a request opens a connection to the server, so that the caller must keep
/// [`dial_pause`](crate::dial_pause) before it.
pub fn opens_connection(request: &Request) -> bool {
    match request {
        Request::Dial(_) => true,
        Request::Run(argv) => argv.iter().map(String::as_str).take(TRY.len()).eq(TRY),
        _ => false,
    }
}

/// The command line for an attempt with the real ssh.
pub fn attempt(target: &Target) -> Vec<String> {
    let end = [
        "--".to_owned(),
        target.destination.clone(),
        "exit".to_owned(),
    ];
    TRY.iter()
        .map(|&word| word.to_owned())
        .chain(target.options.iter().cloned())
        .chain(end)
        .collect()
}

impl Facts<'_> {
    /// The parsed paste; `None` if nothing was pasted.
    pub fn paste(&self) -> Option<&Transcript> {
        let Vantage::Transcript(text) = &self.question.vantage else {
            return None;
        };
        Some(self.cache.paste.get_or_init(|| transcript::read(text)))
    }

    /// The attempt that is judged, with the name of its source: for a paste the one in focus.
    pub fn transcript(&self) -> Option<(&str, &Attempt)> {
        if let Some(paste) = self.paste() {
            return paste
                .attempts
                .get(self.focus.get())
                .map(|attempt| ("transcript", attempt));
        }
        let read = || {
            self.printed()
                .and_then(|(source, text)| Some((source, transcript::read_one(text)?)))
        };
        let tried = self.cache.tried.get_or_init(read).as_ref();
        tried.map(|(source, attempt)| (source.as_str(), attempt))
    }

    /// The lines that the client printed, with their numbers: in a pasted transcript, those of the
    /// attempt in focus.
    fn numbered_lines(&self) -> Option<impl Iterator<Item = (usize, &str)>> {
        let (_, text) = self.printed()?;
        let paste = self.paste();
        let attempts = paste.map(|paste| &paste.attempts[..]);
        let lines = self
            .cache
            .lines
            .get_or_init(|| transcript::lines(text, attempts));
        let (first, last) = match paste {
            Some(paste) => paste.attempts.get(self.focus.get())?.lines,
            None => (1, usize::MAX),
        };
        let numbered = lines.iter().map(|(number, line)| (*number, line.as_str()));
        Some(numbered.filter(move |(number, _)| (first..=last).contains(number)))
    }

    /// The lines that the client printed.
    pub fn printed_lines(&self) -> Option<impl Iterator<Item = &str>> {
        Some(self.numbered_lines()?.map(|(_, line)| line))
    }

    /// The first line that holds these words, with its number.
    pub fn printed_line(&self, words: &str) -> Option<(usize, String)> {
        let line = self
            .numbered_lines()?
            .find(|(_, line)| line.contains(words));
        line.map(|(number, line)| (number, line.to_owned()))
    }

    /// The destination as given, if HostKeyAlias gives its key this name: ssh cannot reach it by
    /// any other.
    fn own_name(&self, refused: Option<&str>) -> Option<String> {
        let alias = self.route().ok()?.alias?;
        let target = self
            .question
            .target()
            .filter(|_| refused == Some(alias.as_str()))?;
        Some(target.port().map_or_else(
            || target.host().to_owned(),
            |port| format!("[{}]:{port}", target.host()),
        ))
    }

    /// The argument of `sshmend fix known-hosts` for the host whose key was refused: `HOST`, or
    /// `[HOST]:PORT`.
    pub fn known_as(&self) -> Option<String> {
        let (_, transcript) = self.transcript()?;
        let refused = transcript.known_as.as_deref();
        if let Some(own) = self.own_name(refused) {
            return Some(own);
        }
        if let Some(refused) = refused {
            return Some(refused.to_owned());
        }
        let printed = transcript
            .destination()
            .map(|host| (host.to_owned(), transcript.port));
        let (host, port) = match self.route() {
            Ok(route) => (route.host, Some(route.port)),
            Err(_) => printed?,
        };
        Some(
            port.filter(|port| *port != 22)
                .map_or_else(|| host.clone(), |port| format!("[{host}]:{port}")),
        )
    }

    /// The real client is tried once where our own connections went well, or cannot be made.
    fn may_try(&self) -> bool {
        let works = |reply: &Reply| matches!(reply, Reply::Works(_) | Reply::SilentAfterBanner(_));
        let behind = |route: Route| matches!(route.proxy, Proxy::Command(_));
        self.route().is_ok_and(behind)
            || self
                .tried()
                .iter()
                .any(|tried| tried.replies.iter().any(works))
    }

    fn printed(&self) -> Option<(String, &[u8])> {
        match &self.question.vantage {
            Vantage::Transcript(text) => Some(("transcript".to_owned(), text)),
            Vantage::Client(target) => {
                if !self.may_try() {
                    return None;
                }
                let output = self.run(&attempt(target)).ok()?;
                Some((format!("ssh -v {}", target.destination), &output.stderr))
            }
            Vantage::Server(_) => None,
        }
    }
}
