//! Setting and unsetting values, checked by reading the result.

use sshmend_lossless::Edit;

use crate::assignment::{Assignment, Operator};
use crate::change::Change;
use crate::directives::Directive;
use crate::draft::{Draft, overridden};
use crate::edited::{Edited, MAX_LINES, Note, Place};
use crate::effective::{Evaluation, Scope};
use crate::elements::Given;
use crate::keyword::Keyword;
use crate::list::ListChange;
use crate::owner::Foreign;
use crate::refusal::Refusal;
use crate::release::Release;
use crate::targets::targets;
use crate::tree::Tree;

impl Tree {
    /// Sets one value; see [`Tree::set_all`].
    ///
    /// # Errors
    /// Like [`Tree::set_all`].
    pub fn set(
        &self,
        key: &str,
        value: &str,
        release: Option<Release>,
        place: Place,
    ) -> Result<Edited, Refusal> {
        self.set_all(&[(key, value)], release, place)
    }

    /// Sets values for the global scope, so that they are in force in this release.
    ///
    /// Lines that would decide after an upgrade are made to agree; if the release is unknown, the
    /// values hold in all releases that accept the tree. A value already in force is left alone.
    /// Every result is read back.
    ///
    /// # Errors
    /// A [`Refusal`] if sshd would reject the line, if it would have no effect, or if it would
    /// change anything else; then nothing must be written.
    pub fn set_all<K: AsRef<str>, V: AsRef<str>>(
        &self,
        wanted: &[(K, V)],
        release: Option<Release>,
        place: Place,
    ) -> Result<Edited, Refusal> {
        let assignments: Vec<Assignment> = wanted
            .iter()
            .map(|(key, value)| Assignment::set(key.as_ref(), value.as_ref()))
            .collect();
        self.assign(&assignments, release, place)
    }

    /// Sets values, and adds elements to lists and removes them; see [`Tree::set_all`]. A list that
    /// is set several times gets the elements of all of these.
    ///
    /// # Errors
    /// Like [`Tree::set_all`].
    pub fn assign(
        &self,
        wanted: &[Assignment],
        release: Option<Release>,
        place: Place,
    ) -> Result<Edited, Refusal> {
        self.wholly_seen(release)?;
        let (mut draft, mut notes) = (Draft::new(self.clone()), Vec::new());
        let mut open: Vec<usize> = (0..wanted.len()).collect();
        while !open.is_empty() {
            let (mut waiting, mut refusal) = (Vec::new(), None);
            for index in &open {
                let asked = (wanted, *index, release, place);
                match put(&draft, asked, &mut notes) {
                    Ok(after) => draft = after,
                    // Another one may have to come first: the user before the command that runs as that user.
                    Err(why @ Refusal::Contradiction { .. }) => {
                        refusal.get_or_insert(why);
                        waiting.push(*index);
                    }
                    Err(why) => return Err(why),
                }
            }
            if let Some(why) = refusal.filter(|_| waiting.len() == open.len()) {
                return Err(why);
            }
            open = waiting;
        }
        Ok(draft.finish(notes))
    }

    /// Removes every line that decides the global value of these keywords, so that their defaults
    /// apply.
    ///
    /// # Errors
    /// A [`Refusal`] if a keyword is unknown or the daemon's command line sets it.
    pub fn unset<K: AsRef<str>>(
        &self,
        keys: &[K],
        release: Option<Release>,
    ) -> Result<Edited, Refusal> {
        self.wholly_seen(release)?;
        let mut draft = Draft::new(self.clone());
        for key in keys {
            let (keyword, releases) = targets(&draft.tree, key.as_ref(), release)?;
            for target in releases.all() {
                remove_deciders(&mut draft, keyword, target)?;
            }
        }
        Ok(draft.finish(Vec::new()))
    }
}

impl Tree {
    /// Refuses to determine which line decides if a part of the tree could not be read.
    fn wholly_seen(&self, release: Option<Release>) -> Result<(), Refusal> {
        match self.unseen(release).into_iter().next() {
            Some(unseen) => Err(Refusal::Unseen(unseen)),
            None => Ok(()),
        }
    }
}

/// One assignment of several, put into the draft.
fn put(
    draft: &Draft,
    (wanted, index, release, place): (&[Assignment], usize, Option<Release>, Place),
    notes: &mut Vec<Note>,
) -> Result<Draft, Refusal> {
    let Assignment {
        key,
        operator,
        value,
    } = &wanted[index];
    let (keyword, targets) = targets(&draft.tree, key, release)?;
    if keyword.accumulates() {
        let values = list_values(wanted, index);
        if values.is_empty() {
            return Ok(draft.clone());
        }
        let given = Given::new(keyword, *operator, &values);
        let change = ListChange::new(&draft.tree, (keyword, &targets), given, place)?;
        return change.write(draft.clone());
    }
    if *operator != Operator::Set {
        return Err(Refusal::NotAList { key: keyword.key() });
    }
    Change::new(&draft.tree, key, value, release, place)?.write(draft, notes)
}

/// The values of an assignment to a list. What several assignments set is returned for the first
/// one, and nothing for the others.
fn list_values(wanted: &[Assignment], index: usize) -> Vec<&str> {
    let Some(this) = wanted.get(index) else {
        return Vec::new();
    };
    if this.operator != Operator::Set {
        return vec![&this.value];
    }
    let same = |other: &&Assignment| {
        other.operator == Operator::Set && other.key.eq_ignore_ascii_case(&this.key)
    };
    if wanted[..index].iter().any(|other| same(&other)) {
        return Vec::new();
    }
    let all = wanted.iter().filter(same);
    all.map(|other| other.value.as_str()).collect()
}

/// Removes the lines that decide in this release, one after the other: the next one may decide then.
fn remove_deciders(draft: &mut Draft, keyword: &Keyword, release: Release) -> Result<(), Refusal> {
    for _ in 0..MAX_LINES * 16 {
        let Some(line) = first_decider(&draft.tree, keyword, release) else {
            break;
        };
        overridden(&draft.tree, keyword, &line)?;
        if let Some(foreign) = Foreign::of(&draft.tree, &line.origin.path) {
            return Err(Refusal::Foreign {
                key: keyword.key(),
                foreign,
            });
        }
        let Some(bytes) = draft.bytes(&line.origin.path) else {
            break;
        };
        let physical = sshmend_lossless::lines(bytes).nth(line.origin.line - 1);
        let Some(physical) = physical else { break };
        draft.apply(&line.origin.path, Edit::delete(physical.span));
    }
    Ok(())
}

/// The first line that decides a part of the global value.
fn first_decider(tree: &Tree, keyword: &Keyword, release: Release) -> Option<Directive> {
    let walk = tree.walk(release);
    let index = Evaluation::new(&walk, release, Scope::Global)
        .deciders(keyword)
        .into_values()
        .min()?;
    walk.directives.get(index)
}
