//! `sshmend apply`: everything that a policy wants, as one plan and one transaction.

mod leaving;
mod mentions;
pub(super) mod putting;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use sshmend_host::{Account, now, zone};
use sshmend_lossless::{Origin, Snapshot};
use sshmend_plan::{ForPolicy, Mended, Notice, Plan, Wish};
use sshmend_policy::{Group, Item, Policy, Put, address_as_written, client_as_written};
use sshmend_sshd_config::{Assignment, keyword_key};

use crate::cli::ApplyPolicy;
use crate::command::fix::{fail2ban, known_hosts, plan};
use crate::error::{Failure, Outcome};
use crate::execute::{execute, refuse};
use crate::output::times::end;
use crate::session::Session;

/// The accounts of a mounted disk.
const PASSWD: &str = "/etc/passwd";

/// What is said to a person who wishes something in order to mend what is broken, or wishes it without need.
const OF_A_WISH: [&str; 2] = ["no-cause", "granted-already"];

/// Applies a policy.
pub(crate) fn run(mut session: Session, arguments: &ApplyPolicy) -> Result<Outcome, Failure> {
    let flags = &arguments.apply;
    let policy = match read(&session, &arguments.policy) {
        Ok(policy) => policy,
        Err(failure) => return refuse(&session, Plan::default(), flags, failure),
    };
    let whose = match Whose::look_up(&session, &policy) {
        Ok(whose) => whose,
        Err(failure) => return refuse(&session, Plan::default(), flags, failure),
    };
    if let Some(account) = &whose.work_as {
        session = known_hosts::work_as(session, account)?;
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
                plan = fail2ban::for_a_while(plan, end, now());
            }
            let name = called(&policy, &arguments.policy);
            let as_wanted = plan.changes_nothing() && plan.activation.is_empty();
            plan.purpose = if as_wanted {
                format!("everything is as {name} wants it")
            } else {
                format!("apply {name}: {}", plan.purpose)
            };
            plan.notices
                .retain(|notice| !OF_A_WISH.contains(&notice.name.as_str()));
            execute(&session, plan, flags)
        }
        Err(failure) => refuse(&session, Plan::default(), flags, failure),
    }
}

/// What a policy is called in messages.
fn called(policy: &Policy, path: &Path) -> String {
    match &policy.name {
        _ if path != Path::new("-") => path.display().to_string(),
        Some(name) => name.clone(),
        None => "the policy".to_owned(),
    }
}

/// Reads a policy, which is believed: nobody else may have written it.
fn read(session: &Session, path: &Path) -> Result<Policy, Failure> {
    let text = session.read_believed(path)?;
    Policy::parse(path, &text).map_err(|error| Failure::from_policy(&error))
}

/// One plan, each part of which is made of the machine as the parts before it leave it.
///
/// What an earlier state of the same policy had put in place and this one wants no more goes last: who changes a wish is
/// not shut out in between. Where all that changes is to end at the same time, that time is returned as well.
fn all(
    session: &mut Session,
    policy: &Policy,
    whose: &Whose,
    name: Option<String>,
) -> Result<(Plan, Option<Timestamp>), Failure> {
    let mut parts = Parts::default();
    parts.put_in(session, policy, whose)?;
    if let Some(name) = &name {
        let now = now();
        let earlier = leaving::put_earlier(session, name)?;
        let unset = earlier.iter().filter(|put| put.is_unset_by(policy));
        parts.put.extend(unset.map(Put::words_out));
        let left = |put: &&Put| !put.is_wanted_by(policy, now, &zone());
        let mut changes = false;
        for left in earlier.iter().filter(left) {
            changes |= parts.take_out(session, left);
        }
        // What is wanted may have been so because of what went.
        if changes {
            parts.put_in(session, policy, whose)?;
        }
    }
    let Parts { plans, put, ends } = parts;
    let mut plan = Plan::chain(plans).map_err(|refusal| Failure::from_refusal(&refusal))?;
    plan.for_policy = name.map(|name| ForPolicy { name, put });
    let only_one = ends.len() == 1;
    let end = ends.into_iter().next().flatten().filter(|_| only_one);
    Ok((plan, end))
}

/// What a plan is put together from.
#[derive(Default)]
struct Parts {
    plans: Vec<Plan>,
    /// For the journal: what is put in and taken out, in this order.
    put: Vec<Vec<String>>,
    /// When what changes is to end.
    ends: BTreeSet<Option<Timestamp>>,
}

