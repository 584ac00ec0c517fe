//! All directives of a tree in the order in which sshd reads them: Include expanded in place, Match blocks as scopes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sshmend_lossless::{Entry, Origin, Request, Snapshot};

use crate::COMMAND_LINE;
use crate::connection::Connection;
use crate::criteria::Criteria;
use crate::keyword::{Keyword, Name};
use crate::line::Line;
use crate::logical::{self, Logical};
use crate::overrides::Override;
use crate::problem::Problem;
use crate::release::Release;
use crate::value::{self, Fault, Kind, Reading};
use crate::words::Word;

/// Where sshd looks for a relative Include, whatever `-f` says (SSHDIR).
const SSH_DIR: &str = "/etc/ssh";

/// Nesting beyond which sshd gives up (SERVCONF_MAX_DEPTH).
const MAX_DEPTH: usize = 16;

/// Files read beyond which the walk gives up: only hostile trees come near it.
const MAX_READS: usize = 1024;

/// The scope outside every Match block.
pub(crate) const GLOBAL: usize = 0;

/// The lines from one Match line to the next one, or to the end of that file.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// The condition of the Match line.
    pub(crate) criteria: Criteria,
    /// The Match line.
    pub(crate) origin: Origin,
    /// The scope of the Include line by which the file was read.
    pub(crate) outer: usize,
    /// Whether its lines take effect when sshd starts.
    at_start: bool,
    /// True where a defect of 8.2 and 8.3 keeps the block from ever matching.
    dead: bool,
}

/// A line that sets something, or would.
#[derive(Debug, Clone)]
pub(crate) struct Directive {
    /// The line.
    pub(crate) line: Line,
    /// Where its keyword stands.
    pub(crate) origin: Origin,
    /// The keyword and the name it is written by, if this release knows it.
    pub(crate) keyword: Option<(&'static Keyword, &'static Name)>,
    /// The scope it stands in.
    pub(crate) scope: usize,
    /// Its arguments.
    pub(crate) reading: Result<Reading, Fault>,
}

/// The whole tree as one release reads it.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// All directives but Match and Include, in reading order.
    pub(crate) directives: Vec<Directive>,
    /// All scopes; the first one is [`GLOBAL`].
    pub(crate) scopes: Vec<Scope>,
    /// What sshd would refuse or ignore.
    pub(crate) problems: Vec<Problem>,
    /// Why another build could refuse what looks right.
    pub(crate) doubts: Vec<String>,
    /// What has to be captured before the walk is complete.
    pub(crate) requests: Vec<Request>,
    /// All files that were looked at.
    pub(crate) paths: BTreeSet<PathBuf>,
    reads: usize,
    /// True once sshd would have given up.
    stopped: bool,
}

/// Reads the overrides of the command line, then the main file and all that it includes.
pub(crate) fn walk(snapshot: &Snapshot, main: &Path, overrides: &[Override], release: Release) -> Walk {
    let outside =
        Scope { criteria: Criteria::never(), origin: Origin::new(main, 0), outer: GLOBAL, at_start: true, dead: false };
    let walk = Walk { scopes: vec![outside], ..Walk::default() };
    let mut walker = Walker { snapshot, release, ports_are_given: false, walk };
    for (index, given) in overrides.iter().enumerate() {
        let logical = Logical::detached(given.text.as_bytes());
        walker.ports_are_given &= !given.replaces_ports();
        if let Some(line) = Line::parse(logical, release) {
            walker.directive(line, Origin::new(COMMAND_LINE, index + 1), GLOBAL);
        }
        walker.ports_are_given = overrides[..=index].iter().any(Override::replaces_ports);
    }
    let start = Origin::new(main, 1);
    walker.file(main, GLOBAL, 0, &|message| simple_problem(start.clone(), message));
    walker.walk
}

fn simple_problem(origin: Origin, message: String) -> Problem {
    let hint = "create the file, or mend its permissions".to_owned();
    Problem { origin, column: 1, message, line: String::new(), fatal: true, certain: true, hint }
}

struct Walker<'a> {
    snapshot: &'a Snapshot,
    release: Release,
    /// True once `-p` was read: other ports do not count any more.
    ports_are_given: bool,
    walk: Walk,
}

