//! `sshmend apply`: a policy for all formats, as one plan and one transaction.

use expect_test::expect;

use crate::disk::{Disk, Said, run};

const MAIN: &str = "/etc/ssh/sshd_config";

/// A machine of a fleet that differs from the policy in every respect.
pub(crate) fn machine() -> Disk {
    Disk::new(&format!(
        "//- /var/lib/dpkg/status\nPackage: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2+deb12u10\n\
         //- {MAIN}\nPort 22\nMaxStartups 10:30:100\nUsePAM yes\n\
         //- /etc/hosts.allow\n//- /etc/hosts.deny\nALL: ALL\n\
         //- /etc/passwd\nroot:x:0:0:root:/root:/bin/bash\nkim:x:1007:1007::/home/kim:/bin/bash\n\
         //- /etc/fail2ban/fail2ban.conf\n[Definition]\n//- /etc/fail2ban/filter.d/sshd.conf\n[Definition]\n\
         //- /etc/fail2ban/jail.conf\n[sshd]\nport = ssh\nfilter = sshd\nlogpath = /l\n\
         //- /etc/fail2ban/jail.d/on.local\n[sshd]\nenabled = true\n"
    ))
}

const POLICY: &str = r#"# every bastion of the fleet
[sshd-config]
MaxStartups = "60:30:240"
LoginGraceTime = 45
PermitEmptyPasswords = false
AcceptEnv = { add = ["LANG", "TZ"] }

[hosts-access]
allow = ["192.0.2.64/26", { pattern = "198.51.100.20", daemon = "vsftpd" }, "203.0.113.5"]

[fail2ban]
ignore = ["203.0.113.5", { address = "198.51.100.0/25", jail = "sshd", until = "2999-06-30" }]
"#;

const SAME_IN_JSON: &str = r#"
{"sshd-config": {"MaxStartups": "60:30:240", "LoginGraceTime": 45, "PermitEmptyPasswords": false,
                 "AcceptEnv": {"add": ["LANG", "TZ"]}},
 "hosts-access": {"allow": ["192.0.2.64/26", {"pattern": "198.51.100.20", "daemon": "vsftpd"}, "203.0.113.5"]},
 "fail2ban": {"ignore": ["203.0.113.5", {"address": "198.51.100.0/25", "jail": "sshd", "until": "2999-06-30"}]}}
"#;

/// Applies a policy that comes on standard input.
fn apply(disk: &Disk, policy: &str, flags: &str) -> Said {
    let root = disk.path("/");
    let root = root.to_str().expect("a plain path");
    let mut words = vec!["apply", "-", "--root", root];
    words.extend(flags.split(' ').filter(|word| !word.is_empty()));
    run(&words, policy.as_bytes())
}

fn files(disk: &Disk) -> Vec<Option<String>> {
    let paths = [
        MAIN,
        "/etc/hosts.allow",
        "/etc/hosts.deny",
        "/etc/fail2ban/jail.d/on.local",
        "/etc/fail2ban/jail.d/zz-sshmend.local",
        "/home/kim/.ssh/known_hosts",
    ];
    paths.iter().map(|path| disk.read(path)).collect()
}

fn notices(said: &Said, name: &str) -> Vec<(String, u64)> {
    let document = said.json();
    let notices = document["notices"].as_array().expect("a list");
    notices
        .iter()
        .filter(|notice| notice["name"] == name)
        .map(|notice| {
            let text = notice["text"].as_str().expect("text").to_owned();
            (text, notice["origin"]["line"].as_u64().unwrap_or_default())
        })
        .collect()
}

#[test]
fn a_policy_becomes_one_transaction_and_a_second_run_changes_nothing() {
    let disk = machine();
    let before = files(&disk);
    let said = apply(&disk, POLICY, "--yes --format json");
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    let document = said.json();
    assert_eq!(document["changed"], true);
    assert_eq!(document["files"].as_array().map(Vec::len), Some(4));
    assert_eq!(
        disk.read(MAIN).as_deref(),
        Some("Port 22\nMaxStartups 60:30:240\nUsePAM yes\nLoginGraceTime 45\nAcceptEnv LANG TZ\n")
    );
    assert_eq!(
        disk.read("/etc/hosts.allow").as_deref(),
        Some("sshd: 192.0.2.64/26 203.0.113.5\nvsftpd: 198.51.100.20\n")
    );
    let jails = disk.read("/etc/fail2ban/jail.d/on.local").expect("a file");
    assert!(
        jails.contains("until 2999-07-01T00:00:00Z 198.51.100.0/25"),
        "{jails}"
    );
    let after = files(&disk);
    for (flags, code) in [("--yes --format json", 0), ("-n --format json", 0)] {
        let again = apply(&disk, POLICY, flags);
        assert_eq!(
            (again.code, again.json()["changed"].as_bool()),
            (code, Some(false))
        );
        assert_eq!(again.json()["effects"], serde_json::json!([]));
        assert_eq!(notices(&again, "drift"), []);
    }
    assert_eq!(files(&disk), after);
    assert_eq!(disk.run("history").stdout.lines().count(), 1);
    assert_eq!(disk.run("rollback --yes").code, 0);
    assert_eq!(files(&disk), before, "one rollback for all of it");
}

