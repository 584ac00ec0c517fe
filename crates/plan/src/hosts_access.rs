//! The plan that lets clients pass TCP wrappers.

use std::path::Path;

use sshmend_facts::{CauseName, wrapper_tables};
use sshmend_hosts_access::{
    Access, AccessChange, AccessChanges, BrokenLine, Client, EVERYBODY_ELSE, Edited, Linkage, Note,
    NoteKind, Permit, Tables, Verdict, Wanted, access_changes, linkage,
};
use sshmend_lossless::{FileChange, Metadata, Origin, Snapshot, elsewhere};

use crate::check::{Check, Expect};
use crate::lockout::Lockout;
use crate::person::Person;
use crate::plan::{Effect, Notice, Plan, Refusal};

/// The program that gives libwrap's own answer, if the package tcpd is installed.
const TCPDMATCH: &str = "/usr/sbin/tcpdmatch";

/// The access shown for further clients if there are too many to compare them all.
pub(crate) const NOT_LOOKED_AT: &str = "not looked at";

/// The most broken lines, and the most remaining denials, to list individually.
const MOST_NAMED: usize = 20;

/// The requested change of hosts.allow and hosts.deny.
#[derive(Debug, Clone)]
pub(crate) struct HostsAccessWish<'a> {
    /// The operation.
    pub order: HostsAccessOrder,
    /// The wrapped program.
    pub daemon: String,
    /// The person who requests it.
    pub person: &'a Person,
    /// Whether programs of the machine can be asked.
    pub live: bool,
    /// Options that commands in notices need in addition, such as ` --root /mnt`.
    pub flags: String,
}

/// The operations on hosts.allow and hosts.deny.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostsAccessOrder {
    /// Let clients in, and change no other answer.
    Allow {
        /// The clients to allow.
        patterns: Vec<Wanted>,
        /// Remove rules that deny exactly one of the patterns at exactly this daemon.
        remove_deny: bool,
    },
    /// Take clients out of the rules that let exactly these in.
    Withdraw(Vec<Wanted>),
    /// Repair exactly these lines.
    Mend(Vec<Origin>),
    /// List possible repairs, and change nothing.
    List,
}

/// Plans the change.
///
/// # Errors
/// If sshd never reads these files, if a file to be written has another owner, or if the clients
/// could not be allowed without changing the answer for others.
pub(crate) fn hosts_access(
    snapshot: &Snapshot,
    wish: &HostsAccessWish<'_>,
) -> Result<Plan, Refusal> {
    let mut plan = Plan {
        purpose: purpose(wish),
        ..Plan::default()
    };
    let Some((linked, before, has_judge)) = snapshot.once_answered(|| captured(snapshot, wish))
    else {
        return Ok(plan);
    };
    plan.notices.extend(linked?);
    let edited = match &wish.order {
        HostsAccessOrder::Allow {
            patterns,
            remove_deny,
        } => before.permit(&Permit {
            patterns: patterns.clone(),
            daemon: wish.daemon.clone(),
            remove_exact_deny: *remove_deny,
        }),
        HostsAccessOrder::Withdraw(patterns) => before.withdraw(patterns, &wish.daemon),
        HostsAccessOrder::Mend(lines) => before.mend(lines),
        HostsAccessOrder::List => before.readable().and_then(|()| before.mend(&[])),
    };
    let edited = edited.map_err(|refusal| Refusal::refused(refusal.to_string(), refusal.hint()))?;
    let new = Metadata {
        mode: 0o644,
        ..Metadata::default()
    };
    plan.files = FileChange::all(snapshot, &edited.edits, &edited.creates, &new);
    plan.files.iter().try_for_each(not_anothers)?;
    plan.notices.extend(notices(&edited));
    plan.notices.extend(offers(&before, wish));
    plan.effects = effects(&before, &edited.after, wish);
    plan.lockout = lockout(&before, &edited.after, wish.person, &wish.daemon);
    if !plan.changes_nothing() && has_judge {
        plan.rehearsal = patterns(wish)
            .iter()
            .flat_map(|wanted| rehearsal(wanted, &wish.daemon))
            .collect();
    }
    Ok(plan)
}

/// Looks up whether the files are used at all, their content, and whether libwrap itself can be
/// queried. Everything derived from long files takes time, and is computed once, when all of it is
/// available.
fn captured(
    snapshot: &Snapshot,
    wish: &HostsAccessWish<'_>,
) -> (Result<Option<Notice>, Refusal>, Tables, bool) {
    let linked = if wish.daemon == "sshd" {
        linked(snapshot)
    } else {
        Ok(None)
    };
    let has_judge = matches!(snapshot.metadata(Path::new(TCPDMATCH)), Ok(Some(_)));
    (linked, wrapper_tables(snapshot, wish.live), has_judge)
}

fn patterns<'w>(wish: &'w HostsAccessWish<'_>) -> &'w [Wanted] {
    if let HostsAccessOrder::Allow { patterns, .. } = &wish.order {
        patterns
    } else {
        &[]
    }
}

