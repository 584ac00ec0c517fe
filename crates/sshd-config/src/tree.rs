//! A captured configuration: the main file and everything it includes.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sshmend_lossless::{Entry, Origin, Snapshot};

use crate::connection::Connection;
use crate::criteria::Criteria;
use crate::effective::{Effective, Evaluation, Scope};
use crate::keyword::Keyword;
use crate::overrides::Override;
use crate::problem::{Problem, StartVerdict, Unseen};
use crate::readings::{Footprint, Readings, Walks};
use crate::refuse::cross_line_problems;
use crate::release::Release;
use crate::value::Kind;
use crate::walk::{GLOBAL, Walk, walk};

/// The main file by default.
const MAIN: &str = "/etc/ssh/sshd_config";

/// The vendor's file in distributions with an empty /etc, used while the administrator has none.
const VENDORS_MAIN: &str = "/usr/etc/ssh/sshd_config";

/// The main file of an sshd that is not started with `-f`.
pub fn main_file(snapshot: &Snapshot) -> PathBuf {
    let is_missing = |path: &str| matches!(snapshot.read(path.as_ref()), Ok(None));
    let is_there = |path: &str| matches!(snapshot.read(path.as_ref()), Ok(Some(_)));
    if is_missing(MAIN) && is_there(VENDORS_MAIN) {
        VENDORS_MAIN.into()
    } else {
        MAIN.into()
    }
}

/// A configuration as sshd would read it: its files, and the overrides on the command line of the daemon.
#[derive(Debug, Clone)]
pub struct Tree {
    pub(crate) snapshot: Snapshot,
    pub(crate) main: PathBuf,
    pub(crate) overrides: Vec<Override>,
    /// What was read so far.
    readings: Readings,
    /// The walks of it; looked for again after every edit.
    walks: OnceCell<Walks>,
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
    /// Reads the configuration from a snapshot; what was not captured yet counts as empty.
    pub fn read(snapshot: &Snapshot, main: &Path, overrides: &[Override]) -> Self {
        Readings::default().read(snapshot, main, overrides)
    }

    pub(crate) fn new(
        snapshot: Snapshot,
        main: &Path,
        overrides: &[Override],
        readings: Readings,
        walks: Walks,
    ) -> Self {
        Self {
            snapshot,
            main: main.to_owned(),
            overrides: overrides.to_vec(),
            readings,
            walks: OnceCell::from(walks),
        }
    }

    /// The main file.
    pub fn main(&self) -> &Path {
        &self.main
    }

