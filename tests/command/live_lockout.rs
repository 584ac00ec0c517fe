//! No wish locks anybody out: what would refuse the next login of the person over SSH is refused
//! before it is made.

use crate::live::{on_stage, says};

/// Root came from this address to this one.
const OVER_SSH: &str = r#"
export SSH_CONNECTION="127.0.0.1 50022 127.0.0.1 22"
install -d -m 700 /root/.ssh; mount -t tmpfs -o mode=0700 tmpfs /root/.ssh
ssh-keygen -q -t ed25519 -N '' -f "$scratch/key"; cp "$scratch/key.pub" /root/.ssh/authorized_keys
login() { ssh -F none -i "$scratch/key" -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
    -o ConnectTimeout=5 root@127.0.0.1 echo welcome 2>/dev/null; }
printf 'UsePAM yes\n' >> /etc/ssh/sshd_config; reload
before=$(sha256sum /etc/ssh/sshd_config)
"#;

#[test]
fn changes_that_prevent_the_next_login_are_refused_over_ssh() {
    let script = r#"
login
for wish in AddressFamily=inet6 Port=2022 ListenAddress=127.0.0.9 PerSourceMaxStartups=0 MaxSessions=0 MaxAuthTries=0 \
    HostKeyAlgorithms=ssh-dss Ciphers=aes256-cbc KexAlgorithms=diffie-hellman-group1-sha1 MACs=hmac-md5 MaxStartups=1 \
    RevokedKeys=/nowhere RevokedKeys=/etc/passwd ForceCommand=/bin/false ForceCommand=/nowhere ChrootDirectory=/nowhere \
    ChrootDirectory=/tmp PubkeyAuthentication=no AuthorizedKeysFile=/nowhere/%u AuthenticationMethods=publickey,password \
    AuthenticationMethods=publickey,publickey PubkeyAcceptedAlgorithms=rsa-sha2-512 PermitRootLogin=no PermitRootLogin=forced-commands-only UsePAM=no \
    AllowUsers=nobody DenyUsers=root AllowGroups=daemon DenyGroups=root LoginGraceTime=1 TrustedUserCAKeys=/etc/passwd \
    'AllowUsers=root@192.0.2.0/24' 'DenyUsers=r*t@127.0.0.0/8' 'DenyUsers=root@0:0:0:0:0:ffff:127.0.0.1 root@::1' PermitTTY=no \
    KexAlgorithms=sntrup761x25519-sha512@openssh.com Ciphers=chacha20-poly1305@openssh.com MACs=umac-64@openssh.com \
    HostKeyAlgorithms=rsa-sha2-512 HostKey=/etc/ssh/ssh_host_rsa_key HostKey-=/etc/ssh/ssh_host_ed25519_key
do
    "$S" fix sshd-config "$wish" --yes > /dev/null 2> "$scratch/said"; code=$?
    [ "$code" = 2 ] && grep -q 'lock you out' "$scratch/said" || echo "$wish: $code $(cat "$scratch/said")"
done
[ "$before" = "$(sha256sum /etc/ssh/sshd_config)" ] && echo same
"$S" fix sshd-config MaxStartups=30:30:200 AllowUsers=root LogLevel=VERBOSE --yes > /dev/null; echo "harmless $?"
login
"#;
    let Some(text) = on_stage(&format!("{OVER_SSH}{script}")) else {
        return;
    };
    assert_eq!(text, "welcome\nsame\nharmless 0\nwelcome\n");
}

#[test]
fn a_person_who_used_su_is_identified_by_their_ssh_session() {
    let script = r#"
useradd -m -s /bin/bash kim 2> /dev/null
# As su leaves it: the shell that sshd started is kim's, and what it calls is root's.
as_kim() { setpriv --ruid "$(id -u kim)" bash -p -c '"$@"; exit' bash "$@"; }
as_kim "$S" fix sshd-config DenyUsers=kim --yes 2>&1 | grep -o 'lock you out: DenyUsers refuses kim'
[ "$before" = "$(sha256sum /etc/ssh/sshd_config)" ] && echo same
as_kim "$S" fix sshd-config DenyUsers=eve --yes > /dev/null; echo "harmless $?"
"#;
    let Some(text) = on_stage(&format!("{OVER_SSH}{script}")) else {
        return;
    };
    says(
        &text,
        &["lock you out: DenyUsers refuses kim", "same", "harmless 0"],
    );
}

