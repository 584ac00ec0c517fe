//! `sshmend fix known-hosts`: runs as the owner of the files.

use sshmend_host::{Account, become_user};
use sshmend_plan::KnownHostsOf;

use crate::error::Failure;
use crate::session::Session;

/// The session in which to carry the wish out. Files that are named are edited with the rights of
/// the caller.
pub(super) fn session(session: Session, arguments: &KnownHostsOf) -> Result<Session, Failure> {
    let named_files = !arguments.files.is_empty() || arguments.line.is_some();
    if named_files {
        Ok(session)
    } else {
        as_invoking_user(session)
    }
}

/// Under sudo the files of the calling user are meant, and they are edited with that user's rights
/// only.
fn as_invoking_user(session: Session) -> Result<Session, Failure> {
    match invoking_user(&session)? {
        Some(account) => work_as(session, &account),
        None => Ok(session),
    }
}

/// The user who called sudo, if that is not root and this is the running machine.
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

/// Becomes that user permanently: work in a user's own folder is done with that user's rights.
pub(crate) fn work_as(session: Session, account: &Account) -> Result<Session, Failure> {
    let message = format!("cannot work as {}, whose files they are", account.name);
    become_user(account).map_err(|error| Failure::caused(message, &error))?;
    Ok(session.of(account))
}
