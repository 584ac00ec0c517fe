//! The checks for [`Tables::problems`](crate::Tables::problems).

use std::ops::Range;

use sshmend_lossless::{Edit, EditSet, Origin, dominant_ending};

use crate::dead::dead;
use crate::list::{DaemonPattern, Entry, Service, is_separator};
use crate::logical::{Fault, LINE_LIMIT};
use crate::option_repair;
use crate::options::{Accounts, Decision, RuleOption, Step};
use crate::pattern::TextPattern;
use crate::problem::{Problem, ProblemKind, Repair};
use crate::rule::{Kind, Rule, trim};
use crate::split;
use crate::spot::{Spot, end_of_word};
use crate::table::{State, Table, Tables, Which};
use crate::text::{same, show};
use crate::wanted::Wanted;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Tables {
    /// All problems of both files, in the order of the files and their lines.
    pub fn problems(&self) -> Vec<Problem> {
        self.both()
            .into_iter()
            .flat_map(|table| problems(table, &self.accounts))
            .collect()
    }
}

/// The problems of one file, in the order of its lines.
fn problems(table: &Table, accounts: &Accounts) -> Vec<Problem> {
    let mut found = Vec::new();
    if table.state == State::Directory {
        found.push(not_a_file(table));
    }
    for line in &table.lines {
        let spot = Spot { table, line };
        found.extend(spot.byte_order_mark());
        found.extend(spot.nul());
        found.extend(spot.fault(accounts));
        found.extend(spot.unterminated(accounts));
        match &line.kind {
            Kind::Blank => {}
            Kind::Comment => found.extend(spot.swallowed()),
            Kind::NoColon => found.push(spot.no_colon()),
            Kind::Rule(rule) => found.extend(spot.rule(rule, accounts)),
        }
    }
    found
}

fn not_a_file(table: &Table) -> Problem {
    Problem {
        kind: ProblemKind::NotAFile,
        origin: Origin::new(&table.path, 1),
        column: 1,
        message: "it is a directory and not a file, so it contains no rules".to_owned(),
        hint: "move the directory away".to_owned(),
        repair: None,
    }
}

impl<'a> Spot<'a> {
    fn byte_order_mark(self) -> Option<Problem> {
        let mut rest = self.text().strip_prefix(BYTE_ORDER_MARK)?;
        while let Some(more) = rest.strip_prefix(BYTE_ORDER_MARK) {
            rest = more;
        }
        let marks = self.text().len() - rest.len();
        let message =
            "the line begins with a byte order mark, which libwrap reads as part of the first word";
        let problem = self.problem(
            ProblemKind::ByteOrderMark,
            0,
            message,
            "remove the three bytes EF BB BF",
        );
        let meaning = meaning(
            self.table.which,
            &Kind::parse(rest),
            rest,
            &Accounts::default(),
        );
        Some(with_repair(
            problem,
            format!("without it, the line {meaning}"),
            [self.replace(0..marks, "")],
        ))
    }

    fn nul(self) -> Option<Problem> {
        let span = self.line.line.span.clone();
        let at = memchr::memchr(0, &self.table.bytes[span.clone()])?;
        let mut problem = self.problem(
            ProblemKind::NulByte,
            0,
            "a NUL byte hides the rest of its line and joins the next line to it",
            "remove the NUL byte",
        );
        let before = &self.table.bytes[span.start..span.start + at];
        problem.origin.line += memchr::memchr_iter(b'\n', before).count();
        problem.column = at - memchr::memrchr(b'\n', before).map_or(0, |feed| feed + 1) + 1;
        Some(problem)
    }

