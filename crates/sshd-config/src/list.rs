//! The change of a list that several lines make up.

use std::path::Path;

use sshmend_lossless::{Edit, lines};

use crate::check::{new_problem, same_otherwise};
use crate::directives::Directive;
use crate::draft::{Draft, overridden};
use crate::edited::{MAX_LINES, Place};
use crate::elements::{Desired, Given, desired, distinct, named};
use crate::intention::bad_value;
use crate::keyword::Keyword;
use crate::owner::Foreign;
use crate::place;
use crate::refusal::Refusal;
use crate::release::Release;
use crate::targets::Targets;
use crate::tree::Tree;
use crate::value::Kind;
use crate::walk::GLOBAL;
use crate::words::Word;

/// One list, its intended content, and the releases that must read it so.
pub(crate) struct ListChange<'a> {
    keyword: &'static Keyword,
    targets: &'a Targets,
    place: Place,
    given: Given,
    desired: Desired,
}

impl<'a> ListChange<'a> {
    /// Checks the elements against the releases to please.
    pub(crate) fn new(
        tree: &Tree,
        (keyword, targets): (&'static Keyword, &'a Targets),
        given: Given,
        place: Place,
    ) -> Result<Self, Refusal> {
        let mut wanted = Desired::new();
        for &release in &targets.must {
            if let Some(elements) = desired(tree, &given, release)? {
                wanted.insert(release, elements);
            }
        }
        let from_option = tree.overrides.iter().find(|given| given.replaces_ports());
        if let Some(option) = from_option.filter(|_| keyword.kind == Kind::Port) {
            return Err(Refusal::Overridden {
                key: keyword.key(),
                option: option.option.clone(),
            });
        }
        Ok(Self {
            keyword,
            targets,
            place,
            given,
            desired: wanted,
        })
    }

    /// Edits line by line until every release reads the intended list.
    pub(crate) fn write(&self, mut draft: Draft) -> Result<Draft, Refusal> {
        let before = draft.tree.clone();
        for _ in 0..MAX_LINES * 16 {
            let open = self
                .desired
                .iter()
                .find(|&(&release, wanted)| !self.holds(&draft.tree, release, wanted));
            let Some((&release, wanted)) = open else {
                return self.check(&before, &draft.tree).map(|()| draft);
            };
            draft = self.step(draft, release, wanted)?;
        }
        Err(self.no_place())
    }

    fn no_place(&self) -> Refusal {
        Refusal::NoPlace {
            key: self.keyword.key(),
        }
    }

    fn holds(&self, tree: &Tree, release: Release, wanted: &[String]) -> bool {
        let now = distinct(
            named(tree, self.keyword, release)
                .into_iter()
                .map(|element| element.value),
        );
        now.len() == wanted.len() && now.iter().all(|element| wanted.contains(element))
    }

    /// One edit: removes an element, replaces a whole line of which every element differs, or adds
    /// missing elements.
    fn step(&self, draft: Draft, release: Release, wanted: &[String]) -> Result<Draft, Refusal> {
        let now = named(&draft.tree, self.keyword, release);
        let missing: Vec<&String> = wanted
            .iter()
            .filter(|wanted| !now.iter().any(|element| element.value == **wanted))
            .collect();
        let extra = now.iter().find(|element| !wanted.contains(&element.value));
        let walk = draft.tree.walk(release);
        let line = |by: usize| walk.directives.get(by);
        if let Some(extra) = extra {
            let line = line(extra.by).ok_or_else(|| self.no_place())?;
            self.may_edit(&draft.tree, &line)?;
            return if missing.is_empty() {
                self.remove(draft, &line, &extra.value)
            } else {
                self.replace(draft, &line, &extra.value, missing[0], release)
            };
        }
        let anchors: Vec<Directive> = distinct_lines(now.iter().map(|element| element.by))
            .into_iter()
            .filter_map(line)
            .filter(|line| line.scope == GLOBAL && self.may_edit(&draft.tree, line).is_ok())
            .collect();
        let singly =
            anchors.len() > 1 && anchors.len() == now.len() && self.keyword.kind.is_many_a_line();
        match anchors.last() {
            Some(anchor) if self.keyword.kind.is_many_a_line() && !singly => {
                self.append(draft, anchor, missing[0], release)
            }
            Some(anchor) => self.insert_behind(draft, anchor, missing[0], release),
            None => self.insert(&draft, &missing, release),
        }
    }

