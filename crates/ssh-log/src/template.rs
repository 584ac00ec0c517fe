//! Patterns that look like the message they match.
//!
//! A template is a message with fields: `Failed {word} for invalid user {user} from {addr} port
//! {port} ssh2`. It matches the whole message or nothing. A client's text is possible in three
//! places only: in `{user}`, which extends to the *last* place where the rest of the template still
//! matches, so that a user name cannot put an address before the true one; in `{quoted}`, which
//! does the same; and in a final `{detail}`, which no other field follows. A message with both a
//! user and such a detail has a colon between them, and a user name has none: sshd takes the text
//! after a colon for the style of authentication (auth2.c, `input_userauth_request`). So there is
//! only one way to read it.
//!
//! Matching needs no memory and, with one `{user}` in a template, linear time.

use std::borrow::Cow;
use std::sync::OnceLock;

use memchr::{memchr, memrchr};

use crate::start::{Ending, Start};

/// A template, compiled when it is first used: a log has the messages of a few of them.
#[derive(Debug)]
pub(crate) struct Template {
    pattern: Cow<'static, str>,
    /// The number of bytes before its first field.
    literal: usize,
    tokens: OnceLock<Vec<Token>>,
}

/// The values of a template's fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fields<'a> {
    pub(crate) addr: Option<&'a [u8]>,
    pub(crate) port: Option<u16>,
    pub(crate) user: Option<&'a [u8]>,
    pub(crate) host: Option<&'a [u8]>,
    pub(crate) number: Option<u64>,
    pub(crate) detail: Option<&'a [u8]>,
    /// The file of a configuration.
    pub(crate) config: Option<&'a [u8]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(Literal),
    /// An address or a host name: no blank.
    Addr,
    Port,
    /// An address, a colon, a port.
    Endpoint,
    /// Digits; a fraction after them is skipped.
    Number,
    /// At least one character that is not a blank.
    Word,
    Gap(Slot, Reach),
}

/// Fixed text of a message, and its rarest byte: the search looks for that one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Literal {
    text: Start,
    ending: Ending,
    rare: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// Without a colon.
    User,
    Host,
    Detail,
    /// A detail that begins with a slash.
    Path,
    /// A path that is not followed by a colon: it is not the script in which a shell found an
    /// error.
    Config,
    Nothing,
}

/// The text that may follow a match.
enum End {
    /// None.
    Whole,
    /// Anything: this number of bytes.
    Open { left: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Up to the first place where the next literal occurs.
    First,
    /// Up to the last place from which the rest matches.
    Last,
    /// The same, where there is no more than one such place, which is found from the end of the text.
    Only,
}

impl Template {
    /// A pattern of this crate's tables.
    pub(crate) fn new(pattern: impl Into<Cow<'static, str>>) -> Self {
        let pattern = pattern.into();
        Self {
            literal: pattern.find('{').unwrap_or(pattern.len()),
            pattern,
            tokens: OnceLock::new(),
        }
    }

    /// What it consists of.
    ///
    /// # Panics
    /// If the pattern contains a field that does not exist: the tables are constant and tested.
    #[inline]
    fn tokens(&self) -> &[Token] {
        self.tokens.get_or_init(|| compiled(&self.pattern))
    }

    /// The bytes that every match begins with.
    pub(crate) fn lead(&self) -> &[u8] {
        let paths = ["{path}", "{config}"];
        if paths.iter().any(|field| self.pattern.starts_with(field)) {
            b"/"
        } else {
            self.lead_literal()
        }
    }

    /// Matches the whole message.
    pub(crate) fn fields<'a>(&self, message: &'a [u8]) -> Option<Fields<'a>> {
        let behind = message.strip_prefix(self.lead_literal())?;
        let mut fields = Fields::default();
        self.fill_behind(behind, &mut fields).then_some(fields)
    }

    /// Matches the whole message, of which this stands behind what the template begins with as it is written. Fields that are
    /// taken stand in `fields`, which was empty; where it does not match, any may.
    #[inline(always)]
    pub(crate) fn fill_behind<'a>(&self, message: &'a [u8], fields: &mut Fields<'a>) -> bool {
        let tokens = match self.tokens() {
            [Token::Literal(_), tokens @ ..] => tokens,
            tokens => tokens,
        };
        // The end rejects most messages that do not match.
        if let Some(Token::Literal(literal)) = tokens.last() {
            if literal.ending.strip(message).is_none() {
                return false;
            }
        }
        matches(tokens, message, fields, &mut End::Whole)
    }

    /// The literal text at the beginning of every match.
    pub(crate) fn lead_literal(&self) -> &[u8] {
        &self.pattern.as_bytes()[..self.literal]
    }

    /// Matches the beginning of a text; returns the length of the match too. A gap at the end takes
    /// the whole rest.
    pub(crate) fn beginning<'a>(&self, text: &'a [u8]) -> Option<(Fields<'a>, usize)> {
        let (mut fields, mut end) = (Fields::default(), End::Open { left: 0 });
        if !matches(self.tokens(), text, &mut fields, &mut end) {
            return None;
        }
        let left = if let End::Open { left } = end {
            left
        } else {
            0
        };
        Some((fields, text.len() - left))
    }
}

