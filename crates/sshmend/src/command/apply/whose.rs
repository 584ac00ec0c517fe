//! The account with whose rights a policy is applied.

use std::collections::BTreeMap;
use std::path::Path;

use sshmend_host::Account;
use sshmend_lossless::Snapshot;
use sshmend_plan::{Context, Ends, Owner, Wish};
use sshmend_policy::{Group, Item, Policy};

use crate::command::fix::known_hosts;
use crate::error::Failure;
use crate::session::Session;

/// The accounts of a mounted disk.
const PASSWD: &str = "/etc/passwd";

/// The accounts that a policy names, and the one it is applied as.
#[derive(Default)]
pub(super) struct Whose {
    named: BTreeMap<String, Account>,
    /// The account to work as: with enough rights, and no more.
    pub(super) work_as: Option<Account>,
}

impl Whose {
    /// Looks the accounts up, below `--root` in the disk's own list.
    pub(super) fn look_up(session: &Session, policy: &Policy) -> Result<Self, Failure> {
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

    pub(super) fn account(&self, group: &Group) -> Option<&Account> {
        self.named.get(group.account.as_ref()?)
    }

    /// The one account whose rights the whole policy needs; `None` if those of this process are
    /// enough.
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

/// Refuses a policy that needs the rights of two accounts: that is not one transaction.
fn apart(one: u32, first: &Item, other: u32, item: &Item) -> Failure {
    let name = |uid| Account::of_uid(uid).map_or_else(|| format!("uid {uid}"), |found| found.name);
    let why = format!(
        "this is changed as {}, and line {} as {}, which cannot be one transaction",
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

/// What a wish of a policy is planned with, in the files of an account if one is given.
pub(super) fn context(session: &Session, account: Option<&Account>) -> Context<'static> {
    let mut context = session.context();
    context.ends = Ends::ByPolicy;
    if let Some(account) = account {
        context.owner = Owner {
            home: account.home.clone(),
            uid: account.uid,
            gid: account.gid,
        };
    }
    context
}
