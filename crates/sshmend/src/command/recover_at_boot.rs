//! `sshmend recover --install`: recovers at every boot, before sshd starts.

use std::path::Path;

use sshmend_host::own;
use sshmend_lossless::{EditSet, FileChange, Step};
use sshmend_plan::Plan;

use crate::cli::{Apply, Recover};
use crate::error::{Failure, Outcome};
use crate::execute::{execute, is_managed_by_systemd};
use crate::recover_unit::{OWN, WANTED, packaged};
use crate::session::Session;

/// The unit as packages install it.
const UNIT: &str = include_str!("../../../../packaging/systemd/sshmend-recover.service");

/// The program that the packaged unit starts.
const PACKAGED: &str = "/usr/bin/sshmend";

const WANTS: &str = "# Made by sshmend recover --install; sshmend rollback undoes it.\n\
[Unit]\nWants=sshmend-recover.service\n";

/// Plans the unit, unless a package has installed it, and its activation; carries the plan out.
pub(super) fn install(session: &Session, arguments: &Recover) -> Result<Outcome, Failure> {
    if session.machine.is_live() && !is_managed_by_systemd(session) {
        let message = "nothing was changed: no systemd runs here that could start it";
        return Err(Failure::trouble(message).with_hint(
            "have whatever starts this machine run sshmend recover --boot before sshd",
        ));
    }
    let program = session.environment.program.display().to_string();
    let mut plan = Plan {
        purpose: "recover at every start of the machine".to_owned(),
        ..Plan::default()
    };
    let own = made(session, OWN, &UNIT.replace(PACKAGED, &program))?;
    // One from before the package hides the package's unit, and may start a program that is gone.
    if packaged(session).is_none() || own.before.is_some() {
        plan.files.push(own);
    }
    plan.files.push(made(session, WANTED, WANTS)?);
    if session.machine.is_live() && !plan.changes_nothing() {
        plan.activation = vec![Step::DaemonReload];
    }
    let flags = Apply {
        dry_run: arguments.dry_run,
        yes: arguments.yes,
        no_reload: false,
        allow_lockout: false,
        keep: Vec::new(),
        confirm_within: None,
        wait: arguments.wait,
    };
    execute(session, plan, &flags)
}

/// The change that writes a file with this content, whatever its current content.
fn made(session: &Session, path: &str, content: &str) -> Result<FileChange, Failure> {
    let now = session
        .machine
        .read(Path::new(path))
        .map_err(|error| Failure::from_file(&error))?;
    Ok(FileChange {
        path: path.into(),
        before: now,
        edits: EditSet::default(),
        after: Some(content.into()),
        create: own(0o644),
        give: None,
    })
}
