//! A captured configuration: the main file and all that it includes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sshmend_lossless::{Entry, Origin, Request, Snapshot};

use crate::connection::Connection;
use crate::criteria::Criteria;
use crate::effective::{Effective, Evaluation, Scope};
use crate::keyword::Keyword;
use crate::overrides::Override;
use crate::problem::{Problem, Verdict};
use crate::refuse::cross_line_problems;
use crate::release::Release;
use crate::value::Kind;
use crate::walk::{GLOBAL, Walk, walk};

/// The path of the [`Origin`] of an override: line N is the N-th override of the daemon's command line.
pub const COMMAND_LINE: &str = "command line";

/// A release of each of the two ways in which lines are split, which decide what an Include line names.
const DIALECTS: [Release; 2] = [Release::new(8, 6), Release::NEWEST];

/// Says what else has to be captured before [`Tree::read`] sees the whole configuration; ask until it is empty.
pub fn wants(snapshot: &Snapshot, main: &Path) -> Vec<Request> {
    let requests = DIALECTS.iter().flat_map(|&release| walk(snapshot, main, &[], release).requests);
    let open: BTreeSet<Request> = requests.filter(|request| !snapshot.answers(request)).collect();
    open.into_iter().collect()
}

/// A configuration as sshd would read it: its files, and the overrides on the command line of the daemon.
#[derive(Debug, Clone)]
pub struct Tree {
    pub(crate) snapshot: Snapshot,
    pub(crate) main: PathBuf,
    pub(crate) overrides: Vec<Override>,
}

/// A Match block that sets its own value for a keyword.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchOverride {
    /// The Match line.
    pub origin: Origin,
    /// Its criteria as written, those of enclosing blocks first.
    pub criteria: String,
    /// The line that sets the value.
    pub line: Origin,
    /// The value that it sets.
    pub value: String,
}

impl Tree {
    /// Takes the configuration out of what was captured; what [`wants`] still asks for counts as empty.
    pub fn read(snapshot: &Snapshot, main: &Path, overrides: &[Override]) -> Self {
        let paths: BTreeSet<PathBuf> =
            DIALECTS.iter().flat_map(|&release| walk(snapshot, main, &[], release).paths).collect();
        let mut own = Snapshot::default();
        for (path, entry) in snapshot.paths() {
            if paths.contains(path) || matches!(entry, Entry::Directory(..)) {
                own.insert(path, entry.clone());
            }
        }
        Self { snapshot: own, main: main.to_owned(), overrides: overrides.to_vec() }
    }

    /// The main file.
    pub fn main(&self) -> &Path {
        &self.main
    }

    /// The files that are read, in path order.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.snapshot.paths().filter(|(_, entry)| matches!(entry, Entry::File(_))).map(|(path, _)| path)
    }

    /// The values in force. An unknown release is taken for [`Release::NEWEST`].
    pub fn effective(&self, release: Option<Release>, scope: Scope<'_>) -> Effective {
        let release = release.unwrap_or(Release::NEWEST);
        Evaluation::new(&self.walk(release), release, scope).effective()
    }

    /// What sshd of this release refuses, in reading order. An unknown release is taken for [`Release::NEWEST`].
    pub fn problems(&self, release: Option<Release>) -> Vec<Problem> {
        let release = release.unwrap_or(Release::NEWEST);
        let mut walk = self.walk(release);
        let across = cross_line_problems(&walk, release);
        walk.problems.extend(across);
        walk.problems
    }

    /// Whether sshd of this release would start.
    pub fn verdict(&self, release: Release) -> Verdict {
        let problems = self.problems(Some(release));
        let fatal = problems.iter().find(|problem| problem.fatal && problem.certain);
        if let Some(problem) = fatal {
            return Verdict::Refuses(Box::new(problem.clone()));
        }
        let doubt = problems.iter().find(|problem| !problem.certain).map(ToString::to_string);
        match doubt.or_else(|| self.walk(release).doubts.into_iter().next()) {
            Some(why) => Verdict::Unknown(why),
            None => Verdict::Accepts,
        }
    }

    /// Who has another value for a keyword than the global one, because a Match block says so.
    pub fn match_overrides(&self, key: &str, release: Option<Release>) -> Vec<MatchOverride> {
        let release = release.unwrap_or(Release::NEWEST);
        let walk = self.walk(release);
        let Some((wanted, _)) = Keyword::find(key, release) else { return Vec::new() };
        let mut found = Vec::new();
        for directive in walk.directives.iter().filter(|directive| directive.scope != GLOBAL) {
            let (Some((keyword, _)), Ok(reading)) = (directive.keyword, &directive.reading) else { continue };
            if !std::ptr::eq(keyword, wanted) || walk.active_at_start(directive.scope) {
                continue;
            }
            let chain: Vec<_> = walk.chain(directive.scope).collect();
            let criteria: Vec<&str> = chain.iter().rev().map(|scope| scope.criteria.text()).collect();
            let values: Vec<&str> = reading.parts.iter().map(|part| part.1.as_str()).collect();
            found.push(MatchOverride {
                origin: chain[0].origin.clone(),
                criteria: criteria.join(" and "),
                line: directive.origin.clone(),
                value: values.join(&wanted.kind.separator().unwrap_or(' ').to_string()),
            });
        }
        found
    }

    /// True when plain `sshd -T` refuses to print, because it wants to be told of a connection: from 7.7 to 8.0 for every
    /// Match block but `all`, later for LocalPort.
    pub fn needs_connection(&self, release: Release) -> bool {
        let walk = self.walk(release);
        let asks = |criteria: &Criteria| match release.since(8, 1) {
            true => criteria.asks_for_local_port(),
            false => release.since(7, 7) && criteria.asks_for_connection(),
        };
        let nobody = Connection::default();
        let reached = |scope: usize| scope == GLOBAL || walk.active_for(scope, &nobody, release);
        walk.scopes.iter().skip(1).any(|scope| asks(&scope.criteria) && reached(scope.outer))
    }

    /// True when a line of the files sets this keyword in any scope.
    pub(crate) fn mentions(&self, keyword: &Keyword) -> bool {
        let walk = self.walk(Release::NEWEST);
        let mut found = walk.directives.iter().filter_map(|directive| directive.keyword);
        keyword.kind != Kind::Structure && found.any(|(known, _)| std::ptr::eq(known, keyword))
    }

    pub(crate) fn walk(&self, release: Release) -> Walk {
        walk(&self.snapshot, &self.main, &self.overrides, release)
    }
}
