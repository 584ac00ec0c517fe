//! The change of one value in a tree.

use std::collections::BTreeMap;
use std::path::Path;

use sshmend_lossless::Origin;

use crate::check::{new_problem, same_otherwise};
use crate::directives::Directive;
use crate::draft::{Draft, overridden};
use crate::edited::{MAX_LINES, Note, Place};
use crate::effective::{Evaluation, Scope};
use crate::intention::{bad_value, intention, unified};
use crate::keyword::Keyword;
use crate::owner::Foreign;
use crate::place;
use crate::refusal::Refusal;
use crate::release::Release;
use crate::targets::{Targets, targets};
use crate::tree::Tree;
use crate::value::Kind;
use crate::write;

/// The change of one value in a tree, and the releases that must read it so.
pub(crate) struct Change {
    keyword: &'static Keyword,
    targets: Targets,
    place: Place,
    /// The intended parts, by release.
    meant: BTreeMap<Release, BTreeMap<usize, String>>,
    /// The forms in which to write it: as given, then with all its parts.
    forms: Vec<String>,
}

impl Change {
    /// Checks keyword and value against the releases to please.
    pub(crate) fn new(
        tree: &Tree,
        key: &str,
        value: &str,
        release: Option<Release>,
        place: Place,
    ) -> Result<Self, Refusal> {
        let (keyword, mut targets) = targets(tree, key, release)?;
        let mut meant = BTreeMap::new();
        for target in targets.must.clone() {
            meant.insert(target, intention(keyword, value, target)?);
        }
        targets.should.retain(|&target| {
            let later = intention(keyword, value, target);
            later.is_ok_and(|later| meant.insert(target, later).is_none())
        });
        let separator = keyword
            .kind
            .separator()
            .map(|separator| separator.to_string());
        let whole = separator.and_then(|separator| {
            let parts = meant.get(&targets.primary())?;
            Some(parts.values().cloned().collect::<Vec<_>>().join(&separator))
        });
        let mut forms: Vec<String> = std::iter::once(value.to_owned()).chain(whole).collect();
        forms.dedup();
        Ok(Self {
            keyword,
            targets,
            place,
            meant,
            forms,
        })
    }

    /// Writes the value in the first form that works.
    pub(crate) fn write(&self, draft: &Draft, notes: &mut Vec<Note>) -> Result<Draft, Refusal> {
        let mut refusal = None;
        for form in &self.forms {
            let written = self.write_form(draft.clone(), form);
            match written.and_then(|(after, remarks)| {
                self.check(&draft.tree, &after.tree)
                    .map(|()| (after, remarks))
            }) {
                Ok((after, remarks)) => {
                    notes.extend(remarks);
                    return Ok(after);
                }
                Err(why) => refusal = refusal.or(Some(why)),
            }
        }
        Err(refusal.unwrap_or_else(|| Refusal::NoPlace {
            key: self.keyword.key(),
        }))
    }

    fn write_form(&self, mut draft: Draft, form: &str) -> Result<(Draft, Vec<Note>), Refusal> {
        let mut notes = Vec::new();
        let mut decided = Vec::new();
        self.mend_refused_lines(&mut draft, form, &mut notes)?;
        for _ in 0..MAX_LINES {
            let Some(target) = self
                .targets
                .all()
                .find(|&target| !self.holds(&draft.tree, target))
            else {
                notes.extend(self.each_decides(&decided));
                return Ok((draft, notes));
            };
            let now = self.targets.must.contains(&target);
            let culprit = self.culprit(&draft.tree, target);
            culprit
                .as_ref()
                .map_or(Ok(()), |line| overridden(&draft.tree, self.keyword, line))?;
            match culprit {
                Some(line) if self.may_edit(&draft.tree, &line) => {
                    if now {
                        decided.push((line.origin.clone(), target));
                    } else {
                        notes.push(self.agreement(&line, target));
                    }
                    notes.extend(self.overwrite(&mut draft, &line, form)?);
                }
                Some(line) if !now => {
                    notes.push(self.after_upgrade(&line, target));
                    return Ok((draft, notes));
                }
                None if !now => return Ok((draft, notes)),
                culprit => draft = self.insert(&draft, form, culprit.as_ref(), &mut notes)?,
            }
        }
        Err(Refusal::NoPlace {
            key: self.keyword.key(),
        })
    }

    /// True if the intended value is in force for the global scope.
    fn holds(&self, tree: &Tree, target: Release) -> bool {
        let walk = tree.walk(target);
        let parts = Evaluation::new(&walk, target, Scope::Global).parts(self.keyword);
        let Some(meant) = self.meant.get(&target) else {
            return true;
        };
        meant.iter().all(|(part, value)| {
            let value = unified(self.keyword.kind, value);
            let default = self.keyword.kind == Kind::Penalties && *part == 0 && value == "yes";
            parts
                .get(part)
                .map_or(default, |found| unified(self.keyword.kind, found) == value)
        })
    }

