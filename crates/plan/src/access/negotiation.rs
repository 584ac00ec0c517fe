//! Whether a person's client still agrees with sshd on algorithms and still knows its key. The
//! client is not known; the ssh of this machine may be newer.

use std::path::Path;

use super::view::View;

/// Lists of which a client must support one entry, and the entries that the standards expect it to
/// support (RFC 9142, RFC 4344, RFC 6668; of the last also the encrypt-then-MAC variants, PROTOCOL
/// of OpenSSH).
const EXPECTED: [(&str, &str, &[&str]); 3] = [
    (
        "kexalgorithms",
        "KexAlgorithms",
        &[
            "curve25519-sha256",
            "curve25519-sha256@libssh.org",
            "ecdh-sha2-nistp256",
            "ecdh-sha2-nistp384",
            "ecdh-sha2-nistp521",
            "diffie-hellman-group-exchange-sha256",
            "diffie-hellman-group14-sha256",
            "diffie-hellman-group16-sha512",
        ],
    ),
    (
        "ciphers",
        "Ciphers",
        &["aes128-ctr", "aes192-ctr", "aes256-ctr"],
    ),
    (
        "macs",
        "MACs",
        &[
            "hmac-sha2-256",
            "hmac-sha2-512",
            "hmac-sha2-256-etm@openssh.com",
            "hmac-sha2-512-etm@openssh.com",
        ],
    ),
];

/// Kinds of host keys, by a substring of the file name, and their signature algorithms.
const KINDS: [(&str, &[&str]); 3] = [
    ("ed25519", &["ssh-ed25519"]),
    (
        "ecdsa",
        &[
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp384",
            "ecdsa-sha2-nistp521",
        ],
    ),
    ("rsa", &["rsa-sha2-512", "rsa-sha2-256"]),
];

/// The reason why their client may no longer agree with sshd, or no longer recognise it.
pub(super) fn doubt(before: &View<'_>, after: &View<'_>) -> Option<String> {
    nothing_expected(before, after).or_else(|| key_gone(before, after))
}

fn nothing_expected(before: &View<'_>, after: &View<'_>) -> Option<String> {
    let lost = |(key, _, expected): &&(&str, &str, &[&str])| {
        holds(before.value(key), expected) && !holds(after.value(key), expected)
    };
    let (key, name, _) = EXPECTED.iter().find(lost)?;
    let value = after.value(key);
    Some(format!(
        "not every client supports {name} {value}, and which client you use is not known"
    ))
}

/// A key that is shown to clients now and will not be: those that know this machine by it alone refuse the others, or ask.
fn key_gone(before: &View<'_>, after: &View<'_>) -> Option<String> {
    let (was, is) = (before.host_keys(), after.host_keys());
    let algorithms = |view: &View<'_>| view.value("hostkeyalgorithms").to_owned();
    let shown = was
        .iter()
        .filter(|path| before.meta(path) != Ok(None) && is_offered(path, &algorithms(before)));
    for path in shown {
        let name = path.display();
        let why = if !is.contains(path) {
            "HostKey no longer names it".to_owned()
        } else if is_offered(path, &algorithms(after)) {
            continue;
        } else {
            format!("HostKeyAlgorithms {} excludes it", algorithms(after))
        };
        return Some(format!(
            "clients that know only the host key in {name} would refuse this machine: {why}"
        ));
    }
    None
}

/// Whether a key with this name is offered under these HostKeyAlgorithms; true if its name does not
/// show its kind.
fn is_offered(path: &Path, algorithms: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let kind = KINDS.iter().find(|(word, _)| name.contains(word));
    kind.is_none_or(|(_, names)| holds(algorithms, names))
}

/// Whether a list, as sshd reads it, contains one of these names. A list that is empty or adds to
/// the default with `+` or `^` is taken to; one with `-` does unless it removes all of them.
fn holds(list: &str, names: &[&str]) -> bool {
    if list.is_empty() || list.starts_with(['+', '^']) {
        return true;
    }
    match list.strip_prefix('-') {
        Some(taken) => names
            .iter()
            .any(|name| !taken.split(',').any(|pattern| fits(pattern, name))),
        None => list.split(',').any(|one| names.contains(&one.trim())),
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.trim().strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern.trim() == name,
    }
}