    fn consequence(self) -> &'static str {
        match self.table.which {
            Which::Allow => "libwrap stops there and ignores it and everything after it",
            Which::Deny => {
                "libwrap stops there and denies every client that no earlier rule allows, at every wrapped service"
            }
        }
    }

    fn fault(self, accounts: &Accounts) -> Option<Problem> {
        (self.line.line.fault == Some(Fault::TooLong)).then(|| {
            let message = format!(
                "the line has over {LINE_LIMIT} bytes with its continuations: {}",
                self.consequence()
            );
            let hint = "split it into several rules";
            let problem = self.problem(ProblemKind::TooLong, 0, message, hint);
            let meaning = meaning(self.table.which, &self.line.kind, self.text(), accounts);
            match split::edits(self) {
                Some(edits) => with_repair(
                    problem,
                    format!("split into lines that libwrap can read, it {meaning}"),
                    edits,
                ),
                None => problem,
            }
        })
    }

    fn unterminated(self, accounts: &Accounts) -> Option<Problem> {
        let line = &self.line.line;
        (!line.terminated && line.fault.is_some()).then(|| {
            let message = format!("the last line has no newline: {}", self.consequence());
            let problem = self.problem(
                ProblemKind::MissingNewline,
                line.text.len(),
                message,
                "end the file with a newline",
            );
            let meaning = meaning(self.table.which, &self.line.kind, self.text(), accounts);
            let end = self.table.bytes.len();
            let newline = Edit::insert(end, closing(self.table, line.span.start));
            with_repair(
                problem,
                format!("with a newline, the line {meaning}"),
                [newline],
            )
        })
    }

    fn no_colon(self) -> Problem {
        let start = self.text().len() - self.text().trim_ascii_start().len();
        let message = "the line has no colon and is skipped";
        if self.text().get(start) == Some(&b'#') {
            return self.indented_comment(
                start,
                "libwrap does not read this as a comment, but skips it as a broken rule",
            );
        }
        self.problem(
            ProblemKind::NoColon,
            start,
            message,
            "write `daemons: clients`, or put # at the very start of the line",
        )
    }

    fn indented_comment(self, start: usize, message: &str) -> Problem {
        let problem = self.problem(
            ProblemKind::LiveComment,
            start,
            message,
            "put # at the very start of the line",
        );
        with_repair(
            problem,
            "without the blanks before #, it is a comment".to_owned(),
            [self.replace(0..start, "")],
        )
    }

    fn swallowed(self) -> Vec<Problem> {
        let span = self.line.line.span.clone();
        let mut problems = Vec::new();
        let joints = memchr::memchr_iter(b'\n', &self.table.bytes[span.clone()])
            .map(|feed| span.start + feed);
        for joint in joints.filter(|joint| joint + 1 < span.end) {
            let rest = &self.table.bytes[joint + 1..span.end];
            let next = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
            if self.table.bytes[..joint].ends_with(b"\\")
                && matches!(Kind::parse(next), Kind::Rule(_))
            {
                problems.push(self.swallowed_at(joint));
            }
        }
        problems
    }

    fn swallowed_at(self, joint: usize) -> Problem {
        let message = "the comment above ends in a backslash, so this rule is part of it";
        let mut problem = self.problem(
            ProblemKind::SwallowedRule,
            0,
            message,
            "remove the backslash at the end of the comment",
        );
        let before = &self.table.bytes[self.line.line.span.start..=joint];
        (problem.origin.line, problem.column) = (
            self.line.line.first + memchr::memchr_iter(b'\n', before).count(),
            1,
        );
        with_repair(
            problem,
            "without the backslash, the rule counts".to_owned(),
            [Edit::delete(joint - 1..joint)],
        )
    }

    fn rule(self, rule: &Rule, accounts: &Accounts) -> Vec<Problem> {
        if let Some(problem) = self.live_comment(rule) {
            return vec![problem];
        }
        let mut found: Vec<Problem> = rule
            .daemons
            .entries()
            .filter_map(|entry| self.daemon(entry))
            .collect();
        if let Some(problem) = self.bare_ipv6(rule) {
            found.push(problem);
        } else {
            let clients = rule.clients.entries();
            found.extend(clients.filter_map(|entry| {
                Some(self.dead(&entry.word, entry.at.clone(), dead(&entry.pattern.host)?))
            }));
            found.extend(self.bad_option(rule, accounts));
        }
        self.withhold_growth(&mut found);
        found
    }

    /// Corrections that together would make the line too long are not offered.
    fn withhold_growth(self, found: &mut [Problem]) {
        let edits = found
            .iter()
            .filter_map(|problem| problem.repair.as_ref())
            .flat_map(|repair| repair.edits.iter());
        let growth: usize = edits
            .map(|edit| edit.text.len().saturating_sub(edit.range.len()))
            .sum();
        if self.text().len() + growth >= LINE_LIMIT {
            for problem in found.iter_mut() {
                problem.repair = None;
            }
        }
    }

    fn daemon(self, entry: &Entry<DaemonPattern>) -> Option<Problem> {
        const NEVER: [&str; 6] = [
            "sshd-session",
            "sshd-auth",
            "in.sshd",
            "ssh",
            "openssh",
            "openssh-server",
        ];
        let Service::Name(TextPattern::Exact(word)) = &entry.pattern.service else {
            return None;
        };
        let known = NEVER.iter().any(|name| same(name.as_bytes(), word));
        known.then(|| {
            let message = format!(
                "OpenSSH uses the name `sshd`, never `{}`: the rule does not apply to it",
                show(word)
            );
            let problem = self.problem(
                ProblemKind::DaemonName,
                entry.at.start,
                message,
                "write `sshd`",
            );
            let edit = self.replace(entry.at.start..entry.at.start + word.len(), "sshd");
            with_repair(problem, "as `sshd` the rule counts".to_owned(), [edit])
        })
    }

    /// A `#` in the middle of a rule: in a list, or after `allow` and similar options.
    fn live_comment(self, rule: &Rule) -> Option<Problem> {
        let text = self.text();
        let words = rule
            .daemons
            .entries()
            .map(|entry| entry.at.start)
            .chain(rule.clients.entries().map(|entry| entry.at.start));
        let listed = words.filter(|&at| text[at] == b'#').min();
        let start = listed.or_else(|| {
            rule.options
                .iter()
                .find_map(|option| comment_in(option, text))
        })?;
        if trim(&text[..start]).is_empty() {
            return Some(self.indented_comment(
                start,
                "libwrap does not read this as a comment: the rule after # counts",
            ));
        }
        let message = "libwrap does not support a comment after a rule: the words after # count";
        let hint = "put the comment on a line of its own, with # as its very first byte";
        let kept = end_of_word(text, text[..start].trim_ascii_end().len());
        let end = text.len() - usize::from(text.ends_with(b"\r"));
        let own_line = [text[start..end].trim_ascii_end(), self.ending()].concat();
        let edits = [
            Edit::insert(self.line.line.span.start, own_line),
            self.replace(kept..end, ""),
        ];
        let problem = self.problem(ProblemKind::LiveComment, start, message, hint);
        if self.line.line.fault == Some(Fault::TooLong) {
            return Some(problem);
        }
        Some(with_repair(
            problem,
            "the comment gets a line of its own".to_owned(),
            edits,
        ))
    }

    fn dead(self, word: &[u8], at: Range<usize>, why: &str) -> Problem {
        let message = format!("`{}` {why}: it never matches", show(word));
        let better = std::str::from_utf8(word)
            .ok()
            .and_then(|word| Wanted::parse(word).ok());
        let Some(better) = better.filter(|better| better.word().as_bytes() != word) else {
            return self.problem(
                ProblemKind::DeadPattern,
                at.start,
                message,
                "remove it, or write what was meant",
            );
        };
        let problem = self.problem(
            ProblemKind::DeadPattern,
            at.start,
            message,
            format!("write {}", better.word()),
        );
        with_repair(
            problem,
            format!("as {} it matches", better.word()),
            [self.replace(at, better.word())],
        )
    }

    fn bare_ipv6(self, rule: &Rule) -> Option<Problem> {
        let text = self.text();
        let start = rule.clients.entries().next().map_or_else(
            || rule.options.first().map(|option| option.at.start - 1),
            |entry| Some(entry.at.start),
        )?;
        let mut edits = Vec::new();
        let mut first = None;
        for at in raw_words(text, start) {
            let word = &text[at.clone()];
            if !word.contains(&b':') {
                continue;
            }
            let Some((length, better)) = ipv6(word) else {
                break;
            };
            first = first.or(Some((
                at.start,
                show(&word[..length]),
                better.word().to_owned(),
            )));
            edits.push(self.replace(at.start..at.start + length, better.word()));
            if length < word.len() {
                break;
            }
        }
        let (at, word, better) = first?;
        let message = format!(
            "the colons of `{word}` end the client list: what follows the first is read as options"
        );
        let problem = self.problem(
            ProblemKind::BareIpv6,
            at,
            message,
            format!("write {better}"),
        );
        Some(with_repair(
            problem,
            format!("as {better} it is an address"),
            edits,
        ))
    }

    fn bad_option(self, rule: &Rule, accounts: &Accounts) -> Option<Problem> {
        let (option, error) =
            rule.options
                .iter()
                .find_map(|option| match option.step(accounts) {
                    Step::Decide(Decision::Refuse(error)) => Some((option, error)),
                    _ => None,
                })?;
        let message = format!("{error}: libwrap denies every client that the rule matches");
        let problem = self.problem(
            ProblemKind::BadOption,
            option.at.start,
            message,
            error.hint(),
        );
        let Some((edits, effect)) = option_repair::repair(self.text(), rule, option, &error) else {
            return Some(problem);
        };
        Some(with_repair(
            problem,
            effect,
            edits.into_iter().map(|(at, text)| self.replace(at, text)),
        ))
    }
}

