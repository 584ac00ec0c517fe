use crate::verdict::{Cause, Gate, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "address-conflict",
    title: "another machine answers for the address",
    gate: Gate::Network,
    explain: "\
Two machines with one address, a clone that kept its address, or answers that take another way than the questions
(`rp_filter`): now this machine answers, now that, or a reset comes from one that knows nothing of the connection. The
host key changes from try to try.

**Suspected** when the host key changes and changes back, or connections fail at random while nothing on the server
shows it. **Certain** by two hardware addresses for one address: `arping -D -I eth0 ADDRESS`, `ip neigh`.

**Mended** by giving one of them another address.

**It is not** MaxStartups, which also strikes at random, but says so in its log.",
    server: silent,
    client: silent,
};
