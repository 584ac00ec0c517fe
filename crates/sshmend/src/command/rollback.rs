//! `sshmend rollback`: the way back is a change like any other.

use std::path::{Path, PathBuf};

use sshmend_host::Machine;
use sshmend_lossless::{Attributes, EditSet, FileChange, Step};
use sshmend_plan::{Check, Lockout, Plan, Proof, listen_addresses, reload_sshd, unified};
use sshmend_transaction::{
    FileRecord, Files, Image, Journal, JournalError, Past, Record, RollBackError, State,
    StepRecord, Versions, Which,
};

use super::access::of_files;
use super::history::between;
use crate::cli::{Apply, Redo, Rollback};
use crate::command::sshd::Configuration;
use crate::error::{Failure, Outcome};
use crate::execute::take_back;
use crate::output::escape::line;
use crate::output::words::shell;
use crate::session::Session;

/// Takes a transaction back.
pub(crate) fn run(session: &Session, arguments: &Rollback) -> Result<Outcome, Failure> {
    let journal = session.journal()?;
    let record = match &arguments.id {
        Some(id) => journal
            .record(&session.transaction(id)?)
            .map_err(|error| Failure::from_journal(&error))?,
        None => newest(&journal, |record| record.rolls_back.is_none())?
            .ok_or_else(|| Failure::from_roll_back(&RollBackError::Nothing))?,
    };
    if arguments.id.is_none() && record.state == State::RolledBack {
        say_what_is_older(session, &journal, &record)?;
    }
    back(session, &journal, record, &arguments.apply)
}

