//! All directives of a tree in the order in which sshd reads them: Include expanded in place, Match
//! blocks as scopes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sshmend_lossless::{Bytes, Kind as FileKind, Origin, Snapshot, Unread};

use crate::COMMAND_LINE;
use crate::complaint::{problem_at, unknown};
use crate::connection::Connection;
use crate::criteria::Criteria;
use crate::directives::{Directive, Directives};
use crate::line::Line;
use crate::logical::{self, LineStart, Logical};
use crate::overrides::Override;
use crate::problem::{Problem, Unseen};
use crate::release::Release;
use crate::steps;
use crate::value::{self, Fault, Kind, Reading};
use crate::words::Word;

/// The directory of relative Includes, even with `-f` (SSHDIR).
const SSH_DIR: &str = "/etc/ssh";

/// The depth of nesting beyond which sshd stops (SERVCONF_MAX_DEPTH).
const MAX_DEPTH: usize = 16;

/// The number of files beyond which the walk stops: only hostile trees, whose files include each
/// other again and again, come near it.
const MAX_READS: usize = 1 << 14;

/// The most text to read in total, in MiB; sshd has no such limit, so reaching it is reported and
/// not a fault of the files.
const MAX_MIB: u64 = 64;

/// The scope outside every Match block.
pub(crate) const GLOBAL: usize = 0;

/// The lines from one Match line to the next one, or to the end of that file.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// The condition of the Match line.
    pub(crate) criteria: Criteria,
    /// The Match line.
    pub(crate) origin: Origin,
    /// The scope of the Include line that includes the file.
    pub(crate) outer: usize,
    /// Whether its lines take effect when sshd starts.
    at_start: bool,
    /// True if a defect of 8.2 and 8.3 keeps the block from ever matching.
    dead: bool,
}

/// A place where lines are read that are not known.
#[derive(Debug, Clone)]
pub(crate) struct Gap {
    /// What was not read.
    pub(crate) unseen: Unseen,
    /// The scope of its first line.
    pub(crate) scope: usize,
    /// The number of directives read before it.
    pub(crate) before: usize,
}

/// The whole tree as one release reads it.
#[derive(Debug)]
pub(crate) struct Walk {
    /// All directives but Match and Include, in reading order.
    pub(crate) directives: Directives,
    /// All scopes; the first one is [`GLOBAL`].
    pub(crate) scopes: Vec<Scope>,
    /// Lines that sshd would reject or ignore.
    pub(crate) problems: Vec<Problem>,
    /// The reasons why another build could refuse what looks right.
    pub(crate) doubts: Vec<String>,
    /// Files that could not be read.
    pub(crate) gaps: Vec<Gap>,
    /// All files that were examined.
    pub(crate) paths: BTreeSet<PathBuf>,
    reads: usize,
    /// The number of bytes read.
    read: u64,
    /// True once sshd would have stopped.
    stopped: bool,
}

/// Reads only what determines the files of the tree: only the paths and the gaps of the result are
/// valid.
pub(crate) fn walk_files(snapshot: &Snapshot, main: &Path, release: Release) -> Walk {
    let mut walker = Walker::new(snapshot, main, &[], release);
    walker.only_files = true;
    walker.file(main, &Reader::Daemon(main));
    walker.walk
}

/// Whether a line can be an Include; the word may contain quotes.
fn may_include(text: &[u8]) -> bool {
    let quoted = || memchr::memchr3(b'"', b'\'', b'\\', text).is_some();
    let mut starts = memchr::memchr2_iter(b'i', b'I', text);
    starts.any(|at| {
        let word = text.get(at..at + INCLUDE.len());
        word.is_some_and(|word| word.eq_ignore_ascii_case(INCLUDE))
    }) || quoted()
}

const INCLUDE: &[u8] = b"include";

/// Whether any line of a file can be an Include. A NUL byte joins lines, so that no part of them is
/// conclusive.
fn holds_include(document: &[u8]) -> bool {
    memchr::memchr(0, document).is_some() || may_include(document)
}

