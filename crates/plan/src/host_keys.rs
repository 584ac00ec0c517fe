//! The plan that makes missing host keys, and closes those that others can read.

use std::path::{Path, PathBuf};

use sshmend_facts::{Service, Sshd};
use sshmend_known_hosts::OfferedKeys;
use sshmend_lossless::{
    Attributes, Edit, EditSet, FileChange, FileImage, Metadata, Snapshot, is_private_key,
};
use sshmend_sshd_config::Effective;

use crate::check::Expect;
use crate::plan::{Effect, Notice, Plan, Refusal};
use crate::reload::{listen_addresses, put_into_force, question};
use crate::service::{has_failed, start_failed};

/// The default host keys of sshd (servconf.c, `fill_default_server_options`).
const DEFAULTS: [&str; 3] = [
    "/etc/ssh/ssh_host_rsa_key",
    "/etc/ssh/ssh_host_ecdsa_key",
    "/etc/ssh/ssh_host_ed25519_key",
];

/// The group that may read host keys with Red Hat's sshd.
const READERS: &str = "ssh_keys";

const GROUPS: &str = "/etc/group";

/// The mode and owner of a private key, and of a public one.
const PRIVATE: Attributes = Attributes {
    mode: 0o600,
    uid: 0,
    gid: 0,
};
const PUBLIC: Attributes = Attributes {
    mode: 0o644,
    ..PRIVATE
};

/// The facts needed for the plan.
#[derive(Debug, Clone)]
pub(crate) struct HostKeysWish<'a> {
    /// The configuration in force.
    pub effective: &'a Effective,
    /// The daemon.
    pub sshd: &'a Sshd,
    /// The state of the service, and the present output of `sshd -t`.
    pub service: &'a Service,
    /// Whether the machine runs: else only the files change.
    pub live: bool,
}

/// A type of key that ssh-keygen makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, of the size that ssh-keygen chooses.
    Rsa,
    /// ECDSA, of the size that ssh-keygen chooses.
    Ecdsa,
    /// Ed25519.
    Ed25519,
}

/// A new key, as ssh-keygen writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPair {
    /// The file of the private key.
    pub private: Vec<u8>,
    /// The file of the public key.
    pub public: Vec<u8>,
}

impl KeyKind {
    /// Its name for ssh-keygen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ecdsa => "ecdsa",
            Self::Ed25519 => "ed25519",
        }
    }

    /// The type by the name of the file, which is all that sshd_config shows about a key.
    fn of_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        [Self::Ed25519, Self::Ecdsa, Self::Rsa]
            .into_iter()
            .find(|kind| name.contains(kind.as_str()))
    }
}

/// Plans the change; `generate` makes a key.
///
/// # Errors
/// If an agent holds the keys, a file that may name them cannot be read, or a key can neither be
/// generated nor repaired.
pub(crate) fn host_keys(
    snapshot: &Snapshot,
    wish: &HostKeysWish<'_>,
    generate: &mut dyn FnMut(KeyKind) -> Result<KeyPair, String>,
) -> Result<Plan, Refusal> {
    // If a configuration cannot be read, its keys are not the default ones.
    for key in ["hostkey", "hostkeyagent"] {
        let setting = wish.effective.get(key);
        if let Some(unseen) = setting.and_then(|setting| setting.unknown.as_ref()) {
            let reason = format!("which host keys sshd uses is not known: {unseen}");
            return Err(Refusal::refused(reason, unseen.hint()));
        }
    }
    if let Some(agent) = single(wish.effective, "hostkeyagent").filter(|agent| agent != "none") {
        let reason = format!("the host keys are held by the agent {agent}");
        return Err(Refusal::refused(
            reason,
            "load them into it, or take HostKeyAgent out of sshd_config",
        ));
    }
    let mut work = Work {
        snapshot,
        wish,
        plan: Plan::default(),
        failed: Vec::new(),
    };
    work.plan.purpose = "generate missing host keys, protect those that others can read".to_owned();
    // Generating a key takes time: all of these files must be known first.
    let siblings = siblings(wish.effective).map(|path| snapshot.read(&path));
    if snapshot.once_answered(|| siblings.count()).is_none() {
        return Ok(work.plan);
    }
    for path in paths(wish.effective) {
        work.key(&path, generate);
    }
    work.finish()
}

