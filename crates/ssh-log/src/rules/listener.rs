//! The listener (sshd.c, srclimit.c).

use super::{Rule, anybody, of, rule};
use crate::kind::Kind::{
    BindFailed, Broken, Crashed, Dropped, DroppedPenalised, DropsCounted, ForkRejected,
    GraceTimeout, ListenerFault, Listening, Penalty, Restarted, Stopped, ThrottlingBegan,
    ThrottlingEnded, ThrottlingGoesOn,
};

const STARTUPS: &str = "max-startups";
const PENALTY: &str = "per-source-penalty";
const GRACE: &str = "login-grace-time";

pub(super) const RULES: &[Rule] = &[
    of(
        STARTUPS,
        "drop connection #{n} from [{addr}]:{port} on [{}]:{} past MaxStartups",
        Dropped,
    ),
    of(
        STARTUPS,
        "drop connection #{n} from [{addr}]:{port} on [{}]:{} past Maxstartups",
        Dropped,
    ),
    of(
        STARTUPS,
        "drop connection #{n} from [{addr}]:{port} on [{}]:{} Maxstartups",
        Dropped,
    ),
    of(
        PENALTY,
        "drop connection #{n} from [{addr}]:{port} on [{}]:{} penalty: {detail}",
        DroppedPenalised,
    ),
    of(
        PENALTY,
        "drop connection #{n} from [{addr}]:{port} on {detail}",
        DroppedPenalised,
    ),
    of(STARTUPS, "drop connection #{n}", Dropped),
    of(
        STARTUPS,
        "beginning MaxStartups throttling",
        ThrottlingBegan,
    ),
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
    of(
        GRACE,
        "Timeout before authentication for {addr} port {port}",
        GraceTimeout,
    ),
    of(
        GRACE,
        "Timeout before authentication for {addr}",
        GraceTimeout,
    ),
    rule("Server listening on {quoted}.", Listening),
    rule("Received signal {n}; terminating.", Stopped),
    rule("Received SIGHUP; restarting.", Restarted),
    of(
        "port-in-use",
        "Bind to port {n} on {detail} failed: Address already in use.",
        BindFailed,
    ),
    of(
        "mandatory-access-denied",
        "Bind to port {n} on {detail} failed: Permission denied.",
        BindFailed,
    ),
    of(
        "sshd-not-running",
        "Bind to port {n} on {} failed: {detail}.",
        BindFailed,
    ),
    of("sshd-not-running", "Cannot bind any address.", BindFailed),
    of("sshd-not-running", "RESTART FAILED: {detail}", Broken),
    // More descriptors to wait for than the process may have (poll(2)): from 8.9 on with a large MaxStartups.
    anybody(of(
        "listener-hung",
        "ppoll: Invalid argument",
        ListenerFault,
    )),
    anybody(of(
        "file-descriptor-limit",
        "accept: Too many open files{}",
        ListenerFault,
    )),
    anybody(of("process-limit", "fork: {detail}", ListenerFault)),
    of("process-limit", "fork of unprivileged child failed", Broken),
    of(
        "process-limit",
        "do_exec_no_pty: fork: {detail}",
        ForkRejected,
    ),
    of("process-limit", "do_exec_pty: fork: {detail}", ForkRejected),
    of(
        "out-of-memory",
        "session process {n} for connection from {addr} to {} killed by signal 9{}",
        Crashed,
    ),
    of(
        "child-crash",
        "session process {n} for connection from {addr} to {} killed by signal {detail}",
        Crashed,
    ),
    of(
        "child-crash",
        "session process {n} for connection from {addr} to {} terminated abnormally, {detail}",
        Crashed,
    ),
    of(
        "child-crash",
        "Session process {n} unpriv child crash for connection from {addr} to {detail}",
        Crashed,
    ),
    of(
        "sshd-helper-missing",
        "server_accept_loop: startup pipe {detail}",
        ListenerFault,
    ),
];
