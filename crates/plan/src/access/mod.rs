//! Whether those who must not lose access still get in with another configuration of sshd.
//!
//! Checked are the person at the keyboard, this machine itself and each address to be kept: a
//! certain refusal that is new is a loss; a possible one is a doubt.

mod change;
mod doubts;
mod keeper;
mod negotiation;
mod protect;
mod refusals;
mod session;
mod sockets;
mod steps;
mod view;
mod ways;

use std::net::SocketAddr;

use sshmend_lossless::{Origin, Snapshot};
use sshmend_sshd_config::Tree;

pub(crate) use keeper::Keeper;
pub(crate) use protect::protect;
pub use protect::{lockout_between, protect_files};
pub use steps::steps_lockout;

use crate::lockout::Lockout;
use crate::person::Person;
use change::SshdChange;
use view::View;

impl SshdChange<'_> {
    /// Whether all who must not lose access keep it; the worst answer counts.
    pub(crate) fn lockout(&self, person: &Person) -> Lockout {
        let (before, after) = self.trees();
        let judged = person.keepers().into_iter().map(|keeper| {
            let before = View::new(&keeper, &before, self.before, self);
            let after = View::new(&keeper, &after, self.after, self);
            let judged = judge(&before, &after);
            // At a console SSH access is not in use: a refusal that does not affect everybody is
            // only a note.
            let at_console =
                !person.is_remote() && !person.keep.iter().any(|addr| Some(*addr) == keeper.addr);
            keeper.about(match judged {
                Judged::Everybody(why, origin) => Lockout::Loses { why, origin },
                Judged::Them(why, _) if at_console => Lockout::Unknown(why),
                Judged::Them(why, origin) => Lockout::Loses { why, origin },
                Judged::Doubt(why) => Lockout::Unknown(why),
                Judged::Nothing => Lockout::Keeps,
            })
        });
        judged.fold(Lockout::Keeps, Lockout::worse)
    }

    /// The address of this machine to which the person connected, if sshd keeps listening there.
    pub(crate) fn address_of(&self, person: &Person) -> Option<SocketAddr> {
        let own = person.keepers().into_iter().next()?;
        let (ip, port) = own.server?;
        let view = View::new(&own, &self.trees().1, self.after, self);
        sockets::listens(&view).then(|| SocketAddr::new(ip.to_canonical(), port))
    }

    fn trees(&self) -> (Tree, Tree) {
        let tree = |snapshot: &Snapshot| self.readings.read(snapshot, self.main, self.overrides);
        (tree(self.before), tree(self.after))
    }
}

/// The effect of a change on one of them.
enum Judged {
    /// It refuses everybody.
    Everybody(String, Option<Origin>),
    /// It refuses them.
    Them(String, Option<Origin>),
    /// It may refuse them.
    Doubt(String),
    Nothing,
}

/// The first certain refusal after the change that did not exist before it; else the first possible
/// one.
fn judge(before: &View<'_>, after: &View<'_>) -> Judged {
    for rule in refusals::OF_EVERYBODY {
        if let Some((why, origin)) = rule(after) {
            if rule(before).is_none() {
                return Judged::Everybody(why, origin);
            }
        }
    }
    for rule in refusals::OF_ONE {
        if let Some((why, origin)) = rule(after) {
            if rule(before).is_none() {
                return Judged::Them(why, origin);
            }
        }
    }
    match doubts::doubt(before, after) {
        Some(why) => Judged::Doubt(why),
        None => Judged::Nothing,
    }
}

#[cfg(test)]
mod tests;
