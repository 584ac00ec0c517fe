//! `sshmend rollback`: the way back is a change like any other.

use std::path::Path;

use sshmend_lossless::{Attributes, EditSet, FileChange};
use sshmend_plan::{Check, Lockout, Plan, Proof, Step, listen_addresses, reload_sshd, unified};
use sshmend_transaction::{
    FileRecord, Files, Image, Past, Record, RollBackError, State, Versions, Which,
};

use super::history::{between, parse};
use crate::cli::{Rollback, SshdSource};
use crate::command::sshd::Configuration;
use crate::error::{Failure, Outcome};
use crate::execute::take_back;
use crate::output::words::shell;
use crate::session::Session;

/// Takes a transaction back.
pub(crate) fn run(session: &Session, arguments: &Rollback) -> Result<Outcome, Failure> {
    let journal = session.journal()?;
    let record = match &arguments.id {
        Some(id) => journal
            .record(&parse(id)?)
            .map_err(|error| Failure::from_journal(&error))?,
        None => newest(
            journal
                .history()
                .map_err(|error| Failure::from_file(&error))?,
        )
        .ok_or_else(|| Failure::from_roll_back(&RollBackError::Nothing))?,
    };
    let versions = journal
        .versions(&record)
        .map_err(|error| Failure::from_journal(&error))?;
    let plan = plan(session, &record, &versions)?;
    take_back(session, plan, &arguments.apply, Which::Id(record.id))
}

/// The newest change that is no way back itself.
fn newest(past: Vec<Past>) -> Option<Record> {
    let mut records = past.into_iter().rev().filter_map(|past| match past {
        Past::Record(record) => Some(record),
        Past::Damaged(_) | Past::Abandoned(_) | Past::Forgotten(_) => None,
    });
    records.find(|record| record.rolls_back.is_none())
}

fn plan(session: &Session, record: &Record, versions: &[Versions]) -> Result<Plan, Failure> {
    let mut plan = Plan {
        purpose: format!("take back {}: {}", record.id, record.why),
        ..Plan::default()
    };
    if record.state == State::RolledBack {
        return Ok(plan);
    }
    let mut edited = String::new();
    for (file, versions) in record.files.iter().zip(versions) {
        let change = way_back(session, file, versions)?;
        if was_edited(&change, file, versions) {
            edited.push_str(&three_ways(&change, file, versions));
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
        return Err(Failure::trouble(message)
            .with_hint("take the change back by hand, or undo the later edit first"));
    }
    if session.machine.is_live() {
        follow(session, &mut plan, record, Files::Old)?;
        reload_the_sshd_of_today(session, &mut plan)?;
        plan.lockout = lockout(session, &plan);
    }
    Ok(plan)
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
    Ok(FileChange {
        path: file.path.clone(),
        before: now,
        edits: EditSet::default(),
        after: versions.before.clone(),
        create,
        give,
    })
}

/// Neither what the transaction made of it nor what was before.
fn was_edited(change: &FileChange, file: &FileRecord, versions: &Versions) -> bool {
    let now = change.before.as_ref();
    let is = |bytes: Option<&Vec<u8>>, image: Option<&Image>| {
        let attributes = now.map(|now| Attributes::of(&now.meta));
        now.map(|now| &now.bytes) == bytes
            && (!file.gives() || attributes == image.map(Image::attributes))
    };
    !is(versions.after.as_ref(), file.after.as_ref())
        && !is(versions.before.as_ref(), file.before.as_ref())
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
    let aftermath = &record.aftermath;
    let check = |argv: &Vec<String>| step(session, record, argv);
    let checks = |argvs: &[Vec<String>]| argvs.iter().map(check).collect::<Result<Vec<_>, _>>();
    plan.rehearsal = checks(&aftermath.judges)?;
    let (activation, undo) = (checks(&aftermath.activation)?, checks(&aftermath.undo)?);
    let forward = files == Files::New || undo.is_empty();
    (plan.activation, plan.undo) = if forward {
        (activation, undo)
    } else {
        (undo, activation)
    };
    plan.reloaded.clone_from(&aftermath.units);
    Ok(())
}

/// A command line of the journal, where it is one that a plan makes and its program is nobody else's.
fn step(session: &Session, record: &Record, argv: &[String]) -> Result<Check, Failure> {
    let Some(step) = Step::from_argv(argv) else {
        let message = format!(
            "nothing was changed: {} names a program that sshmend never runs: {}",
            record.id,
            shell(argv)
        );
        return Err(Failure::trouble(message)
            .with_hint("find out who wrote it into the journal, and undo the change by hand"));
    };
    if let Some(program) = step.program() {
        session.trusted(program)?;
    }
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    Ok(Check::success(&argv.join(" "), &words))
}

/// Whoever came by SSH does not come again once sshd is stopped, or has not what it needs.
fn lockout(session: &Session, plan: &Plan) -> Lockout {
    if let Some(why) = session.person().addr.and_then(|addr| bans(plan, addr)) {
        return Lockout::Loses { why, origin: None };
    }
    let ends =
        |check: &&Check| check.begins_with(&["systemctl", "stop"]) || check.begins_with(&["rmdir"]);
    let stops = plan.activation.iter().find(ends);
    match stops.filter(|_| session.person().addr.is_some()) {
        Some(check) => Lockout::Loses {
            why: format!("{} is part of what was before", check.title),
            origin: None,
        },
        None => Lockout::Keeps,
    }
}

/// A ban that had been lifted is set again.
fn bans(plan: &Plan, addr: std::net::IpAddr) -> Option<String> {
    plan.activation
        .iter()
        .find_map(|check| match Step::from_argv(&check.argv)? {
            Step::Ban(jail, banned) if banned == addr.to_string() => {
                Some(format!("jail {jail} had banned {banned}, and does again"))
            }
            _ => None,
        })
}

/// A journaled process id may long be another program's: sshd is found anew, and left alone when none runs. Where it is
/// told to read its files again it has to answer afterwards as it does today, wherever it then still listens.
fn reload_the_sshd_of_today(session: &Session, plan: &mut Plan) -> Result<(), Failure> {
    let signals = |check: &Check| check.begins_with(&["kill", "-HUP"]);
    if !plan
        .activation
        .iter()
        .any(|check| signals(check) || check.begins_with(&["systemctl", "reload"]))
    {
        return Ok(());
    }
    let mut configuration = Configuration::capture(session, &SshdSource::default())?;
    configuration.snapshot = configuration.after(&plan.files);
    let addresses = listen_addresses(&configuration.effective());
    plan.proof.extend(addresses.into_iter().map(Proof::Banner));
    if plan.activation.iter().any(signals) {
        plan.activation.retain(|check| !signals(check));
        let today = reload_sshd(&configuration.sshd);
        plan.reloaded = today.iter().map(|(_, name)| name.clone()).collect();
        plan.activation.extend(today.map(|(reload, _)| reload));
    }
    Ok(())
}