/// Reads the overrides of the command line, then the main file and everything it includes.
pub(crate) fn walk(
    snapshot: &Snapshot,
    main: &Path,
    overrides: &[Override],
    release: Release,
) -> Walk {
    let mut walker = Walker::new(snapshot, main, overrides, release);
    for (index, given) in overrides.iter().enumerate() {
        let logical = Logical::detached(given.text.as_bytes());
        walker.ports_are_given &= !given.replaces_ports();
        if let Some(line) = Line::parse(logical, release) {
            let origin = Origin::new(COMMAND_LINE, index + 1);
            let at = LineStart {
                start: 0,
                line: index + 1,
            };
            walker.directive(line, origin, GLOBAL, (0, at));
        }
        walker.ports_are_given = overrides[..=index].iter().any(Override::replaces_ports);
    }
    walker.file(main, &Reader::Daemon(main));
    walker.walk
}

/// The reason why sshd reads a file.
enum Reader<'a> {
    /// The daemon itself, which reads the main file.
    Daemon(&'a Path),
    /// A pattern of an Include line, with the scope and the depth of the file that holds it.
    Include {
        line: &'a Line,
        pattern: &'a Word,
        origin: &'a Origin,
        scope: usize,
        depth: usize,
    },
}

impl Reader<'_> {
    fn scope(&self) -> usize {
        if let Self::Include { scope, .. } = self {
            *scope
        } else {
            GLOBAL
        }
    }

    /// The Include depth of the file.
    fn depth(&self) -> usize {
        if let Self::Include { depth, .. } = self {
            depth + 1
        } else {
            0
        }
    }

    fn include(&self) -> Option<Origin> {
        if let Self::Include { origin, .. } = self {
            Some((*origin).clone())
        } else {
            None
        }
    }

    /// A problem of the file being read, reported at the line that names it.
    fn problem(&self, message: String, release: Release) -> Problem {
        match self {
            Self::Daemon(main) => Problem {
                origin: Origin::new(*main, 1),
                column: 1,
                message,
                line: String::new(),
                fatal: true,
                certain: true,
                build: false,
                hint: "create the file, or restore what its link stands for".to_owned(),
            },
            Self::Include {
                line,
                pattern,
                origin,
                ..
            } => {
                let fault = Fault {
                    range: Some(pattern.range.clone()),
                    ..Fault::new(message)
                };
                let hint = "remove the file, or correct it: sshd does not start if it cannot read an included file";
                problem_at(line, origin, fault, hint.to_owned(), release)
            }
        }
    }
}

struct Walker<'a> {
    snapshot: &'a Snapshot,
    release: Release,
    /// True once `-p` was read: other ports do not count any more.
    ports_are_given: bool,
    /// Whether all lines but Include are ignored.
    only_files: bool,
    walk: Walk,
}

impl<'a> Walker<'a> {
    fn new(snapshot: &'a Snapshot, main: &Path, overrides: &[Override], release: Release) -> Self {
        let outside = Scope {
            criteria: Criteria::never(),
            origin: Origin::new(main, 0),
            outer: GLOBAL,
            at_start: true,
            dead: false,
        };
        Self {
            snapshot,
            release,
            ports_are_given: false,
            only_files: false,
            walk: Walk {
                directives: Directives::new(release, overrides),
                scopes: vec![outside],
                problems: Vec::new(),
                doubts: Vec::new(),
                gaps: Vec::new(),
                paths: BTreeSet::new(),
                reads: 0,
                read: 0,
                stopped: false,
            },
        }
    }

    fn file(&mut self, path: &Path, reader: &Reader<'_>) {
        self.walk.paths.insert(path.to_owned());
        self.walk.reads += 1;
        if reader.depth() > MAX_DEPTH {
            self.walk.stopped = true;
            let deep = format!("{}: files include each other too deeply", path.display());
            return self.walk.problems.push(reader.problem(deep, self.release));
        }
        let snapshot = self.snapshot;
        match snapshot.read(path) {
            Ok(Some(image)) => self.content(&image.bytes, path, reader),
            Ok(None) => self.cannot_read(path, "it does not exist", reader),
            Err(Unread::Dangling) => self.cannot_read(path, "the link leads nowhere", reader),
            Err(Unread::Loop) => self.cannot_read(path, &Unread::Loop.to_string(), reader),
            // sshd opens a directory without complaint and finds no line in it.
            Err(Unread::NotAFile(FileKind::Directory)) => {}
            // It will be examined, and the walk repeated.
            Err(Unread::NotAsked) => {}
            Err(why) => self.gap(path, why, reader),
        }
    }

