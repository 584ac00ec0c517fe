use sshmend_facts::{Facts, KeyFault, NoMethod, Socket, Unchecked, does_not_start};
use sshmend_lossless::{Origin, quoted};

use crate::causes::listener::sshd_config_invalid::place;
use crate::edit;
use crate::evidence::transcript::transcript_evidence;
use crate::finding::Finding;
use crate::proof::{Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::client(from_client);

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    if facts.question.target().is_some() {
        match verdict.look(facts.refused_configuration()) {
            Some(Some(said)) if said.contains("Could not resolve host") => {}
            // If it does not get as far as its configuration, the cause is library-mismatch.
            Some(Some(said)) if does_not_start(&said) => return,
            Some(Some(said)) => return refused(facts, &said, verdict),
            Some(None) => verdict.exclude(Fact::Answer, "ssh accepts its configuration"),
            None => {}
        }
    }
    // Only a command of ssh's own, or a name to canonicalize, can delay ssh while it reads its
    // configuration.
    let held_up = endless_command(facts)
        .map(|line| ("ssh -v", line.to_owned()))
        .or_else(|| Some(("ssh -G", facts.endless_configuration()?)));
    if let Some((source, text)) = held_up {
        let finding = verdict
            .likely("a command that the configuration of ssh runs (`Match exec`) does not finish");
        finding.shown_by(source, text);
        finding.step("find its line, and give it an end: `grep -rn 'Match.*exec' ~/.ssh/config /etc/ssh/ssh_config /etc/ssh/ssh_config.d`");
    }
    if let Some(why) = facts.impossible_socket() {
        let finding = verdict.certain(
            Proof::Answer,
            "ssh ends because it cannot create the configured control socket",
        );
        finding.shown_by("ssh -G", &why);
        if let Some((_, folder)) = why.split_once(" does not exist: ") {
            finding.step(format!(
                "make the directory: `mkdir -m 700 {}`",
                quoted(folder)
            ));
            finding.step("or take another ControlPath: `~/.ssh/%C`");
        } else {
            finding.step("take a shorter ControlPath: `~/.ssh/%C`");
        }
    }
    for (file, mode) in facts.ignored_keys() {
        let finding = verdict.likely(ignored(file));
        finding
            .shown_by(file, format!("mode {mode:04o}"))
            .step(close(file));
    }
    for (file, fault) in facts.useless_keys() {
        useless(facts, file, &fault, verdict);
    }
    if verdict.findings.is_empty() {
        if let Some(why) = facts.no_method() {
            no_method(&why, verdict);
        }
    }
    if let Some(command) = facts.remote_command() {
        remote_command(&command, verdict);
    }
    if let Some((line, holder)) = facts.taken_forwarding() {
        forwarding(&line, &holder, verdict);
    }
    if let Some(line) = facts.remote_forwarding_that_ends() {
        verdict.unchecked.push(Unchecked::new(
            "the forwardings on the server",
            format!("ssh ends after the login if the server cannot listen for `{line}`: an earlier session may still hold that port"),
        ));
    }
    if verdict.findings.is_empty() {
        if let Some(finding) = transcript_evidence(facts, verdict) {
            claimed(facts, finding);
        }
    }
}

/// ssh has no method left that the server accepts.
fn no_method(why: &NoMethod, verdict: &mut Verdict) {
    match why {
        NoMethod::NoKeys(line) => {
            let keyword = line.split(' ').next().unwrap_or_default();
            let finding = verdict.likely(format!(
                "the configuration of ssh disables keys ({line}), and the server accepts no other method that ssh may try"
            ));
            finding.shown_by("ssh -G", line);
            finding.step(format!(
                "find the line and correct it: `grep -rin {keyword} ~/.ssh/config /etc/ssh/ssh_config /etc/ssh/ssh_config.d`; for one connection: `ssh -o PubkeyAuthentication=yes -o PreferredAuthentications=publickey DESTINATION`"
            ));
        }
        NoMethod::OtherAlgorithms(line, kinds) => {
            let keyword = line.split(' ').next().unwrap_or_default();
            let finding = verdict.likely(format!(
                "the configuration of ssh allows no algorithm for its keys ({kinds}), and the server accepts no other method that ssh may try"
            ));
            finding.shown_by("ssh -G", line);
            finding.step(format!(
                "find the line and correct it: `grep -rinE 'pubkeyaccepted(algorithms|keytypes)' ~/.ssh/config /etc/ssh/ssh_config /etc/ssh/ssh_config.d`; `+NAME` adds to the list of ssh instead of replacing it ({keyword})"
            ));
        }
        NoMethod::NoKey(agent) => {
            let finding = verdict.likely(
                "ssh has no key to offer, and the server accepts no other method that ssh may try",
            );
            finding.shown_by("ssh -G", format!("identityagent {agent}"));
            finding.step("see what the agent holds (`ssh-add -l`) and which files are looked for (`ssh -G DESTINATION | grep identity`); name the key by `IdentityFile`, start the agent, or make a key: `ssh-keygen -t ed25519`");
        }
    }
}

