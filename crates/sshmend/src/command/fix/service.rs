//! `sshmend fix service`: sshd enabled, started or restarted.

use sshmend_plan::{Mended, Plan, ServiceWish, SshdSource, listen_addresses, service};

use crate::command::sshd::Configuration;
use crate::error::Failure;
use crate::session::Session;

/// Plans what brings the service back.
pub(super) fn plan(session: &Session, restart: bool, mended: Mended) -> Result<Plan, Failure> {
    if !session.machine.is_live() {
        let message = "nothing was changed: no service of a mounted disk can be started";
        return Err(Failure::trouble(message)
            .with_hint("systemctl --root=DIR enable ssh has it started at its next boot"));
    }
    let mut configuration = Configuration::capture(session, &SshdSource::default())?;
    let state = mended.applied_to(configuration.service(session));
    let wish = ServiceWish {
        service: &state,
        addresses: listen_addresses(&configuration.effective()),
        sshd: &configuration.sshd,
        restart,
    };
    service(&wish).map_err(|refusal| Failure::from_refusal(&refusal))
}
