//! `sshmend fix service`: sshd enabled, started or restarted.

use sshmend_plan::{Plan, ServiceWish, listen_addresses, service};

use crate::cli::{FixService, SshdSource};
use crate::command::sshd::Configuration;
use crate::error::Failure;
use crate::session::Session;

/// What else is mended together with the service, and is in its way no longer then.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MendedWith {
    pub(super) host_keys: bool,
    pub(super) directory: bool,
}

/// Plans what brings the service back.
pub(super) fn plan(
    session: &Session,
    arguments: &FixService,
    with: MendedWith,
) -> Result<Plan, Failure> {
    if !session.machine.is_live() {
        let message = "nothing was changed: no service of a mounted disk can be started";
        return Err(Failure::trouble(message)
            .with_hint("systemctl --root=DIR enable ssh has it started at its next boot"));
    }
    let mut configuration = Configuration::capture(session, &SshdSource::default())?;
    let mut state = configuration.service(session);
    state.trial = state
        .trial
        .map(|trial| trial.without(with.host_keys, with.directory));
    let wish = ServiceWish {
        service: &state,
        addresses: listen_addresses(&configuration.effective()),
        sshd: &configuration.sshd,
        restart: arguments.restart,
    };
    service(&wish).map_err(|refusal| Failure::from_refusal(&refusal))
}
