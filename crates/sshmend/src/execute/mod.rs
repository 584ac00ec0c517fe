//! The way of data, from a plan to a verified change: rehearse, preview, ask, commit, activate, prove; else roll back.

mod apply;
mod handshake;
mod judge;
mod preview;
mod prove;
mod rehearse;
mod report;
mod timer;

use sshmend_host::Uninterrupted;
use sshmend_lossless::Origin;
use sshmend_plan::{ForPolicy, Lockout, Notice, Plan};
use sshmend_transaction::{Captured, Record, Wanted};

use crate::cli::{Apply, Wait};
use crate::error::{Failure, Outcome, Severity};
use crate::json;
use crate::json::change::Check;
use crate::output::escape::line;
use crate::session::Session;

pub(crate) use judge::unit_is_active;
pub(crate) use rehearse::ask;
pub(crate) use timer::{arm, disarm, is_managed_by_systemd};

/// What is said where a person wants no change.
pub(crate) const UNCHANGED: &str = "Nothing changed.";

/// Carries a plan out, as far as the flags and the person allow, and says what came of it.
pub(crate) fn execute(session: &Session, plan: Plan, flags: &Apply) -> Result<Outcome, Failure> {
    Run::new(session, plan, flags, Way::Forward).report()
}

/// The same of a plan whose parts the person has chosen already: Enter applies it.
pub(crate) fn execute_chosen(
    session: &Session,
    plan: Plan,
    flags: &Apply,
) -> Result<Outcome, Failure> {
    let mut run = Run::new(session, plan, flags, Way::Forward);
    run.chosen = true;
    run.report()
}

/// The same, and looks afterwards whether it has helped: what `look` finds is told, and makes the outcome
/// [`Outcome::Findings`].
pub(crate) fn execute_and_look(
    session: &Session,
    plan: Plan,
    flags: &Apply,
    look: &dyn Fn() -> Vec<Notice>,
) -> Result<Outcome, Failure> {
    let mut run = Run::new(session, plan, flags, Way::Forward);
    let outcome = run.steps().map(|outcome| {
        if flags.dry_run {
            outcome
        } else {
            run.look(outcome, look)
        }
    });
    run.close(outcome)
}

/// Ends in a failure before there is a plan to carry out; a program that reads along gets a document all the same.
pub(crate) fn refuse(
    session: &Session,
    plan: Plan,
    flags: &Apply,
    failure: Failure,
) -> Result<Outcome, Failure> {
    Run::new(session, plan, flags, Way::Forward).close(Err(failure))
}

/// Takes a transaction back: the plan is what is shown, and what is committed.
pub(crate) fn take_back(
    session: &Session,
    plan: Plan,
    flags: &Apply,
    record: Record,
) -> Result<Outcome, Failure> {
    Run::new(session, plan, flags, Way::Back(Box::new(record))).report()
}

/// Brings into force what the files say already, once the judges of the plan accept it, and proves it.
pub(crate) fn bring_into_force(session: &Session, plan: Plan, judged: bool) -> Result<(), Failure> {
    let flags = Apply {
        dry_run: false,
        yes: true,
        no_reload: false,
        allow_lockout: true,
        keep: Vec::new(),
        confirm_within: None,
        wait: Wait::default(),
    };
    Run::new(session, plan, &flags, Way::Forward).bring_into_force(judged)
}

/// Whether a plan leads to something new or back to what was before a transaction.
enum Way {
    Forward,
    Back(Box<Record>),
}

/// One plan on its way.
struct Run<'a> {
    session: &'a Session,
    plan: Plan,
    flags: &'a Apply,
    way: Way,
    /// Whether the person has chosen its parts.
    chosen: bool,
    /// What the real programs said, in the order in which they were asked.
    checks: Vec<Check>,
    transaction: Option<String>,
    /// What waits for a confirmation after all is done.
    pending: Option<Record>,
    changed: bool,
    /// Whether the future could not be shown to the judges, who are asked of the real files then.
    unrehearsed: bool,
    /// What judges had refused before anything was written, where they are asked of the real files.
    refused_today: Vec<Check>,
    /// Whether it was begun to bring the files into force.
    begun: bool,
    /// How many of the programs that bring it into force have been run.
    ran: usize,
    /// From the first change to the last word, nothing that a signal could leave half done.
    held: Option<Uninterrupted>,
}

