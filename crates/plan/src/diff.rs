//! The unified diff of a file change.

use similar::TextDiff;
use sshmend_lossless::{Attributes, FileChange, is_private_key};

/// Renders the change as a unified diff with three lines of context; bytes that are not UTF-8 are replaced for display.
///
/// It names the file that is really written, which a symbolic link may lead to.
///
/// A new mode or owner stands above it, in a line that begins with `#`. The bytes of a private key are never shown.
pub fn unified(change: &FileChange) -> String {
    let path = change.target().display().to_string();
    let before = change.before.as_ref().map(|image| image.bytes.as_slice());
    let after = change.after.as_deref();
    let attributes = attributes(change)
        .map(|words| format!("# {path}: {words}\n"))
        .unwrap_or_default();
    attributes + &content(&path, before, after)
}

fn content(path: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> String {
    if before == after {
        return String::new();
    }
    if let Some(key) = before
        .into_iter()
        .chain(after)
        .find(|bytes| is_private_key(bytes))
    {
        return format!(
            "# {path}: a private key of {} bytes, which are not shown\n",
            key.len()
        );
    }
    let name = |side: Option<&[u8]>| side.map_or("/dev/null", |_| path);
    let diff = TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default());
    let mut rendered = Vec::new();
    let written = diff
        .unified_diff()
        .header(name(before), name(after))
        .to_writer(&mut rendered);
    written.expect("writing to memory does not fail");
    String::from_utf8_lossy(&rendered).into_owned()
}

/// What mode and owner of an existing file become, where they change.
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
            bytes: bytes.to_vec(),
            meta: Metadata::default(),
            target: "/etc/a".into(),
        }
    }

    #[test]
    fn one_edited_line_is_one_line_out_and_one_in() {
        let edits = EditSet::new([Edit::replace(2..3, "B")]).expect("one edit");
        let change = FileChange::edit("/etc/a", image(b"a\nb\nc\n"), edits);
        assert_eq!(
            unified(&change),
            "--- /etc/a\n+++ /etc/a\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
        );
    }

    #[test]
    fn the_file_behind_a_link_is_named() {
        let edits = EditSet::new([Edit::insert(0, "b\n")]).expect("one edit");
        let diff = unified(&FileChange::edit("/etc/link", image(b"a\n"), edits));
        assert!(diff.starts_with("--- /etc/a\n+++ /etc/a\n"), "{diff}");
    }

    #[test]
    fn a_new_file_comes_from_nothing_and_no_change_is_no_diff() {
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
    fn a_new_mode_or_owner_is_told_above() {
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
    fn bytes_that_are_not_utf8_do_not_break_it() {
        let edits = EditSet::new([Edit::insert(0, "\u{e9}\n")]).expect("one edit");
        assert!(
            unified(&FileChange::edit("/etc/a", image(b"\xff\n"), edits)).contains("+\u{e9}\n")
        );
    }
}