    fn content(&mut self, document: &Bytes, path: &Path, reader: &Reader<'_>) {
        self.walk.read += document.len() as u64;
        if self.walk.read > MAX_MIB << 20 {
            self.walk.stopped = true;
            return self.gap(path, Unread::TooLong { mib: MAX_MIB }, reader);
        }
        if self.walk.reads > MAX_READS {
            self.walk.stopped = true;
            let why = format!(
                "it is the last of the {MAX_READS} files that are read, which include each other"
            );
            return self.gap(path, Unread::Failed(why), reader);
        }
        self.lines(document, path, reader.scope(), reader.depth());
    }

    /// Reports a file that sshd itself cannot read.
    fn cannot_read(&mut self, path: &Path, why: &str, reader: &Reader<'_>) {
        let message = format!("cannot read {}: {why}", path.display());
        self.walk
            .problems
            .push(reader.problem(message, self.release));
    }

    /// Reports a file that this program cannot read, although sshd may be able to.
    fn gap(&mut self, path: &Path, why: Unread, reader: &Reader<'_>) {
        let unseen = Unseen {
            path: path.to_owned(),
            why,
            include: reader.include(),
        };
        self.walk.gaps.push(Gap {
            unseen,
            scope: reader.scope(),
            before: self.walk.directives.len(),
        });
    }

    fn lines(&mut self, document: &Bytes, path: &Path, base: usize, depth: usize) {
        if self.only_files && !holds_include(document) {
            return;
        }
        let file = self.walk.directives.open(path, document);
        let mut scope = base;
        for logical in logical::split(document, self.release) {
            steps::add(1);
            if self.only_files && !may_include(&logical.text) {
                continue;
            }
            let Some(line) = Line::parse(logical, self.release) else {
                continue;
            };
            let origin = Origin::new(path, line.logical.position(line.keyword.range.start).0);
            let at = line.logical.line_start();
            let is = |keyword: &[u8]| line.keyword.text.eq_ignore_ascii_case(keyword);
            if is(INCLUDE) {
                self.include(&line, &origin, scope, depth);
            } else if !self.only_files && is(b"match") {
                scope = self.open_scope(&line, origin, base, depth);
            } else if !self.only_files {
                self.directive(line, origin, scope, (file, at));
            }
            if self.walk.stopped {
                return;
            }
        }
    }

    fn open_scope(&mut self, line: &Line, origin: Origin, base: usize, depth: usize) -> usize {
        let criteria = Criteria::read(line, self.release).unwrap_or_else(|fault| {
            let hint = "give criteria such as: Match User bob Address 192.0.2.0/24".to_owned();
            self.report(line, &origin, fault, hint);
            Criteria::never()
        });
        let dead =
            depth > 0 && base == GLOBAL && self.release.since(8, 2) && !self.release.since(8, 4);
        let at_start = self.walk.active_at_start(base) && criteria.holds_at_start(self.release);
        self.walk.scopes.push(Scope {
            criteria,
            origin,
            outer: base,
            at_start,
            dead,
        });
        self.walk.scopes.len() - 1
    }

    fn include(&mut self, line: &Line, origin: &Origin, scope: usize, depth: usize) {
        if !self.release.since(8, 2) {
            let fault = Fault {
                range: Some(line.keyword.range.clone()),
                ..Fault::new("bad configuration option \"Include\"")
            };
            self.report(
                line,
                origin,
                fault,
                format!(
                    "{} does not know Include, which came with 8.2",
                    self.release
                ),
            );
        }
        let patterns = match value::read(Kind::Words, line, self.release.max(Release::new(8, 2))) {
            Ok(_) => line
                .args()
                .map(|args| args.list().to_vec())
                .unwrap_or_default(),
            Err(fault) => {
                return self.report(
                    line,
                    origin,
                    fault,
                    "give a file or a pattern of files".to_owned(),
                );
            }
        };
        if patterns.is_empty() {
            return self.report(
                line,
                origin,
                Fault::new("the argument is missing"),
                "give a file or a pattern of files".to_owned(),
            );
        }
        for pattern in patterns {
            self.include_pattern(&pattern, line, origin, scope, depth);
        }
    }

    fn include_pattern(
        &mut self,
        pattern: &Word,
        line: &Line,
        origin: &Origin,
        scope: usize,
        depth: usize,
    ) {
        let Some(path) = include_path(pattern, self.release) else {
            return;
        };
        let Ok(found) = self.snapshot.glob(&path) else {
            return;
        };
        let reader = Reader::Include {
            line,
            pattern,
            origin,
            scope,
            depth,
        };
        for (folder, why) in found.unread {
            self.gap(&folder, why, &reader);
        }
        for file in found.paths {
            self.file(&file, &reader);
        }
    }

