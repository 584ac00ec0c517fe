//! A text about SSH without a recognised message: the subject of its words, and the hosts they
//! name.
//!
//! Programs that use SSH have their own words for failures, and nobody knows them all; a person can
//! read them nevertheless. Such words make a conclusion only possible, and exclude nothing.

use std::borrow::Cow;
use std::ops::Deref;

use jiff::Timestamp;

use super::command;
use super::destination::is_of_another_protocol;
use super::facts::Facts;
use super::scan::{Named, is_source_file};
use super::words::{Symptom, plain};
use crate::envelope::Clock;
use crate::reader::Reader;

/// In a longer text, words count on the line that names SSH and on this many lines around it.
const NEAR: usize = 4;
/// The number of lines up to which a text has a single subject.
const SHORT: usize = 12;
/// The number of bytes of a line that are read.
const LONGEST: usize = 2000;
/// The number of bytes of a line that are shown.
const SHOWN: usize = 400;

/// All lines of a text, which are collected when they are needed.
pub(super) trait AllLines<'t>: Deref<Target = Vec<Cow<'t, [u8]>>> {}

impl<'t, L: Deref<Target = Vec<Cow<'t, [u8]>>>> AllLines<'t> for L {}

/// Adds the evidence of plain words to attempts that have no message of failure.
pub(super) fn add<'t>(lines: &impl AllLines<'t>, attempts: &mut Vec<Facts>) {
    let settled = |facts: &Facts| facts.is_settled();
    if attempts.iter().any(settled) {
        return;
    }
    let lines = Lines::of(lines);
    if lines.spoken.is_empty() || lines.are_of_a_log() {
        return;
    }
    let told = lines.told();
    let mut facts = match attempts.len() {
        0 => Facts::new(None),
        // Its messages show only progress.
        _ if told.is_none() => return,
        1 => attempts.pop().unwrap_or_else(|| Facts::new(None)),
        // The words do not show to which of several it belongs.
        _ => Facts::new(None),
    };
    lines.describe(&mut facts, told);
    attempts.push(facts);
}

/// Names the attempts whose own messages name no host: by the line of the message, else by one of
/// the two lines before it that name SSH.
pub(super) fn name<'t>(lines: &impl AllLines<'t>, attempts: &mut [Facts]) {
    for facts in attempts.iter_mut().filter(|facts| facts.is_nameless()) {
        let Some(line) = facts
            .symptoms
            .first()
            .map(|seen| seen.line)
            .filter(|line| *line > 0)
        else {
            continue;
        };
        let near = (1..=3)
            .filter_map(|back| line.checked_sub(back))
            .filter(|&at| {
                let low = low(&lines[at]);
                (at + 1 == line || plain::names_ssh(&low)) && !plain::is_of_server(&low)
            });
        let named = near.filter_map(|at| destination(&lines[at])).next();
        if let Some(named) = named.or_else(|| only_address(&lines[line - 1])) {
            facts.named_by_words(named);
        }
    }
}

/// The lines of a text.
struct Lines<'t> {
    own: &'t [Cow<'t, [u8]>],
    /// The indices of those that name SSH.
    spoken: Vec<usize>,
}

/// The most significant line.
#[derive(Debug, Clone, Copy)]
struct Told {
    at: usize,
    /// `None` if it says only that something failed.
    symptoms: Option<&'static [Symptom]>,
}

