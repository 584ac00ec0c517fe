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

/// What sshd looks for where nothing says otherwise (servconf.c, `fill_default_server_options`).
const DEFAULTS: [&str; 3] = [
    "/etc/ssh/ssh_host_rsa_key",
    "/etc/ssh/ssh_host_ecdsa_key",
    "/etc/ssh/ssh_host_ed25519_key",
];

/// The group that Red Hat's sshd lets read host keys.
const READERS: &str = "ssh_keys";

const GROUPS: &str = "/etc/group";

/// Who may do what with a private key, and with a public one.
const PRIVATE: Attributes = Attributes {
    mode: 0o600,
    uid: 0,
    gid: 0,
};
const PUBLIC: Attributes = Attributes {
    mode: 0o644,
    ..PRIVATE
};

/// What is to be known of the machine.
#[derive(Debug, Clone)]
pub(crate) struct HostKeysWish<'a> {
    /// The configuration in force.
    pub effective: &'a Effective,
    /// The daemon.
    pub sshd: &'a Sshd,
    /// How its service stands, and what `sshd -t` says today.
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
    /// The word that ssh-keygen knows it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ecdsa => "ecdsa",
            Self::Ed25519 => "ed25519",
        }
    }

    /// By the name of its file, which is all that sshd_config says of a key.
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
/// When an agent holds the keys, a file that may name them cannot be read, or a key can neither be made nor mended.
pub(crate) fn host_keys(
    snapshot: &Snapshot,
    wish: &HostKeysWish<'_>,
    generate: &mut dyn FnMut(KeyKind) -> Result<KeyPair, String>,
) -> Result<Plan, Refusal> {
    // The default keys are not those of a configuration that cannot be read.
    for key in ["hostkey", "hostkeyagent"] {
        let setting = wish.effective.get(key);
        if let Some(unseen) = setting.and_then(|setting| setting.unknown.as_ref()) {
            let reason = format!("which host keys sshd uses cannot be known: {unseen}");
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
    work.plan.purpose =
        "make host keys that are missing, close those that others can read".to_owned();
    // A key takes time to make: none is made before all of these files are known.
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
fn paths(effective: &Effective) -> Vec<PathBuf> {
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

/// A plan in the making.
struct Work<'w> {
    snapshot: &'w Snapshot,
    wish: &'w HostKeysWish<'w>,
    plan: Plan,
    /// Why keys could not be had.
    failed: Vec<String>,
}

impl Work<'_> {
    fn key(&mut self, path: &Path, generate: &mut dyn FnMut(KeyKind) -> Result<KeyPair, String>) {
        let why = match self.snapshot.read(path) {
            Ok(Some(image)) if is_private_key(&image.bytes) => return self.close(path, image),
            Ok(Some(_)) => {
                "it holds no private key, and is not overwritten: move it away".to_owned()
            }
            Ok(None) => match self.make(path, generate) {
                Ok(()) => return,
                Err(why) => why,
            },
            Err(why) => why.to_string(),
        };
        self.failed.push(format!("{}: {why}", path.display()));
    }

    /// Closes a key that others can read; one that belongs to someone else becomes root's.
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
                "{} could be read by others: take it for known, and replace it",
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
            KeyKind::of_file(path).ok_or("its name does not tell of which type it is to be")?;
        let pair = generate(kind)?;
        let key = OfferedKeys::parse(&pair.public)
            .host_keys()
            .into_iter()
            .next()
            .ok_or("ssh-keygen made no public key")?;
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
        let by_hand = "make it by hand: ssh-keygen -t ed25519 -N '' -f FILE; what is there is never overwritten";
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

    /// While sshd refuses its configuration for other reasons as well, it can neither judge the keys nor take them up.
    fn bring_into_force(mut self) -> Plan {
        let (sshd, service) = (self.wish.sshd, self.wish.service);
        let config_test = service
            .config_test
            .as_ref()
            .filter(|config_test| !config_test.passed);
        if let Some(other) = config_test.and_then(|config_test| config_test.others.first()) {
            let text = format!("sshd is not told, for it also refuses something else: {other}");
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

    /// The id of the group whose members may read host keys, where there is one.
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
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use sshmend_facts::{ConfigTest, UnitState};
    use sshmend_lossless::fixture::snapshot;
    use sshmend_lossless::{Entry, Request, Step};
    use sshmend_sshd_config::{Release, Scope, Tree};

    const KEY: &str =
        "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n";
    const PUB: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKpFSkVcLVW7tOOjkAoAFxXAykYA7UZUNP8yZUIzQN root@a\n";

    /// All that is asked for and not in the fixture is missing.
    fn machine(text: &str) -> (Snapshot, Effective) {
        let mut seen = snapshot(&format!(
            "//- /etc/ssh/sshd_config\n\n//- /etc/group\nroot:x:0:\nssh_keys:x:101:\n{text}"
        ));
        let main = Path::new("/etc/ssh/sshd_config");
        let effective =
            Tree::read(&seen, main, &[]).effective(Some(Release::new(9, 2)), Scope::Global);
        let looked_for = |seen: &Snapshot| {
            siblings(&effective)
                .filter_map(|path| seen.read(&path).ok())
                .count()
        };
        seen.fill(looked_for, |requests, seen| {
            for request in requests {
                if let Request::Read(path) = request {
                    seen.insert(path, Entry::Missing);
                }
            }
        });
        (seen, effective)
    }

    fn plan(text: &str, service: &Service) -> Result<Plan, Refusal> {
        let (seen, effective) = machine(text);
        let sshd = Sshd {
            program: Some("/usr/sbin/sshd".into()),
            unit: Some("ssh.service".into()),
            ..Sshd::default()
        };
        let wish = HostKeysWish {
            effective: &effective,
            sshd: &sshd,
            service,
            live: true,
        };
        host_keys(&seen, &wish, &mut |_| {
            Ok(KeyPair {
                private: KEY.into(),
                public: PUB.into(),
            })
        })
    }

    fn check(text: &str, expected: &Expect) {
        let plan = match plan(text, &Service::default()) {
            Ok(plan) => plan,
            Err(Refusal::Refused { reason, hint }) => {
                return expected.assert_eq(&format!(
                    "refused: {reason} ({})\n",
                    hint.unwrap_or_default()
                ));
            }
        };
        let mut lines: Vec<String> = Vec::new();
        for change in &plan.files {
            let (verb, mode) = (
                if change.before.is_some() {
                    "change"
                } else {
                    "create"
                },
                change.attributes_after(),
            );
            lines.push(format!(
                "{verb} {} {:04o} {}:{}",
                change.path.display(),
                mode.mode,
                mode.uid,
                mode.gid
            ));
        }
        lines.extend(
            plan.effects
                .iter()
                .map(|e| format!("{}: {} -> {}", e.what, e.before, e.after)),
        );
        lines.extend(
            plan.rehearsal
                .iter()
                .map(|check| check.title.clone())
                .chain(plan.activation.iter().map(Step::title)),
        );
        lines.extend(
            plan.notices
                .iter()
                .map(|notice| format!("note: {}", notice.text)),
        );
        expected.assert_eq(
            &lines
                .iter()
                .map(|line| format!("{line}\n"))
                .collect::<String>(),
        );
    }

    /// The configuration, and keys with their headers.
    fn keys(config: &str, headers: &[&str]) -> String {
        let keys: String = headers
            .iter()
            .map(|header| format!("//- {header}\n{KEY}"))
            .collect();
        format!("//- /etc/ssh/sshd_config\n{config}\n{keys}")
    }

    const ALL: [&str; 3] = [
        "/etc/ssh/ssh_host_rsa_key mode:0600",
        "/etc/ssh/ssh_host_ecdsa_key mode:0400",
        "/etc/ssh/ssh_host_ed25519_key mode:0640 gid:101",
    ];

    #[test]
    fn unmendable_lines_are_refused_with_the_reason() {
        check(
            &keys("HostKeyAgent /run/agent", &[]),
            &expect![[r#"
                refused: the host keys are held by the agent /run/agent (load them into it, or take HostKeyAgent out of sshd_config)
            "#]],
        );
        check(
            "//- /etc/ssh/sshd_config\nHostKey /k_rsa\n//- /k_rsa unreadable:Permission denied\n",
            &expect![[r#"
                refused: /k_rsa: permission denied (run it with sudo)
            "#]],
        );
        check(
            "//- /etc/ssh/sshd_config\nInclude /etc/ssh/own.conf\nHostKey /k_rsa\n//- /etc/ssh/own.conf unreadable:Input/output error\n",
            &expect![[r#"
                refused: which host keys sshd uses cannot be known: /etc/ssh/own.conf cannot be read: Input/output error (look at the disk and at the kernel log (dmesg))
            "#]],
        );
        check(
            &keys("HostKey /etc/ssh/the_key", &[]),
            &expect![[r#"
                refused: /etc/ssh/the_key: its name does not tell of which type it is to be (make it by hand: ssh-keygen -t ed25519 -N '' -f FILE; what is there is never overwritten)
            "#]],
        );
        check(
            "//- /etc/ssh/sshd_config\nHostKey /etc/ssh/a_rsa\nHostKey /etc/ssh/b_rsa\n//- /etc/ssh/a_rsa\n//- /etc/ssh/b_rsa dangling\n",
            &expect![[r#"
                refused: /etc/ssh/a_rsa: it holds no private key, and is not overwritten: move it away; /etc/ssh/b_rsa: a link to nothing (look where the link leads (namei -l PATH))
            "#]],
        );
    }

    #[test]
    fn good_keys_are_left_alone() {
        check(&keys("", &ALL), &expect![[""]]);
        check(
            &keys(
                "HostKey /etc/ssh/only_rsa",
                &["/etc/ssh/only_rsa mode:0600"],
            ),
            &expect![[""]],
        );
    }

    #[test]
    fn missing_keys_of_the_default_list_are_made() {
        check(
            &keys("", &ALL[..1]),
            &expect![[r#"
                create /etc/ssh/ssh_host_ecdsa_key 0600 0:0
                create /etc/ssh/ssh_host_ecdsa_key.pub 0644 0:0
                create /etc/ssh/ssh_host_ed25519_key 0600 0:0
                create /etc/ssh/ssh_host_ed25519_key.pub 0644 0:0
                host key /etc/ssh/ssh_host_ecdsa_key: missing -> ssh-ed25519 SHA256:nqX+kEaclHV+hqVNn/V6/1P0elY4ufGjigMOI1ut7Ec
                host key /etc/ssh/ssh_host_ed25519_key: missing -> ssh-ed25519 SHA256:nqX+kEaclHV+hqVNn/V6/1P0elY4ufGjigMOI1ut7Ec
                sshd -t
                systemctl reload ssh.service
                note: clients that knew the old key will warn that it has changed: tell them the new fingerprints
            "#]],
        );
    }

    #[test]
    fn the_list_of_the_configuration_counts_and_a_left_over_public_key_is_replaced() {
        let config = "HostKey /etc/ssh/my_ed25519\nHostCertificate /etc/ssh/my_ed25519-cert.pub";
        check(
            &format!(
                "{}//- /etc/ssh/my_ed25519.pub mode:0600\nold\n",
                keys(config, &[])
            ),
            &expect![[r#"
                create /etc/ssh/my_ed25519 0600 0:0
                change /etc/ssh/my_ed25519.pub 0644 0:0
                host key /etc/ssh/my_ed25519: missing -> ssh-ed25519 SHA256:nqX+kEaclHV+hqVNn/V6/1P0elY4ufGjigMOI1ut7Ec
                sshd -t
                systemctl reload ssh.service
                note: clients that knew the old key will warn that it has changed: tell them the new fingerprints
                note: the certificate /etc/ssh/my_ed25519-cert.pub was issued for an old key: have a new one issued
            "#]],
        );
    }

    #[test]
    fn keys_that_others_can_read_are_closed() {
        let open = [
            "/etc/ssh/ssh_host_rsa_key mode:0644",
            ALL[1],
            "/etc/ssh/ssh_host_ed25519_key mode:0600 uid:1000",
        ];
        check(
            &keys("", &open),
            &expect![[r#"
            change /etc/ssh/ssh_host_ed25519_key 0600 0:0
            change /etc/ssh/ssh_host_rsa_key 0600 0:0
            host key /etc/ssh/ssh_host_rsa_key: 0644, owned by 0:0 -> 0600, owned by 0:0
            host key /etc/ssh/ssh_host_ed25519_key: 0600, owned by 1000:0 -> 0600, owned by 0:0
            sshd -t
            systemctl reload ssh.service
            note: /etc/ssh/ssh_host_rsa_key could be read by others: take it for known, and replace it
        "#]],
        );
    }

    #[test]
    fn the_bytes_of_a_closed_key_stay() {
        let plan = plan(
            &keys("HostKey /k_rsa", &["/k_rsa mode:0666"]),
            &Service::default(),
        )
        .expect("a plan");
        assert_eq!(plan.files[0].after.as_deref(), Some(KEY.as_bytes()));
    }

    #[test]
    fn sshd_is_not_reloaded_while_it_refuses_something_else() {
        let config_test = ConfigTest {
            others: vec!["line 3: bad".to_owned()],
            ..ConfigTest::default()
        };
        let service = Service {
            config_test: Some(config_test),
            ..Service::default()
        };
        let plan = plan(&keys("", &ALL[..1]), &service).expect("a plan");
        assert_eq!(
            (
                plan.rehearsal.len(),
                plan.activation.len(),
                plan.files.len()
            ),
            (0, 0, 4)
        );
        assert!(
            plan.notices
                .iter()
                .any(|notice| notice.text.ends_with("something else: line 3: bad"))
        );
    }

    #[test]
    fn sshd_is_started_if_missing_keys_stopped_it() {
        let unit = UnitState {
            name: "ssh.service".to_owned(),
            failed: true,
            ..UnitState::default()
        };
        let config_test = ConfigTest {
            host_keys: vec!["no hostkeys available".to_owned()],
            ..ConfigTest::default()
        };
        let failed = Service {
            systemd: true,
            unit: Some(unit),
            config_test: Some(config_test),
            ..Service::default()
        };
        let plan = plan(&keys("", &ALL[..1]), &failed).expect("a plan");
        let titles = |steps: &[Step]| steps.iter().map(Step::title).collect::<Vec<_>>();
        let judges: Vec<&str> = plan.rehearsal.iter().map(|check| &*check.title).collect();
        assert_eq!(judges, ["sshd -t"]);
        assert_eq!(
            titles(&plan.activation),
            [
                "systemctl reset-failed ssh.service",
                "systemctl start ssh.service"
            ]
        );
        assert_eq!(
            (titles(&plan.undo), plan.files.len()),
            (vec!["systemctl stop ssh.service".to_owned()], 4)
        );
    }

    #[test]
    fn failures_of_ssh_keygen_are_reported() {
        let (seen, effective) = machine(&keys("", &ALL[..2]));
        let wish = HostKeysWish {
            effective: &effective,
            sshd: &Sshd::default(),
            service: &Service::default(),
            live: false,
        };
        let plan = host_keys(&seen, &wish, &mut |kind| {
            Err(format!("{} is not allowed", kind.as_str()))
        });
        let plan = plan.expect("other keys work");
        assert_eq!(
            (plan.files.len(), plan.notices[0].text.as_str()),
            (0, "/etc/ssh/ssh_host_ed25519_key: ed25519 is not allowed")
        );
    }
}