#[test]
fn a_rollback_is_checked_for_a_lockout() {
    let script = r#"
sed -i '1i PermitRootLogin no' /etc/ssh/sshd_config; reload
"$S" fix sshd-config PermitRootLogin=yes --yes > /dev/null; echo "fix $?"
"$S" rollback --yes 2>&1 | grep -o 'this would lock you out: you log in as root'
"$S" fix hosts-access --allow 127.0.0.1 --yes > /dev/null
printf 'sshd: ALL\n' > /etc/hosts.deny
printf 'sshd: ::1 127.0.0.0/255.0.0.0\n' > /etc/hosts.allow
"$S" fix hosts-access --allow 198.51.100.7 --yes > /dev/null; echo "allow $?"
"$S" rollback --yes --keep 198.51.100.7 2>&1 | grep -o '198.51.100.7 would be denied'
"$S" rollback --yes > /dev/null; echo "without --keep $?"
"#;
    let Some(text) = on_stage(&format!("{OVER_SSH}{script}")) else {
        return;
    };
    let lines = [
        "fix 0",
        "this would lock you out: you log in as root",
        "allow 0",
        "198.51.100.7 would be denied",
        "without --keep 0",
    ];
    says(&text, &lines);
}

#[test]
fn a_policy_and_its_removed_entries_are_checked_for_a_lockout() {
    let script = r#"
apply() { printf 'name = "door"\n%s\n' "$1" | "$S" apply - --yes > /dev/null 2> "$scratch/said"; code=$?; }
for wish in 'PermitRootLogin = "no"' 'AllowUsers = ["nobody"]' 'Port = [2022]' 'ListenAddress = ["127.0.0.9"]' 'MaxSessions = 0' \
    'MaxSessions = 7
PubkeyAuthentication = "no"' 'HostKeyAlgorithms = "rsa-sha2-512"'
do
    apply "[sshd-config]
$wish"
    [ "$code" = 2 ] && grep -q 'lock you out' "$scratch/said" || echo "$wish: $code $(cat "$scratch/said")"
done
[ "$before" = "$(sha256sum /etc/ssh/sshd_config)" ] && echo same
printf 'sshd: ALL\n' > /etc/hosts.deny
apply '[hosts-access]
allow = ["127.0.0.1", "::1", "198.51.100.7"]'; echo "let in $code"
apply '[hosts-access]
allow = ["198.51.100.7"]'; echo "let go $code"; grep -o 'this would lock you out: 127.0.0.1 would be denied' "$scratch/said"
login
"#;
    let Some(text) = on_stage(&format!("{OVER_SSH}{script}")) else {
        return;
    };
    assert_eq!(
        text,
        "same\nlet in 0\nlet go 2\nthis would lock you out: 127.0.0.1 would be denied\nwelcome\n"
    );
}

#[test]
fn a_possible_lockout_is_only_noted_at_a_console() {
    let script = r#"
unset SSH_CONNECTION
"$S" fix sshd-config PubkeyAuthentication=no --yes | grep -c own-access
"$S" fix sshd-config AllowUsers='root@127.0.0.1 root@::1' --yes --keep 192.0.2.9 2>&1 | grep -o 'from 192.0.2.9 (--keep): AllowUsers does not let root in'
"$S" fix sshd-config AllowUsers='root@127.0.0.1 root@::1' --yes > /dev/null; echo "without --keep $?"
"#;
    let Some(text) = on_stage(&format!("{OVER_SSH}{script}")) else {
        return;
    };
    let lines = [
        "1",
        "from 192.0.2.9 (--keep): AllowUsers does not let root in",
        "without --keep 0",
    ];
    says(&text, &lines);
}