fn compiled(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let Some((literal, tail)) = rest.split_once('{') {
        push_literal(&mut tokens, literal);
        let (field, tail) = tail
            .split_once('}')
            .expect("the tables close what they open");
        tokens.push(token(field));
        rest = tail;
    }
    push_literal(&mut tokens, rest);
    for at in 0..tokens.len() {
        let (until, behind) = tokens.split_at_mut(at + 1);
        if let Token::Gap(_, reach @ Reach::Last) = &mut until[at] {
            if is_read_from_end(behind) {
                *reach = Reach::Only;
            }
        }
    }
    tokens
}

fn push_literal(tokens: &mut Vec<Token>, literal: &str) {
    if !literal.is_empty() {
        tokens.push(Token::Literal(Literal::new(literal.as_bytes())));
    }
}

fn token(field: &str) -> Token {
    match field {
        "addr" => Token::Addr,
        "port" => Token::Port,
        "endpoint" => Token::Endpoint,
        "n" => Token::Number,
        "word" => Token::Word,
        "user" => Token::Gap(Slot::User, Reach::Last),
        "host" => Token::Gap(Slot::Host, Reach::Last),
        "name" => Token::Gap(Slot::Host, Reach::First),
        "any" => Token::Gap(Slot::Nothing, Reach::Last),
        "quoted" => Token::Gap(Slot::Detail, Reach::Last),
        "detail" => Token::Gap(Slot::Detail, Reach::First),
        "path" => Token::Gap(Slot::Path, Reach::First),
        "config" => Token::Gap(Slot::Config, Reach::First),
        "" => Token::Gap(Slot::Nothing, Reach::First),
        _ => panic!("no such field: {field}"),
    }
}

fn matches<'a>(
    tokens: &[Token],
    mut text: &'a [u8],
    fields: &mut Fields<'a>,
    end: &mut End,
) -> bool {
    // Tokens that match in one way only are handled in this loop; one that may end in several
    // places continues recursively from each.
    for (at, token) in tokens.iter().enumerate() {
        let rest = &tokens[at + 1..];
        let tail = match token {
            Token::Literal(literal) => literal.text.strip(text),
            Token::Port => {
                let (number, tail) = digits(text);
                fields.port = number.and_then(|port| u16::try_from(port).ok());
                if number.is_some() {
                    Some(tail)
                } else {
                    masked(text)
                }
            }
            Token::Number => {
                let (number, tail) = digits(text);
                fields.number = number;
                number.map(|_| fraction(tail))
            }
            Token::Word => {
                let word = place(b' ', text).unwrap_or(text.len());
                (word > 0).then(|| &text[word..])
            }
            Token::Addr => return matches_addr(rest, text, fields, end),
            Token::Endpoint => return matches_endpoint(rest, text, fields, end),
            Token::Gap(slot, reach) => {
                return matches_gap((*slot, *reach), rest, text, fields, end);
            }
        };
        let Some(tail) = tail else { return false };
        text = tail;
    }
    match end {
        End::Whole => text.is_empty(),
        End::Open { left } => {
            *left = text.len();
            true
        }
    }
}

/// Consumes any text up to a place from which the rest matches.
fn matches_gap<'a>(
    (slot, reach): (Slot, Reach),
    rest: &[Token],
    text: &'a [u8],
    fields: &mut Fields<'a>,
    end: &mut End,
) -> bool {
    let Some(taken) = gap((slot, reach), rest, text, fields, end) else {
        return false;
    };
    match slot {
        Slot::User => fields.user = Some(&text[..taken]),
        Slot::Host => fields.host = Some(&text[..taken]),
        Slot::Path | Slot::Config if text.first() != Some(&b'/') => return false,
        Slot::Config if text[..taken].ends_with(b":") => return false,
        Slot::Config => {
            fields.config = Some(&text[..taken]);
            fields.detail = fields.detail.or(fields.config);
        }
        Slot::Detail | Slot::Path => fields.detail = Some(&text[..taken]),
        Slot::Nothing => {}
    }
    true
}

