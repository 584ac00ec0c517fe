//! `sshmend fix host-keys`: keys that ssh-keygen makes in memory, and modes that sshd accepts.

use std::path::Path;

use sshmend_host::written_by;
use sshmend_lossless::is_private_key;
use sshmend_plan::{HostKeysWish, KeyKind, KeyPair, Notice, Plan, SshdSource, host_keys};

use crate::command::sshd::Configuration;
use crate::error::Failure;
use crate::session::Session;

/// Plans what is wanted of the host keys.
pub(super) fn plan(session: &Session, source: &SshdSource) -> Result<Plan, Failure> {
    let mut configuration = Configuration::capture_to_change(session, source)?;
    let (service, effective) = (configuration.service(session), configuration.effective());
    let wish = HostKeysWish {
        effective: &effective,
        sshd: &configuration.sshd,
        service: &service,
        live: session.machine.is_live(),
    };
    let comment = format!("root@{}", hostname(session));
    let plan = session.look(&mut configuration.snapshot, |seen| {
        host_keys(seen, &wish, &mut |kind| generate(kind, &comment))
    });
    plan.map_err(|refusal| Failure::from_refusal(&refusal))
}

/// The name of the machine that the keys are for.
fn hostname(session: &Session) -> String {
    if session.machine.is_live() {
        return session.environment.hostname.clone();
    }
    let file = session
        .machine
        .read(Path::new("/etc/hostname"))
        .ok()
        .flatten();
    file.map(|file| String::from_utf8_lossy(&file.bytes).trim().to_owned())
        .unwrap_or_default()
}

fn generate(kind: KeyKind, comment: &str) -> Result<KeyPair, String> {
    let argv = |directory: &Path| {
        let file = directory.join("key").display().to_string();
        [
            "ssh-keygen",
            "-q",
            "-t",
            kind.as_str(),
            "-N",
            "",
            "-C",
            comment,
            "-f",
            &file,
        ]
        .map(str::to_owned)
        .to_vec()
    };
    match <[Vec<u8>; 2]>::try_from(written_by(argv, &["key", "key.pub"])?) {
        Ok([private, public]) => Ok(KeyPair { private, public }),
        Err(_) => Err("ssh-keygen made no pair of keys".to_owned()),
    }
}
/// Says of keys that are made for a dry run that they never come into use.
pub(super) fn of_dry_run(mut plan: Plan) -> Plan {
    let makes = plan
        .files
        .iter()
        .any(|change| change.after.as_deref().is_some_and(is_private_key));
    if makes {
        plan.notices.push(Notice {
            name: "made-anew".to_owned(),
            text: "the keys of a dry run are thrown away: the next run makes others, with other fingerprints".to_owned(),
            origin: None,
        });
    }
    plan
}
