//! The listener (sshd.c, srclimit.c).

use super::rule::{Rule, anybody, of, rule, unsure};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{
    BindFailed, Broken, Crashed, Dropped, DroppedPenalised, DropsCounted, ForkRejected,
    GraceTimeout, ListenerFault, Listening, Penalty, Restarted, Stopped, ThrottlingBegan,
    ThrottlingEnded, ThrottlingGoesOn,
};

const STARTUPS: Cause = Cause::MaxStartups;
const PENALTY: Cause = Cause::PerSourcePenalty;
const GRACE: Cause = Cause::LoginGraceTime;

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    of(STARTUPS, "drop connection #{n} from [{addr}]:{port} on [{}]:{} past MaxStartups{}", Dropped),
    of(STARTUPS, "drop connection #{n} from [{addr}]:{port} on [{}]:{} past Maxstartups{}", Dropped),
    of(STARTUPS, "drop connection #{n} from [{addr}]:{port} on [{}]:{} Maxstartups{}", Dropped),
    of(
        PENALTY,
        "drop connection #{n} from [{addr}]:{port} on [{}]:{} penalty: {detail}",
        DroppedPenalised,
    ),
    of(PENALTY, "drop connection #{n} from [{addr}]:{port} on {detail}", DroppedPenalised),
    of(STARTUPS, "drop connection #{n}", Dropped),
    of(STARTUPS, "beginning MaxStartups throttling", ThrottlingBegan),
    of(
        STARTUPS,
        "in MaxStartups throttling for {detail}, {n} connections dropped",
        ThrottlingGoesOn,
    ),
    of(
        STARTUPS,
        "exited MaxStartups throttling after {detail}, {n} connections dropped",
        ThrottlingEnded,
    ),
    of(
        STARTUPS,
        "Maxstartups logging rate-limited: additional {n} connections dropped",
        DropsCounted,
    ),
    of(
        PENALTY,
        "PerSourcePenalties logging rate-limited: additional {n} connections dropped",
        DropsCounted,
    ),
    of(
        PENALTY,
        "srclimit_penalise: {word} new {addr}/{} active penalty of {n} seconds for penalty: {detail}",
        Penalty,
    ),
    of(
        PENALTY,
        "srclimit_penalise: {addr}/{}: activating {word} penalty of {n} seconds for penalty: {detail}",
        Penalty,
    ),
    rule(
        "srclimit_penalise: {word} new {addr}/{} deferred penalty of {n} seconds for penalty: {detail}",
        Penalty,
    ),
    of(
        GRACE,
        "Timeout before authentication for connection from {addr} to {}, pid = {n}{}",
        GraceTimeout,
    ),
    of(GRACE, "Timeout before authentication for {addr} port {port}", GraceTimeout),
    of(GRACE, "Timeout before authentication for {addr}", GraceTimeout),
    rule("Server listening on {quoted}.", Listening),
    rule("Received signal {n}; terminating.", Stopped),
    rule("Received SIGHUP; restarting.", Restarted),
    of(
        Cause::PortInUse,
        "Bind to port {n} on {detail} failed: Address already in use.",
        BindFailed,
    ),
    of(
        Cause::MandatoryAccessDenied,
        "Bind to port {n} on {detail} failed: Permission denied.",
        BindFailed,
    ),
    of(Cause::SshdNotRunning, "Bind to port {n} on {} failed: {detail}.", BindFailed),
    of(Cause::SshdNotRunning, "Cannot bind any address.", BindFailed),
    of(Cause::SshdNotRunning, "RESTART FAILED: {detail}", Broken),
    // More descriptors to poll than the process may have (poll(2)): reports of 8.9 with a large
    // MaxStartups; 9.2 was observed to answer with MaxStartups above that limit.
    anybody(of(Cause::ListenerHung, "ppoll: Invalid argument", ListenerFault)),
    anybody(of(Cause::FileDescriptorLimit, "accept: Too many open files{}", ListenerFault)),
    anybody(of(Cause::ProcessLimit, "fork: {detail}", ListenerFault)),
    // On Windows it follows anything that prevents a process from being created.
    unsure(of(Cause::ProcessLimit, "fork of unprivileged child failed", Broken)),
    of(Cause::ProcessLimit, "do_exec_no_pty: fork: {detail}", ForkRejected),
    of(Cause::ProcessLimit, "do_exec_pty: fork: {detail}", ForkRejected),
    of(
        Cause::OutOfMemory,
        "session process {n} for connection from {addr} to {} killed by signal 9{}",
        Crashed,
    ),
    of(
        Cause::ChildCrash,
        "session process {n} for connection from {addr} to {} killed by signal {detail}",
        Crashed,
    ),
    of(
        Cause::ChildCrash,
        "session process {n} for connection from {addr} to {} terminated abnormally, {detail}",
        Crashed,
    ),
    of(
        Cause::ChildCrash,
        "Session process {n} unpriv child crash for connection from {addr} to {detail}",
        Crashed,
    ),
    of(Cause::SshdHelperMissing, "server_accept_loop: startup pipe {detail}", ListenerFault),
];