impl<'a> Run<'a> {
    fn new(session: &'a Session, plan: Plan, flags: &'a Apply, way: Way) -> Self {
        let (checks, refused_today, transaction, held) = (Vec::new(), Vec::new(), None, None);
        Self {
            session,
            plan,
            flags,
            way,
            chosen: false,
            checks,
            transaction,
            pending: None,
            changed: false,
            unrehearsed: false,
            refused_today,
            begun: false,
            ran: 0,
            held,
        }
    }

    /// Goes all steps and prints the document where a program reads along.
    fn report(mut self) -> Result<Outcome, Failure> {
        let outcome = self.steps();
        self.close(outcome)
    }

    fn close(self, outcome: Result<Outcome, Failure>) -> Result<Outcome, Failure> {
        let error = outcome.as_ref().err().map(Failure::trouble_json);
        if self.session.output.is_json() {
            let document = json::change::Change {
                error,
                ..self.document()
            };
            let printed = self.session.output.json(&document);
            // What went wrong with the change itself is worse than that nobody reads it.
            if let (Ok(_), Err(error)) = (&outcome, &printed) {
                let applied = self.changed && !self.flags.dry_run;
                return Err(if applied {
                    Failure::unprinted(error)
                } else {
                    Failure::caused("cannot print", error)
                });
            }
        }
        outcome
    }

    /// Tells what is still wrong after all is done.
    fn look(&mut self, outcome: Outcome, look: &dyn Fn() -> Vec<Notice>) -> Outcome {
        let found = look();
        let outcome = if found.is_empty() {
            outcome
        } else {
            Outcome::Findings
        };
        for notice in found.iter().filter(|_| !self.session.output.is_json()) {
            self.session
                .output
                .status(&format!("note: {} [{}]", line(&notice.text), notice.name));
        }
        self.plan.notices.extend(found);
        outcome
    }

    fn steps(&mut self) -> Result<Outcome, Failure> {
        let captured = Captured::new(self.plan.files.iter().cloned());
        let captured = captured
            .map_err(|error| Failure::caused("cannot change these files together", &error))?;
        if captured.is_some() {
            self.refuse_unseen()?;
        }
        self.look_ahead(captured.as_ref())?;
        let runs = !self.plan.activation.is_empty() && !self.flags.no_reload;
        let anything = captured.is_some() || runs;
        if anything && self.flags.confirm_within.is_some() {
            self.can_be_undone(captured.is_some())?;
        }
        let rehearsal = if anything { self.rehearse() } else { Ok(()) };
        self.preview(anything)?;
        rehearsal?;
        if !anything {
            self.note_found()?;
            self.note_policy();
            return Ok(Outcome::Fine);
        }
        self.refuse_lockout()?;
        self.changed = true;
        if self.flags.dry_run {
            return Ok(Outcome::Findings);
        }
        if !self.ask().inspect_err(|_| self.changed = false)? {
            self.changed = false;
            self.session.output.status(UNCHANGED);
            return Ok(Outcome::Findings);
        }
        let applied = self.apply(captured);
        self.changed = applied
            .as_ref()
            .err()
            .is_none_or(|failure| failure.severity() == Severity::Unnoted);
        applied.map(|()| {
            self.note_policy();
            Outcome::Fine
        })
    }

