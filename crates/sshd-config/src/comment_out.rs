//! A line that sshd refuses, or one of a Match block, made a comment.

use std::path::Path;

use sshmend_lossless::{Edit, Origin, lines};

use crate::COMMAND_LINE;
use crate::draft::Draft;
use crate::edited::Edited;
use crate::effective::Scope;
use crate::owner::Foreign;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::release::Release;
use crate::tree::{MatchOverride, Tree};

impl Tree {
    /// Comments out lines that sshd does not accept, or that set something for the connections of a
    /// Match block: this changes no value that applies to everybody else. An unknown release is
    /// read as `reading`.
    ///
    /// # Errors
    /// If sshd accepts a line that applies to all connections, if it is a Match or Include line, or
    /// if it is in a file with another owner.
    pub fn comment_out(&self, wanted: &[Origin], reading: Release) -> Result<Edited, Refusal> {
        let mut draft = Draft::new(self.clone());
        for line in wanted {
            let (path, number) = (&line.path, line.line);
            if self.set_in_block(line, Some(reading)).is_none() {
                let problem = self.problem_at(line, reading)?;
                if let Some(keyword) = holds_others(&problem) {
                    let line = line.clone();
                    return Err(Refusal::HoldsOthers { line, keyword });
                }
            }
            if let Some(foreign) = Foreign::of(self, path) {
                let key = format!("line {number}");
                return Err(Refusal::Foreign { key, foreign });
            }
            let document = draft.bytes(path).unwrap_or_default();
            let Some(at) = start_of(document, number) else {
                return Err(Refusal::NoSuchLine { line: line.clone() });
            };
            draft.apply(path, Edit::insert(at, "#"));
        }
        self.same_values(&draft.tree, reading)?;
        Ok(draft.finish(Vec::new()))
    }

    /// The keyword that a line sets in a Match block, with its value and the connections concerned. An unknown release is read as [`Release::NEWEST`].
    pub fn set_in_block(
        &self,
        line: &Origin,
        release: Option<Release>,
    ) -> Option<(String, MatchOverride)> {
        let walk = self.walk(release.unwrap_or(Release::NEWEST));
        let mut directives = walk.directives.iter();
        let found = directives.find(|directive| directive.origin == *line)?;
        let key = found.keyword?.0.key();
        let mut overrides = self.match_overrides(&key, release).into_iter();
        let set = overrides.find(|set| set.line == *line)?;
        Some((key, set))
    }

    fn problem_at(&self, line: &Origin, reading: Release) -> Result<Problem, Refusal> {
        let problems = self.problems(Some(reading));
        let found = problems
            .into_iter()
            .find(|problem| problem.fatal && problem.origin == *line);
        let is_there = |path: &Path| {
            let known = self.files().any(|file| file == path);
            known && path.as_os_str() != COMMAND_LINE
        };
        match found {
            Some(problem) if is_there(&line.path) => Ok(problem),
            None if is_there(&line.path) => Err(Refusal::Accepted { line: line.clone() }),
            _ => Err(Refusal::NoSuchLine { line: line.clone() }),
        }
    }

    /// Neither a refused line nor one in a block determines the values for everybody, so these must
    /// not change without it.
    fn same_values(&self, after: &Self, reading: Release) -> Result<(), Refusal> {
        let values = |tree: &Self| {
            let effective = tree.effective(Some(reading), Scope::Global);
            let values = effective.iter();
            values
                .map(|setting| (setting.key.clone(), setting.values.clone()))
                .collect::<Vec<_>>()
        };
        if values(self) == values(after) {
            Ok(())
        } else {
            let key = "a value".to_owned();
            Err(Refusal::NoPlace { key })
        }
    }
}

/// The keyword of a line that other lines hang on: a block that loses its Match line counts for everybody.
fn holds_others(problem: &Problem) -> Option<String> {
    let word = problem
        .line
        .split([' ', '\t', '=', '"'])
        .find(|word| !word.is_empty())?;
    ["Match", "Include"]
        .into_iter()
        .find(|keyword| keyword.eq_ignore_ascii_case(word))
        .map(str::to_owned)
}

/// The offset at which a physical line begins.
fn start_of(document: &[u8], number: usize) -> Option<usize> {
    let line = lines(document).nth(number.checked_sub(1)?)?;
    Some(line.span.start)
}
