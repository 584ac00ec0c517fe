//! `sshmend apply`: everything that a policy wants, as one plan and one transaction.

mod drift;
mod leaving;
pub(super) mod mentions;
pub(super) mod putting;
mod whose;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use sshmend_host::{Account, now, zone};
use sshmend_plan::{ForPolicy, KnownHostsOf, Notice, Plan, Wish};
use sshmend_policy::{Group, Policy, Put, Wants};

use self::drift::drift;
use self::mentions::Mentions;
use self::whose::{Whose, context};
use crate::cli::ApplyPolicy;
use crate::command::fix::known_hosts;
use crate::command::times::end;
use crate::error::{Failure, Outcome};
use crate::execute::{execute, refuse};
use crate::session::Session;

/// Notices for a person who calls `fix` to repair something or asks for what is already granted;
/// `apply` omits them.
const OF_A_WISH: [&str; 2] = ["no-cause", "granted-already"];

/// The number of hosts whose keys are planned together. Each may need a program and its output, and
/// the files are walked over once for all of them.
const HOSTS_AT_ONCE: usize = 2_000;

/// Applies a policy.
pub(crate) fn run(mut session: Session, arguments: &ApplyPolicy) -> Result<Outcome, Failure> {
    let flags = &arguments.apply;
    let (policy, text) = match read(&session, &arguments.policy) {
        Ok(read) => read,
        Err(failure) => return refuse(&session, Plan::default(), flags, failure),
    };
    let whose = match Whose::look_up(&session, &policy) {
        Ok(whose) => whose,
        Err(failure) => return refuse(&session, Plan::default(), flags, failure),
    };
    if let Some(account) = &whose.work_as {
        session = known_hosts::work_as(session, account)?;
    }
    if let Err(failure) = session.hold(flags) {
        return refuse(&session, Plan::default(), flags, failure);
    }
    let name = policy_name(&session, &policy, &arguments.policy);
    let planned = all(&mut session, &policy, &whose, name);
    session.plan_afresh();
    match planned {
        Ok((mut plan, end)) => {
            let lasts = session.machine.is_live()
                && flags.confirm_within.is_none()
                && !plan.changes_nothing();
            if let Some(end) = end.filter(|_| lasts) {
                plan = plan.until(end, now());
            }
            let name = called(&policy, &arguments.policy);
            let as_wanted = plan.changes_nothing() && plan.activation.is_empty();
            plan.purpose = if as_wanted {
                format!("everything is as {name} requires it")
            } else {
                format!("apply {name}: {}", plan.purpose)
            };
            plan.notices
                .retain(|notice| !OF_A_WISH.contains(&notice.name.as_str()));
            if let Some(kept) = &mut plan.for_policy {
                kept.text = text;
            }
            execute(&session, plan, flags)
        }
        Err(failure) => refuse(&session, Plan::default(), flags, failure),
    }
}

/// The name of a policy in messages.
fn called(policy: &Policy, path: &Path) -> String {
    match &policy.name {
        _ if path != Path::new("-") => path.display().to_string(),
        Some(name) => name.clone(),
        None => "the policy".to_owned(),
    }
}

/// Reads a policy. It must not be writable by anybody else, because its content is trusted.
fn read(session: &Session, path: &Path) -> Result<(Policy, String), Failure> {
    let text = session.read_believed(path)?;
    let policy = Policy::parse(path, &text).map_err(|error| Failure::from_policy(&error))?;
    Ok((policy, String::from_utf8_lossy(&text).into_owned()))
}

/// Plans the whole policy; each part is planned on the machine as the earlier parts leave it.
///
/// What an earlier version of the same policy put in place and this one no longer wants is removed
/// last, so that changing an entry does not lock anyone out in between. Also returns the common
/// expiry time of all changes, if they share one.
fn all(
    session: &mut Session,
    policy: &Policy,
    whose: &Whose,
    name: Option<String>,
) -> Result<(Plan, Option<Timestamp>), Failure> {
    let mut parts = Parts::default();
    parts.put_in(session, policy, whose)?;
    if let Some(name) = &name {
        let wants = Wants::of(policy, now(), &zone());
        let earlier = leaving::Earlier::of(session, name)?;
        let holders = earlier.holders();
        let unset = earlier.put.iter().filter(|put| put.is_unset_by(policy));
        parts.put.extend(unset.map(Put::words_out));
        let left = |put: &&Put| !put.is_wanted_by(&wants);
        let mut changes = false;
        for left in earlier.put.iter().filter(left) {
            match holders.of(left) {
                Some(holder) => parts.notices.extend(holders.stays(left, holder)),
                None => changes |= parts.take_out(session, left),
            }
        }
        // An entry may have been satisfied only by what was just removed.
        if changes {
            parts.put_in(session, policy, whose)?;
        }
    }
    let Parts {
        plans,
        put,
        ends,
        notices,
    } = parts;
    let mut plan = Plan::chain(plans).map_err(|refusal| Failure::from_refusal(&refusal))?;
    plan.notices.extend(notices);
    plan.for_policy = name.map(|name| ForPolicy {
        name,
        put,
        ..ForPolicy::default()
    });
    let only_one = ends.len() == 1;
    let end = ends.into_iter().next().flatten().filter(|_| only_one);
    Ok((plan, end))
}

