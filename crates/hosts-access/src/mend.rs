//! Broken lines: listed with the clients that a repair affects, and repaired if the line is named.

use std::path::Path;

use sshmend_lossless::{EditSet, Origin};

use crate::changes::{AccessChanges, access_changes};
use crate::draft::Draft;
use crate::edited::{Edited, Refusal};
use crate::note::NoteKind;
use crate::permit::writable;
use crate::problem::{Problem, ProblemKind};
use crate::table::{State, Tables};

/// The number of repairs for which the affected clients are computed; further lines are listed
/// without them.
const MOST_TRIED: usize = 16;

/// Something that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenLine {
    /// What is wrong, and the repair if there is a safe one.
    pub problem: Problem,
    /// The clients whose access the repair changes; `None` if there is no repair, or if that was
    /// not computed.
    pub changes: Option<AccessChanges>,
}

impl Tables {
    /// Everything that is broken in both files, with the clients that each repair affects at
    /// `daemon` and at the daemons that rules name.
    pub fn offers(&self, daemon: &str) -> Vec<BrokenLine> {
        let mut tried = 0;
        let offer = |problem: Problem| {
            let after = problem
                .repair
                .as_ref()
                .filter(|_| tried < MOST_TRIED)
                .map(|repair| {
                    tried += 1;
                    self.after(&problem.origin.path, &repair.edits)
                });
            BrokenLine {
                changes: after.map(|after| access_changes(self, &after, &[daemon], &[])),
                problem,
            }
        };
        self.problems().into_iter().map(offer).collect()
    }

    /// Whether both files could be read, so that all their problems are known.
    ///
    /// # Errors
    /// [`Refusal::Unreadable`] names the first that could not.
    pub fn readable(&self) -> Result<(), Refusal> {
        let unknown = self
            .both()
            .into_iter()
            .find(|table| matches!(table.state, State::Unknown(_)));
        unknown.map_or(Ok(()), writable)
    }

    /// Repairs exactly the lines that are named, whoever gains or loses access; see
    /// [`access_changes`].
    ///
    /// If two repairs of one line collide, the first is made and the other is left for the next
    /// time.
    ///
    /// # Errors
    /// [`Refusal`] if a line is not broken or has no safe repair; then nothing is changed.
    pub fn mend(&self, lines: &[Origin]) -> Result<Edited, Refusal> {
        let problems = self.problems();
        let mut draft = Draft::new(self);
        let mut kinds = Vec::new();
        for line in lines {
            if let Some(table) = self
                .both()
                .into_iter()
                .find(|table| table.path == line.path)
            {
                writable(table)?;
            }
            let of_line: Vec<&Problem> = problems
                .iter()
                .filter(|problem| problem.origin == *line)
                .collect();
            if of_line.is_empty() {
                let text = "there is nothing to mend in this line".to_owned();
                draft.note(NoteKind::NothingToMend, Some(line.clone()), text);
            }
            for problem in sure(line, &of_line)? {
                kinds.push((problem.origin.path.clone(), problem.kind));
                self.repair(&mut draft, problem);
            }
        }
        let edited = draft.finish()?;
        for (path, kind) in kinds {
            fewer(self, &edited.after, &path, kind)?;
        }
        Ok(edited)
    }

    fn repair(&self, draft: &mut Draft<'_>, problem: &Problem) {
        let (Some(repair), Some(table)) = (
            &problem.repair,
            self.both()
                .into_iter()
                .find(|table| table.path == problem.origin.path),
        ) else {
            return;
        };
        draft.edit(table, repair.edits.iter().cloned());
        let text = format!("{}; {}", problem.message, repair.effect);
        draft.note(NoteKind::Mended, Some(problem.origin.clone()), text);
    }

    fn after(&self, path: &Path, edits: &EditSet) -> Self {
        let bytes = self
            .both()
            .into_iter()
            .find(|table| table.path == path)
            .map_or(&[][..], |table| &table.bytes);
        self.with(&[(path.to_owned(), edits.apply(bytes))].into())
    }
}

/// The problems of a line whose repairs are sure and go together.
fn sure<'p>(line: &Origin, of_line: &[&'p Problem]) -> Result<Vec<&'p Problem>, Refusal> {
    let Some(first) = of_line.first() else {
        return Ok(Vec::new());
    };
    let mut together = EditSet::default();
    let mut sure = Vec::new();
    for problem in of_line {
        let Some(repair) = &problem.repair else {
            continue;
        };
        if let Ok(joined) = together.union(&repair.edits) {
            together = joined;
            sure.push(*problem);
        }
    }
    if sure.is_empty() {
        let (why, hint) = (first.message.clone(), first.hint.clone());
        return Err(Refusal::ByHand {
            origin: line.clone(),
            why,
            hint,
        });
    }
    Ok(sure)
}

/// After a repair, its kind of problem is rarer than before.
fn fewer(before: &Tables, after: &Tables, path: &Path, kind: ProblemKind) -> Result<(), Refusal> {
    let of_kind = |tables: &Tables| {
        let problems = tables.problems().into_iter();
        problems
            .filter(|problem| problem.kind == kind && problem.origin.path == path)
            .collect::<Vec<_>>()
    };
    let (old, new) = (of_kind(before), of_kind(after));
    match new.first() {
        Some(left) if new.len() >= old.len() => Err(Refusal::NotMended {
            origin: left.origin.clone(),
            problem: left.message.clone(),
        }),
        _ => Ok(()),
    }
}
