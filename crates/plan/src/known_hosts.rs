//! The plan that takes a stale host key away, or puts a verified one in its place.

mod many;
mod server;
#[cfg(test)]
mod tests;
mod wish;

use std::path::{Path, PathBuf};

use sshmend_facts::CauseName;
use sshmend_known_hosts::{
    Files, Fingerprint, HostKey, KnownFile, KnownHosts, LineNotice, Name, NoContent, Pin, Pinned,
    Removed, RemovedName, Target, UnreadFile,
};
use sshmend_lossless::{
    EditSet, FileChange, FileImage, Metadata, NotRun, Origin, Request, Snapshot,
};

use self::many::holds;
pub(crate) use self::many::known_hosts_in_turn;
use self::server::{Offered, image, verified};
pub use self::wish::KnownHostsWish;

use crate::check::{Check, Expect};
use crate::plan::{Effect, Notice, Plan, Refusal};

/// Plans the change; `salt` gives fresh random bytes for names that are hashed.
///
/// # Errors
/// If the offered key is not the expected one, a file cannot be read or must not be edited, or an
/// edit would not have its intended effect.
pub(crate) fn known_hosts(
    snapshot: &Snapshot,
    wish: &KnownHostsWish,
    salt: &mut dyn FnMut() -> [u8; 20],
) -> Result<Plan, Refusal> {
    foresee_checks(snapshot, wish);
    let (mut work, target) = Work::begin(snapshot, wish)?;
    if let Some((path, line)) = &wish.line {
        work.remove_line(path, *line)?;
        return Ok(work.plan);
    }
    // If the files already contain the requested lines, the server need not be asked.
    if snapshot.once_answered(|| holds(snapshot, wish)) != Some(false) {
        return Ok(work.plan);
    }
    let Some(offered) = Offered::read(snapshot, wish, &target) else {
        return Ok(work.plan);
    };
    if wish.pins() {
        let keys = verified(snapshot, wish, &target, &offered)?;
        work.pin(&target, &keys, &offered.keys(), salt)?;
    } else {
        work.remove(&target, &offered.keys())?;
        work.notice("key-unverified", offered.told(&target), None);
        for key in offered.each() {
            work.notice("offered-key", key, None);
        }
    }
    Ok(work.plan)
}

/// The size of files up to which planning a change twice takes less time than a program, in bytes.
const SHORT: usize = 4 << 20;

/// Has ssh-keygen check what will most likely be planned while ssh is still asked for its
/// configuration. The answer counts only if that very question is part of the plan.
fn foresee_checks(snapshot: &Snapshot, wish: &KnownHostsWish) {
    let needs_more = wish.line.is_some() || wish.pins() || !wish.offline;
    let Some(likely) = wish.likely(snapshot).filter(|_| !needs_more) else {
        return;
    };
    let Some(files) = snapshot.once_foreseen(|| likely.read(snapshot)) else {
        return;
    };
    let length: usize = files.read.iter().map(|file| file.image.bytes.len()).sum();
    if length > SHORT {
        return;
    }
    let mut work = Work::on(snapshot, wish, &likely);
    if work.remove(&likely, &[]).is_ok() {
        for Check { argv, stdin, .. } in work.plan.rehearsal {
            snapshot.foresee(Request::Feed(argv, stdin.unwrap_or_default()));
        }
    }
}

/// Refuses if a file is unknown: it could contain a stale key.
///
/// # Errors
/// Names each of the files, with the reason.
fn all_read(unread: &[UnreadFile]) -> Result<(), Refusal> {
    let Some(first) = unread.first() else {
        return Ok(());
    };
    let told: Vec<String> = unread
        .iter()
        .map(|file| format!("{}: {}", file.path.display(), file.why))
        .collect();
    Err(Refusal::refused(told.join("; "), first.why.hint()))
}

/// A plan under construction.
struct Work<'w> {
    wish: &'w KnownHostsWish,
    snapshot: &'w Snapshot,
    names: Vec<Name>,
    plan: Plan,
}

impl<'w> Work<'w> {
    fn begin(snapshot: &'w Snapshot, wish: &'w KnownHostsWish) -> Result<(Self, Target), Refusal> {
        let target = wish.target(snapshot)?;
        let mut work = Self::on(snapshot, wish, &target);
        work.plan.purpose = format!(
            "host keys of {}",
            target.alias.as_deref().unwrap_or(&target.host)
        );
        if let Some(reason) = wish.config_trouble(snapshot) {
            work.notice(
                "ssh-config-unread",
                format!("{reason}; the host was looked up as written"),
                None,
            );
        }
        Ok((work, target))
    }

    fn on(snapshot: &'w Snapshot, wish: &'w KnownHostsWish, target: &Target) -> Self {
        Self {
            wish,
            snapshot,
            names: target.names(snapshot),
            plan: Plan::default(),
        }
    }

