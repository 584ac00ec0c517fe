//! TCP wrappers (libwrap 7.6.q: refuse.c, diag.c, hosts_access.c, options.c).

use super::rule::{Rule, anybody, of, rule};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{Noted, WrapperFault, WrapperRefused};

const DENIED: Cause = Cause::HostsAccessDenied;
const MALFORMED: Cause = Cause::HostsDenyMalformed;
const OPTION: Cause = Cause::HostsAccessOptionInvalid;

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    of(DENIED, "refused connect from {any} ({addr})", WrapperRefused),
    of(DENIED, "refused connect from {addr}", WrapperRefused),
    of(DENIED, "refused connect from {addr} with IP source routing options", WrapperRefused),
    of(DENIED, "Connection refused by tcp wrapper", WrapperRefused),
    anybody(of(DENIED, "twist {any} to {}", WrapperRefused)),
    of(MALFORMED, "warning: {path}, line {n}: missing newline or line too long", WrapperFault),
    of(OPTION, "{path}, line {n}: bad {}", WrapperFault),
    of(OPTION, "{path}, line {n}: unknown user: {}", WrapperFault),
    of(OPTION, "{path}, line {n}: unknown group: {}", WrapperFault),
    of(OPTION, "{path}, line {n}: option {} requires value", WrapperFault),
    of(OPTION, "{path}, line {n}: option {} requires no value", WrapperFault),
    of(OPTION, "{path}, line {n}: option {} must be at end", WrapperFault),
    anybody(rule("warning: {path}, line {n}: {}", WrapperFault)),
    anybody(rule("warning: cannot open {detail}: {}", WrapperFault)),
    anybody(rule("warning: {}", Noted)),
];
