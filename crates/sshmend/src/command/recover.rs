//! `sshmend recover`: finishes or undoes interrupted transactions and verifies the result, or
//! abandons one on request.

use std::time::Duration;

use sshmend_host::{Machine, Uninterrupted, boot, leave_session, now, pause, remove_leftovers};
use sshmend_lossless::{FileChange, FileImage, Snapshot, Step, UnitVerb};
use sshmend_plan::{Lockout, lockout_between};
use sshmend_transaction::{
    Back, FileRecord, Files, Id, Image, Journal, Past, Record, Recovered, State, StepRecord, Store,
    Today,
};

use super::aftermath::aftermath;
use super::recover_at_boot;
use super::rollback::way_back;
use crate::cli::Recover;
use crate::error::{Failure, Outcome, Severity};
use crate::execute::{UNCHANGED, arm, bring_into_force};
use crate::json::history::Recovery;
use crate::output::ask::confirm;
use crate::output::escape::line;
use crate::output::words::count;
use crate::session::Session;

/// Recovers, or reports what there is to recover.
pub(crate) fn run(session: &Session, arguments: &Recover) -> Result<Outcome, Failure> {
    let journal = session.journal()?;
    let mut lines = Vec::new();
    let done = match &arguments.forget {
        _ if arguments.install => return recover_at_boot::install(session, arguments),
        Some(id) => forget(session, arguments, &journal, &session.transaction(id)?),
        None => recover(session, arguments, &journal, &mut lines),
    };
    // A failure is also written to the document; a person reads it on standard error.
    if let Err(failure) = &done
        && session.output.owes_a_document()
    {
        let document = Recovery {
            schema: SCHEMA,
            dry_run: arguments.dry_run,
            transactions: lines,
            error: Some(failure.trouble_json()),
        };
        drop(session.output.json(&document));
    }
    done
}

const SCHEMA: &str = "sshmend.recovery/1";

fn recover(
    session: &Session,
    arguments: &Recover,
    journal: &Journal<'_, Machine>,
    lines: &mut Vec<String>,
) -> Result<Outcome, Failure> {
    if session.machine.is_live() && !arguments.dry_run {
        remove_leftovers();
    }
    let (due, today) = (due(session, arguments)?, today());
    let open = journal
        .open()
        .map_err(|error| Failure::from_recover(&error.into()))?;
    let cut_off: Vec<String> = open
        .iter()
        .filter_map(|past| cut_off(past, &today, due.as_ref()))
        .collect();
    if cut_off.is_empty() || arguments.dry_run {
        let printed = print(session, &cut_off, arguments.dry_run);
        printed.map_err(|error| Failure::caused("cannot print", &error))?;
        return Ok(if cut_off.is_empty() {
            Outcome::Fine
        } else {
            Outcome::Findings
        });
    }
    let store = if due.is_some() {
        session.store_in_the_end("sshmend recover")?
    } else {
        session.store("sshmend recover", arguments.wait)?
    };
    let alone = due.is_some() || arguments.boot;
    if !alone && !arguments.allow_lockout {
        refuse_lockout(session, store.journal(), &open)?;
    }
    let _held = Uninterrupted::begin();
    let boot = arguments.boot;
    let recovered = store.recover(&mut |record, files| is_in_force(session, record, files, boot));
    let recovered = recovered.map_err(|error| Failure::from_recover(&error))?;
    lines.extend(recovered.iter().map(describe));
    let ended = end_temporary(session, &store, &today, due.as_ref(), boot, lines);
    ended.map_err(|failure| after(session, lines, failure))?;
    print(session, lines, false).map_err(|error| Failure::unprinted(&error))?;
    Ok(Outcome::Fine)
}

/// A failure after these transactions were recovered: says which, and does not exit as if nothing had changed.
fn after(session: &Session, done: &[String], failure: Failure) -> Failure {
    for text in done {
        session.output.status(text);
    }
    if done.is_empty() || failure.severity() != Severity::Trouble {
        return failure;
    }
    failure.with_severity(Severity::Broken)
}

