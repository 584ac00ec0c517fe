//! The plan that sets keywords of sshd_config.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sshmend_facts::{CauseName, Sshd};
use sshmend_lossless::{FileChange, Metadata, Origin, Snapshot};
use sshmend_sshd_config::{
    Assignment, Connection, Edited, Effective, Override, Place, Readings, Release, Scope, Tree,
    is_list,
};

use crate::check::{Check, Expect, Proof};
use crate::host_keys::paths as key_paths;
use crate::list_notices::list_notices;
use crate::negative::negative;
use crate::plan::{Effect, Notice, Plan, Refusal};
use crate::reload::{listen_addresses, new_addresses, put_into_force, question};

/// A connection that represents all: plain `sshd -T` rejects Match blocks on some releases.
const SOME_CONNECTION: &str = "user=root,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22";

/// The most Match blocks with a value of their own to list individually.
const SHADOWED: usize = 10;

/// The requested change of sshd's configuration.
#[derive(Debug, Clone)]
pub(crate) struct SshdConfigWish<'a> {
    /// Keywords and the changes of their values.
    pub settings: Vec<Assignment>,
    /// Lines that sshd rejects, to be commented out; nothing is set then.
    pub comment_out: Vec<Origin>,
    /// Keywords whose lines are removed, so that their defaults apply; nothing is set then.
    pub unset: Vec<String>,
    /// The place for a new value.
    pub place: Place,
    /// The main file.
    pub main: &'a Path,
    /// The directives on the daemon's command line.
    pub overrides: &'a [Override],
    /// The release that reads the files; `None` when it is not known.
    pub release: Option<Release>,
    /// The release to read the files as if none is known.
    pub reading: Release,
    /// The daemon.
    pub sshd: &'a Sshd,
    /// True if sshd cannot be run to check the result, as on a mounted disk.
    pub model_alone: bool,
    /// What was read of the configuration so far.
    pub readings: &'a Readings,
}

/// Plans the change.
///
/// # Errors
/// When a keyword or a value would not be accepted, or cannot be made to win.
pub(crate) fn sshd_config(snapshot: &Snapshot, wish: &SshdConfigWish<'_>) -> Result<Plan, Refusal> {
    let read = |seen: &Snapshot| wish.readings.read(seen, wish.main, wish.overrides);
    let before = read(snapshot);
    let edited = if !wish.unset.is_empty() {
        before.unset(&wish.unset, wish.release)
    } else if wish.comment_out.is_empty() {
        before.assign(&wish.settings, wish.release, wish.place)
    } else {
        before.comment_out(&wish.comment_out, wish.reading)
    };
    let edited = edited.map_err(|refusal| Refusal::refused(refusal.to_string(), refusal.hint()))?;
    let new = like_main(snapshot, wish.main);
    let files = FileChange::all(snapshot, &edited.edits, &edited.creates, &new);
    let after = read(&snapshot.after(&files));
    let work = Work {
        wish,
        before: &before,
        after: &after,
    };
    work.accepted()?;
    work.spares_files(snapshot)?;
    let mut plan = Plan {
        files,
        ..Plan::default()
    };
    plan.purpose = purpose(wish);
    plan.effects = work.effects();
    plan.notices = notices(&edited);
    plan.notices.extend(work.overridden());
    plan.notices.extend(work.doubts());
    plan.notices
        .extend(work.unknown_release().filter(|_| !plan.files.is_empty()));
    plan.notices
        .extend(wish.settings.iter().filter_map(|one| no_cause(&one.key)));
    plan.notices.extend(work.of_lists());
    if !plan.changes_nothing() {
        plan.rehearsal = work.rehearsal();
        work.activate(&mut plan);
        plan.notices.extend(work.keyless(snapshot));
    }
    Ok(plan)
}

fn purpose(wish: &SshdConfigWish<'_>) -> String {
    if !wish.unset.is_empty() {
        return format!("unset {}", wish.unset.join(" "));
    }
    let all = |words: Vec<String>| words.join(" ");
    if wish.comment_out.is_empty() {
        format!(
            "set {}",
            all(wish.settings.iter().map(ToString::to_string).collect())
        )
    } else {
        let lines = wish.comment_out.iter().map(ToString::to_string);
        format!("comment out {}", all(lines.collect()))
    }
}

/// A file that is created gets the mode and owner of the main file.
fn like_main(snapshot: &Snapshot, main: &Path) -> Metadata {
    let main = snapshot.read(main).ok().flatten().map(|image| &image.meta);
    main.map_or(
        Metadata {
            mode: 0o644,
            ..Metadata::default()
        },
        |main| Metadata {
            mode: main.mode,
            uid: main.uid,
            gid: main.gid,
            ..Metadata::default()
        },
    )
}

fn notices(edited: &Edited) -> Vec<Notice> {
    let notices = edited.notes.iter().map(|note| Notice {
        name: "placed".to_owned(),
        text: note.message.clone(),
        origin: note.origin.clone(),
    });
    notices.collect()
}