    fn may_edit(&self, tree: &Tree, line: &Directive) -> Result<(), Refusal> {
        let key = self.keyword.key();
        overridden(tree, self.keyword, line)?;
        let path = &line.origin.path;
        match (self.place, Foreign::of(tree, path)) {
            (Place::Best, Some(foreign)) => Err(Refusal::Foreign { key, foreign }),
            (Place::DropIn, _) if !place::is_own_drop_in(path) => Err(Refusal::WouldLose {
                key,
                path: place::drop_in(&tree.main),
                winner: line.origin.clone(),
            }),
            _ => Ok(()),
        }
    }

    fn written(&self, element: &str, release: Release) -> Result<String, Refusal> {
        let bad = || {
            let message = "it cannot be written in this release".to_owned();
            bad_value(self.keyword, element, message)
        };
        self.given.written(element, release).ok_or_else(bad)
    }

    /// The arguments of a line, each with the element that it names; one for all if they form one
    /// element.
    fn words(&self, line: &Directive) -> Vec<Word> {
        let args = if self.keyword.kind == Kind::Environment {
            line.line.args_with_equals()
        } else {
            line.line.args()
        };
        let words = args.map(|args| args.list().to_vec()).unwrap_or_default();
        match (words.first(), words.last()) {
            (Some(first), Some(last)) if !self.keyword.kind.is_many_a_line() => vec![Word {
                text: Vec::new(),
                range: first.range.start..last.range.end,
            }],
            _ => words,
        }
    }

    /// The words of a line that name this element.
    fn naming(&self, line: &Directive, element: &str) -> Vec<usize> {
        let words = self.words(line);
        let names = |word: &Word| !self.keyword.kind.is_many_a_line() || word.lossy() == element;
        let all = words.iter().enumerate();
        all.filter(|(_, word)| names(word))
            .map(|(index, _)| index)
            .collect()
    }

    /// Removes an element from its line, and the line itself if it is the last one.
    fn remove(&self, mut draft: Draft, line: &Directive, element: &str) -> Result<Draft, Refusal> {
        let (words, naming) = (self.words(line), self.naming(line, element));
        let Some(&at) = naming.first() else {
            return Err(self.no_place());
        };
        let path = line.origin.path.clone();
        let edit = if naming.len() == words.len() {
            let document = draft.bytes(&path).unwrap_or_default();
            Edit::delete(whole_line(document, line).ok_or_else(|| self.no_place())?)
        } else {
            let range = if at > 0 {
                words[at - 1].range.end..words[at].range.end
            } else {
                words[0].range.start..words[1].range.start
            };
            Edit::delete(line.line.file_range(&range))
        };
        draft.apply(&path, edit);
        Ok(draft)
    }

    /// Writes another element in the place of one.
    fn replace(
        &self,
        mut draft: Draft,
        line: &Directive,
        element: &str,
        by: &str,
        release: Release,
    ) -> Result<Draft, Refusal> {
        let words = self.words(line);
        let naming = self.naming(line, element);
        let word = naming.first().and_then(|&at| words.get(at));
        let range = word.ok_or_else(|| self.no_place())?.range.clone();
        let text = self.written(by, release)?;
        let edit = Edit::replace(line.line.file_range(&range), text);
        draft.apply(&line.origin.path, edit);
        Ok(draft)
    }

    fn append(
        &self,
        mut draft: Draft,
        line: &Directive,
        element: &str,
        release: Release,
    ) -> Result<Draft, Refusal> {
        let words = self.words(line);
        let last = words.last().ok_or_else(|| self.no_place())?;
        let end = line.line.file_range(&last.range).end;
        let text = format!(" {}", self.written(element, release)?);
        draft.apply(&line.origin.path, Edit::insert(end, text));
        Ok(draft)
    }

