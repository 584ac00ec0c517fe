//! `sshmend fix sshd-config`: keywords, at the line that wins.

use sshmend_lossless::Origin;
use sshmend_plan::{Plan, SshdConfigWish, SshdSource, sshd_config};
use sshmend_sshd_config::{Assignment, Place};

use crate::command::access::of_sshd;
use crate::command::sshd::Configuration;
use crate::error::Failure;
use crate::session::Session;

/// Plans what is wanted of sshd_config.
pub(crate) fn set(
    session: &Session,
    settings: &[Assignment],
    drop_in: bool,
    source: &SshdSource,
) -> Result<Plan, Failure> {
    let place = if drop_in { Place::DropIn } else { Place::Best };
    let wanted = Wanted {
        settings: settings.to_vec(),
        ..Wanted::default()
    };
    plan(session, wanted, place, source)
}

/// Plans that keywords have their defaults again.
pub(crate) fn unset(
    session: &Session,
    keys: &[String],
    source: &SshdSource,
) -> Result<Plan, Failure> {
    let wanted = Wanted {
        unset: keys.to_vec(),
        ..Wanted::default()
    };
    plan(session, wanted, Place::Best, source)
}

/// What is wanted of the files: one of these.
#[derive(Default)]
struct Wanted {
    settings: Vec<Assignment>,
    comment_out: Vec<Origin>,
    unset: Vec<String>,
}

/// Plans that these lines become comments.
pub(super) fn comment_out(
    session: &Session,
    lines: &[Origin],
    source: &SshdSource,
) -> Result<Plan, Failure> {
    let wanted = Wanted {
        comment_out: lines.iter().map(|line| session.line(line)).collect(),
        ..Wanted::default()
    };
    plan(session, wanted, Place::Best, source)
}

fn plan(
    session: &Session,
    wanted: Wanted,
    place: Place,
    source: &SshdSource,
) -> Result<Plan, Failure> {
    let mut configuration = Configuration::capture_to_change(session, source)?;
    let wish = SshdConfigWish {
        settings: wanted.settings,
        comment_out: wanted.comment_out,
        unset: wanted.unset,
        place,
        main: &configuration.main,
        overrides: &configuration.overrides(),
        release: configuration.release,
        reading: configuration.reading(),
        sshd: &configuration.sshd,
        model_alone: !session.machine.is_live(),
    };
    let plan = sshd_config(&configuration.snapshot, &wish);
    let mut plan = plan.map_err(|refusal| Failure::from_refusal(&refusal))?;
    plan.notices.extend(configuration.choice_notice());
    of_sshd(session, &mut configuration, &mut plan);
    Ok(plan)
}
