//! Whether those who must not lose access keep it, checked against the planned machine, for every
//! kind of plan.

use sshmend_lossless::{FileChange, Snapshot};
use sshmend_sshd_config::{Override, Tree};

use super::change::SshdChange;
use crate::check::Proof;
use crate::configuration::Configuration;
use crate::context::Context;
use crate::handshake::{handshake, handshakes_from};
use crate::hosts_access::hosts_access_lockout;
use crate::lockout::Lockout;
use crate::plan::{Plan, Refusal};
use crate::wish::SshdSource;

/// The tables of TCP wrappers.
const WRAPPERS: [&str; 2] = ["/etc/hosts.allow", "/etc/hosts.deny"];

/// Adds the effects of a configuration change on them: the loss or the doubt, a handshake to
/// rehearse, and a proof at the address to which the person connected.
pub(crate) fn protect(
    before: &Snapshot,
    configuration: &Configuration,
    plan: &mut Plan,
    context: &Context<'_>,
) {
    if plan.changes_nothing() {
        return;
    }
    let person = &context.person;
    let after = before.after(&plan.files);
    let overrides = configuration.overrides();
    let change = change(configuration, &overrides, [before, &after]);
    plan.lockout = std::mem::take(&mut plan.lockout).worse(change.lockout(person));
    if context.is_live() {
        plan.handshake = handshake(&configuration.sshd, person.user.as_deref());
        plan.handshakes_from = handshakes_from(&configuration.sshd, person);
    }
    let proves = |proof: &Proof| matches!(proof, Proof::Banner(_));
    let proof = change.address_of(person).map(Proof::Banner);
    if let Some(proof) = proof.filter(|proof| !plan.proof.contains(proof)) {
        if plan.proof.iter().any(proves) {
            plan.proof.push(proof);
        }
    }
}

/// The same for changes of any files. If several daemons run, the one with this process id is
/// meant, if it still runs.
///
/// # Errors
/// When it is not known which configuration is meant.
pub fn protect_files(
    before: &Snapshot,
    plan: &mut Plan,
    pid: Option<u32>,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    if plan.files.iter().any(is_of_wrappers) {
        let after = before.after(&plan.files);
        let lockout = hosts_access_lockout(before, &after, &context.person, context.is_live());
        plan.lockout = std::mem::take(&mut plan.lockout).worse(lockout);
    }
    let configuration = Configuration::of_process(before, &context.question, pid)?;
    let after = before.after(&plan.files);
    let trees = [before, &after].map(|snapshot| configuration.tree(snapshot));
    let is_read = |change: &FileChange| {
        let mut files = trees.iter().flat_map(Tree::files);
        files.any(|file| file == change.path)
    };
    if plan.files.iter().any(is_read) {
        protect(before, &configuration, plan, context);
    }
    Ok(())
}

/// The effect on them of replacing one state of the files with another, each derived from the
/// present files.
///
/// # Errors
/// When it is not known which configuration is meant.
pub fn lockout_between(
    now: &Snapshot,
    from: &[FileChange],
    to: &[FileChange],
    context: &Context<'_>,
) -> Result<Lockout, Refusal> {
    let person = &context.person;
    let (before, after) = (now.after(from), now.after(to));
    let mut lockout = Lockout::Keeps;
    if from.iter().chain(to).any(is_of_wrappers) {
        lockout = hosts_access_lockout(&before, &after, person, context.is_live());
    }
    let configuration = Configuration::read(now, &context.question, &SshdSource::default())?;
    let overrides = configuration.overrides();
    let change = change(&configuration, &overrides, [&before, &after]);
    Ok(lockout.worse(change.lockout(person)))
}

fn change<'c>(
    configuration: &'c Configuration,
    overrides: &'c [Override],
    [before, after]: [&'c Snapshot; 2],
) -> SshdChange<'c> {
    SshdChange {
        before,
        after,
        main: &configuration.main,
        overrides,
        reading: configuration.reading(),
        socket: configuration.sshd.socket.is_some(),
        readings: &configuration.readings,
    }
}

fn is_of_wrappers(change: &FileChange) -> bool {
    WRAPPERS
        .iter()
        .any(|path| change.path.ends_with(&path[1..]))
}
