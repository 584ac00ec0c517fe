//! Entries that leave a policy are removed where sshmend had put them, and only there.

use crate::apply::machine;
use crate::disk::{Disk, Said, run};

const MAIN: &str = "/etc/ssh/sshd_config";

fn apply(disk: &Disk, policy: &str) -> Said {
    let root = disk.path("/");
    let root = root.to_str().expect("a plain path");
    let said = run(
        &["apply", "-", "--yes", "--root", root, "--format", "json"],
        policy.as_bytes(),
    );
    assert_eq!(said.code, 0, "{}", said.stdout);
    said
}

fn all() -> &'static str {
    "name = \"fleet\"\n\
     [sshd-config]\nMaxStartups = \"44:30:144\"\nMaxSessions = 33\nUsePAM = true\nAcceptEnv = { add = [\"LANG\", \"TZ\"] }\n\
     [hosts-access]\nallow = [\"192.0.2.16/28\", \"198.51.100.5\"]\n\
     [fail2ban]\nignore = [{ address = \"203.0.113.30\", jail = \"sshd\" }, { address = \"203.0.113.31\", jail = \"sshd\" }]\n"
}

fn read(disk: &Disk) -> [Option<String>; 3] {
    [MAIN, "/etc/hosts.allow", "/etc/fail2ban/jail.d/on.local"].map(|path| disk.read(path))
}

#[test]
fn entries_removed_from_the_policy_are_removed_but_earlier_ones_stay() {
    let disk = machine();
    disk.write("/etc/hosts.allow", "sshd: 198.51.100.5\n");
    disk.write(
        MAIN,
        "Port 22\nMaxStartups 10:30:100\nUsePAM yes\nAcceptEnv TZ\n",
    );
    apply(&disk, all());
    let [main, wrappers, jails] = read(&disk);
    assert_eq!(
        main.as_deref(),
        Some("Port 22\nMaxStartups 44:30:144\nUsePAM yes\nAcceptEnv TZ LANG\nMaxSessions 33\n")
    );
    assert!(wrappers.is_some_and(|text| text.contains("192.0.2.16/28")));
    assert!(jails.is_some_and(|text| text.contains("203.0.113.30 203.0.113.31")));
    let some = "name = \"fleet\"\n[sshd-config]\nMaxSessions = 33\n[fail2ban]\nignore = [{ address = \"203.0.113.31\", jail = \"sshd\" }]\n";
    assert_eq!(apply(&disk, some).json()["changed"], true);
    let [main, wrappers, jails] = read(&disk);
    assert_eq!(
        main.as_deref(),
        Some("Port 22\nMaxStartups 10:30:100\nUsePAM yes\nAcceptEnv TZ\nMaxSessions 33\n")
    );
    assert_eq!(wrappers.as_deref(), Some("sshd: 198.51.100.5\n"));
    assert!(jails.is_some_and(|text| !text.contains(".30") && text.contains(".31")));
    assert_eq!(apply(&disk, some).json()["changed"], false, "once");
    // Put there by hand afterwards, it is not ours.
    disk.write("/etc/hosts.allow", "sshd: 198.51.100.5 192.0.2.16/28\n");
    assert_eq!(apply(&disk, some).json()["changed"], false);
    apply(&disk, "name = \"fleet\"\n");
    assert_eq!(
        disk.read(MAIN).as_deref(),
        Some("Port 22\nMaxStartups 10:30:100\nUsePAM yes\nAcceptEnv TZ\n")
    );
}

#[test]
fn a_policy_does_not_remove_entries_of_another_policy_or_a_person() {
    let disk = machine();
    apply(&disk, all());
    let after = read(&disk);
    apply(&disk, "name = \"other\"\n");
    apply(&disk, "");
    assert_eq!(read(&disk), after, "another policy, and one without a name");
    // Somebody has raised it since.
    disk.write(
        MAIN,
        disk.read(MAIN)
            .expect("a file")
            .replace("44:30:144", "50:30:150"),
    );
    let said = apply(&disk, "name = \"fleet\"\n");
    assert!(
        disk.read(MAIN)
            .is_some_and(|text| text.contains("MaxStartups 50:30:150"))
    );
    assert!(said.stdout.contains("not-taken-out"), "{}", said.stdout);
    assert_eq!(disk.read("/etc/hosts.allow").as_deref(), Some(""));
}

