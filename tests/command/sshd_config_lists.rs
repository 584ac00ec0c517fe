//! `fix sshd-config` for keywords that hold several values, and for lines that sshd refuses.

use crate::disk::{Disk, Said};
use crate::live::{on_stage, says};

const MAIN: &str = "/etc/ssh/sshd_config";

fn disk(main: &str) -> Disk {
    Disk::new(&format!(
        "//- /var/lib/dpkg/status\nPackage: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2+deb12u10\n\
         //- {MAIN}\n{main}"
    ))
}

#[track_caller]
fn changes(said: &Said, changed: bool) {
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    assert_eq!(said.json()["changed"], changed, "{}", said.stdout);
}

#[test]
fn a_list_is_set_extended_and_shortened_and_a_second_run_changes_nothing() {
    let disk = disk("Include /etc/ssh/sshd_config.d/*.conf\nAcceptEnv LANG\nUseDNS no\n");
    disk.write("/etc/ssh/sshd_config.d/10-env.conf", "AcceptEnv TZ LC_*\n");
    for (wish, main, drop_in) in [
        (
            "AcceptEnv+=COLORTERM",
            "AcceptEnv LANG COLORTERM",
            "AcceptEnv TZ LC_*",
        ),
        (
            "AcceptEnv-=TZ",
            "AcceptEnv LANG COLORTERM",
            "AcceptEnv LC_*",
        ),
        ("AcceptEnv=NO_COLOR", "", "AcceptEnv NO_COLOR"),
    ] {
        let command = format!("fix sshd-config {wish} --yes --format json");
        changes(&disk.run(&command), true);
        let kept = if main.is_empty() {
            String::new()
        } else {
            format!("{main}\n")
        };
        let expected = format!("Include /etc/ssh/sshd_config.d/*.conf\n{kept}UseDNS no\n");
        assert_eq!(disk.read(MAIN), Some(expected), "{wish}");
        let found = disk.read("/etc/ssh/sshd_config.d/10-env.conf");
        assert_eq!(found, Some(format!("{drop_in}\n")), "{wish}");
        changes(&disk.run(&command), false);
    }
}

#[test]
fn a_new_port_mentions_firewall_and_selinux() {
    let said = disk("Port 22\n").run("fix sshd-config Port+=2022 --yes");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("+Port 2022\n"), "{}", said.stdout);
    let needs = [
        "[port-needs]",
        "semanage port -a -t ssh_port_t -p tcp 2022",
        "firewall",
    ];
    for word in needs {
        assert!(said.stdout.contains(word), "{}", said.stdout);
    }
    assert!(
        said.stdout.contains("effect: port 22 -> 22, 2022"),
        "{}",
        said.stdout
    );
}

#[test]
fn clients_admitted_by_an_empty_list_are_shown() {
    let said = disk("AllowGroups ops\n").run("fix sshd-config AllowGroups-=ops --yes");
    assert!(said.stdout.contains("[access-widened]"), "{}", said.stdout);
    let said = disk("UseDNS no\n").run("fix sshd-config AllowUsers+=ann --yes");
    assert!(said.stdout.contains("now only ann are"), "{}", said.stdout);
}

#[test]
fn a_refused_line_is_commented_out_and_a_rollback_restores_it() {
    let broken = "Port 22\nPermitRootLogn no\nMaxSessions five\n";
    let disk = disk(broken);
    let said = disk.run(&format!("fix sshd-config --comment-out {MAIN}:2 --yes"));
    assert_eq!(said.code, 2, "another line is refused still");
    assert!(said.stderr.contains(":3:"), "{}", said.stderr);
    let said = disk.run(&format!(
        "fix sshd-config --comment-out {MAIN}:2 {MAIN}:3 --yes"
    ));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(
        disk.read(MAIN).as_deref(),
        Some("Port 22\n#PermitRootLogn no\n#MaxSessions five\n")
    );
    assert_eq!(disk.run("rollback --yes").code, 0);
    assert_eq!(disk.read(MAIN).as_deref(), Some(broken));
    let said = disk.run(&format!("fix sshd-config --comment-out {MAIN}:1 --yes"));
    assert!(
        said.stderr.contains("a line that sshd accepts"),
        "{}",
        said.stderr
    );
    assert_eq!(
        disk.run("fix sshd-config --comment-out nonsense --yes")
            .code,
        2
    );
}

#[test]
fn sshd_reads_the_lists_and_the_line_is_removed() {
    let script = r#"
"$S" fix sshd-config AcceptEnv=LANG AcceptEnv+=TZ AllowGroups+=root --yes --allow-lockout > /dev/null; echo "set $?"
/usr/sbin/sshd -T | grep -i -e '^acceptenv' -e '^allowgroups' | sort
printf 'NoSuchThing 1\n' >> /etc/ssh/sshd_config
"$S" fix sshd-config MaxSessions=7 --yes > /dev/null 2>&1; echo "broken $?"
"$S" fix sshd-config --comment-out /etc/ssh/sshd_config:$(grep -n NoSuchThing /etc/ssh/sshd_config | cut -d: -f1) --yes > /dev/null
echo "mended $?"
/usr/sbin/sshd -t && echo "accepted"
"#;
    let Some(text) = on_stage(script) else { return };
    let lines = [
        "set 0",
        "acceptenv LANG",
        "acceptenv TZ",
        "allowgroups root",
        "broken 2",
        "mended 0",
        "accepted",
    ];
    says(&text, &lines);
}
