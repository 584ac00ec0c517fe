//! sshd cannot work: configuration, keys, directories, helpers, libraries.

use super::rule::{Rule, anybody, of, rule, shared, unsure};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{AccessDenied, Broken, ChrootRefused, Crashed, HostKeyUnusable, Noted};

const CONFIG: Cause = Cause::SshdConfigInvalid;
const KEYS: Cause = Cause::HostKeysMissing;
const KEY_MODES: Cause = Cause::HostKeysPermissions;
const PRIVSEP: Cause = Cause::PrivsepDirectory;
const HELPER: Cause = Cause::SshdHelperMissing;
const STALE: Cause = Cause::SshdStaleAfterUpgrade;
const CRASH: Cause = Cause::ChildCrash;
const DENIED: Cause = Cause::MandatoryAccessDenied;
const LIBRARY: Cause = Cause::LibraryMismatch;

/// The configuration is named by its path, as `rexec` in the process of a connection, as
/// `command-line` for `-o`.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    anybody(rule("{config} line {n}: Deprecated option {detail}", Noted)),
    rule("rexec line {n}: Deprecated option {detail}", Noted),
    anybody(rule("{config} line {n}: Unsupported option {detail}", Noted)),
    rule("rexec line {n}: Unsupported option {detail}", Noted),
    anybody(of(CONFIG, "{config}: line {n}: Bad configuration option: {detail}", Broken)),
    of(CONFIG, "rexec: line {n}: Bad configuration option: {detail}", Broken),
    anybody(of(CONFIG, "command-line: line {n}: Bad configuration option: {detail}", Broken)),
    anybody(of(CONFIG, "{config} line {n}: {detail}", Broken)),
    of(CONFIG, "rexec line {n}: {detail}", Broken),
    // A file that is checked before it is put in place has any name.
    of(CONFIG, "Directive '{quoted}' is not allowed within a Match block", Broken),
    anybody(of(CONFIG, "command-line line {n}: {detail}", Broken)),
    anybody(of(CONFIG, "{config}: terminating, {n} bad configuration options", Broken)),
    of(CONFIG, "rexec: terminating, {n} bad configuration options", Broken),
    anybody(of(CONFIG, "Too many recursive configuration includes", Broken)),
    of(KEYS, "sshd: no hostkeys available -- exiting.", Broken),
    of(KEYS, "no hostkeys available -- exiting.", Broken),
    of(Cause::AlgorithmMismatch, "No supported key exchange algorithms", Broken),
    rule("Could not load host key: {detail}", HostKeyUnusable),
    rule("Unable to load host key: {detail}", HostKeyUnusable),
    of(KEY_MODES, "Unable to load host key \"{detail}\": bad permissions", HostKeyUnusable),
    unsure(of(KEYS, "Unable to load host key \"{detail}\": invalid format", HostKeyUnusable)),
    unsure(of(KEYS, "Unable to load host key \"{detail}\": error in libcrypto", HostKeyUnusable)),
    rule("Unable to load host key \"{detail}\": {}", HostKeyUnusable),
    shared(of(KEY_MODES, "Permissions {word} for '{detail}' are too open.", HostKeyUnusable)),
    shared(of(KEY_MODES, "Permissions for '{detail}' are too open.", HostKeyUnusable)),
    shared(of(KEY_MODES, "bad permissions: ignore key: {detail}", HostKeyUnusable)),
    of(PRIVSEP, "Missing privilege separation directory: {detail}", Broken),
    of(PRIVSEP, "{path} must be owned by root and not group or world-writable.", Broken),
    anybody(of(DENIED, "chroot(\"{detail}\"): Operation not permitted", AccessDenied)),
    anybody(of(PRIVSEP, "chroot(\"{detail}\"): {}", ChrootRefused)),
    anybody(of(DENIED, "setgroups: Operation not permitted", AccessDenied)),
    anybody(of(DENIED, "setresgid {n}: Operation not permitted", AccessDenied)),
    anybody(of(DENIED, "setresuid {n}: Operation not permitted", AccessDenied)),
    anybody(of(Cause::FileDescriptorLimit, "{path}: Too many open files", Broken)),
    of(Cause::PrivsepUserMissing, "Privilege separation user {detail} does not exist", Broken),
    of(HELPER, "rexec of {detail} failed: {}", Broken),
    of(HELPER, "privsep_preauth: exec of {detail} failed: {}", Broken),
    anybody(of(HELPER, "{path} does not exist or is not executable", Broken)),
    // Every release sends and expects version 0: no upgrade leads to this message.
    rule("recv_rexec_state: rexec version mismatch", Broken),
    // A listener of 8.1 or older with sshd 8.2, of 9.7 or older with 9.8, of 9.8 or 9.9 with 10.0.
    of(STALE, "recv_rexec_state: buffer error: incomplete message", Broken),
    of(STALE, "-R not supported here", Broken),
    of(STALE, "recv_rexec_state: ssh_msg_recv failed", Broken),
    of(STALE, "deserialise_server_options: unsupported config blob version {n}", Broken),
    shared(of(LIBRARY, "OpenSSL version mismatch. Built against {detail}", Broken)),
    anybody(of(LIBRARY, "/{}: error while loading shared libraries: {detail}", Broken)),
    of(LIBRARY, "sshd{}: error while loading shared libraries: {detail}", Broken),
    of(CRASH, "privsep_preauth: preauth child terminated by signal {n}", Crashed),
    of(CRASH, "mm_reap: preauth child terminated by signal {n}", Crashed),
    of(CRASH, "mm_reap: child terminated by signal {n}", Crashed),
    of(CRASH, "monitor_child_preauth: preauth child {n} terminated by signal {detail}", Crashed),
];
