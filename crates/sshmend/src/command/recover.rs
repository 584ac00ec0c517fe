//! `sshmend recover`: what a crash interrupted becomes wholly old again.

use sshmend_transaction::{Past, Recovered, State, Store};

use crate::cli::Recover;
use crate::error::{Failure, Outcome};
use crate::json::history::Recovery;
use crate::output::words::count;
use crate::session::Session;

/// Recovers, or says what there is to recover.
pub(crate) fn run(session: &Session, arguments: &Recover) -> Result<Outcome, Failure> {
    let state = session.state();
    let journal = session.journal()?;
    let past = journal.history().map_err(|error| Failure::from_file(&error))?;
    let cut_off: Vec<String> = past.iter().filter_map(cut_off).collect();
    if cut_off.is_empty() || arguments.dry_run {
        print(session, &cut_off, arguments.dry_run)?;
        return Ok(if cut_off.is_empty() { Outcome::Fine } else { Outcome::Findings });
    }
    let store = Store::open(&session.machine, session.state_disk(), &state, "sshmend recover")
        .map_err(|error| Failure::from_journal(&error))?;
    let recovered = store.recover().map_err(|error| Failure::from_recover(&error))?;
    let recovered: Vec<String> = recovered.iter().map(describe).collect();
    print(session, &recovered, false)?;
    Ok(Outcome::Fine)
}

fn cut_off(past: &Past) -> Option<String> {
    match past {
        Past::Record(record) if record.state == State::Prepared => Some(format!("{}: was cut off", record.id)),
        Past::Record(record) if record.state == State::Committed && record.rolls_back.is_some() => {
            Some(format!("{}: was cut off at its end", record.id))
        }
        Past::Abandoned(id) => Some(format!("{id}: was cut off before it changed anything")),
        Past::Record(_) | Past::Damaged(_) => None,
    }
}

fn describe(recovered: &Recovered) -> String {
    match recovered {
        Recovered::RolledBack { id, files, left } => {
            let kept = if left.is_empty() { String::new() } else { format!(", {} left", count(left.len(), "file")) };
            format!("{id}: rolled back, {} changed back{kept}", count(files.len(), "file"))
        }
        Recovered::Finished(id) => format!("{id}: was finished already, and is now known to be"),
        Recovered::Abandoned(id) => format!("{id}: had changed nothing, and was cleared away"),
    }
}

fn print(session: &Session, lines: &[String], dry_run: bool) -> Result<(), Failure> {
    let printed = if session.output.is_json() {
        session.output.json(&Recovery { schema: "sshmend.recovery/1", dry_run, transactions: lines.to_vec() })
    } else if lines.is_empty() {
        session.output.data("nothing to recover\n")
    } else {
        session.output.data(&(lines.join("\n") + "\n"))
    };
    printed.map_err(|error| Failure::caused("cannot print", &error))
}
