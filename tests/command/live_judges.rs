//! The checks always run: also if they cannot see the future tree, and also on restored files.

use crate::live::{on_stage, says};

/// Root as in a container: without the capability that a mount namespace takes.
const CONTAINED: &str = r#"
contained() { setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$@"; }
pid=$(cat /run/sshd.pid)
before=$(sha256sum /etc/ssh/sshd_config)
same() { [ "$before" = "$(sha256sum /etc/ssh/sshd_config)" ] && echo same; }
answers() { ssh-keyscan -T 3 127.0.0.1 2>/dev/null | grep -q ssh && echo answers; }
"#;

#[test]
fn sshd_checks_the_file_before_the_reload_if_no_namespace_is_available() {
    let script = r#"
contained "$S" fix sshd-config MACs=hmac-none@example.org --yes --allow-lockout; echo "refused $?"
same; answers
[ "$pid" = "$(cat /run/sshd.pid)" ] && [ -d "/proc/$pid" ] && echo "not reloaded"
contained "$S" fix sshd-config MaxStartups=31:40:201 --yes > /dev/null; echo "accepted $?"
awaits '0 of 31-201' listener
"$S" history | grep -c rolled-back
"#;
    let Some(text) = on_stage(&format!("{CONTAINED}{script} 2>&1")) else {
        return;
    };
    let lines = [
        "refused 3",
        "same",
        "answers",
        "not reloaded",
        "accepted 0",
        "0 of 31-201",
        "1",
    ];
    says(&text, &lines);
}

#[test]
fn refusals_before_the_change_are_not_blamed_on_it() {
    let script = r#"
printf 'LogFacility auth\n' >> /etc/ssh/sshd_config
before=$(sha256sum /etc/ssh/sshd_config)
"$S" fix sshd-config MaxSessions=8 --yes 2>&1 | grep -o 'already refuses the present configuration'
contained "$S" fix sshd-config MaxSessions=8 --yes 2>&1 | grep -o 'already refuses the present configuration'
same; answers
"#;
    let Some(text) = on_stage(&format!("{CONTAINED}{script}")) else {
        return;
    };
    says(&text, &["same", "answers"]);
    assert_eq!(
        text.matches("already refuses the present").count(),
        2,
        "{text}"
    );
}

#[test]
fn a_daemon_that_ends_during_a_reload_is_restarted() {
    let script = r#"
kill "$pid"; while [ -d "/proc/$pid" ]; do sleep 0.05; done
/usr/sbin/sshd -o MaxSessions=6
awaits '[0-9]' cat /run/sshd.pid > /dev/null
cat > "$scratch/bin/kill" <<'END'
#!/bin/bash
builtin kill -KILL "$2"
END
chmod +x "$scratch/bin/kill"
mount --bind "$scratch/bin/kill" "$(command -v kill 2>/dev/null | grep / || echo /usr/bin/kill)"
"$S" fix sshd-config MaxStartups=31:40:201 --yes > /dev/null; echo "fix $?"
same; answers
awaits MaxSessions=6 pgrep -af 'sshd.*listener'
"#;
    let Some(text) = on_stage(&format!("{CONTAINED}{script}")) else {
        return;
    };
    says(&text, &["fix 3", "same", "answers", "MaxSessions=6"]);
}
