//! Several plans as one, so that they are shown, checked and committed together.

use std::collections::HashMap;

use sshmend_lossless::{Edit, EditSet, FileChange, FileImage, Step};

use crate::distinct::distinct;
use crate::hosts_access::NOT_LOOKED_AT;
use crate::plan::{Effect, Plan, Refusal};

/// Joins two changes of one file; `None` if they contradict each other.
type Together = fn(&FileChange, &FileChange) -> Option<FileChange>;

impl Plan {
    /// Joins plans made for the same machine; what several of them contain counts once.
    ///
    /// Programs are run in the order of the plans, and undone in the opposite one.
    ///
    /// # Errors
    /// If two of them want different things of the same file, which is named with both purposes.
    pub fn join(plans: Vec<Self>) -> Result<Self, Refusal> {
        Self::put_together(plans, both)
    }

    /// Joins plans each of which was made for the machine as the previous ones leave it.
    ///
    /// # Errors
    /// Like [`Plan::join`].
    pub fn chain(plans: Vec<Self>) -> Result<Self, Refusal> {
        Self::put_together(plans, one_after_the_other)
    }

    fn put_together(plans: Vec<Self>, together: Together) -> Result<Self, Refusal> {
        let way_back = way_back(&plans);
        let (mut joined, mut effects) = (Self::default(), Effects::default());
        let mut purposes: Vec<String> = Vec::new();
        for plan in plans {
            if plan.lasts.is_some() {
                let reason = format!(
                    "a temporary change cannot be combined with others: {}",
                    plan.purpose
                );
                return Err(Refusal::refused(reason, "run it by itself"));
            }
            for change in plan.files {
                add_file(
                    &mut joined.files,
                    change,
                    together,
                    (&purposes, &plan.purpose),
                )?;
            }
            effects.add(plan.effects);
            joined.rehearsal.extend(plan.rehearsal);
            joined.handshake = joined.handshake.or(plan.handshake);
            add(&mut joined.activation, plan.activation);
            add(&mut joined.restart, plan.restart);
            joined.unseen = joined.unseen.or(plan.unseen);
            joined.reloaded.extend(plan.reloaded);
            add(&mut joined.proof, plan.proof);
            joined.notices.extend(plan.notices);
            joined.lockout = joined.lockout.worse(plan.lockout);
            purposes.extend(Some(plan.purpose).filter(|purpose| !purpose.is_empty()));
        }
        joined.effects = effects.in_order();
        joined.rehearsal = distinct(joined.rehearsal);
        joined.reloaded = distinct(joined.reloaded);
        joined.notices = distinct(joined.notices);
        joined.files.sort_by(|a, b| a.path.cmp(&b.path));
        joined.purpose = purposes.join("; ");
        joined.undo = way_back;
        Ok(joined)
    }
}

/// If any plan has separate undo steps, the others undo by repeating their activation.
fn way_back(plans: &[Plan]) -> Vec<Step> {
    let mut steps = Vec::new();
    if plans.iter().any(|plan| !plan.undo.is_empty()) {
        for plan in plans.iter().rev() {
            add(&mut steps, plan.turned_steps().0);
        }
    }
    steps
}

/// Adds what is not there yet, to a list that is short however many things are changed.
fn add<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

/// The effects of several plans.
#[derive(Default)]
struct Effects {
    /// In the order in which they appeared; `None` for a change that was reverted.
    all: Vec<Option<Effect>>,
    /// The places of the effects on one thing.
    of: HashMap<String, Vec<usize>>,
}

impl Effects {
    /// Adds those of one more plan. An effect that continues an earlier one is merged with it.
    fn add(&mut self, more: Vec<Effect>) {
        let mut changed = Vec::new();
        for effect in more {
            let places = self.of.entry(effect.what.clone()).or_default();
            let find = |is_wanted: &dyn Fn(&Effect) -> bool| {
                let mut places = places.iter().copied();
                places.find(|&place| self.all[place].as_ref().is_some_and(is_wanted))
            };
            let earlier = find(&|one| one.after == effect.before);
            if let Some(place) = earlier {
                changed.push(place);
                self.all[place] = self.all[place].take().map(|one| Effect {
                    after: effect.after,
                    ..one
                });
            } else if find(&|one| *one == effect).is_none() {
                changed.push(self.all.len());
                places.push(self.all.len());
                self.all.push(Some(effect));
            }
        }
        for place in changed {
            // "not looked at" before and after is kept; a change that is reverted is not an effect.
            let is_effect =
                |effect: &Effect| effect.before != effect.after || effect.before == NOT_LOOKED_AT;
            self.all[place] = self.all[place].take().filter(is_effect);
        }
    }

    fn in_order(self) -> Vec<Effect> {
        self.all.into_iter().flatten().collect()
    }
}

