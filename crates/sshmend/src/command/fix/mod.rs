//! `sshmend fix …`: plans a wish and carries the plan out.

mod choose;
mod fail2ban;
pub(super) mod known_hosts;
mod record;

use sshmend_lossless::is_private_key;
use sshmend_plan::{Notice, OFFER, Plan, Wish};

use crate::cli::Fix;
use crate::error::{Failure, Outcome};
use crate::execute::{execute, execute_and_look, refuse};
use crate::session::Session;

/// Carries out the wish, or what is chosen from a diagnosis.
pub(crate) fn run(session: Session, arguments: &Fix) -> Result<Outcome, Failure> {
    let wish = match &arguments.what {
        None => return choose::run(&session, arguments),
        Some(_) if arguments.client.is_some() || arguments.user.is_some() => {
            let message = "nothing was changed: --client and --user are for a diagnosis: leave out what follows them, or them";
            return Err(Failure::trouble(message));
        }
        Some(what) => Wish::from(what.clone()),
    };
    let session = match &wish {
        Wish::KnownHosts(of) => known_hosts::session(session, of)?,
        _ => session,
    };
    let planned = session
        .hold(&arguments.apply)
        .and_then(|()| session.plan(&wish, &session.context()));
    let planned = planned.and_then(|plan| match &arguments.record {
        Some(path) => record::with(&session, plan, path, &wish),
        None => Ok(plan),
    });
    let plan = match planned {
        Ok(plan) if arguments.apply.dry_run && matches!(wish, Wish::HostKeys { .. }) => {
            with_keys_of_a_dry_run(plan)
        }
        Ok(plan) => plan,
        // A program gets a document of a refusal, too.
        Err(failure) => return refuse(&session, Plan::default(), &arguments.apply, failure),
    };
    if let Wish::Ignore { addresses, .. } = &wish {
        return execute_and_look(&session, plan, &arguments.apply, &|| {
            fail2ban::still_banned(&session, addresses)
        });
    }
    let only_lists = matches!(&wish, Wish::MendWrappers { lines, .. } if lines.is_empty());
    let findings = only_lists && plan.notices.iter().any(|notice| notice.name == OFFER);
    let outcome = execute(&session, plan, &arguments.apply)?;
    Ok(if findings { Outcome::Findings } else { outcome })
}

/// Notes that keys generated for a dry run are never used.
fn with_keys_of_a_dry_run(mut plan: Plan) -> Plan {
    let makes = plan
        .files
        .iter()
        .any(|change| change.after.as_deref().is_some_and(is_private_key));
    if makes {
        plan.notices.push(Notice::new("made-anew", "the keys of a dry run are discarded: the next run generates others, with other fingerprints"));
    }
    plan
}
