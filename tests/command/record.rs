//! `fix … --record POLICY.toml`: the fix is recorded in a policy, which is applied later.

use crate::apply::machine;
use crate::disk::Disk;

const POLICY: &str = "/etc/sshmend/policy.toml";

fn done(disk: &Disk, words: &str) {
    let said = disk.run(words);
    assert_eq!(said.code, 0, "{words}: {}{}", said.stdout, said.stderr);
}

fn policy(disk: &Disk) -> String {
    disk.read(POLICY).expect("a policy")
}

#[test]
fn a_repair_recorded_on_one_machine_is_applied_to_another() {
    let (first, second) = (machine(), machine());
    for wish in [
        "sshd-config MaxStartups=70:30:210 LoginGraceTime=50 AcceptEnv+=LC_ALL",
        "hosts-access --allow 192.0.2.96/27 --daemon sshd",
        "fail2ban --ignore 203.0.113.77 --jail sshd",
        "fail2ban --ignore 203.0.113.78 --until 2999-01-31",
    ] {
        done(&first, &format!("fix {wish} --record {POLICY} --yes"));
    }
    assert_eq!(
        policy(&first),
        "[sshd-config]\nMaxStartups = \"70:30:210\"\nLoginGraceTime = 50\nAcceptEnv = { add = [\"LC_ALL\"] }\n\n\
         [hosts-access]\nallow = [\"192.0.2.96/27\"]\n\n\
         [fail2ban]\nignore = [{ address = \"203.0.113.77\", jail = \"sshd\" }, { address = \"203.0.113.78\", until = \"2999-01-31\" }]\n"
    );
    let here = first.path(POLICY);
    let apply = |flags: &str| format!("apply {} {flags}", here.display());
    assert_eq!(first.run(&apply("-n")).code, 0, "it is so already");
    assert_eq!(second.run(&apply("-n")).code, 1);
    done(&second, &apply("--yes"));
    for path in [
        "/etc/ssh/sshd_config",
        "/etc/hosts.allow",
        "/etc/fail2ban/jail.d/on.local",
    ] {
        assert_eq!(first.read(path), second.read(path), "{path}");
    }
}

#[test]
fn a_rollback_removes_the_recorded_change_from_the_policy() {
    let disk = machine();
    let text = "# ours\n[sshd-config]\nUseDNS = false # slow\n";
    disk.write(POLICY, text);
    done(
        &disk,
        &format!("fix sshd-config MaxSessions=20 --record {POLICY} --yes"),
    );
    assert_eq!(policy(&disk), format!("{text}MaxSessions = 20\n"));
    done(&disk, "rollback --yes");
    assert_eq!(policy(&disk), text);
    let dry = disk.run(&format!(
        "fix sshd-config MaxSessions=20 --record {POLICY} --dry-run"
    ));
    assert_eq!(dry.code, 1);
    assert!(dry.stdout.contains("+MaxSessions = 20"), "{}", dry.stdout);
    assert_eq!(policy(&disk), text);
}

#[test]
fn a_value_already_in_force_is_recorded_once() {
    let disk = machine();
    let command = format!("fix sshd-config MaxStartups=10:30:100 --record {POLICY} --yes");
    done(&disk, &command);
    assert_eq!(
        policy(&disk),
        "[sshd-config]\nMaxStartups = \"10:30:100\"\n"
    );
    done(&disk, &command);
    assert_eq!(disk.run("history").stdout.lines().count(), 1);
}

#[test]
fn wishes_unfit_for_a_policy_are_refused_before_any_change() {
    let disk = machine();
    let main = "/etc/ssh/sshd_config";
    disk.write(main, "Port 22\nNoSuchKeyword 1\n");
    let said = disk.run(&format!(
        "fix sshd-config --comment-out {main}:2 --record {POLICY} --yes"
    ));
    assert_eq!(said.code, 2, "{}", said.stdout);
    assert!(
        said.stderr.contains("cannot be recorded"),
        "{}",
        said.stderr
    );
    disk.write(POLICY, "[sshd-confg]\n");
    let said = disk.run(&format!(
        "fix hosts-access --allow 192.0.2.1 --record {POLICY} --yes"
    ));
    assert_eq!(said.code, 2);
    assert!(
        said.stderr.contains("/etc/sshmend/policy.toml:1:2: "),
        "{}",
        said.stderr
    );
    assert_eq!(
        disk.read(main).as_deref(),
        Some("Port 22\nNoSuchKeyword 1\n")
    );
}
