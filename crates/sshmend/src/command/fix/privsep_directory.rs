//! `sshmend fix privsep-directory`: the empty directory that sshd locks strangers into.

use sshmend_plan::{Plan, PrivsepWish, SshdSource, listen_addresses, privsep_directory};

use crate::command::sshd::Configuration;
use crate::error::Failure;
use crate::session::Session;

/// Plans what makes the directory.
pub(super) fn plan(session: &Session) -> Result<Plan, Failure> {
    let mut configuration = Configuration::capture(session, &SshdSource::default())?;
    let service = configuration.service(session);
    let addresses = listen_addresses(&configuration.effective());
    let wish = PrivsepWish {
        service: &service,
        sshd: &configuration.sshd,
        addresses,
    };
    let plan = session.look(&mut configuration.snapshot, |seen| {
        privsep_directory(seen, &wish)
    });
    plan.map_err(|refusal| Failure::from_refusal(&refusal))
}