/// The private keys that sshd looks for, each with its public one.
fn siblings(effective: &Effective) -> impl Iterator<Item = PathBuf> {
    paths(effective)
        .into_iter()
        .flat_map(|path| [public(&path), path])
}

/// The private keys that sshd looks for.
/// The host keys that sshd loads.
pub(crate) fn paths(effective: &Effective) -> Vec<PathBuf> {
    let values = effective
        .get("hostkey")
        .map(|setting| setting.values.clone())
        .unwrap_or_default();
    if values.is_empty() {
        DEFAULTS.map(PathBuf::from).to_vec()
    } else {
        values.into_iter().map(PathBuf::from).collect()
    }
}

fn public(private: &Path) -> PathBuf {
    let mut name = private.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn single(effective: &Effective, key: &str) -> Option<String> {
    effective.get(key)?.values.first().cloned()
}

/// A plan under construction.
struct Work<'w> {
    snapshot: &'w Snapshot,
    wish: &'w HostKeysWish<'w>,
    plan: Plan,
    /// The reasons why keys could not be obtained.
    failed: Vec<String>,
}

impl Work<'_> {
    fn key(&mut self, path: &Path, generate: &mut dyn FnMut(KeyKind) -> Result<KeyPair, String>) {
        let why = match self.snapshot.read(path) {
            Ok(Some(image)) if is_private_key(&image.bytes) => return self.close(path, image),
            Ok(Some(_)) => {
                "it does not contain a private key, and is not overwritten: move it away".to_owned()
            }
            Ok(None) => match self.make(path, generate) {
                Ok(()) => return,
                Err(why) => why,
            },
            Err(why) => why.to_string(),
        };
        self.failed.push(format!("{}: {why}", path.display()));
    }

    /// Removes access for others from a key; a key owned by someone else becomes root's.
    fn close(&mut self, path: &Path, image: &FileImage) {
        let now = Attributes::of(&image.meta);
        let by_readers = now.mode & 0o077 == 0o040 && Some(now.gid) == self.readers();
        if now.uid == 0 && (now.mode & 0o077 == 0 || by_readers) {
            return;
        }
        let words = |of: Attributes| format!("{:04o}, owned by {}:{}", of.mode, of.uid, of.gid);
        self.effect(path, words(now), words(PRIVATE));
        if now.mode & 0o044 != 0 {
            let text = format!(
                "{} was readable by others: consider it compromised, and replace it",
                path.display()
            );
            self.plan
                .notices
                .push(Notice::new("host-key-exposed", text));
        }
        self.plan
            .files
            .push(FileChange::edit(path, image.clone(), EditSet::default()).giving(PRIVATE));
    }

    /// A public key that is left over would not fit the new private key, and sshd would ignore both.
    fn make(
        &mut self,
        path: &Path,
        generate: &mut dyn FnMut(KeyKind) -> Result<KeyPair, String>,
    ) -> Result<(), String> {
        let kind =
            KeyKind::of_file(path).ok_or("its name does not show which key type it should have")?;
        let pair = generate(kind)?;
        let key = OfferedKeys::parse(&pair.public)
            .host_keys()
            .into_iter()
            .next()
            .ok_or("ssh-keygen did not create a public key")?;
        let left_over = public(path);
        let with = match self.snapshot.read(&left_over) {
            Ok(Some(image)) => replaced(&left_over, image, pair.public).giving(PUBLIC),
            Ok(None) => FileChange::create(&left_over, pair.public, self.like_others(PUBLIC)),
            Err(why) => return Err(format!("{}: {why}", left_over.display())),
        };
        self.effect(
            path,
            "missing".to_owned(),
            format!("{} {}", key.key_type(), key.fingerprint()),
        );
        self.plan.files.extend([
            FileChange::create(path, pair.private, self.like_others(PRIVATE)),
            with,
        ]);
        Ok(())
    }

    fn finish(mut self) -> Result<Plan, Refusal> {
        let failed = std::mem::take(&mut self.failed);
        if self.plan.files.is_empty() && !failed.is_empty() && !self.any_key_works() {
            return Err(Refusal::refused(failed.join("; "), self.hint()));
        }
        self.plan.notices.extend(
            failed
                .into_iter()
                .map(|why| Notice::new("host-key-left", why)),
        );
        if self.plan.files.iter().any(|change| change.before.is_none()) {
            self.tell_of_new_keys();
        }
        self.plan.files.sort_by(|a, b| a.path.cmp(&b.path));
        if self.wish.live && !self.plan.files.is_empty() {
            return Ok(self.bring_into_force());
        }
        Ok(self.plan)
    }

    fn hint(&self) -> &'static str {
        let unread = paths(self.wish.effective)
            .into_iter()
            .filter_map(|path| self.snapshot.read(&path).err());
        let by_hand = "create it by hand: ssh-keygen -t ed25519 -N '' -f FILE; existing files are never overwritten";
        unread
            .filter_map(|why| why.hint())
            .next()
            .unwrap_or(by_hand)
    }

    fn tell_of_new_keys(&mut self) {
        let text = "clients that knew the old key will warn that it has changed: tell them the new fingerprints";
        self.plan.notices.push(Notice::new("new-host-keys", text));
        for certificate in self
            .wish
            .effective
            .get("hostcertificate")
            .map_or(&[][..], |setting| &setting.values)
        {
            let text = format!(
                "the certificate {certificate} was issued for an old key: have a new one issued"
            );
            self.plan
                .notices
                .push(Notice::new("host-certificate-stale", text));
        }
    }

    /// While sshd rejects its configuration for other reasons as well, it can neither check the
    /// keys nor load them.
    fn bring_into_force(mut self) -> Plan {
        let (sshd, service) = (self.wish.sshd, self.wish.service);
        let config_test = service
            .config_test
            .as_ref()
            .filter(|config_test| !config_test.passed);
        if let Some(other) = config_test.and_then(|config_test| config_test.others.first()) {
            let text =
                format!("sshd is not reloaded, because it also refuses something else: {other}");
            self.plan.notices.push(Notice::new("not-reloaded", text));
            return self.plan;
        }
        self.plan
            .rehearsal
            .extend(question(sshd, &["-t"], "sshd -t", Expect::Success));
        let addresses = listen_addresses(self.wish.effective);
        if has_failed(service) {
            return start_failed(self.plan, service, sshd, addresses);
        }
        put_into_force(&mut self.plan, sshd, addresses);
        self.plan
    }

    fn effect(&mut self, path: &Path, before: String, after: String) {
        self.plan.effects.push(Effect {
            what: format!("host key {}", path.display()),
            before,
            after,
        });
    }

    /// Whether sshd has a key without any change.
    fn any_key_works(&self) -> bool {
        let works = |path: &PathBuf| matches!(self.snapshot.read(path), Ok(Some(image)) if is_private_key(&image.bytes));
        paths(self.wish.effective).iter().any(works)
    }

    /// A new file gets the security label of its siblings.
    fn like_others(&self, Attributes { mode, uid, gid }: Attributes) -> Metadata {
        let label = siblings(self.wish.effective).filter_map(|path| {
            self.snapshot
                .read(&path)
                .ok()??
                .meta
                .xattrs
                .get_key_value("security.selinux")
        });
        let xattrs = label
            .take(1)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        Metadata {
            mode,
            uid,
            gid,
            xattrs,
            ..Metadata::default()
        }
    }

    /// The id of the group whose members may read host keys, if there is one.
    fn readers(&self) -> Option<u32> {
        let text = String::from_utf8_lossy(&self.snapshot.read(Path::new(GROUPS)).ok()??.bytes);
        let mut groups = text.lines().map(|line| line.split(':'));
        groups.find_map(|mut fields| {
            (fields.next() == Some(READERS))
                .then(|| fields.nth(1)?.parse().ok())
                .flatten()
        })
    }
}

fn replaced(path: &Path, image: &FileImage, content: Vec<u8>) -> FileChange {
    let all = Edit::replace(0..image.bytes.len(), content);
    FileChange::edit(
        path,
        image.clone(),
        EditSet::new([all]).expect("one edit overlaps with no other"),
    )
}

#[cfg(test)]
mod tests;