fn with_repair(
    mut problem: Problem,
    effect: String,
    edits: impl IntoIterator<Item = Edit>,
) -> Problem {
    problem.repair = EditSet::new(edits)
        .ok()
        .map(|edits| Repair { effect, edits });
    problem
}

/// The bytes that terminate the last line so that libwrap reads it: one newline, or two if a
/// backslash or a NUL consumes one.
pub(crate) fn closing(table: &Table, start: usize) -> Vec<u8> {
    let ending = dominant_ending(&table.bytes).as_bytes();
    let closes = |tail: &[u8]| {
        let closed = [&table.bytes[start..], tail].concat();
        crate::logical::logical_lines(&closed)
            .iter()
            .all(|line| line.terminated)
    };
    if closes(ending) {
        ending.to_vec()
    } else {
        [ending, ending].concat()
    }
}

/// The effect of a line once libwrap reads it.
pub(crate) fn meaning(which: Which, kind: &Kind, text: &[u8], accounts: &Accounts) -> String {
    let Kind::Rule(rule) = kind else {
        let what = match kind {
            Kind::Blank => "is empty",
            Kind::Comment => "is a comment",
            _ => "is skipped because it has no colon",
        };
        return what.to_owned();
    };
    let decision = rule
        .options
        .iter()
        .find_map(|option| match option.step(accounts) {
            Step::Decide(decision) => Some(decision),
            _ => None,
        });
    let lets_in = match decision {
        None => which == Which::Allow,
        Some(decision) => decision == Decision::Allow,
    };
    let what = if lets_in { "lets in" } else { "denies" };
    let clients = rule
        .clients
        .entries()
        .map(|entry| entry.at.clone())
        .reduce(|all, at| all.start..at.end);
    let daemons = rule
        .daemons
        .entries()
        .map(|entry| entry.at.clone())
        .reduce(|all, at| all.start..at.end);
    let list = |at: Option<Range<usize>>| {
        at.map_or_else(|| "nobody".to_owned(), |at| shorten(&show(&text[at])))
    };
    format!("{what} {} at {}", list(clients), list(daemons))
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn comment_in(option: &RuleOption, text: &[u8]) -> Option<usize> {
    if option.is_free_text() {
        return None;
    }
    option.at.clone().skip(1).find(|&at| {
        text[at] == b'#'
            && is_separator(text[at - 1])
            && !trim(&text[option.at.start..at]).is_empty()
    })
}

/// The longest text of an IPv6 address, with a mapped IPv4 address and a prefix length.
const LONGEST_IPV6: usize = 45 + "/128".len();

/// The unbracketed IPv6 address or network that is the word, or its beginning before an option
/// (`::1:allow`), and its length in the word.
fn ipv6(word: &[u8]) -> Option<(usize, Wanted)> {
    let text = std::str::from_utf8(word)
        .ok()
        .filter(|text| !text.contains(['[', ']']))?;
    let colons = text
        .bytes()
        .take(LONGEST_IPV6 + 1)
        .enumerate()
        .filter(|&(_, byte)| byte == b':')
        .map(|(at, _)| at);
    let ends = colons
        .chain([text.len()])
        .filter(|&end| end <= LONGEST_IPV6 && text[..end].contains(':'));
    ends.filter_map(|end| Some((end, Wanted::parse(&text[..end]).ok()?)))
        .next_back()
}

/// The words from `start` on, split at blanks and commas only.
fn raw_words(text: &[u8], start: usize) -> Vec<Range<usize>> {
    let mut at = start;
    let words = text[start..].split(|&byte| is_separator(byte)).map(|word| {
        let range = at..at + word.len();
        at = range.end + 1;
        range
    });
    words.filter(|range| !range.is_empty()).collect()
}