impl Parts {
    /// What the policy wants and the machine, as the parts before leave it, has not.
    fn put_in(
        &mut self,
        session: &mut Session,
        policy: &Policy,
        whose: &Whose,
    ) -> Result<(), Failure> {
        for group in policy.groups() {
            let before = putting::Before::of(session, &group.wish);
            let mut plan = one(session, &group.wish, whose.account(&group))
                .map_err(|failure| blamed(session, &group, whose, failure))?;
            if !plan.changes_nothing() || !plan.activation.is_empty() {
                plan.notices.extend(drift(&group, &plan));
                self.ends.insert(end_of(&group.wish));
                let wishes = group.items.iter().map(|item| &item.wish);
                let put = wishes.flat_map(|wish| before.put_by(wish, &plan));
                self.put.extend(put.map(|put| put.words()));
            }
            session.plan_on(&plan.files);
            self.plans.push(plan);
        }
        Ok(())
    }

    /// Takes out what left the policy; true where that changes something.
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

/// When what is wanted ends; `None` where it is for good, or is over already.
fn end_of(wish: &Wish) -> Option<Timestamp> {
    let Wish::Ignore { until, .. } = wish else {
        return None;
    };
    let end = end(until.as_deref()?).ok()?;
    (end > now()).then_some(end)
}

/// The name by which it is known what a policy had wanted earlier: its own, else its path.
fn policy_name(session: &Session, policy: &Policy, path: &Path) -> Option<String> {
    let is_file = path != Path::new("-");
    let path = || session.environment.absolute(path).display().to_string();
    policy.name.clone().or_else(|| is_file.then(path))
}

fn one(session: &Session, wish: &Wish, account: Option<&Account>) -> Result<Plan, Failure> {
    match wish {
        Wish::KnownHosts(wish) => known_hosts::plan(session, wish, account),
        Wish::Ignore {
            addresses,
            jails,
            until,
        } => {
            let until = until.as_deref().map(end).transpose()?;
            if until.is_some_and(|until| until <= now()) {
                fail2ban::retire(session)
            } else {
                fail2ban::exempt(session, addresses, jails, until)
            }
        }
        wish => plan(session, wish, Mended::default()),
    }
}

/// The line of the policy that cannot be carried out: of several the first that fails by itself.
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

/// What is not as the policy wants it, each with its line.
fn drift(group: &Group, plan: &Plan) -> Vec<Notice> {
    let differing: Vec<&Item> = group
        .items
        .iter()
        .filter(|item| differs(&item.wish, plan))
        .collect();
    let all = group.items.iter().collect();
    let named: Vec<&Item> = if differing.is_empty() { all } else { differing };
    named.into_iter().map(|item| told(item, plan)).collect()
}

fn told(item: &Item, plan: &Plan) -> Notice {
    let text = match &item.wish {
        Wish::SshdConfig { settings, .. } => {
            let today = match effect_of(keys(settings), plan).map(|effect| effect.before.as_str()) {
                Some("") => " (today it is not set)".to_owned(),
                Some(before) => format!(" (today it is {before})"),
                None => String::new(),
            };
            let words: Vec<String> = settings.iter().map(ToString::to_string).collect();
            format!("{} is not in force{today}", words.join(" "))
        }
        Wish::Unset { keys, .. } => {
            let today = match effect_of(keys.iter().map(String::as_str), plan)
                .map(|effect| effect.before.as_str())
            {
                Some(before) => format!(" (today it is {before})"),
                None => String::new(),
            };
            format!("a line sets {}{today}", keys.join(" "))
        }
        Wish::Allow {
            patterns, daemon, ..
        } => format!("{} is not let in at {daemon}", patterns.join(" ")),
        Wish::Ignore {
            addresses, until, ..
        } => {
            let addresses = addresses.join(" ");
            match until.as_deref().map(end) {
                Some(Ok(end)) if end <= now() => {
                    format!("fail2ban still ignores {addresses}, whose exemption is over")
                }
                _ => format!("fail2ban does not ignore {addresses} as wanted"),
            }
        }
        Wish::KnownHosts(wish) => format!("the key of {} is not pinned", wish.host),
        wish => format!("not so yet: {}", wish.argv().join(" ")),
    };
    Notice {
        name: "drift".to_owned(),
        text,
        origin: Some(Origin::new(&item.place.path, item.place.line)),
    }
}

/// Whether a plan is there because of this wish, among others of its kind.
pub(super) fn differs(wish: &Wish, plan: &Plan) -> bool {
    match wish {
        Wish::SshdConfig { settings, .. } => effect_of(keys(settings), plan).is_some(),
        Wish::Unset { keys, .. } => keys.iter().any(|key| removes(key, plan)),
        Wish::Allow { patterns, .. } => {
            let mut words = patterns.iter().map(|pattern| client_as_written(pattern));
            words.any(|word| mentions::change(plan, &word))
        }
        Wish::Ignore { addresses, .. } => {
            let mut words = addresses.iter().map(|address| address_as_written(address));
            words.any(|word| mentions::change(plan, &word))
        }
        _ => true,
    }
}

/// Whether lines go that set this keyword, whatever it is called there.
fn removes(key: &str, plan: &Plan) -> bool {
    let wanted = keyword_key(key);
    plan.files.iter().any(|change| {
        let before = change.before.as_ref().map(|image| &image.bytes[..]);
        let mut ranges = change.edits.iter().map(|edit| edit.range.clone());
        ranges.any(|range| {
            let removed = before.and_then(|bytes| bytes.get(range));
            let removed = String::from_utf8_lossy(removed.unwrap_or_default()).into_owned();
            let end = |character: char| character.is_whitespace() || character == '=';
            let mut words = removed
                .lines()
                .filter_map(|line| line.trim().split(end).next());
            words.any(|word| keyword_key(word) == wanted)
        })
    })
}

/// The keywords of these settings.
fn keys(settings: &[Assignment]) -> impl Iterator<Item = &str> {
    settings.iter().map(|setting| setting.key.as_str())
}

/// The effect on one of these keywords.
fn effect_of<'p, 'k>(
    keys: impl Iterator<Item = &'k str>,
    plan: &'p Plan,
) -> Option<&'p sshmend_plan::Effect> {
    let keys: Vec<String> = keys.filter_map(keyword_key).collect();
    plan.effects
        .iter()
        .find(|effect| keys.contains(&effect.what))
}