    /// The line that prevents a part from having the intended value.
    fn culprit(&self, tree: &Tree, target: Release) -> Option<Directive> {
        let walk = tree.walk(target);
        let evaluation = Evaluation::new(&walk, target, Scope::Global);
        let (parts, deciders) = (
            evaluation.parts(self.keyword),
            evaluation.deciders(self.keyword),
        );
        let meant = self.meant.get(&target)?;
        let wrong = |part: &&usize| parts.get(*part) != meant.get(*part);
        let by = meant
            .keys()
            .filter(wrong)
            .find_map(|part| deciders.get(part));
        let any_penalty = || {
            deciders
                .values()
                .min()
                .filter(|_| self.keyword.kind == Kind::Penalties)
        };
        walk.directives.get(*by.or_else(any_penalty)?)
    }

    fn may_edit(&self, tree: &Tree, line: &Directive) -> bool {
        match self.place {
            Place::Best => Foreign::of(tree, &line.origin.path).is_none(),
            Place::DropIn => place::is_own_drop_in(&line.origin.path),
        }
    }

    /// Lines of the keyword that sshd refuses keep it from starting: they get the value too.
    fn mend_refused_lines(
        &self,
        draft: &mut Draft,
        form: &str,
        notes: &mut Vec<Note>,
    ) -> Result<(), Refusal> {
        let release = self.targets.primary();
        for _ in 0..MAX_LINES {
            let walk = draft.tree.walk(release);
            let is_refused = |line: &Directive| {
                line.reading.is_err()
                    && walk.active_at_start(line.scope)
                    && self.may_edit(&draft.tree, line)
            };
            // A line that sets something is not refused: it need not be read.
            let places = walk.directives.places_of(self.keyword.names[0].text);
            let silent = places.filter(|&index| !walk.directives.sets(index));
            let mut lines = silent.filter_map(|index| walk.directives.get(index));
            let Some(line) = lines.find(is_refused) else {
                break;
            };
            overridden(&draft.tree, self.keyword, &line)?;
            let message = format!(
                "sshd refuses this line of {} as it stands: it gets the value too",
                self.keyword.key()
            );
            notes.push(Note {
                origin: Some(line.origin.clone()),
                message,
            });
            notes.extend(self.overwrite(draft, &line, form)?);
        }
        Ok(())
    }

    /// Replaces the value of a line, and notes what else is replaced with it.
    fn overwrite(
        &self,
        draft: &mut Draft,
        line: &Directive,
        form: &str,
    ) -> Result<Option<Note>, Refusal> {
        let argument = self.argument(form)?;
        let path = line.origin.path.clone();
        let Some(document) = draft.bytes(&path) else {
            return Err(Refusal::no_file(&draft.tree.snapshot, &path));
        };
        let empty = BTreeMap::new();
        let meant = self.meant.get(&self.targets.primary()).unwrap_or(&empty);
        let edit = write::over(&line.line, document, self.keyword, &argument, meant);
        let note = glued(&document[edit.range.clone()]).map(|lost| {
            let message = format!(
                "a NUL byte joins the next line to this one, so it is also removed: {lost}"
            );
            Note {
                origin: Some(line.origin.clone()),
                message,
            }
        });
        draft.apply(&path, edit);
        Ok(note)
    }

    /// If several lines were changed because releases differ: the reason for each.
    fn each_decides(&self, decided: &[(Origin, Release)]) -> Vec<Note> {
        let each = decided
            .iter()
            .filter(|_| decided.len() > 1)
            .map(|(origin, release)| {
                let message = format!(
                    "{} this line decides {}",
                    self.in_which(*release),
                    self.keyword.key()
                );
                Note {
                    origin: Some(origin.clone()),
                    message,
                }
            });
        each.collect()
    }

    fn argument(&self, form: &str) -> Result<String, Refusal> {
        let oldest = self
            .targets
            .must
            .iter()
            .min()
            .copied()
            .unwrap_or(Release::NEWEST);
        let bad = || {
            bad_value(
                self.keyword,
                form,
                "it cannot be written in this release".to_owned(),
            )
        };
        write::argument(self.keyword.kind, form, oldest).ok_or_else(bad)
    }

    /// Adds a line where it takes effect; in a drop-in to override a file with another owner.
    fn insert(
        &self,
        draft: &Draft,
        form: &str,
        culprit: Option<&Directive>,
        notes: &mut Vec<Note>,
    ) -> Result<Draft, Refusal> {
        let main = draft.tree.main.as_path();
        let decides = culprit.map_or(main, |line| &line.origin.path);
        let foreign = Foreign::of(&draft.tree, decides).filter(|_| self.place == Place::Best);
        let own_main = self.place == Place::Best && Foreign::of(&draft.tree, main).is_none();
        let drop_ins = place::drop_ins(main)
            .into_iter()
            .filter(|_| foreign.is_some() || self.place == Place::DropIn);
        let mut refusal = None;
        for path in drop_ins.chain(own_main.then(|| main.to_owned())) {
            match self.insert_into(draft, &path, form) {
                Ok(after) => {
                    notes.extend(foreign.as_ref().map(|foreign| overruled(foreign, &path)));
                    return Ok(after);
                }
                Err(why) => refusal = refusal.or(Some(why)),
            }
        }
        let key = self.keyword.key();
        match foreign {
            Some(foreign) => Err(Refusal::Foreign { key, foreign }),
            None => Err(refusal.unwrap_or(Refusal::NoPlace { key })),
        }
    }

