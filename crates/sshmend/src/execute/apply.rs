//! Commits, activates and verifies; else rolls back.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use sshmend_host::{Machine, Runner, Uninterrupted, now, pause};
use sshmend_lossless::{Step, beside};
use sshmend_plan::{Check, Expect, Plan, Proof};
use sshmend_transaction::{
    Back, Captured, Committed, FollowUp, ForPolicy, Id, Intent, Record, State, StepRecord, Store,
};

use super::prove::sockets;
use super::rehearse::{ask, verdict};
use super::timer::{arm, disarm};
use super::{Run, Way};
use crate::error::{Failure, Severity};
use crate::output::times::moment;
use crate::output::words::shell;
use crate::session::Session;

/// The time a daemon gets to begin reloading. Until then the old one still answers, which proves
/// nothing.
const SETTLE: Duration = Duration::from_millis(500);

/// The time limit for a program that activates a change: a unit has 90 seconds to start
/// (systemd-system.conf(5)).
const PATIENCE: Duration = Duration::from_secs(100);

/// The number of checks for a new listening socket, and the interval between them. systemd may keep
/// the socket open for the daemon.
const LISTENS_ANEW: u32 = 50;
const PULSE: Duration = Duration::from_millis(50);

impl Run<'_> {
    /// Carries the plan out, or undoes what was done.
    pub(super) fn apply(&mut self, captured: Option<Captured>) -> Result<(), Failure> {
        let Some(captured) = captured else {
            self.held = Some(Uninterrupted::begin());
            return self.without_files();
        };
        let banners = if self.flags.no_reload {
            Vec::new()
        } else {
            self.banners_today()
        };
        self.judge_today();
        let intent = intent(self.session, &self.plan, self.goes_back())?;
        let (session, wait) = (self.session, self.flags.wait);
        let store = thread::scope(|scope| {
            // A new state folder waits for the disk, and digests of long files take as long.
            let digested = beside(scope, || captured.digest());
            let store = session.store(&self.plan.purpose, wait);
            digested.join();
            store
        })?;
        // Waiting for another process can still be interrupted.
        self.held = Some(Uninterrupted::begin());
        self.go(&store, captured, &intent, &banners)
    }

    /// One transaction, forward or back: what was shown is journaled, committed, activated and
    /// verified, else undone.
    fn go(
        &mut self,
        store: &Store<'_, Machine>,
        shown: Captured,
        intent: &Intent,
        banners: &[SocketAddr],
    ) -> Result<(), Failure> {
        let prepared = match &self.way {
            Way::Forward => store.prepare(shown, intent),
            Way::Back(record) => store.roll_back(&record.id, shown, intent),
        };
        let prepared = prepared.map_err(|error| Failure::from_prepare(&error))?;
        let id = prepared.id().clone();
        let armed = self
            .lasts()
            .map_or(Ok(()), |lasts| arm(self.session, &id, lasts));
        if let Err(why) = armed {
            prepared.abandon();
            return Err(Failure::trouble(format!(
                "nothing was changed: nothing would undo it: {why}"
            ))
            .with_hint("make the change for good, and undo it with sshmend rollback"));
        }
        self.transaction = Some(id.to_string());
        let done = match prepared.commit() {
            Err(error) => Err(Failure::from_commit(&error)),
            Ok(committed) => {
                let judged = match self.way {
                    Way::Forward => self.judge_on_disk(),
                    Way::Back(_) => {
                        self.judge_what_came_back();
                        Ok(())
                    }
                };
                let in_force = judged.and_then(|()| self.activate_and_prove(banners));
                match in_force {
                    Ok(()) => return self.finish(committed),
                    Err(failure) => Err(self.take_back(committed, intent, failure, banners)),
                }
            }
        };
        if self.lasts().is_some() {
            disarm(&id);
        }
        done
    }

    /// Updates the journal for a transaction whose files are already the old ones.
    pub(super) fn note_found(&self) -> Result<(), Failure> {
        let record = match &self.way {
            Way::Back(record) if record.state != State::RolledBack && !self.flags.dry_run => record,
            Way::Back(_) | Way::Forward => return Ok(()),
        };
        let store = self.session.store(&self.plan.purpose, self.flags.wait)?;
        let noted = store.found_old(&record.id);
        noted.map_err(|error| Failure::from_prepare(&error))?;
        disarm(&record.id);
        Ok(())
    }

    fn finish(&mut self, committed: Committed<'_, '_, Machine>) -> Result<(), Failure> {
        let id = committed.id().clone();
        let finished = committed.finish();
        let record = finished.map_err(|error| {
            Failure::unnoted("the change is made, in force and proved", &error.into())
        })?;
        self.tell_proof();
        let command = |word: &str| {
            let argv = self.session.command(&[word, id.as_str()]);
            self.session.output.command(&argv)
        };
        if let Way::Back(before) = &self.way {
            let told = format!("{} is undone", before.id);
            self.session.output.status(&told);
            disarm(&before.id);
            // Until it is confirmed there is more to report.
            if record.back.is_none() {
                return Ok(());
            }
        }
        let told = match record.goes_back() {
            Some(back) if back.unless_confirmed => format!(
                "applied as {id}; it is undone at {} unless you confirm it, from a new connection, with: {}",
                moment(back.at),
                command("confirm")
            ),
            Some(back) => format!(
                "applied as {id} until {}; undo it earlier with: {}",
                moment(back.at),
                command("rollback")
            ),
            None => format!("applied as {id}; undo it with: {}", command("rollback")),
        };
        self.session.output.status(&told);
        self.pending = Some(record).filter(Record::waits_for_confirmation);
        Ok(())
    }

    fn take_back(
        &mut self,
        committed: Committed<'_, '_, Machine>,
        intent: &Intent,
        failure: Failure,
        banners: &[SocketAddr],
    ) -> Failure {
        let id = committed.id().clone();
        match committed.roll_back(&turned(intent, &id)) {
            Ok(unnoted) => {
                let failure = self.go_back(failure, banners);
                match unnoted {
                    Some(cause) => failure.after(&Failure::trouble(format!(
                        "the rollback could not be recorded: {cause}"
                    ))),
                    None => failure,
                }
            }
            Err(error) => Failure::from_roll_back(&error)
                .after(&failure)
                .with_severity(Severity::Broken),
        }
    }

    /// Runs a plan that changes no file and so has no transaction. Steps that were run are undone
    /// at once if it fails.
    fn without_files(&mut self) -> Result<(), Failure> {
        self.judge_today();
        self.judge_on_disk()?;
        let done = self.activate_and_prove(&[]);
        done.map_err(|failure| {
            if self.ran == 0 || self.plan.undo.is_empty() {
                failure
            } else {
                self.go_back(failure, &[])
            }
        })?;
        self.note_found()
    }

    /// Undoes the steps that were run, after the files are old again, and verifies that what
    /// answered before answers again.
    fn go_back(&mut self, failure: Failure, banners: &[SocketAddr]) -> Failure {
        let nothing_ran = !self.plan.undo.is_empty() && self.ran == 0;
        if self.flags.no_reload || !self.begun || nothing_ran {
            return failure.with_severity(Severity::RolledBack);
        }
        let (steps, _) = self.plan.turned_steps();
        match self.bring_back(steps, banners) {
            Ok(()) => failure.with_severity(Severity::RolledBack),
            Err(again) => again.after(&failure).with_severity(Severity::Broken),
        }
    }

    /// Reactivates the old files and verifies that what answered before answers again. If a check
    /// rejects the old files, nothing is reloaded.
    fn bring_back(&mut self, steps: Vec<Step>, banners: &[SocketAddr]) -> Result<(), Failure> {
        if steps.iter().any(Step::is_reload)
            && let Some(title) = self.refused_now()
        {
            let message =
                format!("{title} does not accept the old files, so the daemon was not reloaded");
            return Err(Failure::trouble(message));
        }
        let steps = self.revived(steps)?;
        self.run_and_settle(&steps, banners)?;
        banners
            .iter()
            .try_for_each(|&address| self.prove(&Proof::Banner(address), banners))
    }

    /// Activates files that are already on disk, as after a commit. Nothing is reloaded if a check
    /// rejects them.
    pub(super) fn bring_into_force(&mut self, judged: bool) -> Result<(), Failure> {
        if let Some(why) = &self.plan.unseen {
            let message = format!("whether an sshd runs here is not known ({why})");
            return Err(Failure::trouble(message));
        }
        for check in self.plan.rehearsal.clone() {
            let heard = verdict(&check, &ask(&check));
            if heard.ok {
                continue;
            }
            if judged {
                return Err(Failure::trouble(format!(
                    "{} does not agree: {}",
                    check.title, heard.output
                )));
            }
            self.leave_running(format!("{} does not accept the old files", check.title));
        }
        let banners = self.banners_today();
        self.activate_and_prove(&banners)
    }

    fn activate_and_prove(&mut self, banners: &[SocketAddr]) -> Result<(), Failure> {
        if self.flags.no_reload {
            return Ok(());
        }
        self.begun = true;
        self.run_and_settle(&self.plan.activation.clone(), banners)?;
        // If nothing was listening before that could be checked, this is the only proof.
        let mut told = self.plan.activation.iter();
        if let Some(step) = told.find(|step| self.has_ended(step)) {
            let message = format!("after {} it is no longer running", step.title());
            return Err(Failure::trouble(message));
        }
        let proofs = self.plan.proof.clone();
        proofs
            .iter()
            .try_for_each(|proof| self.prove(proof, banners))
    }

    /// Runs the steps and waits until a reloaded daemon has opened its listening sockets again.
    fn run_and_settle(&mut self, steps: &[Step], banners: &[SocketAddr]) -> Result<(), Failure> {
        let before = sockets(banners);
        self.run(steps)?;
        if steps.is_empty() {
            return Ok(());
        }
        pause(SETTLE);
        if steps.iter().any(Step::is_reload) && !before.is_empty() {
            let listens_anew = || {
                let now = sockets(banners);
                !now.is_empty() && now.is_disjoint(&before)
            };
            let _: bool = (0..LISTENS_ANEW).any(|_| {
                listens_anew() || {
                    pause(PULSE);
                    false
                }
            });
        }
        Ok(())
    }

    /// Runs programs one after the other, until one fails.
    fn run(&mut self, steps: &[Step]) -> Result<(), Failure> {
        let runner = Runner {
            deadline: PATIENCE,
            ..Runner::default()
        };
        for step in steps {
            let step = Check::of(step);
            let answer = runner.feed(&step.argv, &[]);
            let heard = verdict(&step, &answer.map_err(|error| error.to_string()));
            let (ok, output) = (heard.ok, heard.output.clone());
            self.checks.push(heard);
            if !ok {
                return Err(Failure::trouble(format!("{} failed: {output}", step.title)));
            }
            self.ran += 1;
        }
        Ok(())
    }
}

