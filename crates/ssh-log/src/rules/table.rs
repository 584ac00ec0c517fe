//! A table of rules, searched by the beginning of a message.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::rule::{Meaning, Rule, Voice};
use super::{dropbear, servers};
use crate::cause::CauseName;
use crate::event::Stage;
use crate::kind::Kind;
use crate::start::Firsts;
use crate::template::{Fields, Template};
use crate::tree::Tree;

/// Compiled rules; the first one that matches decides.
#[derive(Debug)]
pub(crate) struct Table {
    rules: Vec<Compiled>,
    beginnings: Tree,
    /// Made where messages are searched for within a text: most logs have heads.
    within: OnceLock<Within>,
}

/// The possible beginnings of a message within a text.
#[derive(Debug)]
struct Within {
    /// By their first byte, sorted, without duplicates.
    leads: Vec<Vec<Box<[u8]>>>,
    /// The first four bytes of all of them, as a superset.
    fours: Firsts,
}

impl Within {
    fn new(rules: &[Compiled]) -> Self {
        let mut leads: Vec<Vec<Box<[u8]>>> = vec![Vec::new(); 256];
        for lead in leads_within(rules) {
            leads[usize::from(lead[0])].push(lead);
        }
        let fours = leads.iter().flatten().filter_map(|lead| four(lead));
        let fours = Firsts::new(fours);
        Self { leads, fours }
    }
}

/// The first four bytes of a text, as one number.
fn four(text: &[u8]) -> Option<u32> {
    text.first_chunk().map(|four| u32::from_le_bytes(*four))
}

#[derive(Debug)]
struct Compiled {
    template: Template,
    kind: Kind,
    cause: Option<CauseName>,
    voice: Voice,
}

/// The forms in which sshd names the peer: `{peer}` stands for each of these in turn (packet.c,
/// sshpkt_fmt_connection_id).
const PEER: &[&str] = &[
    "authenticating user {user} {addr} port {port}",
    "invalid user {user} {addr} port {port}",
    "user {user} {addr} port {port}",
    "{addr} port {port}",
    "{addr}",
];

/// The forms in which sshd names the user who authenticates: `{login}` stands for each of these in
/// turn (auth.c, auth_log). Passwords have no information after `ssh2`, so the form that ends there
/// comes first.
const LOGIN: &[&str] = &[
    "{user} from {addr} port {port} ssh2",
    "{user} from {addr} port {port} ssh2: {detail}",
    "{user} from {addr} port {port} ssh1: {detail}",
    "{user} from {addr} port {port} ssh1",
    "{user} from {addr} port {port}  ssh2",
    "{user} from {addr} port {port}",
    "{user} from {addr}",
];

impl Table {
    pub(crate) fn new(families: &[&[Rule]]) -> Self {
        let compiled = |rule: &Rule| {
            let rule = *rule;
            expand(rule.template)
                .into_iter()
                .map(move |pattern| Compiled {
                    template: Template::new(pattern),
                    kind: rule.kind,
                    cause: rule.cause,
                    voice: rule.voice,
                })
        };
        let rules: Vec<_> = families
            .iter()
            .copied()
            .flatten()
            .flat_map(compiled)
            .collect();
        let beginnings: Vec<&[u8]> = rules.iter().map(|rule| rule.template.lead()).collect();
        let beginnings = Tree::new(&beginnings);
        Self {
            rules,
            beginnings,
            within: OnceLock::new(),
        }
    }

    /// Recognises a message; `None` if no rule matches it.
    pub(crate) fn verdict<'a>(&self, message: &'a [u8]) -> Option<Meaning<'a>> {
        let mut begun = self.begun_by(message).iter();
        begun.find_map(|&rule| self.verdict_by(rule, message))
    }

    /// The rules, in their order, that are possible for the beginning of a message.
    #[inline(always)]
    pub(crate) fn begun_by(&self, message: &[u8]) -> &[u16] {
        self.beginnings.of(message)
    }

    /// Understands a message that has [begun](Self::begun_by) in a way that this rule allows.
    #[inline(always)]
    pub(crate) fn verdict_by<'a>(&self, rule: u16, message: &'a [u8]) -> Option<Meaning<'a>> {
        let rule = self.rules.get(usize::from(rule))?;
        let behind = message.get(rule.template.lead_literal().len()..)?;
        // Filled where they stay: to move what was just written waits for it.
        let mut meaning = rule.meaning(Fields::default());
        rule.template
            .fill_behind(behind, &mut meaning.fields)
            .then_some(meaning)
    }

    /// Matches a message that has [begun](Self::begun_by) as these rules allow and may end at
    /// several places, the longest first, and returns the end that matched: the first rule that
    /// matches any of them decides, because a rule with an open end accepts any rest.
    pub(crate) fn verdict_of<'a>(
        &self,
        begun: &[u16],
        ends: &[(Stage, &'a [u8])],
    ) -> Option<(usize, Meaning<'a>)> {
        begun.iter().find_map(|&rule| {
            // The longest the tree has compared.
            let longest = self.verdict_by(rule, ends.first()?.1);
            longest.map(|meaning| (0, meaning)).or_else(|| {
                let rule = self.rules.get(usize::from(rule))?;
                let mut shorter = ends.iter().enumerate().skip(1);
                shorter.find_map(|(at, (_, message))| {
                    Some((at, rule.meaning(rule.template.fields(message)?)))
                })
            })
        })
    }
}

