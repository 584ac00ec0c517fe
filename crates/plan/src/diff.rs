//! The unified diff of a file change.

use similar::TextDiff;
use sshmend_lossless::FileChange;

/// Renders the change as a unified diff with three lines of context; bytes that are not UTF-8 are replaced for display.
pub fn unified(change: &FileChange) -> String {
    let before = change.before.as_ref().map(|image| image.bytes.as_slice());
    let after = change.after.as_deref();
    if before == after {
        return String::new();
    }
    let path = change.path.display().to_string();
    let name = |side: Option<&[u8]>| side.map_or_else(|| "/dev/null".to_owned(), |_| path.clone());
    let diff = TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default());
    let mut rendered = Vec::new();
    let written = diff.unified_diff().header(&name(before), &name(after)).to_writer(&mut rendered);
    written.expect("writing to memory does not fail");
    String::from_utf8_lossy(&rendered).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sshmend_lossless::{Edit, EditSet, FileImage, Metadata};

    fn image(bytes: &[u8]) -> FileImage {
        FileImage { bytes: bytes.to_vec(), meta: Metadata::default(), target: "/etc/a".into() }
    }

    #[test]
    fn one_edited_line_is_one_line_out_and_one_in() {
        let edits = EditSet::new([Edit::replace(2..3, "B")]).expect("one edit");
        let change = FileChange::edit("/etc/a", image(b"a\nb\nc\n"), edits);
        assert_eq!(unified(&change), "--- /etc/a\n+++ /etc/a\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
    }

    #[test]
    fn a_new_file_comes_from_nothing_and_no_change_is_no_diff() {
        let create = FileChange::create("/etc/a", b"x\n".to_vec(), Metadata::default());
        assert_eq!(unified(&create), "--- /dev/null\n+++ /etc/a\n@@ -0,0 +1 @@\n+x\n");
        assert_eq!(unified(&FileChange::edit("/etc/a", image(b"a"), EditSet::default())), "");
    }

    #[test]
    fn bytes_that_are_not_utf8_do_not_break_it() {
        let edits = EditSet::new([Edit::insert(0, "\u{e9}\n")]).expect("one edit");
        assert!(unified(&FileChange::edit("/etc/a", image(b"\xff\n"), edits)).contains("+\u{e9}\n"));
    }
}
