//! Where a rule wins: before the first one that may refuse whom it lets in.

use sshmend_lossless::{EditSet, dominant_ending};

use crate::answer::Answer;
use crate::client::Client;
use crate::connection::Connection;
use crate::draft::Draft;
use crate::extent::{Extent, NOWHERE};
use crate::list::ClientPattern;
use crate::logical::LINE_LIMIT;
use crate::options::{Accounts, Decision, Step};
use crate::pattern::{HostPattern, TextPattern};
use crate::rule::{Kind, Rule, trim};
use crate::table::{Table, TableLine, Tables, Which};
use crate::text::show;
use crate::wanted::Wanted;

/// What a rule does with a client that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Grants,
    Denies,
    /// An option error, another program, or something that cannot be known.
    Otherwise,
}

pub(crate) fn outcome(rule: &Rule, which: Which, accounts: &Accounts) -> Outcome {
    for option in &rule.options {
        match option.step(accounts) {
            Step::Next => {}
            Step::Decide(Decision::Allow) => return Outcome::Grants,
            Step::Decide(Decision::Deny) => return Outcome::Denies,
            Step::Ask(_) | Step::Doubtful(_) | Step::Decide(_) => return Outcome::Otherwise,
        }
    }
    if which == Which::Allow { Outcome::Grants } else { Outcome::Denies }
}

/// Whether a rule is for this daemon, on whatever address of the server.
pub(crate) fn asks_for(rule: &Rule, daemon: &str, tables: &Tables) -> Answer {
    let anyone = Client::new(NOWHERE).at(daemon);
    rule.matches_daemon(&Connection::new(&anyone, &tables.files))
}

impl Wanted {
    /// Whether a pattern of a rule means exactly the same clients.
    pub(crate) fn is_exactly(&self, pattern: &ClientPattern) -> bool {
        pattern.user.is_none() && Extent::of(&pattern.host).is_some_and(|extent| extent.is_same(self.extent()))
    }

    fn is_within(&self, pattern: &ClientPattern) -> bool {
        pattern.user.is_none() && Extent::of(&pattern.host).is_some_and(|extent| extent.contains(self.extent()))
    }

    /// A wildcard may match by the name, whatever the address.
    fn may_meet(&self, pattern: &ClientPattern) -> bool {
        matches!(pattern.host.pattern, HostPattern::Text(TextPattern::Wildcard(_)))
            || Extent::of(&pattern.host).is_none_or(|extent| extent.meets(self.extent()))
    }
}

/// Adds one rule for all patterns that none grants yet.
pub(crate) fn add_rules(draft: &mut Draft<'_>, patterns: &[Wanted], daemon: &str) {
    let mended = draft.preview();
    let mut missing = Vec::new();
    let mut at: Option<usize> = None;
    for wanted in patterns {
        let barrier = barrier(&mended, wanted, daemon);
        for correction in wanted.corrections() {
            draft.note(None, format!("{}: {correction}", wanted.word()));
        }
        match granted_by(&mended, wanted, daemon, barrier) {
            Some(line) => {
                let text = format!("{} is granted by this rule already: {}", wanted.word(), line.shown());
                draft.note(None, format!("{}: {text}", mended.allow.origin(line)));
            }
            None => {
                at = Some(at.unwrap_or(barrier).min(barrier));
                missing.push(wanted.word());
            }
        }
    }
    if let Some(at) = at {
        insert(draft, &mended, at, &missing, daemon);
    }
}

/// The index of the first rule that may refuse a client of the pattern, or at which libwrap stops reading.
fn barrier(tables: &Tables, wanted: &Wanted, daemon: &str) -> usize {
    let lines = &tables.allow.lines;
    let refuses = |line: &TableLine| match line.kind.rule() {
        _ if !line.live => true,
        None => false,
        Some(rule) => {
            outcome(rule, Which::Allow, &tables.accounts) != Outcome::Grants
                && asks_for(rule, daemon, tables) != Answer::No
                && rule.clients.named().iter().any(|entry| wanted.may_meet(&entry.pattern))
        }
    };
    lines.iter().position(refuses).unwrap_or(lines.len())
}

/// The rule that surely grants all that the pattern means, if there is one above the barrier.
fn granted_by<'t>(tables: &'t Tables, wanted: &Wanted, daemon: &str, barrier: usize) -> Option<&'t TableLine> {
    tables.allow.lines[..barrier].iter().find(|line| {
        line.kind.rule().is_some_and(|rule| {
            outcome(rule, Which::Allow, &tables.accounts) == Outcome::Grants
                && asks_for(rule, daemon, tables) == Answer::Yes
                && rule.clients.groups.len() == 1
                && rule.clients.named().iter().any(|entry| wanted.is_within(&entry.pattern))
        })
    })
}

