//! Whether the client of somebody still agrees with sshd on algorithms, and still knows it by its key. Which client that
//! is nobody says; the ssh of this machine may be newer than theirs.

use std::path::Path;

use super::view::View;

/// Lists of which a client has to know one, and those that the standards want it to know (RFC 9142, RFC 4344, RFC 6668;
/// of the last also the forms that encrypt first, PROTOCOL of OpenSSH).
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

/// Kinds of host keys, by a word in the name of their file, and the algorithms that prove one.
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

/// Why their client may not agree with sshd any more, or not know it again.
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
        "{name} {value} is nothing that every client knows, and which one you use is not known"
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
            "HostKey does not name it any more".to_owned()
        } else if is_offered(path, &algorithms(after)) {
            continue;
        } else {
            format!("HostKeyAlgorithms {} leaves it out", algorithms(after))
        };
        return Some(format!(
            "clients that know this machine by the key in {name} alone would refuse it: {why}"
        ));
    }
    None
}

/// Whether a key of this name is shown with these HostKeyAlgorithms; true where its name does not say of what kind it is.
fn is_offered(path: &Path, algorithms: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let kind = KINDS.iter().find(|(word, _)| name.contains(word));
    kind.is_none_or(|(_, names)| holds(algorithms, names))
}

/// Whether one of these is in a list as sshd reads it: added to the default with `+` or `^`, taken out of it with `-`.
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
