//! A message and its envelope, understood.

use jiff::Timestamp;

use crate::CauseName;
use crate::connections::Keys;
use crate::envelope::stamp::{number, word};
use crate::envelope::{Envelope, Head, pieces};
use crate::event::{Peer, Source, Stage};
use crate::kind::Kind;
use crate::program::Program;
use crate::rules::{self, Meaning};

/// What one line says by itself: all that needs no other line.
#[derive(Debug, Clone)]
pub(crate) struct Known<'a> {
    pub(crate) told: Told,
    pub(crate) host: &'a [u8],
    pub(crate) user: Option<&'a [u8]>,
    pub(crate) detail: &'a [u8],
}

/// The part of it that is not text of the line.
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
    /// The port of the other end, whether its address can be read or not.
    pub(crate) port: Option<u16>,
    pub(crate) number: Option<u64>,
    pub(crate) keys: Keys,
}

impl<'a> Known<'a> {
    fn new(
        envelope: &Envelope<'a>,
        program: Program,
        pid: Option<u32>,
        (repeats, verdict): (u64, Meaning<'a>),
    ) -> Self {
        let fields = &verdict.fields;
        let source = fields.addr.and_then(Peer::read).map(|peer| Source {
            peer,
            port: fields.port,
        });
        let mut told = Told {
            head: envelope.head,
            time: envelope.time,
            program,
            pid,
            repeats,
            kind: verdict.kind,
            cause: verdict.cause,
            is_vague: verdict.is_vague(program != Program::Bare),
            stage: verdict.stage,
            source,
            port: fields.port,
            number: fields.number,
            keys: Keys::default(),
        };
        told.keys = Keys::of(&told, envelope.host);
        Self {
            told,
            host: envelope.host,
            user: fields.user,
            detail: fields.detail.unwrap_or_default(),
        }
    }
}

/// Finds the message: as the program said it; where the program is not sure, as a message of sshd; where the envelope is
/// not known, wherever it stands.
pub(crate) fn understand<'a>(envelope: &Envelope<'a>) -> Option<Known<'a>> {
    // What surely is of another program is nothing here, whatever it says: most lines of a machine.
    if envelope.program == Program::Other && envelope.head >= Head::Cut {
        return None;
    }
    if let Some(verdict) = classify(envelope.program, envelope.message) {
        return Some(Known::new(
            envelope,
            envelope.program,
            envelope.pid,
            verdict,
        ));
    }
    match envelope.head {
        Head::Full | Head::Cut => None,
        // What looks like a machine and a program may be the first words of a message, or a mark before it.
        Head::Guessed => [
            Some(envelope.text),
            word(envelope.text).map(|(_, rest)| rest.trim_ascii_start()),
        ]
        .into_iter()
        .flatten()
        .find_map(|text| classify(Program::Bare, text))
        .map(|verdict| Known::new(envelope, Program::Bare, envelope.pid, verdict)),
        Head::None => {
            if let Some((program, pid, message)) = pieces::tagged(envelope.text) {
                let verdict = classify(program, message)?;
                return Some(Known::new(envelope, program, pid, verdict));
            }
            let verdict = rules::find(envelope.text)?;
            Some(Known::new(
                envelope,
                Program::Bare,
                envelope.pid,
                (1, verdict),
            ))
        }
    }
}

/// Whether a message of a program that surely wrote it is known.
pub(crate) fn is_known(program: Program, message: &[u8]) -> bool {
    program != Program::Other && classify(program, message).is_some()
}

/// Understands a message; rsyslog folds equal ones: `message repeated 3 times: [ Failed password for …]`.
fn classify(program: Program, message: &[u8]) -> Option<(u64, Meaning<'_>)> {
    let unfolded = || {
        let (times, rest) = number(message.strip_prefix(b"message repeated ")?)?;
        let inner = rest.strip_prefix(b" times: [")?.strip_suffix(b"]")?;
        Some((u64::from(times), inner.trim_ascii_start()))
    };
    let (repeats, message) = unfolded().unwrap_or((1, message));
    Some((repeats, rules::classify(program, message)?))
}