fn purpose(wish: &HostsAccessWish<'_>) -> String {
    match &wish.order {
        HostsAccessOrder::Allow { patterns, .. } => {
            let words: Vec<&str> = patterns.iter().map(Wanted::word).collect();
            format!("let {} in", words.join(" "))
        }
        HostsAccessOrder::Withdraw(patterns) => {
            let words: Vec<&str> = patterns.iter().map(Wanted::word).collect();
            format!("no longer allow {}", words.join(" "))
        }
        HostsAccessOrder::Mend(lines) => {
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            format!("mend {}", lines.join(" "))
        }
        HostsAccessOrder::List => "list possible repairs of hosts.allow and hosts.deny".to_owned(),
    }
}

/// Refuses to write a file that a package or a generator installs, or that lies where another
/// program keeps it.
fn not_anothers(change: &FileChange) -> Result<(), Refusal> {
    let (path, target) = (&change.path, change.target());
    let Some(owner) = elsewhere(path, target) else {
        return Ok(());
    };
    let what = format!(
        "{} is a link to {}: {}",
        path.display(),
        target.display(),
        owner.describes()
    );
    Err(Refusal::refused(what, owner.hint(path, target)))
}

/// Whether the files are used at all.
fn linked(snapshot: &Snapshot) -> Result<Option<Notice>, Refusal> {
    match linkage(snapshot) {
        Linkage::Linked(_) => Ok(None),
        Linkage::NotLinked(program) => Err(Refusal::refused(
            format!(
                "{} is not linked with libwrap: it never reads hosts.allow or hosts.deny",
                program.display()
            ),
            "the cause lies elsewhere: sshmend diagnose",
        )),
        Linkage::Unknown(why) => Ok(Some(Notice {
            name: CauseName::LibwrapNotLinked.to_string(),
            text: format!("whether this sshd reads the files is not known: {why}"),
            origin: None,
        })),
    }
}

fn notices(edited: &Edited) -> Vec<Notice> {
    let kept = |note: &&Note| note.kind == NoteKind::DenyKept;
    let said = edited.notes.iter().filter(|note| !kept(note));
    let said = said.chain(edited.notes.iter().filter(kept).take(MOST_NAMED));
    let mut notices: Vec<Notice> = said
        .map(|note| Notice {
            name: note.kind.name().to_owned(),
            text: note.text.clone(),
            origin: note.origin.clone(),
        })
        .collect();
    let more = edited
        .notes
        .iter()
        .filter(kept)
        .count()
        .saturating_sub(MOST_NAMED);
    if more > 0 {
        notices.push(Notice::new(
            NoteKind::DenyKept.name(),
            format!("{more} more rules deny the same and are kept"),
        ));
    }
    notices.extend(edited.owned.iter().map(|owned| {
        let steps = owned.steps().join("; ");
        let text = format!(
            "{} wrote this line and maintains it; to remove it there: {steps}",
            owned.owner.name()
        );
        Notice {
            name: CauseName::HostsDenyOwned.to_string(),
            text,
            origin: Some(owned.origin.clone()),
        }
    }));
    notices
}

/// Other broken lines, each with the command that repairs exactly that line; those being repaired
/// are left out.
fn offers(before: &Tables, wish: &HostsAccessWish<'_>) -> Vec<Notice> {
    let named = if let HostsAccessOrder::Mend(lines) = &wish.order {
        lines.as_slice()
    } else {
        &[]
    };
    let offers = before.offers(&wish.daemon);
    let offers: Vec<&BrokenLine> = offers
        .iter()
        .filter(|offer| !named.contains(&offer.problem.origin))
        .collect();
    let most = if wish.order == HostsAccessOrder::List {
        offers.len()
    } else {
        MOST_NAMED
    };
    let mut notices: Vec<Notice> = offers
        .iter()
        .take(most)
        .map(|offer| self::offer(offer, wish))
        .collect();
    let more = offers.len().saturating_sub(most);
    if more > 0 {
        let text = format!(
            "{more} more lines are broken: sshmend fix hosts-access --mend{} lists them",
            wish.flags
        );
        notices.push(Notice::new(OFFER, text));
    }
    notices
}

/// The name of notices about broken lines that were not to be repaired.
pub const OFFER: &str = "offer";

fn offer(offer: &BrokenLine, wish: &HostsAccessWish<'_>) -> Notice {
    let problem = &offer.problem;
    let text = match &problem.repair {
        None => format!("{}; mend it by hand: {}", problem.message, problem.hint),
        Some(repair) => {
            let daemon = if wish.daemon == "sshd" {
                String::new()
            } else {
                format!(" --daemon {}", wish.daemon)
            };
            let command = format!(
                "sshmend fix hosts-access --mend {}{daemon}{}",
                problem.origin, wish.flags
            );
            let who = offer.changes.as_ref().map(whom).unwrap_or_default();
            format!(
                "{}; {}{who}; to mend it: `{command}`",
                problem.message, repair.effect
            )
        }
    };
    Notice {
        name: OFFER.to_owned(),
        text,
        origin: Some(problem.origin.clone()),
    }
}

