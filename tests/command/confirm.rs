//! `--confirm-within`, `confirm`, and automatic undo, on a running sshd without systemd.

use crate::disk::Disk;
use crate::live::{on_stage, says};

/// Whether a state of the newest changes is reached within ten seconds.
const STATE: &str = r#"
state() { "$S" history --format json | grep -o '"state": "[a-z-]*"' | cut -d'"' -f4 | tr '\n' ' '; }
reaches() { for _ in $(seq 100); do [ "$(state)" = "$2 " ] && break; sleep 0.2; done; echo "$1: $(state)"; }
answers() { ssh-keyscan -T 3 -t ed25519 127.0.0.1 2>&1; }
limit() { echo "$1 $(awaits SSH-2 answers) $(awaits "of $2" listener)"; }
"#;

#[track_caller]
fn check(script: &str, lines: &[&str]) {
    let Some(text) = on_stage(&format!("{STATE}{script}")) else {
        return;
    };
    says(&text, lines);
}

#[test]
fn a_confirmed_change_is_kept() {
    check(
        r#"
"$S" fix sshd-config MaxStartups=30:30:200 --yes --confirm-within 15s --format json > "$scratch/json"; echo "fix $?"
grep -o '"confirm_within": 15' "$scratch/json"
grep -c '"until": "20' "$scratch/json"
reaches waits pending-confirm
"$S" fix sshd-config MaxSessions=7 --yes > /dev/null 2> "$scratch/second"; echo "second $?"
grep -o 'waits until .* for its confirmation: set MaxStartups=30:30:200' "$scratch/second" | sed 's/until .* for/until T for/'
"$S" history | grep -c 'is undone at .* unless confirmed'
"$S" confirm 2> /dev/null; echo "confirm $?"
"$S" confirm 2> /dev/null; echo "again $?"
"$S" confirm "$(ls /var/lib/sshmend/transactions | tail -1)" --format json 2> /dev/null | grep -o '"changed": [a-z]*'
sleep 16
reaches stays done
limit confirmed 30-200
"$S" fix sshd-config MaxSessions=7 --yes > /dev/null 2>&1; echo "next $?"
"#,
        &[
            "fix 0",
            "\"confirm_within\": 15",
            "1",
            "waits: pending-confirm ",
            "second 2",
            "waits until T for its confirmation: set MaxStartups=30:30:200",
            "confirm 0",
            "again 2",
            "\"changed\": false",
            "stays: done ",
            "confirmed SSH-2 of 30-200",
            "next 0",
        ],
    );
}

#[test]
fn a_rollback_can_wait_for_its_confirmation() {
    check(
        r#"
"$S" fix sshd-config MaxStartups=30:30:200 --yes > /dev/null 2>&1; echo "fix $?"
"$S" rollback --yes --confirm-within 15s 2>&1 | grep -o 'is undone at .* unless you confirm it' | sed 's/at .* unless/at T unless/'
reaches waits 'done pending-confirm'
reaches back 'done rolled-back done'
limit made 30-200
"$S" rollback --yes --confirm-within 60s > /dev/null 2>&1; echo "rollback $?"
"$S" confirm > /dev/null 2>&1; echo "confirm $?"
reaches confirmed 'rolled-back rolled-back done done'
"$S" fix sshd-config MaxSessions=7 --yes --confirm-within 60s > /dev/null 2>&1
"$S" rollback --yes --confirm-within 60s 2>&1 | grep -c '^error: nothing was changed: '
"$S" rollback --yes > /dev/null 2>&1; echo "without $?"
"#,
        &[
            "fix 0",
            "is undone at T unless you confirm it",
            "waits: done pending-confirm ",
            "back: done rolled-back done ",
            "made SSH-2 of 30-200",
            "rollback 0",
            "confirm 0",
            "confirmed: rolled-back rolled-back done done ",
            "1",
            "without 0",
        ],
    );
}

#[test]
fn unconfirmed_changes_are_rolled_back_whatever_happens_to_the_session() {
    // The session ends by SIGHUP, all processes of its terminal are gone, and the network is down when the time is over.
    check(
        r#"
cp -a /etc/ssh/sshd_config "$scratch/before"
setsid script -qec "$S fix sshd-config MaxStartups=30:30:200 --yes --confirm-within 12s; kill -HUP -\$\$" /dev/null > /dev/null
reaches waits pending-confirm
limit new 30-200
ip link set lo down
reaches back 'rolled-back done'
ip link set lo up
cmp /etc/ssh/sshd_config "$scratch/before" && echo same
limit old 10-100
"$S" history | tail -1 | grep -o 'undo unconfirmed'
"$S" recover; "$S" confirm > /dev/null 2>&1; echo "late $?"
"#,
        &[
            "waits: pending-confirm ",
            "new SSH-2 of 30-200",
            "back: rolled-back done ",
            "same",
            "old SSH-2 of 10-100",
            "undo unconfirmed",
            "nothing to recover",
            "late 2",
        ],
    );
}

