//! The plan that takes a stale host key away, or puts a verified one in its place.

use std::path::{Path, PathBuf};

use sshmend_known_hosts::{
    Destination, Fingerprint, HostKey, KeyType, KnownHosts, Name, Notice as LineNotice, Offer, Pin, Pinned, Removed,
    RemovedName, Target,
};
use sshmend_lossless::{EditSet, Entry, FileChange, FileImage, Metadata, Origin, Request, Snapshot};

use crate::check::{Check, Expect};
use crate::plan::{Effect, Notice, Plan, Refusal};

/// What is wanted of the known_hosts files of one user.
#[derive(Debug, Clone)]
pub struct KnownHostsWish {
    /// The host, as the user would name it to ssh.
    pub destination: Destination,
    /// The user's home directory.
    pub home: PathBuf,
    /// The user.
    pub uid: u32,
    /// Files to edit instead of those that ssh reads.
    pub files: Vec<PathBuf>,
    /// Only keys of this type.
    pub key_type: Option<KeyType>,
    /// One line of one file, whatever it holds.
    pub line: Option<(PathBuf, usize)>,
    /// Fingerprints that the server's key must have.
    pub expected: Vec<Fingerprint>,
    /// A file with the server's key.
    pub key_file: Option<PathBuf>,
    /// Whether programs may be asked; not on a mounted disk.
    pub live: bool,
}

impl KnownHostsWish {
    /// Whether a verified key is to be pinned.
    pub fn pins(&self) -> bool {
        !self.expected.is_empty() || self.key_file.is_some()
    }

    /// What is still to be known; call it again with the answers until it returns nothing.
    pub fn wants(&self, snapshot: &Snapshot) -> Vec<Request> {
        let ssh_g = Request::Run(self.destination.ssh_g());
        if self.live && !snapshot.answers(&ssh_g) {
            return vec![ssh_g];
        }
        let target = self.target(snapshot);
        let mut wanted = target.wants(snapshot);
        wanted.extend(self.key_file.clone().map(Request::Read));
        wanted.extend(self.line.clone().map(|(path, _)| Request::Read(path)));
        if self.live && self.line.is_none() {
            wanted.extend(target.keyscan().map(Request::Run));
        }
        wanted.retain(|request| !snapshot.answers(request));
        wanted
    }

    /// What ssh would look up, and in which files.
    pub fn target(&self, snapshot: &Snapshot) -> Target {
        let argv = self.destination.ssh_g();
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        let said = snapshot.command(&argv).and_then(Result::ok).filter(|output| output.success());
        let target = said.and_then(|output| Target::from_ssh_g(&output.text()).ok());
        let mut target = target.unwrap_or_else(|| Target::without_config(&self.destination, &self.home));
        if !self.files.is_empty() {
            target.user_files.clone_from(&self.files);
            target.global_files.clear();
        }
        target
    }
}

/// Plans the change; `salt` gives fresh random bytes for names that are hashed.
///
/// # Errors
/// When the offered key is not the expected one, a file cannot be read or must not be edited, or an edit would not do
/// what it is meant for.
pub fn known_hosts(
    snapshot: &Snapshot,
    wish: &KnownHostsWish,
    salt: &mut dyn FnMut() -> [u8; 20],
) -> Result<Plan, Refusal> {
    let target = wish.target(snapshot);
    let mut work = Work { wish, snapshot, names: target.names(snapshot), plan: Plan::default() };
    work.plan.purpose = format!("host keys of {}", target.alias.as_deref().unwrap_or(&target.host));
    if let Some((path, line)) = &wish.line {
        work.remove_line(path, *line)?;
        return Ok(work.plan);
    }
    let offer = offered(snapshot, &target);
    if wish.pins() {
        let keys = verified(snapshot, wish, &target, offer.as_ref())?;
        work.pin(&target, &keys, &offer.map(|offer| offer.host_keys()).unwrap_or_default(), salt)?;
    } else {
        work.remove(&target, &offer.as_ref().map(Offer::host_keys).unwrap_or_default())?;
        work.say_what_is_offered(&target, offer.as_ref());
    }
    Ok(work.plan)
}

/// The keys that the server offers now; `None` when it could not be asked.
fn offered(snapshot: &Snapshot, target: &Target) -> Option<Offer> {
    let argv = target.keyscan()?;
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    let output = snapshot.command(&argv)?.ok()?;
    let offer = Offer::parse(&output.stdout);
    (!offer.keys.is_empty()).then_some(offer)
}

/// The keys that are both expected and offered.
fn verified(
    snapshot: &Snapshot,
    wish: &KnownHostsWish,
    target: &Target,
    offer: Option<&Offer>,
) -> Result<Vec<HostKey>, Refusal> {
    let mut expected = wish.expected.clone();
    if let Some(path) = &wish.key_file {
        expected.extend(keys_in(snapshot, path)?.iter().map(HostKey::fingerprint));
    }
    let Some(offer) = offer else {
        let reason = format!("{} offers no key that could be compared with the expected one", target.host);
        return Err(Refusal::refused(reason, "find out first why it does not answer: sshmend diagnose"));
    };
    let keys = offer.matching(&expected);
    if keys.is_empty() {
        let offers = list(offer.host_keys().iter().map(describe));
        let reason = format!("{} offers {offers}, none of which is expected", target.host);
        return Err(Refusal::refused(reason, "do not connect before someone at the server's console explains it"));
    }
    Ok(keys)
}