fn add_file(
    files: &mut Vec<FileChange>,
    change: FileChange,
    together: Together,
    (earlier, purpose): (&[String], &str),
) -> Result<(), Refusal> {
    let Some(same) = files
        .iter_mut()
        .find(|file| file.target() == change.target())
    else {
        files.push(change);
        return Ok(());
    };
    *same = together(same, &change).ok_or_else(|| {
        let reason = format!(
            "{} would be changed in two conflicting ways: {}; and {purpose}",
            change.path.display(),
            earlier.join("; ")
        );
        Refusal::refused(reason, "make one change after the other")
    })?;
    Ok(())
}

/// One change with the effect of both; `None` if they contradict each other.
fn both(one: &FileChange, other: &FileChange) -> Option<FileChange> {
    if one == other {
        return Some(one.clone());
    }
    let same_origin = one.before == other.before && one.path == other.path;
    let image = one
        .before
        .as_ref()
        .filter(|_| same_origin && one.after.is_some() && other.after.is_some())?;
    let give = match (one.give, other.give) {
        (Some(a), Some(b)) if a != b => return None,
        (a, b) => a.or(b),
    };
    let edits = one.edits.union(&other.edits).ok()?;
    Some(FileChange {
        give,
        ..FileChange::edit(&one.path, image.clone(), edits)
    })
}

/// One change with the effect of the first and then the next, which was planned on the result of
/// the first; `None` if it was not.
fn one_after_the_other(first: &FileChange, next: &FileChange) -> Option<FileChange> {
    let left = next.before.as_ref().map(|image| &image.bytes);
    if left != first.after.as_ref() {
        return None;
    }
    let change = match (&first.before, &next.after) {
        (Some(image), Some(bytes)) => {
            let edits = between(image, bytes)?;
            FileChange::edit(&first.path, image.clone(), edits)
        }
        (None, Some(bytes)) => FileChange::create(&first.path, bytes.clone(), first.create.clone()),
        (before, None) => FileChange {
            before: before.clone(),
            edits: EditSet::default(),
            after: None,
            ..first.clone()
        },
    };
    Some(FileChange {
        give: next.give.or(first.give),
        ..change
    })
}

