//! The unified diff of a file change.

use std::ops::Range;

use similar::TextDiff;
use sshmend_lossless::{Attributes, Bytes, EditSet, FileChange};

/// Renders the change as a unified diff with three lines of context; bytes that are not UTF-8 are replaced for display.
///
/// It names the file that is really written, which a symbolic link may lead to.
///
/// A new mode or owner is shown above the diff, in a line that begins with `#`. The content of a
/// private key is never shown.
pub fn unified(change: &FileChange) -> String {
    let path = in_one_line(&change.target().display().to_string());
    let attributes = attributes(change)
        .map(|words| format!("# {path}: {words}\n"))
        .unwrap_or_default();
    attributes + &content(&path, change)
}

/// Escapes a name: one with a line break could add lines to a diff that are not in the file.
fn in_one_line(path: &str) -> String {
    let escaped = |character: char| -> String {
        if character.is_control() {
            character.escape_default().to_string()
        } else {
            character.to_string()
        }
    };
    path.chars().map(escaped).collect()
}

fn content(path: &str, change: &FileChange) -> String {
    let before = change.before.as_ref().map(|image| &image.bytes);
    let after = change.after.as_ref();
    if before == after {
        return String::new();
    }
    let mut both = before.into_iter().chain(after);
    if let Some(key) = both.find(|bytes| bytes.holds_private_key()) {
        return format!(
            "# {path}: a private key of {} bytes, which are not shown\n",
            key.len()
        );
    }
    if let Some(before) = before.filter(|_| after.is_some() && !change.edits.is_empty()) {
        return format!("--- {path}\n+++ {path}\n{}", hunks(before, &change.edits));
    }
    let name = |is_there: bool| if is_there { path } else { "/dev/null" };
    let (old, new) = (before.map(Bytes::as_slice), after.map(Bytes::as_slice));
    let diff = TextDiff::from_lines(old.unwrap_or_default(), new.unwrap_or_default());
    let mut rendered = Vec::new();
    let written = diff
        .unified_diff()
        .header(name(before.is_some()), name(after.is_some()))
        .to_writer(&mut rendered);
    written.expect("writing to memory does not fail");
    String::from_utf8_lossy(&rendered).into_owned()
}

/// Lines of context on either side of a change.
const CONTEXT: usize = 3;

/// The hunks of a change, made from the lines around its edits alone, so that the cost depends on
/// the changes and not on the length of the file.
fn hunks(before: &[u8], edits: &EditSet) -> String {
    let mut text = String::new();
    let (mut line, mut at, mut shift) = (0, 0, 0);
    for part in parts(before, edits) {
        let inside = edits
            .iter()
            .filter(|edit| part.start <= edit.range.start && edit.range.end <= part.end);
        let inside = EditSet::new(inside.cloned()).unwrap_or_default();
        let old = &before[part.clone()];
        let new = inside.apply_within(before, std::slice::from_ref(&part));
        line += memchr::memchr_iter(b'\n', &before[at..part.start]).count();
        at = part.start;
        let diff = TextDiff::from_lines(old, &new);
        let mut unified = diff.unified_diff();
        for hunk in unified.context_radius(CONTEXT).iter_hunks() {
            let Some((head, body)) = hunk
                .to_string()
                .split_once('\n')
                .map(|(head, body)| (renumbered(head, line, shift), body.to_owned()))
            else {
                continue;
            };
            text.push_str(&format!("{head}\n{body}"));
        }
        let lines = |text: &[u8]| {
            isize::try_from(memchr::memchr_iter(b'\n', text).count()).unwrap_or_default()
        };
        shift += lines(&new) - lines(old);
    }
    text
}

/// Ranges of whole lines around the edits, with their context; overlapping ranges are joined.
fn parts(before: &[u8], edits: &EditSet) -> Vec<Range<usize>> {
    let back = |at: usize| {
        let feeds = memchr::memrchr_iter(b'\n', &before[..at]);
        feeds
            .take(CONTEXT + 1)
            .nth(CONTEXT)
            .map_or(0, |feed| feed + 1)
    };
    let forth = |at: usize| {
        let feeds = memchr::memchr_iter(b'\n', &before[at..]);
        feeds
            .take(CONTEXT + 1)
            .nth(CONTEXT)
            .map_or(before.len(), |feed| at + feed + 1)
    };
    let around = edits
        .iter()
        .map(|edit| back(edit.range.start)..forth(edit.range.end));
    EditSet::default().surroundings(before, 0, around)
}