/// The transaction whose timer expired. With `--after`, detaches from the session and waits first.
fn due(session: &Session, arguments: &Recover) -> Result<Option<Id>, Failure> {
    let Some(named) = &arguments.due else {
        return Ok(None);
    };
    if let Some(seconds) = arguments.after {
        leave_session().map_err(Failure::trouble)?;
        pause(Duration::from_secs(seconds));
    }
    session.transaction(named).map(Some)
}

fn today() -> Today {
    Today {
        now: now(),
        boot: boot(),
    }
}

/// Undoes expired transactions, and recreates the timers that were lost at a reboot.
fn end_temporary(
    session: &Session,
    store: &Store<'_, Machine>,
    today: &Today,
    due: Option<&Id>,
    at_boot: bool,
    lines: &mut Vec<String>,
) -> Result<(), Failure> {
    let temporary = store.temporary();
    for record in temporary.map_err(|error| Failure::from_journal(&error))? {
        let Some(back) = record.goes_back().cloned() else {
            continue;
        };
        if record.is_due(today) || due == Some(&record.id) {
            let mut intent = record.way_back(now(), session.who(), session.argv());
            intent
                .aftermath
                .activation
                .retain(|kept| !matches!(kept, StepRecord::Step(step) if bans_again(step, &back)));
            let ended = store.expire(record, &intent, &mut |record, files| {
                is_in_force(session, record, files, at_boot)
            });
            lines.push(describe(
                &ended.map_err(|error| Failure::from_recover(&error))?,
            ));
        } else if back.boot != today.boot && session.machine.is_live() {
            let left = Duration::try_from(back.at.duration_since(today.now)).unwrap_or_default();
            arm(session, &record.id, left).map_err(Failure::trouble)?;
            lines.push(format!("{}: its timer is set again", record.id));
            let noted = store.armed_again(record, today);
            noted.map_err(|error| Failure::from_journal(&error))?;
        }
    }
    Ok(())
}

/// Whether a step bans an address again. The end of a temporary change does not restore a ban that
/// was lifted when it began.
fn bans_again(step: &Step, back: &Back) -> bool {
    !back.unless_confirmed && matches!(step, Step::Ban(..))
}

/// Activates the files of a transaction and verifies the result; reports what prevents it.
///
/// At boot, daemons read the files when they start themselves.
fn is_in_force(session: &Session, record: &Record, files: Files, at_boot: bool) -> bool {
    let judged = files == Files::New && record.rolls_back.is_none();
    let kept = if judged && !at_boot {
        keeps_access(session, record)
    } else {
        Ok(())
    };
    let done = kept
        .and_then(|()| aftermath(session, record, files))
        .and_then(|mut plan| {
            if let Some(back) = &record.back {
                plan.activation.retain(|step| !bans_again(step, back));
            }
            if at_boot {
                plan.activation.retain(|step| !is_about_a_daemon(step));
                plan.reloaded.clear();
                plan.proof.clear();
                plan.unseen = None;
            }
            bring_into_force(session, plan, judged)
        });
    if let Err(failure) = &done {
        session.output.status(&format!(
            "{}: not in force: {}",
            record.id,
            failure.trouble_json().message
        ));
    }
    done.is_ok()
}

/// Refuses to finish what would lock out the person connected over SSH, unless they had allowed
/// that; such a transaction is undone.
fn keeps_access(session: &Session, record: &Record) -> Result<(), Failure> {
    if !asks_for_access(session, record) {
        return Ok(());
    }
    match lockout(session, &way_back(session, record)?.changes, &[])? {
        Lockout::Loses { why, .. } => {
            Err(Failure::trouble(format!("it would lock you out: {why}")))
        }
        Lockout::Unknown(_) | Lockout::Keeps => Ok(()),
    }
}