/// Consumes an address; a colon or a dash at its end may belong to the message (`from 192.0.2.1:
/// 11: …`).
fn matches_addr<'a>(
    rest: &[Token],
    text: &'a [u8],
    fields: &mut Fields<'a>,
    end: &mut End,
) -> bool {
    let longest = text
        .iter()
        .position(|&by| !ADDR_BYTES[usize::from(by)])
        .unwrap_or(text.len());
    let mut fits = |taken: usize| taken > 0 && matches(rest, &text[taken..], fields, end);
    let separator = || {
        memrchr(b'-', &text[..longest])
            .or_else(|| longest.checked_sub(1).filter(|&at| text[at] == b':'))
    };
    let taken = if fits(longest) {
        longest
    } else {
        match separator() {
            Some(at) if fits(at) => at,
            _ => return false,
        }
    };
    fields.addr = Some(&text[..taken]);
    true
}

/// Consumes `192.0.2.1:22`, `2001:db8::1:22`: the last colon before a digit precedes the port.
fn matches_endpoint<'a>(
    rest: &[Token],
    text: &'a [u8],
    fields: &mut Fields<'a>,
    end: &mut End,
) -> bool {
    let word = text
        .iter()
        .position(|by| !(by.is_ascii_alphanumeric() || b".:%*-[]".contains(by)))
        .unwrap_or(text.len());
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let mut places = (1..word).rev();
    let Some(colon) = places.find(|&at| text[at] == b':' && is_digit(at + 1)) else {
        return false;
    };
    let (port, tail) = digits(&text[colon + 1..]);
    fields.addr = Some(&text[..colon]);
    fields.port = port.and_then(|port| u16::try_from(port).ok());
    port.is_some() && matches(rest, tail, fields, end)
}

/// The bytes of addresses and names, and of placeholders that people write for one: `***`, `<ip>`,
/// `${HOST}`.
static ADDR_BYTES: [bool; 256] = {
    let (mut table, mut byte) = ([false; 256], 0);
    while byte < 0x80 {
        table[byte] = matches!(
            byte as u8,
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b':' | b'-' | b'_' | b'%' | b'*'
                | b'<' | b'>' | b'{' | b'}' | b'$' | b'#'
        );
        byte += 1;
    }
    table
};

/// The text after the mask of a number: `***`, `xxxxx`.
fn masked(text: &[u8]) -> Option<&[u8]> {
    let end = text
        .iter()
        .position(|by| !matches!(by, b'*' | b'x' | b'X' | b'#' | b'?'))
        .unwrap_or(text.len());
    (end > 0).then(|| &text[end..])
}

/// The end of a gap in `text` from which the rest matches.
fn gap<'a>(
    (slot, reach): (Slot, Reach),
    rest: &[Token],
    text: &'a [u8],
    fields: &mut Fields<'a>,
    end: &mut End,
) -> Option<usize> {
    let colon_in = |taken: &[u8]| match slot {
        Slot::User => place(b':', taken),
        _ => None,
    };
    let Some(Token::Literal(next)) = rest.first() else {
        let is_whole = colon_in(text).is_none() && matches(rest, b"", fields, end);
        return is_whole.then_some(text.len());
    };
    match (reach, &*end) {
        (Reach::First, _) => {
            let at = next.first_in(text)?;
            return matches(rest, &text[at..], fields, end).then_some(at);
        }
        (Reach::Only, End::Whole) => {
            let at = from_end(rest, text, fields).filter(|&at| colon_in(&text[..at]).is_none());
            // A mask in the place of a number, or a fraction, is found from the front.
            if at.is_some() {
                return at;
            }
        }
        _ => {}
    }
    let (mut before, length) = (text.len(), next.text.text().len());
    if let (b" ", [_, Token::Addr, Token::Literal(behind), ..]) = (next.text.text(), rest) {
        // A blank separates all words: the one sought is before this.
        before = behind.last_in(text)?;
    }
    while let Some(at) = next.last_in(&text[..before]) {
        before = at + length - 1;
        if matches(rest, &text[at..], fields, end) {
            // Most texts have none: it is searched for only in the part found.
            match colon_in(&text[..at]) {
                Some(colon) => before = before.min(colon + length),
                None => return Some(at),
            }
        }
    }
    None
}

/// The first place of a byte in a word: most are shorter than the preparation of `memchr` is worth.
fn place(byte: u8, word: &[u8]) -> Option<usize> {
    word.iter().position(|&by| by == byte)
}