/// The one replacement that leads from a captured file to other bytes: what both begin and end with stays.
fn between(image: &FileImage, after: &[u8]) -> Option<EditSet> {
    let before = &image.bytes;
    let same = |(a, b): &(&u8, &u8)| a == b;
    let head = before.iter().zip(after).take_while(same).count();
    let (old, new) = (&before[head..], &after[head..]);
    let tail = old.iter().rev().zip(new.iter().rev());
    let tail = tail.take_while(same).count();
    let edit = Edit::replace(head..before.len() - tail, &after[head..after.len() - tail]);
    EditSet::new([edit]).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::lockout::Lockout;
    use sshmend_lossless::{Attributes, Edit, EditSet, FileImage, Metadata};

    fn image() -> FileImage {
        FileImage {
            bytes: b"a\nb\n".to_vec().into(),
            meta: Metadata::default(),
            target: "/etc/x".into(),
        }
    }

    fn edit(at: usize, text: &str) -> FileChange {
        FileChange::edit(
            "/etc/x",
            image(),
            EditSet::new([Edit::insert(at, text)]).expect("one edit"),
        )
    }

    fn plan(purpose: &str, files: Vec<FileChange>) -> Plan {
        Plan {
            purpose: purpose.to_owned(),
            files,
            ..Plan::default()
        }
    }

    #[test]
    fn edits_of_one_file_become_one_change() {
        let joined = Plan::join(vec![
            plan("p", vec![edit(0, "1\n")]),
            plan("q", vec![edit(4, "2\n"), edit(4, "2\n")]),
        ]);
        let joined = joined.expect("they do not touch");
        assert_eq!(joined.purpose, "p; q");
        assert_eq!(joined.files.len(), 1);
        assert_eq!(joined.files[0].after.as_deref(), Some(&b"1\na\nb\n2\n"[..]));
    }

    #[test]
    fn a_mode_and_an_edit_of_one_file_are_joined_and_two_modes_are_refused() {
        let unedited = || FileChange::edit("/etc/x", image(), EditSet::default());
        let give = |mode| {
            unedited().giving(Attributes {
                mode,
                uid: 0,
                gid: 0,
            })
        };
        let joined = Plan::join(vec![
            plan("p", vec![edit(0, "1\n")]),
            plan("q", vec![give(0o600)]),
        ])
        .expect("both");
        assert_eq!(joined.files[0].attributes_after().mode, 0o600);
        assert!(
            Plan::join(vec![
                plan("p", vec![give(0o600)]),
                plan("q", vec![give(0o644)])
            ])
            .is_err()
        );
    }

    #[test]
    fn a_contradiction_names_both_purposes() {
        let create = |text: &str| FileChange::create("/etc/new", text, Metadata::default());
        let cases = [
            (edit(0, "1\n"), edit(0, "2\n")),
            (edit(0, "1\n"), FileChange::remove("/etc/x", image())),
            (create("1"), create("2")),
        ];
        for (one, other) in cases {
            let error = Plan::join(vec![plan("this", vec![one]), plan("that", vec![other])])
                .expect_err("a contradiction");
            assert!(
                error
                    .to_string()
                    .ends_with("would be changed in two conflicting ways: this; and that"),
                "{error}"
            );
        }
    }

    fn then(first: FileChange, change: impl Fn(FileImage) -> FileChange) -> FileChange {
        let bytes = first.after.clone().expect("it stays");
        let image = FileImage { bytes, ..image() };
        let chained = Plan::chain(vec![plan("p", vec![first]), plan("q", vec![change(image)])]);
        chained.expect("one goes on from the other").files.remove(0)
    }

    #[test]
    fn a_plan_continues_from_the_result_of_another() {
        let insert = |at: usize, text: &'static str| {
            move |image: FileImage| {
                let edits = EditSet::new([Edit::insert(at, text)]).expect("one edit");
                FileChange::edit("/etc/x", image, edits)
            }
        };
        let both = then(edit(4, "1\n"), insert(6, "2\n"));
        assert_eq!(both.after.as_deref(), Some(&b"a\nb\n1\n2\n"[..]));
        assert_eq!(both.edits.apply(b"a\nb\n"), b"a\nb\n1\n2\n");
        assert_eq!(both.before, Some(image()));
        let meta = Metadata {
            mode: 0o600,
            ..Metadata::default()
        };
        let created = FileChange::create("/etc/x", b"new\n".to_vec(), meta);
        let both = then(created, insert(0, "2\n"));
        assert_eq!((both.before.is_none(), both.create.mode), (true, 0o600));
        assert_eq!(both.after.as_deref(), Some(&b"2\nnew\n"[..]));
        let undone = then(edit(0, "1\n"), |image| {
            let edits = EditSet::new([Edit::delete(0..2)]).expect("one edit");
            FileChange::edit("/etc/x", image, edits)
        });
        assert!(undone.is_noop(), "{undone:?}");
        let apart = Plan::chain(vec![
            plan("p", vec![edit(0, "1\n")]),
            plan("q", vec![edit(0, "2\n")]),
        ]);
        assert!(apart.is_err(), "the second was not planned on the first");
    }

    #[test]
    fn successive_effects_are_joined_into_one() {
        let effect = |before: &str, after: &str| Effect {
            what: "x".to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        };
        let with = |effects| Plan {
            effects,
            ..Plan::default()
        };
        let chained = Plan::chain(vec![
            with(vec![effect("a", "a b")]),
            with(vec![effect("a b", "a b c")]),
        ]);
        assert_eq!(chained.expect("no files").effects, [effect("a", "a b c")]);
        let chained = Plan::chain(vec![
            with(vec![effect("a", "b")]),
            with(vec![effect("b", "a")]),
        ]);
        assert_eq!(chained.expect("no files").effects, []);
    }

    fn make_directory() -> Step {
        Step::MakeDirectory("/run/sshd".to_owned())
    }

    fn remove_directory() -> Step {
        Step::RemoveDirectory("/run/sshd".to_owned())
    }

    #[test]
    fn programs_run_once_in_order_and_are_undone_in_reverse() {
        let make = Plan {
            activation: vec![make_directory()],
            undo: vec![remove_directory()],
            ..plan("p", Vec::new())
        };
        let reload = Plan {
            activation: vec![Step::ReloadFail2ban],
            ..plan("q", Vec::new())
        };
        let twice = vec![make.clone(), reload.clone(), reload.clone()];
        let joined = Plan::join(twice).expect("no files");
        assert_eq!(joined.activation, [make_directory(), Step::ReloadFail2ban]);
        assert_eq!(joined.undo, [Step::ReloadFail2ban, remove_directory()]);
        assert_eq!(Plan::join(vec![reload]).expect("one").undo, []);
    }

    #[test]
    fn the_worst_lockout_counts_and_temporary_plans_are_not_joined() {
        let loses = Plan {
            lockout: Lockout::Loses {
                why: "x".into(),
                origin: None,
            },
            ..plan("p", Vec::new())
        };
        let joined = Plan::join(vec![loses.clone(), plan("q", Vec::new())]).expect("no files");
        assert_eq!(joined.lockout, loses.lockout);
        let ends = Plan {
            lasts: Some(Duration::from_secs(1)),
            ..plan("q", Vec::new())
        };
        assert!(Plan::join(vec![plan("p", Vec::new()), ends]).is_err());
    }
}