/// Whether a transaction could cost a person access without their having allowed it.
fn asks_for_access(session: &Session, record: &Record) -> bool {
    let allowed = record.argv.iter().any(|word| word == "--allow-lockout");
    let person = session.person();
    !allowed && (person.is_remote() || !person.keep.is_empty())
}

/// The effect of replacing one state of the files with another on those who must not lose access.
fn lockout(session: &Session, from: &[FileChange], to: &[FileChange]) -> Result<Lockout, Failure> {
    let context = session.context();
    let judged = session.look(&mut Snapshot::default(), |seen| {
        lockout_between(seen, from, to, &context)
    });
    judged.map_err(|refusal| Failure::from_refusal_to_show(&refusal))
}

/// Refuses, before any file moves, to undo or finish a transaction if that would lock out the
/// caller. [`keeps_access`] covers what is verified instead.
fn refuse_lockout(
    session: &Session,
    journal: &Journal<'_, Machine>,
    open: &[Past],
) -> Result<(), Failure> {
    for past in open {
        let Past::Record(record) = past else { continue };
        if !record.is_unfinished() || !asks_for_access(session, record) {
            continue;
        }
        let ways = [Journal::way_back, Journal::way_forward]
            .map(|way| way(journal, &session.machine, record));
        // Recovery itself reports what cannot be brought to both sides.
        let [Ok(old), Ok(new)] = ways else { continue };
        let (what, lockout) = if record.is_finished_forward() {
            let lockout = lockout(session, &old.changes, &new.changes)?;
            ("finish", lockout)
        } else if new.changes.is_empty() && record.state == State::Committed {
            continue;
        } else {
            let lockout = lockout(session, &new.changes, &old.changes)?;
            ("undo", lockout)
        };
        if let Lockout::Loses { why, .. } = lockout {
            let id = &record.id;
            let message = format!("nothing was changed: to {what} {id} would lock you out: {why}");
            return Err(Failure::trouble(message).with_hint(
                "--allow-lockout does it anyway, if you have out-of-band access (a console); --forget ID leaves the files as they are",
            ));
        }
    }
    Ok(())
}

/// Whether a step concerns a running daemon.
fn is_about_a_daemon(step: &Step) -> bool {
    use UnitVerb::{Disable, Enable, Mask, Unmask};
    match step {
        Step::Systemctl(verb, _) => !matches!(verb, Enable | Disable | Mask | Unmask),
        Step::DaemonReload
        | Step::MakeDirectory(_)
        | Step::RemoveDirectory(_)
        | Step::GiveTo(..)
        | Step::SetMode(..) => false,
        _ => true,
    }
}

fn cut_off(past: &Past, today: &Today, due: Option<&Id>) -> Option<String> {
    match past {
        Past::Record(record) if record.is_due(today) || is_named(record, due) => {
            Some(format!("{}: its time has expired; it is undone", record.id))
        }
        Past::Record(record) if is_unarmed(record, today) => {
            Some(format!("{}: its timer is lost; it is set again", record.id))
        }
        Past::Record(record) if record.is_unfinished() => {
            let what = if record.rolls_back.is_some() {
                "a rollback, which is finished"
            } else {
                "it is proved or undone"
            };
            Some(format!("{}: was interrupted; {what}", record.id))
        }
        Past::Abandoned(id) => Some(format!("{id}: was interrupted before it changed anything")),
        Past::Damaged(damaged) => damaged
            .id
            .as_ref()
            .map(|id| format!("{id}: cannot be read: {damaged}")),
        Past::Record(_) | Past::Forgotten(_) => None,
    }
}

fn is_named(record: &Record, due: Option<&Id>) -> bool {
    record.goes_back().is_some() && due == Some(&record.id)
}

fn is_unarmed(record: &Record, today: &Today) -> bool {
    record.state != State::Committed
        && record
            .goes_back()
            .is_some_and(|back| back.boot != today.boot)
}

