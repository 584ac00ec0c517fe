//! `sshmend explain`: what a cause is, how it is known, how it is mended.

use sshmend_diagnose::{CAUSES, cause};

use crate::cli;
use crate::error::{Failure, Outcome};
use crate::output::Role;
use crate::session::Session;

/// Explains one cause, or lists all.
pub(crate) fn run(session: &Session, arguments: &cli::Explain) -> Result<Outcome, Failure> {
    let text = match &arguments.cause {
        None => list(session),
        Some(name) => match cause(name) {
            Some(cause) => format!("{}\n\n{}\n", session.output.paint(Role::Title, cause.title), cause.explain.trim()),
            None => {
                let message = format!("no cause has the name {name}");
                return Err(Failure::trouble(message).with_hint("sshmend explain lists them all"));
            }
        },
    };
    session.output.data(&text).map_err(|error| Failure::caused("cannot print", &error))?;
    Ok(Outcome::Fine)
}

fn list(session: &Session) -> String {
    CAUSES.iter().fold(String::new(), |mut text, cause| {
        let name = session.output.paint(Role::Title, &format!("{:<28}", cause.name));
        text.push_str(&format!("{name} {}\n", cause.title));
        text
    })
}