    /// The files that are read, in path order.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.snapshot
            .paths()
            .filter(|(_, entry)| matches!(entry, Entry::File(_)))
            .map(|(path, _)| path)
    }

    /// The values in force. An unknown release is read as [`Release::NEWEST`].
    pub fn effective(&self, release: Option<Release>, scope: Scope<'_>) -> Effective {
        let release = release.unwrap_or(Release::NEWEST);
        Evaluation::new(&self.walk(release), release, scope).effective()
    }

    /// The lines that sshd of this release rejects, in reading order. An unknown release is read as
    /// [`Release::NEWEST`].
    pub fn problems(&self, release: Option<Release>) -> Vec<Problem> {
        let release = release.unwrap_or(Release::NEWEST);
        let walk = self.walk(release);
        let across = cross_line_problems(&walk, release)
            .into_iter()
            .map(|problem| {
                if walk.gaps.is_empty() {
                    problem
                } else {
                    Problem {
                        certain: false,
                        build: true,
                        ..problem
                    }
                }
            });
        walk.problems.iter().cloned().chain(across).collect()
    }

    /// The files that could not be read, so that their content is unknown.
    pub fn unseen(&self, release: Option<Release>) -> Vec<Unseen> {
        let walk = self.walk(release.unwrap_or(Release::NEWEST));
        walk.gaps.iter().map(|gap| gap.unseen.clone()).collect()
    }

    /// The problems with which sshd does not start: see [`Problem::refuses`]. If the release is
    /// unknown, those that every release in general use has.
    pub fn refused(&self, release: Option<Release>) -> Vec<Problem> {
        let of = |release: Release| {
            let problems = self.problems(Some(release));
            problems
                .into_iter()
                .filter(Problem::refuses)
                .collect::<Vec<_>>()
        };
        let Some(release) = release else {
            let all: Vec<Vec<Problem>> = Release::in_general_use().map(of).collect();
            let everywhere = |problem: &Problem| {
                all.iter()
                    .all(|of_one| of_one.iter().any(|p| p.origin == problem.origin))
            };
            return of(Release::NEWEST).into_iter().filter(everywhere).collect();
        };
        of(release)
    }

    /// Whether sshd of this release would start.
    pub fn verdict(&self, release: Release) -> StartVerdict {
        let problems = self.problems(Some(release));
        let fatal = problems
            .iter()
            .find(|problem| problem.fatal && problem.certain);
        if let Some(problem) = fatal {
            return StartVerdict::Refuses(Box::new(problem.clone()));
        }
        if let Some(unseen) = self.unseen(Some(release)).first() {
            return StartVerdict::Unknown(unseen.to_string());
        }
        let doubt = problems
            .iter()
            .find(|problem| !problem.certain)
            .map(ToString::to_string);
        match doubt.or_else(|| self.walk(release).doubts.first().cloned()) {
            Some(why) => StartVerdict::Unknown(why),
            None => StartVerdict::Accepts,
        }
    }

    /// The connections that have another value than the global one for a keyword because of a Match
    /// block.
    pub fn match_overrides(&self, key: &str, release: Option<Release>) -> Vec<MatchOverride> {
        let release = release.unwrap_or(Release::NEWEST);
        let walk = self.walk(release);
        let Some((wanted, _)) = Keyword::find(key, release) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let in_block = |&index: &usize| {
            let scope = walk.directives.scope(index);
            scope != GLOBAL && !walk.active_at_start(scope)
        };
        let places = walk
            .directives
            .places_of(wanted.names[0].text)
            .filter(in_block);
        for directive in places.filter_map(|index| walk.directives.get(index)) {
            let Ok(reading) = &directive.reading else {
                continue;
            };
            let chain: Vec<_> = walk.chain(directive.scope).collect();
            let criteria: Vec<&str> = chain
                .iter()
                .rev()
                .map(|scope| scope.criteria.text())
                .collect();
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

    /// True if plain `sshd -T` refuses to print without a connection: from 7.7 to 8.0 for every
    /// Match block but `all`, later for LocalPort.
    pub fn needs_connection(&self, release: Release) -> bool {
        let walk = self.walk(release);
        let asks = |criteria: &Criteria| {
            if release.since(8, 1) {
                criteria.asks_for_local_port()
            } else {
                release.since(7, 7) && criteria.asks_for_connection()
            }
        };
        let nobody = Connection::default();
        let reached = |scope: usize| scope == GLOBAL || walk.active_for(scope, &nobody, release);
        walk.scopes
            .iter()
            .skip(1)
            .any(|scope| asks(&scope.criteria) && reached(scope.outer))
    }

    /// True when a line of the files sets this keyword in any scope.
    pub(crate) fn mentions(&self, keyword: &Keyword) -> bool {
        let walk = self.walk(Release::NEWEST);
        let mut found =
            (0..walk.directives.len()).filter_map(|index| walk.directives.keyword(index));
        keyword.kind != Kind::Structure && found.any(|known| std::ptr::eq(known, keyword))
    }

    pub(crate) fn walk(&self, release: Release) -> Arc<Walk> {
        let (snapshot, main, overrides) = (&self.snapshot, &self.main, &self.overrides);
        let known = || {
            let footprint = Footprint::of(snapshot, main, overrides);
            self.readings.walks_of(footprint)
        };
        let walks = self.walks.get_or_init(known);
        walks.of(release, || walk(snapshot, main, overrides, release))
    }

    /// The files, for editing: afterwards everything is read again.
    pub(crate) fn snapshot_to_edit(&mut self) -> &mut Snapshot {
        self.walks = OnceCell::new();
        &mut self.snapshot
    }
}
