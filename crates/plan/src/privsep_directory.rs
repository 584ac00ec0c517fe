//! The plan that makes the empty directory into which sshd locks strangers, now and at each boot.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use sshmend_facts::{Service, Sshd, UnitState};
use sshmend_lossless::{Edit, EditSet, FileChange, Kind, Metadata, Snapshot, Step};

use crate::check::{Expect, Proof};
use crate::plan::{Effect, Notice, Plan, Refusal};
use crate::reload::question;
use crate::service::start_failed;

/// The directory in builds for systemd; `RuntimeDirectory=sshd` of a unit creates it.
const DEBIAN: &str = "/run/sshd";

/// Emptied at each boot.
const VOLATILE: &str = "/run";

/// The directories in which systemd-tmpfiles reads what to create at boot (tmpfiles.d(5)); a file
/// in an earlier one replaces its namesakes.
const TMPFILES: [&str; 3] = ["/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/lib/tmpfiles.d"];

/// The file that is written if no other entry creates the directory.
const ENTRY: &str = "/etc/tmpfiles.d/sshmend-privsep.conf";

/// The facts needed for the plan.
#[derive(Debug, Clone)]
pub(crate) struct PrivsepWish<'a> {
    /// The state of the service, and the present output of `sshd -t`.
    pub service: &'a Service,
    /// The daemon.
    pub sshd: &'a Sshd,
    /// The addresses on which sshd is configured to listen, as reached from this machine.
    pub addresses: Vec<SocketAddr>,
}

/// Plans the change.
///
/// # Errors
/// If it is unknown which directory is used, or something else exists at its path.
pub(crate) fn privsep_directory(
    snapshot: &Snapshot,
    wish: &PrivsepWish<'_>,
) -> Result<Plan, Refusal> {
    let mut plan = Plan {
        purpose: "create the privilege separation directory of sshd".to_owned(),
        ..Plan::default()
    };
    let Some(path) = directory(wish.service) else {
        return unknown(wish, plan);
    };
    let unit = wish.service.unit.as_ref();
    let comes_with_start = unit.is_some_and(|unit| !unit.active && makes(unit, &path))
        && wish.service.listener.is_none();
    let effect = |before: String| Effect {
        what: path.clone(),
        before,
        after: "root's, mode 0755".to_owned(),
    };
    let found = snapshot
        .metadata(Path::new(&path))
        .map_err(|why| Refusal::unread(Path::new(&path), &why))?;
    match found {
        None if comes_with_start => {
            let text = format!("{path} is missing, and is created when the unit of sshd starts");
            plan.notices.push(Notice::new("made-at-start", text));
        }
        None => {
            let make = Step::MakeDirectory(path.clone());
            plan.undo.extend(make.undo());
            plan.activation.push(make);
            plan.effects.push(effect("missing".to_owned()));
        }
        Some(meta) if meta.kind == Kind::Directory => {
            close(&path, meta, &mut plan);
            let state = format!("of {}:{}, mode {:04o}", meta.uid, meta.gid, meta.mode);
            plan.effects
                .extend((!plan.activation.is_empty()).then(|| effect(state)));
        }
        Some(_) => {
            return Err(Refusal::refused(
                format!("{path} is not a directory"),
                format!("move it away: mv {path} {path}.old"),
            ));
        }
    }
    if wish.service.systemd && !unit.is_some_and(|unit| makes(unit, &path)) {
        plan.files.extend(at_boot(snapshot, &path)?);
    }
    if !plan.activation.is_empty() {
        let check = question(
            wish.sshd,
            &["-t"],
            &format!("sshd -t: {path} is not mentioned"),
            Expect::NoWordOf(path),
        );
        plan.proof.extend(check.map(Proof::Check));
        return Ok(start_failed(
            plan,
            wish.service,
            wish.sshd,
            wish.addresses.clone(),
        ));
    }
    Ok(plan)
}

/// The directory that sshd names, else the one that its unit creates.
fn directory(service: &Service) -> Option<String> {
    let line = service
        .config_test
        .as_ref()
        .and_then(|config_test| config_test.directory.as_deref());
    let named = line.and_then(|line| {
        let missing = line.strip_prefix("Missing privilege separation directory: ");
        missing.or_else(|| {
            line.strip_suffix(" must be owned by root and not group or world-writable.")
        })
    });
    let of_unit = service
        .unit
        .as_ref()
        .is_some_and(|unit| makes(unit, DEBIAN))
        .then_some(DEBIAN);
    named
        .or(of_unit)
        .filter(|path| path.starts_with('/'))
        .map(str::to_owned)
}

