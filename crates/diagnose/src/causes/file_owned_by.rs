use crate::verdict::{Cause, Gate, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "file-owned-by",
    title: "another program will write the file again",
    gate: Gate::Client,
    explain: "\
A file that says `Ansible managed`, comes from Puppet, Chef or cloud-init (`50-cloud-init.conf`), or holds the lines
of DenyHosts or fail2ban is written by a program. A change made by hand is lost at that program's next run.

**Known** by the words in the file. The plan of a change says it before anything is written.

**Mended** by making the change where the program takes it from.

**It is no cause** of a connection that dies; it says how long a fix will last.",
    server: silent,
    client: silent,
};
