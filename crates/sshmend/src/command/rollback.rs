//! `sshmend rollback`: plans the undo and executes it like any other change.

use std::path::PathBuf;

use sshmend_host::Machine;
use sshmend_plan::{Plan, protect_files, steps_lockout, unified};
use sshmend_transaction::{Edited, FileRecord, Files, Journal, Past, Record, State, Way};

use super::aftermath::{follow, hung_up, of_today};
use crate::cli::{Apply, Redo, Rollback};
use crate::error::{Failure, Outcome};
use crate::execute::take_back;
use crate::output::escape::line;
use crate::output::past::between;
use crate::output::words::shell;
use crate::session::Session;

/// Undoes a transaction.
pub(crate) fn run(session: &Session, arguments: &Rollback) -> Result<Outcome, Failure> {
    let journal = session.journal()?;
    session.hold(&arguments.apply)?;
    let record = match &arguments.id {
        Some(id) => journal
            .record(&session.transaction(id)?)
            .map_err(|error| Failure::from_journal(&error))?,
        None => newest(&journal, |record| record.rolls_back.is_none())?.ok_or_else(|| {
            Failure::trouble("no transaction to roll back")
                .with_hint("sshmend history lists what was done")
        })?,
    };
    if arguments.id.is_none() && record.state == State::RolledBack {
        say_what_is_older(session, &journal, &record)?;
    }
    back(session, &journal, record, &arguments.apply)
}

/// Redoes a change: rolls back the newest rollback that is not itself a redo.
pub(crate) fn redo(session: &Session, arguments: &Redo) -> Result<Outcome, Failure> {
    let journal = session.journal()?;
    session.hold(&arguments.apply)?;
    let record = newest(&journal, |record| {
        record.state == State::Done && undoes(&journal, record)
    })?
    .ok_or_else(|| {
        Failure::trouble("no rollback that could be undone")
            .with_hint("sshmend history lists what was done")
    })?;
    back(session, &journal, record, &arguments.apply)
}

fn back(
    session: &Session,
    journal: &Journal<'_, Machine>,
    record: Record,
    flags: &Apply,
) -> Result<Outcome, Failure> {
    let plan = plan(session, journal, &record)?;
    take_back(session, plan, flags, record)
}

/// The newest transaction of this kind.
fn newest(
    journal: &Journal<'_, Machine>,
    is_meant: impl Fn(&Record) -> bool,
) -> Result<Option<Record>, Failure> {
    let past = journal.newest_first();
    for past in past.map_err(|error| Failure::from_file(&error))? {
        match past.map_err(|error| Failure::from_file(&error))? {
            Past::Record(record) if is_meant(&record) => return Ok(Some(record)),
            _ => {}
        }
    }
    Ok(None)
}

/// Whether it undoes a change, rather than a rollback.
fn undoes(journal: &Journal<'_, Machine>, record: &Record) -> bool {
    record.rolls_back.as_ref().is_some_and(|id| {
        let earlier = journal.record(id);
        earlier.is_ok_and(|earlier| !undoes(journal, &earlier))
    })
}

/// Reports that the newest change is already undone, and names the one before it.
fn say_what_is_older(
    session: &Session,
    journal: &Journal<'_, Machine>,
    record: &Record,
) -> Result<(), Failure> {
    let older = newest(journal, |older| {
        older.id < record.id && older.rolls_back.is_none() && older.state == State::Done
    })?;
    if let Some(older) = older {
        let command = session.command(&["rollback", older.id.as_str()]);
        session.output.status(&format!(
            "hint: the newest change is undone already; the one before it ({}): {}",
            line(&older.why),
            session.output.command(&command)
        ));
    }
    Ok(())
}

