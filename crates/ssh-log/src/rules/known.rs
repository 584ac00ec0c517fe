//! Every message that sshd has in its sources, against the rules: `cargo xtask messages` writes the list.

use super::{Program, classify};

const LIST: &str = include_str!("../../messages/openssh.tsv");
const REASONS: &str = include_str!("../../messages/without-rule.txt");

/// A format with these values for its strings.
fn sample(format: &str, text: &str) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let spec = &rest[at + 1..];
        let Some(end) = spec.find(|letter: char| {
            letter == '%' || letter.is_ascii_alphabetic() && !"lhzj".contains(letter)
        }) else {
            break;
        };
        match spec.as_bytes()[end] {
            b'%' => out.push('%'),
            b's' => out.push_str(text),
            b'p' => out.push_str("authenticating user bob 192.0.2.7 port 7"),
            b'c' => out.push('c'),
            _ => out.push('7'),
        }
        rest = &spec[end + 1..];
    }
    out + rest
}

fn has_rule(level: &str, format: &str) -> bool {
    let before = if level == "fatal" { "fatal: " } else { "" };
    [
        "x",
        "192.0.2.7",
        "/x",
        "authorized keys",
        "AuthorizedKeysCommand",
        "connection from 192.0.2.7 to 192.0.2.1",
        "[192.0.2.7]:7 on [192.0.2.1]:22",
        "past MaxStartups",
        "/dev/pts/7",
        "Maxstartups",
        "192.0.2.7 port 7",
    ]
    .iter()
    .any(|text| {
        classify(
            Program::SshdSession,
            format!("{before}{}", sample(format, text)).as_bytes(),
        )
        .is_some()
    })
}

/// Whether this line names a message, which stands behind its file: the message itself, or its beginning where the line ends with `*`.
fn names(line: &str, format: &str) -> bool {
    match line.strip_suffix('*') {
        Some(beginning) => format.starts_with(beginning),
        None => line == format,
    }
}

#[test]
fn every_message_of_the_sources_has_a_rule_or_a_reason_why_none() {
    let lines = LIST.lines().filter(|line| !line.starts_with('#'));
    let messages = lines.map(|line| {
        let mut fields = line.splitn(4, '\t');
        let mut field = || fields.next().unwrap_or_default();
        let (level, _, file, format) = (field(), field(), field(), field());
        (level, format!("{file}: {format}"), format)
    });
    let reasons: Vec<&str> = REASONS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let missing: Vec<String> = messages
        .filter(|(level, place, format)| {
            !has_rule(level, format) && !reasons.iter().any(|line| names(line, place))
        })
        .map(|(level, place, _)| format!("{level}\t{place}"))
        .collect();
    assert!(
        missing.is_empty(),
        "{} without a rule or a reason:\n{}",
        missing.len(),
        missing.join("\n")
    );
}

#[test]
fn every_reason_is_needed() {
    let formats: Vec<String> = LIST
        .lines()
        .filter_map(|line| {
            line.split_once('\t')?
                .1
                .split_once('\t')?
                .1
                .split_once('\t')
        })
        .map(|(file, format)| format!("{file}: {format}"))
        .collect();
    for line in REASONS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        assert!(
            formats.iter().any(|format| names(line, format)),
            "no message of the sources is {line:?}"
        );
    }
}
