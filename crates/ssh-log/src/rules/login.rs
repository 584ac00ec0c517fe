//! The reasons why a login fails, in sshd's messages (auth*.c, groupaccess.c, session.c, sshpty.c,
//! uidswap.c): a key that is not accepted, a list of keys or a certificate that cannot be used, a
//! session that cannot be set up.

use super::rule::{Rule, anybody, of, rule, shared, unsure};
use crate::cause::CauseName as Cause;
use crate::kind::Kind::{
    AccessDenied, AuthFailed, Broken, ChrootRefused, ConnectionError, HostKeyUnusable, InvalidUser,
    KeyRefused, KeyRevoked, ListenerFault, LoginFault, Noted, PamDenied, SessionFault, UserDenied,
};

const DENIED: Cause = Cause::UserNotAllowed;
const CONFIG: Cause = Cause::SshdConfigInvalid;
/// A failure inside a connection that is logged in.
const SESSIONS: Cause = Cause::MaxSessions;

pub(super) const RULES: &[Rule] = &[
    // Values that the configuration cannot have.
    of(
        CONFIG,
        "AuthenticationMethods cannot be satisfied by enabled authentication methods",
        Broken,
    ),
    of(
        CONFIG,
        "AuthorizedKeysCommand set without AuthorizedKeysCommandUser",
        Broken,
    ),
    of(
        CONFIG,
        "AuthorizedPrincipalsCommand set without AuthorizedPrincipalsCommandUser",
        Broken,
    ),
    of(CONFIG, "Configuration file is too large {detail}", Broken),
    // Keys and their algorithms.
    of(
        DENIED,
        "userauth_pubkey: signature algorithm {detail}",
        KeyRefused,
    ),
    of(DENIED, "userauth_pubkey: key type {detail}", KeyRefused),
    of(
        DENIED,
        "userauth_pubkey: certificate signature algorithm {detail}",
        KeyRefused,
    ),
    of(
        DENIED,
        "userauth_pubkey: unsupported public key algorithm: {detail}",
        KeyRefused,
    ),
    of(DENIED, "Refusing RSA key because {detail}", KeyRefused),
    of(DENIED, "refusing {word} key: {detail}", KeyRefused),
    rule("refusing previously-used {word} key", Noted),
    of(
        DENIED,
        "public key {word} signature for {user} from {addr} port {port} rejected: {detail}",
        KeyRefused,
    ),
    of(
        DENIED,
        "public key {word} {word} signature for {user} from {addr} port {port} rejected: {detail}",
        KeyRefused,
    ),
    of(
        DENIED,
        "WARNING: revoked key for {user} attempted authentication",
        KeyRevoked,
    ),
    // The lists of keys.
    of(
        DENIED,
        "Could not open user '{user}' authorized keys {detail}",
        KeyRefused,
    ),
    of(
        DENIED,
        "Could not open user '{user}' authorized principals {detail}",
        KeyRefused,
    ),
    of(DENIED, "User '{user}' authorized keys {detail}", KeyRefused),
    of(
        DENIED,
        "User '{user}' authorized principals {detail}",
        KeyRefused,
    ),
    of(DENIED, "User {user} authorized keys {detail}", KeyRefused),
    of(
        DENIED,
        "User {user} authorized principals {detail}",
        KeyRefused,
    ),
    of(
        DENIED,
        "Authentication tried for {user} with correct key but not from a permitted host {detail}",
        KeyRefused,
    ),
    of(
        DENIED,
        "Authentication tried for {user} with valid certificate but not from a permitted {detail}",
        KeyRefused,
    ),
    // The line of the list, or the certificate, precedes it (auth.c, auth_authorise_keyopts).
    of(
        DENIED,
        "{path}: Authentication tried for {user} with correct key but not from a permitted host {detail}",
        KeyRefused,
    ),
    of(
        DENIED,
        "{path}: Authentication tried for {user} with valid certificate but not from a permitted {detail}",
        KeyRefused,
    ),
    of(
        DENIED,
        "cert: Authentication tried for {user} with valid certificate but not from a permitted {detail}",
        KeyRefused,
    ),
    shared(of(DENIED, "Refused by certificate options", KeyRefused)),
    shared(of(
        DENIED,
        "Refused by certificate options at {detail}",
        KeyRefused,
    )),
    of(DENIED, "Bad options in {detail}", KeyRefused),
    of(
        DENIED,
        "Inconsistent authentication options: {detail}",
        KeyRefused,
    ),
    of(DENIED, "match_principals_command: {detail}", KeyRefused),
    of(
        DENIED,
        "Could not stat AuthorizedKeysCommand {detail}",
        KeyRefused,
    ),
    of(
        DENIED,
        "Could not stat AuthorizedPrincipalsCommand {detail}",
        KeyRefused,
    ),
    of(DENIED, "Unsafe AuthorizedKeysCommand {detail}", KeyRefused),
    of(
        DENIED,
        "Unsafe AuthorizedPrincipalsCommand {detail}",
        KeyRefused,
    ),
    of(DENIED, "AuthorizedKeysCommand {detail}", KeyRefused),
    of(DENIED, "AuthorizedKeysCommandUser {detail}", KeyRefused),
    of(DENIED, "AuthorizedPrincipalsCommand {detail}", KeyRefused),
    of(
        DENIED,
        "AuthorizedPrincipalsCommandUser {detail}",
        KeyRefused,
    ),
    of(
        DENIED,
        "No user for AuthorizedKeysCommand specified, skipping",
        KeyRefused,
    ),
    of(
        DENIED,
        "No user for AuthorizedPrincipalsCommand specified, skipping",
        KeyRefused,
    ),
    // Certificates (sshkey.c, sshkey_cert_check_authority; auth-options.c).
    of(DENIED, "Refusing certificate ID {detail}", KeyRefused),
    shared(of(DENIED, "Certificate invalid: {detail}", KeyRefused)),
    shared(of(DENIED, "Certificate lacks principal list", KeyRefused)),
    shared(of(
        DENIED,
        "Certificate does not contain an authorized principal",
        KeyRefused,
    )),
    shared(of(
        DENIED,
        "Certificate critical option {detail}",
        KeyRefused,
    )),
    shared(of(DENIED, "Certificate has multiple {detail}", KeyRefused)),
    shared(of(DENIED, "Certificate option {detail}", KeyRefused)),
    shared(of(
        DENIED,
        "Certificate source-address {detail}",
        KeyRefused,
    )),
    of(
        DENIED,
        "{path}: Certificate source-address {detail}",
        KeyRefused,
    ),
    of(
        DENIED,
        "cert: Certificate source-address {detail}",
        KeyRefused,
    ),
    anybody(of(
        DENIED,
        "Unable to parse certificate options: {detail}",
        KeyRefused,
    )),
    anybody(of(DENIED, "Unable to parse {detail}", KeyRefused)),
    rule("Certificate extension {detail}", Noted),
    // Methods and accounts.
    of(
        DENIED,
        "User {user} password has expired {detail}",
        UserDenied,
    ),
    of(
        DENIED,
        "Login name {user} does not match stored username {detail}",
        UserDenied,
    ),
    of(DENIED, "Access denied for user {user}.", PamDenied),
    anybody(of(DENIED, "Password expired{detail}", PamDenied)),
    of(DENIED, "Invalid AllowUsers pattern {detail}", LoginFault),
    of(DENIED, "Invalid DenyUsers pattern {detail}", LoginFault),
    of(DENIED, "Authentication methods list {detail}", LoginFault),
    of(
        DENIED,
        "No AuthenticationMethods left after eliminating disabled methods",
        LoginFault,
    ),
    of(DENIED, "Disabled method {detail}", LoginFault),
    of(DENIED, "Unknown authentication method {detail}", LoginFault),
    of(DENIED, "empty authentication method list", LoginFault),
    of(DENIED, "getgrouplist{detail}", LoginFault),
    of(DENIED, "PAM: initialisation failed", LoginFault),
    of(DENIED, "PAM: initialization failed", LoginFault),
    of(
        DENIED,
        "PAM: authentication thread exited {detail}",
        LoginFault,
    ),
    of(
        DENIED,
        "PAM: failed to start authentication thread: {detail}",
        LoginFault,
    ),
    of(DENIED, "PAM: pam_setcred(): {detail}", PamDenied),
    of(DENIED, "PAM: pam_chauthtok(): {detail}", PamDenied),
    rule("PAM: pam_putenv: {detail}", Noted),
    rule("Username too long from {addr} port {port}", InvalidUser),
    rule(
        "Rhosts authentication refused for {user}: {detail}",
        AuthFailed,
    ),
    rule("User {user} hosts file {detail}", AuthFailed),
    rule("userauth_hostbased{detail}", AuthFailed),
    rule("password change not supported", AuthFailed),
    rule("Badly formed OID received", AuthFailed),
    rule("GSSAPI MIC check failed", AuthFailed),
    rule("userauth_gssapi: {detail}", AuthFailed),
    // The session.
    of(DENIED, "chroot path {detail}", ChrootRefused),
    of(DENIED, "safely_chroot: {detail}", ChrootRefused),
    of(
        DENIED,
        "Unable to chdir to chroot path {detail}",
        ChrootRefused,
    ),
    of(
        DENIED,
        "server lacks privileges to chroot to ChrootDirectory",
        ChrootRefused,
    ),
    of(DENIED, "Failed to set uids to {n}.", SessionFault),
    of(DENIED, "set_id({any}) Failed", SessionFault),
    of(DENIED, "permanently_set_uid: {detail}", SessionFault),
    of(DENIED, "initgroups{detail}", SessionFault),
    of(DENIED, "Invalid config SetEnv: {detail}", SessionFault),
    of(
        DENIED,
        "Too many lines in environment file {detail}",
        SessionFault,
    ),
    of(DENIED, "Unable to set routing domain{detail}", LoginFault),
    of(DENIED, "Invalid routing domain {detail}", LoginFault),
    of(DENIED, "Failed to set process credentials", SessionFault),
    unsure(of(
        DENIED,
        "Connection from {user}: refusing non-sftp session",
        SessionFault,
    )),
    unsure(of(SESSIONS, "openpty: {detail}", SessionFault)),
    unsure(of(
        SESSIONS,
        "openpty returns device for which ttyname fails.",
        SessionFault,
    )),
    unsure(of(
        SESSIONS,
        "session_pty_req: session {n} alloc failed",
        SessionFault,
    )),
    unsure(of(SESSIONS, "chown(/dev/pts/{detail}", SessionFault)),
    unsure(of(SESSIONS, "chmod(/dev/pts/{detail}", SessionFault)),
    unsure(of(SESSIONS, "stat(/dev/pts/{detail}", SessionFault)),
    unsure(of(SESSIONS, "/dev/pts/{detail}", SessionFault)),
    unsure(of(
        SESSIONS,
        "open /dev/tty failed - could not set controlling tty: {detail}",
        SessionFault,
    )),
    // Keys of the host.
    rule("Could not load host certificate{detail}", HostKeyUnusable),
    rule(
        "Certificate file is not a certificate: {detail}",
        HostKeyUnusable,
    ),
    rule(
        "No matching private key for certificate: {detail}",
        HostKeyUnusable,
    ),
    rule(
        "Public key for {path} does not match private key",
        HostKeyUnusable,
    ),
    rule("Error loading host key {detail}", HostKeyUnusable),
    rule("Could not get agent socket: {detail}", HostKeyUnusable),
    rule("Unable to get agent socket: {detail}", HostKeyUnusable),
    rule("Could not connect to agent {detail}", HostKeyUnusable),
    // Terminals and SELinux.
    unsure(of(SESSIONS, "mm_pty_allocate: {detail}", SessionFault)),
    unsure(of(
        SESSIONS,
        "session_new: cannot allocate {detail}",
        SessionFault,
    )),
    of(
        Cause::MandatoryAccessDenied,
        "ssh_selinux_getctxbyname: {detail}",
        AccessDenied,
    ),
    of(
        Cause::MandatoryAccessDenied,
        "ssh_selinux_setup_exec_context: {detail}",
        AccessDenied,
    ),
    // The process of a connection, under the limits of its account (monitor.c).
    of(
        Cause::FileDescriptorLimit,
        "monitor_openfds: socketpair: Too many open files",
        SessionFault,
    ),
    of(
        Cause::FileDescriptorLimit,
        "monitor_openfds: pipe: Too many open files",
        SessionFault,
    ),
    // The listener.
    of(
        Cause::FileDescriptorLimit,
        "server_accept_loop: pipe(startup_p): Too many open files",
        ListenerFault,
    ),
    of(
        Cause::FileDescriptorLimit,
        "reexec socketpair: Too many open files",
        ListenerFault,
    ),
    rule(
        "server_accept_loop: pipe(startup_p): {detail}",
        ListenerFault,
    ),
    rule("reexec socketpair: {detail}", ListenerFault),
    rule("Connection from {peer} timed out", ConnectionError),
    rule("main: Host key {detail}", HostKeyUnusable),
    of(
        Cause::OutOfMemory,
        "xmalloc: out of memory {detail}",
        LoginFault,
    ),
    of(
        Cause::OutOfMemory,
        "xcalloc: out of memory {detail}",
        LoginFault,
    ),
    of(
        Cause::OutOfMemory,
        "xreallocarray: out of memory {detail}",
        LoginFault,
    ),
    anybody(rule("accept: {detail}", ListenerFault)),
    anybody(rule("Couldn't create pid file {detail}", Noted)),
    of(
        Cause::SshdNotRunning,
        "sshd re-exec requires execution with an absolute path",
        Broken,
    ),
    of(
        Cause::SshdNotRunning,
        "sshd requires execution with an absolute path",
        Broken,
    ),
    of(
        Cause::SshdNotRunning,
        "Too many listen sockets. Enlarge MAX_LISTEN_SOCKS",
        Broken,
    ),
    of(Cause::SshdNotRunning, "listen on [{any}]:{detail}", Broken),
    of(Cause::SshdNotRunning, "daemon() failed: {detail}", Broken),
];