/// Later changes of the same files, which must be undone first, the newest first.
fn in_the_way(
    journal: &Journal<'_, Machine>,
    record: &Record,
    edited: &[PathBuf],
) -> Result<Vec<Record>, Failure> {
    let mut found = Vec::new();
    let past = journal.newest_first();
    for past in past.map_err(|error| Failure::from_file(&error))? {
        match past.map_err(|error| Failure::from_file(&error))? {
            Past::Record(later) if later.id <= record.id => break,
            Past::Record(later)
                if later.state != State::RolledBack
                    && later.rolls_back.is_none()
                    && later.files.iter().any(|file| edited.contains(&file.target)) =>
            {
                found.push(later);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The hint for files that have changed since the transaction.
fn what_first(session: &Session, later: &[Record]) -> String {
    let Some(newest) = later.first() else {
        return "undo the change by hand, or undo the later edit first".to_owned();
    };
    let command = shell(&session.command(&["rollback", newest.id.as_str()]));
    let more = match later.len() {
        1 => String::new(),
        number => format!(" (and {} more after it, the newest first)", number - 1),
    };
    format!(
        "a later change of the same file prevents this: {}; undo it first: `{command}`{more}",
        line(&newest.why)
    )
}

/// Shows what was edited since, with a hint.
fn was_edited(
    session: &Session,
    journal: &Journal<'_, Machine>,
    record: &Record,
    edited: &[Edited],
) -> Result<Failure, Failure> {
    let text: String = edited.iter().map(three_ways).collect();
    session
        .output
        .data(&session.output.diff(&text))
        .map_err(|error| Failure::caused("cannot print", &error))?;
    let is_edited = |file: &&FileRecord| edited.iter().any(|edited| edited.path == file.path);
    let targets = record.files.iter().filter(is_edited);
    let targets: Vec<PathBuf> = targets.map(|file| file.target.clone()).collect();
    let later = in_the_way(journal, record, &targets)?;
    let message = format!(
        "nothing was changed: files of {} were edited since",
        record.id
    );
    Ok(Failure::trouble(message).with_hint(what_first(session, &later)))
}

fn plan(
    session: &Session,
    journal: &Journal<'_, Machine>,
    record: &Record,
) -> Result<Plan, Failure> {
    let mut plan = Plan {
        purpose: format!("undo {}: {}", record.id, record.why),
        ..Plan::default()
    };
    if record.state == State::RolledBack {
        return Ok(plan);
    }
    let way = way_back(session, record)?;
    if !way.edited.is_empty() {
        return Err(was_edited(session, journal, record, &way.edited)?);
    }
    plan.files = way.changes;
    let mut pid = None;
    if session.machine.is_live() {
        follow(session, &mut plan, record, Files::Old)?;
        pid = hung_up(&plan);
        of_today(session, &mut plan)?;
        plan.lockout = steps_lockout(&plan.activation, &session.person());
    }
    let context = session.context();
    session.plan_with(|seen| {
        let mut plan = plan.clone();
        protect_files(seen, &mut plan, pid, &context)?;
        Ok(plan)
    })
}

/// Plans the undo of a transaction from the files as they are now.
pub(crate) fn way_back(session: &Session, record: &Record) -> Result<Way, Failure> {
    let way = session.journal()?.way_back(&session.machine, record);
    way.map_err(|error| Failure::from_cause(&error))
}

/// The change that the transaction made to a file, and the changes made to it since.
fn three_ways(edited: &Edited) -> String {
    let now = edited.now.as_ref().map(|image| image.bytes.as_slice());
    let (before, after) = (edited.before.as_deref(), edited.after.as_deref());
    let (path, name) = (&edited.path, edited.path.display());
    let mut text = format!("# {name}: what the transaction had changed\n");
    text.push_str(&unified(&between(path, before, after)));
    text.push_str(&format!("# {name}: what was edited since\n"));
    text.push_str(&unified(&between(path, after, now)));
    if let (Some([before, after]), Some(now)) = (edited.modes, &edited.now) {
        let mode = now.meta.mode;
        text.push_str(&format!(
            "# {name}: mode {before:04o} before, {after:04o} after, {mode:04o} now\n"
        ));
    }
    text
}