#[test]
fn rolled_back_entries_do_not_count_and_changes_keep_the_first_value() {
    let disk = machine();
    let with =
        |value: &str| format!("name = \"fleet\"\n[sshd-config]\nMaxStartups = \"{value}\"\n");
    apply(&disk, &with("20:30:60"));
    apply(&disk, &with("25:30:65"));
    apply(&disk, "name = \"fleet\"\n");
    assert!(
        disk.read(MAIN)
            .is_some_and(|text| text.contains("MaxStartups 10:30:100"))
    );
    apply(&disk, &with("20:30:60"));
    assert_eq!(disk.run("rollback --yes").code, 0);
    disk.write(MAIN, "Port 22\nMaxStartups 20:30:60\n");
    assert_eq!(
        apply(&disk, "name = \"fleet\"\n").json()["changed"],
        false,
        "by hand"
    );
}

#[test]
fn a_wanted_entry_is_added_if_the_entry_that_covered_it_leaves() {
    for (first, second, path, holds) in [
        (
            "[hosts-access]\nallow = [\"192.0.2.128/25\"]\n",
            "[hosts-access]\nallow = [\"192.0.2.130\"]\n",
            "/etc/hosts.allow",
            "sshd: 192.0.2.130\n",
        ),
        (
            "[fail2ban]\nignore = [\"203.0.113.50\"]\n",
            "[fail2ban]\nignore = [{ address = \"203.0.113.50\", jail = \"sshd\" }]\n",
            "/etc/fail2ban/jail.d/on.local",
            "ignoreip = 203.0.113.50\n",
        ),
    ] {
        let disk = machine();
        let (first, second) = (
            format!("name = \"narrow\"\n{first}"),
            format!("name = \"narrow\"\n{second}"),
        );
        apply(&disk, &first);
        assert_eq!(apply(&disk, &second).json()["changed"], true);
        assert!(
            disk.read(path).is_some_and(|text| text.contains(holds)),
            "{path}: {:?}",
            disk.read(path)
        );
        assert_eq!(apply(&disk, &second).json()["changed"], false, "{second}");
        apply(&disk, "name = \"narrow\"\n");
        assert!(
            disk.read(path).is_some_and(|text| !text.contains(holds)),
            "{path}"
        );
    }
}

#[test]
fn an_entry_is_recognised_however_it_is_spelled_and_only_where_it_was_added() {
    let disk = machine();
    disk.write("/etc/hosts.allow", "sshd: 192.0.2.3\n");
    let policy = "name = \"spelled\"\n[hosts-access]\nallow = [\"192.0.2.3\", \"192.0.2.31\", \"2001:db8:9::/48\"]\n\
                  [fail2ban]\nignore = [\"198.51.100.77/24\"]\n";
    apply(&disk, policy);
    let same = policy
        .replace("2001:db8:9::/48", "[2001:db8:9::]/48")
        .replace(".77/24", ".0/24");
    assert_eq!(apply(&disk, &same).json()["changed"], false);
    apply(&disk, "name = \"spelled\"\n");
    assert_eq!(
        disk.read("/etc/hosts.allow").as_deref(),
        Some("sshd: 192.0.2.3\n"),
        "it was there"
    );
    let jails = disk
        .read("/etc/fail2ban/jail.d/zz-sshmend.local")
        .expect("a file");
    assert!(!jails.contains("198.51.100"), "{jails}");
}

#[test]
fn an_exemption_with_an_end_in_the_past_is_removed() {
    let disk = machine();
    apply(
        &disk,
        "name = \"ends\"\n[fail2ban]\nignore = [\"203.0.113.61\"]\n",
    );
    apply(
        &disk,
        "name = \"ends\"\n[fail2ban]\nignore = [{ address = \"203.0.113.61\", until = 2021-05-06 }]\n",
    );
    let jails = disk
        .read("/etc/fail2ban/jail.d/zz-sshmend.local")
        .expect("a file");
    assert!(!jails.contains("203.0.113.61"), "{jails}");
}

/// Entries that two policies have in common.
const SHARED: &str = "[sshd-config]\nMaxSessions = 12\nAcceptEnv = { add = [\"LANG\"] }\n\
     [hosts-access]\nallow = [\"192.0.2.99\"]\n\
     [fail2ban]\nignore = [{ address = \"203.0.113.90\", jail = \"sshd\" }]\n";

fn shared(name: &str) -> String {
    format!("name = \"{name}\"\n{SHARED}")
}

fn empty(name: &str) -> String {
    format!("name = \"{name}\"\n")
}

