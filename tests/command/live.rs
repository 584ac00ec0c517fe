//! All steps on a running sshd: in mount, network and process namespaces of the test's own, over a
//! scratch /etc.
//!
//! These tests take root. Without it they say so, and where `CI` is set they fail.

use std::process::Command;

/// Creates a scratch /etc, /run and state folder, generates host keys, and starts sshd; the script
/// continues from there.
const STAGE: &str = r#"
set -u
ip link set lo up
S="$1"
scratch="$3"
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/up" "$scratch/work" "$scratch/bin"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$scratch/up,workdir=$scratch/work" /etc
mount -t tmpfs tmpfs /run
mkdir -p /var/lib/sshmend
mount -t tmpfs -o mode=0700 tmpfs /var/lib/sshmend
mount -t tmpfs tmpfs /home
install -d -m755 /run/sshd
printf 'Port 22\nMaxSessions 5\n' > /etc/ssh/sshd_config
rm -rf /etc/ssh/sshd_config.d
: > /etc/hosts.allow
: > /etc/hosts.deny
ssh-keygen -A > /dev/null
/usr/sbin/sshd
until ssh-keyscan -T 1 127.0.0.1 2>/dev/null | grep -q ssh; do sleep 0.1; done
title() { tr '\0' ' ' < "/proc/$1/cmdline"; }
listener() { title "$(cat /run/sshd.pid)"; }
# awaits PATTERN COMMAND...: prints what the command says that matches, as soon as it does, for ten seconds at most:
# after a signal, a start or a login a daemon takes its time.
awaits() {
    local said i
    for i in $(seq 200); do
        said=$("${@:2}" 2> /dev/null | grep -o -- "$1" | head -1)
        [ -n "$said" ] && echo "$said" && return
        sleep 0.05
    done
    echo "not within ten seconds: $1; last: $("${@:2}" 2>&1)"
}
# sshd writes the file of its PID when it listens again.
reload() { local pid; pid=$(cat /run/sshd.pid); rm /run/sshd.pid; kill -HUP "$pid"; awaits "$pid" cat /run/sshd.pid > /dev/null; }
# at_terminal QUESTION KEYS... -- COMMAND...: a person who waits for each question before answering it.
guided="$2"
at_terminal() { python3 "$guided" "$@" > /dev/null; }
"#;

/// The lab's program that answers on a terminal.
const GUIDED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/lab/machine/guided.py"
);

/// Runs a script in the scratch machine and returns its output; `None` without root.
pub(crate) fn on_stage(script: &str) -> Option<String> {
    if !nix::unistd::geteuid().is_root() {
        assert!(
            std::env::var_os("CI").is_none(),
            "CI has to run this as root"
        );
        println!("not tested: this takes root");
        return None;
    }
    // It is mounted over in there, and stays empty out here.
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let output = Command::new("unshare")
        .args([
            "--mount",
            "--net",
            "--pid",
            "--fork",
            "--mount-proc",
            "--propagation",
            "private",
        ])
        .args([
            "bash",
            "-c",
            &format!("{STAGE}{script}"),
            "stage",
            env!("CARGO_BIN_EXE_sshmend"),
            GUIDED,
        ])
        .arg(scratch.path())
        .output()
        .expect("unshare(1) of util-linux");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{text}{}", String::from_utf8_lossy(&output.stderr));
    Some(text)
}

/// Asserts that the script printed each of these lines.
#[track_caller]
pub(crate) fn says(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            text.lines().any(|said| said == *line),
            "missing: {line}\n{text}"
        );
    }
}

