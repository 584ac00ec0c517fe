//! Values of several words, and addresses to listen on.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::reading::{Fault, Outcome, Reading, Used, first};
use super::{numeric, text};
use crate::address;
use crate::line::Args;
use crate::release::Release;
use crate::words::Word;

/// The methods that every build knows; those of GSSAPI depend on it.
const METHODS: [&str; 5] = [
    "none",
    "publickey",
    "password",
    "keyboard-interactive",
    "hostbased",
];

/// The words of a list. Up to 9.6 a list could be empty (`AllowUsers # nobody`); it then sets
/// nothing.
fn items(args: &Args, release: Release) -> Result<&[Word], Fault> {
    let list = args.list();
    if list.is_empty() && release.since(9, 7) {
        return Err(Fault::new("the argument is missing"));
    }
    match list.iter().find(|word| word.text.is_empty()) {
        Some(word) => Err(Fault::at(word, "an argument is empty")),
        None => Ok(list),
    }
}

fn joined(values: &[String]) -> Reading {
    if values.is_empty() {
        Reading::default()
    } else {
        Reading::one(values.join(" "))
    }
}

fn each(args: &Args, release: Release, check: impl Fn(&Word) -> Result<(), Fault>) -> Outcome {
    let list = items(args, release)?;
    list.iter().try_for_each(check)?;
    Ok((Reading::each(list.iter().map(Word::lossy)), Used::List))
}

/// Checks that `none` is alone.
fn lone_none(list: &[Word]) -> Result<(), Fault> {
    let none = list
        .iter()
        .find(|word| word.text.eq_ignore_ascii_case(b"none"));
    match none.filter(|_| list.len() > 1) {
        Some(word) => Err(Fault::at(word, "\"none\" must stand alone")),
        None => Ok(()),
    }
}

pub(super) fn words(args: &Args, release: Release) -> Outcome {
    let list = items(args, release)?;
    lone_none(list)?;
    Ok((
        joined(&list.iter().map(Word::lossy).collect::<Vec<_>>()),
        Used::List,
    ))
}

pub(super) fn home_paths(args: &Args, release: Release) -> Outcome {
    let list = items(args, release)?;
    if release.since(10, 3) {
        lone_none(list)?;
    }
    let paths: Vec<String> = list
        .iter()
        .map(|word| text::expand_home(&word.lossy()))
        .collect();
    Ok((joined(&paths), Used::List))
}

/// Patterns of users; what follows an `@` is an address list.
pub(super) fn users(args: &Args, release: Release) -> Outcome {
    each(args, release, |word| {
        let is_at = |&b: &u8| b == b'@';
        let at = if release.since(9, 9) {
            word.text.iter().rposition(is_at)
        } else {
            word.text.iter().position(is_at)
        };
        let hosts = at.map(|at| &word.text[at + 1..]);
        let checked = hosts.map_or(Ok(()), |hosts| address::check_list(hosts, release));
        checked.map_err(|bad| {
            Fault::at(
                word,
                format!("invalid address \"{}\" in the pattern", bad.0),
            )
        })
    })
}

pub(super) fn groups(args: &Args, release: Release) -> Outcome {
    each(args, release, |_| Ok(()))
}

pub(super) fn env_names(args: &Args, release: Release) -> Outcome {
    each(args, release, |word| {
        if word.text.contains(&b'=') {
            Err(Fault::at(
                word,
                format!("\"{}\" is not the name of a variable", word.lossy()),
            ))
        } else {
            Ok(())
        }
    })
}

/// Assignments; since 9.1 the first one of a name counts.
pub(super) fn environment(args: &Args, release: Release) -> Outcome {
    let mut seen = BTreeSet::new();
    let mut values = Vec::new();
    for word in items(args, release)? {
        let Some(equals) = word.text.iter().position(|&b| b == b'=') else {
            return Err(Fault::at(
                word,
                format!("\"{}\" is not an assignment", word.lossy()),
            ));
        };
        if seen.insert(&word.text[..equals]) || !release.since(9, 1) {
            values.push(word.lossy());
        }
    }
    Ok((Reading::each(values), Used::List))
}

