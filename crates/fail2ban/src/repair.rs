//! What keeps fail2ban from running, mended where there is one way to.

use crate::change::{Edited, Refusal};
use crate::config::Config;
use crate::problem::Problem;
use crate::proof::broken;
use crate::reading::Reading;
use crate::session::{Session, Step};

impl Config<'_> {
    /// Mends what there is only one way to mend, in the administrator's files, and leaves the rest.
    ///
    /// # Errors
    /// [`Refusal::Broken`] when fail2ban does not run afterwards either.
    pub fn mend(&self) -> Result<Edited, Refusal> {
        let session = mended(Session::new(self), |_| true);
        broken(&session.reading()).map_or_else(|| Ok(session.finish()), Err)
    }

    /// A session on a configuration that runs, after mending what keeps it from running.
    pub(crate) fn running_session(&self) -> Result<Session<'_>, Refusal> {
        let session = mended(Session::new(self), |problem| problem.consequence.is_fatal());
        broken(&session.reading()).map_or(Ok(session), Err)
    }
}

/// Applies one mend after the other while each makes its problem go away.
fn mended<'c>(mut session: Session<'c>, wanted: impl Fn(&Problem) -> bool) -> Session<'c> {
    let mut failed: Vec<Problem> = Vec::new();
    loop {
        let reading = session.reading();
        let usable = |problem: &&Problem| {
            wanted(problem)
                && !failed.contains(problem)
                && problem.mend.as_ref().is_some_and(|mend| session.is_ours(&mend.path))
        };
        let Some(problem) = reading.problems.iter().find(usable).cloned() else {
            drop(reading);
            return session;
        };
        let step = problem.mend.as_ref().map(|mend| Step::Edit(mend.path.clone(), mend.edits.clone()));
        let before = fatal_in(&reading, &problem);
        drop(reading);
        let next = step.and_then(|step| session.with(&step)).filter(|next| {
            let after = next.reading();
            !after.problems.contains(&problem) && fatal_in(&after, &problem) <= before
        });
        match next {
            Some(mut next) => {
                next.note(Some(problem.origin.clone()), format!("mended: {}", problem.message));
                session = next;
            }
            None => failed.push(problem),
        }
    }
}

/// How many problems of the same file keep fail2ban from running.
fn fatal_in(reading: &Reading<'_>, problem: &Problem) -> usize {
    let fatal = reading.problems.iter().filter(|other| other.consequence.is_fatal());
    fatal.filter(|other| other.origin.path == problem.origin.path).count()
}
