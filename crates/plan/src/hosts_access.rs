//! The plan that lets clients through TCP wrappers.

use std::path::Path;

use sshmend_hosts_access::{
    Access, AccessChange, Client, Edited, Linkage, Permit, ProblemKind, Tables, Verdict, Wanted, access_changes,
    linkage, linkage_wants, wants,
};
use sshmend_lossless::{Entry, Metadata, Origin, Request, Snapshot};

use crate::check::{Check, Expect};
use crate::future::files;
use crate::lockout::Lockout;
use crate::person::Person;
use crate::plan::{Effect, Notice, Plan, Refusal};

/// libwrap's own answer, where the package tcpd is installed.
const TCPDMATCH: &str = "/usr/sbin/tcpdmatch";

/// What is mended without being asked for: what hides rules, and what does not mean what it seems to mean.
const MENDED: [ProblemKind; 5] = [
    ProblemKind::MissingNewline,
    ProblemKind::TooLong,
    ProblemKind::ByteOrderMark,
    ProblemKind::LiveComment,
    ProblemKind::DeadPattern,
];

/// What is wanted of hosts.allow and hosts.deny.
#[derive(Debug, Clone)]
pub struct HostsAccessWish<'a> {
    /// Who is to be let in; empty: only mend what is malformed.
    pub patterns: Vec<Wanted>,
    /// The wrapped program.
    pub daemon: String,
    /// Remove rules that deny exactly one of the patterns.
    pub remove_deny: bool,
    /// The person who wants it.
    pub person: &'a Person,
}

/// What is to be looked at for [`hosts_access`]; call it again with the answers until it returns nothing.
pub fn hosts_access_wants(snapshot: &Snapshot) -> Vec<Request> {
    let judge = Request::Stat(TCPDMATCH.into());
    let mut wanted = wants(snapshot);
    wanted.extend(linkage_wants(snapshot));
    wanted.extend((!snapshot.answers(&judge)).then_some(judge));
    wanted
}

/// Plans the change.
///
/// # Errors
/// When sshd never reads these files, or the clients could not be let in.
pub fn hosts_access(snapshot: &Snapshot, wish: &HostsAccessWish<'_>) -> Result<Plan, Refusal> {
    let mut plan = Plan { purpose: purpose(wish), ..Plan::default() };
    if wish.daemon == "sshd" {
        plan.notices.extend(linked(snapshot)?);
    }
    let before = Tables::read(snapshot);
    let permit = Permit {
        daemon: wish.daemon.clone(),
        mend: MENDED.into(),
        remove_exact_deny: wish.remove_deny,
        ..Permit::new(wish.patterns.clone())
    };
    let edited = before.permit(&permit).map_err(|refusal| Refusal::refused(refusal.to_string(), refusal.hint()))?;
    let new = Metadata { mode: 0o644, ..Metadata::default() };
    plan.files = files(snapshot, &edited.edits, &edited.creates, &new);
    plan.notices.extend(notices(&edited));
    plan.effects = effects(&before, &edited.after, wish);
    plan.lockout = lockout(&before, &edited.after, wish);
    if !plan.changes_nothing() && matches!(snapshot.entry(Path::new(TCPDMATCH)), Some(Entry::Seen(_))) {
        plan.rehearsal = wish.patterns.iter().flat_map(|wanted| rehearsal(wanted, &wish.daemon)).collect();
    }
    Ok(plan)
}

fn purpose(wish: &HostsAccessWish<'_>) -> String {
    let words: Vec<&str> = wish.patterns.iter().map(Wanted::word).collect();
    if words.is_empty() { "mend the tables of TCP wrappers".to_owned() } else { format!("let {} in", words.join(" ")) }
}

/// Whether the files count at all.
fn linked(snapshot: &Snapshot) -> Result<Option<Notice>, Refusal> {
    match linkage(snapshot) {
        Linkage::Linked(_) => Ok(None),
        Linkage::NotLinked(program) => Err(Refusal::refused(
            format!("{} is not linked with libwrap: it never reads hosts.allow or hosts.deny", program.display()),
            "the cause lies elsewhere: sshmend diagnose",
        )),
        Linkage::Unknown(why) => Ok(Some(Notice {
            name: "libwrap-not-linked".to_owned(),
            text: format!("whether this sshd reads the files cannot be said: {why}"),
            origin: None,
        })),
    }
}

