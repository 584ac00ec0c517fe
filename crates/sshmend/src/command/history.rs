//! `sshmend history`: what was changed, newest last.

use sshmend_lossless::{EditSet, FileChange, FileImage, Metadata};
use sshmend_plan::unified;
use sshmend_transaction::{FileRecord, Id, Image, Past, Record, State, Versions};

use crate::cli;
use crate::error::{Failure, Outcome};
use crate::json::history::{Damaged, History, Transaction};
use crate::output::escape::line;
use crate::output::words::{count, shell};
use crate::output::{Output, Role};
use crate::session::Session;

/// Lists the transactions, or shows one.
pub(crate) fn run(session: &Session, arguments: &cli::History) -> Result<Outcome, Failure> {
    let journal = session.journal()?;
    let printed = match &arguments.id {
        None => list(
            &session.output,
            &journal
                .history()
                .map_err(|error| Failure::from_file(&error))?,
        ),
        Some(id) => {
            let record = journal
                .record(&parse(id)?)
                .map_err(|error| Failure::from_journal(&error))?;
            let versions = journal
                .versions(&record)
                .map_err(|error| Failure::from_journal(&error))?;
            show(&session.output, &record, &versions)
        }
    };
    printed.map_err(|error| Failure::caused("cannot print", &error))?;
    Ok(Outcome::Fine)
}

/// Reads a transaction's name from the command line.
pub(crate) fn parse(id: &str) -> Result<Id, Failure> {
    id.parse().map_err(|error: sshmend_transaction::NotAnId| {
        Failure::trouble(error.to_string()).with_hint("sshmend history lists them")
    })
}

fn list(output: &Output, past: &[Past]) -> std::io::Result<()> {
    if output.is_json() {
        return output.json(&document(past));
    }
    let mut text = String::new();
    if past.is_empty() {
        text.push_str("nothing was changed yet\n");
    }
    for past in past {
        let shown = match past {
            Past::Record(record) => summary(output, record),
            Past::Abandoned(id) => format!(
                "{id} {}",
                output.paint(Role::Dim, "cut off before it changed anything")
            ),
            Past::Forgotten(id) => format!("{id} {}", output.paint(Role::Dim, "given up")),
            Past::Damaged(damaged) => output.quote(Role::Bad, &damaged.to_string()),
        };
        text.push_str(&format!("{shown}\n"));
    }
    output.data(&text)
}

fn document(past: &[Past]) -> History {
    let mut document = History::default();
    for past in past {
        match past {
            Past::Record(record) => document.transactions.push(Transaction::new(record, None)),
            Past::Damaged(damaged) => document.damaged.push(Damaged::new(damaged)),
            Past::Abandoned(_) | Past::Forgotten(_) => {}
        }
    }
    document
}

fn summary(output: &Output, record: &Record) -> String {
    let role = if record.is_unfinished() {
        Role::Bad
    } else {
        Role::Dim
    };
    let state = output.paint(role, state(record.state));
    let files = count(record.files.len(), "file");
    format!(
        "{} {state} {} ({files})",
        output.paint(Role::Title, record.id.as_str()),
        line(&record.why)
    )
}

/// How far a transaction has come, in one word.
pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::Preparing | State::Prepared => "cut-off",
        State::Committed => "committed",
        State::Done => "done",
        State::RolledBack => "rolled-back",
    }
}

fn show(output: &Output, record: &Record, versions: &[Versions]) -> std::io::Result<()> {
    if output.is_json() {
        return output.json(&Transaction::new(record, Some(versions)));
    }
    let mut text = summary(output, record) + "\n";
    text.push_str(&format!(
        "when: {}\nwith: {}\n",
        record.when,
        line(&shell(&record.argv))
    ));
    if let Some(user) = &record.who.sudo_user {
        text.push_str(&format!("who:  {}\n", line(user)));
    }
    for diff in diffs(record, versions) {
        text.push_str(&output.diff(&diff));
    }
    output.data(&text)
}

/// The unified diffs of the journaled files.
pub(crate) fn diffs(record: &Record, versions: &[Versions]) -> Vec<String> {
    let diff = |(file, versions): (&FileRecord, &Versions)| {
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

/// A change that leads from one content to another, for display.
pub(crate) fn between(
    path: &std::path::Path,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
) -> FileChange {
    let image = |bytes: &[u8]| FileImage {
        bytes: bytes.to_vec(),
        meta: Metadata::default(),
        target: path.to_owned(),
    };
    FileChange {
        path: path.to_owned(),
        before: before.map(image),
        edits: EditSet::default(),
        after: after.map(<[u8]>::to_vec),
        create: Metadata::default(),
        give: None,
    }
}
