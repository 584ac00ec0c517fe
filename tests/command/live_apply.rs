//! `sshmend apply` on a running sshd.

use crate::live::{on_stage, says};

#[test]
fn a_policy_comes_into_force_and_one_rollback_takes_all_of_it_back() {
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
fn where_one_part_is_refused_none_is_carried_out() {
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
