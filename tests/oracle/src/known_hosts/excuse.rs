//! Lines on which `ssh-keygen -F` differs from `ssh`, or both from their intended behaviour.

/// The reason why the two may differ on this line; docs/formats/known_hosts.md has the command that
/// shows each.
pub(super) fn excuse(line: &[u8], unterminated: bool, keys: &[String]) -> Option<&'static str> {
    let visible = line.split(|&b| b == 0).next().unwrap_or_default();
    let words: Vec<&[u8]> = visible
        .split(|b| matches!(b, b' ' | b'\t'))
        .filter(|word| !word.is_empty())
        .collect();
    let marked = usize::from(words.first().is_some_and(|word| word.starts_with(b"@")));
    let host_ends_it =
        words.len() == marked + 1 && !visible.ends_with(b" ") && !visible.ends_with(b"\t");
    let key_type = words.get(marked + 1).copied().unwrap_or_default();
    let blob = words.get(marked + 2).copied().unwrap_or_default();
    if host_ends_it && (visible.len() < line.len() || unterminated) {
        return Some("both read on behind the end of such a line");
    }
    if ["RSA", "ED25519", "ECDSA", "DSA"]
        .iter()
        .any(|short| key_type.eq_ignore_ascii_case(short.as_bytes()))
    {
        return Some("ssh-keygen -F reads short key types, ssh never does");
    }
    let known = keys.iter().any(|key| key.as_bytes().ends_with(blob));
    if key_type.starts_with(b"ecdsa-") && !known {
        return Some("whether a point lies on its curve is not computed here");
    }
    if key_type.ends_with(b"-cert-v01@openssh.com") && !known {
        return Some("the signature of a certificate is not verified here");
    }
    None
}
