//! Several plans as one, so that they are shown, judged and committed together.

use sshmend_lossless::{FileChange, Step};

use crate::plan::{Plan, Refusal};

impl Plan {
    /// Joins plans that were made of the same machine; what several of them hold counts once.
    ///
    /// Programs are run in the order of the plans, and taken back in the opposite one.
    ///
    /// # Errors
    /// When two of them want different things of the same file, which is named with both purposes.
    pub fn join(plans: Vec<Self>) -> Result<Self, Refusal> {
        let way_back = way_back(&plans);
        let mut joined = Self::default();
        let mut purposes: Vec<String> = Vec::new();
        for plan in plans {
            if plan.lasts.is_some() {
                let reason = format!(
                    "what ends by itself cannot be done together with other things: {}",
                    plan.purpose
                );
                return Err(Refusal::refused(reason, "run it by itself"));
            }
            for change in plan.files {
                add_file(&mut joined.files, change, &purposes, &plan.purpose)?;
            }
            add(&mut joined.effects, plan.effects);
            add(&mut joined.rehearsal, plan.rehearsal);
            joined.handshake = joined.handshake.or(plan.handshake);
            add(&mut joined.activation, plan.activation);
            add(&mut joined.restart, plan.restart);
            add(&mut joined.reloaded, plan.reloaded);
            add(&mut joined.proof, plan.proof);
            add(&mut joined.notices, plan.notices);
            joined.lockout = joined.lockout.worse(plan.lockout);
            purposes.push(plan.purpose);
        }
        joined.files.sort_by(|a, b| a.path.cmp(&b.path));
        joined.purpose = purposes.join("; ");
        joined.undo = way_back;
        Ok(joined)
    }
}

/// Where one plan has a way back of its own, the others go theirs as well: by what brought them into force.
fn way_back(plans: &[Plan]) -> Vec<Step> {
    let mut steps = Vec::new();
    if plans.iter().any(|plan| !plan.undo.is_empty()) {
        for plan in plans.iter().rev() {
            add(&mut steps, plan.turned_steps().0);
        }
    }
    steps
}

fn add<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

fn add_file(
    files: &mut Vec<FileChange>,
    change: FileChange,
    earlier: &[String],
    purpose: &str,
) -> Result<(), Refusal> {
    let Some(same) = files
        .iter_mut()
        .find(|file| file.target() == change.target())
    else {
        files.push(change);
        return Ok(());
    };
    *same = both(same, &change).ok_or_else(|| {
        let reason = format!(
            "{} is wanted in two ways: {}; and {purpose}",
            change.path.display(),
            earlier.join("; ")
        );
        Refusal::refused(reason, "mend one after the other")
    })?;
    Ok(())
}

/// One change that does what both do; `None` where they contradict each other.
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::lockout::Lockout;
    use sshmend_lossless::{Attributes, Edit, EditSet, FileImage, Metadata};

    fn image() -> FileImage {
        FileImage {
            bytes: b"a\nb\n".to_vec(),
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
    fn a_mode_and_an_edit_go_together_and_two_modes_do_not() {
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
    fn a_contradiction_is_named_with_both_purposes() {
        let create = |text: &str| FileChange::create("/etc/new", text.into(), Metadata::default());
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
                    .ends_with("is wanted in two ways: this; and that"),
                "{error}"
            );
        }
    }

    fn make_directory() -> Step {
        Step::MakeDirectory("/run/sshd".to_owned())
    }

    fn remove_directory() -> Step {
        Step::RemoveDirectory("/run/sshd".to_owned())
    }

    #[test]
    fn programs_run_once_in_order_and_are_taken_back_in_the_opposite_one() {
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
    fn the_worst_lockout_counts_and_what_ends_by_itself_stays_alone() {
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