/// Makes a change again: takes the newest rollback back that is none of a rollback itself.
pub(crate) fn redo(session: &Session, arguments: &Redo) -> Result<Outcome, Failure> {
    let journal = session.journal()?;
    let record = newest(&journal, |record| {
        record.state == State::Done && undoes(&journal, record)
    })?
    .ok_or_else(|| {
        Failure::trouble("no rollback that could be taken back")
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
    let versions = journal
        .versions(&record)
        .map_err(|error| Failure::from_journal(&error))?;
    let plan = plan(session, journal, &record, &versions)?;
    take_back(session, plan, flags, Which::Id(record.id))
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

/// Whether it takes a change back, and not such a rollback.
fn undoes(journal: &Journal<'_, Machine>, record: &Record) -> bool {
    record.rolls_back.as_ref().is_some_and(|id| {
        let earlier = journal.record(id);
        earlier.is_ok_and(|earlier| !undoes(journal, &earlier))
    })
}

/// The newest change is taken back already: whoever means the one before it is told its name.
fn say_what_is_older(
    session: &Session,
    journal: &Journal<'_, Machine>,
    record: &Record,
) -> Result<(), Failure> {
    let older = newest(journal, |older| {
        older.id < record.id && older.rolls_back.is_none() && older.state == State::Done
    })?;
    if let Some(older) = older {
        let command = shell(&session.command(&["rollback", older.id.as_str()]));
        session.output.talk(&format!(
            "hint: the newest change is taken back already; the one before it ({}): {command}",
            line(&older.why)
        ));
    }
    Ok(())
}

/// Later changes of the same files, which have to be taken back first, the newest first.
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

/// What to do about files that are no longer as the transaction made them.
fn what_first(session: &Session, later: &[Record]) -> String {
    let Some(newest) = later.first() else {
        return "take the change back by hand, or undo the later edit first".to_owned();
    };
    let command = shell(&session.command(&["rollback", newest.id.as_str()]));
    let more = match later.len() {
        1 => String::new(),
        number => format!(" (and {} more after it, the newest first)", number - 1),
    };
    format!(
        "a later change of the same file is in the way: {}; take it back first: {command}{more}",
        line(&newest.why)
    )
}

fn plan(
    session: &Session,
    journal: &Journal<'_, Machine>,
    record: &Record,
    versions: &[Versions],
) -> Result<Plan, Failure> {
    let mut plan = Plan {
        purpose: format!("take back {}: {}", record.id, record.why),
        ..Plan::default()
    };
    if record.state == State::RolledBack {
        return Ok(plan);
    }
    let (mut edited, mut paths) = (String::new(), Vec::new());
    for (file, versions) in record.files.iter().zip(versions) {
        let change = way_back(session, file, versions)?;
        if was_edited(&change, file) {
            edited.push_str(&three_ways(&change, file, versions));
            paths.push(file.target.clone());
        } else if is_gone(&change, file) {
            let gone = JournalError::Withheld(file.path.clone());
            return Err(Failure::from_journal(&gone));
        }
        plan.files.push(change);
    }
    if !edited.is_empty() {
        session
            .output
            .data(&session.output.diff(&edited))
            .map_err(|error| Failure::caused("cannot print", &error))?;
        let message = format!(
            "nothing was changed: files of {} were edited since",
            record.id
        );
        let later = in_the_way(journal, record, &paths)?;
        return Err(Failure::trouble(message).with_hint(what_first(session, &later)));
    }
    let mut pid = None;
    if session.machine.is_live() {
        follow(session, &mut plan, record, Files::Old)?;
        pid = hung_up(&plan);
        reload_the_sshd_of_today(session, &mut plan)?;
        plan.lockout = lockout(session, &plan);
    }
    of_files(session, &mut plan, pid)?;
    Ok(plan)
}

/// What would take back the files of a transaction, as they are now.
pub(crate) fn undoing(session: &Session, record: &Record) -> Result<Vec<FileChange>, Failure> {
    let journal = session.journal()?;
    let versions = journal
        .versions(record)
        .map_err(|error| Failure::from_journal(&error))?;
    let files = record.files.iter().zip(&versions);
    files
        .map(|(file, versions)| way_back(session, file, versions))
        .collect()
}

/// The change from what stands there now to what stood there before.
fn way_back(
    session: &Session,
    file: &FileRecord,
    versions: &Versions,
) -> Result<FileChange, Failure> {
    let now = session
        .machine
        .read(&file.target)
        .map_err(|error| Failure::from_file(&error))?;
    let create = file
        .before
        .as_ref()
        .map(Image::metadata)
        .unwrap_or_default();
    let give = file
        .before
        .as_ref()
        .filter(|_| now.is_some() && file.gives())
        .map(Image::attributes);
    // Of a private key no copy is kept: where only its mode was changed it stands there.
    let own = now.as_ref().map(|image| &image.bytes);
    let at_hand = own.filter(|bytes| file.before.as_ref().is_some_and(|image| image.has(bytes)));
    let kept = || versions.before.clone().map(Into::into);
    let after = at_hand.cloned().or_else(kept);
    Ok(FileChange {
        path: file.path.clone(),
        before: now,
        edits: EditSet::default(),
        after,
        create,
        give,
    })
}

/// Neither what the transaction made of it nor what was before.
fn was_edited(change: &FileChange, file: &FileRecord) -> bool {
    let is = |image: &Option<Image>| match (image, &change.before) {
        (None, None) => true,
        (Some(image), Some(now)) => {
            let given = !file.gives() || image.attributes() == Attributes::of(&now.meta);
            image.has(&now.bytes) && given
        }
        _ => false,
    };
    !is(&file.after) && !is(&file.before)
}

/// A private key that would have to come back, and of which no copy is kept.
fn is_gone(change: &FileChange, file: &FileRecord) -> bool {
    file.withheld && file.before.is_some() && change.after.is_none()
}

fn three_ways(change: &FileChange, file: &FileRecord, versions: &Versions) -> String {
    let now = change.before.as_ref().map(|image| image.bytes.as_slice());
    let (before, after) = (versions.before.as_deref(), versions.after.as_deref());
    let path: &Path = &change.path;
    let mut text = String::new();
    text.push_str(&format!(
        "# {}: what the transaction had changed\n",
        path.display()
    ));
    text.push_str(&unified(&between(path, before, after)));
    text.push_str(&format!("# {}: what was edited since\n", path.display()));
    text.push_str(&unified(&between(path, after, now)));
    if let Some(words) = modes(change, file) {
        text.push_str(&format!("# {}: {words}\n", path.display()));
    }
    text
}

/// The permission bits in all three versions, where the transaction had changed them.
fn modes(change: &FileChange, file: &FileRecord) -> Option<String> {
    let (before, after) = (
        file.before.as_ref()?,
        file.after.as_ref().filter(|_| file.gives())?,
    );
    let now = change.attributes_before()?;
    Some(format!(
        "mode {:04o} before, {:04o} after, {:04o} now",
        before.mode, after.mode, now.mode
    ))
}

/// What brings the files of a transaction into force that are on one side already, and what proves it.
pub(crate) fn aftermath(session: &Session, record: &Record, files: Files) -> Result<Plan, Failure> {
    let mut plan = Plan {
        purpose: record.why.clone(),
        ..Plan::default()
    };
    if session.machine.is_live() {
        follow(session, &mut plan, record, files)?;
        reload_the_sshd_of_today(session, &mut plan)?;
    }
    Ok(plan)
}

/// What had to follow the change has to follow its way back: steps of our own, for a journal names no other program.
fn follow(
    session: &Session,
    plan: &mut Plan,
    record: &Record,
    files: Files,
) -> Result<(), Failure> {
    let aftermath = match files {
        Files::Old => record.aftermath.turned(),
        Files::New => record.aftermath.clone(),
    };
    let steps = |kept: &[StepRecord]| {
        kept.iter()
            .map(|kept| step(session, record, kept))
            .collect::<Result<Vec<_>, _>>()
    };
    let judges = steps(&aftermath.judges)?;
    plan.rehearsal = judges.iter().map(Check::of).collect();
    plan.activation = steps(&aftermath.activation)?;
    plan.undo = steps(&aftermath.undo)?;
    plan.reloaded.clone_from(&aftermath.units);
    Ok(())
}

/// A step of the journal, whose program is nobody else's; what is none is shown, and not run.
fn step(session: &Session, record: &Record, kept: &StepRecord) -> Result<Step, Failure> {
    let step = match kept {
        StepRecord::Step(step) => step,
        StepRecord::Unknown(argv) => {
            let message = format!(
                "nothing was changed: {} names a program that sshmend never runs: {}",
                record.id,
                shell(argv)
            );
            return Err(Failure::trouble(message)
                .with_hint("find out who wrote it into the journal, and undo the change by hand"));
        }
    };
    if let Some(program) = step.program() {
        session.trusted(program)?;
    }
    Ok(step.clone())
}

/// Whoever came by SSH does not come again once sshd is stopped, or has not what it needs.
fn lockout(session: &Session, plan: &Plan) -> Lockout {
    if let Some(why) = session.person().addr.and_then(|addr| bans(plan, addr)) {
        return Lockout::Loses { why, origin: None };
    }
    let stops = plan.activation.iter().find(|step| step.ends_service());
    match stops.filter(|_| session.person().addr.is_some()) {
        Some(step) => Lockout::Loses {
            why: format!("{} is part of what was before", step.title()),
            origin: None,
        },
        None => Lockout::Keeps,
    }
}

/// A ban that had been lifted is set again.
fn bans(plan: &Plan, addr: std::net::IpAddr) -> Option<String> {
    plan.activation.iter().find_map(|step| match step {
        Step::Ban(jail, banned) if *banned == addr.to_string() => {
            Some(format!("jail {jail} had banned {banned}, and does again"))
        }
        _ => None,
    })
}

/// The process that was told to read its files again.
fn hung_up(plan: &Plan) -> Option<u32> {
    plan.activation.iter().find_map(|step| match step {
        Step::HangUp(pid) => Some(*pid),
        _ => None,
    })
}

/// A journaled process id may long be another program's: sshd is found anew, and left alone when none runs. Where it is
/// told to read its files again it has to answer afterwards as it does today, wherever it then still listens.
fn reload_the_sshd_of_today(session: &Session, plan: &mut Plan) -> Result<(), Failure> {
    let signals = |step: &Step| matches!(step, Step::HangUp(_));
    let of_sshd = |step: &Step| step.is_reload() && *step != Step::ReloadFail2ban;
    if !plan.activation.iter().any(of_sshd) {
        return Ok(());
    }
    let mut configuration = Configuration::capture_of(session, hung_up(plan))?;
    configuration.snapshot = configuration.after(&plan.files);
    let addresses = listen_addresses(&configuration.effective());
    plan.proof.extend(addresses.into_iter().map(Proof::Banner));
    if plan.activation.iter().any(signals) {
        plan.activation.retain(|step| !signals(step));
        let today = reload_sshd(&configuration.sshd);
        plan.reloaded = today.iter().map(|(_, name)| name.clone()).collect();
        plan.activation.extend(today.map(|(reload, _)| reload));
    }
    Ok(())
}