fn describe(recovered: &Recovered) -> String {
    match recovered {
        Recovered::RolledBack { id, files, left } => {
            let kept = if left.is_empty() {
                String::new()
            } else {
                format!(", {} left", count(left.len(), "file"))
            };
            format!(
                "{id}: rolled back, {} restored{kept}",
                count(files.len(), "file")
            )
        }
        Recovered::Finished { id, files } if files.is_empty() => {
            format!("{id}: finished, it is in force")
        }
        Recovered::Finished { id, files } => {
            format!("{id}: finished, {} changed", count(files.len(), "file"))
        }
        Recovered::Abandoned(id) => format!("{id}: had changed nothing, and was removed"),
    }
}

/// Shows the transaction to abandon, asks, and abandons it.
fn forget(
    session: &Session,
    arguments: &Recover,
    journal: &Journal<'_, Machine>,
    id: &Id,
) -> Result<Outcome, Failure> {
    let past = journal
        .find(id)
        .map_err(|error| Failure::from_journal(&error))?;
    let mut lines = vec![format!(
        "{id}: is abandoned; its files stay as they are, and are not restored automatically"
    )];
    match &past {
        Past::Record(record) => {
            lines.extend(record.files.iter().map(|file| standing(session, file)));
        }
        Past::Damaged(damaged) => lines.push(format!(
            "{id}: which files it changed cannot be read: {damaged}"
        )),
        Past::Abandoned(_) | Past::Forgotten(_) => {}
    }
    lines.push(format!(
        "{id}: the copies of them stay in {}",
        journal.directory_of(id).display()
    ));
    if arguments.dry_run {
        print(session, &lines, true).map_err(|error| Failure::caused("cannot print", &error))?;
        return Ok(Outcome::Findings);
    }
    if !arguments.yes {
        print(session, &lines, true).map_err(|error| Failure::caused("cannot print", &error))?;
        if !agreed(session)? {
            session.output.status(UNCHANGED);
            return Ok(Outcome::Findings);
        }
    }
    let store = session.store("sshmend recover", arguments.wait)?;
    store
        .forget(id)
        .map_err(|error| Failure::from_journal(&error))?;
    if arguments.yes {
        print(session, &lines, false).map_err(|error| Failure::unprinted(&error))?;
    }
    Ok(Outcome::Fine)
}

fn agreed(session: &Session) -> Result<bool, Failure> {
    if !session.environment.can_ask {
        let message = "nothing was changed: there is no terminal to ask on";
        return Err(Failure::trouble(message).with_hint("--yes abandons it without asking"));
    }
    confirm("Give it up?", false)
}

/// The side of a transaction that a file is on.
fn standing(session: &Session, file: &FileRecord) -> String {
    let is = |image: Option<&Image>, now: Option<&FileImage>| match (image, now) {
        (None, None) => true,
        (Some(image), Some(now)) => image.has(&now.bytes),
        _ => false,
    };
    let state = match session.machine.read(&file.path) {
        Err(error) => error.why.to_string(),
        Ok(now) if is(file.before.as_ref(), now.as_ref()) => "as it was before".to_owned(),
        Ok(now) if is(file.after.as_ref(), now.as_ref()) => "as the transaction made it".to_owned(),
        Ok(_) => "edited since".to_owned(),
    };
    format!("{}: {state}", file.path.display())
}

fn print(session: &Session, lines: &[String], dry_run: bool) -> std::io::Result<()> {
    if session.output.is_json() {
        session.output.json(&Recovery {
            schema: SCHEMA,
            dry_run,
            transactions: lines.to_vec(),
            error: None,
        })
    } else if lines.is_empty() {
        session.output.data("nothing to recover\n")
    } else {
        session.output.prose(
            &lines
                .iter()
                .map(|text| line(text) + "\n")
                .collect::<String>(),
        )
    }
}
