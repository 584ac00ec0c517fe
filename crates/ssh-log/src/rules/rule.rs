//! A known message, and what a message means by it.

use crate::cause::CauseName;
use crate::event::Stage;
use crate::kind::Kind;
use crate::template::Fields;

/// A known message: its text, the event, and the cause that it indicates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(super) template: &'static str,
    pub(super) kind: Kind,
    pub(super) cause: Option<CauseName>,
    pub(super) voice: Voice,
}

/// The extent to which the words alone show that sshd wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// No other program uses these words.
    Own,
    /// Other programs use them too, as the client does for the same event.
    Shared,
    /// Only sshd uses them, but the event may be harmless: other keys than the damaged one are left.
    Unsure,
    /// Any program may use them: not accepted without the name of the program.
    Anybody,
}

impl Meaning<'_> {
    /// Notes what the tag of a message of sshd tells.
    #[inline]
    pub(super) fn settle(&mut self, stage: Stage) {
        self.stage = stage;
        // A tag of the unprivileged half and a user are of sshd alone.
        if self.voice == Voice::Shared && (stage != Stage::Unknown || self.fields.user.is_some()) {
            self.voice = Voice::Own;
        }
    }

    /// Whether the line does not prove its cause, given whether it names its program.
    pub(crate) fn is_vague(&self, named: bool) -> bool {
        match self.voice {
            Voice::Own => false,
            Voice::Unsure => true,
            Voice::Shared | Voice::Anybody => !named,
        }
    }
}

/// A recognised message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meaning<'a> {
    pub(crate) kind: Kind,
    pub(crate) cause: Option<CauseName>,
    pub(crate) stage: Stage,
    pub(super) voice: Voice,
    pub(crate) fields: Fields<'a>,
}

pub(super) const fn rule(template: &'static str, kind: Kind) -> Rule {
    Rule {
        template,
        kind,
        cause: None,
        voice: Voice::Own,
    }
}

pub(super) const fn of(cause: CauseName, template: &'static str, kind: Kind) -> Rule {
    Rule {
        template,
        kind,
        cause: Some(cause),
        voice: Voice::Own,
    }
}

/// The same, for words that others use too.
pub(super) const fn shared(rule: Rule) -> Rule {
    Rule {
        voice: Voice::Shared,
        ..rule
    }
}

/// The same, if the event may have had no effect.
pub(super) const fn unsure(rule: Rule) -> Rule {
    Rule {
        voice: Voice::Unsure,
        ..rule
    }
}

/// The same, for words that any program may use.
pub(super) const fn anybody(rule: Rule) -> Rule {
    Rule {
        voice: Voice::Anybody,
        ..rule
    }
}