/// `host:port` lists of PermitOpen and, with bare ports allowed, of PermitListen.
pub(super) fn destinations(args: &Args, bare_port: bool, release: Release) -> Outcome {
    let list = items(args, release)?;
    let Some(start) = list.first() else {
        return Err(Fault::new("the argument is missing"));
    };
    let keyword = |word: &Word| word.text == b"any" || word.text == b"none";
    if keyword(start) && (list.len() == 1 || !release.since(9, 7)) {
        return Ok((Reading::one(start.lossy()), Used::Words(1)));
    }
    let mut values = Vec::new();
    for (index, word) in list.iter().enumerate() {
        if keyword(word) && release.since(9, 7) {
            if index > 0 {
                return Err(Fault::at(
                    word,
                    format!("\"{}\" must stand alone", word.lossy()),
                ));
            }
            values.push(word.lossy());
            continue;
        }
        values.push(destination(word, bare_port)?);
    }
    Ok((joined(&values), Used::List))
}

fn destination(word: &Word, bare_port: bool) -> Result<String, Fault> {
    let text = word.lossy();
    let bad = || Fault::at(word, format!("\"{text}\" is not host:port"));
    let (shown, port) = match split_host(&text) {
        _ if bare_port && !text.contains(':') => (format!("*:{text}"), Some(text.as_str())),
        Some((_, port)) => (text.clone(), port),
        None => return Err(bad()),
    };
    match port {
        Some("*") => Ok(shown),
        Some(port) => service(port)
            .filter(|&port| port > 0)
            .map(|_| shown)
            .ok_or_else(|| bad().uncertain()),
        None => Err(bad()),
    }
}

/// Splits `host[:port]` or `[host][:port]` (hpdelim); `None` if sshd finds no host.
fn split_host(text: &str) -> Option<(&str, Option<&str>)> {
    let end = match text.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => text.find([':', '/']).unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at(end);
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    match rest.as_bytes().first() {
        None => Some((host, None)),
        Some(b':') => Some((host, Some(&rest[1..]))),
        Some(_) => None,
    }
}

/// A port number; a service name is not resolved.
fn service(text: &str) -> Option<i64> {
    numeric::strtonum(text.as_bytes(), 0, 65_535).ok()
}

/// Lists of authentication methods, or `any` alone.
pub(super) fn methods(args: &Args, release: Release) -> Outcome {
    let list = args.list();
    if list.is_empty() {
        return Err(Fault::new("the argument is missing"));
    }
    let any = list.iter().find(|word| word.text == b"any");
    if let Some(word) = any.filter(|_| list.len() > 1) {
        return Err(Fault::at(word, "\"any\" must stand alone"));
    }
    let mut reading = joined(&list.iter().map(Word::lossy).collect::<Vec<_>>());
    if any.is_none() {
        for word in list {
            reading.doubt = reading.doubt.or(method_list(word, release)?);
        }
    }
    Ok((reading, Used::List))
}

fn method_list(word: &Word, release: Release) -> Result<Option<String>, Fault> {
    let mut doubt = None;
    for method in word.lossy().split(',') {
        let name = method.split(':').next().unwrap_or_default();
        if name.starts_with("gssapi-") {
            doubt = Some("whether GSSAPI methods are known depends on the build".to_owned());
        } else if !METHODS.contains(&name) {
            let fault = Fault::at(word, format!("unknown authentication method \"{name}\""));
            return Err(if release.since(8, 7) {
                fault
            } else {
                fault.uncertain()
            });
        }
    }
    Ok(doubt)
}

pub(super) fn channel_timeouts(args: &Args, release: Release) -> Outcome {
    let list = args.list();
    if list.is_empty() && release.since(9, 7) {
        return Err(Fault::new("the argument is missing"));
    }
    lone_none(list)?;
    for word in list
        .iter()
        .filter(|word| !word.text.eq_ignore_ascii_case(b"none"))
    {
        let equals = word
            .text
            .iter()
            .position(|&b| b == b'=')
            .filter(|&at| at > 0);
        if equals
            .and_then(|at| numeric::seconds(&word.text[at + 1..], release))
            .is_none()
        {
            return Err(Fault::at(
                word,
                format!("invalid channel timeout \"{}\"", word.lossy()),
            ));
        }
    }
    let shown = |word: &Word| {
        if word.text.eq_ignore_ascii_case(b"none") {
            "none".to_owned()
        } else {
            word.lossy()
        }
    };
    Ok((
        joined(&list.iter().map(shown).collect::<Vec<_>>()),
        Used::List,
    ))
}

