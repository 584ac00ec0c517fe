//! The future sshd and the real ssh shake hands before anything is in force; afterwards the running one is proved likewise.

use crate::live::{on_stage, says};

/// At a console: nobody is connected by SSH.
const AT_CONSOLE: &str = r#"
unset SSH_CONNECTION
before=$(sha256sum /etc/ssh/sshd_config)
same() { [ "$before" = "$(sha256sum /etc/ssh/sshd_config)" ] && echo same; }
"#;

#[test]
fn algorithms_no_client_could_agree_on_are_refused_in_rehearsal() {
    let script = r#"
ssh-keygen -q -t ecdsa -N '' -f /etc/ssh/only_ecdsa
for wish in 'HostKey=/etc/ssh/only_ecdsa HostKeyAlgorithms=ssh-ed25519' 'HostKeyAlgorithms=ssh-ed25519-cert-v01@openssh.com' \
    'KexAlgorithms=diffie-hellman-group14-sha1' 'Ciphers=3des-cbc' 'MACs=hmac-md5 Ciphers=aes128-ctr'; do
    "$S" fix sshd-config $wish --yes > "$scratch/out" 2> "$scratch/said"; echo "$wish: $?"
    grep -q 'this would lock you out: ' "$scratch/said" || cat "$scratch/said"
done
grep -h 'a handshake of ssh with sshd -i' "$scratch/out"
grep -o 'no matching MAC found. Their offer: hmac-md5' "$scratch/out" | head -1
same
"$S" fix sshd-config Ciphers=aes128-ctr --yes --format json > "$scratch/json"; echo "good $?"
grep -c -e 'a handshake of ssh with sshd -i' -e 'a key exchange at 127.0.0.1:22' "$scratch/json"
"$S" fix sshd-config Ciphers=3des-cbc --allow-lockout --yes > /dev/null; echo "allowed $?"
"$S" rollback --yes > /dev/null; echo "back $?"
"#;
    let Some(text) = on_stage(&format!("{AT_CONSOLE}{script}")) else {
        return;
    };
    let lines = [
        "HostKey=/etc/ssh/only_ecdsa HostKeyAlgorithms=ssh-ed25519: 2",
        "HostKeyAlgorithms=ssh-ed25519-cert-v01@openssh.com: 2",
        "KexAlgorithms=diffie-hellman-group14-sha1: 2",
        "Ciphers=3des-cbc: 2",
        "MACs=hmac-md5 Ciphers=aes128-ctr: 2",
        "check:  a handshake of ssh with sshd -i REFUSED",
        "no matching MAC found. Their offer: hmac-md5",
        "same",
        "good 0",
        "2",
        "allowed 0",
        "back 0",
    ];
    says(&text, &lines);
}

/// sshd in inetd mode knows no address; the Match block of the person counts all the same.
#[test]
fn the_rehearsal_applies_the_match_block_of_the_persons_address() {
    let script = r#"
printf 'Match Address 203.0.113.5,2001:db8::5\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n' >> /etc/ssh/sshd_config
kill -HUP "$(cat /run/sshd.pid)"; sleep 1
before=$(sha256sum /etc/ssh/sshd_config)
for client in '203.0.113.5 50000 198.51.100.1 22' '203.0.113.6 50000 198.51.100.1 22' '2001:db8::5 50000 2001:db8::1 2222'; do
    SSH_CONNECTION=$client "$S" fix sshd-config PubkeyAuthentication=no --allow-lockout --dry-run | grep '^check:.* a handshake of ssh'
done
"$S" fix sshd-config PubkeyAuthentication=no --allow-lockout --keep 203.0.113.5 --dry-run | grep '^check:.* a handshake of ssh from'
# The sshd of a rehearsal ends by itself once ssh, at the other end of its pipe, is gone.
awaits 1 pgrep -c sshd
same
"#;
    let Some(text) = on_stage(&format!("{AT_CONSOLE}{script}")) else {
        return;
    };
    let lines = [
        "check:  a handshake of ssh with sshd -i ok",
        "check:  a handshake of ssh from 203.0.113.5 with sshd REFUSED",
        "check:  a handshake of ssh from 203.0.113.6 with sshd ok",
        "check:  a handshake of ssh from 2001:db8::5 with sshd REFUSED",
        "1",
        "same",
    ];
    says(&text, &lines);
}

