//! Whether those who must not lose access keep it: asked of what a plan makes of the machine, whatever plan it is.

use std::path::PathBuf;

use sshmend_lossless::{FileChange, Snapshot};
use sshmend_plan::{
    Lockout, Plan, Proof, SshdChange, SshdSource, handshake, handshakes_from, hosts_access_lockout,
};
use sshmend_sshd_config::{Override, Release, Tree};

use super::sshd::Configuration;
use crate::error::Failure;
use crate::session::Session;

/// The tables of TCP wrappers.
const WRAPPERS: [&str; 2] = ["/etc/hosts.allow", "/etc/hosts.deny"];

/// Adds what the changes of a configuration mean for them: the loss or the doubt, a handshake to rehearse, and a proof at
/// the address by which the person came.
pub(crate) fn of_sshd(session: &Session, configuration: &mut Configuration, plan: &mut Plan) {
    if plan.changes_nothing() {
        return;
    }
    let (person, changes) = (session.person(), &plan.files);
    let asked = Asked::of(configuration);
    let (lockout, address) = session.look(&mut configuration.snapshot, |before| {
        let after = before.after(changes);
        let change = asked.change(before, &after);
        (change.lockout(&person), change.address_of(&person))
    });
    plan.lockout = std::mem::take(&mut plan.lockout).worse(lockout);
    if session.machine.is_live() {
        plan.handshake = handshake(&configuration.sshd, person.user.as_deref());
        plan.handshakes_from = handshakes_from(&configuration.sshd, &person);
    }
    let proves = |proof: &Proof| matches!(proof, Proof::Banner(_));
    if let Some(address) = address.filter(|_| plan.proof.iter().any(proves))
        && !plan.proof.contains(&Proof::Banner(address))
    {
        plan.proof.push(Proof::Banner(address));
    }
}

/// What is the same before and after a change.
struct Asked {
    main: PathBuf,
    overrides: Vec<Override>,
    reading: Release,
    socket: bool,
}

impl Asked {
    fn of(configuration: &Configuration) -> Self {
        Self {
            main: configuration.main.clone(),
            overrides: configuration.overrides(),
            reading: configuration.reading(),
            socket: configuration.sshd.socket.is_some(),
        }
    }

    fn change<'a>(&'a self, before: &'a Snapshot, after: &'a Snapshot) -> SshdChange<'a> {
        SshdChange {
            before,
            after,
            main: &self.main,
            overrides: &self.overrides,
            reading: self.reading,
            socket: self.socket,
        }
    }
}

fn is_of_wrappers(change: &FileChange) -> bool {
    WRAPPERS
        .iter()
        .any(|path| change.path.ends_with(&path[1..]))
}

/// The same for changes of any files; of several daemons the one with this process id is meant, where it still runs.
pub(crate) fn of_files(
    session: &Session,
    plan: &mut Plan,
    pid: Option<u32>,
) -> Result<(), Failure> {
    if plan.files.iter().any(is_of_wrappers) {
        let (live, person) = (session.machine.is_live(), session.person());
        let lockout = session.look(&mut Snapshot::default(), |before| {
            hosts_access_lockout(before, &before.after(&plan.files), &person, live)
        });
        plan.lockout = std::mem::take(&mut plan.lockout).worse(lockout);
    }
    let mut configuration = Configuration::capture_of(session, pid)?;
    let after = configuration.snapshot.after(&plan.files);
    let trees = [configuration.tree(), configuration.tree_of(&after)];
    let is_read = |change: &FileChange| {
        let mut files = trees.iter().flat_map(Tree::files);
        files.any(|file| file == change.path)
    };
    if plan.files.iter().any(is_read) {
        of_sshd(session, &mut configuration, plan);
    }
    Ok(())
}

/// What one state of the files means for them beside another, each told by what makes it of the files that are there.
pub(crate) fn between(
    session: &Session,
    from: &[FileChange],
    to: &[FileChange],
) -> Result<Lockout, Failure> {
    let person = session.person();
    let mut lockout = Lockout::Keeps;
    if from.iter().chain(to).any(is_of_wrappers) {
        let live = session.machine.is_live();
        lockout = session.look(&mut Snapshot::default(), |now| {
            hosts_access_lockout(&now.after(from), &now.after(to), &person, live)
        });
    }
    let mut configuration = Configuration::capture(session, &SshdSource::default())?;
    let asked = Asked::of(&configuration);
    let of_sshd = session.look(&mut configuration.snapshot, |now| {
        let (from, to) = (now.after(from), now.after(to));
        asked.change(&from, &to).lockout(&person)
    });
    Ok(lockout.worse(of_sshd))
}
