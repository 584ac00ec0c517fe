//! `sshmend fix …`: a wish becomes a plan, and the plan is carried out.

mod choose;
pub(super) mod fail2ban;
mod host_keys;
pub(super) mod hosts_access;
pub(super) mod known_hosts;
mod log_level;
mod privsep_directory;
mod record;
mod service;
pub(super) mod sshd_config;

use sshmend_plan::{Mended, OFFER, Plan, Wish};

use crate::cli::Fix;
use crate::error::{Failure, Outcome};
use crate::execute::{execute, execute_and_look, refuse};
use crate::session::Session;

/// Mends what was asked for, or what is chosen from a diagnosis.
pub(crate) fn run(session: Session, arguments: &Fix) -> Result<Outcome, Failure> {
    let wish = match &arguments.what {
        None => return choose::run(&session, arguments),
        Some(_) if arguments.client.is_some() || arguments.user.is_some() => {
            let message = "nothing was changed: --client and --user are for a diagnosis: leave out what follows them, or them";
            return Err(Failure::trouble(message));
        }
        Some(what) => Wish::from(what.clone()),
    };
    let (session, planned) = match &wish {
        Wish::KnownHosts(wish) => {
            let session = known_hosts::session(session, wish)?;
            let planned = known_hosts::plan(&session, wish, None);
            (session, planned)
        }
        wish => {
            let planned = plan(&session, wish, Mended::default());
            (session, planned)
        }
    };
    let planned = planned.and_then(|plan| match &arguments.record {
        Some(path) => record::with(&session, plan, path, &wish),
        None => Ok(plan),
    });
    let plan = match planned {
        Ok(plan) if arguments.apply.dry_run && matches!(wish, Wish::HostKeys { .. }) => {
            host_keys::of_dry_run(plan)
        }
        Ok(plan) => plan,
        // A program that reads along gets a document of a refusal, too.
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

/// The plan of one wish that is carried out as the user whom the session belongs to, once `mended` is mended.
pub(super) fn plan(session: &Session, wish: &Wish, mended: Mended) -> Result<Plan, Failure> {
    match wish {
        Wish::SshdConfig {
            settings,
            drop_in,
            source,
        } => sshd_config::set(session, settings, *drop_in, source),
        Wish::Unset { keys, source } => sshd_config::unset(session, keys, source),
        Wish::CommentOut { lines, source } => sshd_config::comment_out(session, lines, source),
        Wish::Allow {
            patterns,
            remove_deny,
            daemon,
        } => hosts_access::allow(session, patterns, *remove_deny, daemon),
        Wish::MendWrappers { lines, daemon } => hosts_access::mend(session, lines, daemon),
        Wish::Ignore {
            addresses,
            jails,
            until,
        } => fail2ban::ignore(session, addresses, jails, until.as_deref()),
        Wish::MendFail2ban { lines } => fail2ban::mend(session, lines),
        Wish::HostKeys { source } => host_keys::plan(session, source),
        Wish::PrivsepDirectory => privsep_directory::plan(session),
        Wish::Service { restart } => service::plan(session, *restart, mended),
        Wish::WithoutUnitLines { lines } => service::without_lines(session, lines, mended),
        Wish::LogLevel {
            level,
            lasts,
            source,
        } => log_level::plan(session, level, *lasts, source),
        Wish::KnownHosts(_) => {
            let message =
                "nothing was changed: known_hosts belongs to a user, and is mended by itself";
            Err(Failure::trouble(message).with_hint("sshmend fix known-hosts HOST"))
        }
    }
}