fn notices(edited: &Edited) -> Vec<Notice> {
    let notice = |name: &str, text: String, origin: Option<Origin>| Notice { name: name.to_owned(), text, origin };
    let notes = edited.notes.iter().map(|note| notice("mended", note.text.clone(), note.origin.clone()));
    let mut notices: Vec<Notice> = notes.collect();
    notices.extend(edited.offers.iter().map(|offer| notice("offer", offer.text.clone(), Some(offer.origin.clone()))));
    notices.extend(edited.owned.iter().map(|owned| {
        let steps = owned.steps().join("; ");
        let text = format!("{} wrote this line and keeps it; take it back there: {steps}", owned.owner.name());
        notice("hosts-deny-owned", text, Some(owned.origin.clone()))
    }));
    notices
}

/// Who gains and who loses access.
fn effects(before: &Tables, after: &Tables, wish: &HostsAccessWish<'_>) -> Vec<Effect> {
    let own: Vec<Client> = keepers(wish.person, &wish.daemon);
    let changes = access_changes(before, after, &[&wish.daemon], &own);
    let all = changes.gained.iter().chain(&changes.lost).chain(&changes.unclear);
    let mut effects: Vec<Effect> = all.map(effect).collect();
    if changes.left_out > 0 {
        let what = format!("{} further groups of clients", changes.left_out);
        effects.push(Effect { what, before: "not looked at".to_owned(), after: "not looked at".to_owned() });
    }
    effects
}

fn effect(change: &AccessChange) -> Effect {
    let what = format!("{} at {}", change.who, change.client.daemon);
    Effect { what, before: answer(&change.before), after: answer(&change.after) }
}

fn answer(verdict: &Verdict) -> String {
    let access = match verdict.access {
        Access::Granted => "granted",
        Access::Denied => "denied",
        Access::Unknown => "unknown",
    };
    match &verdict.origin {
        Some(origin) => format!("{access} ({origin})"),
        None => format!("{access} (no rule)"),
    }
}

/// Who must not lose access: the person at the keyboard, and the machine itself.
fn keepers(person: &Person, daemon: &str) -> Vec<Client> {
    let loopback = ["127.0.0.1", "::1"].iter().filter_map(|text| text.parse().ok());
    person.addr.into_iter().chain(loopback).map(|addr| Client::new(addr).at(daemon)).collect()
}

fn lockout(before: &Tables, after: &Tables, wish: &HostsAccessWish<'_>) -> Lockout {
    let judged = keepers(wish.person, &wish.daemon).into_iter().map(|client| {
        let (was, is) = (before.evaluate(&client), after.evaluate(&client));
        let addr = client.addr;
        match (was.access, is.access) {
            (Access::Denied, _) | (_, Access::Granted) => Lockout::Keeps,
            (_, Access::Denied) => Lockout::Loses { why: format!("{addr} would be denied"), origin: is.origin },
            (Access::Unknown, Access::Unknown) => Lockout::Keeps,
            (Access::Granted, Access::Unknown) => Lockout::Unknown(format!("{addr}: {}", is.reason)),
        }
    });
    judged.fold(Lockout::Keeps, Lockout::worse)
}

/// libwrap itself is asked about every address that the pattern stands for.
fn rehearsal(wanted: &Wanted, daemon: &str) -> Vec<Check> {
    let examples = wanted.examples();
    let addresses =
        examples.iter().filter(|client| !client.addr.is_unspecified()).map(|client| client.addr.to_string());
    let checks = addresses.map(|addr| {
        let title = format!("tcpdmatch {daemon} {addr}");
        Check::new(&title, &[TCPDMATCH, daemon, &addr], Expect::Mention("access:   granted".to_owned()))
    });
    checks.collect()
}
