//! From a plan to a verified change, in this order: rehearse, preview, ask, commit, activate,
//! prove; roll back on failure.

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
use crate::same_machine::with_options;
use crate::session::Session;

pub(crate) use judge::unit_is_active;
pub(crate) use rehearse::ask;
pub(crate) use timer::{arm, disarm, is_managed_by_systemd};

/// The message after a person has declined.
pub(crate) const UNCHANGED: &str = "Nothing changed.";

/// Executes a plan as far as the flags and the person allow, and reports the result.
pub(crate) fn execute(session: &Session, plan: Plan, flags: &Apply) -> Result<Outcome, Failure> {
    Run::new(session, plan, flags, Way::Forward).report()
}

/// The same for a plan whose parts the person has already chosen: Enter applies it.
pub(crate) fn execute_chosen(
    session: &Session,
    plan: Plan,
    flags: &Apply,
) -> Result<Outcome, Failure> {
    let mut run = Run::new(session, plan, flags, Way::Forward);
    run.chosen = true;
    run.report()
}

/// Executes a plan and then runs `look`. Whatever it finds is reported and makes the outcome
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

/// Fails before there is a plan to carry out; a program gets a document nevertheless.
pub(crate) fn refuse(
    session: &Session,
    plan: Plan,
    flags: &Apply,
    failure: Failure,
) -> Result<Outcome, Failure> {
    Run::new(session, plan, flags, Way::Forward).close(Err(failure))
}

/// Undoes a transaction: the plan is what is shown, and what is committed.
pub(crate) fn take_back(
    session: &Session,
    plan: Plan,
    flags: &Apply,
    record: Record,
) -> Result<Outcome, Failure> {
    Run::new(session, plan, flags, Way::Back(Box::new(record))).report()
}

/// Activates files that are already in place, once the checks of the plan accept them, and verifies
/// the result.
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

/// Whether a plan makes a new change or undoes a transaction.
enum Way {
    Forward,
    Back(Box<Record>),
}

/// One plan in progress.
struct Run<'a> {
    session: &'a Session,
    plan: Plan,
    flags: &'a Apply,
    way: Way,
    /// Whether the person has chosen its parts.
    chosen: bool,
    /// The output of the real programs, in the order in which they ran.
    checks: Vec<Check>,
    transaction: Option<String>,
    /// The transaction that waits for confirmation at the end, if any.
    pending: Option<Record>,
    changed: bool,
    /// Whether the checks could not run on the future tree and must run on the real files.
    unrehearsed: bool,
    /// The checks that rejected the real files before anything was written.
    refused_today: Vec<Check>,
    /// Whether activation has begun.
    begun: bool,
    /// The number of activation programs that have run.
    ran: usize,
    /// Blocks signals from the first change to the last message, so that nothing is left half done.
    held: Option<Uninterrupted>,
}

impl<'a> Run<'a> {
    fn new(session: &'a Session, mut plan: Plan, flags: &'a Apply, way: Way) -> Self {
        let options = session.options();
        for notice in &mut plan.notices {
            notice.text = with_options(&notice.text, &options);
        }
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

    /// Takes all steps, and prints the document for a program.
    fn report(mut self) -> Result<Outcome, Failure> {
        let outcome = self.steps();
        self.close(outcome)
    }

    fn close(self, outcome: Result<Outcome, Failure>) -> Result<Outcome, Failure> {
        let options = self.session.options();
        let outcome = outcome.map_err(|failure| failure.for_machine(&options));
        let error = outcome.as_ref().err().map(Failure::trouble_json);
        if self.session.output.is_json() {
            let document = json::change::Change {
                error,
                ..self.document()
            };
            let printed = self.session.output.json(&document);
            // A failed change is worse than output that nobody reads.
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

    /// Reports what is still wrong after the change.
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

    /// Records what the policy wants, for later runs with another version of it. A failure to
    /// record it undoes nothing.
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
                "the entries of the policy could not be recorded, so another policy may remove them: {}",
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

    /// Refuses a change if a daemon may be running that cannot be seen: nobody could say whether
    /// the change is in force.
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

    /// Checks with the operating system, before anybody is asked, whether the files can be changed.
    fn look_ahead(&mut self, captured: Option<&Captured>) -> Result<(), Failure> {
        for change in captured.map(Captured::changes).unwrap_or_default() {
            let warnings = self.session.machine.preflight(&change.path, change.into());
            let warnings = warnings.map_err(|error| Failure::from_file(&error))?;
            // A dry run is allowed for everybody. Otherwise report missing rights before the
            // journal does.
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

    /// Refuses a change that denies access to everybody, from wherever they connect. A doubtful
    /// change is refused if the failure would be noticed too late: over SSH, and for an address
    /// that was to be kept.
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
            // At the console, the undo of a change is always allowed.
            Lockout::Loses { .. } if !matters && matches!(self.way, Way::Back(_)) => Ok(()),
            Lockout::Loses { why, origin } => {
                let place = place(origin);
                let message = format!("nothing was changed: this would lock you out: {why}{place}");
                Err(Failure::trouble(message).with_hint(
                    "--allow-lockout does it anyway, if you have out-of-band access (a console)",
                ))
            }
            Lockout::Unknown(why) if matters && self.flags.confirm_within.is_none() => {
                let message = format!("nothing was changed: this may lock you out: {why}");
                Err(Failure::trouble(message).with_hint(
                    "--confirm-within 2m undoes it unless you confirm it from a new connection; --allow-lockout does it anyway",
                ))
            }
            Lockout::Unknown(_) | Lockout::Keeps => Ok(()),
        }
    }
}