/// As after a cut between the rename and the reload.
#[test]
fn recovery_rolls_back_a_change_that_would_lock_the_person_out() {
    let script = r#"
SSH_CONNECTION= "$S" fix sshd-config AllowUsers=nobody --no-reload --yes > /dev/null 2>&1; echo "fix $?"
sed -i 's/^state = "done"/state = "committed"/' /var/lib/sshmend/transactions/*/transaction.toml
"$S" recover 2>&1 | grep -o 'it would lock you out: AllowUsers does not let root in'
[ "$before" = "$(sha256sum /etc/ssh/sshd_config)" ] && echo same
login
"#;
    let Some(text) = on_stage(&format!("{OVER_SSH}{script}")) else {
        return;
    };
    let lines = [
        "fix 0",
        "it would lock you out: AllowUsers does not let root in",
        "same",
        "welcome",
    ];
    says(&text, &lines);
}

/// sshd reports it so when it was handed the connection, and with the interface for a link-local
/// address.
#[test]
fn a_person_from_an_unknown_address_is_not_at_a_console() {
    let script = r#"
for connection in 'UNKNOWN 65535 UNKNOWN 65535' 'fe80::1%lo 50022 fe80::2%lo 22' garbage; do
    export SSH_CONNECTION="$connection"
    for wish in AllowUsers=root@192.0.2.1 RequiredRSASize=8192 DenyUsers=root; do
        "$S" fix sshd-config "$wish" --yes > /dev/null 2> "$scratch/said"; code=$?
        [ "$code" = 2 ] && grep -q 'lock you out' "$scratch/said" || echo "$connection: $wish: $code $(cat "$scratch/said")"
    done
done
[ "$before" = "$(sha256sum /etc/ssh/sshd_config)" ] && echo same
"$S" fix sshd-config MaxSessions=9 --yes > /dev/null 2>&1; echo "harmless $?"
login
"#;
    let Some(text) = on_stage(&format!("{OVER_SSH}{script}")) else {
        return;
    };
    assert_eq!(text, "same\nharmless 0\nwelcome\n");
}

/// A rollback that was cut off is finished, and a half-made change undone: both as if they were asked for.
#[test]
fn recovery_is_checked_for_a_lockout_before_any_file_changes() {
    let script = r#"
newest() { echo "/var/lib/sshmend/transactions/$(ls /var/lib/sshmend/transactions | tail -1)/transaction.toml"; }
stuck() { sed -i "s/^state = .*/state = \"$1\"/" "$(newest)"; }
refused() { grep -o 'would lock you out: .*' "$scratch/said"; }
sed -i '1i PermitRootLogin no' /etc/ssh/sshd_config; reload
SSH_CONNECTION= "$S" fix sshd-config PermitRootLogin=yes --yes > /dev/null 2>&1
SSH_CONNECTION= "$S" rollback --yes --no-reload > /dev/null 2>&1; stuck committed
"$S" recover > /dev/null 2> "$scratch/said"; echo "finish $?"; refused
login
"$S" recover --allow-lockout > /dev/null 2>&1; echo "allowed $?"
sed -i '/PermitRootLogin/d' /etc/ssh/sshd_config; reload
printf 'sshd: ALL\n' > /etc/hosts.deny
SSH_CONNECTION= "$S" fix hosts-access --allow 127.0.0.1 --yes > /dev/null 2>&1; stuck prepared
"$S" recover > /dev/null 2> "$scratch/said"; echo "undo $?"; refused
login
SSH_CONNECTION= "$S" recover > /dev/null 2>&1; echo "at the console $?"
cat /etc/hosts.allow
"#;
    let Some(text) = on_stage(&format!("{OVER_SSH}{script}")) else {
        return;
    };
    assert_eq!(
        text,
        "finish 2\nwould lock you out: you log in as root, which is refused\nwelcome\nallowed 0\n\
         undo 2\nwould lock you out: 127.0.0.1 would be denied\nwelcome\nat the console 0\n"
    );
}