impl Walker<'_> {
    fn file(&mut self, path: &Path, scope: usize, depth: usize, problem: &dyn Fn(String) -> Problem) {
        self.walk.paths.insert(path.to_owned());
        self.walk.reads += 1;
        if depth > MAX_DEPTH || self.walk.reads > MAX_READS {
            self.walk.stopped = true;
            let deep = problem(format!("{}: files include each other too deeply", path.display()));
            return self.walk.problems.push(Problem { certain: depth > MAX_DEPTH, ..deep });
        }
        let cannot = |why: &str| problem(format!("cannot read {}: {why}", path.display()));
        let snapshot = self.snapshot;
        match snapshot.entry(path) {
            Some(Entry::File(image)) => self.lines(&image.bytes, path, scope, depth),
            Some(Entry::Directory(..)) => {}
            Some(Entry::Missing) => self.walk.problems.push(cannot("it does not exist")),
            Some(Entry::Dangling) => self.walk.problems.push(cannot("the link leads nowhere")),
            Some(Entry::Unreadable(why)) => self.walk.problems.push(cannot(&why.to_string())),
            None | Some(Entry::Seen(_)) => self.walk.requests.push(Request::Read(path.to_owned())),
        }
    }

    fn lines(&mut self, document: &[u8], path: &Path, base: usize, depth: usize) {
        let mut scope = base;
        for logical in logical::split(document, self.release) {
            let Some(line) = Line::parse(logical, self.release) else { continue };
            let origin = Origin::new(path, line.logical.position(line.keyword.range.start).0);
            match line.keyword.lossy().to_ascii_lowercase().as_str() {
                "match" => scope = self.open_scope(&line, origin, base, depth),
                "include" => self.include(&line, &origin, scope, depth),
                _ => self.directive(line, origin, scope),
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
        let dead = depth > 0 && base == GLOBAL && self.release.since(8, 2) && !self.release.since(8, 4);
        let at_start = self.walk.active_at_start(base) && criteria.holds_at_start(self.release);
        self.walk.scopes.push(Scope { criteria, origin, outer: base, at_start, dead });
        self.walk.scopes.len() - 1
    }

    fn include(&mut self, line: &Line, origin: &Origin, scope: usize, depth: usize) {
        if !self.release.since(8, 2) {
            let fault =
                Fault { range: Some(line.keyword.range.clone()), ..Fault::new("bad configuration option \"Include\"") };
            self.report(line, origin, fault, format!("{} does not know Include, which came with 8.2", self.release));
        }
        let patterns = match value::read(Kind::Words, line, self.release.max(Release::new(8, 2))) {
            Ok(_) => line.args().map(|args| args.list().to_vec()).unwrap_or_default(),
            Err(fault) => return self.report(line, origin, fault, "give a file or a pattern of files".to_owned()),
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

    fn include_pattern(&mut self, pattern: &Word, line: &Line, origin: &Origin, scope: usize, depth: usize) {
        let Some(path) = include_path(pattern, self.release) else { return };
        match self.snapshot.glob(&path) {
            Err(requests) => self.walk.requests.extend(requests),
            Ok(found) => {
                let release = self.release;
                let fault = |message| Fault { range: Some(pattern.range.clone()), ..Fault::new(message) };
                let hint = "remove the file, or mend it: sshd does not start while it cannot read what it is told to";
                let problem = |message| problem_at(line, origin, fault(message), hint.to_owned(), release);
                for file in found.paths {
                    self.file(&file, scope, depth + 1, &problem);
                }
            }
        }
    }

    fn directive(&mut self, line: Line, origin: Origin, scope: usize) {
        let name = line.keyword.lossy();
        let keyword = Keyword::find(&name, self.release);
        if self.ports_are_given && name.eq_ignore_ascii_case("port") {
            return;
        }
        let reading = match keyword {
            Some((keyword, _)) if keyword.kind == Kind::Structure => Err(Fault::new(format!("{name} is no option"))),
            Some((keyword, _)) => value::read(keyword.kind, &line, self.release),
            None => Ok(Reading::default()),
        };
        let directive = Directive { line, origin, keyword, scope, reading };
        self.check(&directive, &name);
        self.walk.directives.push(directive);
    }

    fn check(&mut self, directive: &Directive, name: &str) {
        let whole = directive.line.keyword.range.clone();
        let at_keyword = |message: String| Fault { range: Some(whole.clone()), ..Fault::new(message) };
        let Some((keyword, known)) = directive.keyword else {
            let (fault, hint) = unknown(name, self.release);
            return self.report(&directive.line, &directive.origin, Fault { range: Some(whole), ..fault }, hint);
        };
        if !self.walk.active_at_start(directive.scope) && !keyword.allowed_in_match(known, self.release) {
            let fault = at_keyword(format!("{name} is not allowed within a Match block"));
            let hint =
                "move the line before the first Match line: indentation and blank lines do not end a block".to_owned();
            self.report(&directive.line, &directive.origin, fault, hint);
        }
        match &directive.reading {
            Err(fault) => {
                let fault = Fault { certain: fault.certain && !keyword.optional, ..fault.clone() };
                self.report(&directive.line, &directive.origin, fault, keyword.kind.expects());
            }
            Ok(reading) => self.remark(directive, reading),
        }
    }

    fn remark(&mut self, directive: &Directive, reading: &Reading) {
        self.walk.doubts.extend(reading.doubt.clone());
        if let Some(notice) = reading.notice {
            let fault = Fault::new(notice.message);
            let problem = problem_at(&directive.line, &directive.origin, fault, notice.hint.to_owned(), self.release);
            self.walk.problems.push(Problem { fatal: false, ..problem });
        }
    }

    fn report(&mut self, line: &Line, origin: &Origin, fault: Fault, hint: String) {
        self.walk.problems.push(problem_at(line, origin, fault, hint, self.release));
    }
}

fn problem_at(line: &Line, origin: &Origin, fault: Fault, hint: String, release: Release) -> Problem {
    let start = fault.range.map_or(line.keyword.range.start, |range| range.start);
    let (_, column) = line.logical.position(start);
    let hint =
        if fault.certain { hint } else { format!("{hint}; ask sshd -t, for this depends on how {release} was built") };
    let text = String::from_utf8_lossy(&line.logical.text).into_owned();
    Problem {
        origin: origin.clone(),
        column,
        message: fault.message,
        line: text,
        fatal: true,
        certain: fault.certain,
        hint,
    }
}

fn unknown(name: &str, release: Release) -> (Fault, String) {
    let fault = Fault::new(format!("bad configuration option \"{name}\""));
    match Keyword::find_in_any(name) {
        Some(keyword) if keyword.since() > release => {
            let hint = format!("remove the line: {name} came with {}, and this is {release}", keyword.since());
            (fault, hint)
        }
        Some(keyword) if keyword.names.iter().any(|name| name.debian) => {
            (Fault { certain: false, ..fault }, format!("remove the line: only Debian's sshd knows {name}"))
        }
        Some(_) => (fault, format!("remove the line: {release} does not know {name}")),
        None => (Fault { certain: false, ..fault }, "correct the keyword, or remove the line".to_owned()),
    }
}

/// The absolute pattern; `None` where 8.2 forgot the argument of a relative one.
fn include_path(pattern: &Word, release: Release) -> Option<PathBuf> {
    let text = pattern.lossy();
    if text.starts_with('/') {
        return Some(PathBuf::from(text));
    }
    if text.starts_with('~') {
        // glob(3) is called without GLOB_TILDE: the name stays relative and matches nothing where sshd is started.
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
    pub(crate) fn active_for(&self, scope: usize, connection: &Connection, release: Release) -> bool {
        scope != GLOBAL && self.chain(scope).all(|scope| !scope.dead && scope.criteria.holds_for(connection, release))
    }

    /// The scope and those around it, without the global one.
    pub(crate) fn chain(&self, scope: usize) -> impl Iterator<Item = &Scope> {
        let step = |&scope: &usize| self.scopes.get(scope).map(|found| found.outer);
        std::iter::successors(Some(scope), step)
            .take_while(|&scope| scope != GLOBAL)
            .filter_map(|scope| self.scopes.get(scope))
    }
}