/// The parts of a plan under construction.
#[derive(Default)]
struct Parts {
    plans: Vec<Plan>,
    /// The groups added and removed, in this order, for the journal.
    put: Vec<Vec<String>>,
    /// The times at which the changes expire.
    ends: BTreeSet<Option<Timestamp>>,
    /// What stays in place although this policy no longer wants it.
    notices: Vec<Notice>,
}

impl Parts {
    /// Plans the changes that the policy wants and that the machine lacks after the earlier parts.
    fn put_in(
        &mut self,
        session: &mut Session,
        policy: &Policy,
        whose: &Whose,
    ) -> Result<(), Failure> {
        let groups = policy.groups();
        let mut rest = &groups[..];
        while let [group, others @ ..] = rest {
            let hosts = known_hosts_at_once(rest);
            if hosts.is_empty() {
                let before = putting::Before::of(session, &group.wish);
                let plan = one(session, &group.wish, whose.account(group));
                self.add(session, whose, group, &before, plan)?;
                rest = others;
            } else {
                let context = context(session, whose.account(group));
                let plans = session.plan_known_hosts(&hosts, &context);
                for (group, plan) in rest.iter().zip(plans) {
                    let before = putting::Before::of(session, &group.wish);
                    self.add(session, whose, group, &before, plan)?;
                }
                rest = &rest[hosts.len()..];
            }
        }
        Ok(())
    }

    /// Adds the plan of one group.
    fn add(
        &mut self,
        session: &mut Session,
        whose: &Whose,
        group: &Group,
        before: &putting::Before,
        plan: Result<Plan, Failure>,
    ) -> Result<(), Failure> {
        let mut plan = plan.map_err(|failure| blamed(session, group, whose, failure))?;
        if !plan.changes_nothing() || !plan.activation.is_empty() {
            let mentions = Mentions::of(&plan.files);
            plan.notices.extend(drift(group, &plan, &mentions));
            self.ends.insert(end_of(&group.wish));
            let wishes = group.items.iter().map(|item| &item.wish);
            let put = wishes.flat_map(|wish| before.put_by(wish, &plan, &mentions));
            self.put.extend(put.map(|put| put.words()));
        }
        session.plan_on(&plan.files);
        self.plans.push(plan);
        Ok(())
    }

    /// Plans the removal of entries that left the policy; true if that changes something.
    fn take_out(&mut self, session: &mut Session, left: &Put) -> bool {
        let out = leaving::taken_out(session, left);
        let changes = !out.plan.changes_nothing();
        session.plan_on(&out.plan.files);
        if changes {
            self.ends.insert(None);
        }
        self.plans.push(out.plan);
        self.put.extend(out.gone.then(|| left.words_out()));
        changes
    }
}

/// The hosts at the beginning of these groups whose keys are planned together: those of one account,
/// and no more than are asked for their keys at once.
fn known_hosts_at_once(groups: &[Group]) -> Vec<&KnownHostsOf> {
    let first = groups.first().map(|group| &group.account);
    let hosts = groups.iter().map_while(|group| match &group.wish {
        Wish::KnownHosts(of) if Some(&group.account) == first => Some(of),
        _ => None,
    });
    hosts.take(HOSTS_AT_ONCE).collect()
}

/// The expiry of a wish; `None` if it is permanent or has already expired.
fn end_of(wish: &Wish) -> Option<Timestamp> {
    let Wish::Ignore { until, .. } = wish else {
        return None;
    };
    let end = end(until.as_deref()?).ok()?;
    (end > now()).then_some(end)
}

/// The name under which earlier wishes of a policy are found: its own name, else its path.
fn policy_name(session: &Session, policy: &Policy, path: &Path) -> Option<String> {
    let is_file = path != Path::new("-");
    let path = || session.environment.absolute(path).display().to_string();
    policy.name.clone().or_else(|| is_file.then(path))
}

/// Plans one wish, in the files of an account if one is given, else in those of the session.
fn one(session: &Session, wish: &Wish, account: Option<&Account>) -> Result<Plan, Failure> {
    session.plan(wish, &context(session, account))
}

/// The line of the policy that cannot be carried out: if there are several, the first that fails by
/// itself.
fn blamed(session: &Session, group: &Group, whose: &Whose, failure: Failure) -> Failure {
    let alone = group.items.iter().filter(|_| group.items.len() > 1);
    let found = alone
        .filter_map(|item| {
            let failure = one(session, &item.wish, whose.account(group)).err()?;
            Some((item, failure))
        })
        .next();
    match found {
        Some((item, failure)) => failure.of_policy(&item.place),
        None => match &group.items[..] {
            [item, ..] => failure.of_policy(&item.place),
            [] => failure,
        },
    }
}