#[test]
fn a_change_of_a_killed_process_is_undone_by_the_timer_or_by_recover() {
    check(
        r#"
cp -a /etc/ssh/sshd_config "$scratch/before"
# Killed between the rename and the end of its proof.
"$S" fix sshd-config MaxStartups=30:30:200 --yes --confirm-within 4s > /dev/null 2>&1 &
until ! cmp -s /etc/ssh/sshd_config "$scratch/before"; do :; done; kill -9 $!
wait 2> /dev/null
reaches cut rolled-back
cmp /etc/ssh/sshd_config "$scratch/before" && echo same
# The one that waits is killed: whoever comes next is told, and recover undoes it.
"$S" fix sshd-config MaxStartups=30:30:200 --yes --confirm-within 3s > /dev/null 2>&1
pkill -9 -f 'recover --due'
sleep 4
"$S" fix sshd-config MaxSessions=7 --yes 2>&1 > /dev/null | grep -o 'once its time is over `sshmend recover` does'
"$S" recover | sed 's/^[^:]*//'; echo "recover $?"
limit old 10-100
# After another start of the machine the time does not matter.
"$S" fix sshd-config MaxStartups=30:30:200 --yes --confirm-within 1h > /dev/null 2>&1
"$S" recover
sed -i 's/^boot = .*/boot = "another"/' /var/lib/sshmend/transactions/*/transaction.toml
"$S" recover --boot | sed 's/^[^:]*//'
cmp /etc/ssh/sshd_config "$scratch/before" && echo same again
pkill -9 -f 'recover --due'
"#,
        &[
            "cut: rolled-back ",
            "same",
            "once its time is over `sshmend recover` does",
            ": rolled back, 1 file restored",
            "recover 0",
            "old SSH-2 of 10-100",
            "nothing to recover",
            "same again",
        ],
    );
}

#[test]
fn holding_the_state_folder_does_not_prevent_a_rollback() {
    // A stopped process, as by Ctrl-Z, is resumed; another process comes first.
    check(
        r#"
cp -a /etc/ssh/sshd_config "$scratch/before"
"$S" fix sshd-config MaxStartups=30:30:200 --yes --confirm-within 3s > /dev/null 2>&1 &
until ! cmp -s /etc/ssh/sshd_config "$scratch/before"; do :; done; kill -STOP $!
reaches stopped 'rolled-back done'
cmp /etc/ssh/sshd_config "$scratch/before" && echo same
wait
"$S" fix sshd-config MaxStartups=30:30:200 --yes --confirm-within 2s > /dev/null 2>&1
flock /var/lib/sshmend/lock sleep 6
reaches busy 'rolled-back done rolled-back done'
cmp /etc/ssh/sshd_config "$scratch/before" && echo same again
limit old 10-100
"#,
        &[
            "stopped: rolled-back done ",
            "same",
            "busy: rolled-back done rolled-back done ",
            "same again",
            "old SSH-2 of 10-100",
        ],
    );
}

#[test]
fn unconfirmed_changes_are_rolled_back_on_a_full_disk() {
    check(
        r#"
cp -a /etc/ssh/sshd_config "$scratch/before"
mount -o remount,size=200k /var/lib/sshmend
"$S" fix sshd-config MaxStartups=30:30:200 --yes --confirm-within 20s > /dev/null 2>&1; echo "fix $?"
dd if=/dev/zero of=/var/lib/sshmend/full bs=4k 2> /dev/null
limit new 30-200
for _ in $(seq 300); do cmp -s /etc/ssh/sshd_config "$scratch/before" && break; sleep 0.1; done
awaits 'of 10-100' listener
cmp /etc/ssh/sshd_config "$scratch/before" && echo same
"$S" recover --wait 30s > /dev/null 2> "$scratch/said"; echo "recover $?"
grep -o 'are as they were before it, but that could not be recorded' "$scratch/said"
rm /var/lib/sshmend/full
"$S" recover --wait 30s > /dev/null 2>&1; echo "with room $?"; state
"#,
        &[
            "fix 0",
            "new SSH-2 of 30-200",
            "of 10-100",
            "same",
            "recover 5",
            "are as they were before it, but that could not be recorded",
            "with room 0",
            "rolled-back ",
        ],
    );
}

#[test]
fn temporary_changes_end_without_systemd() {
    check(
        r#"
echo 'sshd: 192.0.2.7' > /etc/hosts.deny
"$S" fix log-level --for 3s --yes > /dev/null 2> "$scratch/said"; echo "fix $?"
grep -c 'undo it earlier with' "$scratch/said"
"$S" fix hosts-access --allow 192.0.2.7 --yes > /dev/null 2>&1; echo "others $?"
reaches ended 'rolled-back done done'
/usr/sbin/sshd -T | grep -i '^loglevel'
"#,
        &[
            "fix 0",
            "1",
            "ended: rolled-back done done ",
            "loglevel INFO",
        ],
    );
}

#[test]
fn confirm_within_is_refused_if_it_could_not_roll_back() {
    let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n");
    let said = disk.run("fix hosts-access --allow 192.0.2.7 --yes --confirm-within 1m");
    assert_eq!((said.code, disk.read("/etc/hosts.allow")), (2, None));
    assert!(
        said.stderr.contains("below --root nothing would undo it"),
        "{}",
        said.stderr
    );
    let json = disk.run("confirm --format json").json();
    assert_eq!(json["error"]["exit_code"], 2);
    check(
        r#"
for words in 'sshd-config MaxSessions=7 --no-reload' 'log-level' 'service --restart'; do
    "$S" fix $words --yes --confirm-within 1m > /dev/null 2>&1; echo "$words $?"
done
"$S" history
"#,
        &[
            "sshd-config MaxSessions=7 --no-reload 2",
            "log-level 2",
            "service --restart 2",
            "nothing was changed yet",
        ],
    );
}
