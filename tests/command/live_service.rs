//! A broken sshd brought back, on a running one.

use crate::live::{on_stage, says};

/// Whether sshd shows a key to a client.
const SERVES: &str = r#"
serves() { ssh-keyscan -T 3 127.0.0.1 2>/dev/null | grep -q ssh && echo "$1 serves" || echo "$1 serves not"; }
stop() { kill "$(cat /run/sshd.pid)"; while kill -0 "$(cat /run/sshd.pid 2>/dev/null)" 2>/dev/null; do sleep 0.1; done; }
"#;

#[track_caller]
fn check(script: &str, lines: &[&str]) {
    let Some(text) = on_stage(&format!("{SERVES}{script}")) else {
        return;
    };
    says(&text, lines);
}

#[test]
fn missing_host_keys_are_generated_and_served() {
    let script = r#"
rm /etc/ssh/ssh_host_*
"$S" fix host-keys --yes > /dev/null; echo "fix $?"
serves mended
stat -c '%a %U %n' /etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_rsa_key.pub
"$S" fix host-keys --yes --format json | grep '"changed"'
"$S" rollback --yes > /dev/null; echo "rollback $?"
find /etc/ssh -name 'ssh_host*' | wc -l
"#;
    let modes = [
        "600 root /etc/ssh/ssh_host_rsa_key",
        "644 root /etc/ssh/ssh_host_rsa_key.pub",
    ];
    check(
        script,
        &[
            "fix 0",
            "mended serves",
            modes[0],
            modes[1],
            "  \"changed\": false,",
            "rollback 0",
            "0",
        ],
    );
}

#[test]
fn host_keys_that_all_can_read_get_a_safe_mode_and_keep_their_bytes() {
    let script = r#"
before=$(cat /etc/ssh/ssh_host_*_key | sha256sum)
chmod 644 /etc/ssh/ssh_host_*_key
"$S" fix host-keys --yes > /dev/null; echo "fix $?"
[ "$before" = "$(cat /etc/ssh/ssh_host_*_key | sha256sum)" ] && echo same
stat -c %a /etc/ssh/ssh_host_*_key | sort -u
serves mended
"$S" rollback --yes > /dev/null; echo "rollback $?"
stat -c 'again %a' /etc/ssh/ssh_host_*_key | sort -u
"#;
    check(
        script,
        &[
            "fix 0",
            "same",
            "600",
            "mended serves",
            "rollback 0",
            "again 644",
        ],
    );
}

#[test]
fn the_privsep_directory_is_created_and_gets_a_safe_mode() {
    let script = r#"
rmdir /run/sshd
"$S" fix privsep-directory --yes > /dev/null; echo "made $?"
serves made
chmod 777 /run/sshd; chown nobody /run/sshd
"$S" fix privsep-directory --yes > /dev/null; echo "closed $?"
stat -c '%a %U' /run/sshd
serves closed
"$S" fix privsep-directory --yes --format json | grep '"changed"'
"#;
    check(
        script,
        &[
            "made 0",
            "made serves",
            "closed 0",
            "755 root",
            "closed serves",
            "  \"changed\": false,",
        ],
    );
}

#[test]
fn a_stopped_sshd_is_started_and_a_broken_one_is_not() {
    let script = r#"
stop
serves stopped
printf 'Bogus yes\n' >> /etc/ssh/sshd_config
"$S" fix service --yes > /dev/null; echo "broken $?"
sed -i /Bogus/d /etc/ssh/sshd_config
"$S" fix service --yes > /dev/null; echo "script $?"
serves script
"$S" fix service --yes --format json | grep '"changed"'
stop
mount -t tmpfs tmpfs /etc/init.d
printf 'ALL: ALL\n' > /etc/hosts.deny
"$S" fix service --yes > /dev/null; echo "program $?"
: > /etc/hosts.deny
serves program
"$S" history
"#;
    check(
        script,
        &[
            "stopped serves not",
            "broken 2",
            "script 0",
            "script serves",
            "  \"changed\": false,",
            "program 0",
            "program serves",
            "nothing was changed yet",
        ],
    );
}

/// sshd is not running, and three things prevent its start and its use.
const BROKEN: &str = r#"
stop
rm /etc/ssh/ssh_host_*
printf 'ALL: 192.0.2.99' > /etc/hosts.deny
"#;

#[test]
fn all_faults_are_repaired_together_and_undone_together() {
    let script = r#"
"$S" fix > /dev/null; echo "asks $?"
"$S" fix --yes > /dev/null; echo "fix $?"
"$S" fix --yes > /dev/null; echo "rest $?"
serves mended
tail -c1 /etc/hosts.deny | od -An -c
"$S" rollback --yes > /dev/null; echo "rollback $?"
cat /etc/hosts.deny; echo
find /etc/ssh -name 'ssh_host*' | wc -l
serves "undone"
"#;
    let lines = [
        "asks 2",
        "fix 0",
        "rest 0",
        "mended serves",
        "  \\n",
        "rollback 0",
        "ALL: 192.0.2.99",
        "0",
        "undone serves not",
    ];
    check(&format!("{BROKEN}{script}"), &lines);
}

#[test]
fn a_person_at_a_terminal_chooses_the_repairs() {
    let script = r#"
rm /etc/ssh/ssh_host_*
at_terminal 'Mend (space' '\r' 'Apply this?' 'y\r' -- "$S" fix
serves chosen
"#;
    check(script, &["chosen serves"]);
}

#[test]
fn a_terminal_that_only_prints_is_asked_by_lines_and_nothing_on_it_moves() {
    let script = r#"
rm /etc/ssh/ssh_host_*
TERM=dumb python3 "$guided" 'Numbers' '1\r' 'Apply this?' 'what\r' 'Apply this?' 'y\r' -- "$S" fix > "$scratch/shown"
grep -c "$(printf '\033')" "$scratch/shown"
serves chosen
"#;
    check(script, &["0", "chosen serves"]);
}

#[test]
fn a_line_that_sshd_refuses_is_commented_out_and_sshd_is_started() {
    let script = r#"
printf 'MaxStartup 12\n' >> /etc/ssh/sshd_config; stop
"$S" diagnose | grep -o 'did you mean MaxStartups?' | head -1
"$S" fix --yes > /dev/null; echo "fix $?"
serves mended
tail -n 1 /etc/ssh/sshd_config
"#;
    let lines = [
        "did you mean MaxStartups?",
        "fix 0",
        "mended serves",
        "#MaxStartup 12",
    ];
    check(script, &lines);
}
