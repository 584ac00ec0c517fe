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

/// A machine on which everything that is requested and not in the fixture is missing.
fn machine(text: &str) -> (Snapshot, Effective) {
    let mut seen = snapshot(&format!(
        "//- /etc/ssh/sshd_config\n\n//- /etc/group\nroot:x:0:\nssh_keys:x:101:\n{text}"
    ));
    let main = Path::new("/etc/ssh/sshd_config");
    let effective = Tree::read(&seen, main, &[]).effective(Some(Release::new(9, 2)), Scope::Global);
    let looked_for = |seen: &Snapshot| {
        siblings(&effective)
            .filter_map(|path| seen.read(&path).ok())
            .count()
    };
    seen.fill(looked_for, |requests, seen, _| {
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
fn host_keys_that_cannot_be_repaired_are_refused_with_the_reason() {
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
                refused: which host keys sshd uses is not known: /etc/ssh/own.conf cannot be read: Input/output error (look at the disk and at the kernel log (dmesg))
            "#]],
    );
    check(
        &keys("HostKey /etc/ssh/the_key", &[]),
        &expect![[r#"
                refused: /etc/ssh/the_key: its name does not show which key type it should have (create it by hand: ssh-keygen -t ed25519 -N '' -f FILE; existing files are never overwritten)
            "#]],
    );
    check(
        "//- /etc/ssh/sshd_config\nHostKey /etc/ssh/a_rsa\nHostKey /etc/ssh/b_rsa\n//- /etc/ssh/a_rsa\n//- /etc/ssh/b_rsa dangling\n",
        &expect![[r#"
                refused: /etc/ssh/a_rsa: it does not contain a private key, and is not overwritten: move it away; /etc/ssh/b_rsa: a link to nothing (look where the link leads (namei -l PATH))
            "#]],
    );
}

#[test]
fn valid_keys_are_unchanged() {
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
fn missing_keys_of_the_default_list_are_generated() {
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
fn the_configured_keys_are_generated_and_an_old_public_key_is_replaced() {
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
fn keys_that_others_can_read_get_a_safe_mode() {
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
            note: /etc/ssh/ssh_host_rsa_key was readable by others: consider it compromised, and replace it
        "#]],
    );
}

#[test]
fn a_key_with_a_corrected_mode_keeps_its_bytes() {
    let plan = plan(
        &keys("HostKey /k_rsa", &["/k_rsa mode:0666"]),
        &Service::default(),
    )
    .expect("a plan");
    assert_eq!(plan.files[0].after.as_deref(), Some(KEY.as_bytes()));
}

#[test]
fn sshd_is_not_reloaded_if_it_refuses_its_configuration() {
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
