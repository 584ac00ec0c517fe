//! Messages of programs that run ssh or implement it (scp, sftp, rsync, sshfs, ssh-keyscan), and of
//! whatever refuses an account after authentication (PAM, a shell that admits nobody, Tailscale).

use super::sign::Scope::{Alone, Anywhere, Port};
use super::sign::{Phase, Row, Sign, Symptom};

/// A message that is left if ssh's own messages are not shown.
const fn alone(pattern: &'static str, symptom: Symptom) -> Row {
    (pattern, Sign::Symptom(symptom), Alone)
}

const fn says(pattern: &'static str, symptom: Symptom) -> Row {
    (pattern, Sign::Symptom(symptom), Anywhere)
}

const fn greets(pattern: &'static str) -> Row {
    (pattern, Sign::Greeting, Anywhere)
}

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    // FileZilla and Xshell.
    ("Connecting to {endpoint}...", Sign::Connecting, Port),
    alone("lost connection", Symptom::Closed),
    alone("Connection closed", Symptom::Closed),
    alone("Connection closed by remote host", Symptom::Closed),
    alone("remote host has disconnected", Symptom::Closed),
    alone("read: Connection reset by peer", Symptom::Reset),
    alone("Couldn't read packet: Connection reset by peer", Symptom::Reset),
    alone("rsync error: unexplained error (code 255) {}", Symptom::Closed),
    ("getaddrinfo {name}: {}", Sign::Symptom(Symptom::NameUnknown), Alone),
    ("read ({name}): {detail}", Sign::Failed(Phase::Identification), Alone),
    ("write ({name}): {detail}", Sign::Failed(Phase::Identification), Alone),
    ("connect (`{name}'): {detail}", Sign::Failed(Phase::Connect), Alone),
    // Remote-SSH of Visual Studio Code.
    ("Running ssh connection command: ssh {detail}", Sign::Typed, Anywhere),
    ("Running script with connection command: ssh {detail}", Sign::Typed, Anywhere),
    ("Running script with connection command: \"{}\\ssh.exe\" {detail}", Sign::Typed, Anywhere),
    // lftp.
    ("Running connect program (ssh {detail}", Sign::Typed, Anywhere),
    // Docker.
    ("command [ssh {detail}] has exited", Sign::Typed, Anywhere),
    // restic.
    ("repository at sftp:{quoted}@{name}:{}", Sign::Whom, Anywhere),
    ("repository at sftp://{quoted}@{name}:{}", Sign::Whom, Anywhere),
    // Net::OpenSSH of Perl.
    says("unable to establish master SSH connection: {}", Symptom::Closed),
    says(
        "Failed to connect to the host via ssh: Shared connection to {name} closed",
        Symptom::LostSession,
    ),
    // Cisco NX-OS, Huawei VRP.
    says("CLI session limit {n} reached", Symptom::SessionLimit),
    says("All user interfaces are used, please try later!", Symptom::SessionLimit),
    // pam_unix, pam_faillock and pam_tally2, pam_nologin, nologin(8).
    says(
        "Your account has expired; please contact your system administrator",
        Symptom::AccountRefused,
    ),
    says("Account locked due to {n} failed login", Symptom::AccountRefused),
    says("The account is locked due to {n} failed login", Symptom::AccountRefused),
    says("This account is currently not available", Symptom::AccountRefused),
    says("This service allows sftp connections only", Symptom::AccountRefused),
    // GitHub and Gitea, GitLab, Bitbucket, Azure DevOps.
    greets("You've successfully authenticated"),
    greets("Welcome to GitLab, @"),
    greets("You can use git to connect to Bitbucket"),
    greets("Shell access is not supported"),
    says("Your account is suspended", Symptom::AccountRefused),
    says("You're using ssh-rsa that is about to be deprecated {}", Symptom::SignatureRefused),
    says("System is booting up. {}", Symptom::Booting),
    says("System is going down. {}", Symptom::Booting),
    says("tailnet policy does not permit you to SSH {}", Symptom::TailnetRefused),
    says("tailscale: failed to evaluate SSH policy", Symptom::TailnetRefused),
    says("Permission denied (tailscale", Symptom::TailnetRefused),
    says("Tailscale SSH requires an additional check", Symptom::TailnetRefused),
];
