//! `sshmend fix known-hosts`: as the user whose files they are.

use sshmend_host::{Account, become_user, random};
use sshmend_known_hosts::{Destination, Fingerprint, KeyType};
use sshmend_lossless::Snapshot;
use sshmend_plan::{KnownHostsOf, KnownHostsWish, Plan, known_hosts};

use crate::command::known_hosts::wish;
use crate::error::Failure;
use crate::session::Session;

/// In whose session the wish is to be carried out: files that are named are edited by whoever names them.
pub(super) fn session(session: Session, arguments: &KnownHostsOf) -> Result<Session, Failure> {
    let named_files = !arguments.files.is_empty() || arguments.line.is_some();
    if named_files {
        Ok(session)
    } else {
        as_invoking_user(session)
    }
}

/// Plans what is wanted of the host's keys, in the files of an account, else in those of the session.
pub(crate) fn plan(
    session: &Session,
    arguments: &KnownHostsOf,
    account: Option<&Account>,
) -> Result<Plan, Failure> {
    arguments
        .files
        .iter()
        .try_for_each(|file| session.trusted(file).map(drop))?;
    let wish = wish(session, destination(&arguments.host)?, &arguments.files);
    let wish = KnownHostsWish {
        home: account.map_or(wish.home, |account| account.home.clone()),
        uid: account.map_or(wish.uid, |account| account.uid),
        gid: account.map_or(wish.gid, |account| account.gid),
        ..wish
    };
    let wish = complete(session, wish, arguments)?;
    let mut failed = None;
    let mut salt = || {
        random().unwrap_or_else(|reason| {
            failed = Some(reason);
            [0; 20]
        })
    };
    let plan = session.look(&mut Snapshot::default(), |seen| {
        known_hosts(seen, &wish, &mut salt)
    });
    let plan = plan.map_err(|refusal| Failure::from_refusal(&refusal))?;
    match failed {
        Some(reason) => Err(Failure::trouble(format!(
            "nothing was changed: no random bytes: {reason}"
        ))),
        None => Ok(plan),
    }
}

/// Under sudo the files of the one who called it are meant, and they are touched with that user's rights only.
fn as_invoking_user(session: Session) -> Result<Session, Failure> {
    match invoking_user(&session)? {
        Some(account) => work_as(session, &account),
        None => Ok(session),
    }
}

/// Who called sudo, where that is another user than root and this is the running machine.
pub(crate) fn invoking_user(session: &Session) -> Result<Option<Account>, Failure> {
    let sudo = session.environment.sudo.as_ref();
    let Some(sudo) = sudo.filter(|sudo| sudo.uid != 0 && session.machine.is_live()) else {
        return Ok(None);
    };
    let account = Account::of_uid(sudo.uid).ok_or_else(|| {
        Failure::trouble(format!(
            "uid {} of SUDO_UID is not an account of this machine",
            sudo.uid
        ))
    })?;
    Ok(Some(account))
}

/// Becomes that user for good: what is done in a user's own folder is done with that user's rights.
pub(crate) fn work_as(session: Session, account: &Account) -> Result<Session, Failure> {
    let message = format!("cannot work as {}, whose files they are", account.name);
    become_user(account).map_err(|error| Failure::caused(message, &error))?;
    Ok(session.of(account))
}

fn destination(host: &str) -> Result<Destination, Failure> {
    Destination::parse(host)
        .map_err(|error| Failure::trouble(error.to_string()).with_hint(error.hint()))
}

fn complete(
    session: &Session,
    wish: KnownHostsWish,
    arguments: &KnownHostsOf,
) -> Result<KnownHostsWish, Failure> {
    let fingerprint = |text: &String| {
        Fingerprint::parse(text)
            .map_err(|error| Failure::trouble(error.to_string()).with_hint(error.hint()))
    };
    Ok(KnownHostsWish {
        expected: arguments
            .fingerprints
            .iter()
            .map(fingerprint)
            .collect::<Result<_, _>>()?,
        key_type: arguments.key_type.as_deref().map(key_type).transpose()?,
        line: arguments
            .line
            .as_ref()
            .map(|line| Ok((session.trusted(&line.path)?, line.line)))
            .transpose()?,
        key_file: arguments
            .key_file
            .as_deref()
            .map(|path| session.trusted(path))
            .transpose()?,
        offline: arguments.offline,
        ..wish
    })
}

fn key_type(text: &str) -> Result<KeyType, Failure> {
    KeyType::parse(text).ok_or_else(|| {
        Failure::trouble(format!("not a key type that ssh knows: {text}"))
            .with_hint("such as ssh-ed25519 or ssh-rsa")
    })
}