#[test]
fn a_missing_state_folder_is_created_by_the_first_change() {
    let disk = machine();
    let state = disk.path("/srv/state");
    let flags = format!("--yes --state {}", state.display());
    let policy = format!("name = \"bastions\"\n{POLICY}");
    assert_eq!(
        apply(&disk, &policy, &flags.replace("--yes", "--dry-run")).code,
        1
    );
    assert!(!state.exists(), "a dry run makes nothing");
    assert_eq!(apply(&disk, &policy, &flags).code, 0);
    assert!(state.join("transactions").exists());
    // What left the policy is known by the same folder.
    let left = apply(&disk, "name = \"bastions\"\n[sshd-config]\n", &flags);
    assert!(
        left.stdout.contains("-MaxStartups 60:30:240"),
        "{}",
        left.stdout
    );
}

#[test]
fn concurrent_runs_all_apply_their_changes() {
    let disk = machine();
    let policy = |last: usize| format!("[hosts-access]\nallow = [\"203.0.113.{last}\"]\n");
    std::thread::scope(|scope| {
        let runs: Vec<_> = (1..=6)
            .map(|last| {
                let (disk, policy) = (&disk, policy(last));
                scope.spawn(move || apply(disk, &policy, "--yes --wait 60s"))
            })
            .collect();
        for run in runs {
            let said = run.join().expect("a run");
            assert_eq!(said.code, 0, "{}", said.stderr);
        }
    });
    let allowed = disk.read("/etc/hosts.allow").unwrap_or_default();
    for last in 1..=6 {
        assert!(allowed.contains(&format!("203.0.113.{last}")), "{allowed}");
    }
}

#[test]
fn json_means_the_same_as_toml() {
    let (toml, json) = (machine(), machine());
    assert_eq!(apply(&toml, POLICY, "--yes").code, 0);
    assert_eq!(apply(&json, SAME_IN_JSON, "--yes").code, 0);
    assert_eq!(files(&toml), files(&json));
}

#[test]
fn a_dry_run_names_the_drift_by_line_and_changes_nothing() {
    let disk = machine();
    assert_eq!(apply(&disk, POLICY, "--yes").code, 0);
    disk.write(
        MAIN,
        disk.read(MAIN)
            .expect("a file")
            .replace("60:30:240", "10:30:60"),
    );
    disk.write(
        "/etc/hosts.allow",
        "sshd: 192.0.2.64/26\nvsftpd: 198.51.100.20\n",
    );
    let before = files(&disk);
    let said = apply(&disk, POLICY, "--dry-run --format json");
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert_eq!(
        notices(&said, "drift"),
        [
            (
                "MaxStartups=60:30:240 is not in force (today it is 10:30:60)".to_owned(),
                3
            ),
            ("203.0.113.5 is not allowed at sshd".to_owned(), 9),
        ]
    );
    assert_eq!(files(&disk), before);
}

#[test]
fn one_impossible_wish_stops_the_whole_policy() {
    let disk = machine();
    let before = files(&disk);
    let jail = POLICY.replace("jail = \"sshd\"", "jail = \"sshf\"");
    let said = apply(&disk, &jail, "--yes");
    said.check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: -:12:26: there is no jail "sshf"
            12 | ignore = ["203.0.113.5", { address = "198.51.100.0/25", jail = "sshf", until = "2999-06-30" }]
               |                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        hint: did you mean sshd?
    "#]]);
    let value = POLICY.replace("LoginGraceTime = 45", "LoginGraceTime = \"soon\"");
    let said = apply(&disk, &value, "--yes --format json");
    assert_eq!(said.code, 2);
    let message = said.json()["error"]["message"].to_string();
    assert!(message.contains("-:4:1: "), "{message}");
    assert_eq!(files(&disk), before);
    assert!(
        disk.run("history")
            .stdout
            .contains("nothing was changed yet")
    );
}