#[test]
fn entries_of_several_policies_stay_until_the_last_one_drops_them() {
    for last in [["one", "two", "three"], ["two", "three", "one"]] {
        let disk = machine();
        let before = read(&disk);
        apply(&disk, &shared("one"));
        let after = read(&disk);
        for name in ["two", "three"] {
            assert_eq!(apply(&disk, &shared(name)).json()["changed"], false);
        }
        for name in &last[..2] {
            let said = apply(&disk, &empty(name));
            assert_eq!(said.json()["changed"], false, "{name}");
            assert_eq!(read(&disk), after, "{name}");
            let told = said.stdout.matches("wanted-by-another").count();
            assert_eq!(told, 4, "{name}: {}", said.stdout);
            let again = apply(&disk, &empty(name));
            assert!(!again.stdout.contains("wanted-by-another"), "once: {name}");
        }
        assert_eq!(apply(&disk, &empty(last[2])).json()["changed"], true);
        let [main, wrappers, jails] = read(&disk);
        assert_eq!(main, before[0], "{last:?}");
        assert_eq!(wrappers.as_deref(), Some(""), "{last:?}");
        assert!(
            jails.is_some_and(|text| !text.contains("203.0.113.90")),
            "{last:?}"
        );
        for name in last {
            assert_eq!(apply(&disk, &empty(name)).json()["changed"], false);
        }
    }
}

#[test]
fn a_policy_keeps_its_entries_after_a_new_spelling_or_value() {
    let disk = machine();
    apply(&disk, &shared("one"));
    let other = "name = \"two\"\n[sshd-config]\nMaxSessions = 13\nAcceptEnv = [\"LANG\"]\n\
                 [hosts-access]\nallow = [\"192.0.2.99/32\"]\n[fail2ban]\nignore = [\"203.0.113.90\"]\n";
    apply(&disk, other);
    let after = read(&disk);
    apply(&disk, &empty("one"));
    assert_eq!(read(&disk), after);
    assert_eq!(apply(&disk, other).json()["changed"], false);
}

#[test]
fn dry_runs_and_rolled_back_changes_record_no_entries() {
    let disk = machine();
    apply(&disk, &shared("one"));
    let root = disk.path("/");
    let root = root.to_str().expect("a plain path");
    let dry = ["apply", "-", "--dry-run", "--root", root];
    assert_eq!(run(&dry, shared("two").as_bytes()).code, 0);
    let more = shared("three").replace("MaxSessions = 12", "MaxSessions = 12\nMaxAuthTries = 4");
    assert_eq!(apply(&disk, &more).json()["changed"], true);
    assert_eq!(disk.run("rollback --yes").code, 0);
    assert_eq!(apply(&disk, &empty("one")).json()["changed"], true);
    assert_eq!(disk.read("/etc/hosts.allow").as_deref(), Some(""));
    // When the policy is applied again the entry is wanted again, whoever adds it.
    apply(&disk, &shared("one"));
    assert_eq!(apply(&disk, &shared("three")).json()["changed"], false);
    assert_eq!(apply(&disk, &empty("one")).json()["changed"], false);
}

#[test]
fn entries_recorded_by_a_fix_are_kept_and_an_invalid_record_is_ignored() {
    let disk = machine();
    apply(
        &disk,
        "name = \"one\"\n[hosts-access]\nallow = [\"192.0.2.99\", \"192.0.2.98\"]\n",
    );
    let recorded =
        disk.run("fix hosts-access --allow 192.0.2.99 --record /etc/sshmend/policy.toml --yes");
    assert_eq!(recorded.code, 0, "{}", recorded.stderr);
    let notes = disk.path("/var/lib/sshmend/policies");
    std::fs::write(notes.join("0.toml"), "name = \"torn").expect("a file");
    apply(&disk, &empty("one"));
    assert_eq!(
        disk.read("/etc/hosts.allow").as_deref(),
        Some("sshd: 192.0.2.99\n")
    );
}

#[test]
fn recorded_fixes_are_removed_when_they_leave_the_policy() {
    let disk = machine();
    let policy = "/etc/sshmend/policy.toml";
    for wish in [
        "sshd-config MaxSessions=21",
        "hosts-access --allow 192.0.2.200",
    ] {
        assert_eq!(
            disk.run(&format!("fix {wish} --record {policy} --yes"))
                .code,
            0
        );
    }
    disk.write(policy, "[hosts-access]\nallow = [\"192.0.2.200\"]\n");
    let here = disk.path(policy);
    let said = disk.run(&format!("apply {} --yes", here.display()));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(
        disk.read(MAIN).as_deref(),
        Some("Port 22\nMaxStartups 10:30:100\nUsePAM yes\n")
    );
    assert_eq!(
        disk.read("/etc/hosts.allow").as_deref(),
        Some("sshd: 192.0.2.200\n")
    );
}