#[test]
fn a_value_takes_effect_in_the_running_daemon_and_is_undone_again() {
    let script = r#"
cp -a /etc/ssh/sshd_config "$scratch/before"
"$S" fix sshd-config MaxStartups=30:30:200 --yes > /dev/null; echo "fix $?"
awaits '0 of 30-200' listener
"$S" fix sshd-config MaxStartups=30:30:200 --yes --format json | grep '"changed"'
"$S" rollback --yes > /dev/null; echo "rollback $?"
awaits '0 of 10-100' listener
cmp /etc/ssh/sshd_config "$scratch/before" && echo same
"#;
    let Some(text) = on_stage(script) else { return };
    says(
        &text,
        &[
            "fix 0",
            "0 of 30-200",
            "  \"changed\": false,",
            "rollback 0",
            "0 of 10-100",
            "same",
        ],
    );
}

#[test]
fn values_refused_by_the_daemon_never_reach_the_disk() {
    let script = r#"
printf 'Match User bob\nNoSuchKeyword yes\n' >> /etc/ssh/sshd_config
before=$(sha256sum /etc/ssh/sshd_config)
"$S" fix sshd-config MaxSessions=9 --yes > /dev/null; echo "fix $?"
[ "$before" = "$(sha256sum /etc/ssh/sshd_config)" ] && echo same
"#;
    let Some(text) = on_stage(script) else { return };
    says(&text, &["fix 2", "same"]);
}

/// sshd reloads on the signal: a `kill` that fails simulates a reload that does.
const FAILING_RELOAD: &str = r#"
cat > "$scratch/bin/kill" <<'END'
#!/bin/bash
count=$(cat /run/kills 2>/dev/null || echo 0)
echo $((count + 1)) > /run/kills
[ "$count" -ge "$(cat /run/failures)" ] && builtin kill "$@"
END
chmod +x "$scratch/bin/kill"
mount --bind "$scratch/bin/kill" "$(command -v kill 2>/dev/null | grep / || echo /usr/bin/kill)"
before=$(sha256sum /etc/ssh/sshd_config)
"#;

#[test]
fn a_failed_reload_undoes_the_change() {
    let script = r#"
echo 1 > /run/failures
"$S" fix sshd-config MaxSessions=9 --yes > /dev/null; echo "fix $?"
[ "$before" = "$(sha256sum /etc/ssh/sshd_config)" ] && echo same
"$S" history | grep -c rolled-back
"#;
    let Some(text) = on_stage(&format!("{FAILING_RELOAD}{script}")) else {
        return;
    };
    says(&text, &["fix 3", "same", "1"]);
}

#[test]
fn a_failed_rollback_is_the_most_prominent_error() {
    let script = r#"
echo 9 > /run/failures
"$S" fix sshd-config MaxSessions=9 --yes --format json | grep '"exit_code"'
[ "$before" = "$(sha256sum /etc/ssh/sshd_config)" ] && echo same
"#;
    let Some(text) = on_stage(&format!("{FAILING_RELOAD}{script}")) else {
        return;
    };
    says(&text, &["    \"exit_code\": 4", "same"]);
}

#[test]
fn a_person_at_a_terminal_is_asked() {
    let script = r#"
for answer in n y; do
    at_terminal 'Apply this?' "$answer"'\r' -- "$S" fix sshd-config MaxSessions=9
    echo "$answer $(/usr/sbin/sshd -T | grep -i '^maxsessions')"
done
"#;
    let Some(text) = on_stage(script) else { return };
    says(&text, &["n maxsessions 5", "y maxsessions 9"]);
}