impl<'t> Lines<'t> {
    fn of(own: &'t [Cow<'t, [u8]>]) -> Self {
        let spoken = (0..own.len()).filter(|&at| plain::names_ssh(&low(&own[at])));
        let mut spoken: Vec<usize> = spoken.collect();
        if spoken.is_empty() {
            spoken.extend(only_the_kernel(own));
        }
        Self { own, spoken }
    }

    fn low(&self, at: usize) -> String {
        low(&self.own[at])
    }

    /// Whether the recognised part is the log of an SSH server: then that is the answer.
    fn are_of_a_log(&self) -> bool {
        let mut reader = Reader::new(Clock::utc(Timestamp::UNIX_EPOCH));
        for line in self.own {
            reader.feed(line, &mut |_| {});
            reader.feed(b"\n", &mut |_| {});
        }
        reader.finish(&mut |_| {});
        !reader.census().nothing_understood()
    }

    /// The most significant line: one of the first family, one that names SSH before others, then
    /// the first.
    fn told(&self) -> Option<Told> {
        // A line that does not name SSH may report the failure of another protocol.
        let counts = |at: &usize| {
            let line = self.low(*at);
            plain::names_ssh(&line) || !is_of_others(&line)
        };
        let meant = self.near().filter(counts).filter_map(|at| {
            let line = &self.low(at);
            let family = plain::FAMILIES
                .iter()
                .position(|family| family.stand_on(line))?;
            Some((family, !plain::names_ssh(line), at))
        });
        if let Some((family, _, at)) = meant.min() {
            let symptoms = plain::FAMILIES[family].symptoms;
            let known = !symptoms.is_empty() && !plain::is_of_server(&self.low(at));
            return Some(Told {
                at,
                symptoms: known.then_some(symptoms),
            });
        }
        let failed = self
            .near()
            .filter(counts)
            .filter(|&at| plain::fails(&self.low(at)))
            .map(|at| {
                (
                    plain::is_general(&self.low(at)),
                    !plain::names_ssh(&self.low(at)),
                    at,
                )
            });
        let (_, _, at) = failed.min()?;
        Some(Told { at, symptoms: None })
    }

    /// The lines that are about SSH.
    fn near(&self) -> impl Iterator<Item = usize> {
        let short = self.own.iter().filter(|line| !line.is_empty()).count() <= SHORT;
        let (mut spoken, mut last) = (self.spoken.iter().peekable(), None::<usize>);
        (0..self.own.len()).filter(move |&at| {
            while let Some(&&next) = spoken.peek().filter(|&&&next| next <= at) {
                last = Some(next);
                spoken.next();
            }
            let before = last.is_some_and(|last| at - last <= NEAR);
            let behind = spoken.peek().is_some_and(|&&next| next - at <= NEAR);
            short || before || behind
        })
    }

    fn describe(&self, facts: &mut Facts, told: Option<Told>) {
        facts.by_words = true;
        let first = told.map_or(self.spoken[0], |told| told.at);
        facts.touch(first + 1);
        if let Some(told) = told {
            let text = self.shown(told.at);
            for symptom in told.symptoms.unwrap_or_default() {
                facts.note(*symptom, told.at + 1, &text);
            }
            if told.symptoms.is_none() {
                facts.unknown = Some((told.at + 1, text));
            }
        }
        // The host named by the most significant line, else by one that names SSH.
        let places = std::iter::once(first).chain(self.spoken.iter().copied().take(SHORT));
        let own = places.filter(|&at| !plain::is_of_server(&self.low(at)));
        let named = own.filter_map(|at| whom(&self.own[at])).next();
        if let Some(named) = named {
            facts.named_by_words(named);
        }
    }

    fn shown(&self, at: usize) -> String {
        let line = self.own[at].trim_ascii();
        String::from_utf8_lossy(&line[..line.len().min(SHOWN)]).into_owned()
    }
}

/// The line of a text that consists of the kernel's words alone: whoever asks about nothing else
/// means SSH.
fn only_the_kernel(lines: &[Cow<'_, [u8]>]) -> Option<usize> {
    let mut written = (0..lines.len()).filter(|&at| !lines[at].trim_ascii().is_empty());
    let (first, second) = (written.next()?, written.next());
    (second.is_none() && plain::is_of_the_kernel(&low(&lines[first]))).then_some(first)
}

/// A line in lower case, without the options of a command and without the addresses of web pages.
fn low(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(&line[..line.len().min(LONGEST)]);
    without_pages(without_options(&text.trim().to_lowercase()))
}

/// Leaves of the address of a web page its scheme: a name in it says nothing of the protocol that failed.
fn without_pages(line: String) -> String {
    const SCHEMES: [&str; 2] = ["https://", "http://"];
    if !SCHEMES.iter().any(|scheme| line.contains(scheme)) {
        return line;
    }
    let ends = |c: char| c.is_whitespace() || "\"'`<>()".contains(c);
    let (mut kept, mut rest) = (String::with_capacity(line.len()), line.as_str());
    while let Some(at) = SCHEMES
        .iter()
        .filter_map(|scheme| Some(rest.find(scheme)? + scheme.len()))
        .min()
    {
        let (before, page) = rest.split_at(at);
        kept.push_str(before);
        rest = &page[page.find(ends).unwrap_or(page.len())..];
    }
    kept.push_str(rest);
    kept
}

/// Whether a line is of a program that speaks another protocol, or names the port of one.
fn is_of_others(line: &str) -> bool {
    let port = |word: &str| {
        let (_, port) = word
            .trim_end_matches([':', '.', ')', ']'])
            .rsplit_once(':')?;
        port.parse().ok()
    };
    plain::is_of_others(line)
        || words(line)
            .iter()
            .filter_map(|word| port(word))
            .any(is_of_another_protocol)
}

/// Without the options of a command, whose names are words of failures too: `-o ConnectTimeout=10`.
fn without_options(line: &str) -> String {
    if !line.contains("-o") && !line.contains("timeout") {
        return line.to_owned();
    }
    let mut kept = String::with_capacity(line.len());
    let mut words = line.split(' ');
    while let Some(word) = words.next() {
        let begins = word.trim_start_matches(['[', '(', '{', '&', '"', '\'', ',']);
        if begins == "-o" {
            words.next();
        } else if !begins.starts_with("-o") && !begins.contains("timeout=") {
            kept.push_str(word);
            kept.push(' ');
        }
    }
    // `on port 22, with timeout 10000`.
    kept.trim_end().replace("with timeout", "")
}

/// The host that a line names: what [`destination`] finds, else an address.
fn whom(line: &[u8]) -> Option<Named> {
    destination(line).or_else(|| only_address(line))
}

/// The address in a line, unless there are several.
fn only_address(line: &[u8]) -> Option<Named> {
    let text = String::from_utf8_lossy(&line[..line.len().min(LONGEST)]);
    let words = words(&text);
    let mut found = words.iter().filter_map(|word| address(word));
    let first = found.next()?;
    found
        .all(|other| other.address == first.address)
        .then_some(first)
}

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || "\"'`()<>,;=|".contains(c))
        .collect()
}

