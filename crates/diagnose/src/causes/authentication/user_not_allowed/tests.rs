use sshmend_facts::fixture::LOG;

use crate::testing::{ACCOUNTS, alice, alice_with, check, check_as, user};
use expect_test::expect;

#[test]
fn accounts_that_cannot_log_in_are_distinguished_from_missing_ones() {
    check_as(
        &user("backup"),
        "user-not-allowed",
        ACCOUNTS,
        &expect![[r#"
                possible: the shell of the account backup exits at once: /usr/sbin/nologin
                  /etc/passwd: backup:x:34:34::/var/backups:/usr/sbin/nologin
                  - give it a shell, if it is meant for people: `usermod -s /bin/bash backup`
            "#]],
    );
    check_as(
        &user("nobody-here"),
        "user-not-allowed",
        ACCOUNTS,
        &expect![[r#"
            certain: the account nobody-here does not exist on this machine
              getent passwd -- nobody-here: finds none
              - log in by the name of an account that is there, or make it: `adduser nobody-here`
        "#]],
    );
    check_as(&user("alice"), "user-not-allowed", ACCOUNTS, &expect![""]);
}

#[test]
fn nologin_refuses_everyone_but_root() {
    check(
        "user-not-allowed",
        "//- /run/nologin\nSystem is booting up.\n",
        &expect![[r#"
            certain: /run/nologin exists, so only root may log in
              /run/nologin: System is booting up.
              - see who made it and why (a boot or shutdown under way, maintenance), then `rm /run/nologin`
        "#]],
    );
}

#[test]
fn a_login_that_waits_for_a_program_is_reported() {
    let stat = |pid: u32| {
        format!(
            "//- /proc/{pid}/stat\n{pid} (x) S 1 {pid} {pid} 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 100000\n"
        )
    };
    let process =
        |pid: u32, title: &str| format!("//- /proc/{pid}/cmdline\n{title}\n{}", stat(pid));
    let login = process(812, "sshd: alice [priv]") + "//- /proc/812/task/812/children\n813\n";
    check_as(
        &alice(),
        "user-not-allowed",
        &format!(
            "{ACCOUNTS}{login}{}",
            process(813, "/usr/local/bin/ask-the-gate")
        ),
        &expect![[r#"
                likely: a module of PAM in the login `sshd: alice [priv]` waits for a program that does not end: /usr/local/bin/ask-the-gate
                  /proc: process 813, for 89000 s: /usr/local/bin/ask-the-gate
                  - mend what it waits for, or the line of pam_exec in /etc/pam.d/sshd and what it includes; `kill 813` lets this login go on or end
            "#]],
    );
    check_as(
        &alice(),
        "user-not-allowed",
        &format!("{ACCOUNTS}{}", process(813, "/bin/sh /etc/ssh/sshrc")),
        &expect![[r#"
                likely: a login waits for a program that does not end: /bin/sh /etc/ssh/sshrc
                  /proc: process 813, for 89000 s: /bin/sh /etc/ssh/sshrc
                  - mend what it waits for, or the script, which is run before each session; `kill 813` lets this login go on or end
            "#]],
    );
    // The session itself.
    check_as(
        &alice(),
        "user-not-allowed",
        &format!("{ACCOUNTS}{login}{}", process(813, "sshd: alice@pts/0")),
        &expect![[""]],
    );
    // Someone else's.
    check_as(
        &user("backup"),
        "user-not-allowed",
        &format!(
            "{ACCOUNTS}{login}{}",
            process(813, "/usr/local/bin/ask-the-gate")
        ),
        &expect![[r#"
                possible: the shell of the account backup exits at once: /usr/sbin/nologin
                  /etc/passwd: backup:x:34:34::/var/backups:/usr/sbin/nologin
                  - give it a shell, if it is meant for people: `usermod -s /bin/bash backup`
            "#]],
    );
}

#[test]
fn messages_of_pam_are_classified() {
    let says = |text: &str| {
        format!(
            "{ACCOUNTS}{LOG}2026-11-20T17:59:00+00:00 server sshd[812]: {text}\n2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]\n"
        )
    };
    let rules = "//- /etc/security/access.conf\n# -:ALL:ALL\n+:root:ALL\n-:ALL EXCEPT root:ALL\n";
    let access =
        says("pam_access(sshd:account): access denied for user `alice' from `198.51.100.7'");
    check_as(
        &alice(),
        "user-not-allowed",
        &format!("{access}{rules}"),
        &expect![[r#"
            certain: pam_access does not let the account alice in (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: pam_access(sshd:account): access denied for user `alice' from `198.51.100.7'
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
              /etc/security/access.conf:3: -:ALL EXCEPT root:ALL
              - if it is not meant, write `+:alice:198.51.100.7` above the line of /etc/security/access.conf that refuses it: put `+:alice:198.51.100.7` as a line above line 3 of /etc/security/access.conf; it counts at once
        "#]],
    );
    check_as(
        &alice(),
        "user-not-allowed",
        &says("pam_unix(sshd:account): account alice has expired (account expired)"),
        &expect![[r#"
                certain: the account alice has expired (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: pam_unix(sshd:account): account alice has expired (account expired)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
                  - see when, by `chage -l alice`; if it is not meant: `chage -E -1 alice`
            "#]],
    );
    check_as(
        &alice(),
        "user-not-allowed",
        &says(
            "PAM unable to dlopen(pam_no.so): /lib/security/pam_no.so: cannot open shared object file: No such file or directory",
        ),
        &expect![[r#"
            certain: PAM refuses every account because a module cannot be loaded: pam_no.so (once, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: PAM unable to dlopen(pam_no.so): /lib/security/pam_no.so: cannot open shared object file: No such file or directory
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
              - install the package of that module, or take its line out: `grep -n -- pam_no.so /etc/pam.d/*`; it counts at once
        "#]],
    );
    check_as(
        &alice(),
        "user-not-allowed",
        &says("PAM pam_parse: expecting return value; [...requird]"),
        &expect![[r#"
                certain: PAM refuses every account because of an unknown word in its configuration: requird (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: PAM pam_parse: expecting return value; [...requird]
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
                  - correct the word: `grep -n -- requird /etc/pam.d/*`; it counts at once
            "#]],
    );
    check_as(
        &alice(),
        "user-not-allowed",
        &says("pam_env(sshd:session): nothing"),
        &expect![[r#"
                certain: PAM does not let the account log in (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
                  - see which module says so: `journalctl -t sshd -t sshd-session -g pam_ -n 20`, and /etc/pam.d/sshd
            "#]],
    );
}

#[test]
fn messages_of_sshd_are_classified() {
    let says =
        |text: &str| format!("{ACCOUNTS}{LOG}2026-11-20T17:59:00+00:00 server sshd[812]: {text}\n");
    check_as(
        &alice(),
        "user-not-allowed",
        &says("User alice from 198.51.100.7 not allowed because not listed in AllowUsers"),
        &expect![[r#"
                certain: sshd does not let the account alice log in: not listed in AllowUsers (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: User alice from 198.51.100.7 not allowed because not listed in AllowUsers
                  - no line of the files says so: another sshd may have said it, or sshd knows the client by another name or a Match block asks for the address of this machine (LocalAddress); see `sshd -T -C user=alice,host=NAME,addr=ADDRESS`
            "#]],
    );
    check_as(
        &alice(),
        "user-not-allowed",
        &says("Authentication refused: bad ownership or modes for directory /home/alice/.ssh"),
        &expect![[r#"
                likely: sshd ignores the keys of the account because others can write there: bad ownership or modes for directory /home/alice/.ssh (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Authentication refused: bad ownership or modes for directory /home/alice/.ssh
                  - make it the user's alone: `chown alice /home/alice/.ssh`, `chmod go-w /home/alice/.ssh`
            "#]],
    );
    let since = says("User alice from 198.51.100.7 not allowed because not listed in AllowUsers")
        + "2026-11-20T17:59:30+00:00 server sshd[813]: Accepted publickey for alice from 198.51.100.7 port 4711 ssh2: ED25519 SHA256:x\n";
    check_as(&alice(), "user-not-allowed", &since, &expect![""]);
    let other = says("User bob from 198.51.100.7 not allowed because not listed in AllowUsers");
    check_as(&alice(), "user-not-allowed", &other, &expect![""]);
}

#[test]
fn revoked_keys_are_reported() {
    let lost = "error: Error checking authentication key ED25519 SHA256:x in revoked keys file /etc/ssh/r: No such file or directory";
    let revoked = "error: Authentication key ED25519 SHA256:x revoked by file /etc/ssh/r";
    check_as(
        &alice(),
        "user-not-allowed",
        &alice_with("", lost),
        &expect![[r#"
                likely: sshd refuses every key because it cannot read the RevokedKeys file /etc/ssh/r: No such file or directory (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: Error checking authentication key ED25519 SHA256:x in revoked keys file /etc/ssh/r: No such file or directory
                  - put /etc/ssh/r back: sshd reads it at each login
                  - where no key was ever revoked, an empty list does: `ssh-keygen -k -f /etc/ssh/r`; with it every key in the lost file would count again
            "#]],
    );
    check_as(
        &alice(),
        "user-not-allowed",
        &alice_with("", revoked),
        &expect![[r#"
            likely: the key is revoked by /etc/ssh/r (once, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: Authentication key ED25519 SHA256:x revoked by file /etc/ssh/r
              - log in with another key; see which ones are revoked: `ssh-keygen -Q -l -f /etc/ssh/r`
        "#]],
    );
}

#[test]
fn a_missing_shell_and_a_writable_chroot_are_reported() {
    check_as(
        &alice(),
        "user-not-allowed",
        &format!("{ACCOUNTS}//- /bin/bash missing\n"),
        &expect![[r#"
            certain: the shell of the account alice does not exist: /bin/bash
              getent passwd -- alice: alice:x:1000:1000::/home/alice:/bin/bash
              - give it a shell that is there: `usermod -s /bin/bash alice`
        "#]],
    );
    let chroot = "//- /etc/ssh/sshd_config\nMatch User alice\n  ChrootDirectory %h\n//- / dir\n//- /home dir\n//- /home/alice dir uid:1000\n";
    check_as(
        &alice(),
        "user-not-allowed",
        &format!("{ACCOUNTS}{chroot}"),
        &expect![[r#"
                certain: the ChrootDirectory of the account alice is not owned by root or is writable by others: /home/alice
                  /etc/ssh/sshd_config:2: ChrootDirectory %h
                  - take that line out, unless it is for file transfers alone, for a session needs a shell in that directory: `sshmend fix sshd-config --comment-out /etc/ssh/sshd_config:2`
                  - for file transfers give the directory to root, or name another one in that line: `chown root:root /home/alice`, `chmod go-w /home/alice`
            "#]],
    );
}

#[test]
fn refused_local_accounts_are_a_possible_cause() {
    let people = "//- /etc/passwd\nalice:x:1000:1000::/home/alice:/bin/bash\n";
    let line = "2026-11-20T17:59:00+00:00 server sshd[812]: User alice from 203.0.113.9 not allowed because not listed in AllowUsers\n";
    check(
        "user-not-allowed",
        &format!("{people}{LOG}{line}"),
        &expect![[r#"
                possible: sshd does not let the account alice log in: not listed in AllowUsers (once, client 203.0.113.9, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: User alice from 203.0.113.9 not allowed because not listed in AllowUsers
                  - see which line decides: `sshmend diagnose --user alice`
            "#]],
    );
}

#[test]
fn refused_unknown_users_are_not_reported() {
    let line = "2026-11-20T17:59:00+00:00 server sshd[812]: User bin from 203.0.113.9 not allowed because not listed in AllowUsers\n";
    check("user-not-allowed", &format!("{LOG}{line}"), &expect![""]);
}