/// Someone edits the file while the person reads the preview of a rollback.
#[test]
fn a_rollback_commits_exactly_the_shown_diff_or_nothing() {
    let script = r#"
"$S" fix sshd-config MaxSessions=9 --yes > /dev/null; echo "fix $?"
(sleep 3; echo '# theirs' >> /etc/ssh/sshd_config; printf 'y\r'; sleep 3) | script -qec "$S rollback; echo \"rollback \$?\"" /dev/null > "$scratch/said"
grep -o 'rollback [0-9]' "$scratch/said"
grep -o '/etc/ssh/sshd_config: its content was edited since it was looked at' "$scratch/said"
tail -n 1 /etc/ssh/sshd_config
/usr/sbin/sshd -T | grep -i '^maxsessions'
"$S" history --format json | grep -c '"state": "done"'
sed -i '$d' /etc/ssh/sshd_config
(sleep 3; printf 'y\r'; sleep 4) | script -qec "$S rollback; echo \"rollback \$?\"" /dev/null > "$scratch/said"
grep -o 'rollback [0-9]' "$scratch/said"
/usr/sbin/sshd -T | grep -i '^maxsessions'
"#;
    let Some(text) = on_stage(script) else { return };
    let lines = [
        "fix 0",
        "rollback 2",
        "/etc/ssh/sshd_config: its content was edited since it was looked at",
        "# theirs",
        "maxsessions 9",
        "1",
        "rollback 0",
        "maxsessions 5",
    ];
    says(&text, &lines);
}

/// The old files are accepted, and reloading fails all the same.
#[test]
fn a_rollback_that_does_not_come_into_force_is_undone() {
    let script = r#"
echo 0 > /run/failures
"$S" fix sshd-config MaxSessions=9 --yes > /dev/null; echo "fix $?"
echo 2 > /run/failures
"$S" rollback --yes > /dev/null; echo "rollback $?"
/usr/sbin/sshd -T | grep -i '^maxsessions'
"$S" history --format json | grep '"state"' | tr -d ' '
"$S" recover
"$S" rollback --yes > /dev/null; echo "again $?"
"#;
    let Some(text) = on_stage(&format!("{FAILING_RELOAD}{script}")) else {
        return;
    };
    let lines = [
        "fix 0",
        "rollback 3",
        "maxsessions 9",
        "\"state\":\"done\",",
        "\"state\":\"rolled-back\",",
        "\"state\":\"done\",",
        "nothing to recover",
        "again 0",
    ];
    says(&text, &lines);
}

#[test]
fn a_user_without_permission_leaves_no_trace() {
    let script = r#"
install -d -o 4242 -m 0700 /run/person
person() { HOME=/run/person setpriv --reuid=4242 --regid=4242 --clear-groups "$S" "$@"; }
person fix sshd-config MaxSessions=9 --yes 2>&1 | grep -E '^(error|caused by|hint): '
person fix sshd-config MaxSessions=9 --dry-run > /dev/null 2>&1; echo "dry run $?"
ls -A /run/person
person history
"#;
    let Some(text) = on_stage(script) else { return };
    let lines = [
        "error: /etc/ssh/sshd_config: permission denied",
        "hint: run it with sudo",
        "dry run 1",
        "nothing was changed yet by you, in /run/person/.local/state/sshmend; what root changed: sudo sshmend history",
    ];
    says(&text, &lines);
}

#[test]
fn libwrap_itself_checks_who_is_admitted() {
    let script = r#"
printf 'sshd: 127.0.0.1\n' > /etc/hosts.deny
"$S" diagnose --client 127.0.0.1 | head -1 | sed -n 's/^\(certain: \).*\[/\1/p'
"$S" fix hosts-access --allow 127.0.0.1 --yes | grep tcpdmatch
ssh-keyscan -T 3 127.0.0.1 2>/dev/null | grep -q ssh && echo "let in"
"#;
    let Some(text) = on_stage(script) else { return };
    says(
        &text,
        &[
            "certain: hosts-access-denied]",
            "check:  tcpdmatch sshd 127.0.0.1 ok",
            "let in",
        ],
    );
}

