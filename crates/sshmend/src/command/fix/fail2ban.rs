//! `sshmend fix fail2ban`: an exemption that lasts, and the ban lifted now.

use sshmend_fail2ban::{Address, Parsed};
use sshmend_host::now;
use sshmend_plan::{Fail2banWish, fail2ban, fail2ban_wants};

use crate::cli::{Apply, FixFail2ban};
use crate::error::{Failure, Outcome};
use crate::execute::execute;
use crate::output::times::future;
use crate::session::Session;

/// Plans and carries out what is wanted of fail2ban.
pub(super) fn fix(session: &Session, arguments: &FixFail2ban, flags: &Apply) -> Result<Outcome, Failure> {
    let wish = Fail2banWish {
        addresses: arguments.ignore.iter().map(|text| address(text)).collect::<Result<_, _>>()?,
        jails: arguments.jail.clone(),
        until: arguments.until.as_deref().map(|text| future(text, now())).transpose()?,
        now: now(),
        live: session.machine.is_live(),
    };
    let snapshot = session.capture(|snapshot| fail2ban_wants(snapshot, wish.live));
    let plan = fail2ban(&snapshot, &wish).map_err(|refusal| Failure::from_refusal(&refusal))?;
    execute(session, plan, flags)
}

fn address(text: &str) -> Result<Parsed, Failure> {
    Address::parse(text).map_err(|error| Failure::trouble(error.to_string()).with_hint(error.hint()))
}
