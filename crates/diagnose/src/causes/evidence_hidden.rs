use crate::verdict::{Cause, Gate, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "evidence-hidden",
    title: "this release or log level writes nothing about it",
    gate: Gate::Client,
    explain: "\
What sshd does not log cannot be found in the log. From 7.4 to 8.3 drops by MaxStartups are written at `LogLevel
VERBOSE` only; from 9.8 to 10.0 the same goes for new penalties; Debian 12's 9.2 writes nothing when `LoginGraceTime`
runs out; from 8.0 to 8.2 `kex_exchange_identification: …` names no address; and without root or the groups `adm` and
`systemd-journal` the whole log is hidden.

**Known** by the release, the log level and who asks: the diagnosis lists it under what was not checked, never as a
sign that nothing happened.

**Mended** by running as root, and by `sshmend fix log-level`, which sets VERBOSE for a while and takes it back.

**It is no cause** of a connection that dies.",
    server: silent,
    client: silent,
};