#[test]
fn sudo_edits_the_known_hosts_of_the_caller_and_keeps_its_owner() {
    let script = r#"
useradd --create-home anna
install -d -o anna -g anna -m700 /home/anna/.ssh
ssh-keygen -q -t ed25519 -N '' -f "$scratch/old"
key=$(cut -d' ' -f1,2 "$scratch/old.pub")
printf '127.0.0.1,other.example %s\n' "$key" > /home/anna/.ssh/known_hosts
chown anna:anna /home/anna/.ssh/known_hosts
new=$(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2)
export SUDO_USER=anna SUDO_UID=$(id -u anna)
"$S" fix known-hosts 127.0.0.1 --expect-fingerprint SHA256:ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs --yes; echo "wrong $?"
"$S" fix known-hosts 127.0.0.1 --expect-fingerprint "$new" --yes > /dev/null; echo "right $?"
stat -c '%U %a' /home/anna/.ssh/known_hosts
grep -c "^other.example $key" /home/anna/.ssh/known_hosts
find /home/anna ! -user anna | wc -l
runuser -u anna -- ssh -o BatchMode=yes -o PreferredAuthentications=none -o StrictHostKeyChecking=yes \
    -o HostKeyAlgorithms=ssh-ed25519 127.0.0.1 true 2>&1 | grep -c 'Permission denied'
"#;
    let Some(text) = on_stage(script) else { return };
    says(&text, &["wrong 2", "right 0", "anna 644", "1", "0"]);
}

/// As after a power cut between the rename and the reload.
#[test]
fn a_change_not_reloaded_before_the_crash_is_reloaded_and_verified() {
    let script = r#"
"$S" fix sshd-config MaxStartups=30:30:200 --no-reload --yes > /dev/null; echo "fix $?"
awaits '0 of 10-100' listener
sed -i 's/^state = "done"/state = "committed"/' /var/lib/sshmend/transactions/*/transaction.toml
"$S" fix sshd-config MaxSessions=7 --yes > /dev/null; echo "next $?"
"$S" recover > /dev/null; echo "recover $?"
awaits '0 of 30-200' listener
"$S" recover; echo "again $?"
printf 'NoSuchKeyword yes\n' > /etc/ssh/sshd_config
sha256=$(sha256sum /etc/ssh/sshd_config | cut -c 1-64); size=$(stat -c %s /etc/ssh/sshd_config)
cd /var/lib/sshmend/transactions/*/ && cp /etc/ssh/sshd_config after/0
sed -i -e 's/^state = "done"/state = "committed"/' transaction.toml
awk -v d="$sha256" -v n="$size" '/^\[file.after\]|^\[.*after\]/{a=1} a&&/^sha256/{$0="sha256 = \"" d "\""} a&&/^size/{$0="size = " n} {print}' transaction.toml > x && cat x > transaction.toml && rm x
"$S" recover > /dev/null; echo "rejected $?"
cat /etc/ssh/sshd_config
awaits '0 of 10-100' listener
"#;
    let Some(text) = on_stage(script) else { return };
    let lines = [
        "fix 0",
        "0 of 10-100",
        "next 2",
        "recover 0",
        "0 of 30-200",
        "nothing to recover",
        "again 0",
    ];
    says(&text, &lines);
    says(&text, &["rejected 0", "MaxSessions 5"]);
    assert_eq!(
        text.matches("0 of 10-100").count(),
        2,
        "the old configuration is in force again: {text}"
    );
}

/// A lost session sends SIGHUP: the transaction is completed nevertheless.
#[test]
fn a_signal_during_a_change_ends_in_a_verified_state() {
    let script = r#"
for signal in HUP INT TERM; do
  for delay in 0.05 0.2 0.4 0.6 0.9; do
    value=$((RANDOM % 80 + 11))
    "$S" fix sshd-config MaxStartups=$value:30:200 --yes > /dev/null 2>&1 &
    fixing=$!
    sleep $delay; kill -$signal $fixing; wait $fixing
    "$S" recover | grep -v 'nothing to recover'
    file=$(sed -n 's/^MaxStartups \([0-9]*\):.*/\1/p' /etc/ssh/sshd_config)
    awaits " ${file:-10}-" listener | grep 'not within' && echo "differs: $signal $delay $file"
  done
done
echo done
"#;
    let Some(text) = on_stage(script) else { return };
    assert_eq!(
        text, "done\n",
        "nothing was left to recover, and the file is in force"
    );
}
