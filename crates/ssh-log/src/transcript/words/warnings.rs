//! The lines of ssh's long warnings that do not report the failure themselves. People paste such a
//! line alone, because it is the one in capitals or the last one on the screen.

use super::sign::Scope::Anywhere;
use super::sign::{Row, Sign, Symptom};

const fn around(pattern: &'static str, symptom: Symptom) -> Row {
    (pattern, Sign::Around(symptom), Anywhere)
}

/// Messages of `authfile.c` and `sshconnect.c`.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    around("WARNING: UNPROTECTED PRIVATE KEY FILE!", Symptom::KeyIgnored),
    around(
        "It is required that your private key files are NOT accessible by others.",
        Symptom::KeyIgnored,
    ),
    // Up to OpenSSH 5.8.
    around(
        "It is recommended that your private key files are NOT accessible by others.",
        Symptom::KeyIgnored,
    ),
    around("This private key will be ignored.", Symptom::KeyIgnored),
    around("WARNING: POSSIBLE DNS SPOOFING DETECTED!", Symptom::HostKeyChanged),
    around("The {word} host key for {} has changed,", Symptom::HostKeyChanged),
    around("DNS SPOOFING is happening or the IP address for the host", Symptom::HostKeyChanged),
    around("and its host key have changed at the same time.", Symptom::HostKeyChanged),
    around("IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!", Symptom::HostKeyChanged),
    around(
        "Someone could be eavesdropping on you right now (man-in-the-middle attack)!",
        Symptom::HostKeyChanged,
    ),
    around("It is also possible that a host key has just been changed.", Symptom::HostKeyChanged),
    around(
        "It is also possible that the {word} host key has just been changed.",
        Symptom::HostKeyChanged,
    ),
    around(
        "The fingerprint for the {word} key sent by the remote host is",
        Symptom::HostKeyChanged,
    ),
    around("Add correct host key in {} to get rid of this message.", Symptom::HostKeyChanged),
    around("Offending {word} key in {}:{n}", Symptom::HostKeyChanged),
    around(
        "Update the SSHFP RR in DNS with the new host key to get rid of this message.",
        Symptom::HostKeyChanged,
    ),
    // After a revoked key as well: the lines above would say so.
    around(
        "authentication is disabled to avoid man-in-the-middle attacks.",
        Symptom::HostKeyChanged,
    ),
    around("forwarding is disabled to avoid man-in-the-middle attacks.", Symptom::HostKeyChanged),
    around("forwarding disabled due to host key check failure", Symptom::HostKeyChanged),
    around("This could mean that a stolen key is being used to", Symptom::HostKeyRevoked),
    around("impersonate this host.", Symptom::HostKeyRevoked),
    around("This key is not known by any other names", Symptom::HostKeyAsked),
    around("This host key is known by the following other names/addresses:", Symptom::HostKeyAsked),
    around("Are you sure you want to continue connecting (yes/no", Symptom::HostKeyAsked),
    around("Please type 'yes', 'no' or the fingerprint", Symptom::HostKeyAsked),
];
