//! `cargo xtask messages PROJECT SOURCES`: the messages that sshd, PAM and systemd can log while a
//! user connects and logs in, from the sources of each release.
//!
//! The lists are data of `crates/ssh-log` (`messages/PROJECT.tsv`): one line a message, with the
//! releases that have it. Tests of that crate require a rule, or a reason why there is none, for
//! each of them.

mod project;
mod read;
mod releases;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::run::project as home;
use project::{PROJECTS, Project};

#[derive(Args)]
pub(crate) struct Arguments {
    /// What the sources are those of: openssh, linux-pam, systemd, systemd-logind, sssd, google-authenticator, duo, nss-pam-ldapd
    project: String,
    /// A clone with its tags, or a folder of unpacked releases (NAME-VERSION each, as `apt-get source` leaves them)
    sources: PathBuf,
}

/// A message of one file: the file, its level and its format, as the sources have them.
type Message = (String, String, String);

/// Reads the sources and writes the list.
///
/// # Errors
/// When the project is not known, git or the sources cannot be read, or the list cannot be written.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let name = arguments.project.as_str();
    let project = PROJECTS
        .iter()
        .find(|project| project.name == name)
        .ok_or_else(|| format!("{name}: is not a project whose messages are read"))?;
    let releases = releases::of(project, &arguments.sources)?;
    let mut seen: BTreeMap<Message, (String, String)> = BTreeMap::new();
    for release in &releases {
        for (file, source) in release.files(project)? {
            for (level, format) in read::messages(&source, project.dialect) {
                let span = seen
                    .entry((file.clone(), level, format))
                    .or_insert_with(|| (release.name.clone(), String::new()));
                span.1.clone_from(&release.name);
            }
        }
    }
    println!("{} messages of {} releases", seen.len(), releases.len());
    let path = format!("crates/ssh-log/messages/{}.tsv", project.name);
    fs::write(home().join(&path), written(project, &seen))
        .map_err(|error| format!("{path}: {error}"))
}

/// The list in its written form.
fn written(project: &Project, seen: &BTreeMap<Message, (String, String)>) -> String {
    let mut text = format!(
        "# written by `cargo xtask messages {}`: level, first and last release, file, format\n",
        project.name
    );
    for ((file, level, format), (first, last)) in seen {
        let _ = writeln!(text, "{level}\t{first}-{last}\t{file}\t{format}");
    }
    text
}
