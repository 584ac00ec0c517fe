//! The host that a line is about, in the format of a program that drives many at once.

/// The statement of a line about a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head<'a> {
    /// Something succeeded there.
    Success(&'a str),
    /// It failed; the text that follows, as long as it is indented, belongs to this host.
    Failure(&'a str),
    /// Only this line is about it.
    Line(&'a str),
}

impl Head<'_> {
    pub(super) fn host(&self) -> &str {
        match self {
            Self::Success(host) | Self::Failure(host) | Self::Line(host) => host,
        }
    }
}

/// Parses the head of a line.
pub(super) fn head(line: &[u8]) -> Option<Head<'_>> {
    // A host name, its state and a stamp are short.
    let line = line.get(..300).unwrap_or(line);
    let valid = line.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let line = without_stamp(valid.trim_start());
    task(line)
        .or_else(|| ad_hoc(line))
        .or_else(|| parallel(line))
        .or_else(|| bracketed(line))
        .or_else(|| named(line))
}

/// Words without which no line has a head.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    const STATES: [&str; 11] = [
        "ok: [",
        "changed: [",
        "fatal: [",
        "failed: [",
        "unreachable: [",
        " | UNREACHABLE",
        " | FAILED",
        " | SUCCESS",
        " | CHANGED",
        "[FAILURE] ",
        "[SUCCESS] ",
    ];
    STATES.into_iter().chain(MESSAGES.iter().copied())
}

/// The beginnings of ssh's messages: a separate line before them can be a host.
const MESSAGES: &[&str] = &[
    "ssh: ",
    "kex_exchange",
    "ssh_exchange",
    "ssh_dispatch",
    "Connection ",
    "Permission denied",
    "Host key verif",
    "Received disconnect",
    "Unable to negotiate",
    "banner exchange",
    "debug1: ",
    "OpenSSH_",
];

fn is_message(text: &str) -> bool {
    let text = text.trim_start();
    MESSAGES.iter().any(|start| text.starts_with(start))
        || without_login(text).starts_with("Permission denied")
}

/// A message without the `USER@HOST: ` that ssh puts before a refusal.
pub(super) fn without_login(text: &str) -> &str {
    match text.split_once(": ") {
        Some((login, rest)) if login.contains('@') => rest,
        _ => text,
    }
}

/// Whether a line is indented after its stamp, or closes a bracket: it continues the lines above.
pub(super) fn is_indented(line: &[u8]) -> bool {
    let first = line.first().copied().unwrap_or_default();
    if !first.is_ascii_digit() {
        return matches!(first, b' ' | b'\t' | b'}');
    }
    let line = line.get(..300).unwrap_or(line);
    let valid = line.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let body = match valid.split_once(' ') {
        Some((word, rest)) if is_stamp(word) => rest,
        _ => valid,
    };
    body.starts_with([' ', '\t', '}'])
}

fn is_stamp(word: &str) -> bool {
    word.len() > 18 && word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('T')
}

/// `2026-03-05T12:00:00.1234567Z `, `##[error]`.
fn without_stamp(line: &str) -> &str {
    let line = line
        .split_once(' ')
        .filter(|(word, _)| is_stamp(word))
        .map_or(line, |(_, rest)| rest.trim_start());
    line.strip_prefix("##[error]").unwrap_or(line)
}

/// `fatal: [web05]: UNREACHABLE! …`, `ok: [web05 -> jump]`, of ansible-playbook.
fn task(line: &str) -> Option<Head<'_>> {
    let (state, rest) = line.split_once(": [")?;
    let (host, _) = rest.split_once(']')?;
    let host = host.split(' ').next().filter(|host| is_host(host))?;
    match state {
        "ok" | "changed" => Some(Head::Success(host)),
        "fatal" | "failed" | "unreachable" => Some(Head::Failure(host)),
        _ => None,
    }
}

