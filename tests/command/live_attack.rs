//! A machine that changes during a change, and users who pretend to be a part of it, on a running
//! sshd.

use crate::live::{on_stage, says};

#[test]
fn a_change_is_refused_if_an_sshd_may_run_unseen() {
    let script = r#"
cp /etc/ssh/sshd_config "$scratch/before"
"$S" fix sshd-config MaxStartups=30:30:200 --yes > /dev/null 2>&1; echo "fix $?"
mount -t tmpfs tmpfs /proc
for words in 'fix sshd-config MaxSessions=9' rollback; do
    "$S" $words --yes > /dev/null 2> "$scratch/said"; echo "$words $?"
    grep -o 'nothing was changed: whether an sshd runs here, and would have to be reloaded, is not known' "$scratch/said"
done
"$S" fix sshd-config MaxSessions=9 --yes --no-reload > /dev/null 2>&1; echo "without reload $?"
sed -i 's/^state = "done"/state = "committed"/' /var/lib/sshmend/transactions/*/transaction.toml
"$S" recover > /dev/null 2>&1; echo "recover $?"
umount /proc
"$S" recover > /dev/null 2>&1; echo "recover with /proc $?"
"$S" recover
"#;
    let Some(text) = on_stage(script) else { return };
    let refused = "nothing was changed: whether an sshd runs here, and would have to be reloaded, is not known\n";
    assert_eq!(
        text,
        format!(
            "fix 0\nfix sshd-config MaxSessions=9 2\n{refused}rollback 2\n{refused}without reload 0\n\
             recover 4\nrecover with /proc 0\nnothing to recover\n"
        )
    );
}

/// Whatever a process calls itself: only root's is the sshd of the machine, and nobody else's
/// program is run.
#[test]
fn the_program_of_a_process_that_claims_to_be_sshd_is_not_run() {
    let script = r#"
mkdir -m 755 /home/eve
printf '#!/bin/sh\necho "$0 $*" >> /home/eve/ran\n' > /home/eve/sshd
chmod 755 /home/eve/sshd; chown -R 4242:4242 /home/eve
kill "$(cat /run/sshd.pid)"; awaits 1 eval 'pgrep -x sshd > /dev/null || echo 1' > /dev/null
pretend() { (exec -a 'sshd: /home/eve/sshd [listener] 0 of 10-100 startups' "$@" sleep 60) & awaits home/eve title $! > /dev/null; }
pretend setpriv --reuid=4242 --regid=4242 --clear-groups
# As a program that is setuid and takes its time.
pretend
for words in 'fix sshd-config MaxSessions=9 --yes' diagnose 'diagnose --client 192.0.2.7' 'show sshd-config' \
    'fix service --yes' 'fix log-level --dry-run' 'fix hosts-access --allow 192.0.2.7 --dry-run'; do
    "$S" $words > "$scratch/said" 2>&1
    [ ! -e /home/eve/ran ] || { echo "$words: $(cat /home/eve/ran)"; rm /home/eve/ran; }
done
echo over
kill $(jobs -p)
"#;
    let Some(text) = on_stage(script) else { return };
    assert_eq!(text, "over\n");
}

#[test]
fn an_address_of_another_machine_never_replaces_all_listen_addresses() {
    let script = r#"
cp /etc/ssh/sshd_config "$scratch/before"
answers() { ssh-keyscan -T 3 -t ed25519 127.0.0.1 2>&1; }
for wish in ListenAddress=10.9.9.9 'ListenAddress=10.9.9.9 127.0.0.1' ListenAddress=10.9.9.9:2022; do
    "$S" fix sshd-config "$wish" --yes > /dev/null 2> "$scratch/said"; echo "$wish: $?"
    cmp /etc/ssh/sshd_config "$scratch/before" && awaits SSH-2 answers
done
"$S" fix sshd-config ListenAddress=127.0.0.1 --yes > /dev/null 2>&1; echo "its own: $?"
awaits SSH-2 answers
"#;
    let Some(text) = on_stage(script) else { return };
    let lines = [
        "ListenAddress=10.9.9.9: 3",
        "ListenAddress=10.9.9.9 127.0.0.1: 3",
        "ListenAddress=10.9.9.9:2022: 3",
        "its own: 0",
    ];
    says(&text, &lines);
    assert_eq!(text.matches("SSH-2").count(), 4, "{text}");
}
