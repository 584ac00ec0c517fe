//! `sshmend fix sshd-config`: keywords, at the line that wins.

use sshmend_plan::{Plan, SshdConfigWish, sshd_config};
use sshmend_sshd_config::Place;

use crate::cli::FixSshdConfig;
use crate::command::sshd::Configuration;
use crate::error::Failure;
use crate::session::Session;

/// Plans what is wanted of sshd_config.
pub(super) fn plan(session: &Session, arguments: &FixSshdConfig) -> Result<Plan, Failure> {
    let settings = arguments
        .settings
        .iter()
        .map(|text| setting(text))
        .collect::<Result<_, _>>()?;
    let configuration = Configuration::capture_to_change(session, &arguments.source)?;
    let wish = SshdConfigWish {
        settings,
        place: if arguments.drop_in {
            Place::DropIn
        } else {
            Place::Best
        },
        main: &configuration.main,
        overrides: &configuration.overrides(),
        release: configuration.release,
        reading: configuration.reading(),
        sshd: &configuration.sshd,
        person: &session.person(),
        model_alone: !session.machine.is_live(),
    };
    sshd_config(&configuration.snapshot, &wish).map_err(|refusal| Failure::from_refusal(&refusal))
}

fn setting(text: &str) -> Result<(String, String), Failure> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(Failure::trouble(format!("not KEY=VALUE: {text}"))
            .with_hint("such as MaxStartups=30:30:200")),
    }
}