/// Whether these tokens match in one way only where a text ends with them: no byte of a field can belong to the text on
/// either side of it.
fn is_read_from_end(tokens: &[Token]) -> bool {
    let Some(Token::Literal(_)) = tokens.first() else {
        return false;
    };
    let sides = |at: usize| match (tokens.get(at.wrapping_sub(1)), tokens.get(at + 1)) {
        (Some(Token::Literal(left)), None) => Some((left.text.text(), None)),
        (Some(Token::Literal(left)), Some(Token::Literal(right))) => {
            Some((left.text.text(), right.text.text().first().copied()))
        }
        _ => None,
    };
    let apart = |at: usize, is_of_field: &dyn Fn(u8) -> bool| {
        sides(at).is_some_and(|(left, right)| {
            left.last().is_some_and(|&left| !is_of_field(left)) && !right.is_some_and(is_of_field)
        })
    };
    tokens.iter().enumerate().all(|(at, token)| match token {
        Token::Literal(_) => true,
        Token::Addr => apart(at, &|byte| ADDR_BYTES[usize::from(byte)]),
        Token::Port | Token::Number => apart(at, &|byte| byte.is_ascii_digit() || byte == b'.'),
        Token::Endpoint | Token::Word | Token::Gap(..) => false,
    })
}

/// Matches the end of a text with tokens that [are read from there](is_read_from_end): where what they match begins.
fn from_end<'a>(tokens: &[Token], text: &'a [u8], fields: &mut Fields<'a>) -> Option<usize> {
    let mut end = text.len();
    for token in tokens.iter().rev() {
        let text = &text[..end];
        end = match token {
            Token::Literal(literal) => literal.ending.strip(text)?.len(),
            Token::Addr => {
                let before = text.iter().rposition(|&by| !ADDR_BYTES[usize::from(by)]);
                let start = before.map_or(0, |at| at + 1);
                fields.addr = Some(&text[start..]).filter(|addr| !addr.is_empty());
                fields.addr.map(|_| start)?
            }
            Token::Port => {
                let (port, start) = last_digits(text)?;
                fields.port = u16::try_from(port).ok();
                start
            }
            Token::Number => {
                let (number, start) = last_digits(text)?;
                fields.number = Some(number);
                start
            }
            Token::Endpoint | Token::Word | Token::Gap(..) => return None,
        };
    }
    Some(end)
}

/// For each byte its place among those of messages and addresses, the most frequent first; all others are the rarest.
static RARITY: [u8; 256] = {
    const FREQUENT: &[u8] = b" eotrnsaid1203456789.l:cupmhf=";
    let (mut places, mut at) = ([FREQUENT.len() as u8; 256], 0);
    while at < FREQUENT.len() {
        places[FREQUENT[at] as usize] = at as u8;
        at += 1;
    }
    places
};

impl Literal {
    fn new(text: &[u8]) -> Self {
        let rare = (0..text.len()).max_by_key(|&at| RARITY[usize::from(text[at])]);
        Self {
            text: Start::new(text),
            ending: Ending::new(text),
            rare: rare.unwrap_or(0),
        }
    }

    /// The first place in a text.
    fn first_in(&self, text: &[u8]) -> Option<usize> {
        let rare = *self.text.text().get(self.rare)?;
        let mut start = self.rare;
        while let Some(at) = memchr(rare, text.get(start..)?).map(|at| start + at) {
            if self.text.strip(&text[at - self.rare..]).is_some() {
                return Some(at - self.rare);
            }
            start = at + 1;
        }
        None
    }

    /// The last place in a text.
    fn last_in(&self, text: &[u8]) -> Option<usize> {
        let rare = *self.text.text().get(self.rare)?;
        let mut end = text.len();
        while let Some(at) = memrchr(rare, &text[..end]) {
            let start = at.checked_sub(self.rare)?;
            if self.text.strip(&text[start..]).is_some() {
                return Some(start);
            }
            end = at;
        }
        None
    }
}

/// The number of the digits at the beginning of a text, where it has one that fits, and what follows them.
fn digits(text: &[u8]) -> (Option<u64>, &[u8]) {
    let (mut value, mut end) = (0_u64, 0);
    while let Some(digit @ b'0'..=b'9') = text.get(end) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        end += 1;
    }
    let (digits, tail) = text.split_at(end);
    let value = match end {
        0 => None,
        // This many digits always fit.
        1..=19 => Some(value),
        _ => std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse().ok()),
    };
    (value, tail)
}

/// The number of the digits at the end of a text, and where they begin; `None` where there are none, or more than always fit.
fn last_digits(text: &[u8]) -> Option<(u64, usize)> {
    let (mut number, mut weight, mut start) = (0, 1, text.len());
    while let Some((digit @ b'0'..=b'9', before)) = text[..start].split_last() {
        if text.len() - start == 18 {
            return None;
        }
        number += u64::from(digit - b'0') * weight;
        (weight, start) = (weight * 10, before.len());
    }
    (start < text.len()).then_some((number, start))
}

fn fraction(text: &[u8]) -> &[u8] {
    match text {
        [b'.', tail @ ..] if tail.first().is_some_and(u8::is_ascii_digit) => digits(tail).1,
        _ => text,
    }
}

#[cfg(test)]
mod tests;