/// ssh before 8.0 does not know how to move an algorithm to the head of its list.
#[test]
fn an_ssh_that_cannot_reorder_algorithms_completes_the_handshake() {
    let script = r#"
mount -t tmpfs tmpfs /usr/local/bin
cat > /usr/local/bin/ssh <<'END'
#!/bin/sh
case "$*" in
*KexAlgorithms=^*)
    echo "$*" >> /usr/local/bin/refused
    echo "command-line line 0: Bad SSH2 KexAlgorithms '^ecdh-sha2-nistp256'." >&2; exit 255 ;;
esac
exec /usr/bin/ssh "$@"
END
chmod 755 /usr/local/bin/ssh
"$S" fix sshd-config MaxStartups=31:40:201 --keep 203.0.113.5 --dry-run | grep 'a handshake of ssh'
[ "$(grep -c . /usr/local/bin/refused)" -ge 2 ] && echo "both were refused first"
"#;
    let Some(text) = on_stage(&format!("{AT_CONSOLE}{script}")) else {
        return;
    };
    let lines = [
        "check:  a handshake of ssh with sshd -i ok",
        "check:  a handshake of ssh from 203.0.113.5 with sshd ok",
        "both were refused first",
    ];
    says(&text, &lines);
}

#[test]
fn the_handshake_without_a_namespace_precedes_the_reload() {
    let script = r#"
contained() { setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$@"; }
pid=$(cat /run/sshd.pid)
contained "$S" fix sshd-config HostKeyAlgorithms=ssh-ed25519-cert-v01@openssh.com --yes > /dev/null 2> "$scratch/said"; echo "fix $?"
grep -o 'does not reach the login' "$scratch/said"
same
ssh-keyscan -T 3 127.0.0.1 2>/dev/null | grep -q ssh && echo "answers"
"#;
    let Some(text) = on_stage(&format!("{AT_CONSOLE}{script}")) else {
        return;
    };
    let lines = ["fix 3", "does not reach the login", "same", "answers"];
    says(&text, &lines);
}

#[test]
fn the_proof_uses_the_persons_own_address_and_is_reported() {
    let script = r#"
ip addr add 192.0.2.1/32 dev lo
export SSH_CONNECTION="192.0.2.1 50022 192.0.2.1 22"
"$S" fix sshd-config MaxStartups=31:40:201 --yes 2>&1 > /dev/null | grep proved
"$S" fix sshd-config Port+=2022 --yes --format json | grep -o 'an SSH identification at .*2022'
ssh-keyscan -T 3 -p 2022 127.0.0.1 2>/dev/null | grep -q ssh && echo "answers at 2022"
exec 9<> /dev/null; python3 -c '
import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 2023)); s.listen(); time.sleep(60)' &
taken=$!; awaits LISTEN ss -Hltn sport = :2023 > /dev/null
before=$(sha256sum /etc/ssh/sshd_config)
"$S" fix sshd-config ListenAddress=192.0.2.1 ListenAddress=127.0.0.1:2023 --yes > /dev/null 2>&1; echo "taken $?"
kill $taken; same
"#;
    let Some(text) = on_stage(&format!("{AT_CONSOLE}{script}")) else {
        return;
    };
    let lines = ["answers at 2022", "taken 3", "same"];
    says(&text, &lines);
    assert!(
        text.contains("192.0.2.1:22") && text.contains("with maxstartups 31:40:201"),
        "{text}"
    );
    assert!(
        text.contains("an SSH identification at 127.0.0.1:2022") || text.contains(":2022 or "),
        "{text}"
    );
}
