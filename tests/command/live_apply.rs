//! `sshmend apply` on a running sshd.

use crate::live::{on_stage, says};

#[test]
fn a_policy_takes_effect_and_one_rollback_undoes_all_of_it() {
    let script = r#"
printf 'ALL: ALL EXCEPT 127.0.0.1\n' > /etc/hosts.deny
cp -a /etc/ssh/sshd_config "$scratch/before"
cat > "$scratch/policy.toml" <<'END'
[sshd-config]
MaxStartups = "37:30:137"
AcceptEnv = ["LANG", "LC_*"]
[hosts-access]
allow = ["192.0.2.0/28", { pattern = "198.51.100.3", daemon = "rpcbind" }]
END
chmod 755 "$scratch"; mkdir -p /run/policy; cp "$scratch/policy.toml" /run/policy/policy.toml
"$S" apply /run/policy/policy.toml --dry-run > "$scratch/said"; echo "dry $?"
grep -c '\[drift\]' "$scratch/said"
cmp /etc/ssh/sshd_config "$scratch/before" && echo untouched
"$S" apply /run/policy/policy.toml --yes > /dev/null; echo "apply $?"
awaits '0 of 37-137' listener
/usr/sbin/sshd -T | grep -i '^acceptenv' | sort
"$S" apply /run/policy/policy.toml --yes --format json | grep '"changed"'
"$S" apply /run/policy/policy.toml --dry-run > /dev/null; echo "no drift $?"
"$S" rollback --yes > /dev/null; echo "rollback $?"
awaits '0 of 10-100' listener
cmp /etc/ssh/sshd_config "$scratch/before" && [ ! -s /etc/hosts.allow ] && echo same
"#;
    let Some(text) = on_stage(script) else { return };
    let lines = [
        "dry 1",
        "4",
        "untouched",
        "apply 0",
        "0 of 37-137",
        "acceptenv LANG",
        "acceptenv LC_*",
        "  \"changed\": false,",
        "no drift 0",
        "rollback 0",
        "0 of 10-100",
        "same",
    ];
    says(&text, &lines);
}

#[test]
fn one_refused_part_of_a_policy_stops_all_parts() {
    let script = r#"
before=$(cat /etc/ssh/sshd_config /etc/hosts.allow | sha256sum)
policy() { printf '{"hosts-access": {"allow": ["192.0.2.9"]}, "sshd-config": {"%s": "%s"}}' "$1" "$2"; }
policy Banner /nonexistent/banner | "$S" apply - --yes > /dev/null 2>&1; echo "fine $?"
"$S" rollback --yes > /dev/null
policy Ciphers no-such-cipher | "$S" apply - --yes > /dev/null 2>&1; echo "refused $?"
policy AuthorizedKeysCommand /nonexistent | "$S" apply - --yes > /dev/null 2>&1; echo "refused too $?"
[ "$before" = "$(cat /etc/ssh/sshd_config /etc/hosts.allow | sha256sum)" ] && echo same
"#;
    let Some(text) = on_stage(script) else { return };
    says(&text, &["fine 0", "refused 2", "refused too 2", "same"]);
}

#[test]
fn a_policy_pins_keys_as_their_user_and_removes_them_with_their_line() {
    let script = r#"
echo 'kim:x:4242:4242::/home/kim:/bin/sh' >> /etc/passwd
echo 'kim:x:4242:' >> /etc/group
install -d -o 4242 -g 4242 -m 700 /home/kim
print=$(ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2)
entry() { printf '[[known-hosts]]\nhost = "127.0.0.1"\nfingerprint = "%s"\n%s\n' "$print" "$1"; }
entry 'user = "kim"' > "$scratch/kim"
"$S" apply - --yes < "$scratch/kim" > /dev/null; echo "kim $?"
stat -c '%u:%g %a' /home/kim/.ssh /home/kim/.ssh/known_hosts
ls -d /home/kim/.local/state/sshmend
(echo 'name = "keys"'; entry 'file = "/etc/ssh/ssh_known_hosts"'; printf '[sshd-config]\nMaxSessions = 8\n') > "$scratch/machine"
"$S" apply - --yes < "$scratch/machine" > /dev/null; echo "machine $?"
ssh-keygen -F 127.0.0.1 -f /etc/ssh/ssh_known_hosts | grep -c ed25519
"$S" apply - --yes --format json < "$scratch/machine" | grep '"changed"'
(cat "$scratch/kim"; printf '[sshd-config]\nMaxSessions = 9\n') | "$S" apply - --yes 2>&1 | grep -o 'cannot be one transaction'
printf 'name = "keys"\n[sshd-config]\nMaxSessions = 8\n' | "$S" apply - --yes > /dev/null; echo "left $?"
ssh-keygen -F 127.0.0.1 -f /etc/ssh/ssh_known_hosts > /dev/null; echo "found $?"
entry 'user = "nobody-here"' | "$S" apply - --yes 2>&1 | grep -o 'there is no user nobody-here'
print=SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
entry 'file = "/etc/ssh/ssh_known_hosts"' | "$S" apply - --yes > /dev/null 2>&1; echo "other key $?"
"#;
    let Some(text) = on_stage(script) else { return };
    let lines = [
        "machine 0",
        "  \"changed\": false,",
        "kim 0",
        "4242:4242 700",
        "4242:4242 600",
        "/home/kim/.local/state/sshmend",
        "cannot be one transaction",
        "left 0",
        "found 1",
        "there is no user nobody-here",
        "other key 2",
    ];
    says(&text, &lines);
}