fn keys_in(snapshot: &Snapshot, path: &Path) -> Result<Vec<HostKey>, Refusal> {
    let offer = Offer::parse(&image(snapshot, path)?.bytes);
    if let Some((line, problem)) = offer.problems.first() {
        return Err(Refusal::Refused {
            reason: format!("{}:{line}: {problem}", path.display()),
            hint: problem.hint().map(str::to_owned),
        });
    }
    Ok(offer.host_keys())
}

fn image<'s>(snapshot: &'s Snapshot, path: &Path) -> Result<&'s FileImage, Refusal> {
    match snapshot.entry(path) {
        Some(Entry::File(image)) => Ok(image),
        Some(Entry::Unreadable(reason)) => Err(Refusal::refused(
            format!("{}: {reason}", path.display()),
            "run it as the user whom the file belongs to",
        )),
        _ => Err(Refusal::refused(format!("{}: no such file", path.display()), "check the path")),
    }
}

fn describe(key: &HostKey) -> String {
    format!("{} {}", key.key_type().name(), key.fingerprint())
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// A plan in the making.
struct Work<'w> {
    wish: &'w KnownHostsWish,
    snapshot: &'w Snapshot,
    names: Vec<Name>,
    plan: Plan,
}

impl<'w> Work<'w> {
    /// What the server still offers is not stale; where it could not be asked, or one type was named, all of it goes.
    fn remove(&mut self, target: &Target, offered: &[HostKey]) -> Result<(), Refusal> {
        let names = self.names.clone();
        let pin = Pin { names: &names, keys: &[], offered, hash_names: false };
        for path in target.files() {
            let Some(image) = self.editable(path) else {
                self.leave(path);
                continue;
            };
            let known = KnownHosts::parse(&image.bytes);
            let removed = match (offered, self.wish.key_type) {
                ([_, ..], None) => known.remove_stale(&pin),
                (_, key_type) => known.remove(&names, key_type),
            };
            let removed = removed.map_err(|error| Refusal::of_file(path, &error))?;
            self.note_removed(path, &removed);
            self.check_gone(&removed.edits.apply(&image.bytes), &removed.removed);
            self.put(path, Some(image), &removed.edits);
        }
        if self.plan.files.is_empty() {
            let text = format!("none of the files holds a key for {} that could be stale", self.names[0].as_str());
            self.notice("nothing-known", text, None);
        }
        Ok(())
    }

    fn remove_line(&mut self, path: &Path, number: usize) -> Result<(), Refusal> {
        let image = image(self.snapshot, path)?;
        let known = KnownHosts::parse(&image.bytes);
        let digest = known.line_digest(number).unwrap_or_default();
        let removed = known.remove_line(number, &digest).map_err(|error| Refusal::of_file(path, &error))?;
        self.note_removed(path, &removed);
        self.put(path, Some(image), &removed.edits);
        Ok(())
    }

    /// The verified keys stand in the first file that knows the host, else in the first file of all.
    fn pin(
        &mut self,
        target: &Target,
        keys: &[HostKey],
        offered: &[HostKey],
        salt: &mut dyn FnMut() -> [u8; 20],
    ) -> Result<(), Refusal> {
        let Some(home) = self.home_of_pins(target) else {
            return Err(Refusal::refused("ssh is told to keep no known_hosts file", "give one with --file"));
        };
        let names = self.names.clone();
        let pin = Pin { names: &names, keys, offered, hash_names: target.hash_names };
        for path in target.files() {
            match self.editable(path) {
                before if path == home => self.pin_here(path, before, &pin, salt)?,
                Some(image) => self.remove_elsewhere(path, image, &pin)?,
                None => self.leave(path),
            }
        }
        Ok(())
    }

    fn pin_here(
        &mut self,
        path: &Path,
        before: Option<&FileImage>,
        pin: &Pin<'_>,
        salt: &mut dyn FnMut() -> [u8; 20],
    ) -> Result<(), Refusal> {
        let bytes = before.map(|image| image.bytes.as_slice()).unwrap_or_default();
        let pinned = KnownHosts::parse(bytes).pin(pin, salt).map_err(|error| Refusal::of_file(path, &error))?;
        self.note_pinned(path, &pinned);
        self.check_pinned(&pinned.edits.apply(bytes), pin.keys);
        self.put(path, before, &pinned.edits);
        Ok(())
    }

    /// A stale key in another file would still make ssh ask for it.
    fn remove_elsewhere(&mut self, path: &Path, image: &FileImage, pin: &Pin<'_>) -> Result<(), Refusal> {
        let removed = KnownHosts::parse(&image.bytes).remove_stale(pin);
        let removed = removed.map_err(|error| Refusal::of_file(path, &error))?;
        self.note_removed(path, &removed);
        self.put(path, Some(image), &removed.edits);
        Ok(())
    }

