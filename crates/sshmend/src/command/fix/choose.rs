//! `sshmend fix` by itself: a diagnosis, a choice from its findings, and one plan for all that was chosen.

use std::fmt::Write as _;

use sshmend_diagnose::{Diagnosis, Finding, Inquiry};
use sshmend_facts::{Question, Server, Vantage};
use sshmend_plan::{Mended, Notice, Plan, Wish};
use sshmend_ssh_log::CauseName;

use super::{plan, record};
use crate::cli::{Apply, Fix};
use crate::command::diagnose::{read_disk_logs, text::text};
use crate::error::{Failure, Outcome};
use crate::execute::{execute, refuse};
use crate::output::ask;
use crate::output::words::shell;
use crate::session::Session;

/// A finding that sshmend can mend, and how.
struct Offer<'d> {
    finding: &'d Finding,
    wish: Wish,
    /// The command that does it.
    command: String,
}

/// Diagnoses this machine as the server, and mends what is chosen: without asking, all that is certain.
pub(super) fn run(session: &Session, arguments: &Fix) -> Result<Outcome, Failure> {
    let flags = &arguments.apply;
    let server = Server {
        client: arguments.client,
        user: arguments.user.clone(),
    };
    let mut question = Question {
        vantage: Vantage::Server(server),
        ..session.question()
    };
    read_disk_logs(session, &mut question)?;
    let mut inquiry = Inquiry::new(&question);
    let snapshot = session.capture(|snapshot| inquiry.wants(snapshot));
    let diagnosis = inquiry.conclude(&snapshot);
    let mut offers: Vec<Offer<'_>> = diagnosis
        .findings
        .iter()
        .filter_map(|finding| {
            let remedy = finding.remedy.as_ref()?;
            Some(Offer::new(session, finding, remedy.wish.clone()))
        })
        .collect();
    let start = diagnosis.started_after(offers.iter().map(|offer| &offer.wish));
    offers.extend(start.map(|(down, wish)| Offer::new(session, down, wish)));
    let chosen = match choose(session, flags, &offers) {
        Ok(chosen) => chosen,
        Err(failure) => {
            show(session, &question, &diagnosis)?;
            return refuse(
                session,
                Plan {
                    notices: left(session, &diagnosis, &[]),
                    ..Plan::default()
                },
                flags,
                failure,
            );
        }
    };
    let mended: Vec<CauseName> = chosen.iter().map(|offer| offer.finding.cause).collect();
    let mut joined = join(session, &chosen)?;
    if let Some(path) = &arguments.record {
        let wishes = chosen.iter().map(|offer| &offer.wish);
        joined = record::with_those_that_can(session, joined, path, wishes)?;
    }
    joined.notices.extend(left(session, &diagnosis, &mended));
    let unmended = diagnosis
        .findings
        .iter()
        .any(|finding| is_certain(finding) && !mended.contains(&finding.cause));
    let outcome = execute(session, joined, flags)?;
    Ok(if unmended { Outcome::Findings } else { outcome })
}

/// The list to choose from, for a person.
fn show(session: &Session, question: &Question, diagnosis: &Diagnosis) -> Result<(), Failure> {
    if session.output.is_json() {
        return Ok(());
    }
    session
        .output
        .data(&text(session, question, diagnosis))
        .map_err(|error| Failure::caused("cannot print", &error))
}

fn is_certain(finding: &Finding) -> bool {
    finding.certainty.is_certain()
}

impl<'d> Offer<'d> {
    fn new(session: &Session, finding: &'d Finding, wish: Wish) -> Self {
        let command = shell(&session.command_of(&wish));
        Self {
            finding,
            wish,
            command,
        }
    }
}

fn choose<'o>(
    session: &Session,
    flags: &Apply,
    offers: &'o [Offer<'o>],
) -> Result<Vec<&'o Offer<'o>>, Failure> {
    if offers.is_empty() || flags.yes || flags.dry_run {
        return Ok(offers
            .iter()
            .filter(|offer| is_certain(offer.finding))
            .collect());
    }
    if !session.environment.can_ask {
        let commands: Vec<&str> = offers.iter().map(|offer| offer.command.as_str()).collect();
        let message = "nothing was changed: there is no terminal to choose on";
        let hint = format!(
            "--yes mends what is certain; or run what you choose: {}",
            commands.join("; ")
        );
        return Err(Failure::trouble(message).with_hint(hint));
    }
    ask_person(offers)
}

fn ask_person<'o>(offers: &'o [Offer<'o>]) -> Result<Vec<&'o Offer<'o>>, Failure> {
    let describe = |offer: &Offer<'_>| {
        let (certainty, summary) = (offer.finding.certainty.as_str(), &offer.finding.summary);
        (
            format!("{certainty}: {summary} ({})", offer.command),
            is_certain(offer.finding),
        )
    };
    let items: Vec<_> = offers.iter().map(describe).collect();
    let chosen = ask::choose("Mend (space chooses, enter goes on)", &items)?;
    match chosen.filter(|chosen| !chosen.is_empty()) {
        Some(chosen) => Ok(chosen
            .into_iter()
            .filter_map(|index| offers.get(index))
            .collect()),
        None => Err(Failure::trouble("nothing was changed: you chose nothing")),
    }
}

/// One plan for all; what cannot be planned is left out and told, unless nothing else is left.
fn join(session: &Session, chosen: &[&Offer<'_>]) -> Result<Plan, Failure> {
    let (mut plans, mut refused) = (Vec::new(), Vec::new());
    let mut mended = Mended::default();
    for wish in Wish::merge(chosen.iter().map(|offer| offer.wish.clone())) {
        match plan(session, &wish, mended) {
            Ok(plan) => {
                mended.add(&wish);
                plans.push(plan);
            }
            Err(failure) => refused.push(failure),
        }
    }
    if plans.is_empty()
        && let Some(first) = refused.pop()
    {
        return Err(first);
    }
    let mut joined = Plan::join(plans).map_err(|refusal| Failure::from_refusal(&refusal))?;
    if joined.purpose.is_empty() {
        joined.purpose = "nothing was found that can be mended for certain".to_owned();
    }
    joined.notices.extend(refused.iter().map(left_out));
    Ok(joined)
}

fn left_out(failure: &Failure) -> Notice {
    let message = failure.trouble_json().message;
    notice(
        "left-out",
        message
            .strip_prefix("nothing was changed: ")
            .unwrap_or(&message),
    )
}

/// What was found and is not mended: with the command for it, or with what to do by hand.
fn left(session: &Session, diagnosis: &Diagnosis, mended: &[CauseName]) -> Vec<Notice> {
    let left = diagnosis
        .findings
        .iter()
        .filter(|finding| !mended.contains(&finding.cause));
    left.map(|finding| notice(finding.cause.as_str(), &told(session, finding)))
        .collect()
}

fn told(session: &Session, finding: &Finding) -> String {
    let mut text = format!("{}, {}", finding.certainty.as_str(), finding.summary);
    if let Some(remedy) = &finding.remedy {
        write!(text, "; mend: {}", shell(&session.command_of(&remedy.wish))).expect("memory");
    }
    for step in &finding.steps {
        write!(text, "; do: {step}").expect("memory");
    }
    text
}

fn notice(name: &str, text: &str) -> Notice {
    Notice {
        name: name.to_owned(),
        text: text.to_owned(),
        origin: None,
    }
}