/// The accounts that a policy names, and the one as whom it is applied.
#[derive(Default)]
struct Whose {
    named: BTreeMap<String, Account>,
    /// Whose rights are enough, and not too much.
    work_as: Option<Account>,
}

impl Whose {
    /// Looks the accounts up, below `--root` in the disk's own list.
    fn look_up(session: &Session, policy: &Policy) -> Result<Self, Failure> {
        let mut whose = Self::default();
        for item in &policy.items {
            if let Some(name) = &item.account {
                let found = account(session, name).map_err(|why| why.of_policy(&item.place))?;
                whose.named.insert(name.clone(), found);
            }
        }
        if session.machine.is_live() {
            whose.work_as = whose.only_one(session, policy)?;
        }
        Ok(whose)
    }

    fn account(&self, group: &Group) -> Option<&Account> {
        self.named.get(group.account.as_ref()?)
    }

    /// Whose rights are needed for all of it; `None` for those of this process.
    fn only_one(&self, session: &Session, policy: &Policy) -> Result<Option<Account>, Failure> {
        let invoking = known_hosts::invoking_user(session)?;
        let own = session.environment.uid;
        let mut needed: Option<(u32, &Item)> = None;
        let mut found = None;
        for item in &policy.items {
            let account = match (&item.account, &item.wish) {
                (Some(name), _) => self.named.get(name),
                (None, Wish::KnownHosts(wish)) if wish.files.is_empty() => invoking.as_ref(),
                (None, _) => None,
            };
            let uid = account.map_or(own, |account| account.uid);
            if own != 0 && uid != own {
                let name = account.map_or("", |account| account.name.as_str());
                let why = format!("only root can change the known_hosts of {name}");
                let hint = "run it with sudo, or as that user";
                return Err(Failure::trouble(why).with_hint(hint).of_policy(&item.place));
            }
            if let Some((other, first)) = needed.filter(|(other, _)| *other != uid) {
                return Err(apart(other, first, uid, item));
            }
            needed = Some((uid, item));
            found = account.filter(|account| account.uid != own).cloned();
        }
        Ok(found)
    }
}

/// What has to be done with the rights of two people is not one transaction.
fn apart(one: u32, first: &Item, other: u32, item: &Item) -> Failure {
    let name = |uid| Account::of_uid(uid).map_or_else(|| format!("uid {uid}"), |found| found.name);
    let why = format!(
        "this is changed with the rights of {}, and line {} with those of {}, which is not one transaction",
        name(other),
        first.place.line,
        name(one)
    );
    let hint = "put the keys of each user into a policy of their own, or into /etc/ssh/ssh_known_hosts with file = …";
    Failure::trouble(why).with_hint(hint).of_policy(&item.place)
}

fn account(session: &Session, name: &str) -> Result<Account, Failure> {
    let found = if session.machine.is_live() {
        Account::named(name)
    } else {
        session.look(&mut Snapshot::default(), |seen| {
            let image = seen.read(Path::new(PASSWD)).ok().flatten()?;
            Account::in_passwd(name, &String::from_utf8_lossy(&image.bytes))
        })
    };
    found.ok_or_else(|| {
        Failure::trouble(format!("there is no user {name}"))
            .with_hint("name an account of the machine")
    })
}