    /// Removes the keys that the server no longer offers; if it could not be asked, or one type was
    /// named, all of them.
    fn remove(&mut self, target: &Target, offered: &[HostKey]) -> Result<(), Refusal> {
        let files = target.read(self.snapshot);
        all_read(&files.unread)?;
        let names = self.names.clone();
        let pin = Pin {
            names: &names,
            keys: &[],
            offered,
            hash_names: false,
        };
        for file in &files.read {
            if !self.may_edit(file.image) {
                self.leave(file);
                continue;
            }
            let removed = match (offered, self.wish.key_type) {
                ([_, ..], None) => file.lines.remove_stale(&pin),
                (_, key_type) => file.lines.remove(&names, key_type),
            };
            let removed = removed.map_err(|error| Refusal::of_file(&file.path, &error))?;
            self.note_removed(&file.path, &removed);
            self.check_gone(&removed.after, &removed.removed);
            self.put(&file.path, Some(file.image), &removed.edits);
        }
        if self.plan.files.is_empty() {
            let text = format!(
                "no file contains a key for {} that could be stale",
                self.names[0].as_str()
            );
            self.notice("nothing-known", text, None);
        }
        Ok(())
    }

    fn remove_line(&mut self, path: &Path, number: usize) -> Result<(), Refusal> {
        let image = image(self.snapshot, path)?;
        let known = KnownHosts::parse(&image.bytes);
        let digest = known.line_digest(number).unwrap_or_default();
        let removed = known
            .remove_line(number, &digest)
            .map_err(|error| Refusal::of_file(path, &error))?;
        self.note_removed(path, &removed);
        self.put(path, Some(image), &removed.edits);
        Ok(())
    }

    /// Pins the verified keys in the first file that knows the host, else in the first file of all.
    fn pin(
        &mut self,
        target: &Target,
        keys: &[HostKey],
        offered: &[HostKey],
        salt: &mut dyn FnMut() -> [u8; 20],
    ) -> Result<(), Refusal> {
        let mut files = target.read(self.snapshot);
        let Some(home) = self.home_of_pins(target, &files) else {
            return Err(Refusal::refused(
                "ssh is configured without a known_hosts file",
                "give one with --file",
            ));
        };
        // The file that gets the keys may be new, even if it was named explicitly.
        files
            .unread
            .retain(|file| file.path != home || file.why != NoContent::NotThere);
        all_read(&files.unread)?;
        let names = self.names.clone();
        let pin = Pin {
            names: &names,
            keys,
            offered,
            hash_names: target.hash_names,
        };
        let before = files.read.iter().find(|file| file.path == home);
        if let Some(file) = before.filter(|file| !self.may_edit(file.image)) {
            let reason = format!(
                "{} belongs to another user (uid {})",
                home.display(),
                file.image.meta.uid
            );
            return Err(Refusal::refused(
                reason,
                "give it back to its user (chown), or name another file with --file",
            ));
        }
        self.pin_here(&home, before, &pin, salt)?;
        for file in files.read.iter().filter(|file| file.path != home) {
            if self.may_edit(file.image) {
                self.remove_elsewhere(file, &pin)?;
            } else {
                self.leave(file);
            }
        }
        Ok(())
    }

    fn pin_here(
        &mut self,
        path: &Path,
        before: Option<&KnownFile<'_>>,
        pin: &Pin<'_>,
        salt: &mut dyn FnMut() -> [u8; 20],
    ) -> Result<(), Refusal> {
        let pinned = match before {
            Some(file) => file.lines.pin(pin, salt),
            None => KnownHosts::parse(b"").pin(pin, salt),
        };
        let pinned = pinned.map_err(|error| Refusal::of_file(path, &error))?;
        let image = before.map(|file| file.image);
        self.note_pinned(path, &pinned);
        self.check_pinned(&pinned.after, pin.keys);
        self.put(path, image, &pinned.edits);
        Ok(())
    }

    /// A stale key in another file would still make ssh ask for it.
    fn remove_elsewhere(&mut self, file: &KnownFile<'_>, pin: &Pin<'_>) -> Result<(), Refusal> {
        let removed = file
            .lines
            .remove_stale(pin)
            .map_err(|error| Refusal::of_file(&file.path, &error))?;
        self.note_removed(&file.path, &removed);
        self.put(&file.path, Some(file.image), &removed.edits);
        Ok(())
    }

    fn home_of_pins(&self, target: &Target, files: &Files<'_>) -> Option<PathBuf> {
        let users = files
            .read
            .iter()
            .filter(|file| target.user_files.contains(&file.path));
        let mut editable = users.filter(|file| self.may_edit(file.image));
        let knowing = editable.find(|file| self.first_line(file).is_some());
        knowing
            .map(|file| &file.path)
            .or(target.user_files.first())
            .cloned()
    }

    /// Whether the file is the user's own.
    fn may_edit(&self, image: &FileImage) -> bool {
        self.wish.uid == 0 || image.meta.uid == self.wish.uid
    }

