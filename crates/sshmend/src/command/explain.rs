//! `sshmend explain`: what a cause is, how it is known and how it is repaired; also what is not a
//! cause.

use sshmend_diagnose::{CAUSES, Cause, Gate, cause};
use sshmend_plan::{NEGATIVES, Negative, SshdSource, negative};
use sshmend_ssh_log::CauseName;
use sshmend_sshd_config::MaxStartups;

use crate::cli;
use crate::command::{look_up, page};
use crate::error::{Failure, Outcome};
use crate::json::explanation::{Curve, Explained, Explanation, Refuted};
use crate::output::{Output, Role};
use crate::session::Session;

/// The number of rows in the plot of MaxStartups.
const ROWS: u32 = 12;
const WIDTH: usize = 50;
/// The width of the label before a bar.
const BEFORE_BAR: usize = 17;

/// Explains one cause, or lists all.
pub(crate) fn run(session: &Session, arguments: &cli::Explain) -> Result<Outcome, Failure> {
    let output = &session.output;
    if arguments.value.is_some()
        && arguments.asked().as_deref() != Some(CauseName::MaxStartups.as_str())
    {
        let message = "--value is the value of MaxStartups that is drawn";
        return Err(
            Failure::trouble(message).with_hint("sshmend explain max-startups --value 10:30:100")
        );
    }
    if output.is_json() {
        let document = document(session, arguments)?;
        return output
            .json(&document)
            .map(|()| Outcome::Fine)
            .map_err(|error| Failure::caused("cannot print", &error));
    }
    let text = match arguments.asked() {
        None => list(output),
        Some(name) => match (cause(&name), negative(&name)) {
            (Some(cause), _) => explain(session, cause, arguments.value.as_deref())?,
            (None, Some(negative)) => explain_negative(output, negative),
            (None, None) => look_up::text(output, &name)?,
        },
    };
    output
        .long(&text)
        .map_err(|error| Failure::caused("cannot print", &error))?;
    Ok(Outcome::Fine)
}

/// The document for a program: all causes in short, or one in full.
fn document(session: &Session, arguments: &cli::Explain) -> Result<Explanation, Failure> {
    let Some(name) = arguments.asked() else {
        return Ok(Explanation {
            causes: CAUSES.iter().map(Explained::short).collect(),
            refuted: NEGATIVES.iter().map(Refuted::from).collect(),
            ..Explanation::default()
        });
    };
    match (cause(&name), negative(&name)) {
        (Some(cause), _) => Ok(Explanation {
            causes: vec![Explained::full(cause)],
            max_startups: (cause.name == CauseName::MaxStartups)
                .then(|| startups(session, arguments.value.as_deref()).map(curve))
                .transpose()?,
            ..Explanation::default()
        }),
        (None, Some(negative)) => Ok(Explanation {
            refuted: vec![negative.into()],
            ..Explanation::default()
        }),
        (None, None) => Ok(Explanation {
            causes: look_up::find(&name)?
                .causes
                .into_iter()
                .map(Explained::short)
                .collect(),
            ..Explanation::default()
        }),
    }
}

fn curve(value: MaxStartups) -> Curve {
    let MaxStartups { begin, rate, full } = value;
    let waiting = counts(value);
    Curve {
        value: format!("{begin}:{rate}:{full}"),
        refused_percent: waiting
            .into_iter()
            .map(|waiting| (waiting, value.refused_percent(waiting)))
            .collect(),
    }
}

fn list(output: &Output) -> String {
    let of_gate = |gate: Gate| -> String {
        let causes = CAUSES.iter().filter(|cause| cause.gate == gate);
        let heading = output.paint(Role::Title, gate.title());
        format!(
            "{heading}\n{}\n",
            causes
                .map(|cause| look_up::row(output, cause))
                .collect::<String>()
        )
    };
    let causes: String = Gate::ALL.into_iter().map(of_gate).collect();
    let negatives: String = NEGATIVES
        .iter()
        .map(|negative| look_up::in_two_columns(output, negative.name, negative.why))
        .collect();
    let heading = output.paint(
        Role::Title,
        "often blamed, but unable to end a connection before the banner",
    );
    let hint = "sshmend explain NAME explains it; a keyword of sshd_config or a message leads to its causes";
    output.fold(&format!(
        "{causes}{heading}\n{negatives}\n{}\n",
        output.paint(Role::Dim, hint)
    ))
}

