//! `sshmend fix fail2ban`: an exemption that lasts, and the ban lifted now.

use sshmend_fail2ban::{Address, Parsed};
use sshmend_host::now;
use sshmend_plan::{Fail2banWish, Plan, fail2ban, fail2ban_wants};

use crate::cli::FixFail2ban;
use crate::error::Failure;
use crate::output::times::future;
use crate::session::Session;

/// Plans what is wanted of fail2ban.
pub(super) fn plan(session: &Session, arguments: &FixFail2ban) -> Result<Plan, Failure> {
    let wish = Fail2banWish {
        addresses: arguments.ignore.iter().map(|text| address(text)).collect::<Result<_, _>>()?,
        jails: arguments.jail.clone(),
        until: arguments.until.as_deref().map(|text| future(text, now())).transpose()?,
        now: now(),
        live: session.machine.is_live(),
    };
    let snapshot = session.capture(|snapshot| fail2ban_wants(snapshot, wish.live));
    fail2ban(&snapshot, &wish).map_err(|refusal| Failure::from_refusal(&refusal))
}

fn address(text: &str) -> Result<Parsed, Failure> {
    Address::parse(text).map_err(|error| Failure::trouble(error.to_string()).with_hint(error.hint()))
}