/// The journal entry of a change: who, what, when, why, and the steps that follow.
fn intent(session: &Session, plan: &Plan, back: Option<Back>) -> Result<Intent, Failure> {
    let judges = plan
        .rehearsal
        .iter()
        .filter(|check| check.expect == Expect::Success && check.stdin.is_none());
    let steps = |steps: &[Step]| steps.iter().map(kept).collect::<Result<_, _>>();
    let aftermath = FollowUp {
        judges: judges
            .map(|check| known(Step::from_argv(&check.argv), &check.argv))
            .collect::<Result<_, _>>()?,
        activation: steps(&plan.activation)?,
        undo: steps(&plan.undo)?,
        units: plan.reloaded.clone(),
    };
    Ok(Intent {
        when: now(),
        who: session.who(),
        why: plan.purpose.clone(),
        argv: session.argv(),
        aftermath,
        back,
        policy: plan.for_policy.as_ref().map(|kept| ForPolicy {
            name: kept.name.clone(),
            put: kept.put.clone(),
        }),
    })
}

/// The form of a step in the journal, from which an undo would run it again.
fn kept(step: &Step) -> Result<StepRecord, Failure> {
    known(Some(step.clone()), &step.argv())
}

/// Refuses a step that could not be read back from the journal as the same step.
fn known(step: Option<Step>, argv: &[String]) -> Result<StepRecord, Failure> {
    match step.map(StepRecord::from) {
        Some(step @ StepRecord::Step(_)) => Ok(step),
        Some(StepRecord::Unknown(_)) | None => Err(Failure::trouble(format!(
            "nothing was changed: no undo is known for: {}",
            shell(argv)
        ))),
    }
}

/// The entry for the undo, in which the activation steps and the undo steps change places.
fn turned(intent: &Intent, id: &Id) -> Intent {
    Intent {
        why: format!("undo {id}: {}", intent.why),
        aftermath: intent.aftermath.turned(),
        back: None,
        policy: None,
        ..intent.clone()
    }
}