fn insert(draft: &mut Draft<'_>, mended: &Tables, barrier: usize, words: &[&str], daemon: &str) {
    let table = &draft.before.allow;
    let next = mended.allow.lines.get(barrier);
    let at = match next {
        None => table.bytes.len(),
        Some(line) => above_comments(table, original_line(table, &draft.edits(table), line.line.span.start)),
    };
    let style = Style::near(table, at, &draft.before.accounts);
    let text = render(words, daemon, &style, dominant_ending(&table.bytes).as_bytes());
    let place = match next {
        None => "at the end of the file: no rule there refuses them".to_owned(),
        Some(line) if line.live => format!("before the rule that would refuse them: {}", line.shown()),
        Some(_) => "before the line at which libwrap stops reading".to_owned(),
    };
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        draft.note(None, format!("`{}` goes {place}", show(trim(line))));
    }
    draft.insert_lines(table, at, &text);
}

/// The start of the line of the original from which the byte at `offset` of the edited file comes.
fn original_line(table: &Table, edits: &EditSet, offset: usize) -> usize {
    // How much longer the edited file is than the original up to here.
    let (mut added, mut removed) = (0, 0);
    let mut at = None;
    for edit in edits.iter() {
        let start = edit.range.start + added - removed;
        if offset < start + edit.text.len() {
            at = (offset >= start).then_some(edit.range.start);
            break;
        }
        added += edit.text.len();
        removed += edit.range.len();
    }
    let at = at.unwrap_or((offset + removed).saturating_sub(added));
    let starts = table.lines.iter().map(|line| line.line.span.start);
    starts.take_while(|&start| start <= at).last().unwrap_or(0)
}

/// A comment right above a rule belongs to it, unless it is the head of the file.
fn above_comments(table: &Table, at: usize) -> usize {
    let index = table.lines.iter().position(|line| line.line.span.start == at).unwrap_or(0);
    let comments = table.lines[..index].iter().rev().take_while(|line| line.kind == Kind::Comment).count();
    match index - comments {
        0 => at,
        first => table.lines.get(first).map_or(at, |line| line.line.span.start),
    }
}

/// How many bytes of a neighbour's style are worth copying.
const LONGEST: usize = 32;

/// How the neighbours write a rule.
struct Style {
    separator: Vec<u8>,
    tail: Vec<u8>,
}

impl Style {
    /// Copies the nearest granting rule: its separator, and ` : allow` if it says so.
    fn near(table: &Table, at: usize, accounts: &Accounts) -> Self {
        let plain = Self { separator: b": ".to_vec(), tail: Vec::new() };
        let granting = |line: &&TableLine| {
            line.kind.rule().is_some_and(|rule| outcome(rule, table.which, accounts) == Outcome::Grants)
        };
        let (above, below): (Vec<_>, Vec<_>) =
            table.lines.iter().filter(granting).partition(|line| line.line.span.start < at);
        let Some(line) = above.last().or(below.first()) else { return plain };
        let Some((rule, text)) = line.kind.rule().map(|rule| (rule, line.line.text.as_slice())) else { return plain };
        let separator = rule.separator(text).filter(|separator| separator.len() <= LONGEST);
        let allow = matches!(rule.options.as_slice(), [option] if option.is("allow"));
        let tail = text[rule.tail(text)].trim_ascii_end();
        Self {
            separator: separator.map_or(plain.separator, <[u8]>::to_vec),
            tail: if allow && tail.len() <= LONGEST { tail.to_vec() } else { plain.tail },
        }
    }
}

/// As few lines as the limit allows.
fn render(words: &[&str], daemon: &str, style: &Style, ending: &[u8]) -> Vec<u8> {
    let head = [daemon.as_bytes(), &style.separator].concat();
    let room = LINE_LIMIT - 200;
    let mut text = Vec::new();
    let mut line = head.clone();
    for word in words {
        if line.len() > head.len() {
            if line.len() + 1 + word.len() > room {
                text.extend([line.as_slice(), &style.tail, ending].concat());
                line.clone_from(&head);
            } else {
                line.push(b' ');
            }
        }
        line.extend_from_slice(word.as_bytes());
    }
    text.extend([line.as_slice(), &style.tail, ending].concat());
    text
}
