//! Where the files of a plan name a client or an address.

use sshmend_lossless::FileChange;
use sshmend_plan::Plan;

/// Whether a plan changes how often a word stands in a file, or a remark about it.
pub(super) fn change(plan: &Plan, word: &str) -> bool {
    plan.files.iter().any(|change| {
        let (before, after) = texts(change);
        of(&before, word) != of(&after, word)
    })
}

/// Whether a word stands in a file more often after a plan than before it.
pub(super) fn added(plan: &Plan, word: &str) -> bool {
    plan.files.iter().any(|change| {
        let (before, after) = texts(change);
        of(&before, word).0 < of(&after, word).0
    })
}

fn texts(change: &FileChange) -> (String, String) {
    let text =
        |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    (
        text(change.before.as_ref().map(|image| &image.bytes[..])),
        text(change.after.as_deref()),
    )
}

/// How often a word stands outside of remarks, and the remarks that name it.
fn of<'t>(text: &'t str, word: &str) -> (usize, Vec<&'t str>) {
    let (mut times, mut remarks) = (0, Vec::new());
    for line in text.lines() {
        let found = line.split([' ', '\t', ',']).filter(|token| is(token, word));
        let found = found.count();
        if found > 0 && line.trim_start().starts_with('#') {
            remarks.push(line);
        } else {
            times += found;
        }
    }
    (times, remarks)
}

/// Whether a token is the word, be it behind the daemon or the option of its line: `sshd:192.0.2.1`.
fn is(token: &str, word: &str) -> bool {
    let behind = |sign| token.split_once(sign).is_some_and(|(_, rest)| rest == word);
    token == word || behind(':') || behind('=')
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_word_is_not_found_in_a_longer_one() {
        for (text, times) in [
            ("sshd: 192.0.2.1 192.0.2.10", 1),
            ("sshd:192.0.2.1,192.0.2.1 : deny", 2),
            ("sshd: 192.0.2.10 192.0.2.1/32 1192.0.2.1", 0),
            ("ignoreip=192.0.2.1\n  192.0.2.1", 2),
        ] {
            assert_eq!(of(text, "192.0.2.1").0, times, "{text}");
        }
        let remark = "# until 2031-01-01 192.0.2.1";
        assert_eq!(of(remark, "192.0.2.1"), (0, vec![remark]));
        assert_eq!(of("sshd: [2001:db8::]/32", "[2001:db8::]/32").0, 1);
    }
}