    fn home_of_pins(&self, target: &Target) -> Option<PathBuf> {
        let knows = |path: &&PathBuf| self.editable(path).is_some_and(|image| self.first_line(image).is_some());
        target.user_files.iter().find(knows).or(target.user_files.first()).cloned()
    }

    /// The file, when it exists and is the user's to edit.
    fn editable(&self, path: &Path) -> Option<&'w FileImage> {
        let image = self.snapshot.file(path)?;
        (self.wish.uid == 0 || image.meta.uid == self.wish.uid).then_some(image)
    }

    /// Of a file that cannot be edited it is said what it holds.
    fn leave(&mut self, path: &Path) {
        let file = path.display();
        match self.snapshot.entry(path) {
            Some(Entry::Unreadable(reason)) => self.notice("unreadable", format!("{file}: {reason}"), None),
            Some(Entry::File(image)) => {
                let Some(line) = self.first_line(image) else { return };
                let text = format!("{file} is not this user's and stays; as root: --file {file}");
                self.notice("file-owned-by", text, Some(Origin::new(path, line)));
            }
            _ => {}
        }
    }

    /// The first plain line that the names are found in.
    fn first_line(&self, image: &FileImage) -> Option<usize> {
        let found = KnownHosts::parse(&image.bytes).find(&self.names).found;
        found.iter().find(|found| found.marker.is_none()).map(|found| found.line)
    }

    fn note_removed(&mut self, path: &Path, removed: &Removed) {
        removed.removed.iter().for_each(|name| self.effect_of(path, name, "gone"));
        self.note_left(path, &removed.left);
    }

    fn note_pinned(&mut self, path: &Path, pinned: &Pinned) {
        pinned.removed.iter().for_each(|name| self.effect_of(path, name, "gone"));
        for placed in &pinned.placed {
            let what = format!("{} {}", placed.names.join(","), placed.key_type.name());
            let after = format!("{} (verified)", placed.fingerprint);
            self.effect(what, "unknown".to_owned(), after);
        }
        self.note_left(path, &pinned.left);
    }

    fn effect_of(&mut self, path: &Path, name: &RemovedName, after: &str) {
        let names = if name.names.is_empty() { format!("line {}", name.line) } else { name.names.join(",") };
        let what = match name.key_type {
            Some(key_type) => format!("{names} {}", key_type.name()),
            None => names,
        };
        let key = name.fingerprint.map_or_else(|| "unreadable".to_owned(), |fingerprint| fingerprint.to_string());
        self.effect(what, format!("{key} ({}:{})", path.display(), name.line), format!("{after}: {}", name.why));
    }

    fn note_left(&mut self, path: &Path, left: &[LineNotice]) {
        for notice in left {
            self.notice("line-left", format!("it {}", notice.kind), Some(Origin::new(path, notice.line)));
        }
    }

    fn say_what_is_offered(&mut self, target: &Target, offer: Option<&Offer>) {
        let text = match offer {
            Some(offer) => format!(
                "{} now offers {}; compare with what `ssh-keygen -l -f KEY.pub` prints on the server's own console, \
                 then pin it with --expect-fingerprint",
                target.host,
                list(offer.host_keys().iter().map(describe))
            ),
            None => format!("the keys that {} offers now could not be fetched", target.host),
        };
        self.notice("key-unverified", text, None);
    }

    /// What ssh-keygen has to say of the file afterwards.
    fn check_gone(&mut self, after: &[u8], removed: &[RemovedName]) {
        for name in removed {
            let Some(fingerprint) = name.fingerprint else { continue };
            for host in &name.names {
                self.judge(host, after, Expect::Silence(fingerprint.to_string()));
            }
        }
    }

    fn check_pinned(&mut self, after: &[u8], keys: &[HostKey]) {
        let deciding = self.names[0].as_str().to_owned();
        for key in keys {
            self.judge(&deciding, after, Expect::Mention(key.fingerprint().to_string()));
        }
    }

    fn judge(&mut self, host: &str, after: &[u8], expect: Expect) {
        if self.wish.live {
            let title = format!("ssh-keygen -l -F {host}");
            let argv = ["ssh-keygen", "-l", "-F", host, "-f", "/dev/stdin"];
            self.plan.rehearsal.push(Check::new(&title, &argv, expect).reading(after));
        }
    }

    fn put(&mut self, path: &Path, before: Option<&FileImage>, edits: &EditSet) {
        let change = match before {
            Some(image) => FileChange::edit(path, image.clone(), edits.clone()),
            None => {
                let meta = Metadata { mode: 0o600, uid: self.wish.uid, ..Metadata::default() };
                FileChange::create(path, edits.apply(b""), meta)
            }
        };
        if !change.is_noop() {
            self.plan.files.push(change);
        }
    }

    fn effect(&mut self, what: String, before: String, after: String) {
        self.plan.effects.push(Effect { what, before, after });
    }

    fn notice(&mut self, name: &str, text: String, origin: Option<Origin>) {
        self.plan.notices.push(Notice { name: name.to_owned(), text, origin });
    }
}