    fn insert_into(&self, draft: &Draft, path: &Path, form: &str) -> Result<Draft, Refusal> {
        let argument = self.argument(form)?;
        let name = self.keyword.name_for(self.targets.primary());
        let Some(document) = draft.bytes(path).map(<[u8]>::to_vec) else {
            return if path == draft.tree.main {
                Err(Refusal::no_file(&draft.tree.snapshot, path))
            } else {
                self.create(draft, path, place::new_file(name, &argument))
            };
        };
        let mut refusal = None;
        for edit in place::candidates(
            &document,
            self.keyword,
            name,
            &argument,
            self.targets.primary(),
        ) {
            let mut after = draft.clone();
            after.apply(path, edit);
            match self.check(&draft.tree, &after.tree) {
                Ok(()) => return Ok(after),
                Err(why) => refusal = refusal.or(Some(why)),
            }
        }
        Err(refusal.unwrap_or_else(|| Refusal::NoPlace {
            key: self.keyword.key(),
        }))
    }

    fn create(&self, draft: &Draft, path: &Path, content: Vec<u8>) -> Result<Draft, Refusal> {
        let mut after = draft.clone();
        let created = after.create(path, content);
        let is_read = |target: &Release| after.tree.walk(*target).paths.contains(path);
        if !created || !self.targets.must.iter().all(is_read) {
            return Err(Refusal::NotRead {
                path: path.to_owned(),
            });
        }
        self.check(&draft.tree, &after.tree).map(|()| after)
    }

    /// The value must be in force, nothing else may change, and sshd may refuse nothing that it accepted before.
    fn check(&self, before: &Tree, after: &Tree) -> Result<(), Refusal> {
        let key = self.keyword.key();
        for &target in &self.targets.must {
            if let Some(problem) = new_problem(before, after, target) {
                return Err(Refusal::Contradiction {
                    key,
                    message: problem.message,
                    hint: problem.hint,
                });
            }
            if !self.holds(after, target) {
                return Err(
                    match self
                        .culprit(after, target)
                        .filter(|_| self.place == Place::DropIn)
                    {
                        Some(line) => Refusal::WouldLose {
                            key,
                            path: place::drop_in(&after.main),
                            winner: line.origin,
                        },
                        None if self.place == Place::DropIn => Refusal::NotRead {
                            path: place::drop_in(&after.main),
                        },
                        None => Refusal::NoPlace { key },
                    },
                );
            }
            if !same_otherwise(before, after, self.keyword, target) {
                return Err(Refusal::NoPlace { key });
            }
        }
        Ok(())
    }

    fn agreement(&self, line: &Directive, target: Release) -> Note {
        let message = format!(
            "brought into agreement: {} this line decides {}",
            self.since(target),
            self.keyword.key()
        );
        Note {
            origin: Some(line.origin.clone()),
            message,
        }
    }

    fn after_upgrade(&self, line: &Directive, target: Release) -> Note {
        let message = format!(
            "{} this line decides {}, not the drop-in",
            self.since(target),
            self.keyword.key()
        );
        Note {
            origin: Some(line.origin.clone()),
            message,
        }
    }

    /// The releases in which a line decides where another one does in others.
    fn in_which(&self, release: Release) -> String {
        match self.keyword.first_wins_from() {
            Some(first) if release < first => format!("before {first}"),
            Some(first) => format!("from {first} on"),
            None => format!("in {release}"),
        }
    }

    /// The releases that read the lines of the keyword as `target` does.
    fn since(&self, target: Release) -> String {
        match self
            .keyword
            .first_wins_from()
            .filter(|&first| first > self.targets.primary())
        {
            Some(first) => format!("from {first} on"),
            None => format!("in {target}"),
        }
    }
}

/// The text that a NUL byte joined to the replaced line, from its own keyword on.
fn glued(replaced: &[u8]) -> Option<String> {
    let feed = replaced.iter().position(|&b| b == b'\n')?;
    Some(
        String::from_utf8_lossy(&replaced[feed + 1..])
            .trim()
            .to_owned(),
    )
}

/// The note that a file is not edited and which one overrides it.
fn overruled(foreign: &Foreign, by: &Path) -> Note {
    let (path, why, by) = (
        foreign.path.display(),
        foreign.packager.describes(),
        by.display(),
    );
    Note {
        origin: None,
        message: format!("{path} is not edited: {why}; the line in {by} overrides it"),
    }
}