    /// Leaves word of what the policy wants, for whoever applies another one. That it could not be noted undoes nothing.
    fn note_policy(&mut self) {
        let Some(policy) = self
            .plan
            .for_policy
            .as_ref()
            .filter(|_| !self.flags.dry_run)
        else {
            return;
        };
        if let Err(why) = self.noted(policy) {
            let text = format!(
                "what the policy wants could not be noted, so that another policy may take it out: {}",
                why.trouble_json().message
            );
            self.session
                .output
                .status(&format!("note: {text} [not-noted]"));
            self.plan.notices.push(Notice::new("not-noted", text));
        }
    }

    fn noted(&self, policy: &ForPolicy) -> Result<(), Failure> {
        let transaction = self.transaction.as_ref().and_then(|id| id.parse().ok());
        let wanted = self.session.journal_to_write()?.wanted();
        let wanted = wanted.map_err(|error| Failure::from_journal(&error))?;
        let same = |one: &Wanted| one.name == policy.name && one.text == policy.text;
        if transaction.is_none() && wanted.iter().any(same) {
            return Ok(());
        }
        let store = self.session.store(&self.plan.purpose, self.flags.wait)?;
        let noted = store.note_wanted(&Wanted {
            name: policy.name.clone(),
            transaction,
            text: policy.text.clone(),
        });
        noted.map_err(|error| Failure::from_journal(&error))
    }

    /// Nothing is changed behind the back of a daemon that may run: that it is in force could not be said.
    fn refuse_unseen(&self) -> Result<(), Failure> {
        let asked = self.session.is_root() && !self.flags.no_reload;
        match self.plan.unseen.as_ref().filter(|_| asked) {
            None => Ok(()),
            Some(why) => {
                let message = format!(
                    "nothing was changed: whether an sshd runs here, and would have to be reloaded, is not known ({why})"
                );
                Err(Failure::trouble(message)
                    .with_hint("--no-reload changes the files for the next sshd that starts"))
            }
        }
    }

    /// Asks the operating system, before anybody is asked, whether the files can be changed.
    fn look_ahead(&mut self, captured: Option<&Captured>) -> Result<(), Failure> {
        for change in captured.map(Captured::changes).unwrap_or_default() {
            let warnings = self.session.machine.preflight(&change.path, change.into());
            let warnings = warnings.map_err(|error| Failure::from_file(&error))?;
            // A dry run shows anybody what would change; whoever could not change it is told before the journal is.
            if !self.flags.dry_run {
                let may = self.session.machine.may_stage(&change.path, change.into());
                may.map_err(|error| Failure::from_file(&error))?;
            }
            self.plan.notices.extend(
                warnings
                    .iter()
                    .map(|warning| Notice::new("file", warning.to_string())),
            );
        }
        Ok(())
    }

    /// What lets nobody in is refused wherever the person sits; a doubt where it would show too late: over SSH, and for an address that
    /// was to be kept.
    fn refuse_lockout(&self) -> Result<(), Failure> {
        if self.flags.allow_lockout {
            return Ok(());
        }
        let place = |origin: &Option<Origin>| match origin {
            Some(origin) => format!(" ({origin})"),
            None => String::new(),
        };
        let person = self.session.person();
        let matters = person.is_remote() || !person.keep.is_empty();
        match &self.plan.lockout {
            // The way back from a change to what was before is not barred to who sits at the console.
            Lockout::Loses { .. } if !matters && matches!(self.way, Way::Back(_)) => Ok(()),
            Lockout::Loses { why, origin } => {
                let place = place(origin);
                let message = format!("nothing was changed: this would lock you out: {why}{place}");
                Err(Failure::trouble(message)
                    .with_hint("--allow-lockout does it all the same, if you have out-of-band access (a console)"))
            }
            Lockout::Unknown(why) if matters && self.flags.confirm_within.is_none() => {
                let message = format!("nothing was changed: this may lock you out: {why}");
                Err(Failure::trouble(message).with_hint(
                    "--confirm-within 2m undoes it unless you confirm it from a new connection; --allow-lockout does it all the same",
                ))
            }
            Lockout::Unknown(_) | Lockout::Keeps => Ok(()),
        }
    }
}
