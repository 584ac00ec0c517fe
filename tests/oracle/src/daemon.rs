//! The sshd of this machine.

/// Root's sshd requires /run/sshd, which only its service creates.
const ON_ITS_OWN: &str =
    "mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec /usr/sbin/sshd \"$@\"";

/// The words before sshd's own options; for root they provide a private `/run`. The process stays
/// the same.
pub(crate) fn sshd() -> Vec<&'static str> {
    if nix::unistd::geteuid().is_root() {
        vec!["unshare", "--mount", "--", "sh", "-c", ON_ITS_OWN, "sshd"]
    } else {
        vec!["/usr/sbin/sshd"]
    }
}
