//! Lines of the unit that stop sshd become comments, and sshd is started without them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sshmend_facts::UnitState;
use sshmend_lossless::{
    Edit, EditSet, FileChange, FileImage, Metadata, Origin, Snapshot, Step, lines,
};

use super::{ServiceWish, service};
use crate::lockout::Lockout;
use crate::plan::{Effect, Notice, Plan, Refusal};

/// The directory for the administrator's units; files in it take precedence over those of packages
/// (systemd.unit(5)).
const OWN: &str = "/etc/systemd/system";

/// Plans to comment out lines of the unit, and to start sshd, or restart it if it runs, without
/// them.
///
/// A file of a package is not edited: a file of the same name below /etc replaces it.
///
/// # Errors
/// If a line is not one of the unit's settings, or sshd would not start for another reason.
pub(crate) fn without_unit_lines(
    snapshot: &Snapshot,
    wish: &ServiceWish<'_>,
    lines: &[Origin],
) -> Result<Plan, Refusal> {
    let unit = wish.service.unit.as_ref().filter(|_| wish.service.systemd);
    let unit = unit.ok_or_else(|| {
        Refusal::refused(
            "no unit of systemd starts sshd",
            "sshmend diagnose names what keeps it from starting",
        )
    })?;
    let mut draft = Draft::default();
    for line in lines {
        draft.comment_out(snapshot, unit, line)?;
    }
    let changed = !draft.files.is_empty();
    let mut state = wish.service.clone();
    state.unit = Some(UnitState {
        changed_on_disk: changed || unit.changed_on_disk,
        ..unit.clone()
    });
    // If these lines are all that hinders sshd, they are no reason to doubt the start.
    state.confined = state.confined.filter(|(line, _)| !lines.contains(line));
    let mut plan = service(&ServiceWish {
        service: &state,
        sshd: wish.sshd,
        addresses: wish.addresses.clone(),
        restart: changed && unit.active,
    })?;
    if changed {
        // systemd uses unit files as last loaded: the undo must reload the old ones first.
        plan.undo.insert(0, Step::DaemonReload);
    }
    let named: Vec<String> = lines.iter().map(ToString::to_string).collect();
    plan.purpose = format!("start sshd without {}", named.join(" "));
    plan.effects.splice(0..0, draft.effects);
    plan.notices.splice(0..0, draft.notices);
    if unit.active && draft.decides_who_gets_in {
        let why = "the line sets the options that sshd is started with".to_owned();
        plan.lockout = plan.lockout.worse(Lockout::Unknown(why));
    }
    plan.files = draft.files.into_values().map(File::change).collect();
    Ok(plan)
}

/// The changes so far, by the file to be written.
#[derive(Default)]
struct Draft<'s> {
    files: BTreeMap<PathBuf, File<'s>>,
    effects: Vec<Effect>,
    notices: Vec<Notice>,
    /// Whether a line determines how sshd is started, rather than only what it may do.
    decides_who_gets_in: bool,
}

struct File<'s> {
    target: PathBuf,
    image: &'s FileImage,
    /// Whether `target` is the file itself, and not one that replaces a package's.
    is_own: bool,
    edits: Vec<Edit>,
}

impl File<'_> {
    fn change(self) -> FileChange {
        // Each edit begins at a different line, so that none overlaps another.
        let edits = EditSet::new(self.edits).unwrap_or_default();
        if self.is_own {
            return FileChange::edit(self.target, self.image.clone(), edits);
        }
        let create = Metadata {
            mode: 0o644,
            ..Metadata::default()
        };
        FileChange::create(self.target, edits.apply(&self.image.bytes), create)
    }
}

impl<'s> Draft<'s> {
    fn comment_out(
        &mut self,
        snapshot: &'s Snapshot,
        unit: &UnitState,
        line: &Origin,
    ) -> Result<(), Refusal> {
        let target = own_place(unit, &line.path);
        // Once a file takes the place of the package's, that one is meant.
        let is_own = target == line.path || unit.files.contains(&target);
        let path = if is_own { &target } else { &line.path };
        check_place(unit, path)?;
        let image = snapshot
            .read(path)
            .map_err(|why| Refusal::unread(path, &why))?;
        let image = image.ok_or_else(|| no_setting(line, "there is no such file"))?;
        let Some(setting) = setting(&image.bytes, line)? else {
            return Ok(());
        };
        if !is_own {
            self.takes_the_place_of(snapshot, unit, path, &target)?;
        }
        self.effects.push(Effect {
            what: line.to_string(),
            before: setting.text.clone(),
            after: "a comment".to_owned(),
        });
        self.decides_who_gets_in |= decides_how_it_starts(&setting.text);
        let file = self.files.entry(target.clone()).or_insert_with(|| File {
            target,
            image,
            is_own,
            edits: Vec::new(),
        });
        for start in setting.starts {
            let edit = Edit::insert(start, "#");
            if !file.edits.contains(&edit) {
                file.edits.push(edit);
            }
        }
        Ok(())
    }

