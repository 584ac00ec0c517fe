//! The place where a rule takes effect: before the first line that may deny the clients it allows.

use sshmend_lossless::{Edit, dominant_ending};

use crate::answer::Answer;
use crate::covers::{DaemonRules, Outcome, asks_for, outcome};
use crate::draft::Draft;
use crate::evaluate::Verdict;
use crate::logical::LINE_LIMIT;
use crate::note::NoteKind;
use crate::options::Accounts;
use crate::rule::{Kind, Rule, trim};
use crate::table::{Table, TableLine, Tables, Which};
use crate::text::show;
use crate::wanted::Wanted;

/// Adds one rule for all patterns that are not allowed yet.
pub(crate) fn add_rules(draft: &mut Draft<'_>, patterns: &[Wanted], daemon: &str) {
    let tables = draft.before;
    let (rules, barriers) = (DaemonRules::new(tables, daemon), barriers(tables, daemon));
    let mut missing = Vec::new();
    let mut at = tables.allow.lines.len();
    for wanted in patterns {
        for correction in wanted.corrections() {
            draft.note(
                NoteKind::Corrected,
                None,
                format!("{}: {correction}", wanted.word()),
            );
        }
        if rules.grants(wanted) {
            granted_already(draft, wanted, daemon);
        } else {
            let barrier = barriers
                .iter()
                .find(|(_, rule)| rule.is_none_or(|rule| may_refuse(rule, wanted)));
            at = barrier.map_or(at, |&(index, _)| at.min(index));
            missing.push(wanted.word());
        }
    }
    if !missing.is_empty() {
        insert(draft, at, &missing, daemon);
    }
}

/// Notes which rule allows the pattern, or that none denies it.
fn granted_already(draft: &mut Draft<'_>, wanted: &Wanted, daemon: &str) {
    let word = wanted.word();
    let verdicts: Vec<Verdict> = wanted
        .examples()
        .into_iter()
        .map(|client| draft.before.evaluate(&client.at(daemon)))
        .collect();
    let rule = verdicts
        .iter()
        .find_map(|verdict| Some((verdict.origin.clone()?, verdict.rule.clone()?)));
    let (origin, text) = match rule {
        Some((origin, rule)) => (
            Some(origin),
            format!("{word} is already granted by this rule: {rule}"),
        ),
        None => (
            None,
            format!("{word} is already granted at {daemon}: no rule denies it"),
        ),
    };
    draft.note(NoteKind::GrantedAlready, origin, text);
}

/// The lines of hosts.allow that may deny someone at the daemon, by their index: rules, and with
/// `None` a line at which libwrap stops reading. A last line without newline counts too, because
/// text written after it might become part of it.
fn barriers<'t>(tables: &'t Tables, daemon: &str) -> Vec<(usize, Option<&'t Rule>)> {
    let refuses = |line: &'t TableLine| match line.kind.rule() {
        _ if !line.live || !line.line.terminated => Some(None),
        Some(rule)
            if outcome(rule, Which::Allow, &tables.accounts) != Outcome::Grants
                && asks_for(rule, daemon, tables) != Answer::No =>
        {
            Some(Some(rule))
        }
        _ => None,
    };
    let lines = tables.allow.lines.iter().enumerate();
    lines
        .filter_map(|(index, line)| Some((index, refuses(line)?)))
        .collect()
}

fn may_refuse(rule: &Rule, wanted: &Wanted) -> bool {
    let mut named = rule.clients.named().iter();
    named.any(|entry| wanted.may_meet(&entry.pattern))
}

fn insert(draft: &mut Draft<'_>, barrier: usize, words: &[&str], daemon: &str) {
    let table = &draft.before.allow;
    let next = table.lines.get(barrier);
    let index = match next {
        None => above_end_mark(table),
        Some(_) => above_comments(table, barrier),
    };
    let at = table
        .lines
        .get(index)
        .map_or(table.bytes.len(), |line| line.line.span.start);
    let style = Style::near(table, at, &draft.before.accounts);
    let text = render(
        words,
        daemon,
        &style,
        dominant_ending(&table.bytes).as_bytes(),
    );
    let place = match next {
        None => "at the end of the file: no rule there refuses them".to_owned(),
        Some(line) if line.live && line.line.terminated => {
            format!("before the rule that would refuse them: {}", line.shown())
        }
        Some(_) => "before the line at which libwrap stops reading".to_owned(),
    };
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        draft.note(
            NoteKind::RuleAdded,
            None,
            format!("`{}` goes {place}", show(trim(line))),
        );
    }
    draft.edit(table, [Edit::insert(at, text)]);
}

/// The index of the first line of the comment block above the line at `index`, unless that block is
/// the head of the file.
fn above_comments(table: &Table, index: usize) -> usize {
    let comments = table.lines[..index]
        .iter()
        .rev()
        .take_while(|line| line.kind == Kind::Comment)
        .count();
    match index - comments {
        0 => index,
        first => first,
    }
}

/// The index of a final comment such as `# End of hosts.allow.`, or the end of the table if there
/// is none.
fn above_end_mark(table: &Table) -> usize {
    let lines = &table.lines;
    let closing = |line: &&TableLine| matches!(line.kind, Kind::Comment | Kind::Blank);
    let tail = lines.len() - lines.iter().rev().take_while(closing).count();
    let Some(mark) = (tail..lines.len()).find(|&index| is_end_mark(&lines[index])) else {
        return lines.len();
    };
    let blank = lines[tail..mark]
        .iter()
        .rev()
        .take_while(|line| line.kind == Kind::Blank)
        .count();
    mark - blank
}

/// `# End of …`, `# EOF`, or settings for an editor; not the end of a block that another program writes.
fn is_end_mark(line: &TableLine) -> bool {
    let text = String::from_utf8_lossy(&line.line.text).to_ascii_lowercase();
    let words: Vec<&str> = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let of_block = words
        .iter()
        .any(|word| ["block", "managed", "section", "zone"].contains(word));
    match words.as_slice() {
        ["end"] | ["end", "of" | "hosts" | "file", ..] => !of_block,
        ["eof" | "vim" | "vi" | "ex", ..] => true,
        _ => false,
    }
}

/// The most bytes of a neighbour's style to copy.
const LONGEST: usize = 32;

/// The style of the neighbouring rules.
struct Style {
    separator: Vec<u8>,
    tail: Vec<u8>,
}

impl Style {
    /// Copies the style of the nearest granting rule: its separator, and ` : allow` if it has that.
    fn near(table: &Table, at: usize, accounts: &Accounts) -> Self {
        let plain = Self {
            separator: b": ".to_vec(),
            tail: Vec::new(),
        };
        let granting = |line: &&TableLine| {
            line.kind
                .rule()
                .is_some_and(|rule| outcome(rule, table.which, accounts) == Outcome::Grants)
        };
        let (above, below): (Vec<_>, Vec<_>) = table
            .lines
            .iter()
            .filter(granting)
            .partition(|line| line.line.span.start < at);
        let Some(line) = above.last().or(below.first()) else {
            return plain;
        };
        let Some((rule, text)) = line
            .kind
            .rule()
            .map(|rule| (rule, line.line.text.as_slice()))
        else {
            return plain;
        };
        let separator = rule
            .separator(text)
            .filter(|separator| separator.len() <= LONGEST);
        let allow = matches!(rule.options.as_slice(), [option] if option.is("allow"));
        let tail = text[rule.tail(text)].trim_ascii_end();
        Self {
            separator: separator.map_or(plain.separator, <[u8]>::to_vec),
            tail: if allow && tail.len() <= LONGEST {
                tail.to_vec()
            } else {
                plain.tail
            },
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
