//! Machines as text, and results as text.

use std::path::Path;

use sshmend_fail2ban::{Address, Config, Edited, Release, Wish};
use sshmend_lossless::{Snapshot, fixture};

/// The directory of every fixture.
pub(crate) const DIR: &str = "/etc/fail2ban";

/// The files of every fixture beside its own: two disabled jails, and what they refer to.
const STOCK: &str = include_str!("../stock.txt");

/// The stock files and those of `files`, with headers like `//- jail.local`.
pub(crate) fn snapshot(files: &str) -> Snapshot {
    let mut text = STOCK.to_owned();
    for line in files.split_inclusive('\n') {
        match line.strip_prefix("//- ") {
            Some(header) if !header.starts_with('/') => text += &format!("//- {DIR}/{header}"),
            _ => text += line,
        }
    }
    fixture::snapshot(&text)
}

/// The configuration of Debian 12.
pub(crate) fn debian_12() -> Option<Release> {
    Release::parse("1.0.2-2")
}

/// Reads a configuration.
pub(crate) fn config(snapshot: &Snapshot, release: Option<Release>) -> Config<'_> {
    Config::read(snapshot, Path::new(DIR), release)
}

/// Addresses, separated by blanks.
pub(crate) fn addresses(text: &str) -> Vec<Address> {
    text.split_whitespace()
        .map(|word| Address::parse(word).expect(word).address)
        .collect()
}

/// A wish for all jails, or those named.
pub(crate) fn wish(text: &str, jails: &[&str], until: Option<&str>) -> Wish {
    let jails = (!jails.is_empty()).then(|| jails.iter().map(|&jail| jail.to_owned()).collect());
    Wish {
        addresses: addresses(text),
        jails,
        until: until.map(|until| until.parse().expect("a time")),
    }
}

/// A change as lines: removed, added, remarks.
pub(crate) fn shown(snapshot: &Snapshot, edited: &Edited) -> String {
    let mut text = String::new();
    for (path, edits) in &edited.edits {
        let before = &snapshot
            .read(path)
            .ok()
            .flatten()
            .expect("an edited file")
            .bytes;
        text += &format!(
            "{}\n{}",
            path.display(),
            changed_lines(before, &edits.apply(before))
        );
    }
    for (path, content) in &edited.creates {
        text += &format!("{} (new)\n{}", path.display(), changed_lines(b"", content));
    }
    for note in &edited.notes {
        let origin = note
            .origin
            .as_ref()
            .map(|origin| format!("{origin}: "))
            .unwrap_or_default();
        text += &format!("{}: {origin}{}\n", note.name, note.text);
    }
    text
}

/// The lines between the common beginning and the common end, and the one before them.
fn changed_lines(before: &[u8], after: &[u8]) -> String {
    let lines = |bytes: &[u8]| -> Vec<String> {
        bytes
            .split_inclusive(|&b| b == b'\n')
            .map(|line| line.escape_ascii().to_string())
            .collect()
    };
    let (old, new) = (lines(before), lines(after));
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same;
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(rest)
        .take_while(|(a, b)| a == b)
        .count();
    let removed = old[same..old.len() - tail]
        .iter()
        .map(|line| format!("-{line}\n"));
    let added = new[same..new.len() - tail]
        .iter()
        .map(|line| format!("+{line}\n"));
    let context = same.checked_sub(1).map(|at| format!(" {}\n", old[at]));
    context.into_iter().chain(removed).chain(added).collect()
}

/// The snapshot after a change.
pub(crate) fn after(snapshot: &Snapshot, edited: &Edited) -> Snapshot {
    use sshmend_lossless::{Entry, FileImage, Listed, Metadata};
    let mut next = snapshot.clone();
    for (path, edits) in &edited.edits {
        let image = snapshot.read(path).ok().flatten().expect("an edited file");
        let bytes = edits.apply(&image.bytes);
        next.insert(
            path,
            Entry::File(FileImage {
                bytes: bytes.into(),
                ..image.clone()
            }),
        );
    }
    for (path, content) in &edited.creates {
        let image = FileImage {
            bytes: content.clone().into(),
            meta: Metadata::default(),
            target: path.clone(),
        };
        next.insert(path, Entry::File(image));
        let folder = path.parent().expect("a folder");
        if let Some(Entry::Directory(names, meta)) = next.entry(folder).cloned() {
            let name = path.file_name().expect("a name").to_owned();
            let names = names
                .into_iter()
                .chain([Listed {
                    name,
                    directory: false,
                }])
                .collect();
            next.insert(folder, Entry::Directory(names, meta));
        }
    }
    next
}