    /// Notes that a file below /etc replaces a package's.
    fn takes_the_place_of(
        &mut self,
        snapshot: &Snapshot,
        unit: &UnitState,
        path: &Path,
        target: &Path,
    ) -> Result<(), Refusal> {
        let (path, target) = (path.display(), target);
        if snapshot.read(target) != Ok(None) {
            let reason = format!(
                "{}: it is there, and {} was not read from it",
                target.display(),
                unit.name
            );
            return Err(Refusal::refused(
                reason,
                "`systemctl daemon-reload`, then this again",
            ));
        }
        let text = format!(
            "{path} belongs to a package and is not changed: {} overrides it, also after an upgrade",
            target.display()
        );
        self.notices.push(Notice::new("unit-file-copied", text));
        Ok(())
    }
}

/// A file below /etc is written itself; a file of a package gets a namesake there, which systemd
/// reads instead.
fn own_place(unit: &UnitState, path: &Path) -> PathBuf {
    if path.starts_with("/etc") {
        return path.to_owned();
    }
    let is_drop_in = path
        .parent()
        .and_then(Path::extension)
        .is_some_and(|extension| extension == "d");
    match path.file_name() {
        Some(name) if is_drop_in => Path::new(OWN).join(format!("{}.d", unit.name)).join(name),
        _ => Path::new(OWN).join(&unit.name),
    }
}

fn check_place(unit: &UnitState, path: &Path) -> Result<(), Refusal> {
    if !unit.files.iter().any(|file| file == path) {
        let reason = format!("{} is not a file of {}", path.display(), unit.name);
        return Err(Refusal::refused(
            reason,
            format!("`systemctl cat {}` shows them", unit.name),
        ));
    }
    let by_a_program = ["/run", "/etc/systemd/system.control"];
    if by_a_program.iter().any(|place| path.starts_with(place)) {
        let reason = format!("{} was written by a program, not by hand", path.display());
        return Err(Refusal::refused(
            reason,
            "change it through that program; of `systemctl set-property` give the property its old value",
        ));
    }
    Ok(())
}

/// A setting with all its continuation lines.
struct Setting {
    text: String,
    /// The start of each of its lines.
    starts: Vec<usize>,
}

/// The setting that begins on a line; `None` if the line is already a comment.
fn setting(document: &[u8], line: &Origin) -> Result<Option<Setting>, Refusal> {
    let text =
        |at: &std::ops::Range<usize>| String::from_utf8_lossy(&document[at.clone()]).into_owned();
    let is_comment = |text: &str| text.trim_start().starts_with(['#', ';']);
    let mut found: Option<Setting> = None;
    let mut goes_on = false;
    for one in lines(document) {
        let content = text(&one.content);
        if let Some(setting) = &mut found {
            if !goes_on {
                break;
            }
            setting.starts.push(one.span.start);
        } else if one.number == line.line {
            match content.trim() {
                _ if goes_on && !is_comment(&content) => {
                    return Err(no_setting(line, "it continues the line before"));
                }
                comment if is_comment(comment) => return Ok(None),
                text if text.contains('=') => {
                    found = Some(Setting {
                        text: text.to_owned(),
                        starts: vec![one.span.start],
                    });
                }
                _ => return Err(no_setting(line, "it is not a setting")),
            }
        }
        // Comments between the lines of a setting do not end it (systemd.syntax(7)).
        if !is_comment(&content) {
            goes_on = content.ends_with('\\');
        }
    }
    found
        .map(Some)
        .ok_or_else(|| no_setting(line, "there is no such line"))
}

fn no_setting(line: &Origin, why: &str) -> Refusal {
    Refusal::refused(
        format!("{line}: {why}"),
        "sshmend diagnose names the line of the unit that stops sshd, if there is one",
    )
}

/// Whether a line of a unit, or of a file with its variables, determines what is started and with
/// which arguments.
fn decides_how_it_starts(line: &str) -> bool {
    let key = line.split('=').next().unwrap_or_default().trim();
    key.starts_with("Exec")
        || key.starts_with("Environment")
        || key.chars().all(|c| !c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests;