/// `web05 | UNREACHABLE! => {`, of ansible.
fn ad_hoc(line: &str) -> Option<Head<'_>> {
    let (host, state) = line.split_once(" | ")?;
    if !is_host(host) {
        return None;
    }
    match state.split(|c: char| !c.is_ascii_uppercase()).next()? {
        "UNREACHABLE" | "FAILED" => Some(Head::Failure(host)),
        "SUCCESS" | "CHANGED" => Some(Head::Success(host)),
        _ => None,
    }
}

/// `[3] 12:00:00 [FAILURE] web05 Exited with error code 255`, of pssh.
fn parallel(line: &str) -> Option<Head<'_>> {
    let (start, rest) = line.split_once("] [").or_else(|| line.split_once(" ["))?;
    let (state, rest) = rest.split_once("] ")?;
    let host = rest.split(' ').next().filter(|host| is_host(host))?;
    let numbered = start.starts_with('[') && start[1..].starts_with(|c: char| c.is_ascii_digit());
    match state {
        "FAILURE" if numbered => Some(Head::Failure(host)),
        "SUCCESS" if numbered => Some(Head::Success(host)),
        _ => None,
    }
}

/// `[web05] …`, of fabric, parallel and CI; `<web05> …`, of ansible -v.
fn bracketed(line: &str) -> Option<Head<'_>> {
    const LEVELS: [&str; 9] = [
        "error", "warn", "warning", "info", "debug", "fatal", "notice", "stderr", "stdout",
    ];
    let (host, rest) = match line.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => line.strip_prefix('<')?.split_once("> ")?,
    };
    let rest = rest.trim_start_matches(" out:").trim_start_matches(" err:");
    let level = LEVELS.iter().any(|level| host.eq_ignore_ascii_case(level));
    (is_host(host) && !level && is_message(rest)).then_some(Head::Line(host))
}

/// `web05: ssh: …`, of pdsh and similar programs: a name with a digit or a dot in it.
fn named(line: &str) -> Option<Head<'_>> {
    let (host, rest) = line.split_once(": ")?;
    let like = host.contains(|c: char| c.is_ascii_digit()) || host.contains('.');
    // `library.module.ClassOfError` is the name of an exception.
    let last = host.rsplit('.').next().unwrap_or_default();
    let class = last.len() < host.len() && last.starts_with(|c: char| c.is_ascii_uppercase());
    (is_host(host) && like && !class && !host.starts_with("debug") && is_message(rest))
        .then_some(Head::Line(host))
}

/// Whether a word can be the name of a host: it has a letter, or is an address.
fn is_host(word: &str) -> bool {
    let all = word
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte));
    let letter = word.bytes().any(|byte| byte.is_ascii_alphabetic());
    let dots = word.bytes().filter(|&byte| byte == b'.').count() == 3;
    let stamp = word.starts_with(|c: char| c.is_ascii_digit())
        && word.contains(':')
        && !word.contains("::");
    all && (letter || dots) && !stamp && word.len() <= 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_from_the_heads_of_lines() {
        let host = |line: &'static str| {
            head(line.as_bytes())
                .map(|head| head.host().to_owned())
                .unwrap_or_default()
        };
        assert_eq!(head(b"ok: [db3]"), Some(Head::Success("db3")));
        assert_eq!(
            head(b"fatal: [db3 -> gw]: UNREACHABLE! => {}"),
            Some(Head::Failure("db3"))
        );
        assert_eq!(
            head(b"192.0.2.7 | UNREACHABLE! => {"),
            Some(Head::Failure("192.0.2.7"))
        );
        assert_eq!(
            head(b"[2] 10:01:02 [FAILURE] db4 Exited with error code 255"),
            Some(Head::Failure("db4"))
        );
        assert_eq!(host("[db3] kex_exchange_identification: x"), "db3");
        assert_eq!(host("[db3] Compiling"), "");
        assert_eq!(
            host("db3.example.net: ssh: connect to host x"),
            "db3.example.net"
        );
        for line in [
            "[ERROR] x",
            "ssh: connect to host x",
            "[10:00:00] x",
            "2026-01-01 x: y",
            "debug1: x",
            "fatal: x",
            "library.module.ConnectionLost: Connection lost",
        ] {
            assert_eq!(host(line), "", "{line}");
        }
    }
}
