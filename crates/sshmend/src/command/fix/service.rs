//! `sshmend fix service`: sshd enabled, started or restarted, also without a line of its unit that stops it.

use sshmend_facts::Service;
use sshmend_lossless::Origin;
use sshmend_plan::{
    Mended, Plan, ServiceWish, SshdSource, listen_addresses, service, without_unit_lines,
};

use crate::command::sshd::Configuration;
use crate::error::Failure;
use crate::session::Session;

/// Plans what brings the service back.
pub(super) fn plan(session: &Session, restart: bool, mended: Mended) -> Result<Plan, Failure> {
    let (configuration, state) = look(session, mended)?;
    let plan = service(&wish(&configuration, &state, restart));
    plan.map_err(|refusal| Failure::from_refusal(&refusal))
}

/// Plans that sshd is started without these lines of its unit.
pub(super) fn without_lines(
    session: &Session,
    lines: &[Origin],
    mended: Mended,
) -> Result<Plan, Failure> {
    let lines: Vec<Origin> = lines.iter().map(|line| session.line(line)).collect();
    for line in &lines {
        session.trusted(&line.path)?;
    }
    let (configuration, state) = look(session, mended)?;
    let mut snapshot = configuration.snapshot.clone();
    let wish = wish(&configuration, &state, false);
    let plan = session.look(&mut snapshot, |seen| {
        without_unit_lines(seen, &wish, &lines)
    });
    plan.map_err(|refusal| Failure::from_refusal(&refusal))
}

/// How sshd and its service stand.
fn look(session: &Session, mended: Mended) -> Result<(Configuration, Service), Failure> {
    if !session.machine.is_live() {
        let message = "nothing was changed: no service of a mounted disk can be started";
        return Err(Failure::trouble(message)
            .with_hint("systemctl --root=DIR enable ssh has it started at its next boot"));
    }
    let mut configuration = Configuration::capture(session, &SshdSource::default())?;
    let state = mended.applied_to(configuration.service(session));
    Ok((configuration, state))
}

fn wish<'a>(
    configuration: &'a Configuration,
    service: &'a Service,
    restart: bool,
) -> ServiceWish<'a> {
    ServiceWish {
        service,
        addresses: listen_addresses(&configuration.effective()),
        sshd: &configuration.sshd,
        restart,
    }
}
