//! The recordings themselves.

pub(super) const RECORDINGS: &[(&str, &[u8])] = &[
    (
        "openssh-7.9-closed",
        include_bytes!("openssh-7.9-closed.txt"),
    ),
    (
        "openssh-8.4-closed",
        include_bytes!("openssh-8.4-closed.txt"),
    ),
    (
        "openssh-9.2-closed",
        include_bytes!("openssh-9.2-closed.txt"),
    ),
    (
        "openssh-10.0-closed",
        include_bytes!("openssh-10.0-closed.txt"),
    ),
    ("openssh-7.9-reset", include_bytes!("openssh-7.9-reset.txt")),
    (
        "openssh-10.0-reset",
        include_bytes!("openssh-10.0-reset.txt"),
    ),
    (
        "openssh-7.9-exceeded",
        include_bytes!("openssh-7.9-exceeded.txt"),
    ),
    (
        "openssh-9.2-exceeded",
        include_bytes!("openssh-9.2-exceeded.txt"),
    ),
    (
        "openssh-10.0-exceeded",
        include_bytes!("openssh-10.0-exceeded.txt"),
    ),
    (
        "openssh-10.0-not-allowed",
        include_bytes!("openssh-10.0-not-allowed.txt"),
    ),
    ("openssh-8.4-http", include_bytes!("openssh-8.4-http.txt")),
    ("openssh-7.9-smtp", include_bytes!("openssh-7.9-smtp.txt")),
    ("openssh-10.0-tls", include_bytes!("openssh-10.0-tls.txt")),
    ("openssh-9.2-twist", include_bytes!("openssh-9.2-twist.txt")),
    (
        "openssh-7.9-silence",
        include_bytes!("openssh-7.9-silence.txt"),
    ),
    (
        "openssh-9.2-silence",
        include_bytes!("openssh-9.2-silence.txt"),
    ),
    (
        "openssh-9.2-reset-at-kex",
        include_bytes!("openssh-9.2-reset-at-kex.txt"),
    ),
    (
        "openssh-10.0-stall-at-kex",
        include_bytes!("openssh-10.0-stall-at-kex.txt"),
    ),
    (
        "openssh-8.4-too-many-keys",
        include_bytes!("openssh-8.4-too-many-keys.txt"),
    ),
    (
        "openssh-10.0-permission-denied",
        include_bytes!("openssh-10.0-permission-denied.txt"),
    ),
    (
        "openssh-9.2-unprotected-key",
        include_bytes!("openssh-9.2-unprotected-key.txt"),
    ),
    (
        "openssh-9.2-exec-failed",
        include_bytes!("openssh-9.2-exec-failed.txt"),
    ),
    (
        "openssh-7.9-host-key-changed",
        include_bytes!("openssh-7.9-host-key-changed.txt"),
    ),
    (
        "openssh-10.0-host-key-changed",
        include_bytes!("openssh-10.0-host-key-changed.txt"),
    ),
    (
        "openssh-9.2-host-key-unknown",
        include_bytes!("openssh-9.2-host-key-unknown.txt"),
    ),
    (
        "openssh-8.4-no-matching-kex",
        include_bytes!("openssh-8.4-no-matching-kex.txt"),
    ),
    (
        "openssh-7.9-refused",
        include_bytes!("openssh-7.9-refused.txt"),
    ),
    (
        "openssh-10.0-name-not-resolved",
        include_bytes!("openssh-10.0-name-not-resolved.txt"),
    ),
    (
        "openssh-7.9-proxy-closed",
        include_bytes!("openssh-7.9-proxy-closed.txt"),
    ),
    (
        "openssh-10.0-proxy-closed",
        include_bytes!("openssh-10.0-proxy-closed.txt"),
    ),
    (
        "openssh-9.2-proxy-missing",
        include_bytes!("openssh-9.2-proxy-missing.txt"),
    ),
    (
        "openssh-8.4-proxy-jump-refused",
        include_bytes!("openssh-8.4-proxy-jump-refused.txt"),
    ),
    (
        "openssh-9.2-jump-target-refused",
        include_bytes!("openssh-9.2-jump-target-refused.txt"),
    ),
    (
        "openssh-9.2-jump-target-exceeded",
        include_bytes!("openssh-9.2-jump-target-exceeded.txt"),
    ),
    (
        "openssh-9.2-quiet-exceeded",
        include_bytes!("openssh-9.2-quiet-exceeded.txt"),
    ),
    (
        "openssh-10.0-quiet-exceeded",
        include_bytes!("openssh-10.0-quiet-exceeded.txt"),
    ),
    (
        "openssh-9.2-quiet-proxy-closed",
        include_bytes!("openssh-9.2-quiet-proxy-closed.txt"),
    ),
    (
        "openssh-10.0-quiet-proxy-closed",
        include_bytes!("openssh-10.0-quiet-proxy-closed.txt"),
    ),
    (
        "openssh-10.0-config-invalid",
        include_bytes!("openssh-10.0-config-invalid.txt"),
    ),
    (
        "openssh-10.0-success",
        include_bytes!("openssh-10.0-success.txt"),
    ),
    ("putty-closed", include_bytes!("putty-closed.txt")),
    ("putty-reset", include_bytes!("putty-reset.txt")),
    ("putty-refused", include_bytes!("putty-refused.txt")),
    (
        "putty-host-key-unknown",
        include_bytes!("putty-host-key-unknown.txt"),
    ),
    ("putty-silence", include_bytes!("putty-silence.txt")),
    (
        "putty-reset-at-kex",
        include_bytes!("putty-reset-at-kex.txt"),
    ),
    (
        "putty-name-not-resolved",
        include_bytes!("putty-name-not-resolved.txt"),
    ),
    ("paramiko-closed", include_bytes!("paramiko-closed.txt")),
    ("paramiko-reset", include_bytes!("paramiko-reset.txt")),
    ("paramiko-silence", include_bytes!("paramiko-silence.txt")),
    ("paramiko-refused", include_bytes!("paramiko-refused.txt")),
    (
        "paramiko-host-key-changed",
        include_bytes!("paramiko-host-key-changed.txt"),
    ),
    (
        "paramiko-host-key-unknown",
        include_bytes!("paramiko-host-key-unknown.txt"),
    ),
    (
        "paramiko-permission-denied",
        include_bytes!("paramiko-permission-denied.txt"),
    ),
    (
        "paramiko-reset-at-kex",
        include_bytes!("paramiko-reset-at-kex.txt"),
    ),
    (
        "ansible-host-key-changed",
        include_bytes!("ansible-host-key-changed.txt"),
    ),
    (
        "ansible-no-matching-cipher",
        include_bytes!("ansible-no-matching-cipher.txt"),
    ),
    (
        "ansible-permission-denied",
        include_bytes!("ansible-permission-denied.txt"),
    ),
    ("ansible-refused", include_bytes!("ansible-refused.txt")),
    ("ansible-reset", include_bytes!("ansible-reset.txt")),
    ("ansible-tls", include_bytes!("ansible-tls.txt")),
    ("asyncssh-closed", include_bytes!("asyncssh-closed.txt")),
    (
        "asyncssh-host-key-refused",
        include_bytes!("asyncssh-host-key-refused.txt"),
    ),
    (
        "asyncssh-no-matching-cipher",
        include_bytes!("asyncssh-no-matching-cipher.txt"),
    ),
    (
        "asyncssh-permission-denied",
        include_bytes!("asyncssh-permission-denied.txt"),
    ),
    ("asyncssh-refused", include_bytes!("asyncssh-refused.txt")),
    ("asyncssh-reset", include_bytes!("asyncssh-reset.txt")),
    ("asyncssh-silence", include_bytes!("asyncssh-silence.txt")),
    ("curl-closed", include_bytes!("curl-closed.txt")),
    (
        "curl-closed-at-kex",
        include_bytes!("curl-closed-at-kex.txt"),
    ),
    (
        "curl-host-key-refused",
        include_bytes!("curl-host-key-refused.txt"),
    ),
    (
        "curl-permission-denied",
        include_bytes!("curl-permission-denied.txt"),
    ),
    ("curl-refused", include_bytes!("curl-refused.txt")),
    ("curl-reset", include_bytes!("curl-reset.txt")),
    ("dropbear-closed", include_bytes!("dropbear-closed.txt")),
    (
        "dropbear-closed-at-kex",
        include_bytes!("dropbear-closed-at-kex.txt"),
    ),
    (
        "dropbear-host-key-changed",
        include_bytes!("dropbear-host-key-changed.txt"),
    ),
    (
        "dropbear-host-key-unknown",
        include_bytes!("dropbear-host-key-unknown.txt"),
    ),
    (
        "dropbear-no-matching-cipher",
        include_bytes!("dropbear-no-matching-cipher.txt"),
    ),
    ("dropbear-refused", include_bytes!("dropbear-refused.txt")),
    ("dropbear-reset", include_bytes!("dropbear-reset.txt")),
    (
        "fabric-permission-denied",
        include_bytes!("fabric-permission-denied.txt"),
    ),
    ("git-closed", include_bytes!("git-closed.txt")),
    ("go-closed", include_bytes!("go-closed.txt")),
    (
        "go-host-key-changed",
        include_bytes!("go-host-key-changed.txt"),
    ),
    (
        "go-no-matching-cipher",
        include_bytes!("go-no-matching-cipher.txt"),
    ),
    ("go-refused", include_bytes!("go-refused.txt")),
    ("go-reset", include_bytes!("go-reset.txt")),
    ("libssh-closed", include_bytes!("libssh-closed.txt")),
    (
        "libssh-no-matching-kex",
        include_bytes!("libssh-no-matching-kex.txt"),
    ),
    (
        "libssh-permission-denied",
        include_bytes!("libssh-permission-denied.txt"),
    ),
    ("libssh-refused", include_bytes!("libssh-refused.txt")),
    ("libssh-reset", include_bytes!("libssh-reset.txt")),
    ("libssh-silence", include_bytes!("libssh-silence.txt")),
    ("node-closed", include_bytes!("node-closed.txt")),
    (
        "node-no-matching-cipher",
        include_bytes!("node-no-matching-cipher.txt"),
    ),
    (
        "node-permission-denied",
        include_bytes!("node-permission-denied.txt"),
    ),
    ("node-refused", include_bytes!("node-refused.txt")),
    ("node-reset", include_bytes!("node-reset.txt")),
    ("node-silence", include_bytes!("node-silence.txt")),
    (
        "plink-host-key-unknown",
        include_bytes!("plink-host-key-unknown.txt"),
    ),
    ("plink-refused", include_bytes!("plink-refused.txt")),
    ("plink-reset-quiet", include_bytes!("plink-reset-quiet.txt")),
    ("rsync-silence", include_bytes!("rsync-silence.txt")),
    ("scp-reset", include_bytes!("scp-reset.txt")),
    (
        "sftp-exceeded-quiet",
        include_bytes!("sftp-exceeded-quiet.txt"),
    ),
];
