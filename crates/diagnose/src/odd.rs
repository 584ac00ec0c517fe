//! Machines that are odd and healthy: on none of them is any cause certain.

use sshmend_facts::fixture::{LOG, machine};

use crate::inquiry::diagnose;
use crate::testing::{ACCOUNTS, alice};

/// A successful login of alice, later than everything in the files of these machines.
const LET_IN: &str = "2026-11-20T17:59:30+00:00 server sshd[813]: Accepted publickey for alice from 198.51.100.7 port 4711 ssh2: ED25519 SHA256:x\n";

const MACHINES: [(&str, &str); 18] = [
    ("as installed", ""),
    (
        "lists that name others, and alice is let in",
        "//- /etc/ssh/sshd_config\nUsePAM yes\nAllowUsers bob\nDenyUsers alice\nMaxSessions 0\n",
    ),
    (
        "a list that names the host of the client",
        "//- /etc/ssh/sshd_config\nUsePAM yes\nUseDNS no\nAllowUsers alice@laptop.example.net\n",
    ),
    (
        "nologin, at which nobody looks without PAM",
        "//- /etc/ssh/sshd_config\nUsePAM no\n//- /run/nologin\nclosed\n",
    ),
    (
        "nologin, for which the stack has no module",
        "//- /etc/nologin\nclosed\n//- /etc/pam.d/sshd\nauth required pam_unix.so\n",
    ),
    (
        "a shell that is not there, in a chroot",
        "//- /etc/ssh/sshd_config\nUsePAM yes\nMatch User alice\n ChrootDirectory /srv/jail\n ForceCommand internal-sftp\n\
         //- /srv/jail dir mode:0755\n//- /srv dir mode:0755\n//- / dir mode:0755\n//- /bin/bash missing\n",
    ),
    (
        "sshd behind a multiplexer",
        "//$ ss -Hltnp => 0\nLISTEN 0 128 127.0.0.1:22 0.0.0.0:* users:((\"sshd\",pid=700,fd=3))\n\
         LISTEN 0 64 0.0.0.0:443 0.0.0.0:* users:((\"sslh\",pid=81,fd=3))\n",
    ),
    (
        "sshd under another name",
        "//- /proc/700/cmdline\nsshd-own: /usr/sbin/sshd -D [listener] 0 of 10-100 startups\n\
         //$ ss -Hltnp => 0\nLISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd-own\",pid=700,fd=3))\n",
    ),
    (
        "lines of strangers in hosts.deny",
        "//- /etc/hosts.deny\nALL: 203.0.113.9\nsshd: 203.0.113.0/255.255.255.128\n",
    ),
    (
        "a home that others may write, with StrictModes no",
        "//- /etc/ssh/sshd_config\nUsePAM yes\nStrictModes no\n//- /home/alice dir mode:0777 uid:1000\n",
    ),
    (
        "files that are named and not there",
        "//- /etc/ssh/sshd_config\nUsePAM yes\nTrustedUserCAKeys /etc/ssh/ca\nAuthorizedKeysCommand /opt/keys\n\
         //- /etc/ssh/ca missing\n//- /opt/keys missing\n",
    ),
    (
        "a rule that denies the client, who was let in since it was written",
        "//- /etc/hosts.deny\nsshd: 198.51.100.7\n",
    ),
    (
        "a damaged file of TCP wrappers, and the client was let in since",
        "//- /etc/hosts.deny\nsshd: 198.51.100.0/24 : : :\nALL: 198.51.100.7\\\n",
    ),
    (
        "an option that libwrap does not take, and the client was let in since",
        "//- /etc/hosts.allow\nsshd: 198.51.100.7 : umask\n",
    ),
    (
        "limits that are low, and nobody has met them",
        "//- /etc/ssh/sshd_config\nLoginGraceTime 3\nPerSourceMaxStartups 1\nMaxAuthTries 1\nClientAliveInterval 5\n",
    ),
    (
        "a service file of PAM that is gone, and the account was let in since",
        "//- /etc/ssh/sshd_config\nUsePAM yes\n//- /etc/pam.d/sshd missing\n//- /etc/pam.d/other\nauth required pam_deny.so\n",
    ),
    (
        "an account whose end passed a while ago, and it was let in since",
        "//- /etc/shadow\nalice:$y$x:20000:0:99999:7::20001:\n",
    ),
    (
        "rules of routing for other packets",
        "//$ ip -4 rule show => 0\n0:\tfrom all lookup local\n50:\tfrom all fwmark 0x9 prohibit\n51:\tfrom all to 198.51.100.0/24 ipproto udp prohibit\n",
    ),
];

