//! `sshmend confirm`: keeps a change that was made with --confirm-within.

use sshmend_transaction::Record;

use crate::cli::Confirm;
use crate::error::{Failure, Outcome};
use crate::execute::disarm;
use crate::json::change::{Change, Notice};
use crate::output::escape::line;
use crate::session::Session;

/// Confirms the change and removes its timer.
pub(crate) fn run(session: &Session, arguments: &Confirm) -> Result<Outcome, Failure> {
    let confirmed = confirm(session, arguments);
    if session.output.is_json() {
        let document = document(session, &confirmed);
        let printed = session.output.json(&document);
        if let (Ok(_), Err(error)) = (&confirmed, &printed) {
            return Err(Failure::unprinted(error));
        }
    }
    confirmed.map(|_| Outcome::Fine)
}

/// A confirmed change.
struct Confirmed {
    record: Record,
    /// Whether it was waiting for confirmation until now.
    waited: bool,
}

fn confirm(session: &Session, arguments: &Confirm) -> Result<Confirmed, Failure> {
    let named = arguments.id.as_ref().map(|id| session.transaction(id));
    let named = named.transpose()?;
    let journal = session.journal()?;
    let store = session.store("sshmend confirm", arguments.wait)?;
    // Without a name the waiting one is meant.
    let waited = named.as_ref().is_none_or(|id| {
        journal
            .record(id)
            .is_ok_and(|record| record.waits_for_confirmation())
    });
    let confirmed = store.confirm(named.as_ref());
    let record = confirmed.map_err(|error| Failure::from_confirm(&error))?;
    disarm(&record.id);
    let way_back = session.command(&["rollback", record.id.as_str()]);
    let told = format!(
        "{} is kept: {}; undo it with: {}",
        record.id,
        line(&record.why),
        session.output.command(&way_back)
    );
    session.output.status(&told);
    if let Some(notice) = same_connection(session, &record) {
        session
            .output
            .status(&format!("note: {} [{}]", notice.text, notice.name));
    }
    Ok(Confirmed { record, waited })
}

/// Warns that the change was made over this very connection, which survives even if new ones fail.
fn same_connection(session: &Session, record: &Record) -> Option<Notice> {
    let connection = record.who.ssh_connection.as_ref()?;
    let same = session.environment.ssh_connection.as_ref() == Some(connection);
    let text =
        "this is the connection that made the change: it does not show that a new one would work";
    same.then(|| Notice {
        name: "same-connection".to_owned(),
        text: text.to_owned(),
        origin: None,
    })
}

fn document(session: &Session, confirmed: &Result<Confirmed, Failure>) -> Change {
    let record = confirmed.as_ref().ok().map(|confirmed| &confirmed.record);
    let changed = confirmed.as_ref().is_ok_and(|confirmed| confirmed.waited);
    let error = confirmed.as_ref().err().map(Failure::trouble_json);
    Change {
        changed,
        transaction: record.map(|record| record.id.to_string()),
        notices: record
            .and_then(|record| same_connection(session, record))
            .into_iter()
            .collect(),
        error,
        ..Change::default()
    }
}