/// The destination in a line: an ssh command, a login, or a host with its port.
fn destination(line: &[u8]) -> Option<Named> {
    let text = String::from_utf8_lossy(&line[..line.len().min(LONGEST)]);
    let typed = text.match_indices("ssh ").find_map(|(at, _)| {
        let options = text[at + 4..].trim_start().starts_with('-');
        let login = text[at + 4..].split_whitespace().next()?.contains('@');
        let begins = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '.');
        (begins && (options || login))
            .then(|| command::command(text[at..].as_bytes()))
            .flatten()
            .filter(|named| named.host.is_some())
    });
    if typed.is_some() {
        return typed;
    }
    let words = words(&text);
    words
        .iter()
        .find_map(|word| url(word))
        .or_else(|| words.iter().find_map(|word| login(word)))
        .or_else(|| with_port_word(&words))
        .or_else(|| behind_host(&words))
        .or_else(|| words.iter().find_map(|word| endpoint(word)))
}

/// `ssh://USER@HOST:PORT/…`.
fn url(word: &str) -> Option<Named> {
    let at = word.find("ssh://").or_else(|| word.find("sftp://"))?;
    command::destination(word[at..].trim_end_matches(['.', ':']))
}

/// `USER@HOST`, `USER@HOST:PORT`, but not the name of an algorithm.
fn login(word: &str) -> Option<Named> {
    const OF_ALGORITHMS: [&str; 3] = ["openssh.com", "libssh.org", "lysator.liu.se"];
    let word = word.trim_end_matches(['.', ':', ')', ']', '!']);
    let (user, rest) = word.split_once('@')?;
    let (host, port) = match rest.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (rest, None),
    };
    let plain = |text: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        !text.is_empty() && !text.starts_with('-') && text.bytes().all(known)
    };
    let algorithm = OF_ALGORITHMS.contains(&host);
    (plain(user) && plain(host) && !algorithm).then(|| Named {
        host: Some(host.to_owned()),
        user: Some(user.to_owned()),
        port,
        ..Named::default()
    })
}

/// `HOST port 22`, `HOST on port 22`.
fn with_port_word(words: &[&str]) -> Option<Named> {
    let at = words
        .iter()
        .position(|word| word.eq_ignore_ascii_case("port"))?;
    let port = words
        .get(at + 1)?
        .trim_end_matches(['.', ':'])
        .parse()
        .ok()?;
    let on = usize::from(at > 0 && matches!(words[at - 1], "on" | "at" | ""));
    let host = words.get(at.checked_sub(1 + on)?)?;
    let host = host.trim_matches(['[', ']', ':', '.']);
    is_host(host).then(|| Named {
        host: Some(host.to_owned()),
        port: Some(port),
        ..Named::default()
    })
}

/// `on host NAME: `, and `[NAME] ` at the beginning.
fn behind_host(words: &[&str]) -> Option<Named> {
    let behind = words
        .windows(2)
        .find(|pair| pair[0].eq_ignore_ascii_case("host"))
        .map(|pair| pair[1]);
    let bracketed = words
        .first()
        .filter(|word| word.starts_with('[') && word.ends_with(']'));
    let host = behind.or(bracketed.copied())?;
    let host = host.trim_matches(['[', ']', ':', '.']);
    is_host(host).then(|| Named {
        host: Some(host.to_owned()),
        ..Named::default()
    })
}

/// `HOST:PORT`, `[ADDRESS]:PORT`, but not the line of a source file; for `A:1->B:2` the second.
fn endpoint(word: &str) -> Option<Named> {
    let word = word.rsplit("->").next().unwrap_or(word);
    let word = word.trim_end_matches([':', '.', ']', ')', '!']);
    let (host, port) = word.rsplit_once(':')?;
    let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
    let host = host.trim_matches(['[', ']', '/']);
    // Errors of SSH may also name name servers, web servers and databases.
    const OF_OTHERS: [u16; 8] = [53, 80, 443, 3306, 5432, 6379, 3128, 8080];
    (is_host(host) && !OF_OTHERS.contains(&port)).then(|| Named {
        host: Some(host.to_owned()),
        port: Some(port),
        ..Named::default()
    })
}

fn address(word: &str) -> Option<Named> {
    let word = word.trim_matches(['[', ']', ':', '.', '!', '/']);
    let address: std::net::IpAddr = word.parse().ok()?;
    (!address.is_unspecified()).then(|| Named {
        address: Some(word.to_owned()),
        ..Named::default()
    })
}

/// Whether a word is an address, `localhost`, or a name with a dot that does not end like a source
/// file.
fn is_host(word: &str) -> bool {
    if word == "localhost" || word.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let last = word.rsplit_once('.').map(|(_, last)| last);
    word.bytes().all(known)
        && last.is_some_and(|last| {
            last.len() > 1 && last.bytes().all(|byte| byte.is_ascii_alphabetic())
        })
        && !is_source_file(word)
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
}