impl Compiled {
    #[inline]
    fn meaning<'a>(&self, fields: Fields<'a>) -> Meaning<'a> {
        Meaning {
            kind: self.kind,
            cause: self.cause,
            stage: Stage::Unknown,
            voice: self.voice,
            fields,
        }
    }
}

impl Table {
    /// Whether this text, which is inside another one, may begin a message that only sshd writes.
    pub(crate) fn is_begun_by(&self, text: &[u8]) -> bool {
        let within = self.within.get_or_init(|| Within::new(&self.rules));
        if !four(text).is_some_and(|four| within.fours.may_hold(four)) {
            return false;
        }
        let leads = text
            .first()
            .and_then(|first| within.leads.get(usize::from(*first)));
        let begins = |lead: &[u8]| lead.get(1) == text.get(1) && text.starts_with(lead);
        leads.is_some_and(|leads| leads.iter().any(|lead| begins(lead)))
    }
}

/// The beginnings of the rules whose messages are searched for within a text.
fn leads_within(rules: &[Compiled]) -> Vec<Box<[u8]>> {
    let within = rules
        .iter()
        .filter(|rule| rule.voice != Voice::Anybody && rule.template.lead().len() >= LEAD);
    let mut leads: Vec<Box<[u8]>> = within.map(|rule| rule.template.lead().into()).collect();
    leads.sort_unstable();
    // A beginning that starts with another one is found by the latter.
    leads.dedup_by(|longer, shorter| longer.starts_with(shorter));
    leads
}

/// A shorter beginning occurs in any text.
const LEAD: usize = 4;

/// Replaces `{peer}`, `{login}` and similar placeholders by all their forms.
fn expand(template: &'static str) -> Vec<Cow<'static, str>> {
    let all = [
        ("{peer}", PEER),
        ("{login}", LOGIN),
        ("{exit}", dropbear::EXIT),
        ("{gone}", dropbear::GONE),
        ("{handshake}", servers::HANDSHAKE),
    ];
    let mut fields = template.match_indices('{');
    let forms = fields.find_map(|(at, _)| {
        let field = &template[at..];
        all.into_iter().find(|(name, _)| field.starts_with(name))
    });
    match forms {
        Some((name, forms)) => forms
            .iter()
            .map(|form| template.replace(name, form).into())
            .collect(),
        None => vec![template.into()],
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FAMILIES, SSHD};
    use super::*;

    #[test]
    fn a_template_has_only_one_open_field() {
        for rule in SSHD.iter().chain(FAMILIES).copied().flatten() {
            for pattern in expand(rule.template) {
                let open = ["{user}", "{any}", "{quoted}"]
                    .iter()
                    .map(|f| pattern.matches(f).count())
                    .sum::<usize>();
                let detail_first = pattern
                    .find("{detail}")
                    .zip(pattern.find("{user"))
                    .is_some_and(|(d, u)| d < u);
                assert!(open <= 1 || pattern.ends_with("user={user}"), "{pattern}");
                assert!(!detail_first || pattern.starts_with('['), "{pattern}");
                for pair in ["{user}{", "{any}{", "{}{", "{detail}{"] {
                    assert!(
                        !pattern.contains(pair),
                        "{pattern}: two fields without text between them"
                    );
                }
                // The fields exist.
                Template::new(pattern).beginning(b"");
            }
        }
    }

    #[test]
    fn no_rule_is_hidden_by_an_earlier_one() {
        let sample = |pattern: &str| {
            let texts = [
                ("{addr}", "192.0.2.1"),
                ("{endpoint}", "192.0.2.1:22"),
                ("{port}", "22"),
                ("{n}", "7"),
                ("{word}", "word"),
                ("{user}", "bob"),
                ("{detail}", "d"),
                ("{any}", "a"),
                ("{quoted}", "q"),
                ("{path}", "/p"),
                ("{config}", "/c"),
                ("{}", "x"),
            ];
            texts
                .iter()
                .fold(pattern.to_owned(), |text, (field, value)| {
                    text.replace(field, value)
                })
        };
        for family in [
            SSHD,
            &FAMILIES[..1],
            &FAMILIES[1..2],
            &FAMILIES[2..3],
            &FAMILIES[3..4],
            &FAMILIES[4..5],
            &FAMILIES[5..6],
            &FAMILIES[6..],
        ] {
            let table = Table::new(family);
            for rule in family.iter().copied().flatten() {
                for pattern in expand(rule.template) {
                    let text = sample(&pattern);
                    let verdict = table
                        .verdict(text.as_bytes())
                        .unwrap_or_else(|| panic!("{pattern}"));
                    assert_eq!(
                        (verdict.kind, verdict.cause),
                        (rule.kind, rule.cause),
                        "{pattern}"
                    );
                }
            }
        }
    }
}