    /// Processes a directive of a file, given by its number, at this place.
    fn directive(
        &mut self,
        line: Line,
        origin: Origin,
        scope: usize,
        (file, at): (usize, LineStart),
    ) {
        let name = line.keyword.lossy();
        if self.ports_are_given && name.eq_ignore_ascii_case("port") {
            return;
        }
        let directive = Directive::read(line, origin, scope, self.release);
        self.check(&directive, &name);
        self.walk.directives.push(file, at, &directive);
    }

    fn check(&mut self, directive: &Directive, name: &str) {
        let whole = directive.line.keyword.range.clone();
        let at_keyword = |message: String| Fault {
            range: Some(whole.clone()),
            ..Fault::new(message)
        };
        let Some((keyword, known)) = directive.keyword else {
            let (fault, hint) = unknown(name, self.release);
            return self.report(
                &directive.line,
                &directive.origin,
                Fault {
                    range: Some(whole),
                    ..fault
                },
                hint,
            );
        };
        if !self.walk.active_at_start(directive.scope)
            && !keyword.allowed_in_match(known, self.release)
        {
            let fault = at_keyword(format!("{name} is not allowed within a Match block"));
            let hint =
                "move the line before the first Match line: indentation and blank lines do not end a block".to_owned();
            self.report(&directive.line, &directive.origin, fault, hint);
        }
        match &directive.reading {
            Err(fault) => {
                let fault = if keyword.optional {
                    fault.clone().uncertain()
                } else {
                    fault.clone()
                };
                self.report(
                    &directive.line,
                    &directive.origin,
                    fault,
                    keyword.kind.expects(),
                );
            }
            Ok(reading) => self.remark(directive, reading),
        }
    }

    fn remark(&mut self, directive: &Directive, reading: &Reading) {
        self.walk.doubts.extend(reading.doubt.clone());
        if let Some(fault) = reading.suspect.clone() {
            let hint =
                "remove the name, or list the names that this sshd knows (ssh -Q)".to_owned();
            self.report(&directive.line, &directive.origin, fault, hint);
        }
        if let Some(notice) = reading.notice {
            let fault = Fault::new(notice.message);
            let problem = problem_at(
                &directive.line,
                &directive.origin,
                fault,
                notice.hint.to_owned(),
                self.release,
            );
            self.walk.problems.push(Problem {
                fatal: false,
                ..problem
            });
        }
    }

    fn report(&mut self, line: &Line, origin: &Origin, fault: Fault, hint: String) {
        self.walk
            .problems
            .push(problem_at(line, origin, fault, hint, self.release));
    }
}

/// The absolute pattern; `None` where 8.2 forgot the argument of a relative one.
fn include_path(pattern: &Word, release: Release) -> Option<PathBuf> {
    let text = pattern.lossy();
    if text.starts_with('/') {
        return Some(PathBuf::from(text));
    }
    if text.starts_with('~') {
        // glob(3) is called without GLOB_TILDE: the name stays relative and matches nothing in
        // sshd's working directory.
        return None;
    }
    let forgotten = release.since(8, 2) && !release.since(8, 3);
    (!forgotten).then(|| Path::new(SSH_DIR).join(text))
}

impl Walk {
    /// Whether the lines of a scope take effect when sshd starts.
    pub(crate) fn active_at_start(&self, scope: usize) -> bool {
        self.scopes.get(scope).is_some_and(|scope| scope.at_start)
    }

    /// Whether the lines of a scope override the global values for a connection.
    pub(crate) fn active_for(
        &self,
        scope: usize,
        connection: &Connection,
        release: Release,
    ) -> bool {
        scope != GLOBAL
            && self
                .chain(scope)
                .all(|scope| !scope.dead && scope.criteria.holds_for(connection, release))
    }

    /// The scope and those around it, without the global one.
    pub(crate) fn chain(&self, scope: usize) -> impl Iterator<Item = &Scope> {
        let step = |&scope: &usize| self.scopes.get(scope).map(|found| found.outer);
        std::iter::successors(Some(scope), step)
            .take_while(|&scope| scope != GLOBAL)
            .filter_map(|scope| self.scopes.get(scope))
    }
}
