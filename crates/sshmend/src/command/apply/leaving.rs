//! Removal of what a policy put in place earlier and no longer wants, provided that it is unchanged
//! since.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use sshmend_host::{now, zone};
use sshmend_known_hosts::{KnownHosts, Name};
use sshmend_lossless::{Origin, Snapshot};
use sshmend_plan::{KnownHostsOf, Notice, Plan, SshdSource, Wish};
use sshmend_policy::{Policy, Put, Thing, Wants, standing};
use sshmend_sshd_config::{Assignment, Operator};
use sshmend_transaction::{ForPolicy, Past, State};

use super::whose;
use crate::error::Failure;
use crate::session::Session;

/// What sshmend put in place, and the policies that want it.
pub(super) struct Earlier {
    /// What was put in place for this policy, or for another one while this one wanted it too.
    pub(super) put: Vec<Put>,
    /// This policy as it was applied last.
    before: Option<Policy>,
    others: Vec<(String, Policy)>,
}

impl Earlier {
    /// Collects what belongs to the policy with this name, from the changes that are still in
    /// force.
    pub(super) fn of(session: &Session, name: &str) -> Result<Self, Failure> {
        let journal = session.journal_to_write()?;
        let past = journal.history();
        let past = past.map_err(|error| Failure::from_file(&error))?;
        let kept: Vec<ForPolicy> = past
            .into_iter()
            .filter_map(|past| match past {
                Past::Record(record) if record.state != State::RolledBack => record.policy,
                _ => None,
            })
            .collect();
        let wanted = journal.wanted();
        let wanted = wanted.map_err(|error| Failure::from_journal(&error))?;
        // A policy written by a later release may be unreadable for this one.
        let wanted = wanted.into_iter().filter_map(|wanted| {
            let policy = Policy::parse(Path::new(&wanted.name), wanted.text.as_bytes()).ok()?;
            Some((wanted.name, policy))
        });
        let (own, others): (Vec<_>, Vec<_>) = wanted.partition(|(of, _)| of == name);
        let before = own.into_iter().next().map(|(_, policy)| policy);
        let put = put(name, &kept, before.as_ref());
        Ok(Self {
            put,
            before,
            others,
        })
    }

    /// What the policies want now, for the question who holds an item.
    pub(super) fn holders(&self) -> Holders<'_> {
        let (now, zone) = (now(), zone());
        let wants = |policy| Wants::of(policy, now, &zone);
        let others = self.others.iter();
        Holders {
            before: self.before.as_ref().map(wants),
            others: others
                .map(|(name, policy)| (name.as_str(), wants(policy)))
                .collect(),
        }
    }
}

/// What this policy wanted when it was applied last, and what others want.
pub(super) struct Holders<'e> {
    before: Option<Wants<'e>>,
    others: Vec<(&'e str, Wants<'e>)>,
}

impl Holders<'_> {
    /// The policy that still wants what this one no longer does.
    pub(super) fn of(&self, put: &Put) -> Option<&str> {
        let mut others = self.others.iter();
        let holder = others.find(|(_, wants)| put.is_held_by(wants));
        holder.map(|(name, _)| *name)
    }

    /// Reports once that it stays: in the run in which this policy stops wanting it.
    pub(super) fn stays(&self, put: &Put, holder: &str) -> Option<Notice> {
        let before = self.before.as_ref();
        let news = before.is_none_or(|before| put.is_held_by(before));
        news.then(|| {
            Notice::new(
                "wanted-by-another",
                format!(
                    "kept, because {holder} also requires it: {}",
                    put.describes()
                ),
            )
        })
    }
}

