//! The steps that follow the files of a journaled transaction: the journaled steps, applied to the
//! daemons that run now.

use sshmend_lossless::{Snapshot, Step, UnitVerb};
use sshmend_plan::{
    Check, Configuration, Notice, Plan, Proof, listen_addresses, reload_sshd, restart_sshd,
};
use sshmend_transaction::{Files, Record, StepRecord};

use crate::error::Failure;
use crate::execute::{ask, unit_is_active};
use crate::output::words::shell;
use crate::session::Session;

/// Plans the activation and the proof for a transaction whose files are already in place.
pub(crate) fn aftermath(session: &Session, record: &Record, files: Files) -> Result<Plan, Failure> {
    let mut plan = Plan {
        purpose: record.why.clone(),
        ..Plan::default()
    };
    if session.machine.is_live() {
        follow(session, &mut plan, record, files)?;
        sshd_of_today(session, &mut plan, false)?;
    }
    Ok(plan)
}

/// Adds to `plan` the steps that follow when the files of `record` change. Only our own steps are
/// taken: a journal cannot name any other program.
pub(super) fn follow(
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

/// Reads a step of the journal back. A step that does not parse is shown and not run.
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

/// The process that was sent SIGHUP.
pub(super) fn hung_up(plan: &Plan) -> Option<u32> {
    plan.activation.iter().find_map(|step| match step {
        Step::HangUp(pid) => Some(*pid),
        _ => None,
    })
}

/// For a rollback, which may come long after the change: a daemon that has ended since is left
/// alone, because it reads the files when it starts.
pub(super) fn of_today(session: &Session, plan: &mut Plan) -> Result<(), Failure> {
    fail2ban_of_today(plan);
    let has_ended = |step: &Step| match step {
        Step::Systemctl(UnitVerb::Reload, units) => !units.iter().all(|unit| unit_is_active(unit)),
        _ => false,
    };
    // Another sshd may run in its place.
    let ended = plan.activation.iter().any(has_ended);
    sshd_of_today(session, plan, ended)
}

/// Replaces the journaled sshd with the one that runs now, because its process id may have been
/// reused. Nothing is reloaded if none runs. An sshd that is reloaded must then answer on every
/// address on which it listens.
fn sshd_of_today(session: &Session, plan: &mut Plan, unit_ended: bool) -> Result<(), Failure> {
    let of_sshd = |step: &Step| step.is_reload() && *step != Step::ReloadFail2ban;
    let Some(journaled) = plan.activation.iter().find(|step| of_sshd(step)).cloned() else {
        return Ok(());
    };
    let (pid, question) = (hung_up(plan), session.question());
    let mut snapshot = Snapshot::default();
    let configuration = session.look(&mut snapshot, |seen| {
        Configuration::of_process(seen, &question, pid)
    });
    let configuration = configuration.map_err(|refusal| Failure::from_refusal_to_show(&refusal))?;
    let addresses = listen_addresses(&configuration.effective(&snapshot.after(&plan.files)));
    plan.proof.extend(addresses.into_iter().map(Proof::Banner));
    // Several units may each run an sshd: reload the one that was reloaded then.
    if let Step::Systemctl(UnitVerb::Reload, units) = &journaled
        && !unit_ended
    {
        let restart = Step::Systemctl(UnitVerb::Restart, units.clone());
        plan.restart.push(restart);
        return Ok(());
    }
    plan.activation.retain(|step| !of_sshd(step));
    let today = reload_sshd(&configuration.sshd);
    plan.reloaded = today.iter().map(|(_, name)| name.clone()).collect();
    if let Some((reload, _)) = today {
        plan.activation.push(reload);
        plan.restart.extend(restart_sshd(&configuration.sshd));
    } else {
        plan.unseen = configuration.sshd.unseen;
    }
    Ok(())
}

/// Drops the fail2ban steps if fail2ban is not running.
fn fail2ban_of_today(plan: &mut Plan) {
    let of_fail2ban =
        |step: &Step| matches!(step, Step::ReloadFail2ban | Step::Ban(..) | Step::Unban(..));
    if !plan.activation.iter().any(of_fail2ban) {
        return;
    }
    let ping = Check::success("fail2ban answers", &["fail2ban-client", "ping"]);
    if ask(&ping).is_ok_and(|answer| !answer.success()) {
        plan.activation.retain(|step| !of_fail2ban(step));
        plan.notices.push(Notice::new(
            "not-reloaded",
            "fail2ban is not running: its next start reads the files",
        ));
    }
}
