//! Several sshd on one machine: each can be selected, and output names the one meant.

use crate::live::{on_stage, says};

const TWO: &str = r#"
printf 'Port 2200\nMaxSessions 4\nPidFile /run/second.pid\n' > /etc/ssh/second.conf
/usr/sbin/sshd -f /etc/ssh/second.conf
awaits '[0-9]' cat /run/second.pid > /dev/null
first=$(cat /run/sshd.pid); second=$(cat /run/second.pid)
"#;

#[test]
fn with_several_daemons_the_named_one_is_changed_and_reloaded() {
    let script = r#"
"$S" show sshd-config MaxSessions 2>&1 | sed "s/$first/FIRST/g; s/$second/SECOND/g"
"$S" show sshd-config MaxSessions --pid "$second" 2>/dev/null
"$S" fix sshd-config MaxStartups=41:30:141 --pid "$second" --yes | sed "s/$second/SECOND/g" | grep '^then'
awaits '0 of 10-100' title "$first"
awaits '0 of 41-141' title "$second"
"$S" rollback --yes > /dev/null; echo "rollback $?"
awaits '0 of 10-100 startups' title "$second"
"$S" fix sshd-config MaxSessions=3 --file /etc/ssh/second.conf -n | sed "s/$second/SECOND/g" | grep '^then'
"$S" fix sshd-config MaxSessions=3 --pid 1 -n 2>&1 | grep -o 'process 1 is not a listening sshd'
"#;
    let Some(text) = on_stage(&format!("{TWO}{script}")) else {
        return;
    };
    let lines = [
        "note: 2 sshd processes listen here; this is about process FIRST, which reads /etc/ssh/sshd_config; --pid selects another: \
         process SECOND, which reads /etc/ssh/second.conf",
        "maxsessions 5  /etc/ssh/sshd_config:2",
        "maxsessions 4  /etc/ssh/second.conf:2",
        "then:   kill -HUP SECOND (sshd)",
        "0 of 10-100",
        "0 of 41-141",
        "rollback 0",
        "0 of 10-100 startups",
        "process 1 is not a listening sshd",
    ];
    says(&text, &lines);
    assert_eq!(
        text.matches("then:   kill -HUP SECOND (sshd)").count(),
        2,
        "{text}"
    );
}

#[test]
fn a_diagnosis_examines_the_named_daemon_and_says_so() {
    let script = r#"
printf 'MaxSessions 0\n' >> /etc/ssh/second.conf; sed -i '/MaxSessions 4/d' /etc/ssh/second.conf
kill -HUP "$second"; sleep 1; second=$(cat /run/second.pid)
"$S" diagnose --pid "$second" | sed "s/$first/FIRST/g; s/$second/SECOND/g" > /tmp/of-second
grep -o 'fix sshd-config MaxSessions=10 --pid SECOND' /tmp/of-second
grep -o '2 sshd processes listen here; this is about process SECOND' /tmp/of-second
"$S" diagnose --file /etc/ssh/second.conf --format json | grep -o '"sshd": [0-9]*' | sed "s/$second/SECOND/"
"$S" diagnose --pid "$first" | grep -c 'MaxSessions=10'
"$S" diagnose --file /etc/ssh/none.conf 2>&1 | grep -o 'no listening sshd reads /etc/ssh/none.conf'
"#;
    let Some(text) = on_stage(&format!("{TWO}{script}")) else {
        return;
    };
    let lines = [
        "fix sshd-config MaxSessions=10 --pid SECOND",
        "2 sshd processes listen here; this is about process SECOND",
        "\"sshd\": SECOND",
        "0",
        "no listening sshd reads /etc/ssh/none.conf",
    ];
    says(&text, &lines);
}
