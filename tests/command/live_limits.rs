//! A machine that has reached a limit: its connections end, and so may the programs that look for
//! the reason.

use crate::live::{on_stage, says};

/// `alone` runs the command as a user who may have no second process, nor a second thread.
const ALONE: &str = r#"
chmod 755 "$scratch"
install -m755 "$S" "$scratch/bin/sshmend"
alone() { setpriv --reuid 54321 --regid 54321 --clear-groups prlimit --nproc=1:1 "$scratch/bin/sshmend" "$@" 2>> "$scratch/errors"; }
install -d -o 54321 -g 54321 "$scratch/home"
cd "$scratch/home"
"#;

#[test]
fn without_a_second_thread_every_command_still_answers() {
    let script = r#"
seq -f 'Nov 20 10:00:05 gw sshd[8]: refused connect from 192.0.2.%.0f (192.0.2.1)' 1 20000 > log
alone logs log --format json | grep -o '"understood": 20000'
alone show sshd-config MaxSessions | cut -d" " -f1,2
alone diagnose 192.0.2.1 | head -1
grep -c panicked "$scratch/errors"
"#;
    let Some(text) = on_stage(&format!("{ALONE}{script}")) else {
        return;
    };
    says(
        &text,
        &[
            "\"understood\": 20000",
            "maxsessions 5",
            "no cause found from here",
            "0",
        ],
    );
}

#[test]
fn without_a_second_thread_a_change_is_made_and_undone() {
    let script = r#"
install -d -o 54321 -g 54321 disk disk/etc
echo 'sshd: ALL' > disk/etc/hosts.deny
echo 'sshd: 192.0.2.1' > disk/etc/hosts.allow
chown 54321:54321 disk/etc/hosts.*
cp disk/etc/hosts.allow before
alone fix hosts-access --root disk --allow 192.0.2.7 --yes --state "$PWD/state" > /dev/null; echo "fix $?"
grep -c 192.0.2.7 disk/etc/hosts.allow
alone rollback --root disk --yes --state "$PWD/state" > /dev/null; echo "rollback $?"
cmp disk/etc/hosts.allow before && echo same
cat "$scratch/errors"
"#;
    let Some(text) = on_stage(&format!("{ALONE}{script}")) else {
        return;
    };
    says(&text, &["fix 0", "1", "rollback 0", "same"]);
}

#[test]
fn a_change_whose_judge_cannot_be_started_is_not_made() {
    let script = r#"
ssh-keygen -q -t ed25519 -N '' -f key
echo "one $(cut -d' ' -f1,2 key.pub)" > known_hosts
chown 54321 known_hosts
cp known_hosts before
alone fix known-hosts one --offline --yes --file known_hosts --state "$PWD/state" | grep -o 'Resource temporarily unavailable'
echo "fix ${PIPESTATUS[0]}"
cmp known_hosts before && echo same
"#;
    let Some(text) = on_stage(&format!("{ALONE}{script}")) else {
        return;
    };
    says(
        &text,
        &["Resource temporarily unavailable", "fix 2", "same"],
    );
}
