//! Compares every message in the sources of sshd, PAM and systemd with the rules: `cargo xtask
//! messages` writes the lists.

use super::{Kind, Program, classify};

/// The messages of one project, and those that need no rule.
struct Known {
    project: &'static str,
    list: &'static str,
    reasons: &'static str,
}

macro_rules! known {
    ($($project:literal),+) => {
        [$(Known {
            project: $project,
            list: include_str!(concat!("../../messages/", $project, ".tsv")),
            reasons: include_str!(concat!("../../messages/", $project, "-without-rule.txt")),
        }),+]
    };
}

const KNOWN: [Known; 8] = known![
    "openssh",
    "linux-pam",
    "systemd",
    "systemd-logind",
    "sssd",
    "google-authenticator",
    "duo",
    "nss-pam-ldapd"
];

/// The possible values of strings in a format.
const TEXTS: &[&str] = &[
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
    "sshd",
    "start",
    "OpenSSH server daemon",
    "Main process",
    "Access denied",
];

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
            b'm' => out.push_str("Permission denied"),
            b'p' => out.push_str("authenticating user bob 192.0.2.7 port 7"),
            b'c' => out.push('c'),
            _ => out.push('7'),
        }
        rest = &spec[end + 1..];
    }
    out + rest
}

/// The lines that may contain a message: the program that writes them, and the text before it.
fn lines(project: &str, level: &str, file: &str, format: &str) -> Vec<(Program, String)> {
    let module = match project {
        "sssd" => Some("pam_sss"),
        "nss-pam-ldapd" => Some("pam_ldap"),
        "systemd" if file.starts_with("src/login/") || file.starts_with("src/shared/") => {
            Some("pam_systemd")
        }
        "linux-pam" => file
            .strip_prefix("modules/")
            .and_then(|file| file.split('/').next()),
        _ => None,
    };
    if let Some(module) = module {
        let groups = ["auth", "account", "session"].into_iter();
        let before = |group| format!("{module}(sshd:{group}): {format}");
        return groups
            .map(|group| (Program::SshdSession, before(group)))
            .collect();
    }
    let line = match project {
        "linux-pam" => (Program::SshdSession, format!("PAM {format}")),
        "systemd" => (
            Program::Systemd,
            format.replacen("UNIT: ", "ssh.service: ", 1),
        ),
        // pam_systemd appends its reply on the bus to its own message.
        "systemd-logind" if level == "reply" => (
            Program::SshdSession,
            format!("pam_systemd(sshd:session): Failed to create session: {format}"),
        ),
        "systemd-logind" => (Program::Other, format.to_owned()),
        _ if level == "fatal" => (Program::SshdSession, format!("fatal: {format}")),
        _ => (Program::SshdSession, format.to_owned()),
    };
    vec![line]
}

/// Whether a rule matches the message; the fallback for messages of modules does not count.
fn has_rule(project: &str, level: &str, file: &str, format: &str) -> bool {
    let lines = lines(project, level, file, format);
    lines.iter().any(|(program, line)| {
        TEXTS.iter().any(|text| {
            let message = sample(line, text);
            let verdict = classify(*program, message.as_bytes());
            verdict.is_some_and(|verdict| {
                project == "openssh" || verdict.cause.is_some() || verdict.kind != Kind::Noted
            })
        })
    })
}

/// Whether this line names a message after its file: the complete message, or its beginning if the
/// line ends with `*`.
fn names(line: &str, format: &str) -> bool {
    match line.strip_suffix('*') {
        Some(beginning) => format.starts_with(beginning),
        None => line == format,
    }
}

impl Known {
    /// The messages: level, file, format.
    fn messages(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let lines = self.list.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| {
            let mut fields = line.splitn(4, '\t');
            let mut field = || fields.next().unwrap_or_default();
            let (level, _, file, format) = (field(), field(), field(), field());
            (level, file, format)
        })
    }

    fn reasons(&self) -> impl Iterator<Item = &str> {
        let lines = self.reasons.lines();
        lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
    }
}

#[test]
fn every_message_of_the_sources_has_a_rule_or_a_reason_for_none() {
    let mut missing = Vec::new();
    for known in &KNOWN {
        let reasons: Vec<&str> = known.reasons().collect();
        for (level, file, format) in known.messages() {
            let place = format!("{file}: {format}");
            if !has_rule(known.project, level, file, format)
                && !reasons.iter().any(|line| names(line, &place))
            {
                missing.push(format!("{}\t{level}\t{place}", known.project));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "{} without a rule or a reason:\n{}",
        missing.len(),
        missing.join("\n")
    );
}

#[test]
fn every_recorded_reason_is_needed() {
    let mut idle = Vec::new();
    for known in &KNOWN {
        let places: Vec<String> = known
            .messages()
            // Whether a rule matches what begins with a variable depends on its value.
            .filter(|(level, file, format)| {
                format.starts_with("%s") || !has_rule(known.project, level, file, format)
            })
            .map(|(_, file, format)| format!("{file}: {format}"))
            .collect();
        let reasons = known.reasons();
        let unneeded = reasons.filter(|line| !places.iter().any(|place| names(line, place)));
        idle.extend(unneeded.map(|line| format!("{}: {line}", known.project)));
    }
    assert!(
        idle.is_empty(),
        "every message that they name has a rule: {idle:#?}"
    );
}