#[test]
fn every_fault_of_the_text_is_shown_at_its_line_with_a_caret() {
    let disk = machine();
    let policy = "[sshd-config]\nMaxStartup = 5\nMaxSessions = [5]\n[hosts-acces]\n[fail2ban]\nignore = [\"10.0.0.0/33\"]\n";
    apply(&disk, policy, "--yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: -:2:1: `MaxStartup` is not a keyword of sshd_config
            2 | MaxStartup = 5
              | ^^^^^^^^^^
            hint: did you mean MaxStartups?
            -:3:15: MaxSessions holds one value, not a list
            3 | MaxSessions = [5]
              |               ^^^
            hint: write it as sshd_config does, in quotes: "5"
            -:4:2: `hosts-acces` is not a section of a policy
            4 | [hosts-acces]
              |  ^^^^^^^^^^^
            hint: did you mean hosts-access?
            -:6:11: "10.0.0.0/33" has no valid mask
            6 | ignore = ["10.0.0.0/33"]
              |           ^^^^^^^^^^^^^
            hint: write the length of the network: 192.0.2.0/24
    "#]]);
    apply(&disk, "[sshd-config\n", "--yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: -:1:13: not TOML: unclosed table, expected `]`
            1 | [sshd-config
              |             ^
    "#]]);
    apply(
        &disk,
        "{\"fail2ban\": {\"ignore\": [\"192.0.2.1\",]}}",
        "--yes",
    )
    .check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: -:1:38: not JSON: expected value
            1 | {"fail2ban": {"ignore": ["192.0.2.1",]}}
              |                                      ^
    "#]]);
}

#[test]
fn a_policy_that_another_user_could_have_written_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let disk = machine();
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("policy.toml");
    std::fs::write(&path, POLICY).expect("a file");
    let root = disk.path("/");
    let words = [
        "apply",
        path.to_str().expect("plain"),
        "-n",
        "--root",
        root.to_str().expect("plain"),
    ];
    assert_eq!(run(&words, b"").code, 1);
    nix::unistd::chown(&path, Some(1007.into()), None).expect("root may");
    let said = run(&words, b"");
    assert_eq!(said.code, 2, "{}", said.stdout);
    assert!(
        said.stderr.contains("belongs to another user"),
        "{}",
        said.stderr
    );
    let words = ["apply", "-", "-n", "--root", root.to_str().expect("plain")];
    assert_eq!(run(&words, POLICY.as_bytes()).code, 1);
}

#[test]
fn an_expired_exemption_is_removed_by_the_next_run() {
    let disk = machine();
    disk.write(
        "/etc/fail2ban/jail.d/on.local",
        "[sshd]\nenabled = true\n# sshmend: until 2020-01-01T00:00:00Z 198.51.100.9\nignoreip = 192.0.2.1 198.51.100.9\n",
    );
    let policy = "[fail2ban]\nignore = [{ address = \"198.51.100.9\", until = 2019-12-31 }, \"192.0.2.1\"]\n";
    let said = apply(&disk, policy, "--yes");
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    let jails = disk.read("/etc/fail2ban/jail.d/on.local").expect("a file");
    assert_eq!(jails, "[sshd]\nenabled = true\nignoreip = 192.0.2.1\n");
    assert_eq!(apply(&disk, policy, "-n").code, 0);
}

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFIaYTqLW0yrN4vVJfT0oYqzkFqTV5rcVAFXVF4ZnIYT";
const FINGERPRINT: &str = "SHA256:NuS+gjiiCt1R9WWU5Zonik//mOIcg6WaHN3YbcemgAI";

#[test]
fn known_keys_satisfy_the_policy_without_asking_the_server() {
    let disk = machine();
    disk.write("/home/kim/.ssh/known_hosts", format!("git.example {KEY}\n"));
    disk.write(
        "/etc/ssh/ssh_known_hosts",
        format!("[build.example]:2200 {KEY}\n"),
    );
    let policy = format!(
        "[[known-hosts]]\nhost = \"git.example\"\nfingerprint = \"{FINGERPRINT}\"\nuser = \"kim\"\n\
         [[known-hosts]]\nhost = \"build.example\"\nport = 2200\nfingerprint = \"{FINGERPRINT}\"\nfile = \"/etc/ssh/ssh_known_hosts\"\n"
    );
    let said = apply(&disk, &policy, "-n");
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    let other = policy.replace("git.example", "other.example");
    let said = apply(&disk, &other, "-n");
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("-:1:1: "), "{}", said.stderr);
    assert!(
        said.stderr.contains("no connection is made below --root"),
        "{}",
        said.stderr
    );
    let said = apply(&disk, &policy.replace("kim", "lee"), "-n");
    assert!(
        said.stderr.contains("there is no user lee"),
        "{}",
        said.stderr
    );
}