/// Who gains and who loses access, a few of them by name.
fn whom(changes: &AccessChanges) -> String {
    const NAMED: usize = 3;
    let list = |verb: &str, changes: &[AccessChange]| {
        let mut changes: Vec<&AccessChange> = changes.iter().collect();
        // The largest group says most, and the machine itself least.
        changes.sort_by_key(|change| {
            (
                change.who != EVERYBODY_ELSE,
                change.client.addr.is_loopback(),
            )
        });
        let names: Vec<String> = changes
            .iter()
            .take(NAMED)
            .map(|change| format!("{} at {}", change.who, change.client.daemon))
            .collect();
        let more = changes.len().saturating_sub(NAMED);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        (!names.is_empty()).then(|| format!("{verb} {}{more}", names.join(", ")))
    };
    let unclear = list("perhaps gained or lost by", &changes.unclear);
    let said: Vec<String> = [
        list("gained by", &changes.gained),
        list("lost by", &changes.lost),
        unclear,
    ]
    .into_iter()
    .flatten()
    .collect();
    let rest = if changes.left_out > 0 {
        ", and others were not checked"
    } else {
        ""
    };
    if said.is_empty() {
        format!("; nobody gains or loses access by that{rest}")
    } else {
        format!("; access is {}{rest}", said.join(", "))
    }
}

/// Who gains and who loses access.
fn effects(before: &Tables, after: &Tables, wish: &HostsAccessWish<'_>) -> Vec<Effect> {
    let own: Vec<Client> = keepers(wish.person, &wish.daemon);
    let changes = access_changes(before, after, &[&wish.daemon], &own);
    let mut effects: Vec<Effect> = changes.all().map(effect).collect();
    if changes.left_out > 0 {
        let what = format!("{} further groups of clients", changes.left_out);
        effects.push(Effect {
            what,
            before: NOT_LOOKED_AT.to_owned(),
            after: NOT_LOOKED_AT.to_owned(),
        });
    }
    effects
}

fn effect(change: &AccessChange) -> Effect {
    let what = format!("{} at {}", change.who, change.client.daemon);
    Effect {
        what,
        before: answer(&change.before),
        after: answer(&change.after),
    }
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

/// Those who must not lose access: the person at the keyboard, and the machine itself.
fn keepers(person: &Person, daemon: &str) -> Vec<Client> {
    let loopback = ["127.0.0.1", "::1"]
        .iter()
        .filter_map(|text| text.parse().ok());
    person
        .addr
        .into_iter()
        .chain(loopback)
        .chain(person.keep.iter().copied())
        .map(|addr| Client::new(addr).at(daemon))
        .collect()
}

/// The same for two states of a machine, at sshd; `live` says that its programs can be asked.
pub(crate) fn hosts_access_lockout(
    before: &Snapshot,
    after: &Snapshot,
    person: &Person,
    live: bool,
) -> Lockout {
    let (before, after) = (wrapper_tables(before, live), wrapper_tables(after, live));
    lockout(&before, &after, person, "sshd")
}

/// Whether TCP wrappers still allow, at a daemon, everybody who must not lose access.
fn lockout(before: &Tables, after: &Tables, person: &Person, daemon: &str) -> Lockout {
    let judged = keepers(person, daemon).into_iter().map(|client| {
        let (was, is) = (before.evaluate(&client), after.evaluate(&client));
        let addr = client.addr;
        match (was.access, is.access) {
            (Access::Denied, _) | (_, Access::Granted) => Lockout::Keeps,
            (_, Access::Denied) => Lockout::Loses {
                why: format!("{addr} would be denied"),
                origin: is.origin,
            },
            (Access::Unknown, Access::Unknown) => Lockout::Keeps,
            (Access::Granted, Access::Unknown) => {
                Lockout::Unknown(format!("{addr}: {}", is.reason))
            }
        }
    });
    let known = judged.fold(Lockout::Keeps, Lockout::worse);
    match lost_by_somebody(before, after, daemon).filter(|_| person.from_unknown) {
        Some(why) => known.worse(Lockout::Unknown(why)),
        None => known,
    }
}

/// A client that loses access by a change, if a person to be kept might be that client.
fn lost_by_somebody(before: &Tables, after: &Tables, daemon: &str) -> Option<String> {
    let changes = access_changes(before, after, &[daemon], &[]);
    let mut lost = changes.lost.iter().chain(&changes.unclear);
    let who = match lost.next() {
        Some(change) => change.who.clone(),
        None if changes.left_out > 0 => "somebody".to_owned(),
        None => return None,
    };
    Some(format!(
        "your address is not known, and {who} may be denied"
    ))
}

/// Queries libwrap itself about every address that the pattern denotes.
fn rehearsal(wanted: &Wanted, daemon: &str) -> Vec<Check> {
    let examples = wanted.examples();
    let addresses = examples
        .iter()
        .filter(|client| !client.addr.is_unspecified())
        .map(|client| client.addr.to_string());
    let checks = addresses.map(|addr| {
        let title = format!("tcpdmatch {daemon} {addr}");
        Check::new(
            &title,
            &[TCPDMATCH, daemon, &addr],
            Expect::Mention("access:   granted".to_owned()),
        )
    });
    checks.collect()
}