/// The header of a hunk, `@@ -A,B +C,D @@`, moved down by `lines` lines, and by `shift` more on the
/// new side.
fn renumbered(head: &str, lines: usize, shift: isize) -> String {
    let side = |word: &str, sign: char, more: usize| {
        let numbers = word.strip_prefix(sign)?;
        let (start, count) = numbers
            .split_once(',')
            .map_or((numbers, ""), |(start, _)| (start, &numbers[start.len()..]));
        Some(format!(
            "{sign}{}{count}",
            start.parse::<usize>().ok()? + more
        ))
    };
    let mut words = head.split(' ').skip(1);
    let old = words.next().and_then(|word| side(word, '-', lines));
    let new = words
        .next()
        .and_then(|word| side(word, '+', lines.saturating_add_signed(shift)));
    match (old, new) {
        (Some(old), Some(new)) => format!("@@ {old} {new} @@"),
        _ => head.to_owned(),
    }
}

/// The new mode and owner of an existing file, if they change.
fn attributes(change: &FileChange) -> Option<String> {
    let (old, new) = (
        change.attributes_before()?,
        change.after.as_ref().map(|_| change.attributes_after())?,
    );
    let mode = (old.mode != new.mode).then(|| format!("mode {:04o} -> {:04o}", old.mode, new.mode));
    let owner = |of: Attributes| format!("{}:{}", of.uid, of.gid);
    let owners =
        (owner(old) != owner(new)).then(|| format!("owner {} -> {}", owner(old), owner(new)));
    (old != new).then(|| {
        mode.into_iter()
            .chain(owners)
            .collect::<Vec<_>>()
            .join(", ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sshmend_lossless::{Edit, EditSet, FileImage, Metadata};

    fn image(bytes: &[u8]) -> FileImage {
        FileImage {
            bytes: bytes.to_vec().into(),
            meta: Metadata::default(),
            target: "/etc/a".into(),
        }
    }

    #[test]
    fn one_edited_line_is_shown_as_one_removed_and_one_added_line() {
        let edits = EditSet::new([Edit::replace(2..3, "B")]).expect("one edit");
        let change = FileChange::edit("/etc/a", image(b"a\nb\nc\n"), edits);
        assert_eq!(
            unified(&change),
            "--- /etc/a\n+++ /etc/a\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
        );
    }

    #[test]
    fn the_diff_of_the_edits_equals_the_diff_of_the_whole_files() {
        let mut random = fastrand::Rng::with_seed(9);
        for _ in 0..3_000 {
            let mut before = Vec::new();
            for _ in 0..random.usize(1..60) {
                before.extend_from_slice(
                    random
                        .choice([&b"a\n"[..], b"b\n", b"\n", b"a c\n"])
                        .expect("one"),
                );
            }
            before.extend_from_slice(random.choice([&b""[..], b"no end"]).expect("one"));
            let edits = (0..random.usize(1..4)).filter_map(|_| {
                let start = random.usize(..=before.len());
                let end = (start + random.usize(..5)).min(before.len());
                let text = random.choice(["", "new\n", "x", "a\nb\n"]).expect("one");
                (start < end || !text.is_empty()).then(|| Edit::replace(start..end, text))
            });
            let Ok(edits) = EditSet::new(edits.collect::<Vec<_>>()) else {
                continue;
            };
            let change = FileChange::edit("/etc/a", image(&before), edits);
            let whole = FileChange {
                edits: EditSet::default(),
                ..change.clone()
            };
            let applied = |diff: &str| {
                diff.lines()
                    .filter(|line| line.starts_with(['-', '+']))
                    .count()
            };
            let (ours, theirs) = (unified(&change), unified(&whole));
            assert!(applied(&ours) <= applied(&theirs) + 6, "{ours}{theirs}");
            assert_eq!(
                patched(&before, &ours),
                change.after.as_deref().expect("edited"),
                "{ours}"
            );
        }
    }

    /// The result of applying a diff to a file with patch(1).
    fn patched(before: &[u8], diff: &str) -> Vec<u8> {
        let old: Vec<&[u8]> = before.split_inclusive(|&byte| byte == b'\n').collect();
        let (mut new, mut at): (Vec<Vec<u8>>, usize) = (Vec::new(), 0);
        let mut added = false;
        for line in diff.split_inclusive('\n').skip(2) {
            let (sign, text) = line.split_at(1);
            match sign {
                "@" => {
                    let word = text.split(' ').nth(1).expect("a range");
                    let (start, count) = word[1..].split_once(',').unwrap_or((&word[1..], "1"));
                    let start: usize = start.parse().expect("a number");
                    let start = start - usize::from(count != "0");
                    new.extend(old[at..start].iter().map(|line| line.to_vec()));
                    at = start;
                }
                "-" | " " => {
                    assert!(text.as_bytes().starts_with(old[at]), "{diff}");
                    if sign == " " {
                        new.push(old[at].to_vec());
                    }
                    at += 1;
                }
                "+" => new.push(text.into()),
                "\\" if added => {
                    let last = new.last_mut().expect("a line before it");
                    last.pop_if(|byte| *byte == b'\n');
                }
                "\\" => {}
                other => panic!("{other}: {diff}"),
            }
            added = sign == "+";
        }
        new.extend(old[at..].iter().map(|line| line.to_vec()));
        new.concat()
    }

    #[test]
    fn the_file_behind_a_link_is_named() {
        let edits = EditSet::new([Edit::insert(0, "b\n")]).expect("one edit");
        let diff = unified(&FileChange::edit("/etc/link", image(b"a\n"), edits));
        assert!(diff.starts_with("--- /etc/a\n+++ /etc/a\n"), "{diff}");
    }

    #[test]
    fn new_files_diff_against_nothing_and_equal_files_have_no_diff() {
        let create = FileChange::create("/etc/a", b"x\n".to_vec(), Metadata::default());
        assert_eq!(
            unified(&create),
            "--- /dev/null\n+++ /etc/a\n@@ -0,0 +1 @@\n+x\n"
        );
        assert_eq!(
            unified(&FileChange::edit("/etc/a", image(b"a"), EditSet::default())),
            ""
        );
    }

    #[test]
    fn a_new_mode_or_owner_is_shown_above_the_diff() {
        let to = |mode, uid| {
            let change = FileChange::edit("/etc/a", image(b"a"), EditSet::default());
            unified(&change.giving(Attributes { mode, uid, gid: 0 }))
        };
        assert_eq!(
            [to(0, 0), to(0o600, 0)],
            ["", "# /etc/a: mode 0000 -> 0600\n"]
        );
        assert_eq!(
            to(0o600, 7),
            "# /etc/a: mode 0000 -> 0600, owner 0:0 -> 7:0\n"
        );
    }

    #[test]
    fn a_private_key_is_never_shown() {
        let secret = b"-----BEGIN OPENSSH PRIVATE KEY-----\r\nc2VjcmV0\r\n".to_vec();
        let told = "# /etc/key: a private key of 47 bytes, which are not shown\n";
        assert_eq!(
            unified(&FileChange::create(
                "/etc/key",
                secret.clone(),
                Metadata::default()
            )),
            told
        );
        assert_eq!(
            unified(&FileChange::remove(
                "/etc/key",
                FileImage {
                    target: "/etc/key".into(),
                    ..image(&secret)
                }
            )),
            told
        );
        let public =
            FileChange::create("/etc/key.pub", b"ssh-rsa A\n".to_vec(), Metadata::default());
        assert!(unified(&public).contains("+ssh-rsa A"));
    }

    #[test]
    fn the_diff_shows_bytes_that_are_not_utf8() {
        let edits = EditSet::new([Edit::insert(0, "\u{e9}\n")]).expect("one edit");
        assert!(
            unified(&FileChange::edit("/etc/a", image(b"\xff\n"), edits)).contains("+\u{e9}\n")
        );
    }
}
