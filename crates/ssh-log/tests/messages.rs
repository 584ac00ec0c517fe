//! Every known message, in the wording of each version, with its interpretation.
//!
//! Versions by the sources of OpenSSH 5.3p1 to 10.5p1, libwrap 7.6.q, fail2ban 1.1.2, sshguard 2.4.2, systemd 252.

mod support;

use support::shown;

/// Checks each message with its tag against the interpretation in the line below it; prints both
/// for those that differ.
#[track_caller]
fn says(table: &str) {
    let mut lines = table.lines().filter(|line| !line.is_empty()).peekable();
    let mut wrong = String::new();
    while let Some(message) = lines.next() {
        assert!(!message.starts_with(' '), "no message above {message:?}");
        let expected = lines.next_if(|line| line.starts_with(' '));
        let log = format!("Nov 20 15:52:43 gw {message}\n");
        let mut shown = shown(log.as_bytes()).join("\n");
        if shown.is_empty() {
            "(nothing)".clone_into(&mut shown);
        }
        if expected.map(str::trim) != Some(&shown) {
            wrong += &format!("{message}\n    {shown}\n");
        }
    }
    assert!(wrong.is_empty(), "these are the lines:\n{wrong}");
}

#[test]
fn messages_of_sshd_about_refused_clients_are_classified() {
    says(include_str!("messages/refusals.txt"));
}

#[test]
fn messages_of_sshd_about_clients_before_the_login_are_classified() {
    says(include_str!("messages/clients.txt"));
}

#[test]
fn messages_of_sshd_and_pam_about_failed_logins_are_classified() {
    says(include_str!("messages/login.txt"));
}

#[test]
fn messages_of_libwrap_are_classified() {
    says(include_str!("messages/libwrap.txt"));
}

#[test]
fn messages_of_a_broken_sshd_are_classified() {
    says(include_str!("messages/broken.txt"));
}

#[test]
fn messages_of_pam_modules_are_classified() {
    says(include_str!("messages/pam.txt"));
}

#[test]
fn messages_of_systemd_and_xinetd_are_classified() {
    says(include_str!("messages/systemd.txt"));
}

#[test]
fn messages_of_the_kernel_are_classified() {
    says(include_str!("messages/kernel.txt"));
}

#[test]
fn messages_of_banning_tools_are_classified() {
    says(include_str!("messages/bans.txt"));
}