    /// Reports the content of a file that cannot be edited.
    fn leave(&mut self, file: &KnownFile<'_>) {
        let Some(line) = self.first_line(file) else {
            return;
        };
        let path = file.path.display();
        let text = format!(
            "{path} does not belong to this user and is not changed; as root: --file {path}"
        );
        self.notice(
            CauseName::FileOwnedBy.as_str(),
            text,
            Some(Origin::new(&file.path, line)),
        );
    }

    /// The first plain line that the names are found in.
    fn first_line(&self, file: &KnownFile<'_>) -> Option<usize> {
        let found = file.lines.find(&self.names).found;
        found
            .iter()
            .find(|found| found.marker.is_none())
            .map(|found| found.line)
    }

    fn note_removed(&mut self, path: &Path, removed: &Removed) {
        for name in &removed.removed {
            self.effect_of(path, name, "gone");
        }
        self.note_left(path, &removed.left);
    }

    fn note_pinned(&mut self, path: &Path, pinned: &Pinned) {
        for name in &pinned.removed {
            self.effect_of(path, name, "gone");
        }
        for placed in &pinned.placed {
            let what = format!("{} {}", placed.names.join(","), placed.key_type.name());
            let after = format!("{} (verified)", placed.fingerprint);
            self.effect(what, "unknown".to_owned(), after);
        }
        self.note_left(path, &pinned.left);
    }

    fn effect_of(&mut self, path: &Path, name: &RemovedName, after: &str) {
        let names = if name.names.is_empty() {
            format!("line {}", name.line)
        } else {
            name.names.join(",")
        };
        let what = match name.key_type {
            Some(key_type) => format!("{names} {}", key_type.name()),
            None => names,
        };
        let key = name.fingerprint.map_or_else(
            || "unreadable".to_owned(),
            |fingerprint| fingerprint.to_string(),
        );
        self.effect(
            what,
            format!("{key} ({}:{})", path.display(), name.line),
            format!("{after}: {}", name.why),
        );
    }

    fn note_left(&mut self, path: &Path, left: &[LineNotice]) {
        for notice in left {
            self.notice(
                "line-left",
                format!("it {}", notice.kind),
                Some(Origin::new(path, notice.line)),
            );
        }
    }

    /// Checks the new file with ssh-keygen: it must print the key as often as lines remain that
    /// hold it, for other hosts or with a marker.
    fn check_gone(&mut self, after: &[u8], removed: &[RemovedName]) {
        let lines = KnownHosts::parse(after);
        for name in removed {
            let Some(fingerprint) = name.fingerprint else {
                continue;
            };
            for host in &name.names {
                let stay = lines.find(&[Name::host(host)]).found;
                let count = stay
                    .iter()
                    .filter(|found| found.key.fingerprint() == fingerprint)
                    .count();
                self.judge(host, after, fingerprint, count);
            }
        }
    }

    fn check_pinned(&mut self, after: &[u8], keys: &[HostKey]) {
        let deciding = self.names[0].clone();
        let found = KnownHosts::parse(after)
            .find(std::slice::from_ref(&deciding))
            .found;
        for key in keys {
            let count = found
                .iter()
                .filter(|found| found.key.fingerprint() == key.fingerprint())
                .count();
            self.judge(deciding.as_str(), after, key.fingerprint(), count);
        }
    }

    fn judge(&mut self, host: &str, after: &[u8], fingerprint: Fingerprint, count: usize) {
        if self.wish.live {
            let title = format!("ssh-keygen -l -F {host}");
            let argv = ["ssh-keygen", "-l", "-F", host, "-f", "/dev/stdin"];
            let expect = Expect::Times(fingerprint.to_string(), count);
            let mut check = Check::new(&title, &argv, expect).reading(after);
            check.answer = self
                .snapshot
                .fed(&check.argv, after)
                .map(|answer| answer.cloned().map_err(NotRun::clone));
            self.plan.rehearsal.push(check);
        }
    }

    fn put(&mut self, path: &Path, before: Option<&FileImage>, edits: &EditSet) {
        let change = match before {
            Some(image) => FileChange::edit(path, image.clone(), edits.clone()),
            None => {
                // A file for all users must be readable by all of them.
                let own = path.starts_with(&self.wish.home);
                let meta = Metadata {
                    mode: if own { 0o600 } else { 0o644 },
                    uid: self.wish.uid,
                    gid: self.wish.gid,
                    ..Metadata::default()
                };
                FileChange::create(path, edits.apply(b""), meta)
            }
        };
        if !change.is_noop() {
            self.plan.files.push(change);
        }
    }

    fn effect(&mut self, what: String, before: String, after: String) {
        self.plan.effects.push(Effect {
            what,
            before,
            after,
        });
    }

    fn notice(&mut self, name: &str, text: String, origin: Option<Origin>) {
        self.plan.notices.push(Notice {
            name: name.to_owned(),
            text,
            origin,
        });
    }
}
