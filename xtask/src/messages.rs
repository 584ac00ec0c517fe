//! `cargo xtask messages CHECKOUT`: what sshd can write into a log before a session stands, from the sources of each release.
//!
//! The list is data of `crates/ssh-log` (`messages/openssh.tsv`): one line a message, with the releases that have it. A test of that crate
//! asks for a rule, or for a reason why there is none, for each of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::run::project;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A clone of openssh-portable, with its tags
    checkout: PathBuf,
}

const LIST: &str = "crates/ssh-log/messages/openssh.tsv";

/// The first release that is read.
const FIRST: (u32, u32) = (7, 4);

/// The files of the sources whose code runs in sshd before a session stands, and what opens the session.
const FILES: &[&str] = &[
    "audit-linux.c",
    "auth-options.c",
    "auth-pam.c",
    "auth-passwd.c",
    "auth-rhosts.c",
    "auth-shadow.c",
    "auth.c",
    "auth2-chall.c",
    "auth2-gss.c",
    "auth2-hostbased.c",
    "auth2-kbdint.c",
    "auth2-methods.c",
    "auth2-none.c",
    "auth2-passwd.c",
    "auth2-pubkey.c",
    "auth2-pubkeyfile.c",
    "auth2.c",
    "authfile.c",
    "canohost.c",
    "dispatch.c",
    "groupaccess.c",
    "gss-serv.c",
    "kex-names.c",
    "kex.c",
    "kexgen.c",
    "kexgexs.c",
    "misc.c",
    "monitor.c",
    "monitor_fdpass.c",
    "monitor_wrap.c",
    "msg.c",
    "packet.c",
    "platform.c",
    "sandbox-rlimit.c",
    "sandbox-seccomp-filter.c",
    "servconf.c",
    "serverloop.c",
    "session.c",
    "srclimit.c",
    "sshd-auth.c",
    "sshd-session.c",
    "sshd.c",
    "sshpty.c",
    "uidswap.c",
    "openbsd-compat/port-linux.c",
];

/// The functions that write a message, the level that each writes at, and the letters that its variants add (log.h):
/// `f` the name of the function before the message, `r` the text of an error behind it.
const FUNCTIONS: &[(&str, &str)] = &[
    ("fatal", "fatal"),
    ("sigdie", "fatal"),
    ("sshlogdie", "fatal"),
    ("logdie", "error"),
    ("error", "error"),
    ("logit", "info"),
    ("verbose", "verbose"),
    ("do_log2", "info"),
    ("ssh_packet_disconnect", "disconnect"),
    ("packet_disconnect", "disconnect"),
];

/// A message of one file: its level and its format, as the sources have them.
type Message = (String, String, String);

/// Stands for the name of the function until it is known.
const NAME: &str = "__func__";

/// Reads the sources and writes the list.
///
/// # Errors
/// When git or the sources cannot be read, or the list cannot be written.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let releases = releases(&arguments.checkout)?;
    let mut seen: BTreeMap<Message, (String, String)> = BTreeMap::new();
    for (name, tag) in &releases {
        for file in FILES {
            let Some(source) = show(&arguments.checkout, tag, file)? else {
                continue;
            };
            for (level, format) in messages(&source) {
                let message = ((*file).to_owned(), level, format);
                let span = seen
                    .entry(message)
                    .or_insert_with(|| (name.clone(), String::new()));
                span.1.clone_from(name);
            }
        }
    }
    let mut text = String::from(
        "# written by `cargo xtask messages`: level, first and last release, file, format\n",
    );
    for ((file, level, format), (first, last)) in &seen {
        let _ = writeln!(text, "{level}\t{first}-{last}\t{file}\t{format}");
    }
    println!("{} messages of {} releases", seen.len(), releases.len());
    fs::write(project().join(LIST), text).map_err(|error| format!("{LIST}: {error}"))
}

/// The releases from [`FIRST`] on with their tags, in order.
fn releases(checkout: &Path) -> Result<Vec<(String, String)>, String> {
    let tags = git(checkout, &["tag", "--list", "V_*_P1"])?.ok_or("git lists no tags")?;
    let mut releases: Vec<((u32, u32), String)> = tags
        .lines()
        .filter_map(|tag| Some((release(tag)?, tag.to_owned())))
        .filter(|(release, _)| *release >= FIRST)
        .collect();
    releases.sort();
    if releases.is_empty() {
        return Err(format!(
            "{}: has no tags V_*_P1 of OpenSSH",
            checkout.display()
        ));
    }
    let named = releases.into_iter();
    Ok(named
        .map(|((major, minor), tag)| (format!("{major}.{minor}"), tag))
        .collect())
}

