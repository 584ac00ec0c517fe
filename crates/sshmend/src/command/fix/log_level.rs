//! `sshmend fix log-level`: sshd tells more for a while.

use std::time::Duration;

use sshmend_plan::{ForAWhile, Plan, SshdConfigWish, SshdSource, log_level};
use sshmend_sshd_config::Place;

use crate::command::sshd::Configuration;
use crate::error::Failure;
use crate::session::Session;

/// Plans the level and its end.
pub(super) fn plan(
    session: &Session,
    level: &str,
    lasts: Duration,
    source: &SshdSource,
) -> Result<Plan, Failure> {
    let configuration = Configuration::capture_to_change(session, source)?;
    let wish = SshdConfigWish {
        settings: Vec::new(),
        comment_out: Vec::new(),
        unset: Vec::new(),
        place: Place::Best,
        main: &configuration.main,
        overrides: &configuration.overrides(),
        release: configuration.release,
        reading: configuration.reading(),
        sshd: &configuration.sshd,
        model_alone: !session.machine.is_live(),
    };
    let time = ForAWhile {
        lasts,
        live: session.machine.is_live(),
    };
    let plan = log_level(&configuration.snapshot, &wish, level, time);
    let mut plan = plan.map_err(|refusal| Failure::from_refusal(&refusal))?;
    plan.notices.extend(configuration.choice_notice());
    Ok(plan)
}