/// ssh exits if both its configuration and its command line have a command (ssh.c).
fn remote_command(command: &str, verdict: &mut Verdict) {
    let finding = verdict.possible(
        "RemoteCommand is set for this host, so ssh ends at once if it is also given a command (`ssh HOST COMMAND`, git, rsync)",
    );
    finding.latent_if(true);
    finding.shown_by("ssh -G", format!("remotecommand {command}"));
    finding.step("give RemoteCommand to a name of its own (`Host NAME-tmux`), or go without for one connection: `ssh -o RemoteCommand=none DESTINATION`");
}

/// With ExitOnForwardFailure ssh exits if it cannot listen for a forwarding (ssh.c,
/// ssh_init_forwarding).
fn forwarding(line: &str, holder: &Socket, verdict: &mut Verdict) {
    let port = holder.port;
    let finding = verdict.likely(format!(
        "ssh ends after the login because another program holds the local port {port} that ssh should listen on"
    ));
    finding
        .shown_by("ssh -G", line)
        .shown_by("ss", &holder.line);
    finding.step(format!(
        "see what holds it, mostly an earlier ssh that still runs: `ss -ltnp sport = :{port}`; end it, or take another port"
    ));
    finding.step("without the forwardings: `ssh -o ClearAllForwardings=yes DESTINATION`");
}

/// An unusable key of the user, if there is no other one.
fn useless(facts: &Facts<'_>, file: &str, fault: &KeyFault, verdict: &mut Verdict) {
    let word = quoted(file);
    let (what, said, step) = match fault {
        KeyFault::Missing => (
            format!(
                "the configuration of ssh names the key {file}, which does not exist, and no other key is available"
            ),
            "does not exist".to_owned(),
            format!(
                "correct `IdentityFile` (`ssh -G DESTINATION | grep identity` shows what is in force), put the key back, or make one and take its public half to the server: `ssh-keygen -t ed25519 -f {word}`, `ssh-copy-id -i {word} DESTINATION`"
            ),
        ),
        KeyFault::Unreadable(said) if is_of_putty(file) => (
            format!("the private key {file} is in the format of PuTTY, which ssh does not read, and no other key is available"),
            said.clone(),
            format!(
                "convert it: `puttygen {word} -O private-openssh -o {new}` (PuTTYgen: Conversions, Export OpenSSH key), then name that one by `IdentityFile`",
                new = quoted(file.trim_end_matches(".ppk"))
            ),
        ),
        KeyFault::Unreadable(said) => (
            format!("ssh cannot read the private key {file}, and no other key is available"),
            said.clone(),
            format!(
                "take the key from where it was made once more; where its lines end as on Windows: `sed -i 's/\\r$//' {word}`"
            ),
        ),
        KeyFault::OtherPublic => (
            format!(
                "{file}.pub does not belong to the private key {file}: ssh offers it but cannot sign with it"
            ),
            "is not the public key of that file".to_owned(),
            format!("write the right one: `ssh-keygen -y -f {word} > {}`", quoted(&format!("{file}.pub"))),
        ),
        KeyFault::PublicOnly => (
            format!(
                "the configuration of ssh names the public key {file}, the agent does not hold the private one, and no other key is available"
            ),
            "is a public key".to_owned(),
            "name the private key (`IdentityFile` without `.pub`), or give it to the agent: `ssh-add`".to_owned(),
        ),
        KeyFault::Locked => (
            format!(
                "the private key {file} has a passphrase, BatchMode keeps ssh from asking for it, and no other key is available"
            ),
            "has a passphrase".to_owned(),
            format!(
                "give it to the agent: `ssh-add {word}`; for a program, take a key of its own without one"
            ),
        ),
    };
    let finding = verdict.likely(what);
    finding.shown_by(file, said);
    if *fault == KeyFault::Missing {
        finding.without_client_line(facts, "identityfile", "where another key is to be taken");
    }
    finding.step(step);
}

/// By its name: a private key is not read for this.
fn is_of_putty(file: &str) -> bool {
    std::path::Path::new(file)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("ppk"))
}

