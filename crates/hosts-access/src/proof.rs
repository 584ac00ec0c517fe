//! The proof that an edit changes no answer but those that were asked for.

use crate::answer::Answer;
use crate::changes::access_changes;
use crate::client::Client;
use crate::connection::Connection;
use crate::covers::{AnyOf, DaemonRules};
use crate::edited::Refusal;
use crate::evaluate::Access;
use crate::list::{ClientPattern, DaemonPattern, Entry, HostWord, Service};
use crate::pattern::TextPattern;
use crate::rule::Rule;
use crate::steps;
use crate::table::{Table, TableLine, Tables};
use crate::text::same;
use crate::wanted::Wanted;

/// The request: these clients at this daemon.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) patterns: &'a [Wanted],
    /// The same, to be looked up.
    pub(crate) any_of: &'a AnyOf<'a>,
    pub(crate) daemon: &'a str,
}

/// Refuses an edit that changes anybody else's answer, or an answer at another daemon.
///
/// The rules decide it for all clients: if both states have the same rules in the same order,
/// except for some that match only the clients of the request, then everybody else meets the same
/// rules in both. In addition the model is evaluated at the edges of all patterns of both files.
pub(crate) fn changes_nothing_else(
    before: &Tables,
    after: &Tables,
    asked: Asked<'_>,
) -> Result<(), Refusal> {
    for (old, new) in before.both().into_iter().zip(after.both()) {
        same_rules(old, new, asked)?;
    }
    let changes = access_changes(before, after, &[asked.daemon], &[]);
    let words: Vec<HostWord> = asked
        .patterns
        .iter()
        .map(|wanted| HostWord::parse(wanted.word().as_bytes()))
        .collect();
    for change in changes.all() {
        if change.after.access != Access::Granted || !asked.names(&change.client, &words, before) {
            return Err(Refusal::ChangesOthers {
                who: format!("{} at {}", change.who, change.client.daemon),
            });
        }
    }
    Ok(())
}

/// Refuses an edit after which one of the patterns would not be allowed.
pub(crate) fn granted(after: &Tables, asked: Asked<'_>) -> Result<(), Refusal> {
    let rules = DaemonRules::new(after, asked.daemon);
    let Some(wanted) = asked.patterns.iter().find(|wanted| !rules.grants(wanted)) else {
        return Ok(());
    };
    let verdicts = wanted.examples().into_iter().map(|client| {
        let addr = client.addr;
        (addr, after.evaluate(&client.at(asked.daemon)))
    });
    let denied = verdicts
        .into_iter()
        .find(|(_, verdict)| verdict.access != Access::Granted);
    let why = denied.map_or_else(
        || "some of its clients may meet another rule first".to_owned(),
        |(addr, verdict)| {
            let line = verdict
                .origin
                .map_or_else(String::new, |origin| format!("{origin}: "));
            format!("{line}{} (asked for {addr})", verdict.reason)
        },
    );
    Err(Refusal::NotGranted {
        pattern: wanted.word().to_owned(),
        why,
    })
}

/// Whether libwrap stops reading at the same line, and meets the same rules apart from those for
/// the requested clients.
fn same_rules(old: &Table, new: &Table, asked: Asked<'_>) -> Result<(), Refusal> {
    let fault = |table: &Table| {
        table
            .fault()
            .map(|line| (line.line.fault, line.line.text.clone()))
    };
    let refuse = |line: Option<&TableLine>| {
        let line = line.map_or_else(
            || "its end".to_owned(),
            |line| format!("`{}`", line.shown()),
        );
        Err(Refusal::ChangesOthers {
            who: format!("clients that match {line} of {}", old.path.display()),
        })
    };
    if fault(old) != fault(new) {
        return refuse(old.fault().or(new.fault()));
    }
    let (mut before, mut after) = (old.live_rules().peekable(), new.live_rules().peekable());
    loop {
        steps::add(1);
        match (before.peek().copied(), after.peek().copied()) {
            (None, None) => return Ok(()),
            (Some((_, one)), Some((_, other))) if asked.is_same_to_others(one, other) => {
                _ = (before.next(), after.next());
            }
            (_, Some((_, rule))) if asked.is_all_of(rule) => _ = after.next(),
            (Some((_, rule)), _) if asked.is_all_of(rule) => _ = before.next(),
            (line, other) => return refuse(line.or(other).map(|(line, _)| line)),
        }
    }
}

impl Asked<'_> {
    /// Whether a rule matches only the clients of the request, at that daemon.
    fn is_all_of(&self, rule: &Rule) -> bool {
        self.is_at_daemon(rule)
            && rule.clients.groups.len() == 1
            && rule.clients.named().iter().all(|it| self.holds(it))
    }

    /// Whether a rule is for that daemon alone.
    fn is_at_daemon(&self, rule: &Rule) -> bool {
        rule.daemons
            .single()
            .is_some_and(|entry| is_exactly(&entry.pattern, self.daemon))
    }

    fn holds(&self, entry: &Entry<ClientPattern>) -> bool {
        self.any_of.holds(&entry.pattern)
    }

    /// Whether two rules do the same with everybody else: they differ at most in words for the clients asked for.
    fn is_same_to_others(&self, one: &Rule, other: &Rule) -> bool {
        one == other
            || (self.is_at_daemon(one)
                && self.is_at_daemon(other)
                && one.clients.groups.len() == 1
                && other.clients.groups.len() == 1
                && self.others(one) == self.others(other)
                && options(one) == options(other))
    }

    fn others<'r>(&self, rule: &'r Rule) -> Vec<&'r [u8]> {
        let others = rule
            .clients
            .named()
            .iter()
            .filter(|entry| !self.holds(entry));
        others.map(|entry| entry.word.as_slice()).collect()
    }

    /// Whether a client is among the requested ones; `words` are the patterns, parsed.
    fn names(&self, client: &Client, words: &[HostWord], tables: &Tables) -> bool {
        let connection = Connection::new(client, &tables.files);
        let matches = |word: &HostWord| {
            word.pattern
                .matches(&word.word, &connection.peer, &tables.files)
                != Answer::No
        };
        client.daemon.eq_ignore_ascii_case(self.daemon) && words.iter().any(matches)
    }
}

/// Whether a word of a daemon list denotes this daemon and no other, on every address of the
/// server.
pub(crate) fn is_exactly(pattern: &DaemonPattern, daemon: &str) -> bool {
    let name = matches!(&pattern.service, Service::Name(TextPattern::Exact(name)) if same(name, daemon.as_bytes()));
    name && pattern.host.is_none()
}

fn options(rule: &Rule) -> Vec<(&[u8], Option<&[u8]>)> {
    rule.options
        .iter()
        .map(|option| (option.name.as_slice(), option.value.as_deref()))
        .collect()
}