/// What was put in place for this policy, and for other policies if this one wanted it too.
fn put(name: &str, kept: &[ForPolicy], before: Option<&Policy>) -> Vec<Put> {
    let journals = || {
        kept.iter()
            .map(|kept| (kept.name.as_str(), kept.put.as_slice()))
    };
    let mut put = standing(name, journals());
    let mut things: HashSet<Thing> = put.iter().map(Put::thing).collect();
    let before = before.map(|before| Wants::of(before, now(), &zone()));
    let others: BTreeSet<&str> = kept.iter().map(|kept| kept.name.as_str()).collect();
    for other in others.into_iter().filter(|other| *other != name) {
        let shared = standing(other, journals()).into_iter().filter(|one| {
            before.as_ref().is_some_and(|before| one.is_held_by(before))
                && !things.contains(&one.thing())
        });
        let shared: Vec<Put> = shared.collect();
        things.extend(shared.iter().map(Put::thing));
        put.extend(shared);
    }
    put
}

/// The removal of something that is no longer wanted.
pub(super) struct TakenOut {
    /// The plan that removes it.
    pub(super) plan: Plan,
    /// Whether it is then gone.
    pub(super) gone: bool,
}

/// Plans the removal. Anything changed since by others stays; anything that cannot be removed is
/// reported.
pub(super) fn taken_out(session: &Session, put: &Put) -> TakenOut {
    let context = whose::context(session, None);
    let plan = match put {
        Put::Setting { key, after, before } => setting(session, key, after, before.as_deref()),
        Put::Element { key, element } => {
            let without = Assignment::new(key, Operator::Remove, element);
            session.plan(&Wish::assign(without), &context)
        }
        Put::Rule { pattern, daemon } => {
            session.plan_with(|seen| Wish::withdraw(pattern, daemon, seen, &context))
        }
        Put::Exempt { address, jails } => {
            session.plan_with(|seen| Wish::unignore(address, jails, seen, &context))
        }
        Put::Pin {
            path,
            host,
            fingerprint,
        } => pin(session, path, host, fingerprint),
    };
    let words = put.describes();
    let gone = plan.is_ok();
    let (name, text, mut plan) = match plan {
        Ok(plan) if plan.changes_nothing() => {
            let plan = Plan::default();
            return TakenOut { plan, gone };
        }
        Ok(plan) => {
            let text = format!(
                "removed, because the policy had added it and no longer contains it: {words}"
            );
            ("left-the-policy", text, plan)
        }
        Err(failure) => {
            let why = failure.trouble_json().message;
            let text =
                format!("the policy no longer contains this, but it is kept: {words}: {why}");
            ("not-taken-out", text, Plan::default())
        }
    };
    plan.notices.push(Notice {
        name: name.to_owned(),
        text,
        origin: None,
    });
    TakenOut { plan, gone }
}

fn setting(
    session: &Session,
    key: &str,
    after: &str,
    before: Option<&str>,
) -> Result<Plan, Failure> {
    let (configuration, snapshot) = session.configuration(&SshdSource::default())?;
    let effective = configuration.effective(&snapshot);
    let as_it_was_put = effective
        .get(key)
        .is_some_and(|setting| setting.origin.is_some() && setting.values.join(", ") == after);
    match before {
        _ if !as_it_was_put => Err(Failure::trouble(format!("{key} is no longer {after}"))),
        Some(before) => session.plan(&Wish::setting(key, before), &session.context()),
        None => session.plan(&Wish::unset(&[key]), &session.context()),
    }
}

/// The line that contains exactly this key for exactly this host.
fn pin(session: &Session, path: &str, host: &str, fingerprint: &str) -> Result<Plan, Failure> {
    let line = session.look(&mut Snapshot::default(), |seen| {
        let image = seen.read(Path::new(path)).ok().flatten()?;
        let found = KnownHosts::parse(&image.bytes)
            .find(&[Name::host(host)])
            .found;
        let ours = found.into_iter().find(|found| {
            let same = found.key.fingerprint().to_string() == fingerprint;
            same && found.marker.is_none() && !found.is_by_wildcard()
        })?;
        Some(ours.line)
    });
    let Some(line) = line else {
        return Ok(Plan::default());
    };
    let of = KnownHostsOf {
        host: host.to_owned(),
        line: Some(Origin::new(path, line)),
        ..KnownHostsOf::default()
    };
    session.plan(&Wish::KnownHosts(of), &session.context())
}
