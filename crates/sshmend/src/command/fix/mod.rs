//! `sshmend fix …`: a wish becomes a plan, and the plan is carried out.

mod choose;
mod fail2ban;
mod host_keys;
mod hosts_access;
mod known_hosts;
mod log_level;
mod merge;
mod privsep_directory;
mod service;
mod sshd_config;

use sshmend_plan::{OFFER, Plan};

use crate::cli::{Fix, What};
use crate::error::{Failure, Outcome};
use crate::execute::{execute, execute_and_look, refuse};
use crate::session::Session;

/// Mends what was asked for, or what is chosen from a diagnosis.
pub(crate) fn run(session: Session, arguments: &Fix) -> Result<Outcome, Failure> {
    let what = match &arguments.what {
        None => return choose::run(&session, arguments),
        Some(_) if arguments.client.is_some() || arguments.user.is_some() => {
            let message = "nothing was changed: --client and --user are for a diagnosis: leave out what follows them, or them";
            return Err(Failure::trouble(message));
        }
        Some(what) => what,
    };
    let (session, planned) = match what {
        What::KnownHosts(wish) => {
            let session = known_hosts::session(session, wish)?;
            let planned = known_hosts::plan(&session, wish);
            (session, planned)
        }
        what => {
            let planned = plan(&session, what);
            (session, planned)
        }
    };
    let plan = match planned {
        Ok(plan) => plan,
        // A program that reads along gets a document of a refusal, too.
        Err(failure) => return refuse(&session, Plan::default(), &arguments.apply, failure),
    };
    if let What::Fail2ban(wish) = what {
        return execute_and_look(&session, plan, &arguments.apply, &|| {
            fail2ban::still_banned(&session, wish)
        });
    }
    let findings = matches!(what, What::HostsAccess(wish) if wish.only_lists())
        && plan.notices.iter().any(|notice| notice.name == OFFER);
    let outcome = execute(&session, plan, &arguments.apply)?;
    Ok(if findings { Outcome::Findings } else { outcome })
}

/// The plan of one wish that is carried out as the user whom the session belongs to.
fn plan(session: &Session, what: &What) -> Result<Plan, Failure> {
    match what {
        What::SshdConfig(wish) => sshd_config::plan(session, wish),
        What::HostsAccess(wish) => hosts_access::plan(session, wish),
        What::Fail2ban(wish) => fail2ban::plan(session, wish),
        What::HostKeys(wish) => host_keys::plan(session, wish),
        What::PrivsepDirectory => privsep_directory::plan(session),
        What::Service(wish) => service::plan(session, wish, service::MendedWith::default()),
        What::LogLevel(wish) => log_level::plan(session, wish),
        What::KnownHosts(_) => {
            let message =
                "nothing was changed: known_hosts belongs to a user, and is mended by itself";
            Err(Failure::trouble(message).with_hint("sshmend fix known-hosts HOST"))
        }
    }
}