/// The private key that ssh ignores because of its mode (authfile.c).
fn open_key(line: &str) -> Option<&str> {
    if let Some((_, rest)) = line.split_once("Load key \"") {
        return rest.split_once("\": bad permissions").map(|(file, _)| file);
    }
    let (_, rest) = line.split_once("Permissions ")?;
    let (_, rest) = rest.split_once(" for '")?;
    rest.split_once("' are too open.").map(|(file, _)| file)
}

/// The lines around that message, which do not name the key (authfile.c).
const AROUND_OPEN_KEY: [&str; 3] = [
    "UNPROTECTED PRIVATE KEY FILE",
    "private key files are NOT accessible by others",
    "This private key will be ignored",
];

/// How ssh names a file of its configuration that is not its user's alone (readconf.c).
const OPEN_TO_OTHERS: &str = "Bad owner or permissions on ";

fn own(file: &str) -> String {
    let file = quoted(file);
    format!("close it to others: `chmod 600 {file}`; it must belong to you or root: `ls -l {file}`")
}

fn ignored(file: &str) -> String {
    format!("ssh ignores the private key {file} because others can read it")
}

fn close(file: &str) -> String {
    format!("close it: `chmod 600 {}`", quoted(file))
}

/// Judges by the message of ssh itself.
fn claimed(facts: &Facts<'_>, finding: &mut Finding) {
    let said = finding
        .evidence
        .first()
        .map(|one| one.text.clone())
        .unwrap_or_default();
    let key = open_key(&said);
    match (key, said.strip_prefix(OPEN_TO_OTHERS)) {
        (Some(file), _) => {
            finding.summary = ignored(file);
            finding.step(close(file));
        }
        (None, Some(file)) => {
            finding.summary =
                format!("ssh refuses its own configuration: others may write {file}, or own it");
            finding.step(own(file));
        }
        (None, None) if AROUND_OPEN_KEY.iter().any(|words| said.contains(words)) => {
            "ssh ignores a private key because others can read it".clone_into(&mut finding.summary);
            finding.step("close it: `chmod 600 KEYFILE`; the line `Permissions 0644 for …` beside it names the file");
        }
        (None, None) => {
            finding.summary =
                format!("ssh cannot do what its configuration or command line says: {said}");
            finding.step("correct what is named: `ssh -G DESTINATION` shows the settings in force");
            if said.contains("forwarding") {
                finding.step("see what holds that port or socket, here for a local one, on the server for a remote one: `ss -lntxp`; an earlier ssh that still runs is ended; a socket that was left over is removed, or `StreamLocalBindUnlink yes` in sshd_config does it; the server may also forbid it (AllowTcpForwarding, PermitListen)");
            }
            if said.starts_with("bind ") {
                finding.without_client_line(
                    facts,
                    "bindaddress",
                    "where it need not be that address",
                );
            }
        }
    }
}

/// The command of a `Match exec` that ssh has started, if that is the last line it printed.
fn endless_command<'a>(facts: &'a Facts<'_>) -> Option<&'a str> {
    let last = facts
        .printed_lines()?
        .filter(|line| !line.is_empty())
        .last()?;
    last.starts_with("debug1: Executing command: '")
        .then_some(last)
}

fn refused(facts: &Facts<'_>, said: &str, verdict: &mut Verdict) {
    let line = said
        .lines()
        .find(|line| line.starts_with('/'))
        .or(said.lines().next())
        .unwrap_or_default();
    let finding = verdict.certain(
        Proof::Answer,
        format!("ssh refuses its own configuration: {line}"),
    );
    for line in said.lines().take(3) {
        finding.shown_by("ssh -G", line);
    }
    match line.strip_prefix(OPEN_TO_OTHERS) {
        Some(file) => finding.step(own(file)),
        None => match place(line).filter(|line| !begins_block(facts, line)) {
            Some(line) => finding.step(format!(
                "correct that line, or make a comment of it: {}",
                edit::comment_out(&line)
            )),
            None => finding.step("correct the line that is named"),
        },
    };
}

/// Whether a line is a `Host` or `Match` line, without which the lines below it would belong to the
/// block above.
fn begins_block(facts: &Facts<'_>, line: &Origin) -> bool {
    let text = facts.line(&line.path, line.line).trim().to_lowercase();
    ["host", "match"].iter().any(|word| {
        text.strip_prefix(word)
            .is_some_and(|rest| rest.starts_with([' ', '\t', '=']))
    })
}

#[cfg(test)]
mod tests;
