//! Repairs of broken lines that a person names.

use std::collections::BTreeSet;
use std::path::Path;

use sshmend_lossless::Origin;

use crate::change::{Edited, Refusal};
use crate::config::Config;
use crate::problem::Problem;
use crate::proof::broken;
use crate::reading::Reading;
use crate::session::{Ownership, Session, Step, ownership};

impl Config<'_> {
    /// The problems with only one possible repair, in files of the administrator.
    pub fn mendable(&self) -> impl Iterator<Item = &Problem> {
        self.problems()
            .iter()
            .filter(|problem| self.is_mendable(problem))
    }

    /// Whether a problem has only one possible repair, in a file of the administrator.
    pub fn is_mendable(&self, problem: &Problem) -> bool {
        let (snapshot, directory) = (self.reading.snapshot, self.reading.directory);
        let is_ours = |path: &Path| ownership(snapshot, directory, path) == Ownership::Ours;
        problem
            .mend
            .as_ref()
            .is_some_and(|mend| is_ours(&mend.path))
    }

    /// Repairs these lines, and nothing else.
    ///
    /// fail2ban need not run afterwards: another problem may be left.
    ///
    /// # Errors
    /// [`Refusal::NotMendable`] for a line with a problem that has more than one possible repair,
    /// [`Refusal::NotMended`] if the problem remains.
    pub fn mend(&self, lines: &[Origin]) -> Result<Edited, Refusal> {
        let session = Session::new(self);
        let named: BTreeSet<&Origin> = lines.iter().collect();
        for origin in &named {
            let mut of_line = self
                .problems()
                .iter()
                .filter(|problem| problem.origin == **origin)
                .peekable();
            if of_line.peek().is_some() && !of_line.any(|problem| self.is_mendable(problem)) {
                let known = self
                    .mendable()
                    .map(|problem| problem.origin.clone())
                    .collect();
                return Err(Refusal::NotMendable {
                    origin: (*origin).clone(),
                    known,
                });
            }
        }
        let chosen: Vec<&Problem> = self
            .mendable()
            .filter(|problem| named.contains(&problem.origin))
            .collect();
        let mut steps = Vec::new();
        for problem in &chosen {
            let refusal = || Refusal::NotMended {
                origin: problem.origin.clone(),
            };
            let step = step_of(problem).ok_or_else(refusal)?;
            let alone = session.with(&step).ok_or_else(refusal)?;
            if alone.reading().problems.contains(problem) {
                return Err(refusal());
            }
            steps.push(step);
        }
        let first = || Refusal::NotMended {
            origin: chosen
                .first()
                .map_or_else(|| Origin::new("", 0), |it| it.origin.clone()),
        };
        let mut mended = session.with_all(&steps).ok_or_else(first)?;
        if fatal_in(&mended.reading(), &chosen) > fatal_in(&self.reading, &chosen) {
            return Err(first());
        }
        // A line that was already repaired has no problem any more: naming it again changes
        // nothing.
        let sound = named.into_iter().filter(|origin| {
            !self
                .problems()
                .iter()
                .any(|problem| problem.origin == **origin)
        });
        for origin in sound {
            mended.note(
                "nothing-to-mend",
                Some(origin.clone()),
                "there is nothing to mend in this line",
            );
        }
        for problem in &chosen {
            mended.note(
                "mended",
                Some(problem.origin.clone()),
                problem.message.clone(),
            );
        }
        Ok(mended.finish())
    }

    /// A session on a configuration that is known and that runs.
    pub(crate) fn running_session(&self) -> Result<Session<'_>, Refusal> {
        if let Some((path, why)) = self.unread().first_key_value() {
            return Err(Refusal::Unread {
                path: path.clone(),
                why: why.clone(),
            });
        }
        broken(&self.reading).map_or_else(|| Ok(Session::new(self)), Err)
    }
}

fn step_of(problem: &Problem) -> Option<Step> {
    problem
        .mend
        .as_ref()
        .map(|mend| Step::edit(&mend.path, mend.edits.iter().cloned()))
}

/// The number of problems in the repaired files that keep fail2ban from running.
fn fatal_in(reading: &Reading<'_>, mended: &[&Problem]) -> usize {
    let files: BTreeSet<_> = mended.iter().map(|problem| &problem.origin.path).collect();
    let fatal = reading
        .problems
        .iter()
        .filter(|problem| problem.consequence.is_fatal());
    fatal
        .filter(|problem| files.contains(&problem.origin.path))
        .count()
}
