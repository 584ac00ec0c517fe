//! The plan that repairs the named lines of fail2ban's configuration, and nothing else.

use std::path::Path;

use jiff::Timestamp;
use sshmend_fail2ban::{Address, Config, Edited, Refusal as NotChanged};
use sshmend_lossless::{Origin, Snapshot};

use super::change::{DIRECTORY, changes, words};
use super::client::{fail2ban_release, is_at_hand};
use super::{notes, running};
use crate::check::Check;
use crate::plan::{Notice, Plan, Refusal};

/// Plans the repair of `lines`; without any, lists possible repairs in notices named `offer`.
///
/// # Errors
/// If a file of the configuration cannot be read here, or one of the lines cannot be repaired.
pub(crate) fn fail2ban_mend(
    snapshot: &Snapshot,
    lines: &[Origin],
    live: bool,
    now: Timestamp,
) -> Result<Plan, Refusal> {
    let (directory, release) = (Path::new(DIRECTORY), fail2ban_release(snapshot));
    let before = Config::read(snapshot, directory, release);
    if let Some((path, why)) = before.unread().first_key_value() {
        let refusal = NotChanged::Unread {
            path: path.clone(),
            why: why.clone(),
        };
        return Err(Refusal::refused(refusal.to_string(), refusal.hint()));
    }
    if lines.is_empty() {
        return Ok(offers(&before));
    }
    let edited = before
        .mend(lines)
        .map_err(|refusal| Refusal::refused(refusal.to_string(), refusal.hint()))?;
    let named: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let purpose = format!("mend {}", named.join(" "));
    planned(snapshot, &before, &edited, purpose, live, now)
}

/// Plans the removal of expired exemptions.
///
/// # Errors
/// If fail2ban does not start with the configuration, or one of its files cannot be read here.
pub(crate) fn fail2ban_retire(
    snapshot: &Snapshot,
    live: bool,
    now: Timestamp,
) -> Result<Plan, Refusal> {
    let before = Config::read(snapshot, Path::new(DIRECTORY), fail2ban_release(snapshot));
    let edited = before
        .retire(now)
        .map_err(|refusal| refused(&before, &refusal))?;
    let over: Vec<String> = before
        .expired(now)
        .into_iter()
        .flat_map(|expired| expired.words)
        .collect();
    let purpose = format!("end the exemption of {}", over.join(" "));
    planned(snapshot, &before, &edited, purpose, live, now)
}

/// Plans that jails, or all running jails if none is named, no longer exempt these addresses.
///
/// # Errors
/// As for [`fail2ban_retire`], and if an address is in a place that is not ours to edit, or a
/// larger network covers it.
pub(crate) fn fail2ban_unignore(
    snapshot: &Snapshot,
    addresses: &[Address],
    jails: &[String],
    live: bool,
    now: Timestamp,
) -> Result<Plan, Refusal> {
    let before = Config::read(snapshot, Path::new(DIRECTORY), fail2ban_release(snapshot));
    let jails = (!jails.is_empty()).then_some(jails);
    let edited = before
        .unignore(addresses, jails)
        .map_err(|refusal| refused(&before, &refusal))?;
    let purpose = format!("end the exemption of {}", words(addresses).join(" "));
    planned(snapshot, &before, &edited, purpose, live, now)
}

/// The plan for an edit: its effects, its checks and its reload.
fn planned(
    snapshot: &Snapshot,
    before: &Config<'_>,
    edited: &Edited,
    purpose: String,
    live: bool,
    now: Timestamp,
) -> Result<Plan, Refusal> {
    let (directory, release) = (Path::new(DIRECTORY), fail2ban_release(snapshot));
    let mut plan = changes(snapshot, edited);
    let future = snapshot.after(&plan.files);
    let after = Config::read(&future, directory, release);
    plan.purpose = purpose;
    plan.effects = notes::effects(before, &after);
    plan.notices = notes::notes(edited, &after, now).collect();
    if !is_at_hand(snapshot, live)? {
        return Ok(plan);
    }
    if let Some(left) = after
        .problems()
        .iter()
        .find(|problem| problem.consequence.is_fatal())
    {
        let text = format!(
            "fail2ban still does not start with it: {}: {}",
            left.origin, left.message
        );
        plan.notices.push(Notice::new("not-reloaded", text));
        return Ok(plan);
    }
    if !plan.changes_nothing() {
        plan.rehearsal.push(Check::success(
            "fail2ban-client -t",
            &["fail2ban-client", "-t"],
        ));
        running::reload(snapshot, &mut plan);
    }
    Ok(plan)
}

fn offers(config: &Config<'_>) -> Plan {
    let mut plan = Plan {
        purpose: "list possible repairs".to_owned(),
        ..Plan::default()
    };
    plan.notices = config.mendable().map(notes::offered).collect();
    if plan.notices.is_empty() {
        plan.notices.push(Notice::new(
            "offer",
            "nothing that can be mended in only one way",
        ));
    }
    plan
}

/// The reason why addresses are not ignored, with the command that repairs the obstacle.
pub(super) fn refused(config: &Config<'_>, refusal: &NotChanged) -> Refusal {
    let hint = match refusal {
        NotChanged::Broken(problems) => {
            let first = problems.first().filter(|first| config.is_mendable(first));
            first.map_or_else(
                || refusal.hint(),
                |first| format!("{}; {} does it", first.hint, notes::command(first)),
            )
        }
        _ => refusal.hint(),
    };
    Refusal::refused(refusal.to_string(), hint)
}