pub(super) fn pubkey_options(args: &Args, release: Release) -> Outcome {
    let (mut touch, mut verify) = (false, false);
    for word in args.list() {
        match word.lossy().to_ascii_lowercase().as_str() {
            "none" => {}
            "touch-required" => touch = true,
            "verify-required" if release.since(8, 4) => verify = true,
            other => return Err(Fault::at(word, format!("unsupported option \"{other}\""))),
        }
    }
    let value = match (touch, verify) {
        (false, false) => "none",
        (true, false) => "touch-required",
        (false, true) => "verify-required",
        (true, true) => "touch-required verify-required",
    };
    Ok((Reading::one(value), Used::List))
}

pub(super) fn addresses(word: &Word, release: Release) -> Result<String, Fault> {
    let checked = address::check_list(&word.text, release);
    checked.map_err(|bad| Fault::at(word, format!("invalid address \"{}\" in the list", bad.0)))?;
    Ok(if word.text.eq_ignore_ascii_case(b"none") {
        "none".to_owned()
    } else {
        word.lossy()
    })
}

/// `name command arguments…`; since 9.5 the command is printed with its quotes.
pub(super) fn subsystem(args: &Args, release: Release) -> Outcome {
    let name = first(args)?.lossy();
    let list = args.list();
    let Some(command) = list.get(1).filter(|word| !word.text.is_empty()) else {
        return Err(Fault::new("the command of the subsystem is missing"));
    };
    let words = std::iter::once(command).chain(&list[2..]);
    let words: Vec<String> = words
        .map(|word| {
            if release.since(9, 5) {
                assemble(&word.lossy())
            } else {
                word.lossy()
            }
        })
        .collect();
    Ok((
        Reading::one(format!("{name} {}", words.join(" "))),
        Used::List,
    ))
}

/// Quotes a word as argv_assemble does.
fn assemble(word: &str) -> String {
    let escaped: String = word.chars().flat_map(escape).collect();
    if word.contains([' ', '\t']) {
        format!("\"{escaped}\"")
    } else {
        escaped
    }
}

fn escape(c: char) -> impl Iterator<Item = char> {
    ['\\']
        .into_iter()
        .filter(move |_| matches!(c, '\\' | '\'' | '"'))
        .chain([c])
}

pub(super) fn port(word: &Word) -> Result<String, Fault> {
    let text = word.lossy();
    let bad = || Fault::at(word, format!("\"{text}\" is not a port"));
    match service(&text) {
        Some(0) => Err(bad()),
        Some(port) => Ok(port.to_string()),
        None if text.bytes().all(|b| b.is_ascii_digit()) => Err(bad()),
        None => Err(bad().uncertain()),
    }
}

/// Whether a name ends like an IPv4 address, as no name in the DNS does: `192.0.2.400`.
fn is_like_an_address(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
}

/// An address to listen on, kept as `address` or `[address]:port` for the time when all ports are known.
pub(super) fn listen_address(args: &Args) -> Outcome {
    let word = first(args)?;
    let text = word.lossy();
    let bad = || Fault::at(word, format!("\"{text}\" is not an address to listen on"));
    let bare_v6 = !text.contains('[') && text.matches(':').count() > 1;
    let (host, port) = if bare_v6 {
        (text.as_str(), None)
    } else {
        split_host(&text).ok_or_else(bad)?
    };
    let port = port
        .map(|port| service(port).filter(|&port| port > 0).ok_or_else(bad))
        .transpose()?;
    let address = address::parse_address(host.as_bytes());
    if address.is_none() && is_like_an_address(host) {
        return Err(bad().uncertain());
    }
    let shown = address.map_or_else(|| host.to_owned(), |address: IpAddr| address.to_string());
    let mut reading =
        Reading::one(port.map_or_else(|| shown.clone(), |port| format!("[{shown}]:{port}")));
    if address.is_none() {
        reading.doubt = Some(format!(
            "whether \"{host}\" resolves depends on the machine"
        ));
    }
    if let Some(word) = args.raw(1) {
        if word.text != b"rdomain" || args.raw(2).is_none() {
            return Err(Fault::at(
                word,
                format!("\"{}\" is not rdomain with a routing domain", word.lossy()),
            ));
        }
        reading.doubt = Some("whether routing domains work depends on the platform".to_owned());
        return Ok((reading, Used::Words(3)));
    }
    Ok((reading, Used::Words(1)))
}
