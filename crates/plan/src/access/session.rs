//! Whether a session after login is usable: a shell, and not one that ends at once.

use std::path::PathBuf;

use sshmend_lossless::{Kind, Metadata, Origin};

use super::view::View;

/// Programs that exit at once, whatever their arguments.
const ENDS_AT_ONCE: [&str; 4] = ["false", "true", "nologin", "exit"];

type Because = Option<(String, Option<Origin>)>;

/// The command that sessions are forced to run gives no shell.
pub(super) fn forced_command(view: &View<'_>) -> Because {
    let command = view.value("forcecommand");
    let word = command.split_whitespace().next().unwrap_or_default();
    let name = word.rsplit('/').next().unwrap_or_default();
    let because = |why: String| Some((why, view.origin("forcecommand")));
    if ENDS_AT_ONCE.contains(&name) {
        return because(format!("ForceCommand {command} ends each session at once"));
    }
    if name == "internal-sftp" {
        return because("ForceCommand internal-sftp allows no shell".to_owned());
    }
    let file = view.command_file().filter(|_| command != "none")?;
    if view.meta(&file) == Ok(None) {
        return because(format!(
            "ForceCommand {command}: the program does not exist"
        ));
    }
    None
}

/// The directory that sessions are confined to does not exist, is not root's alone (session.c,
/// `safely_chroot`), or has no shell.
pub(super) fn locked_in(view: &View<'_>) -> Because {
    let path = view.chroot()?;
    let because = |why: String| Some((why, view.origin("chrootdirectory")));
    let places: Vec<PathBuf> = path.ancestors().map(Into::into).collect();
    for place in places.iter().rev() {
        let shown = place.display();
        match view.meta(place) {
            Ok(None) => return because(format!("ChrootDirectory: {shown} does not exist")),
            Ok(Some(meta)) if meta.kind != Kind::Directory => {
                return because(format!("ChrootDirectory: {shown} is not a directory"));
            }
            Ok(Some(meta)) if is_open(meta) => {
                return because(format!(
                    "ChrootDirectory: {shown} is not owned by root or is writable by others, so sshd ends the session"
                ));
            }
            _ => {}
        }
    }
    let shell = view.shell_inside()?;
    let sftp = view.value("forcecommand").starts_with("internal-sftp");
    if !sftp && view.meta(&shell) == Ok(None) {
        return because(format!(
            "ChrootDirectory: it does not contain a shell ({})",
            shell.display()
        ));
    }
    None
}

fn is_open(meta: &Metadata) -> bool {
    meta.uid != 0 || meta.mode & 0o022 != 0
}
