//! `sshmend fix` without a subcommand: a diagnosis, a choice from its findings, and one plan for
//! everything chosen.

use std::fmt::Write as _;

use sshmend_diagnose::{Diagnosis, Finding};
use sshmend_facts::{Question, Server, Vantage};
use sshmend_plan::{Notice, Plan, SshdSource, Wish};
use sshmend_ssh_log::CauseName;

use super::record;
use crate::cli::{Apply, Fix};
use crate::command::diagnose::shown::Shown;
use crate::command::diagnose::{diagnose_server, read_disk_logs};
use crate::error::{Failure, Outcome};
use crate::execute::{UNCHANGED, execute, execute_chosen, refuse};
use crate::output::ask;
use crate::output::words::shell;
use crate::session::Session;

/// A finding that sshmend can repair, and how.
struct Offer<'d> {
    finding: &'d Finding,
    wish: Wish,
    /// The command that makes the repair.
    command: String,
}

/// Diagnoses this machine as the server and repairs what is chosen; without asking, everything that
/// is certain.
pub(super) fn run(session: &Session, arguments: &Fix) -> Result<Outcome, Failure> {
    let flags = &arguments.apply;
    let server = Server {
        client: arguments.client,
        user: arguments.user.clone(),
        ..Server::default()
    };
    let mut question = Question {
        vantage: Vantage::Server(server),
        ..session.question()
    };
    read_disk_logs(session, &mut question)?;
    let (diagnosis, several) = diagnose_server(session, &mut question, &SshdSource::default())?;
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
    // Show the evidence before the question.
    let asks = !(offers.is_empty() || flags.yes || flags.dry_run);
    if asks {
        let shown = Shown {
            session,
            question: &question,
            diagnosis: &diagnosis,
            several: several.as_deref(),
            verbose: false,
        };
        show(&shown)?;
    }
    let chosen = match choose(session, flags, &offers) {
        Ok(chosen) if asks && chosen.is_empty() => {
            session.output.status(UNCHANGED);
            return Ok(Outcome::Findings);
        }
        Ok(chosen) => chosen,
        Err(failure) => {
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
    // The person who chose has already seen the other findings.
    if !asks || session.output.is_json() {
        joined.notices.extend(left(session, &diagnosis, &mended));
    }
    let unmended = diagnosis
        .findings
        .iter()
        .any(|finding| is_certain(finding) && !mended.contains(&finding.cause));
    let outcome = if asks {
        execute_chosen(session, joined, flags)?
    } else {
        execute(session, joined, flags)?
    };
    Ok(if unmended { Outcome::Findings } else { outcome })
}

/// Shows the choices on the terminal.
fn show(shown: &Shown<'_>) -> Result<(), Failure> {
    let output = &shown.session.output;
    if output.is_json() {
        return Ok(());
    }
    output
        .data(&shown.text())
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

    /// `sshd-config MaxStartups=30:30:200 (certain: max-startups)`.
    fn short(&self) -> String {
        let argv = self.wish.argv();
        let words = argv.get(2..).unwrap_or_default();
        format!(
            "{} ({}: {})",
            shell(words),
            self.finding.certainty.as_str(),
            self.finding.cause
        )
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
            "--yes mends what is certain; or run one of them: `{}`",
            commands.join("`; `")
        );
        return Err(Failure::trouble(message).with_hint(hint));
    }
    ask_person(session, offers)
}

/// Asks which changes to make, in short form because the evidence is already shown. Empty if
/// nothing is chosen.
fn ask_person<'o>(
    session: &Session,
    offers: &'o [Offer<'o>],
) -> Result<Vec<&'o Offer<'o>>, Failure> {
    let describe = |offer: &Offer<'_>| (offer.short(), is_certain(offer.finding));
    let items: Vec<_> = offers.iter().map(describe).collect();
    let question = "Mend (space selects, Enter shows the changes)";
    let chosen = ask::choose(&session.output, question, &items)?;
    Ok(chosen
        .unwrap_or_default()
        .into_iter()
        .filter_map(|index| offers.get(index))
        .collect())
}

/// Joins the chosen offers in one plan. Those that cannot be planned are left out and reported,
/// unless nothing else is left.
fn join(session: &Session, chosen: &[&Offer<'_>]) -> Result<Plan, Failure> {
    let (mut plans, mut refused) = (Vec::new(), Vec::new());
    let mut context = session.context();
    for wish in Wish::merge(chosen.iter().map(|offer| offer.wish.clone())) {
        match session.plan(&wish, &context) {
            Ok(plan) => {
                context.mended.add(&wish);
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
        joined.purpose = "no certain finding can be mended".to_owned();
    }
    joined.notices.extend(refused.iter().map(left_out));
    Ok(joined)
}

fn left_out(failure: &Failure) -> Notice {
    let message = failure.trouble_json().message;
    Notice::new(
        "left-out",
        message
            .strip_prefix("nothing was changed: ")
            .unwrap_or(&message),
    )
}

/// The findings that were not repaired, each with its command or its manual steps.
fn left(session: &Session, diagnosis: &Diagnosis, mended: &[CauseName]) -> Vec<Notice> {
    let left = diagnosis
        .findings
        .iter()
        .filter(|finding| !mended.contains(&finding.cause));
    left.map(|finding| Notice::new(finding.cause.as_str(), told(session, finding)))
        .collect()
}

fn told(session: &Session, finding: &Finding) -> String {
    let mut text = format!("{}, {}", finding.certainty.as_str(), finding.summary);
    if let Some(remedy) = &finding.remedy {
        write!(
            text,
            "; mend: `{}`",
            shell(&session.command_of(&remedy.wish))
        )
        .expect("memory");
    }
    for step in &finding.steps {
        write!(text, "; do: {step}").expect("memory");
    }
    text
}
