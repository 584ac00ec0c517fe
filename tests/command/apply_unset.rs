//! Keywords that no line may set, through `fix` and through a policy.

use crate::apply::machine;
use crate::disk::{Disk, Said, run};

const MAIN: &str = "/etc/ssh/sshd_config";

const BEFORE: &str =
    "Port 22\nBanner /etc/issue.net\nMaxSessions 10\nMatch User ann\n    Banner none\n";

fn apply(disk: &Disk, policy: &str, how: &str) -> Said {
    let root = disk.path("/");
    let root = root.to_str().expect("a plain path");
    let words = ["apply", "-", how, "--root", root, "--format", "json"];
    run(&words, policy.as_bytes())
}

#[test]
fn unset_removes_a_line_with_the_default_value_and_keeps_match_blocks() {
    let disk = machine();
    disk.write(MAIN, BEFORE);
    let said = disk.run("fix sshd-config --unset banner MaxSessions UseDNS --yes");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let after = "Port 22\nMatch User ann\n    Banner none\n";
    assert_eq!(disk.read(MAIN).as_deref(), Some(after));
    let told = format!("{}{}", said.stdout, said.stderr);
    assert!(
        told.contains("with \"Match User ann\" banner stays none"),
        "{told}"
    );
    let again = disk.run("fix sshd-config --unset banner MaxSessions --dry-run");
    assert_eq!(again.code, 0, "{}", again.stdout);
    for wrong in ["--unset Baner", "--unset Banner MaxSessions=4", "--unset"] {
        let said = disk.run(&format!("fix sshd-config {wrong} --yes"));
        assert_eq!(said.code, 2, "{wrong}: {}", said.stdout);
    }
    assert_eq!(disk.run("rollback --yes").code, 0);
    assert_eq!(disk.read(MAIN).as_deref(), Some(BEFORE));
}

#[test]
fn a_policy_that_unsets_a_keyword_forgets_its_own_earlier_value() {
    let disk = machine();
    disk.write(MAIN, BEFORE);
    let policy = |body: &str| format!("name = \"plain\"\n[sshd-config]\n{body}\n");
    let set = policy("Banner = \"/etc/motd\"");
    assert_eq!(apply(&disk, &set, "--yes").code, 0);
    let unset = policy("unset = [\"Banner\", \"X11Forwarding\"]");
    let dry = apply(&disk, &unset, "--dry-run");
    assert_eq!(dry.code, 1, "{}", dry.stdout);
    let drift: Vec<String> = dry.json()["notices"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|notice| notice["name"] == "drift")
        .map(|notice| notice["text"].to_string())
        .collect();
    assert_eq!(drift, ["\"a line sets Banner (today it is /etc/motd)\""]);
    assert_eq!(apply(&disk, &unset, "--yes").json()["changed"], true);
    let without = BEFORE.replacen("Banner /etc/issue.net\n", "", 1);
    assert_eq!(disk.read(MAIN), Some(without.clone()));
    // It is not restored to its value before the policy, now or when it leaves the list.
    for body in [&unset, &policy("")] {
        let said = apply(&disk, body, "--yes");
        assert_eq!(said.json()["changed"], false, "{}", said.stdout);
        assert!(!said.stdout.contains("not-taken-out"), "{}", said.stdout);
    }
    assert_eq!(disk.read(MAIN), Some(without));
}
