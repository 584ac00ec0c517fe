//! Long files, and what is kept of them.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::common::{STATE, TakenBack, TestDisk, Which, intent, store, take_back};
use sshmend_lossless::{Edit, EditSet, FileChange};
use sshmend_transaction::{Captured, Journal, Record};

/// The number of lines of a long file, 168 KB.
const LONG: u32 = 15_000;

/// A file with this number of lines, and the transaction that removed one of them.
fn edit_lines(disk: &TestDisk, path: &str, mode: u32, lines: u32) -> (String, String, Record) {
    let line = |number: u32| format!("line {number}\n");
    let text: String = (0..lines).map(line).collect();
    disk.write(path, &text, mode);
    let image = disk.machine.read(Path::new(path)).unwrap().unwrap();
    let gone = line(lines / 2);
    let at = text.find(&gone).unwrap();
    let edits = EditSet::new([Edit::delete(at..at + gone.len())]).unwrap();
    let after = String::from_utf8(edits.apply(text.as_bytes())).unwrap();
    let captured = Captured::new([FileChange::edit(path, image, edits)]).unwrap();
    let store = store(&disk.machine);
    let prepared = store.prepare(captured.unwrap(), &intent(0)).unwrap();
    let record = prepared.commit().unwrap().finish().unwrap();
    (text, after, record)
}

#[test]
fn long_files_are_stored_as_the_old_inode_and_the_edits() {
    let disk = TestDisk::new();
    let (text, after, record) = edit_lines(&disk, "/srv/long", 0o644, LONG);
    let read = |path: &str| fs::read_to_string(disk.at(path)).unwrap();
    assert!(read("/srv/long") == after);
    let kept = format!("{STATE}/transactions/{}", record.id);
    let inode = fs::metadata(disk.at(&format!("{kept}/before/0"))).unwrap();
    assert_eq!((inode.nlink(), inode.len()), (1, text.len() as u64));
    let edits = fs::metadata(disk.at(&format!("{kept}/after/0.edits"))).unwrap();
    assert!(edits.len() < 100, "{}", edits.len());
    let versions = Journal::new(&disk.machine, STATE)
        .versions(&record)
        .unwrap();
    assert!(versions[0].before.as_deref() == Some(text.as_bytes()));
    assert!(versions[0].after.as_deref() == Some(after.as_bytes()));
    drop(versions);
    let back = take_back(&disk.machine, &Which::Latest, &intent(1));
    assert!(matches!(back, Ok(TakenBack::Now { .. })));
    assert!(read("/srv/long") == text);
}

#[test]
fn what_a_late_writer_appends_to_the_old_inode_is_not_restored() {
    let disk = TestDisk::new();
    disk.write("/srv/long", "", 0o644);
    let mut late = fs::OpenOptions::new()
        .append(true)
        .open(disk.at("/srv/long"))
        .unwrap();
    let (text, _, record) = edit_lines(&disk, "/srv/long", 0o644, LONG);
    late.write_all(b"late\n").unwrap();
    let kept = disk.at(&format!("{STATE}/transactions/{}/before/0", record.id));
    assert!(fs::read_to_string(kept).unwrap() == format!("{text}late\n"));
    let back = take_back(&disk.machine, &Which::Latest, &intent(1));
    assert!(matches!(back, Ok(TakenBack::Now { .. })));
    assert!(fs::read_to_string(disk.at("/srv/long")).unwrap() == text);
}

#[test]
fn a_long_file_that_is_writable_by_others_or_hard_linked_is_copied() {
    let disk = TestDisk::new();
    let inode = |path: &str| fs::metadata(disk.at(path)).unwrap().ino();
    for (path, mode) in [("/srv/open", 0o666), ("/srv/twice", 0o644)] {
        disk.write(path, "", mode);
        if path == "/srv/twice" {
            fs::hard_link(disk.at(path), disk.at("/srv/second")).unwrap();
        }
        let old = inode(path);
        let (text, _, record) = edit_lines(&disk, path, mode, LONG);
        let kept = format!("{STATE}/transactions/{}/before/0", record.id);
        assert!(fs::read_to_string(disk.at(&kept)).unwrap() == text);
        assert_ne!(inode(&kept), old);
        let after = format!("{STATE}/transactions/{}/after/0", record.id);
        assert!(disk.at(&format!("{after}.edits")).exists() && !disk.at(&after).exists());
    }
}

#[test]
fn of_a_shorter_file_both_versions_are_stored_as_copies() {
    let disk = TestDisk::new();
    let old = |path: &str| fs::metadata(disk.at(path)).unwrap().ino();
    disk.write("/srv/shorter", "", 0o644);
    let inode = old("/srv/shorter");
    let (text, after, record) = edit_lines(&disk, "/srv/shorter", 0o644, LONG / 10);
    let kept = format!("{STATE}/transactions/{}", record.id);
    for (side, content) in [("before", text), ("after", after)] {
        let copy = format!("{kept}/{side}/0");
        assert!(fs::read_to_string(disk.at(&copy)).unwrap() == content);
        assert_ne!(old(&copy), inode);
    }
}
