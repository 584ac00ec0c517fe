//! Clients that TCP wrappers allow.

use sshmend_facts::wrapper_tables;
use sshmend_hosts_access::{Access, HOSTS_ALLOW, HOSTS_DENY, Verdict, access_changes};

use crate::comparison::{Answer, Area, Comparison, Difference, Side};

pub(crate) fn compare(before: &Side<'_>, after: &Side<'_>, found: &mut Comparison) {
    for (second, side) in [(false, before), (true, after)] {
        for path in [HOSTS_ALLOW, HOSTS_DENY] {
            if let Err(why) = side.snapshot.read(path.as_ref()) {
                found.unseen(second, path.as_ref(), why.to_string());
            }
        }
    }
    let (a, b) = (
        wrapper_tables(before.snapshot, false),
        wrapper_tables(after.snapshot, false),
    );
    let changes = access_changes(&a, &b, &["sshd"], &[]);
    for change in changes.all() {
        found.differences.push(Difference {
            area: Area::HostsAccess,
            whom: None,
            what: format!("{} at {}", change.who, change.client.daemon),
            before: answer(&change.before),
            after: answer(&change.after),
        });
    }
    found.left_out += changes.left_out;
}

fn answer(verdict: &Verdict) -> Answer {
    let text = match verdict.access {
        Access::Granted => "granted".to_owned(),
        Access::Denied => "denied".to_owned(),
        Access::Unknown => format!("unknown: {}", verdict.reason),
    };
    Answer::new(text, verdict.origin.clone())
}