    /// Inserts a line after another one of the keyword, in the same style.
    fn insert_behind(
        &self,
        mut draft: Draft,
        line: &Directive,
        element: &str,
        release: Release,
    ) -> Result<Draft, Refusal> {
        let path = line.origin.path.clone();
        let document = draft.bytes(&path).unwrap_or_default();
        let span = whole_line(document, line).ok_or_else(|| self.no_place())?;
        let name = line.line.keyword.lossy();
        let value = self.written(element, release)?;
        let edit = place::behind(document, &span, &name, &value, release);
        draft.apply(&path, edit);
        Ok(draft)
    }

    /// Adds the first lines of the keyword: where a new line takes effect, or in a drop-in.
    fn insert(
        &self,
        draft: &Draft,
        missing: &[&String],
        release: Release,
    ) -> Result<Draft, Refusal> {
        let main = draft.tree.main.clone();
        let foreign_main = Foreign::of(&draft.tree, &main).is_some();
        let in_drop_in = self.place == Place::DropIn || foreign_main;
        let drop_ins = place::drop_ins(&main).into_iter().filter(|_| in_drop_in);
        let mut refusal = self.no_place();
        for path in drop_ins.chain((!in_drop_in).then(|| main.clone())) {
            match self.insert_into(draft, &path, missing, release) {
                Ok(after) => return Ok(after),
                Err(why) => refusal = why,
            }
        }
        Err(refusal)
    }

    fn insert_into(
        &self,
        draft: &Draft,
        path: &Path,
        missing: &[&String],
        release: Release,
    ) -> Result<Draft, Refusal> {
        let name = self.keyword.name_for(self.targets.primary());
        let first = missing.first().ok_or_else(|| self.no_place())?;
        let mut value = self.written(first, release)?;
        if self.keyword.kind.is_many_a_line() {
            for element in &missing[1..] {
                value.push(' ');
                value.push_str(&self.written(element, release)?);
            }
        }
        let Some(document) = draft.bytes(path).map(<[u8]>::to_vec) else {
            if path == draft.tree.main {
                return Err(Refusal::no_file(&draft.tree.snapshot, path));
            }
            let mut after = draft.clone();
            let made = after.create(path, place::new_file(name, &value));
            let is_read = made && after.tree.walk(release).paths.contains(path);
            let path = path.to_owned();
            return is_read.then_some(after).ok_or(Refusal::NotRead { path });
        };
        let candidates = place::candidates(&document, self.keyword, name, &value, release);
        let fits = |edit: Edit| {
            let mut after = draft.clone();
            after.apply(path, edit);
            let now = named(&after.tree, self.keyword, release);
            let there = now.iter().any(|element| element.value == **first);
            (there
                && self
                    .harms_nothing(&draft.tree, &after.tree, release)
                    .is_ok())
            .then_some(after)
        };
        candidates
            .into_iter()
            .find_map(fits)
            .ok_or_else(|| self.no_place())
    }

    /// Checks that nothing else changes, and that sshd accepts everything it accepted before.
    fn harms_nothing(&self, before: &Tree, after: &Tree, release: Release) -> Result<(), Refusal> {
        if let Some(problem) = new_problem(before, after, release) {
            return Err(Refusal::Contradiction {
                key: self.keyword.key(),
                message: problem.message,
                hint: problem.hint,
            });
        }
        if same_otherwise(before, after, self.keyword, release) {
            Ok(())
        } else {
            Err(self.no_place())
        }
    }

    fn check(&self, before: &Tree, after: &Tree) -> Result<(), Refusal> {
        let mut must = self.targets.must.iter();
        must.try_for_each(|&release| self.harms_nothing(before, after, release))
    }
}

fn distinct_lines(by: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut all: Vec<usize> = by.collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The physical line of a directive; `None` if a NUL byte joins it to another one.
fn whole_line(document: &[u8], line: &Directive) -> Option<std::ops::Range<usize>> {
    let physical = lines(document).nth(line.origin.line.checked_sub(1)?)?;
    let end = line.line.logical.text.len().checked_sub(1)?;
    let last = line.line.logical.offset(end);
    (physical.span.contains(&last)).then_some(physical.span)
}
