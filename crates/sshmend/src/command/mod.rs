//! The commands, one file for each.

mod aftermath;
mod apply;
mod compare;
mod completions;
mod confirm;
mod diagnose;
mod explain;
mod fix;
pub(crate) mod history;
mod logs;
mod look_up;
mod page;
mod recover;
mod recover_at_boot;
mod rollback;
mod schema;
mod show;
mod times;

use clap::error::ContextKind;

use crate::cli::{Cli, Command};
use crate::error::{Failure, Outcome};
use crate::output::Output;
use crate::output::words::shell;
use crate::session::Session;

/// What to say where something else stands in the place of a command: the name of a cause, as in `sshmend fix max-startups`, what
/// ssh printed, or a destination.
pub(crate) fn instead_of(error: &clap::Error) -> Option<String> {
    let word = error.get(ContextKind::InvalidSubcommand)?.to_string();
    if let Some(cause) = sshmend_diagnose::cause(&word) {
        let cause = cause.name;
        return Some(format!(
            "hint: {cause} is a cause: `sshmend diagnose` names the command that mends it here, `sshmend explain {cause}` explains it"
        ));
    }
    let is_message = word.contains(char::is_whitespace) || word.ends_with(':');
    let is_destination = word.contains(['@', '.', ':', '[']);
    if is_message {
        Some("hint: for what ssh, git or ansible printed: `sshmend diagnose \"MESSAGE\"`, or `… 2>&1 | sshmend diagnose -`".to_owned())
    } else if is_destination {
        let command = shell(&["sshmend", "diagnose", &word].map(str::to_owned));
        Some(format!("hint: for a connection to a server: `{command}`"))
    } else {
        None
    }
}

/// Runs the command. Errors are reported here, once, and become the exit code.
pub(crate) fn dispatch(arguments: Cli) -> Result<Outcome, u8> {
    let environment = sshmend_host::Environment::read();
    let output = Output::new(&arguments.general);
    let outcome =
        Session::open(&arguments.general, environment, output.clone()).and_then(|session| {
            let options = session.options();
            run(session, arguments.command).map_err(|failure| failure.for_machine(&options))
        });
    outcome.map_err(|failure| {
        output.complain(&failure);
        failure.code()
    })
}

fn run(session: Session, command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Diagnose(arguments) => diagnose::run(&session, &arguments),
        Command::Show(what) => show::run(&session, &what),
        Command::Fix(arguments) => fix::run(session.keeping(&arguments.apply.keep), &arguments),
        Command::Apply(arguments) => apply::run(session.keeping(&arguments.apply.keep), &arguments),
        Command::Compare(arguments) => compare::run(&session, &arguments),
        Command::Logs(arguments) => logs::run(&session, &arguments),
        Command::Explain(arguments) => explain::run(&session, &arguments),
        Command::History(arguments) => history::run(&session, &arguments),
        Command::Rollback(arguments) => {
            rollback::run(&session.keeping(&arguments.apply.keep), &arguments)
        }
        Command::Redo(arguments) => {
            rollback::redo(&session.keeping(&arguments.apply.keep), &arguments)
        }
        Command::Confirm(arguments) => confirm::run(&session, &arguments),
        Command::Recover(arguments) => recover::run(&session.keeping(&arguments.keep), &arguments),
        Command::Completions(arguments) => completions::run(&session, arguments.shell),
        Command::Schema(arguments) => schema::run(&session, &arguments),
    }
}
