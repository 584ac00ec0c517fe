//! The recordings: every text beside this file but `expected.txt`.

use std::fs;
use std::path::Path;

/// The recordings by name, sorted.
#[expect(
    clippy::disallowed_methods,
    reason = "the recordings beside the source"
)]
pub(super) fn recordings() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let files = fs::read_dir(folder).expect("the folder of the recordings");
    let mut recordings: Vec<_> = files
        .map(|file| file.expect("a file").path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".txt")?;
            (name != "expected").then(|| (name.to_owned(), fs::read(&path).expect("a recording")))
        })
        .collect();
    recordings.sort();
    recordings
}