#[test]
fn no_cause_is_certain_on_an_odd_and_healthy_machine() {
    for (name, extra) in MACHINES {
        let question = alice();
        let listening =
            "2026-11-20T12:00:00+00:00 server sshd[700]: Server listening on 0.0.0.0 port 22.\n";
        let snapshot = machine(&format!("{ACCOUNTS}{extra}{LOG}{listening}{LET_IN}"));
        let certain: Vec<String> = diagnose(&snapshot, &question)
            .findings
            .into_iter()
            .filter(|finding| finding.certainty.is_certain())
            .map(|finding| format!("{}: {}", finding.cause.as_str(), finding.summary))
            .collect();
        assert!(certain.is_empty(), "{name}: {certain:#?}");
    }
}

/// Messages of PAM modules about alice's login while sshd admits her, each with the stack in which
/// it is written.
const MODULES: [(&str, &str); 8] = [
    (
        "account sufficient pam_sss.so",
        "pam_sss(sshd:account): Access denied for user alice: 6 (Permission denied)",
    ),
    (
        "account [default=bad success=ok user_unknown=ignore] pam_sss.so",
        "pam_sss(sshd:account): Access denied for user alice: 10 (User not known to the underlying authentication module)",
    ),
    (
        "session optional pam_mkhomedir.so",
        "pam_mkhomedir(sshd:session): mkhomedir_helper abnormal exit: 1",
    ),
    (
        "session optional pam_systemd.so",
        "pam_systemd(sshd:session): Failed to create session: Connection timed out",
    ),
    (
        "session required pam_loginuid.so",
        "pam_loginuid(sshd:session): Error writing /proc/self/loginuid: Operation not permitted",
    ),
    (
        "session required pam_limits.so",
        "pam_limits(sshd:session): Could not set limit for 'nofile': Operation not permitted",
    ),
    (
        "auth requisite pam_succeed_if.so uid >= 1000",
        "pam_succeed_if(sshd:auth): requirement \"uid >= 1000\" not met by user \"alice\"",
    ),
    (
        "session optional pam_gone.so",
        "PAM unable to dlopen(pam_gone.so): /lib/security/pam_gone.so: cannot open shared object file",
    ),
];

#[test]
fn no_module_of_pam_is_certain_without_a_refusal_by_sshd() {
    let question = alice();
    for (stack, line) in MODULES {
        let said = format!("2026-11-20T17:59:30+00:00 server sshd[813]: {line}\n");
        let pam = format!("//- /etc/pam.d/sshd\n{stack}\n");
        let snapshot = machine(&format!("{ACCOUNTS}{pam}{LOG}{LET_IN}{said}"));
        let findings = diagnose(&snapshot, &question).findings;
        let certain = findings
            .iter()
            .find(|finding| finding.certainty.is_certain());
        assert!(
            certain.is_none(),
            "{line}: {:?}",
            certain.map(|finding| &finding.summary)
        );
    }
}

#[test]
fn recent_refusals_without_a_later_login_are_certain() {
    let refused = "2026-11-20T17:59:40+00:00 server sshd[814]: User alice from 198.51.100.7 not allowed because not listed in AllowUsers\n";
    let question = alice();
    let snapshot = machine(&format!("{ACCOUNTS}{LOG}{LET_IN}{refused}"));
    let first = &diagnose(&snapshot, &question).findings[0];
    assert_eq!(
        (first.cause.as_str(), first.certainty.as_str()),
        ("user-not-allowed", "certain")
    );
}