/// The notice for a person who changes a setting that cannot be the cause of their problem.
pub(crate) fn no_cause(name: &str) -> Option<Notice> {
    let negative = negative(name)?;
    let text = format!(
        "{} cannot end a connection before the banner: {}",
        negative.name, negative.why
    );
    Some(Notice::new("no-cause", text))
}

/// A plan under construction.
struct Work<'w> {
    wish: &'w SshdConfigWish<'w>,
    before: &'w Tree,
    after: &'w Tree,
}

impl Work<'_> {
    /// Refuses a result with which sshd would not start, if the model is the only check.
    fn accepted(&self) -> Result<(), Refusal> {
        let refused = if self.wish.model_alone {
            self.after.refused(self.wish.release)
        } else {
            Vec::new()
        };
        match refused.first() {
            Some(problem) => {
                let reason = format!("sshd would not start with this configuration: {problem}");
                Err(Refusal::refused(reason, problem.hint.clone()))
            }
            None => Ok(()),
        }
    }

    /// Refuses a PidFile that now is another file: sshd would overwrite it with its process id
    /// without a warning.
    fn spares_files(&self, snapshot: &Snapshot) -> Result<(), Refusal> {
        let named = |tree: &Tree| {
            let effective = self.effective(tree);
            effective.get("pidfile")?.values.first().cloned()
        };
        let Some(path) = named(self.after).filter(|path| named(self.before).as_ref() != Some(path))
        else {
            return Ok(());
        };
        let Ok(Some(image)) = snapshot.read(Path::new(&path)) else {
            return Ok(());
        };
        if image.bytes.trim_ascii().iter().all(u8::is_ascii_digit) {
            return Ok(());
        }
        Err(Refusal::refused(
            format!("{path} holds something else, and sshd would write its process id over it"),
            "name a file that sshd may have for itself, such as /run/sshd.pid",
        ))
    }

    /// Notes on what sshd may reject, depending on its build, if it cannot be run.
    fn doubts(&self) -> Vec<Notice> {
        if !self.wish.model_alone {
            return Vec::new();
        }
        let problems = self.after.problems(Some(self.wish.reading));
        let doubted = problems.into_iter().filter(|problem| problem.fatal);
        let notices = doubted.map(|problem| Notice {
            name: CauseName::SshdConfigInvalid.to_string(),
            text: format!(
                "sshd may refuse this line, depending on its release and build: {}",
                problem.message
            ),
            origin: Some(problem.origin),
        });
        notices.collect()
    }

    /// The note that the release is unknown, and what was assumed.
    fn unknown_release(&self) -> Option<Notice> {
        let text = format!(
            "the release of sshd is unknown: the values hold in every release that accepts the files, the effects are \
             those of {}; `fix sshd-config` can be told it with --release",
            self.wish.reading
        );
        self.wish
            .release
            .is_none()
            .then(|| Notice::new("release-unknown", text))
    }

    fn effective(&self, tree: &Tree) -> Effective {
        tree.effective(Some(self.wish.reading), Scope::Global)
    }

    fn effects(&self) -> Vec<Effect> {
        let before = self.effective(self.before);
        let after = self.effective(self.after);
        let changed = after.iter().filter_map(|setting| {
            let was = before
                .get(&setting.key)
                .map(|was| was.values.join(", "))
                .unwrap_or_default();
            let is = setting.values.join(", ");
            (was != is).then(|| Effect {
                what: setting.key.clone(),
                before: was,
                after: is,
            })
        });
        changed.chain(self.effects_in_blocks()).collect()
    }

    /// The values that connections of Match blocks lose.
    fn effects_in_blocks(&self) -> impl Iterator<Item = Effect> {
        let lines = self.wish.comment_out.iter();
        let set = lines.filter_map(|line| self.before.set_in_block(line, Some(self.wish.reading)));
        set.map(|(key, set)| Effect {
            what: format!("{key} with \"Match {}\"", set.criteria),
            before: set.value,
            after: "as other lines say".to_owned(),
        })
    }

    /// The connections for which the change has no effect.
    fn overridden(&self) -> Vec<Notice> {
        let set = self.wish.settings.iter().map(|one| &one.key);
        set.chain(&self.wish.unset)
            .flat_map(|key| self.overridden_for(key))
            .collect()
    }

    /// Each Match block by itself, as long as they remain readable; of many the first ones and
    /// their number.
    fn overridden_for(&self, key: &str) -> Vec<Notice> {
        let overrides = self.after.match_overrides(key, Some(self.wish.reading));
        let more = overrides.len().saturating_sub(SHADOWED);
        let name = CauseName::SettingShadowed.as_str();
        let single = overrides.into_iter().take(SHADOWED).map(|over| Notice {
            name: name.to_owned(),
            text: format!(
                "for connections with \"Match {}\" {key} stays {}",
                over.criteria, over.value
            ),
            origin: Some(over.line),
        });
        let text = format!(
            "{key} keeps its own value in {more} more Match blocks: sshmend show sshd-config {key}"
        );
        single
            .chain((more > 0).then(|| Notice::new(name, text)))
            .collect()
    }

    /// Notes on a list that has become empty or is not empty any more, and on what a port needs
    /// beside its line.
    fn of_lists(&self) -> Vec<Notice> {
        let (before, after) = (self.effective(self.before), self.effective(self.after));
        list_notices(&before, &after, self.wish.sshd.socket.as_deref())
    }

    fn rehearsal(&self) -> Vec<Check> {
        let connection = self.after.needs_connection(self.wish.reading);
        let words: &[&str] = if connection {
            &["-T", "-C", SOME_CONNECTION]
        } else {
            &["-T"]
        };
        let test = question(self.wish.sshd, &["-t"], "sshd -t", Expect::Success);
        let dumps = self.expected(connection).into_iter();
        let dumps = dumps.filter_map(|(title, expect)| {
            question(self.wish.sshd, words, &format!("sshd -T: {title}"), expect)
        });
        test.into_iter().chain(dumps).collect()
    }

    /// The lines that `sshd -T` must print for the requested keywords.
    fn expected(&self, connection: bool) -> Vec<(String, Expect)> {
        let some = Connection::parse(SOME_CONNECTION).unwrap_or_default();
        let scope = if connection {
            Scope::Connection(&some)
        } else {
            Scope::Global
        };
        let effective = self.after.effective(Some(self.wish.reading), scope);
        let keys: BTreeSet<&str> = self
            .wish
            .settings
            .iter()
            .filter_map(|one| effective.get(&one.key))
            .map(|setting| setting.key.as_str())
            .collect();
        let settings = keys.into_iter().filter_map(|key| effective.get(key));
        settings
            .filter(|setting| !UNPRINTED.contains(&setting.key.as_str()))
            .filter_map(|setting| match &setting.values[..] {
                [value] if value.starts_with(['+', '-', '^']) && is_algorithms(&setting.key) => {
                    let title = format!("{} {value}", setting.key);
                    Some((title, Expect::Changed(setting.key.clone(), value.clone())))
                }
                [value] if !is_list(&setting.key) && value != "none" => {
                    let line = format!("{} {value}", setting.key);
                    Some((line.clone(), Expect::Line(line)))
                }
                // sshd prints the host keys that it takes without a line, and the model does not know them.
                [] if setting.key == "hostkey" => None,
                values => {
                    let title = format!("{} {}", setting.key, values.join(", "));
                    let expect = Expect::Values(setting.key.clone(), values.to_vec());
                    Some((title.trim_end().to_owned(), expect))
                }
            })
            .collect()
    }

    /// Reload what runs, and prove that it still answers.
    fn activate(&self, plan: &mut Plan) {
        if put_into_force(
            plan,
            self.wish.sshd,
            listen_addresses(&self.effective(self.after)),
        ) {
            let lines = plan.rehearsal.iter().filter(|check| {
                matches!(
                    check.expect,
                    Expect::Line(_) | Expect::Values(..) | Expect::Changed(..)
                )
            });
            plan.proof
                .extend(lines.cloned().map(Proof::Check).collect::<Vec<_>>());
            if self.wish.sshd.socket.is_none() {
                let (before, after) = (self.effective(self.before), self.effective(self.after));
                plan.proof.extend(new_addresses(&before, &after));
            }
        }
    }

    /// A mounted disk has no `sshd -t` to say that sshd will not start without the host keys that a
    /// line names. Default keys may be made at the first boot, as on images.
    fn keyless(&self, snapshot: &Snapshot) -> Option<Notice> {
        if !self.wish.model_alone {
            return None;
        }
        let effective = self.effective(self.after);
        effective.get("hostkey")?.origin.as_ref()?;
        let keys = key_paths(&effective);
        let is_missing = |key: &PathBuf| snapshot.metadata(key) == Ok(None);
        if !keys.iter().all(is_missing) {
            return None;
        }
        let keys: Vec<String> = keys.iter().map(|key| key.display().to_string()).collect();
        let text = format!(
            "sshd does not start without a host key, and none of {} is there: sshmend fix host-keys makes those that are missing",
            keys.join(", ")
        );
        Some(Notice::new(CauseName::HostKeysMissing.as_str(), text))
    }
}

/// A keyword of Debian's patches for which `sshd -T` prints no line (observed with 9.2p1 of Debian
/// 12).
const UNPRINTED: [&str; 1] = ["debianbanner"];

/// Lists of algorithms: a change of the default is written into one, and sshd prints the result
/// (sshd_config(5)).
fn is_algorithms(key: &str) -> bool {
    const LISTS: [&str; 7] = [
        "casignaturealgorithms",
        "ciphers",
        "hostbasedacceptedalgorithms",
        "hostkeyalgorithms",
        "kexalgorithms",
        "macs",
        "pubkeyacceptedalgorithms",
    ];
    LISTS.contains(&key)
}
