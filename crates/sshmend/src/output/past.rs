//! Rendering of a past transaction, as text and in JSON.

use sshmend_lossless::{EditSet, FileChange, FileImage, Metadata};
use sshmend_plan::unified;
use sshmend_transaction::{FileRecord, Image, Record, State, Versions};

/// The state of a transaction, in one word.
pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::Preparing | State::Prepared => "cut-off",
        State::Committed => "committed",
        State::PendingConfirm => "pending-confirm",
        State::Done => "done",
        State::RolledBack => "rolled-back",
    }
}

/// The unified diffs of the journaled files.
pub(crate) fn diffs(record: &Record, versions: &[Versions]) -> Vec<String> {
    let diff = |(file, versions): (&FileRecord, &Versions)| {
        if versions.withheld {
            return withheld(file);
        }
        let mut change = between(
            &versions.path,
            versions.before.as_deref(),
            versions.after.as_deref(),
        );
        if let (Some(image), Some(before)) = (&mut change.before, &file.before) {
            image.meta = before.metadata();
        }
        unified(&FileChange {
            give: file.after.as_ref().map(Image::attributes),
            ..change
        })
    };
    record.files.iter().zip(versions).map(diff).collect()
}

/// Says which key this was for, because the content of a private key is not kept.
fn withheld(file: &FileRecord) -> String {
    let mode = |image: &Option<Image>| {
        image
            .as_ref()
            .map_or_else(|| "none".to_owned(), |image| format!("{:04o}", image.mode))
    };
    format!(
        "# {}: a private key, of which no copy is kept: mode {} -> {}\n",
        file.path.display(),
        mode(&file.before),
        mode(&file.after)
    )
}

/// A change from one content to another, for display.
pub(crate) fn between(
    path: &std::path::Path,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
) -> FileChange {
    let image = |bytes: &[u8]| FileImage {
        bytes: bytes.to_vec().into(),
        meta: Metadata::default(),
        target: path.to_owned(),
    };
    FileChange {
        path: path.to_owned(),
        before: before.map(image),
        edits: EditSet::default(),
        after: after.map(|bytes| bytes.to_vec().into()),
        create: Metadata::default(),
        give: None,
    }
}
