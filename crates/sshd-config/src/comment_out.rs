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
    /// Makes comments of lines that sshd does not accept, or that set something for the connections of a Match block: no
    /// value that counts for all others changes by that. An unknown release is taken for `reading`.
    ///
    /// # Errors
    /// Where sshd accepts a line that counts for all connections, where it is a Match or Include line, or where it stands
    /// in a file that somebody else brings.
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

    /// What a line sets for the connections of a Match block alone: the keyword, and for whom it is what.
    /// An unknown release is taken for [`Release::NEWEST`].
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

    /// Neither a line that is refused nor one of a block sets what counts for all, which may not change without it.
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