fn explain(session: &Session, cause: &Cause, value: Option<&str>) -> Result<String, Failure> {
    let output = &session.output;
    let text = format!(
        "{}\n\n{}",
        output.fold(&output.paint(Role::Title, &format!("{}: {}", cause.name, cause.title()))),
        page::render(output, &cause.explain())
    );
    if cause.name != CauseName::MaxStartups {
        return Ok(text);
    }
    Ok(text + &plot(output, startups(session, value)?))
}

fn explain_negative(output: &Output, negative: &Negative) -> String {
    let title = format!(
        "{} cannot end a connection before the banner",
        negative.name
    );
    let does = match negative.causes {
        [] => String::new(),
        causes => format!(
            "\nwhat it can cause: {} (sshmend explain {})\n",
            causes
                .iter()
                .map(|name| name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
            causes[0]
        ),
    };
    output.fold(&format!(
        "{}\n\n{}\n{does}",
        output.paint(Role::Title, &title),
        negative.why
    ))
}

/// The value given, else the one in force, else the default.
fn startups(session: &Session, value: Option<&str>) -> Result<MaxStartups, Failure> {
    let value = match value {
        Some(value) => value.to_owned(),
        None => {
            let source = SshdSource::default();
            let (configuration, snapshot) = session.configuration(&source)?;
            let effective = configuration.effective(&snapshot);
            effective
                .get("maxstartups")
                .and_then(|setting| setting.values.first().cloned())
                .unwrap_or_default()
        }
    };
    MaxStartups::parse(&value).ok_or_else(|| {
        Failure::trouble(format!("not a value of MaxStartups: {value}"))
            .with_hint("such as 10:30:100, or one number")
    })
}

/// A bar for each number of pending connections: the probability that the next one is refused.
fn plot(output: &Output, value: MaxStartups) -> String {
    let MaxStartups { begin, rate, full } = value;
    let heading = format!(
        "MaxStartups {begin}:{rate}:{full}: how likely sshd refuses a connection while others wait for their login"
    );
    let room = output
        .columns()
        .unwrap_or(usize::MAX)
        .saturating_sub(BEFORE_BAR);
    let width = room.clamp(10, WIDTH);
    let columns = format!("{:>7} {:>7}", "waiting", "refused");
    let row = |&pending: &u32| {
        let percent = value.refused_percent(pending);
        let bar = "█".repeat(usize::try_from(percent).unwrap_or_default() * width / 100);
        let bar = output.paint(Role::Bad, &format!(" {bar}"));
        format!(
            "{pending:>7} {percent:>6}%{}\n",
            if percent == 0 { "" } else { &bar }
        )
    };
    let rows: String = counts(value).iter().map(row).collect();
    format!(
        "\n{}\n{}\n{rows}",
        output.fold(&output.paint(Role::Title, &heading)),
        output.paint(Role::Dim, &columns)
    )
}

/// The numbers of pending connections at which to plot the curve, in ascending order.
fn counts(value: MaxStartups) -> Vec<u32> {
    let MaxStartups { begin, full, .. } = value;
    let last = full + (full / 10).max(1);
    let at = |row: u32| u64::from(last) * u64::from(row) / u64::from(ROWS - 1);
    let mut counts: Vec<u32> = (0..ROWS)
        .filter_map(|row| u32::try_from(at(row)).ok())
        .filter(|&waiting| waiting >= begin)
        .collect();
    counts.extend([begin.saturating_sub(1), begin, full.saturating_sub(1), full]);
    counts.sort_unstable();
    counts.dedup();
    counts
}
