//! A message together with its envelope.

use jiff::Timestamp;

use crate::CauseName;
use crate::connections::Keys;
use crate::envelope::stamp::{number, word};
use crate::envelope::{Envelope, Head, pieces};
use crate::event::{Source, Stage};
use crate::kind::Kind;
use crate::program::Program;
use crate::repeated::Repeated;
use crate::rules::{self, Meaning};

/// What one line says by itself, all that needs no other line: the meaning of its message and who wrote it.
#[derive(Debug, Clone)]
pub(crate) struct Known<'a> {
    program: Program,
    pid: Option<u32>,
    repeats: u64,
    meaning: Meaning<'a>,
}

/// The part of a known line that is not text of it.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) head: Head,
    pub(crate) time: Option<Timestamp>,
    pub(crate) program: Program,
    pub(crate) pid: Option<u32>,
    pub(crate) repeats: u64,
    pub(crate) kind: Kind,
    pub(crate) cause: Option<CauseName>,
    pub(crate) is_vague: bool,
    pub(crate) stage: Stage,
    pub(crate) source: Option<Source>,
    /// The port of the peer, whether its address can be parsed or not.
    pub(crate) port: Option<u16>,
    pub(crate) number: Option<u64>,
    pub(crate) keys: Keys,
}

/// The part of it that is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts<'a> {
    pub(crate) host: &'a [u8],
    pub(crate) user: Option<&'a [u8]>,
    pub(crate) detail: &'a [u8],
}

impl<'a> Known<'a> {
    #[inline(always)]
    fn new(program: Program, pid: Option<u32>, (repeats, meaning): (u64, Meaning<'a>)) -> Self {
        Self {
            program,
            pid,
            repeats,
            meaning,
        }
    }

    /// What it says with what its envelope says.
    #[inline(always)]
    pub(crate) fn told(&self, envelope: &Envelope<'_>, repeated: &mut Repeated) -> Told {
        let fields = &self.meaning.fields;
        let peer = fields.addr.and_then(|addr| repeated.peer(addr));
        let source = peer.map(|peer| Source {
            peer,
            port: fields.port,
        });
        let process = process_of(self.program, self.pid, &self.meaning, source.is_some());
        let keys = if self.program.is_server() {
            Keys::of(repeated.host(envelope.host), process, source.as_ref())
        } else {
            Keys::default()
        };
        Told {
            head: envelope.head,
            time: envelope.time,
            program: self.program,
            pid: self.pid,
            repeats: self.repeats,
            kind: self.meaning.kind,
            cause: self.meaning.cause,
            is_vague: self.meaning.is_vague(self.program != Program::Bare),
            stage: self.meaning.stage,
            keys,
            source,
            port: fields.port,
            number: fields.number,
        }
    }

    #[inline(always)]
    pub(crate) fn texts<'b>(&self, envelope: &Envelope<'b>) -> Texts<'b>
    where
        'a: 'b,
    {
        Texts {
            host: envelope.host,
            user: self.meaning.fields.user,
            detail: self.meaning.fields.detail.unwrap_or_default(),
        }
    }
}

/// The process that serves the connection: from 9.8 on the listener names it in lines of its own.
fn process_of(
    program: Program,
    pid: Option<u32>,
    meaning: &Meaning<'_>,
    has_source: bool,
) -> Option<u32> {
    let is_named = match meaning.kind {
        Kind::GraceTimeout => true,
        Kind::Crashed => has_source,
        _ => false,
    };
    let number = meaning
        .fields
        .number
        .filter(|_| is_named && program == Program::Sshd);
    number.and_then(|number| u32::try_from(number).ok()).or(pid)
}

/// Recognises the message: as the program wrote it; if the program is uncertain, as a message of
/// sshd; if the envelope is unknown, anywhere in the line.
#[inline(always)]
pub(crate) fn understand<'a>(envelope: &Envelope<'a>) -> Option<Known<'a>> {
    // A line that certainly belongs to another program is irrelevant whatever it says: most lines
    // of a machine are.
    if envelope.program == Program::Other && envelope.head >= Head::Cut {
        return None;
    }
    if let Some(verdict) = classify(envelope.program, envelope.message) {
        return Some(Known::new(envelope.program, envelope.pid, verdict));
    }
    match envelope.head {
        Head::Full | Head::Cut => None,
        // Text that looks like a machine and a program may be the first words of a message, or a
        // mark before it.
        Head::Guessed => [
            Some(envelope.text),
            word(envelope.text).map(|(_, rest)| rest.trim_ascii_start()),
        ]
        .into_iter()
        .flatten()
        .find_map(|text| classify(Program::Bare, text))
        .map(|verdict| Known::new(Program::Bare, envelope.pid, verdict)),
        Head::None => {
            if let Some((program, pid, message)) = pieces::tagged(envelope.text) {
                let verdict = classify(program, message)?;
                return Some(Known::new(program, pid, verdict));
            }
            let verdict = rules::find(envelope.text)?;
            Some(Known::new(Program::Bare, envelope.pid, (1, verdict)))
        }
    }
}

/// What rsyslog puts before a message that it has counted.
pub(crate) const FOLDED: &[u8] = b"message repeated ";

/// Recognises a message; rsyslog folds equal ones: `message repeated 3 times: [ Failed password for
/// …]`.
#[inline(always)]
fn classify(program: Program, message: &[u8]) -> Option<(u64, Meaning<'_>)> {
    let unfolded = || {
        let (times, rest) = number(message.strip_prefix(FOLDED)?)?;
        let inner = rest.strip_prefix(b" times: [")?.strip_suffix(b"]")?;
        Some((u64::from(times), inner.trim_ascii_start()))
    };
    let (repeats, message) = unfolded().unwrap_or((1, message));
    Some((repeats, rules::classify(program, message)?))
}