/// If sshd reports nothing about it there is nothing to repair; but sshd does not report it while
/// it stops at something else.
fn unknown(wish: &PrivsepWish<'_>, plan: Plan) -> Result<Plan, Refusal> {
    match &wish.service.config_test {
        Some(config_test) if config_test.passed => Ok(plan),
        Some(config_test) => {
            let first = config_test
                .others
                .first()
                .or(config_test.host_keys.first())
                .map_or("nothing", String::as_str);
            let reason =
                format!("sshd does not name a directory, because it stops earlier: {first}");
            Err(Refusal::refused(
                reason,
                "sshmend diagnose names what to mend first",
            ))
        }
        None => Err(Refusal::refused(
            "the directory is not known",
            "run it with sudo, on the running machine",
        )),
    }
}

fn makes(unit: &UnitState, path: &str) -> bool {
    let below = path
        .strip_prefix(VOLATILE)
        .map(|rest| rest.trim_start_matches('/'));
    unit.runtime_directories
        .iter()
        .any(|name| Some(name.as_str()) == below)
}

/// sshd requires the directory to be owned by root and not writable by others.
fn close(path: &str, meta: &Metadata, plan: &mut Plan) {
    let path = || path.to_owned();
    if meta.uid != 0 {
        plan.activation
            .push(Step::GiveTo("root:root".to_owned(), path()));
        let owner = format!("{}:{}", meta.uid, meta.gid);
        plan.undo.push(Step::GiveTo(owner, path()));
    }
    if meta.mode & 0o022 != 0 {
        plan.activation.push(Step::SetMode(0o755, path()));
        plan.undo.insert(0, Step::SetMode(meta.mode, path()));
    }
}

/// The files of systemd-tmpfiles, as far as their directories are known.
fn entries(snapshot: &Snapshot) -> Vec<PathBuf> {
    let files = TMPFILES
        .iter()
        .filter_map(|directory| snapshot.glob(&Path::new(directory).join("*.conf")).ok());
    files.flat_map(|found| found.paths).collect()
}

/// The entry that creates it at each boot, if that is necessary and no other entry does.
///
/// Another entry that cannot be read may create it as well; a second one does no harm, so that is
/// not a reason to refuse.
fn at_boot(snapshot: &Snapshot, path: &str) -> Result<Option<FileChange>, Refusal> {
    let makes = |file: &PathBuf| matches!(snapshot.read(file), Ok(Some(image)) if makes_at_boot(&image.bytes, path));
    if entries(snapshot).iter().any(makes) || !path.starts_with("/run/") {
        return Ok(None);
    }
    let line = format!("d {path} 0755 root root -\n");
    let own = snapshot
        .read(Path::new(ENTRY))
        .map_err(|why| Refusal::unread(Path::new(ENTRY), &why))?;
    Ok(Some(match own {
        None => {
            let text = format!(
                "# sshd locks strangers into this empty directory (made by sshmend)\n{line}"
            );
            FileChange::create(
                ENTRY,
                text.into_bytes(),
                Metadata {
                    mode: 0o644,
                    ..Metadata::default()
                },
            )
        }
        Some(image) => {
            let complete = if image.bytes.last().is_none_or(|&byte| byte == b'\n') {
                ""
            } else {
                "\n"
            };
            let edit = Edit::insert(image.bytes.len(), format!("{complete}{line}"));
            FileChange::edit(
                ENTRY,
                image.clone(),
                EditSet::new([edit]).expect("one edit overlaps with no other"),
            )
        }
    }))
}

/// `d PATH …` and `D PATH …`, with modifiers after the letter (tmpfiles.d(5)); `/var/run` is
/// `/run`.
fn makes_at_boot(bytes: &[u8], path: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines().any(|line| {
        let mut words = line.split_whitespace();
        let kind = words
            .next()
            .is_some_and(|word| word.starts_with(['d', 'D']));
        let made = words
            .next()
            .map(|word| word.trim_matches(['"', '\'']).trim_end_matches('/'));
        kind && made.is_some_and(|made| {
            made.strip_prefix("/var")
                .filter(|rest| rest.starts_with(VOLATILE))
                .unwrap_or(made)
                == path
        })
    })
}

#[cfg(test)]
mod tests;