fn release(tag: &str) -> Option<(u32, u32)> {
    let mut parts = tag.strip_prefix("V_")?.split('_');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// A file of a release; `None` where that release has none of this name.
fn show(checkout: &Path, tag: &str, file: &str) -> Result<Option<String>, String> {
    git(checkout, &["show", &format!("{tag}:{file}")])
}

fn git(checkout: &Path, arguments: &[&str]) -> Result<Option<String>, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(checkout)
        .args(arguments)
        .output()
        .map_err(|error| format!("git: {error}"))?;
    Ok(output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// The messages of a source in the order in which they stand.
fn messages(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let bytes = source.as_bytes();
    let (mut at, mut within) = (0, "");
    while at < bytes.len() {
        if let Some(end) = skipped(source, at) {
            at = end;
            continue;
        }
        let begins = at == 0 || !is_word(bytes[at - 1]);
        if !begins || !is_word(bytes[at]) {
            at += 1;
            continue;
        }
        let end = at
            + source[at..]
                .bytes()
                .take_while(|byte| is_word(*byte))
                .count();
        let (name, called) = (&source[at..end], bytes.get(end) == Some(&b'('));
        // The style of these sources: only the definition of a function begins a line with its name.
        if called && source[..at].ends_with('\n') {
            within = name;
        }
        let written = function(name).filter(|_| called);
        if let Some(((level, variant), format)) = written.zip(format(&source[end..])) {
            let format = format.replacen(NAME, within, 1);
            found.push((level.to_owned(), decorated(&format, level, variant, within)));
        }
        at = end;
    }
    found
}

/// The level of a function that writes messages, and what its variant adds.
fn function(name: &str) -> Option<(&'static str, &str)> {
    FUNCTIONS.iter().find_map(|(base, level)| {
        let rest = name.strip_prefix(base)?;
        let variant = match rest {
            "" => "",
            "_f" | "_r" | "_fr" => &rest[1..],
            _ => return None,
        };
        Some((*level, variant))
    })
}

/// The format as it is written: with the name of the function before it, the text of an error behind it.
fn decorated(format: &str, level: &str, variant: &str, within: &str) -> String {
    let before = match (variant.contains('f'), level) {
        (true, _) => format!("{within}: "),
        (false, "disconnect") => "Disconnecting %p: ".to_owned(),
        (false, _) => String::new(),
    };
    let behind = if variant.contains('r') { ": %s" } else { "" };
    format!("{before}{format}{behind}")
}

/// The literals of the first argument that has any, joined; a macro between two of them prints a number or a name.
fn format(arguments: &str) -> Option<String> {
    let mut format: Option<String> = None;
    let arguments = arguments.strip_prefix('(')?;
    let (mut at, mut depth) = (0, 0_usize);
    let bytes = arguments.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = at + 1 + literal(&arguments[at + 1..])?;
                format
                    .get_or_insert_default()
                    .push_str(&unescaped(&arguments[at + 1..end]));
                at = end;
            }
            b'(' => depth += 1,
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            b',' if format.is_some() && depth == 0 => {
                if arguments[at + 1..].trim_start().starts_with("__func__") {
                    format = format.map(|format| format.replacen("%s", NAME, 1));
                }
                break;
            }
            b';' => return None,
            // `PRIu64` follows the `%` that ends the literal.
            b'P' if format.is_some() && arguments[at..].starts_with("PRI") => {
                format.get_or_insert_default().push('u');
            }
            _ => {}
        }
        at += 1;
    }
    format
}

/// The length of a literal up to the mark that ends it.
fn literal(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

fn unescaped(text: &str) -> String {
    text.replace("\\\"", "\"")
        .replace("\\n", " ")
        .replace("\\r", "")
        .replace("\\t", " ")
        .replace("\\'", "'")
        .replace("\\\\", "\\")
}

/// Behind a comment, a literal or a preprocessor line that begins here.
fn skipped(source: &str, at: usize) -> Option<usize> {
    let rest = &source.as_bytes()[at..];
    let until = |end: &str, from: usize| {
        let text = &source.as_bytes()[at + from..];
        let found = text
            .windows(end.len())
            .position(|window| window == end.as_bytes());
        at + from + found.map_or(text.len(), |found| found + end.len())
    };
    match rest {
        [b'/', b'*', ..] => Some(until("*/", 2)),
        [b'/', b'/', ..] => Some(until("\n", 2)),
        [b'\'', b'\\', _, b'\'', ..] => Some(at + 4),
        [b'\'', _, b'\'', ..] => Some(at + 3),
        [b'"', ..] => Some(at + 2 + literal(source.get(at + 1..)?)?),
        _ => None,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_with_their_level_and_what_the_variant_adds() {
        let source = r#"
            /* error("not this one"); */
            # define x "error("
            error("a %s" " and %" PRIu64 " b", f(x, "y"), n);
            fatal_fr(r, "c (%d)",
                n);
            logit(msg);
            verbose("Starting session: %s%s%s for %s from %.200s", "d", e);
            ssh_packet_disconnect(ssh, "too \"many\"");
            myerror("no");
int
named(void)
{
            error_f("d");
            error("%s: e %s", __func__, f);
}
        "#;
        let shown: Vec<String> = messages(source)
            .into_iter()
            .map(|(level, format)| format!("{level} {format}"))
            .collect();
        assert_eq!(
            shown,
            [
                "error a %s and %u b",
                "fatal : c (%d): %s",
                "verbose Starting session: %s%s%s for %s from %.200s",
                "disconnect Disconnecting %p: too \"many\"",
                "error named: d",
                "error named: e %s",
            ]
        );
    }

    #[test]
    fn releases_are_read_from_their_tags() {
        assert_eq!(release("V_10_0_P1"), Some((10, 0)));
        assert_eq!(release("V_OPENSSH"), None);
    }
}
